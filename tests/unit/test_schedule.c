/* When lists and hours of policies hold, whatever the clock does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <event2/event.h>

#include "conf/conf.h"
#include "resolver/policy.h"
#include "lib/util.h"
#include "resolver/schedule.h"
#include "tests/support/conf_text.h"

#define SOCIAL 1
#define GAMES  2
#define FINE   4

static const char text[] =
	"upstream u {\n server 192.0.2.1\n}\n"
	"window school {\n hours mon-fri 08:00-13:00\n}\n"
	"window nights {\n hours 22:00-06:00\n}\n"
	"group g {\n member 192.0.2.0/24\n}\n"
	"list social {\n name social.example\n}\n"
	"list games {\n name games.example\n}\n"
	"list fine {\n name fine.example\n}\n"
	"policy kids {\n for g\n block social\n block games during school\n"
	" block games during nights\n allow fine during school\n hours 07:00-21:00\n}\n";

struct world {
	struct event_base *base;
	struct conf *conf;
	struct schedule schedule;
	unsigned changes;
};

static void on_change(void *arg)
{
	((struct world *)arg)->changes++;
}

static void world_init(struct world *w, const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
	*w = (struct world){ .base = event_base_new(), .conf = conf_of_text(text) };
	assert_non_null(w->base);
	assert_int_equal(schedule_init(&w->schedule, w->base, on_change, w), 0);
}

static void world_fini(struct world *w)
{
	schedule_fini(&w->schedule);
	conf_free(w->conf);
	event_base_free(w->base);
}

/* Of November 2026, whose 23rd is a Monday; local time. */
static int64_t at(int day, int hour, int minute)
{
	struct tm tm = { .tm_year = 126, .tm_mon = 10, .tm_mday = day, .tm_hour = hour,
			 .tm_min = minute, .tm_isdst = -1 };

	return mktime(&tm);
}

static void lists_and_hours_follow_the_clock_in_both_directions(void **state)
{
	static const struct {
		int day, hour, minute;
		bool changes;
		uint64_t block, allow;
		bool closed;
	} steps[] = {
		{ 23, 7, 59, true, SOCIAL, 0, false },
		{ 23, 8, 0, true, SOCIAL | GAMES, FINE, false },
		{ 23, 12, 59, false, SOCIAL | GAMES, FINE, false },
		{ 23, 13, 0, true, SOCIAL, 0, false },
		{ 23, 20, 59, false, SOCIAL, 0, false },
		{ 23, 21, 0, true, SOCIAL, 0, true },
		{ 23, 22, 0, true, SOCIAL | GAMES, 0, true },
		{ 24, 0, 0, false, SOCIAL | GAMES, 0, true }, /* over midnight */
		{ 24, 6, 0, true, SOCIAL, 0, true },
		{ 24, 7, 0, true, SOCIAL, 0, false },
		{ 23, 9, 0, true, SOCIAL | GAMES, FINE, false }, /* the clock was set back */
		{ 23, 8, 30, false, SOCIAL | GAMES, FINE, false },
		{ 28, 9, 0, true, SOCIAL, 0, false }, /* and forward, to Saturday */
	};
	static const char *const zones[] = { "UTC", "Europe/Berlin", "Asia/Kathmandu" };

	(void)state;
	for (size_t z = 0; z < ARRAY_SIZE(zones); z++) {
		struct world w;

		world_init(&w, zones[z]);
		schedule_set(&w.schedule, w.conf, NULL, at(23, 3, 0));
		assert_true(w.conf->policies[0].closed);
		for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
			int64_t now = at(steps[i].day, steps[i].hour, steps[i].minute);
			unsigned before = w.changes;
			uint32_t epoch = w.schedule.epoch;

			schedule_look(&w.schedule, now);
			assert_int_equal(w.changes - before, steps[i].changes);
			assert_int_equal(w.schedule.epoch - epoch, steps[i].changes);
			assert_int_equal(w.conf->policies[0].block, steps[i].block);
			assert_int_equal(w.conf->policies[0].allow, steps[i].allow);
			assert_int_equal(w.conf->policies[0].closed, steps[i].closed);
			assert_true(w.schedule.edge_s > now);
		}
		assert_false(w.conf->policies[1].closed);
		world_fini(&w);
	}
}

/* The clock that it is told of is a second before an edge, whatever the machine's says: there
 * that edge is over, or the clock was set back. */
static void at_the_edge_it_looks_by_itself(void **state)
{
	struct world w;
	uint32_t epoch;

	(void)state;
	world_init(&w, "UTC");
	schedule_set(&w.schedule, w.conf, NULL, at(23, 8, 0) - 1);
	assert_int_equal(w.conf->policies[0].block, SOCIAL);
	assert_int_equal(w.schedule.edge_s, at(23, 8, 0));
	epoch = w.schedule.epoch;
	/* as if nothing held: whatever it is now, a look finds something else */
	w.conf->policies[0].block = 0;
	w.conf->policies[0].closed = !w.conf->policies[0].closed;
	assert_int_equal(event_base_loop(w.base, EVLOOP_ONCE), 0);
	assert_int_equal(w.changes, 1);
	assert_int_equal(w.schedule.epoch, epoch + 1);
	assert_int_not_equal(w.conf->policies[0].block, 0);
	assert_true(event_pending(w.schedule.at, EV_TIMEOUT, NULL));
	world_fini(&w);
}

static void what_has_no_hours_has_no_edge(void **state)
{
	struct conf *plain = conf_of_text("upstream u {\n server 192.0.2.1\n}\n");
	struct world w;

	(void)state;
	world_init(&w, "UTC");
	schedule_look(&w.schedule, at(23, 3, 0)); /* before the first configuration */
	schedule_set(&w.schedule, plain, NULL, at(23, 3, 0));
	assert_true(w.schedule.edge_s == INT64_MAX);
	schedule_look(&w.schedule, at(27, 3, 0));
	assert_int_equal(w.changes, 0);
	conf_free(plain);
	world_fini(&w);
}

/* Outside of the policy's hours lists are not looked at: not one of names, and no index. */
static void outside_of_its_hours_a_policy_blocks_every_name(void **state)
{
	static const struct addr child = { .family = AF_INET, .bytes = { 192, 0, 2, 7 } };
	static const struct addr other = { .family = AF_INET, .bytes = { 198, 51, 100, 7 } };
	struct list_match match;
	struct dname name;
	struct world w;

	(void)state;
	world_init(&w, "UTC");
	assert_int_equal(dname_from_text("fine.example", &name), 0);
	for (int hour = 0; hour < 24; hour++) {
		struct policy_client kid, guest;
		struct policy_asker asker = { &kid, &child, NULL, 1 }, asks = { &guest, &other, NULL, 1 };
		bool closed = hour < 7 || hour >= 21;

		schedule_set(&w.schedule, w.conf, NULL, at(23, hour, 0));
		kid = policy_find_client(w.conf, &child, NULL, NULL);
		guest = policy_find_client(w.conf, &other, NULL, NULL);
		assert_int_equal(policy_decide(w.conf, NULL, &asker, &name, &match),
				 closed ? POLICY_BLOCK : POLICY_PASS);
		if (closed) {
			char entry[POLICY_ENTRY_TEXT];

			assert_string_equal(policy_list_name(w.conf, &match), "(hours)");
			assert_string_equal(policy_entry_text(&match, entry), "fine.example");
		}
		assert_int_equal(policy_decide(w.conf, NULL, &asks, &name, NULL), POLICY_PASS);
	}
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_and_hours_follow_the_clock_in_both_directions),
		cmocka_unit_test(at_the_edge_it_looks_by_itself),
		cmocka_unit_test(what_has_no_hours_has_no_edge),
		cmocka_unit_test(outside_of_its_hours_a_policy_blocks_every_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
