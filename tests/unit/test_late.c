/* Which late rows are noted, so that a copy of the history misses none. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "db/late.h"
#include "db/store.h"
#include "lib/util.h"
#include "tests/support/history_fixture.h"

#define S    1000000ll
#define HOUR (3600 * S)
#define T    (500000 * HOUR) /* an hour begins; seconds below count from here */

/* A transaction of one row; all in seconds, those of the wall clock behind T. */
static void record(struct store *s, struct late *l, int64_t ts, int64_t wall, uint64_t mono,
		   int rc)
{
	const struct late_now now = { T + wall * S, mono * S };

	assert_int_equal(store_begin(s), 0);
	assert_int_equal(late_note(l, T + ts * S, now), 0);
	if (rc)
		store_rollback(s);
	else
		assert_int_equal(store_commit(s), 0);
	late_settle(l, rc, now);
}

static void only_hours_of_late_rows_are_noted(void **state)
{
	static const struct {
		const char *what;
		struct { int64_t ts, wall; uint64_t mono; } rows[3]; /* zero wall: none */
		int64_t hour; /* after T's; -1: none is noted */
	} cases[] = {
		{ "in order", { { 10, 12, 100 }, { 20, 22, 110 }, { 20, 22, 110 } }, -1 },
		{ "a slow lookup", { { 30, 32, 100 }, { 5, 34, 102 } }, -1 },
		{ "very slow", { { 100, 102, 100 }, { 30, 104, 102 } }, 0 },
		{ "behind a lock: the newest was not new", { { 30, 900, 100 }, { 20, 902, 102 } },
		  0 },
		{ "long after the newest", { { 30, 32, 100 }, { 20, 300, 400 } }, 0 },
		{ "a clock set back into an idle time",
		  { { 7200, 7202, 100 }, { 7190, 7192, 4000 } }, 1 },
		{ "a clock set back", { { 7200, 7202, 100 }, { 10, 12, 110 } }, 0 },
		{ "and right again", { { 10, 12, 100 }, { 7200, 7202, 110 }, { 30, 32, 120 } }, 0 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct store *s;
		struct late *l;
		char path[128];
		int64_t hour;

		snprintf(path, sizeof(path), "%s/%zu.db", f->folder, i);
		assert_int_equal(store_open(path, &s), 0);
		assert_int_equal(late_open(s, &l), 0);
		for (size_t k = 0; k < 3 && cases[i].rows[k].wall; k++)
			record(s, l, cases[i].rows[k].ts, cases[i].rows[k].wall,
			       cases[i].rows[k].mono, 0);
		hour = fixture_number(path, "SELECT coalesce(max(hour), 0) FROM late");
		if (hour != (cases[i].hour < 0 ? 0 : T / HOUR + cases[i].hour))
			fail_msg("%s: hour %lld", cases[i].what, (long long)hour);
		late_close(l);
		store_close(s);
	}
}

/* Of the hours in order: seconds behind T. */
static void assert_numbers(const struct fixture *f, const char *numbers)
{
	assert_string_equal(fixture_text(f->path, "SELECT group_concat(s) FROM (SELECT (seq -"
					 " 1800000000000000) / 1000000 AS s FROM late ORDER BY"
					 " hour)"), numbers);
}

static void a_further_late_row_gives_the_hour_a_new_number(void **state)
{
	struct fixture *f = *state;
	struct store *s;
	struct late *l;

	assert_int_equal(store_open(f->path, &s), 0);
	assert_int_equal(late_open(s, &l), 0);
	record(s, l, 9000, 9001, 100, 0);
	record(s, l, 10, 9002, 101, 0);
	record(s, l, 4000, 9003, 102, 0);
	record(s, l, 11, 9004, 103, -EIO);
	assert_numbers(f, "9002,9003");
	record(s, l, 11, 9004, 103, 0);
	assert_numbers(f, "9004,9003");
	record(s, l, 4001, 8000, 104, 0); /* the clock was set back */
	assert_string_equal(fixture_text(f->path, "SELECT group_concat(hour) FROM (SELECT hour -"
					 " 500000 AS hour FROM late ORDER BY seq)"), "0,1");
	late_close(l);
	store_close(s);
}

/* After a start the newest row is that of the file. */
static void what_was_there_before_the_start_counts(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;

	for (int i = 0; i < 2; i++) {
		fixture_db_open(&db, f->path);
		fixture_add(&db, &(struct fixture_lookup){ .ts_us = T + (7200 - i * 7000) * S });
		fixture_commit(&db);
		fixture_db_close(&db);
		assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM late"), i);
	}
	assert_true(fixture_number(f->path, "SELECT value FROM meta WHERE key = 'history_id'") > 0);
}

int main(void)
{
#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		ON_DISK(only_hours_of_late_rows_are_noted),
		ON_DISK(a_further_late_row_gives_the_hour_a_new_number),
		ON_DISK(what_was_there_before_the_start_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
