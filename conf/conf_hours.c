/* Hours of the week; see conf_hours.h. */
#include "conf/conf_hours.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/util.h"

#define DAY_MIN	    1440
#define ALL_DAYS    0x7f
#define QUARTER_S   900 /* every zone's offset changes at a quarter of an hour */
#define HORIZON_S   (8 * 86400)
#define TIMES_A_LINE CONF_HOURS_MAX

static const char day_names[7][4] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

/* --- reading ------------------------------------------------------------------------ */

/* @return 0 for Monday to 6, or -1; *text is moved behind it */
static int read_day(const char **text)
{
	for (int i = 0; i < 7; i++) {
		if (strncmp(*text, day_names[i], 3) != 0)
			continue;
		*text += 3;
		return i;
	}
	return -1;
}

/* "mon-fri,sun"; a range may go over Sunday. @return 0: malformed */
static uint8_t read_days(const char *text)
{
	unsigned days = 0;

	for (;; text++) {
		int from = read_day(&text), to = from;

		if (from >= 0 && *text == '-') {
			text++;
			to = read_day(&text);
		}
		if (from < 0 || to < 0)
			return 0;
		for (int i = from;; i = (i + 1) % 7) {
			days |= 1u << i;
			if (i == to)
				break;
		}
		if (!*text)
			return (uint8_t)days;
		if (*text != ',')
			return 0;
	}
}

/* "08:00", up to "24:00". @return minutes, or -1; *text is moved behind it */
static int read_clock(const char **text)
{
	const char *t = *text;
	int minutes;

	for (int i = 0; i < 5; i++)
		if (i == 2 ? t[i] != ':' : t[i] < '0' || t[i] > '9')
			return -1;
	minutes = ((t[0] - '0') * 10 + t[1] - '0') * 60 + (t[3] - '0') * 10 + t[4] - '0';
	*text += 5;
	return t[3] > '5' || minutes > DAY_MIN ? -1 : minutes;
}

/* "07:00-12:00,13:30-21:00". @return how many spans; 0: malformed, see why */
static size_t read_times(const char *text, struct conf_span spans[TIMES_A_LINE],
			 const char **why)
{
	*why = "no span of time: as in 08:00-13:00";
	for (size_t n = 0; n < TIMES_A_LINE; text++) {
		int from = read_clock(&text), to = -1;

		if (from >= 0 && *text++ == '-')
			to = read_clock(&text);
		if (from < 0 || from == DAY_MIN || to < 0)
			return 0;
		if (from == to) {
			*why = "it ends when it begins; a whole day is 00:00-24:00";
			return 0;
		}
		if (to < from)
			to += DAY_MIN;
		spans[n++] = (struct conf_span){ ALL_DAYS, (uint16_t)from, (uint16_t)to };
		if (!*text)
			return n;
		if (*text != ',')
			return 0;
	}
	*why = "too many spans of time";
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int conf_hours_add(struct conf_hours *h, const char *const *words, size_t count, size_t *bad,
		   const char **why)
{
	struct conf_span spans[TIMES_A_LINE] = { { ALL_DAYS, 0, DAY_MIN } };
	bool has_days = count && !is_digit(words[0][0]);
	uint8_t days = has_days ? read_days(words[0]) : ALL_DAYS;
	size_t n = 1, times = has_days ? 1 : 0;

	*bad = 0;
	*why = "no days or hours: as in mon-fri 08:00-13:00";
	if (!count)
		return -EINVAL;
	*why = "no days of the week: as in mon-fri or sat,sun";
	if (!days)
		return -EINVAL;
	*bad = times;
	if (times < count)
		n = read_times(words[times], spans, why);
	if (!n)
		return -EINVAL;
	if (count > times + 1) {
		*bad = times + 1;
		*why = "more than days and times; the next hours go on a line of their own";
		return -EINVAL;
	}
	if (h->count + n > CONF_HOURS_MAX)
		return -ENOSPC;
	for (size_t i = 0; i < n; i++) {
		spans[i].days = days;
		h->spans[h->count++] = spans[i];
	}
	return 0;
}

/* --- printing ----------------------------------------------------------------------- */

const char *conf_span_text(const struct conf_span *s, char buf[CONF_SPAN_TEXT_MAX])
{
	unsigned to = s->to_min > DAY_MIN ? s->to_min - DAY_MIN : s->to_min;
	char *at = buf;

	for (int i = 0; i < 7; i++) {
		int last = i;

		if (!(s->days & 1u << i))
			continue;
		while (last < 6 && s->days & 1u << (last + 1))
			last++;
		at += sprintf(at, "%s%s", at == buf ? "" : ",", day_names[i]);
		if (last > i)
			at += sprintf(at, "-%s", day_names[last]);
		i = last;
	}
	sprintf(at, " %02u:%02u-%02u:%02u", s->from_min / 60u, s->from_min % 60u, to / 60, to % 60);
	return buf;
}

/* --- time --------------------------------------------------------------------------- */

/* @param day, minute  local: 0 is Monday */
static bool is_in(const struct conf_hours *h, int day, int minute)
{
	unsigned today = 1u << day, yesterday = 1u << (day + 6) % 7;

	for (size_t i = 0; i < h->count; i++) {
		const struct conf_span *s = &h->spans[i];

		if (s->days & today && minute >= s->from_min && minute < s->to_min)
			return true;
		if (s->days & yesterday && minute + DAY_MIN < s->to_min)
			return true;
	}
	return false;
}

/* Local time of this instant. */
static void read_local(int64_t at_s, int *day, int *minute)
{
	time_t t = (time_t)at_s;
	struct tm tm = { 0 };

	localtime_r(&t, &tm); /* fails in years beyond int: it is Sunday then */
	*day = (tm.tm_wday + 6) % 7;
	*minute = tm.tm_hour * 60 + tm.tm_min;
}

bool conf_hours_has(const struct conf_hours *h, int64_t now_s)
{
	int day, minute;

	read_local(now_s, &day, &minute);
	return is_in(h, day, minute);
}

/* Minute by minute: whatever the zone's clocks do, it is what conf_hours_has() says. */
int64_t conf_hours_next(const struct conf_hours *h, int64_t now_s)
{
	bool now = conf_hours_has(h, now_s);
	int64_t start = now_s - (now_s % 60 + 60) % 60, at = start;
	int day = 0, minute = 0;

	while (at <= start + HORIZON_S) {
		at += 60;
		if (at == start + 60 || at % QUARTER_S == 0)
			read_local(at, &day, &minute);
		else
			minute++; /* no midnight between quarters */
		if (is_in(h, day, minute) != now)
			return at;
	}
	return INT64_MAX;
}
