/* What `nameward log` was asked for: ranges, defaults, filters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cli/log_request.h"

#define NOW 1795437040000000LL

static int init(struct log_request *r, const struct choice *choices, size_t count)
{
	struct command c = { .choice_count = count };
	char *err;
	size_t len;
	int status;

	memcpy(c.choices, choices, count * sizeof(*choices));
	c.err = open_memstream(&err, &len);
	status = log_request_init(r, &c, NOW);
	fclose(c.err);
	assert_int_equal(status == COMMAND_DONE, len == 0);
	free(err);
	return status;
}

static void filters_keep_their_order_and_negation(void **state)
{
	static const struct choice choices[] = {
		{ LOG_CLIENT, "tv" },	       { LOG_CLIENT, "!192.168.001.1" },
		{ LOG_CLIENT, "2001:0DB8::0001" }, { LOG_CLIENT, "!::FFFF:192.0.2.1" },
		{ LOG_NAME, "*.example" },     { LOG_VERDICT, "!blocked" },
		{ LOG_LIST, "ads" },	       { LOG_TYPE, "HTTPS" },
	};
	static const struct report_filter wanted[] = {
		{ REPORT_CLIENT, "tv" },	  { REPORT_CLIENT, "!192.168.001.1" },
		{ REPORT_CLIENT, "2001:db8::1" }, { REPORT_CLIENT, "!192.0.2.1" },
		{ REPORT_NAME, "*.example" },	  { REPORT_VERDICT, "!blocked" },
		{ REPORT_LIST, "ads" },		  { REPORT_TYPE, "HTTPS" },
	};
	static struct log_request r;

	(void)state;
	assert_int_equal(init(&r, choices, ARRAY_SIZE(choices)), COMMAND_DONE);
	assert_int_equal(r.filter_count, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		assert_int_equal(r.filters[i].field, wanted[i].field);
		assert_string_equal(r.filters[i].value, wanted[i].value);
	}
}

static void ranges_and_defaults(void **state)
{
	static const struct {
		struct choice choices[2];
		size_t count;
		struct log_request wanted;
	} cases[] = {
		{ { { 0, NULL } }, 0, { .lines = LOG_LINES_DEFAULT } },
		{ { { LOG_FOLLOW, "" } }, 1, { .lines = LOG_LINES_FOLLOW, .follow = true } },
		{ { { LOG_FOLLOW, "" }, { LOG_LINES, "0" } }, 2, { .follow = true } },
		{ { { LOG_SINCE, "-1h" } }, 1,
		  { .since_us = NOW - 3600000000LL, .lines = UINT64_MAX } },
		{ { { LOG_SINCE, "@0" } }, 1, { .since_us = 1, .lines = UINT64_MAX } },
		{ { { LOG_UNTIL, "@100" }, { LOG_LINES, "7" } }, 2,
		  { .until_us = 100000000, .lines = 7 } },
		{ { { LOG_REVERSE, "" } }, 1, { .lines = LOG_LINES_DEFAULT, .reverse = true } },
		{ { { LOG_LINES, "1" }, { LOG_LINES, "2" } }, 2, { .lines = 2 } },
	};
	static struct log_request r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct log_request *w = &cases[i].wanted;

		assert_int_equal(init(&r, cases[i].choices, cases[i].count), COMMAND_DONE);
		assert_int_equal(r.since_us, w->since_us);
		assert_int_equal(r.until_us, w->until_us);
		assert_true(r.lines == w->lines);
		assert_int_equal(r.follow, w->follow);
		assert_int_equal(r.reverse, w->reverse);
	}
}

static void wrong_options_are_usage_errors(void **state)
{
	static const struct choice cases[][2] = {
		{ { LOG_LINES, "x" } },	      { { LOG_LINES, "-1" } },
		{ { LOG_LINES, "5x" } },      { { LOG_LINES, "99999999999999999999999" } },
		{ { LOG_SINCE, "noon" } },    { { LOG_UNTIL, "1969-01-01" } },
		{ { LOG_CLIENT, "" } },	      { { LOG_CLIENT, "!" } },
		{ { LOG_FOLLOW, "" }, { LOG_REVERSE, "" } },
		{ { LOG_FOLLOW, "" }, { LOG_UNTIL, "now" } },
	};
	char long_value[1100];
	struct choice too_long = { LOG_NAME, long_value };
	static struct log_request r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(init(&r, cases[i], cases[i][1].id ? 2 : 1), COMMAND_USAGE);
	memset(long_value, 'x', sizeof(long_value) - 1);
	long_value[sizeof(long_value) - 1] = '\0';
	assert_int_equal(init(&r, &too_long, 1), COMMAND_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_keep_their_order_and_negation),
		cmocka_unit_test(ranges_and_defaults),
		cmocka_unit_test(wrong_options_are_usage_errors),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
