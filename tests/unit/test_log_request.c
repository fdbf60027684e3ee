/* What `nameward log` was asked for: filters that repeat and negate, ranges, late rows. */
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

#include "cli/log_request.h"
#include "cli/seen.h"

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

static const struct log_fields tv = { .who = "tv", .client = "192.168.1.37",
				      .name = "ads.example.net", .verdict = "blocked",
				      .list = "ads", .type = "A" };

static void filters_repeat_and_negate(void **state)
{
	static const struct {
		struct choice choices[4];
		bool wanted;
	} cases[] = {
		{ { { 0, NULL } }, true },
		{ { { LOG_CLIENT, "tv" } }, true },
		{ { { LOG_CLIENT, "192.168.1.37" } }, true },
		{ { { LOG_CLIENT, "pc" } }, false },
		{ { { LOG_CLIENT, "pc" }, { LOG_CLIENT, "tv" } }, true },
		{ { { LOG_CLIENT, "tv" }, { LOG_CLIENT, "!192.168.1.37" } }, false },
		{ { { LOG_CLIENT, "!pc" } }, true },
		{ { { LOG_CLIENT, "tv" }, { LOG_TYPE, "AAAA" } }, false },
		{ { { LOG_CLIENT, "tv" }, { LOG_TYPE, "AAAA" }, { LOG_TYPE, "a" } }, true },
		{ { { LOG_NAME, "*.Example.NET." } }, true },
		{ { { LOG_NAME, "example.net" } }, false },
		{ { { LOG_NAME, "*.example.net" }, { LOG_NAME, "!ads.*" } }, false },
		{ { { LOG_NAME, "a*s.*.n*t" } }, true },
		{ { { LOG_NAME, "a*s.*.n*x" } }, false },
		{ { { LOG_NAME, "**" } }, true },
		{ { { LOG_VERDICT, "BLOCKED" } }, true },
		{ { { LOG_VERDICT, "blocked*" } }, true },
		{ { { LOG_VERDICT, "!blocked" } }, false },
		{ { { LOG_LIST, "ads" } }, true },
		{ { { LOG_LIST, "!telemetry" } }, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct log_request r;
		size_t count = 0;

		while (count < 4 && cases[i].choices[count].id)
			count++;
		assert_int_equal(init(&r, cases[i].choices, count), COMMAND_DONE);
		assert_int_equal(log_request_wants(&r, &tv), cases[i].wanted);
		log_request_fini(&r);
	}
}

static void a_missing_field_fits_no_plain_filter(void **state)
{
	static const struct log_fields none = { 0 };
	static const struct choice plain = { LOG_LIST, "*" };
	static const struct choice negated = { LOG_LIST, "!ads" };
	struct log_request r;

	(void)state;
	assert_int_equal(init(&r, &plain, 1), COMMAND_DONE);
	assert_false(log_request_wants(&r, &none));
	log_request_fini(&r);
	assert_int_equal(init(&r, &negated, 1), COMMAND_DONE);
	assert_true(log_request_wants(&r, &none));
	log_request_fini(&r);
}

static void addresses_are_compared_in_short_form(void **state)
{
	static const struct log_fields v6 = { .client = "2001:db8::1" };
	static const struct choice client = { LOG_CLIENT, "2001:0DB8:0::0001" };
	struct log_request r;

	(void)state;
	assert_int_equal(init(&r, &client, 1), COMMAND_DONE);
	assert_true(log_request_wants(&r, &v6));
	log_request_fini(&r);
}

static void ranges_and_defaults(void **state)
{
	static const struct choice none[1];
	static const struct choice since = { LOG_SINCE, "-1h" };
	static const struct choice both[] = { { LOG_UNTIL, "@100" }, { LOG_LINES, "7" } };
	static const struct choice follow = { LOG_FOLLOW, "" };
	struct log_request r;

	(void)state;
	assert_int_equal(init(&r, none, 0), COMMAND_DONE);
	assert_int_equal(r.lines, LOG_LINES_DEFAULT);
	log_request_fini(&r);
	assert_int_equal(init(&r, &since, 1), COMMAND_DONE);
	assert_int_equal(r.since_us, NOW - 3600000000LL);
	assert_true(r.lines == UINT64_MAX);
	log_request_fini(&r);
	assert_int_equal(init(&r, both, 2), COMMAND_DONE);
	assert_int_equal(r.until_us, 100000000LL);
	assert_int_equal(r.lines, 7);
	log_request_fini(&r);
	assert_int_equal(init(&r, &follow, 1), COMMAND_DONE);
	assert_true(r.follow);
	log_request_fini(&r);
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
	char long_value[LOG_VALUE_MAX + 1];
	struct choice too_long = { LOG_NAME, long_value };
	struct log_request r;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(init(&r, cases[i], cases[i][1].id ? 2 : 1), COMMAND_USAGE);
	memset(long_value, 'x', LOG_VALUE_MAX);
	long_value[LOG_VALUE_MAX] = '\0';
	assert_int_equal(init(&r, &too_long, 1), COMMAND_USAGE);
}

static void late_rows_are_new_once(void **state)
{
	static const struct {
		int64_t key;
		int rc;
	} steps[] = {
		{ 100, 1 }, { 105, 1 }, { 100, 0 }, { 102, 1 }, { 102, 0 },
		{ 50, 1 },  { 105, 0 }, { 106, 1 },
	};
	struct seen s = { 0 };

	(void)state;
	assert_int_equal(seen_highest(&s), 0);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		assert_int_equal(seen_add(&s, steps[i].key), steps[i].rc);
	assert_int_equal(seen_highest(&s), 106);
	seen_raise_floor(&s, 103);
	assert_int_equal(seen_add(&s, 102), 0);
	assert_int_equal(seen_add(&s, 101), 0);
	assert_int_equal(seen_add(&s, 103), 1);
	assert_int_equal(seen_add(&s, 105), 0);
	seen_raise_floor(&s, 10);
	assert_int_equal(seen_add(&s, 11), 0);
	seen_fini(&s);
}

static void what_is_remembered_is_bounded(void **state)
{
	struct seen s = { 0 };

	(void)state;
	for (int64_t i = 1; i <= 3 * SEEN_MAX; i++)
		assert_int_equal(seen_add(&s, i), 1);
	assert_true(s.size <= SEEN_MAX);
	assert_int_equal(seen_add(&s, 1), 0);
	assert_int_equal(seen_add(&s, 3 * SEEN_MAX), 0);
	assert_int_equal(seen_add(&s, 3 * SEEN_MAX + 1), 1);
	seen_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_repeat_and_negate),
		cmocka_unit_test(a_missing_field_fits_no_plain_filter),
		cmocka_unit_test(addresses_are_compared_in_short_form),
		cmocka_unit_test(ranges_and_defaults),
		cmocka_unit_test(wrong_options_are_usage_errors),
		cmocka_unit_test(late_rows_are_new_once),
		cmocka_unit_test(what_is_remembered_is_bounded),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
