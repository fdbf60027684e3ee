/* Hours of the week: read, printed, and what the clock on the wall says to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "conf/conf_hours.h"
#include "lib/util.h"

/* Words of a line, parted by spaces. */
static int add(struct conf_hours *h, const char *line, size_t *bad, const char **why)
{
	char copy[512], *rest = copy, *word;
	const char *words[8];
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	while (n < ARRAY_SIZE(words) && (word = strsep(&rest, " ")))
		if (*word)
			words[n++] = word;
	return conf_hours_add(h, words, n, bad, why);
}

static struct conf_hours hours(const char *lines)
{
	struct conf_hours h = { .count = 0 };
	char copy[256], *rest = copy, *line;
	const char *why;
	size_t bad;

	snprintf(copy, sizeof(copy), "%s", lines);
	while ((line = strsep(&rest, ";")))
		assert_int_equal(add(&h, line, &bad, &why), 0);
	return h;
}

static void lines_are_read_and_printed(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{ "mon-fri 08:00-13:00", "mon-fri 08:00-13:00" },
		{ "sat,sun 09:00-24:00", "sat-sun 09:00-24:00" },
		{ "fri-mon 22:00-06:00", "mon,fri-sun 22:00-06:00" },
		{ "00:00-05:30", "mon-sun 00:00-05:30" },
		{ "wed", "wed 00:00-24:00" },
		{ "mon,wed,fri,sun,mon 23:59-00:00", "mon,wed,fri,sun 23:59-24:00" },
		{ "tue 00:00-24:00", "tue 00:00-24:00" },
		{ "mon 07:00-12:00,13:30-21:00", "mon 07:00-12:00;mon 13:30-21:00" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct conf_hours h = hours(cases[i].line), again;
		char text[CONF_HOURS_MAX * CONF_SPAN_TEXT_MAX] = "", span[CONF_SPAN_TEXT_MAX];

		for (size_t k = 0; k < h.count; k++) {
			strcat(text, k ? ";" : "");
			strcat(text, conf_span_text(&h.spans[k], span));
		}
		assert_string_equal(text, cases[i].text);
		again = hours(text);
		assert_int_equal(again.count, h.count);
		assert_memory_equal(again.spans, h.spans, h.count * sizeof(h.spans[0]));
	}
}

static void malformed_lines_say_where_and_why(void **state)
{
	static const struct {
		const char *line;
		size_t bad;
		const char *why;
	} cases[] = {
		{ "", 0, "no days or hours" },
		{ "monday 08:00-13:00", 0, "no days of the week" },
		{ "mon- 08:00-13:00", 0, "no days of the week" },
		{ "mon, 08:00-13:00", 0, "no days of the week" },
		{ "Mon", 0, "no days of the week" },
		{ "mon 8:00-13:00", 1, "no span of time" },
		{ "mon 08:00", 1, "no span of time" },
		{ "mon 08:00-13:60", 1, "no span of time" },
		{ "mon 24:00-08:00", 1, "no span of time" },
		{ "mon 08:00-24:01", 1, "no span of time" },
		{ "mon 08:00-13:00,", 1, "no span of time" },
		{ "08:00-1", 0, "no span of time" },
		{ "08:00-08:00", 0, "it ends when it begins" },
		{ "mon 08:00-13:00 14:00-15:00", 2, "more than days and times" },
		{ "08:00-13:00 mon", 1, "more than days and times" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct conf_hours h = { .count = 0 };
		const char *why = "";
		size_t bad = 99;

		assert_int_equal(add(&h, cases[i].line, &bad, &why), -EINVAL);
		if (bad != cases[i].bad || strncmp(why, cases[i].why, strlen(cases[i].why)) != 0)
			fail_msg("%s: word %zu, %s", cases[i].line, bad, why);
		assert_int_equal(h.count, 0);
	}
}

static void a_window_has_its_most_spans(void **state)
{
	struct conf_hours h = { .count = 0 };
	const char *why;
	size_t bad;

	(void)state;
	for (size_t i = 0; i < CONF_HOURS_MAX - 1; i++)
		assert_int_equal(add(&h, "mon", &bad, &why), 0);
	assert_int_equal(add(&h, "mon 01:00-02:00,03:00-04:00", &bad, &why), -ENOSPC);
	assert_int_equal(h.count, CONF_HOURS_MAX - 1);
	assert_int_equal(add(&h, "mon", &bad, &why), 0);
	assert_int_equal(add(&h, "mon", &bad, &why), -ENOSPC);
}

static void set_zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

static int64_t utc(const char *text)
{
	struct tm tm = { 0 };

	assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
	return timegm(&tm);
}

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

/* 2026-11-23 is a Monday. */
static void membership_and_next_change_by_table(void **state)
{
	static const struct {
		const char *zone, *lines, *now;
		bool is_in;
		const char *next; /* NULL: never */
	} cases[] = {
		{ "UTC", "mon-fri 08:00-13:00", "2026-11-23 07:59:59", false, "2026-11-23 08:00:00" },
		{ "UTC", "mon-fri 08:00-13:00", "2026-11-23 08:00:00", true, "2026-11-23 13:00:00" },
		{ "UTC", "mon-fri 08:00-13:00", "2026-11-23 12:59:59", true, "2026-11-23 13:00:00" },
		{ "UTC", "mon-fri 08:00-13:00", "2026-11-23 13:00:00", false, "2026-11-24 08:00:00" },
		{ "UTC", "mon-fri 08:00-13:00", "2026-11-27 13:00:01", false, "2026-11-30 08:00:00" },
		{ "UTC", "fri 22:00-06:00", "2026-11-28 05:59:00", true, "2026-11-28 06:00:00" },
		{ "UTC", "fri 22:00-06:00", "2026-11-27 05:59:00", false, "2026-11-27 22:00:00" },
		{ "UTC", "sun 22:00-06:00", "2026-11-23 05:59:00", true, "2026-11-23 06:00:00" },
		{ "UTC", "mon;tue", "2026-11-23 10:00:00", true, "2026-11-25 00:00:00" },
		{ "UTC", "wed 10:00-10:01", "2026-11-25 10:01:00", false, "2026-12-02 10:00:00" },
		{ "UTC", "mon-sun", "2026-11-25 10:01:00", true, NULL },
		{ "UTC", "mon-sun 12:00-11:59;mon-sun 11:59-12:00", "2026-11-25 10:01:00", true, NULL },
		{ BERLIN, "mon-fri 08:00-13:00", "2026-11-23 07:00:00", true, "2026-11-23 12:00:00" },
		{ BERLIN, "mon-fri 08:00-13:00", "2026-07-20 05:59:59", false, "2026-07-20 06:00:00" },
		/* clocks go from 02:00 to 03:00 at 01:00 UTC: half past two is not */
		{ BERLIN, "sun 02:30-03:30", "2026-03-29 00:59:00", false, "2026-03-29 01:00:00" },
		{ BERLIN, "sun 02:30-03:30", "2026-03-29 01:00:00", true, "2026-03-29 01:30:00" },
		{ BERLIN, "sun 02:00-03:00", "2026-03-29 00:30:00", false, "2026-04-05 00:00:00" },
		/* and from 03:00 back to 02:00 at 01:00 UTC: half past two is twice */
		{ BERLIN, "sun 02:15-02:30", "2026-10-25 00:20:00", true, "2026-10-25 00:30:00" },
		{ BERLIN, "sun 02:15-02:30", "2026-10-25 00:30:00", false, "2026-10-25 01:15:00" },
		{ BERLIN, "sun 02:00-03:00", "2026-10-25 00:00:00", true, "2026-10-25 02:00:00" },
		/* a zone of three quarters, and years before 1970 */
		{ "NPT-5:45", "mon 08:00-09:00", "2026-11-23 02:14:59", false, "2026-11-23 02:15:00" },
		{ "UTC", "mon 00:00-01:00", "1969-12-29 00:30:30", true, "1969-12-29 01:00:00" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct conf_hours h = hours(cases[i].lines);
		int64_t now = utc(cases[i].now);
		int64_t next = cases[i].next ? utc(cases[i].next) : INT64_MAX;

		set_zone(cases[i].zone);
		if (conf_hours_has(&h, now) != cases[i].is_in || conf_hours_next(&h, now) != next)
			fail_msg("%s at %s: %d, next %lld, not %lld", cases[i].lines, cases[i].now,
				 conf_hours_has(&h, now), (long long)conf_hours_next(&h, now),
				 (long long)next);
	}
}

static void empty_window_is_never(void **state)
{
	struct conf_hours h = { .count = 0 };

	(void)state;
	assert_false(conf_hours_has(&h, 0));
	assert_int_equal(conf_hours_next(&h, 0), INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read_and_printed),
		cmocka_unit_test(malformed_lines_say_where_and_why),
		cmocka_unit_test(a_window_has_its_most_spans),
		cmocka_unit_test(membership_and_next_change_by_table),
		cmocka_unit_test(empty_window_is_never),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
