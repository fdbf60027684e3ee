/*
 * Reads and writes points in time. Days are calendar days of the local zone: yesterday's
 * midnight is not 86400 s before today's when the clocks change between them.
 */
#include "cli/when.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/util.h"

#define SECOND_US 1000000LL
#define LATEST_S  253402300799LL /* the end of 9999 */
#define TEXT_MAX  64

struct zone_offset {
	bool given;
	long east_s;
};

static int in_range(int64_t seconds, int64_t fraction_us, int64_t *out_us)
{
	if (seconds < 0 || seconds > LATEST_S)
		return -ERANGE;
	*out_us = seconds * SECOND_US + fraction_us;
	return 0;
}

/* Midnight of the day `days` from now's day. */
static int parse_day_word(int days, int64_t now_us, int64_t *out_us)
{
	time_t now = (time_t)(now_us / SECOND_US);
	struct tm tm;

	if (!localtime_r(&now, &tm))
		return -ERANGE;
	tm.tm_mday += days;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	return in_range(mktime(&tm), 0, out_us);
}

/* Seconds of a unit word of len letters, 0 if there is no such unit. */
static int64_t unit_seconds(const char *word, size_t len)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = {
		{ "s", 1 },	   { "sec", 1 },     { "second", 1 },  { "seconds", 1 },
		{ "m", 60 },	   { "min", 60 },    { "minute", 60 }, { "minutes", 60 },
		{ "h", 3600 },	   { "hr", 3600 },   { "hour", 3600 }, { "hours", 3600 },
		{ "d", 86400 },	   { "day", 86400 }, { "days", 86400 },
		{ "w", 604800 },   { "week", 604800 }, { "weeks", 604800 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strlen(units[i].name) == len && strncmp(units[i].name, word, len) == 0)
			return units[i].seconds;
	}
	return 0;
}

/* A span such as "1h30min" or "2 days"; at least one part, each with its unit. */
static int parse_span(const char *p, int64_t *out_s)
{
	int64_t sum = 0;

	do {
		int64_t value = 0;
		int64_t unit;
		size_t letters = 0;
		size_t digits = 0;

		for (; isdigit((unsigned char)p[digits]); digits++) {
			value = value * 10 + (p[digits] - '0');
			if (value > LATEST_S)
				return -ERANGE;
		}
		if (digits == 0)
			return -EINVAL;
		p += digits;
		p += strspn(p, " ");
		while (isalpha((unsigned char)p[letters]))
			letters++;
		unit = unit_seconds(p, letters);
		if (unit == 0)
			return -EINVAL;
		if (value > LATEST_S / unit || sum > LATEST_S - value * unit)
			return -ERANGE;
		sum += value * unit;
		p += letters;
		p += strspn(p, " ");
	} while (*p);
	*out_s = sum;
	return 0;
}

static int parse_relative(const char *text, int sign, int64_t now_us, int64_t *out_us)
{
	int64_t span;
	int rc = parse_span(text, &span);

	if (rc < 0)
		return rc;
	return in_range(now_us / SECOND_US + sign * span, now_us % SECOND_US, out_us);
}

static int parse_unix(const char *p, int64_t *out_us)
{
	int64_t seconds = 0;
	int64_t fraction = 0;
	int64_t weight = SECOND_US / 10;

	if (!isdigit((unsigned char)*p))
		return -EINVAL;
	for (; isdigit((unsigned char)*p); p++) {
		seconds = seconds * 10 + (*p - '0');
		if (seconds > LATEST_S)
			return -ERANGE;
	}
	if (*p == '.' && isdigit((unsigned char)p[1])) {
		for (p++; isdigit((unsigned char)*p); p++, weight /= 10)
			fraction += (*p - '0') * weight;
	}
	if (*p)
		return -EINVAL;
	return in_range(seconds, fraction, out_us);
}

/* Exactly `digits` digits at *p, value at most max; *p moves behind them. */
static bool take_number(const char **p, int digits, int max, int *out)
{
	int value = 0;

	for (int i = 0; i < digits; i++) {
		if (!isdigit((unsigned char)(*p)[i]))
			return false;
		value = value * 10 + ((*p)[i] - '0');
	}
	if (value > max)
		return false;
	*p += digits;
	*out = value;
	return true;
}

static bool take_char(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

/* "YYYY-MM-DD" */
static bool take_date(const char **p, struct tm *tm)
{
	int year, month;

	if (!take_number(p, 4, 9999, &year) || !take_char(p, '-') ||
	    !take_number(p, 2, 12, &month) || !take_char(p, '-') ||
	    !take_number(p, 2, 31, &tm->tm_mday))
		return false;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	return true;
}

/* "HH:MM[:SS[.fraction]]" */
static bool take_clock(const char **p, struct tm *tm, int64_t *fraction_us)
{
	int64_t weight = SECOND_US / 10;

	if (!take_number(p, 2, 23, &tm->tm_hour) || !take_char(p, ':') ||
	    !take_number(p, 2, 59, &tm->tm_min))
		return false;
	if (!take_char(p, ':'))
		return true;
	if (!take_number(p, 2, 60, &tm->tm_sec))
		return false;
	if (**p != '.' || !isdigit((unsigned char)(*p)[1]))
		return true;
	for ((*p)++; isdigit((unsigned char)**p); (*p)++, weight /= 10)
		*fraction_us += (**p - '0') * weight;
	return true;
}

/* "", "Z", " UTC", "+01:00" */
static bool take_offset(const char **p, bool has_clock, struct zone_offset *zone)
{
	int hours, minutes, sign;

	*p += strspn(*p, " ");
	if (**p == '\0')
		return true;
	zone->given = true;
	if (strcmp(*p, "Z") == 0 || strcmp(*p, "UTC") == 0)
		return true;
	sign = **p == '-' ? -1 : 1;
	if (!has_clock || (!take_char(p, '+') && !take_char(p, '-')) ||
	    !take_number(p, 2, 14, &hours))
		return false;
	take_char(p, ':');
	if (!take_number(p, 2, 59, &minutes))
		return false;
	zone->east_s = sign * (hours * 3600L + minutes * 60L);
	return **p == '\0';
}

/* mktime() takes the 31st of February for the 3rd of March; we do not. */
static int from_calendar(struct tm *tm, const struct zone_offset *zone, int64_t fraction_us,
			 int64_t *out_us)
{
	struct tm day = { .tm_year = tm->tm_year,
			  .tm_mon = tm->tm_mon,
			  .tm_mday = tm->tm_mday,
			  .tm_hour = 12 };
	time_t seconds;

	if (timegm(&day) == -1 || day.tm_mday != tm->tm_mday || day.tm_mon != tm->tm_mon)
		return -EINVAL;
	tm->tm_isdst = zone->given ? 0 : -1;
	seconds = zone->given ? timegm(tm) - zone->east_s : mktime(tm);
	return in_range(seconds, fraction_us, out_us);
}

static int parse_calendar(const char *p, int64_t now_us, int64_t *out_us)
{
	time_t now = (time_t)(now_us / SECOND_US);
	struct zone_offset zone = { 0 };
	int64_t fraction_us = 0;
	struct tm today, tm = { 0 };
	bool has_clock = true;

	if (!localtime_r(&now, &today))
		return -ERANGE;
	if (strlen(p) > 4 && p[4] == '-') {
		if (!take_date(&p, &tm))
			return -EINVAL;
		has_clock = *p == 'T' || (*p == ' ' && isdigit((unsigned char)p[1]));
		p += has_clock;
	} else {
		tm.tm_year = today.tm_year;
		tm.tm_mon = today.tm_mon;
		tm.tm_mday = today.tm_mday;
	}
	if (has_clock && !take_clock(&p, &tm, &fraction_us))
		return -EINVAL;
	if (!take_offset(&p, has_clock, &zone))
		return -EINVAL;
	return from_calendar(&tm, &zone, fraction_us, out_us);
}

/* "2h ago": the span is copied to buf without its last word. */
static bool is_ago(const char *text, char *buf)
{
	size_t len = strlen(text);

	if (len < 5 || len >= TEXT_MAX || strcmp(text + len - 4, " ago") != 0)
		return false;
	memcpy(buf, text, len - 4);
	buf[len - 4] = '\0';
	return true;
}

int when_parse(const char *text, int64_t now_us, int64_t *out_us)
{
	char span[TEXT_MAX];

	tzset();
	if (strcmp(text, "now") == 0)
		return in_range(now_us / SECOND_US, now_us % SECOND_US, out_us);
	if (strcmp(text, "today") == 0)
		return parse_day_word(0, now_us, out_us);
	if (strcmp(text, "yesterday") == 0)
		return parse_day_word(-1, now_us, out_us);
	if (strcmp(text, "tomorrow") == 0)
		return parse_day_word(1, now_us, out_us);
	if (text[0] == '-')
		return parse_relative(text + 1, -1, now_us, out_us);
	if (text[0] == '+')
		return parse_relative(text + 1, 1, now_us, out_us);
	if (text[0] == '@')
		return parse_unix(text + 1, out_us);
	if (is_ago(text, span))
		return parse_relative(span, -1, now_us, out_us);
	return parse_calendar(text, now_us, out_us);
}

/* Years outside 0 to 9999 do not fit the texts; such a time is printed as a number. */
static bool to_local(int64_t us, struct tm *tm)
{
	int64_t seconds = us / SECOND_US - (us % SECOND_US < 0);
	time_t t = (time_t)seconds;

	return seconds >= 0 && seconds <= LATEST_S && localtime_r(&t, tm);
}

const char *when_text(int64_t us, char *buf)
{
	struct tm tm;

	if (!to_local(us, &tm))
		snprintf(buf, WHEN_TEXT_MAX, "@%" PRId64, us);
	else
		strftime(buf, WHEN_TEXT_MAX, "%Y-%m-%d %H:%M:%S", &tm);
	return buf;
}

const char *when_rfc3339(int64_t us, char *buf)
{
	struct tm tm;
	long east_min;
	size_t len;

	if (!to_local(us, &tm)) {
		snprintf(buf, WHEN_TEXT_MAX, "@%" PRId64, us);
		return buf;
	}
	east_min = tm.tm_gmtoff / 60;
	len = strftime(buf, WHEN_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + len, WHEN_TEXT_MAX - len, ".%06d%c%02d:%02d", (int)(us % SECOND_US),
		 east_min < 0 ? '-' : '+', (int)(labs(east_min) / 60 % 24),
		 (int)(labs(east_min) % 60));
	return buf;
}
