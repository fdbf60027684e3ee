/* Rows for PostgreSQL's COPY: escapes, encodings, times and months. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "export/pg_link.h"
#include "export/pg_push.h"
#include "export/pg_rows.h"
#include "lib/util.h"

static void a_value_ends_neither_itself_nor_its_row(void **state)
{
	static const struct { const char *text, *copied; } cases[] = {
		{ "www.example", "www.example" },
		{ NULL, "\\N" },
		{ "", "" },
		{ "\\N", "\\\\N" },
		{ "\\.", "\\\\." },
		{ "a\tb\nc\rd", "a\\tb\\nc\\rd" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\xff" "a", "?a" },
		{ "\xc3", "?" },		 /* cut short */
		{ "\xe2\x82", "??" },
		{ "\xc0\x80", "??" },		 /* overlong */
		{ "\xe0\x80\x80", "???" },
		{ "\xed\xa0\x80", "???" },	 /* half of a pair */
		{ "\xf4\x90\x80\x80", "????" }, /* beyond Unicode */
	};
	struct pg_rows rows = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = strlen(cases[i].copied);

		pg_rows_reset(&rows);
		pg_rows_add(&rows, cases[i].text);
		assert_int_equal(rows.len, len);
		assert_memory_equal(rows.bytes, cases[i].copied, len);
	}
	pg_rows_reset(&rows);
	pg_rows_add(&rows, "");
	pg_rows_add(&rows, "");
	pg_rows_add(&rows, "x");
	pg_rows_end(&rows);
	pg_rows_add(&rows, NULL);
	pg_rows_end(&rows);
	assert_int_equal(rows.len, 7);
	assert_memory_equal(rows.bytes, "\t\tx\n\\N\n", 7);
	assert_int_equal(rows.failed, 0);
	pg_rows_fini(&rows);
}

static void times_and_months_are_those_of_utc(void **state)
{
	static const struct { int64_t us; const char *text; int64_t month; } cases[] = {
		{ 1, "1970-01-01 00:00:00.000001+00", 1970 * 12 },
		{ 1790000000000123, "2026-09-21 14:13:20.000123+00", 2026 * 12 + 8 },
		{ 1793491199999999, "2026-10-31 23:59:59.999999+00", 2026 * 12 + 9 },
		{ 1793491200000000, "2026-11-01 00:00:00.000000+00", 2026 * 12 + 10 },
		{ 1798761599000000, "2026-12-31 23:59:59.000000+00", 2026 * 12 + 11 },
		{ 1798761600000000, "2027-01-01 00:00:00.000000+00", 2027 * 12 },
	};
	char text[PG_TIME_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t month = pg_month_of(cases[i].us);

		assert_string_equal(pg_time(cases[i].us, text), cases[i].text);
		assert_int_equal(month, cases[i].month);
		assert_true(pg_month_start_us(month) <= cases[i].us);
		assert_true(pg_month_start_us(month + 1) > cases[i].us);
		assert_int_equal(pg_month_of(pg_month_start_us(month)), month);
	}
}

static void a_connection_string_holds_no_password(void **state)
{
	static const struct { const char *text; int rc; } cases[] = {
		{ "nameward", 0 },
		{ "service=office", 0 },
		{ "host=db.example dbname=n sslmode=verify-full passfile=/etc/x", 0 },
		{ "postgresql://router@db.example/nameward", 0 },
		{ "postgresql://router:secret@db.example/nameward", -EPERM },
		{ "host=db password=secret", -EPERM },
		{ "host=db sslpassword=secret", -EPERM },
		{ "host=db colour=blue", -EINVAL },
		{ "", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (pg_check(cases[i].text) != cases[i].rc)
			fail_msg("%s", cases[i].text);
}

static void names_of_routers_are_plain_words(void **state)
{
	(void)state;
	assert_true(pg_router_is_good("office-2.example"));
	assert_true(pg_router_is_good("012345678901234567890123456789012345678901234567890123456789ABC"));
	assert_false(pg_router_is_good("012345678901234567890123456789012345678901234567890123456789ABCD"));
	assert_false(pg_router_is_good(""));
	assert_false(pg_router_is_good("a b"));
	assert_false(pg_router_is_good("a'b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_ends_neither_itself_nor_its_row),
		cmocka_unit_test(times_and_months_are_those_of_utc),
		cmocka_unit_test(a_connection_string_holds_no_password),
		cmocka_unit_test(names_of_routers_are_plain_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
