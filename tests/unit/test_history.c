/* Folding, rows, dictionaries, refusals and events, read back through the views. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "db/answer.h"
#include "db/events.h"
#include "db/ids.h"
#include "db/idcache.h"
#include "db/pending.h"
#include "db/refusals.h"
#include "db/store.h"
#include "lib/util.h"
#include "tests/support/history_fixture.h"

#define T0 FIXTURE_START_US

/* --- folding ------------------------------------------------------------------------ */

static void identical_lookups_fold_and_different_ones_do_not(void **state)
{
	static const struct {
		const char *what;
		struct fixture_lookup l;
		int rc; /* 1: folded into the first */
	} cases[] = {
		{ "first", { .answers = { "192.0.2.1", "192.0.2.2" } }, 0 },
		{ "same", { .answers = { "192.0.2.1", "192.0.2.2" } }, 1 },
		{ "later", { .ts_us = T0 + 9, .answers = { "192.0.2.1", "192.0.2.2" } }, 1 },
		{ "rotated", { .answers = { "192.0.2.2", "192.0.2.1" } }, 1 },
		{ "case", { .name = "WWW.Example.ORG", .answers = { "192.0.2.2", "192.0.2.1" } },
		  1 },
		{ "round trip", { .rtt_us = 5, .answers = { "192.0.2.1", "192.0.2.2" } }, 1 },
		{ "upstream", { .upstream = "1.1.1.1", .answers = { "192.0.2.1", "192.0.2.2" } },
		  1 },
		{ "answer", { .answers = { "192.0.2.1", "192.0.2.3" } }, 0 },
		{ "fewer", { .answers = { "192.0.2.1" } }, 0 },
		{ "twice the same", { .answers = { "192.0.2.1", "192.0.2.1" } }, 0 },
		{ "name", { .name = "ww.example.org" }, 0 },
		{ "client", { .client = "192.168.1.11" }, 0 },
		{ "device", { .device = "tv" }, 0 },
		{ "mac", { .mac = "02:00:00:00:00:01" }, 0 },
		{ "type", { .qtype = 28 }, 0 },
		{ "class", { .qclass = 3 }, 0 },
		{ "verdict", { .verdict = VERDICT_CACHED }, 0 },
		{ "rcode", { .rcode = 3 }, 0 },
		{ "list", { .list = "ads", .pattern = "x" }, 0 },
		{ "pattern", { .list = "ads", .pattern = "y" }, 0 },
		{ "list and pattern shifted", { .list = "adsx", .pattern = "" }, 0 },
	};
	struct pending *p = pending_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (pending_add(p, fixture_lookup(&cases[i].l)) != cases[i].rc)
			fail_msg("%s", cases[i].what);
	pending_free(p);
}

static void folded_row_keeps_first_time_and_longest_waits(void **state)
{
	struct pending *p = pending_new();
	const struct pending_row *rows;
	const uint16_t *order;
	size_t count;

	(void)state;
	pending_add(p, fixture_lookup(&(struct fixture_lookup){
			       .ts_us = T0 + 5, .rtt_us = 10, .hold_us = 7 }));
	pending_add(p, fixture_lookup(&(struct fixture_lookup){
			       .ts_us = T0 + 2, .rtt_us = 30, .hold_us = 1 }));
	rows = pending_head(p, &order, &count);
	assert_int_equal(count, 1);
	assert_int_equal(rows[order[0]].n, 2);
	assert_int_equal(rows[order[0]].ts_us, T0 + 2);
	assert_int_equal(rows[order[0]].rtt_us, 30);
	assert_int_equal(rows[order[0]].hold_us, 7);
	pending_drop_head(p);
	assert_null(pending_head(p, &order, &count));
	pending_free(p);
}

static void full_queue_drops_and_goes_on_after_a_batch_is_written(void **state)
{
	struct pending *p = pending_new();
	struct fixture_lookup l = { 0 };
	char name[64];
	size_t added = 0;

	(void)state;
	l.name = name;
	for (;; added++) {
		snprintf(name, sizeof(name), "n%zu.example", added);
		if (pending_add(p, fixture_lookup(&l)) < 0)
			break;
		assert_true(added < 200000);
	}
	assert_int_equal(added, PENDING_BATCHES * PENDING_BATCH_ROWS);
	assert_int_equal(pending_add(p, fixture_lookup(&l)), -ENOSPC);
	pending_drop_head(p);
	assert_int_equal(pending_add(p, fixture_lookup(&l)), 0);
	assert_int_equal(pending_count(p),
			 (PENDING_BATCHES - 1) * PENDING_BATCH_ROWS + 1);
	pending_free(p);
}

/* A hostile answer of 30 kB must not use up the queue. */
static void long_answers_are_cut_and_counted(void **state)
{
	static uint64_t buf[4096];
	struct msg_lookup *m = (struct msg_lookup *)buf;
	struct pending *p = pending_new();
	const struct pending_row *rows;
	const uint16_t *order;
	char text[ANSWER_TEXT_MAX];
	size_t count, len;
	uint8_t *to;

	(void)state;
	memcpy(m, fixture_lookup(&(struct fixture_lookup){ 0 }), sizeof(*m) + 32);
	to = m->data + m->qname_len;
	for (uint16_t i = 0; i < 2000; i++) {
		struct msg_rr rr = { .type = 1, .rdata_len = 4 };

		to = mempcpy(to, &rr, sizeof(rr));
		to = mempcpy(to, (uint8_t[]){ 192, 0, (uint8_t)(i >> 8), (uint8_t)i }, 4);
	}
	m->answer_len = 2000 * 12;
	m->size = (uint16_t)((sizeof(*m) + m->qname_len + m->answer_len + 7) & ~7u);
	assert_int_equal(pending_add(p, m), 0);
	assert_int_equal(pending_add(p, m), 1);
	rows = pending_head(p, &order, &count);
	assert_int_equal(rows[0].answer_more, 2000 - PENDING_ANSWER_RRS);
	len = answer_to_text(rows[0].lookup->data + m->qname_len, rows[0].lookup->answer_len,
			     rows[0].answer_more, text);
	assert_true(len < ANSWER_TEXT_MAX);
	assert_string_equal(text + len - 6, " +1936");
	pending_free(p);
}

static void answers_are_sorted_text(void **state)
{
	static const struct {
		struct fixture_lookup l;
		const char *text;
	} cases[] = {
		{ { 0 }, "" },
		{ { .answers = { "192.0.2.1" } }, "192.0.2.1" },
		{ { .answers = { "192.0.2.10", "192.0.2.9", "10.0.0.255" } },
		  "10.0.0.255 192.0.2.9 192.0.2.10" },
		{ { .answers = { "2001:db8::1", "192.0.2.1" } }, "192.0.2.1 2001:db8::1" },
		{ { .answers = { "b.example", "a.example", "192.0.2.1" } },
		  "b.example a.example 192.0.2.1" },
		{ { .answers = { "192.0.2.1", "192.0.2.1" } }, "192.0.2.1" },
		{ { .answers = { "TYPE:16", "TYPE:65400", "TYPE:16" } }, "TXT TYPE65400" },
		{ { .answers = { "x\\000\\\"y.example" } }, "x\\000\\034y.example" },
	};
	char text[ANSWER_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct msg_lookup *m = fixture_lookup(&cases[i].l);
		size_t len = answer_to_text(m->data + m->qname_len, m->answer_len, 0, text);

		text[len] = '\0';
		assert_string_equal(text, cases[i].text);
	}
}

/* --- ids in memory ------------------------------------------------------------------ */

static void idcache_keeps_texts_with_ids_before_those_without(void **state)
{
	struct idcache *c = idcache_new(8); /* one set */
	int64_t id;

	(void)state;
	for (uint64_t h = 1; h <= 4; h++)
		idcache_put(c, h << 32, (int64_t)h);
	for (uint64_t h = 100; h < 1100; h++)
		idcache_put(c, h << 32, 0);
	for (uint64_t h = 1; h <= 4; h++) {
		assert_true(idcache_find(c, h << 32, &id));
		assert_int_equal(id, h);
	}
	assert_true(idcache_find(c, 1099ull << 32, &id));
	assert_false(idcache_find(c, 100ull << 32, &id));
	idcache_forget_above(c, 2);
	assert_true(idcache_find(c, 2ull << 32, &id));
	assert_false(idcache_find(c, 3ull << 32, &id));
	idcache_remove(c, 2ull << 32);
	assert_false(idcache_find(c, 2ull << 32, &id));
	idcache_free(c);
}

static void idcache_drops_the_least_recently_used_id(void **state)
{
	struct idcache *c = idcache_new(8);
	int64_t id;

	(void)state;
	for (uint64_t h = 1; h <= 8; h++)
		idcache_put(c, h << 32, (int64_t)h);
	assert_true(idcache_find(c, 1ull << 32, &id));
	idcache_put(c, 9ull << 32, 9);
	assert_true(idcache_find(c, 1ull << 32, &id));
	assert_false(idcache_find(c, 2ull << 32, &id));
	idcache_free(c);
}

/* --- rows --------------------------------------------------------------------------- */

static void view_shows_every_column(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;

	fixture_db_open(&db, f->path);
	fixture_add(&db, &(struct fixture_lookup){
			.ts_us = T0 + 123456, .name = "CDN.Example.org", .client = "192.168.1.37",
			.device = "tv", .mac = "7c:2f:80:00:11:22", .qtype = 28,
			.verdict = VERDICT_BLOCKED_CNAME, .rcode = 3, .rtt_us = 12345,
			.hold_us = 250, .list = "ads", .pattern = "*.ads.example",
			.answers = { "x.ads.example", "2001:db8::1" } });
	fixture_commit(&db);
	fixture_db_close(&db);
	assert_string_equal(
		fixture_text(f->path, "SELECT time||'|'||who||'|'||client||'|'||name||'|'||type"
				      "||'|'||verdict||'|'||rcode||'|'||ms||'|'||hold_ms||'|'"
				      "||upstream||'|'||list||'|'||pattern||'|'||answer||'|'||n"
				      "||'|'||ts FROM lookups"),
		"2026-09-21T14:13:20.123Z|tv|192.168.1.37|cdn.example.org|AAAA|blocked-cname|"
		"NXDOMAIN|12.345|0.25|9.9.9.9|ads|*.ads.example|x.ads.example 2001:db8::1|1|"
		"1790000000123456");
}

static void absent_parts_are_null_and_unknown_numbers_have_names(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;

	fixture_db_open(&db, f->path);
	fixture_add(&db, &(struct fixture_lookup){ .upstream = "-", .qtype = 65280,
						   .qclass = 3, .rcode = 200,
						   .verdict = VERDICT_LOCAL });
	fixture_commit(&db);
	fixture_db_close(&db);
	assert_string_equal(fixture_text(f->path, "SELECT type||' '||rcode||' '||who FROM lookups"),
			    "CLASS3 TYPE65280 RCODE200 192.168.1.10");
	assert_int_equal(fixture_number(f->path,
					"SELECT ms IS NULL AND hold_ms IS NULL AND upstream IS"
					" NULL AND list IS NULL AND answer IS NULL FROM lookups"),
			 1);
}

static void equal_times_get_microseconds_of_their_own(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;
	char name[32];

	fixture_db_open(&db, f->path);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 5000; i++) {
			snprintf(name, sizeof(name), "n%u-%u.example", round, i);
			fixture_add(&db, &(struct fixture_lookup){ .name = name });
		}
		fixture_commit(&db);
	}
	assert_int_equal(history_stats(db.history)->clashed, 0);
	fixture_db_close(&db);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM lookups"), 15000);
	assert_int_equal(fixture_number(f->path, "SELECT min(ts) FROM lookups"), T0);
	assert_true(fixture_number(f->path, "SELECT max(ts) FROM lookups") < T0 + 50000);
}

static void texts_get_a_dictionary_row_when_met_again(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;
	static const struct {
		const char *name;
		int64_t names_after;
	} cases[] = {
		{ "a.example", 0 }, { "b.example", 0 }, { "a.example", 1 }, { "a.example", 1 },
		{ "7", 1 },	    { "7", 2 },
	};

	fixture_db_open(&db, f->path);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fixture_add(&db, &(struct fixture_lookup){ .name = cases[i].name,
							   .ts_us = T0 + (int64_t)i });
		fixture_commit(&db);
		assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM name"),
				 cases[i].names_after);
	}
	fixture_db_close(&db);
	assert_string_equal(fixture_text(f->path, "SELECT group_concat(name, ' ') FROM"
						  " (SELECT name FROM lookups ORDER BY ts)"),
			    "a.example b.example a.example a.example 7 7");
}

static void dictionaries_are_known_again_after_a_start(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;

	for (unsigned i = 0; i < 6; i++) {
		fixture_db_open(&db, f->path);
		fixture_add(&db, &(struct fixture_lookup){ .ts_us = T0 + 2 * i, .device = "tv",
				.list = "ads", .pattern = "p" });
		fixture_commit(&db);
		fixture_add(&db, &(struct fixture_lookup){ .ts_us = T0 + 2 * i + 1,
				.device = "tv", .list = "ads", .pattern = "p" });
		fixture_commit(&db);
		fixture_db_close(&db);
	}
	assert_int_equal(fixture_number(f->path, "SELECT (SELECT count(*) FROM name) * 100000"
						 " + (SELECT count(*) FROM client) * 10000"
						 " + (SELECT count(*) FROM device) * 1000"
						 " + (SELECT count(*) FROM upstream) * 100"
						 " + (SELECT count(*) FROM rule) * 10"
						 " + (SELECT count(*) FROM outcome)"),
			 111111);
	assert_int_equal(fixture_number(f->path, "SELECT sum(n) FROM lookups WHERE"
						 " name = 'www.example.org' AND list = 'ads'"),
			 12);
}

static void a_failed_commit_keeps_all_and_its_ids_are_void(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;

	fixture_db_open(&db, f->path);
	/* no room for anything: the file may not grow */
	assert_int_equal(store_exec(db.store, "PRAGMA max_page_count = 1"), 0);
	for (unsigned i = 0; i < 3000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "n%u.example", i % 1500);
		fixture_add(&db, &(struct fixture_lookup){ .name = name, .ts_us = T0 + i,
							   .rcode = (uint8_t)(i / 1500) });
	}
	assert_int_equal(history_commit(db.history, &db.queue), -ENOSPC);
	assert_int_equal(pending_count(db.queue.pending), 3000);
	assert_int_equal(history_stats(db.history)->rows, 0);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM lookup"), 0);
	assert_int_equal(store_exec(db.store, "PRAGMA max_page_count = 1000000"), 0);
	fixture_commit(&db);
	fixture_db_close(&db);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM lookups"), 3000);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM lookups WHERE name IS NULL"
						 " OR client IS NULL OR verdict IS NULL"), 0);
	assert_int_equal(fixture_number(f->path, "SELECT count(DISTINCT name) FROM lookups"), 1500);
}

/* --- refusals and events ------------------------------------------------------------ */

static void refuse(struct fixture_db *db, int64_t ts, const char *dest, uint16_t port,
		   uint32_t n)
{
	struct msg_refused m = { .size = sizeof(m), .proto = 6, .port = port, .n = n,
				 .ts_us = ts, .interface = "br-iot" };

	assert_int_equal(addr_from_text("192.168.20.7", &m.client), 0);
	assert_int_equal(addr_from_text(dest, &m.dest), 0);
	fixture_message(MSG_REFUSED, &m, sizeof(m));
	assert_true(refusals_add(db->queue.refusals, &m) <= 0);
}

static void a_flood_of_refusals_is_a_row_a_minute(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;

	fixture_db_open(&db, f->path);
	/* T0 is 20 s into its minute */
	for (unsigned i = 0; i < 50000; i++) {
		refuse(&db, T0 + i * 1000, "203.0.113.9", 443, 2);
		if (i % 5000 == 4999)
			fixture_commit(&db);
	}
	refuse(&db, T0, "203.0.113.9", 80, 1);
	fixture_commit(&db);
	fixture_db_close(&db);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM refusals WHERE port = 443"),
			 2);
	assert_int_equal(fixture_number(f->path, "SELECT sum(n) FROM refusals WHERE port = 443"),
			 100000);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM refusals"), 3);
	assert_string_equal(fixture_text(f->path, "SELECT time||' '||who||' '||dest||' '||proto"
						  "||' '||verdict||' '||interface||' '||last"
						  " FROM refusals WHERE port = 443 LIMIT 1"),
			    "2026-09-21T14:13:20.000Z 192.168.20.7 203.0.113.9 tcp refused br-iot"
			    " 2026-09-21T14:13:59.999Z");
}

static void refusals_beyond_the_limit_are_dropped_until_the_next_minute(void **state)
{
	struct msg_refused m = { .size = sizeof(m), .proto = 17, .n = 1, .ts_us = T0 };
	struct refusals *r = refusals_new();

	(void)state;
	assert_int_equal(addr_from_text("192.168.20.7", &m.client), 0);
	assert_int_equal(addr_from_text("203.0.113.9", &m.dest), 0);
	for (unsigned i = 0; i < REFUSALS_MAX; i++) {
		m.port = (uint16_t)i;
		assert_int_equal(refusals_add(r, &m), 0);
	}
	m.port++;
	assert_int_equal(refusals_add(r, &m), -ENOSPC);
	refusals_committed(r);
	assert_int_equal(refusals_waiting(r), 0);
	assert_int_equal(refusals_add(r, &m), -ENOSPC); /* still the same minute */
	m.port = 0;
	assert_int_equal(refusals_add(r, &m), 0); /* a known one still counts */
	m.ts_us += 60000000;
	assert_int_equal(refusals_add(r, &m), 0);
	assert_int_equal(refusals_waiting(r), 2); /* the old minute's unwritten row stays */
	refusals_free(r);
}

static void events_are_recorded_and_cleaned(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;

	fixture_db_open(&db, f->path);
	assert_int_equal(events_note(db.queue.events, T0, "index-loaded", "ads",
				     "%d names\x1b[31m", 7), 0);
	assert_int_equal(events_note(db.queue.events, T0, "gate-restored", "", "%s", ""), 0);
	fixture_commit(&db);
	assert_int_equal(events_count(db.queue.events), 0);
	fixture_db_close(&db);
	assert_string_equal(fixture_text(f->path, "SELECT group_concat(kind||' '||coalesce(subject"
						  ",'-')||' '||coalesce(detail,'-'), '; ')"
						  " FROM events"),
			    "index-loaded ads 7 names?[31m; gate-restored - -");
}

int main(void)
{
#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identical_lookups_fold_and_different_ones_do_not),
		cmocka_unit_test(folded_row_keeps_first_time_and_longest_waits),
		cmocka_unit_test(full_queue_drops_and_goes_on_after_a_batch_is_written),
		cmocka_unit_test(long_answers_are_cut_and_counted),
		cmocka_unit_test(answers_are_sorted_text),
		cmocka_unit_test(idcache_keeps_texts_with_ids_before_those_without),
		cmocka_unit_test(idcache_drops_the_least_recently_used_id),
		ON_DISK(view_shows_every_column),
		ON_DISK(absent_parts_are_null_and_unknown_numbers_have_names),
		ON_DISK(equal_times_get_microseconds_of_their_own),
		ON_DISK(texts_get_a_dictionary_row_when_met_again),
		ON_DISK(dictionaries_are_known_again_after_a_start),
		ON_DISK(a_failed_commit_keeps_all_and_its_ids_are_void),
		ON_DISK(a_flood_of_refusals_is_a_row_a_minute),
		cmocka_unit_test(refusals_beyond_the_limit_are_dropped_until_the_next_minute),
		ON_DISK(events_are_recorded_and_cleaned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
