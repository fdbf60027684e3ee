/* Times as people write them, in zones whose clocks change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "cli/when.h"
#include "lib/util.h"

#define S 1000000LL
/* Monday 2026-11-23 12:30:40.5 UTC */
#define NOW (1795437040LL * S + 500000)

static void set_zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

static void texts_become_times(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} cases[] = {
		{ "now", NOW },
		{ "today", 1795392000 * S },
		{ "yesterday", 1795305600 * S },
		{ "tomorrow", 1795478400 * S },
		{ "-2h", NOW - 7200 * S },
		{ "-1h30min", NOW - 5400 * S },
		{ "-1d 2h", NOW - 93600 * S },
		{ "-2 weeks", NOW - 1209600 * S },
		{ "90s ago", NOW - 90 * S },
		{ "1h 30m ago", NOW - 5400 * S },
		{ "+5min", NOW + 300 * S },
		{ "-0s", NOW },
		{ "@1795420800", 1795420800 * S },
		{ "@1795420800.5", 1795420800 * S + 500000 },
		{ "@1795420800.1234567", 1795420800 * S + 123456 },
		{ "@0", 0 },
		{ "2026-11-23", 1795392000 * S },
		{ "2026-11-23 08:00", 1795420800 * S },
		{ "2026-11-23T08:00:30", 1795420830 * S },
		{ "2026-11-23 08:00:30.25", 1795420830 * S + 250000 },
		{ "2026-11-23T08:00:00Z", 1795420800 * S },
		{ "2026-11-23 08:00 UTC", 1795420800 * S },
		{ "2026-11-23T08:00:00+01:00", 1795417200 * S },
		{ "2026-11-23T08:00:00.5-0530", 1795440600 * S + 500000 },
		{ "2026-11-23Z", 1795392000 * S },
		{ "08:00", 1795420800 * S },
		{ "08:00:01", 1795420801 * S },
		{ "2024-02-29", 1709164800 * S },
	};

	(void)state;
	set_zone("UTC");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t us = -1;

		assert_int_equal(when_parse(cases[i].text, NOW, &us), 0);
		assert_int_equal(us, cases[i].us);
	}
}

static void other_texts_are_refused(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} cases[] = {
		{ "", -EINVAL },	      { "noon", -EINVAL },
		{ "-", -EINVAL },	      { "-2", -EINVAL },
		{ "-2x", -EINVAL },	      { "-h", -EINVAL },
		{ "--2h", -EINVAL },	      { "@", -EINVAL },
		{ "@-1", -EINVAL },	      { "@1x", -EINVAL },
		{ "@1.", -EINVAL },	      { "ago", -EINVAL },
		{ " ago", -EINVAL },	      { "2026-02-29", -EINVAL },
		{ "2026-04-31 10:00", -EINVAL }, { "2026-13-01", -EINVAL },
		{ "2026-00-01", -EINVAL },    { "2026-01-00", -EINVAL },
		{ "2026-1-1", -EINVAL },      { "2026-11-23 24:00", -EINVAL },
		{ "2026-11-23 8:00", -EINVAL }, { "2026-11-23 08", -EINVAL },
		{ "2026-11-23 08:60", -EINVAL }, { "2026-11-23x", -EINVAL },
		{ "2026-11-23 08:00 CET", -EINVAL }, { "08:00:00:00", -EINVAL },
		{ "2026-11-23+01:00", -EINVAL }, { "NOW", -EINVAL },
		{ "-99999999999999999999h", -ERANGE }, { "-9999w9999999999w", -ERANGE },
		{ "-3000w", -ERANGE },	      { "@99999999999999999999", -ERANGE },
		{ "1969-12-31", -ERANGE },
	};

	(void)state;
	set_zone("UTC");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t us = 42;

		assert_int_equal(when_parse(cases[i].text, NOW, &us), cases[i].rc);
		assert_int_equal(us, 42);
	}
}

/* POSIX zones, so that the test needs no zone files: UTC+1, in summer UTC+2. */
static void days_are_the_zones_own(void **state)
{
	const int64_t after_winter_began = 1792929600LL * S; /* Sunday 2026-10-25 12:00 UTC */
	int64_t us;

	(void)state;
	set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	assert_int_equal(when_parse("today", after_winter_began, &us), 0);
	assert_int_equal(us, 1792879200LL * S); /* 2026-10-24 22:00 UTC */
	assert_int_equal(when_parse("tomorrow", after_winter_began, &us), 0);
	assert_int_equal(us, (1792879200LL + 25 * 3600) * S);
	assert_int_equal(when_parse("2026-07-01 12:00", NOW, &us), 0);
	assert_int_equal(us, 1782900000LL * S);
	assert_int_equal(when_parse("2026-12-01 12:00", NOW, &us), 0);
	assert_int_equal(us, 1796122800LL * S);
	assert_int_equal(when_parse("2026-07-01 12:00Z", NOW, &us), 0);
	assert_int_equal(us, 1782907200LL * S);
}

static void times_are_written_with_their_offset(void **state)
{
	static const struct {
		const char *tz;
		int64_t us;
		const char *text, *rfc;
	} cases[] = {
		{ "UTC", NOW, "2026-11-23 12:30:40", "2026-11-23T12:30:40.500000+00:00" },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", NOW, "2026-11-23 13:30:40",
		  "2026-11-23T13:30:40.500000+01:00" },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", 1782900000LL * S + 1, "2026-07-01 12:00:00",
		  "2026-07-01T12:00:00.000001+02:00" },
		{ "NST3:30", NOW, "2026-11-23 09:00:40", "2026-11-23T09:00:40.500000-03:30" },
		{ "UTC", 0, "1970-01-01 00:00:00", "1970-01-01T00:00:00.000000+00:00" },
		{ "UTC", -1, "@-1", "@-1" },
		{ "UTC", INT64_MAX, "@9223372036854775807", "@9223372036854775807" },
		{ "UTC", INT64_MIN, "@-9223372036854775808", "@-9223372036854775808" },
	};
	char buf[WHEN_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		set_zone(cases[i].tz);
		assert_string_equal(when_text(cases[i].us, buf), cases[i].text);
		assert_string_equal(when_rfc3339(cases[i].us, buf), cases[i].rfc);
	}
}

static void what_is_written_is_read_again(void **state)
{
	char buf[WHEN_TEXT_MAX];
	int64_t us;

	(void)state;
	set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	for (int64_t t = 0; t < 253402300799LL * S; t += 2718281828459LL * 31) {
		assert_int_equal(when_parse(when_rfc3339(t, buf), NOW, &us), 0);
		assert_int_equal(us, t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_become_times),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(days_are_the_zones_own),
		cmocka_unit_test(times_are_written_with_their_offset),
		cmocka_unit_test(what_is_written_is_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
