/* Retention by age and size, clocks that jump, dictionaries, space given back. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "db/agreed_clock.h"
#include "db/events.h"
#include "db/ids.h"
#include "db/fold.h"
#include "db/prune.h"
#include "db/refusals.h"
#include "db/store.h"
#include "lib/util.h"
#include "tests/support/history_fixture.h"

#define T0     FIXTURE_START_US
#define SECOND 1000000ll
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)
#define MIB    (1024 * 1024)

/* --- the agreed clock --------------------------------------------------------------- */

/* One step: time that passes, and how far the wall clock is set forward on top. */
struct step {
	int64_t pass, jump;
	int64_t behind; /* expected: agreed time is this much behind the wall */
	bool in_doubt;
};

static void agreed_clock_follows_only_what_it_can_believe(void **state)
{
	static const struct {
		const char *what;
		struct step steps[8];
	} cases[] = {
		{ "in step", { { HOUR, 0, 0, false }, { DAY, 0, 0, false } } },
		{ "small steps are believed",
		  { { 60 * SECOND, 30 * 60 * SECOND, 0, false },
		    { 60 * SECOND, -30 * 60 * SECOND, 0, false } } },
		{ "400 days ahead, back again",
		  { { HOUR, 0, 0, false }, { HOUR, 400 * DAY, 400 * DAY, true },
		    { DAY, 0, 400 * DAY, true }, { HOUR, -400 * DAY, 0, false } } },
		{ "400 days ahead, kept for a week",
		  { { HOUR, 0, 0, false }, { HOUR, 400 * DAY, 400 * DAY, true },
		    { 6 * DAY, 0, 400 * DAY, true }, { DAY, 0, 0, false } } },
		{ "wandering is not keeping",
		  { { HOUR, 0, 0, false }, { HOUR, 400 * DAY, 400 * DAY, true },
		    { 6 * DAY, 2 * DAY, 402 * DAY, true }, { 6 * DAY, 2 * DAY, 404 * DAY, true },
		    { 6 * DAY, 2 * DAY, 406 * DAY, true } } },
		{ "back: the earlier clock counts",
		  { { HOUR, 0, 0, false }, { HOUR, -3 * DAY, 0, true },
		    { HOUR, 3 * DAY, 0, false } } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct agreed_clock c = { 0 };
		int64_t wall = T0;
		uint64_t mono = 5000000;

		assert_int_equal(agreed_clock_now(&c, wall, mono), wall);
		for (const struct step *s = cases[i].steps; s->pass; s++) {
			int64_t now;

			wall += s->pass + s->jump;
			mono += (uint64_t)s->pass;
			now = agreed_clock_now(&c, wall, mono);
			if (wall - now != s->behind || agreed_clock_in_doubt(&c) != s->in_doubt)
				fail_msg("%s, step %zd: %lld s behind", cases[i].what,
					 s - cases[i].steps, (long long)(wall - now) / 1000000);
		}
	}
}

static void agreed_clock_across_a_start(void **state)
{
	static const struct {
		int64_t off; /* how far the clock went while nobody counted */
		bool believed;
	} cases[] = { { 0, true }, { 5 * DAY, true }, { 8 * DAY, false }, { 400 * DAY, false },
		      { -3 * DAY, true }, { -400 * DAY, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct agreed_clock c = { .agreed_us = T0 };
		int64_t now = agreed_clock_now(&c, T0 + cases[i].off, 77);

		assert_int_equal(agreed_clock_in_doubt(&c), !cases[i].believed);
		assert_true(now <= T0 + cases[i].off);
		if (!cases[i].believed)
			assert_true(now <= T0);
	}
}

/* A router that is switched off each night still comes to believe its clock. */
static void doubt_outlives_a_start(void **state)
{
	struct agreed_clock c = { .agreed_us = T0 };
	int64_t wall = T0 + 400 * DAY;
	unsigned days = 0;

	(void)state;
	do {
		struct agreed_clock kept = { c.agreed_us, c.doubted_us, c.ahead_us, 0, false };
		uint64_t mono = 1000000;

		c = kept;
		for (unsigned h = 0; h < 16; h++) {
			agreed_clock_now(&c, wall, mono);
			wall += HOUR;
			mono += HOUR;
		}
		wall += 8 * HOUR;
		assert_true(++days < 30);
	} while (agreed_clock_in_doubt(&c));
	assert_true(days > 7);
}

/* --- pruning ------------------------------------------------------------------------ */

struct rig {
	struct fixture_db db;
	struct prune *prune;
	const char *path;
	int64_t wall;
	uint64_t mono;
};

static void rig_open(struct rig *rig, const char *path, struct prune_limits limits)
{
	*rig = (struct rig){ .path = path, .wall = T0, .mono = 1000000 };
	fixture_db_open(&rig->db, path);
	assert_int_equal(prune_open(rig->db.store, history_ids(rig->db.history),
				    history_fold(rig->db.history), &limits,
				    &rig->prune), 0);
}

static void rig_close(struct rig *rig)
{
	prune_close(rig->prune);
	fixture_db_close(&rig->db);
}

static void rig_pass(struct rig *rig, int64_t us)
{
	rig->wall += us;
	rig->mono += (uint64_t)us;
}

/* All slices that are due. Returns their number. */
static unsigned rig_prune(struct rig *rig)
{
	unsigned slices = 0;
	int rc;

	while ((rc = prune_step(rig->prune, rig->wall, rig->mono)) == 1)
		assert_true(++slices < 10000);
	assert_int_equal(rc, 0);
	return slices;
}

/* One lookup each `every`, from `from` on. */
static void rig_fill(struct rig *rig, int64_t from, int64_t every, unsigned count,
		     const char *prefix, unsigned names)
{
	char name[64];

	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s%u.example.org", prefix, i % names);
		fixture_add(&rig->db, &(struct fixture_lookup){
				.name = name, .ts_us = from + every * i,
				.answers = { "192.0.2.1" }, .rtt_us = i + 1 });
		if (i % names == names - 1 || i % 5000 == 4999)
			fixture_commit(&rig->db); /* before a name comes again, and folds */
	}
	fixture_commit(&rig->db);
}

static int64_t rows(const struct rig *rig)
{
	return fixture_number(rig->path, "SELECT count(*) FROM lookup");
}

static void what_is_too_old_goes_in_slices(void **state)
{
	struct fixture *f = *state;
	struct rig rig;

	rig_open(&rig, f->path, (struct prune_limits){ .keep_lookups_us = 10 * DAY });
	rig_fill(&rig, T0 - 20 * DAY, 20 * DAY / 50000, 50000, "n", 100);
	assert_true(rig_prune(&rig) >= 3); /* 25,000 rows, 10,000 a slice */
	assert_int_equal(rows(&rig), 25000);
	assert_true(fixture_number(f->path, "SELECT min(ts) FROM lookup") >= T0 - 10 * DAY);
	assert_int_equal(prune_stats(rig.prune)->lookups, 25000);
	rig_pass(&rig, HOUR);
	rig_prune(&rig);
	assert_int_equal(rows(&rig), 25000 - 50000 / 20 / 24 - 1);
	rig_close(&rig);
	assert_string_equal(fixture_text(f->path, "PRAGMA integrity_check"), "ok");
}

static void each_kind_has_its_own_days(void **state)
{
	struct fixture *f = *state;
	struct msg_refused m = { .size = sizeof(m), .proto = 6, .n = 1 };
	struct rig rig;

	rig_open(&rig, f->path, (struct prune_limits){ .keep_lookups_us = 2 * DAY,
						       .keep_refusals_us = 5 * DAY });
	assert_int_equal(addr_from_text("192.168.20.7", &m.client), 0);
	assert_int_equal(addr_from_text("203.0.113.9", &m.dest), 0);
	for (unsigned i = 0; i < 10; i++) {
		m.ts_us = T0 - i * DAY - HOUR;
		assert_int_equal(refusals_add(rig.db.queue.refusals, &m), 0);
		assert_int_equal(events_note(rig.db.queue.events, m.ts_us, "x", "", "%s", ""), 0);
		fixture_add(&rig.db, &(struct fixture_lookup){ .ts_us = m.ts_us,
							       .rcode = (uint8_t)i });
	}
	fixture_commit(&rig.db);
	rig_prune(&rig);
	assert_int_equal(rows(&rig), 2);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM refusal"), 5);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM event"), 5);
	rig_close(&rig);
}

/* Forty days, of which nothing is too old. */
static void fill_each_kind(struct rig *rig)
{
	struct msg_refused m = { .size = sizeof(m), .proto = 6, .n = 1 };

	rig_fill(rig, T0 - 40 * DAY, 40 * DAY / 8000, 8000, "n", 1000);
	assert_int_equal(addr_from_text("192.168.20.7", &m.client), 0);
	assert_int_equal(addr_from_text("203.0.113.9", &m.dest), 0);
	for (unsigned i = 0; i < 40; i++) {
		m.ts_us = T0 - i * DAY - HOUR;
		assert_int_equal(refusals_add(rig->db.queue.refusals, &m), 0);
		assert_int_equal(events_note(rig->db.queue.events, m.ts_us, "x", "", "%s", ""),
				 0);
	}
	fixture_commit(&rig->db);
}

static void a_request_deletes_its_kinds_alone_and_gives_space_back(void **state)
{
	static const struct {
		unsigned kinds;
		int64_t lookups, refusals, events, days, hours; /* that are left */
	} cases[] = {
		{ 1 << PRUNE_LOOKUPS, 2000, 40, 40, 41, 40 * 24 + 1 },
		{ 1 << PRUNE_REFUSALS, 8000, 10, 40, 41, 40 * 24 + 1 },
		{ 1 << PRUNE_EVENTS | 1 << PRUNE_HOURLY, 8000, 40, 10, 41, 10 * 24 },
		{ 1 << PRUNE_DAILY, 8000, 40, 40, 11, 40 * 24 + 1 },
		{ 0, 8000, 40, 40, 41, 40 * 24 + 1 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct prune_request request = { T0 - 10 * DAY, cases[i].kinds };
		struct prune_progress p;
		struct rig rig;
		char path[96];

		snprintf(path, sizeof(path), "%s/%zu.db", f->folder, i);
		rig_open(&rig, path, (struct prune_limits){ .keep_lookups_us = 90 * DAY });
		fill_each_kind(&rig);
		assert_int_equal(prune_asked(rig.prune, &p), 0);
		assert_false(p.is_active);
		rig_prune(&rig);
		rig_pass(&rig, FOLD_EVERY_S * 1000000ll);
		rig_prune(&rig);
		assert_int_equal(rows(&rig), 8000);
		assert_int_equal(prune_ask(rig.prune, &request), 0);
		assert_int_equal(prune_ask(rig.prune, &request), -EALREADY);
		rig_prune(&rig);
		assert_int_equal(prune_asked(rig.prune, &p), 0);
		assert_false(p.is_active);
		assert_int_equal(rows(&rig), cases[i].lookups);
		assert_int_equal(p.deleted.lookups, 8000 - cases[i].lookups);
		assert_int_equal(fixture_number(path, "SELECT count(*) FROM refusal"),
				 cases[i].refusals);
		assert_int_equal(fixture_number(path, "SELECT count(*) FROM event"),
				 cases[i].events);
		assert_int_equal(fixture_number(path, "SELECT count(DISTINCT day) FROM day_total"),
				 cases[i].days);
		assert_int_equal(fixture_number(path, "SELECT count(*) FROM hour_total"),
				 cases[i].hours);
		assert_int_equal(fixture_number(path, "PRAGMA freelist_count"), 0);
		assert_true(p.bytes <= p.bytes_before);
		assert_true(!(cases[i].kinds & 1 << PRUNE_LOOKUPS) ||
			    p.bytes < p.bytes_before * 3 / 4);
		assert_int_equal(prune_rows(&p.deleted) > 0, cases[i].kinds != 0);
		/* and only once */
		fixture_add(&rig.db, &(struct fixture_lookup){ .ts_us = T0 - 20 * DAY + 7 });
		fixture_commit(&rig.db);
		rig_pass(&rig, HOUR);
		rig_prune(&rig);
		assert_int_equal(rows(&rig), cases[i].lookups + 1);
		rig_close(&rig);
		assert_string_equal(fixture_text(path, "PRAGMA integrity_check"), "ok");
	}
}

/* The lookups that go are counted first; no name that is still in use loses its text. */
static void a_request_for_all_leaves_the_roll_ups_right(void **state)
{
	struct prune_request request = { T0 + DAY, 1 << PRUNE_LOOKUPS };
	struct fixture *f = *state;
	struct rig rig;

	rig_open(&rig, f->path, (struct prune_limits){ 0 });
	rig_fill(&rig, T0 - 5 * DAY, 5 * DAY / 3000, 3000, "n", 10);
	assert_int_equal(prune_ask(rig.prune, &request), 0);
	rig_prune(&rig);
	assert_int_equal(rows(&rig), 0);
	assert_int_equal(fixture_number(f->path, "SELECT sum(n) FROM daily"), 3000);
	assert_int_equal(fixture_number(f->path, "SELECT sum(n) FROM hourly"), 3000);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM name"), 0);
	rig_fill(&rig, T0, 1000, 100, "n", 10);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM lookups WHERE name IS NULL"),
			 0);
	rig_close(&rig);
}

static void for_ever_keeps_all(void **state)
{
	struct fixture *f = *state;
	struct rig rig;

	rig_open(&rig, f->path, (struct prune_limits){ 0 });
	rig_fill(&rig, T0 - 4000 * DAY, DAY, 3000, "n", 100);
	rig_prune(&rig);
	assert_int_equal(rows(&rig), 3000);
	rig_close(&rig);
}

static void a_clock_that_jumps_wipes_nothing(void **state)
{
	struct fixture *f = *state;
	struct rig rig;

	rig_open(&rig, f->path, (struct prune_limits){ .keep_lookups_us = 30 * DAY });
	rig_fill(&rig, T0 - 20 * DAY, 20 * DAY / 1000, 1000, "n", 100);
	rig_prune(&rig);
	rig.wall += 400 * DAY; /* and the lookups of these hours carry it */
	rig_fill(&rig, rig.wall, SECOND, 50, "future", 50);
	for (unsigned h = 0; h < 72; h++) {
		rig_pass(&rig, HOUR);
		rig_prune(&rig);
	}
	assert_int_equal(rows(&rig), 1050);
	assert_true(prune_stats(rig.prune)->is_clock_doubted);
	rig_close(&rig);

	/* the same after a restart, which knows only what the file says */
	fixture_db_open(&rig.db, f->path);
	assert_int_equal(prune_open(rig.db.store, history_ids(rig.db.history),
				    history_fold(rig.db.history),
				    &(struct prune_limits){ .keep_lookups_us = 30 * DAY },
				    &rig.prune), 0);
	rig.mono = 1000;
	rig_prune(&rig);
	assert_int_equal(rows(&rig), 1050);
	rig.wall -= 400 * DAY;
	rig_pass(&rig, 2 * 60 * SECOND);
	rig_prune(&rig);
	assert_false(prune_stats(rig.prune)->is_clock_doubted);
	assert_int_equal(rows(&rig), 1050);
	rig_pass(&rig, 40 * DAY); /* a right clock prunes: but what is of the future stays */
	rig_prune(&rig);
	assert_int_equal(rows(&rig), 50);
	rig_close(&rig);
}

static void size_is_kept_and_the_oldest_go_first(void **state)
{
	struct fixture *f = *state;
	struct rig rig;

	rig_open(&rig, f->path, (struct prune_limits){ .max_bytes = MIB });
	for (unsigned i = 0; i < 20; i++) {
		char prefix[16];

		snprintf(prefix, sizeof(prefix), "r%u-", i);
		rig_fill(&rig, T0 + i * HOUR, SECOND, 3000, prefix, 1000);
		rig_pass(&rig, HOUR);
		rig_prune(&rig);
		assert_true(fixture_number(f->path, "PRAGMA page_count") * 4096 <=
			    MIB + MIB / 4);
	}
	assert_true(fixture_number(f->path, "PRAGMA page_count") * 4096 <= MIB);
	assert_true(rows(&rig) > 8000); /* nearly full, not empty */
	assert_true(rows(&rig) < 40000);
	assert_true(fixture_number(f->path, "SELECT min(ts) FROM lookup") > T0 + 10 * HOUR);
	assert_int_equal(fixture_number(f->path, "SELECT max(ts) FROM lookup"),
			 T0 + 19 * HOUR + 2999 * SECOND);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM lookups"
						 " WHERE name IS NULL OR who IS NULL"), 0);
	rig_close(&rig);
	assert_string_equal(fixture_text(f->path, "PRAGMA integrity_check"), "ok");
}

static void a_lower_limit_gives_space_back(void **state)
{
	struct fixture *f = *state;
	struct rig rig;
	struct prune_limits limits = { .max_bytes = MIB };
	int64_t before;

	rig_open(&rig, f->path, (struct prune_limits){ 0 });
	rig_fill(&rig, T0 - 3 * HOUR, 100000, 100000, "n", 20000);
	rig_prune(&rig);
	before = fixture_number(f->path, "PRAGMA page_count");
	assert_true(before * 4096 > 3 * MIB);
	prune_set_limits(rig.prune, &limits);
	rig_prune(&rig);
	assert_true(fixture_number(f->path, "PRAGMA page_count") * 4096 <= MIB);
	assert_true(rows(&rig) > 5000);
	rig_close(&rig);
	assert_string_equal(fixture_text(f->path, "PRAGMA integrity_check"), "ok");
}

static void each_roll_up_is_kept_for_its_own_time(void **state)
{
	static const struct prune_limits limits = {
		.keep_lookups_us = DAY, .keep_hourly_us = 20 * DAY, .keep_daily_us = 10 * DAY,
	};
	static const struct {
		const char *question;
		int64_t answer;
	} cases[] = {
		{ "SELECT count(*) FROM lookups", 1 },
		{ "SELECT sum(n) FROM hourly", 20 },
		{ "SELECT sum(n) FROM daily", 10 },
		{ "SELECT count(*) FROM names", 10 },
		/* whoever stands in a roll-up stays known */
		{ "SELECT count(DISTINCT who) FROM hourly", 20 },
		{ "SELECT count(*) FROM client", 20 },
		{ "SELECT count(*) FROM names WHERE first_who IS NULL", 0 },
	};
	struct fixture *f = *state;
	struct rig rig;
	char name[32], client[32];

	rig_open(&rig, f->path, limits);
	for (int i = 40; i; i--) {
		snprintf(name, sizeof(name), "n%d.example.org", i);
		snprintf(client, sizeof(client), "192.168.1.%d", i);
		fixture_add(&rig.db, &(struct fixture_lookup){ .ts_us = T0 - i * DAY + HOUR,
							       .name = name, .client = client });
		fixture_commit(&rig.db);
	}
	rig_prune(&rig);
	rig.mono += (uint64_t)(25 * HOUR); /* the wall clock stands: only the sweep is due */
	rig_prune(&rig);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (fixture_number(f->path, cases[i].question) != cases[i].answer)
			fail_msg("%s: %lld", cases[i].question,
				 (long long)fixture_number(f->path, cases[i].question));
	rig_close(&rig);
}

/* Names come again while the sweep is under way; none may lose its row. */
static void dictionaries_lose_what_no_row_uses(void **state)
{
	struct fixture *f = *state;
	struct rig rig;
	int64_t new_names;
	char name[64];

	rig_open(&rig, f->path, (struct prune_limits){ .keep_lookups_us = 10 * DAY,
						       .keep_hourly_us = 10 * DAY,
						       .keep_daily_us = 10 * DAY });
	rig_fill(&rig, T0 - 20 * DAY, SECOND, 30000, "old", 10000);
	rig_fill(&rig, T0 - DAY, SECOND, 30000, "new", 10000);
	fixture_add(&rig.db, &(struct fixture_lookup){ .ts_us = T0 - 15 * DAY, .list = "gone",
						       .pattern = "x", .device = "gone" });
	fixture_commit(&rig.db);
	/* a name met twice gets its row; that it was met once may be forgotten, rarely */
	assert_in_range(fixture_number(f->path, "SELECT count(*) FROM name"), 19900, 20000);
	new_names = fixture_number(f->path, "SELECT count(*) FROM name WHERE name LIKE 'new%'");
	for (unsigned i = 0; prune_step(rig.prune, rig.wall, rig.mono) == 1; i++) {
		assert_true(i < 1000);
		snprintf(name, sizeof(name), "old%u.example.org", i);
		for (unsigned twice = 0; twice < 2; twice++) {
			fixture_add(&rig.db, &(struct fixture_lookup){
					.name = name, .ts_us = T0 + i * 10 + twice,
					.answers = { "192.0.2.1" } });
			fixture_commit(&rig.db);
		}
		rig_pass(&rig, 20000);
	}
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM lookups"
						 " WHERE name IS NULL OR who IS NULL OR"
						 " verdict IS NULL OR answer IS NULL"), 0);
	assert_true(fixture_number(f->path, "SELECT count(*) FROM name WHERE name LIKE 'old%'") <
		    200);
	assert_int_equal(fixture_number(f->path,
					"SELECT count(*) FROM name WHERE name LIKE 'new%'"),
			 new_names);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM rule"), 0);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM device"), 0);
	/* and what was deleted is not remembered */
	for (unsigned twice = 0; twice < 2; twice++) {
		fixture_add(&rig.db, &(struct fixture_lookup){ .name = "old9999.example.org",
				.ts_us = T0 + HOUR + twice, .list = "gone", .pattern = "x",
				.device = "gone" });
		fixture_commit(&rig.db);
	}
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM lookups WHERE list = 'gone'"
						 " AND who = 'gone' AND name ="
						 " 'old9999.example.org'"), 2);
	rig_close(&rig);
}

int main(void)
{
#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agreed_clock_follows_only_what_it_can_believe),
		cmocka_unit_test(agreed_clock_across_a_start),
		cmocka_unit_test(doubt_outlives_a_start),
		ON_DISK(what_is_too_old_goes_in_slices),
		ON_DISK(each_kind_has_its_own_days),
		ON_DISK(a_request_deletes_its_kinds_alone_and_gives_space_back),
		ON_DISK(a_request_for_all_leaves_the_roll_ups_right),
		ON_DISK(for_ever_keeps_all),
		ON_DISK(a_clock_that_jumps_wipes_nothing),
		ON_DISK(size_is_kept_and_the_oldest_go_first),
		ON_DISK(a_lower_limit_gives_space_back),
		ON_DISK(dictionaries_lose_what_no_row_uses),
		ON_DISK(each_roll_up_is_kept_for_its_own_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
