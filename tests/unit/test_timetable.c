/* When exceptions that have hours open and close. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "nftsync/ruleset.h"
#include "nftsync/timetable.h"
#include "tests/support/conf_text.h"

static const char text[] =
	"upstream u {\n server 192.0.2.1\n}\n"
	"window morning {\n hours mon-fri 08:00-12:00\n}\n"
	"window noon {\n hours 12:00-13:00\n}\n"
	"zone iot {\n interface br-iot\n gate enforce\n allow tcp 1111 during morning\n}\n"
	"gate {\n allow tcp 2222 during noon\n allow tcp 3333\n}\n";

/* 2026-11-23, a Monday, UTC. */
static int64_t monday(int hour, int minute)
{
	struct tm tm = { .tm_year = 126, .tm_mon = 10, .tm_mday = 23, .tm_hour = hour,
			 .tm_min = minute };

	return timegm(&tm);
}

static bool has_port(const struct timetable *t, const char *port)
{
	struct ruleset *rs;
	char *rules;
	bool has;

	assert_int_equal(ruleset_new(t->conf, &rs), 0);
	assert_int_equal(ruleset_text(rs, &rules), 0);
	has = strstr(rules, port) != NULL;
	free(rules);
	ruleset_free(rs);
	return has;
}

static void exceptions_follow_the_clock_in_both_directions(void **state)
{
	static const struct {
		int hour, minute;
		bool changes, morning, noon;
	} steps[] = {
		{ 7, 0, true, false, false },  { 7, 59, false, false, false },
		{ 8, 0, true, true, false },   { 11, 59, false, true, false },
		{ 12, 0, true, false, true },  { 12, 30, false, false, true },
		{ 9, 0, true, true, false }, /* the clock was set back */
		{ 8, 30, false, true, false }, { 13, 0, true, false, false },
		{ 22, 0, false, false, false },
	};
	struct timetable t = { 0 };

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	assert_false(timetable_look(&t, monday(0, 0)));
	timetable_set(&t, conf_of_text(text));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int64_t now = monday(steps[i].hour, steps[i].minute);

		assert_int_equal(timetable_look(&t, now), steps[i].changes);
		assert_int_equal(has_port(&t, "1111"), steps[i].morning);
		assert_int_equal(has_port(&t, "2222"), steps[i].noon);
		assert_true(has_port(&t, "3333"));
		assert_true(t.edge_s > now);
	}
	timetable_fini(&t);
}

static void what_failed_is_due_again(void **state)
{
	struct timetable t = { 0 };

	(void)state;
	timetable_set(&t, conf_of_text(text));
	timetable_look(&t, monday(7, 0));
	t.is_retry = true;
	assert_true(timetable_look(&t, monday(7, 1)));
	timetable_set(&t, conf_of_text(text));
	timetable_apply(&t, t.conf, monday(7, 2));
	assert_false(timetable_look(&t, monday(7, 3)));
	timetable_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exceptions_follow_the_clock_in_both_directions),
		cmocka_unit_test(what_failed_is_due_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
