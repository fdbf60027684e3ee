/*
 * Passive DNS: which pairs of address and name are kept, how many, and for how long; what a
 * refusal shows of them; and how a database of version 1 becomes one of today.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "db/ids.h"
#include "db/prune.h"
#include "db/refusals.h"
#include "db/report.h"
#include "db/resolved.h"
#include "db/schema.h"
#include "db/store.h"
#include "lib/util.h"
#include "tests/support/history_fixture.h"

#define T0     FIXTURE_START_US
#define DAY    RESOLVED_EVERY_US
#define SECOND 1000000ll

static void add(struct fixture_db *db, int64_t ts, const char *name, const char *addr)
{
	fixture_add(db, &(struct fixture_lookup){ .ts_us = ts, .name = name,
						  .answers = { addr } });
	fixture_commit(db);
}

/* --- what is kept --------------------------------------------------------------------- */

static void a_pair_is_noted_with_its_times_and_ttl(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;

	fixture_db_open(&db, f->path);
	add(&db, T0, "www.example.org", "192.0.2.1");
	add(&db, T0 + SECOND, "www.example.org", "192.0.2.1"); /* within the day: not written */
	add(&db, T0 + DAY, "www.example.org", "192.0.2.1");
	fixture_db_close(&db);
	assert_string_equal(fixture_text(f->path, "SELECT rrname||' '||rrtype||' '||rdata||' '||"
						  "time_first||' '||time_last||' '||count||' '||ttl"
						  " FROM pdns"),
			    "www.example.org A 192.0.2.1 1790000000 1790086400 3 300");
}

static void what_is_noted(void **state)
{
	static const struct {
		struct fixture_lookup lookup;
		const char *pairs;
	} cases[] = {
		{ { .answers = { "alias.example", "192.0.2.1", "192.0.2.2" } },
		  "192.0.2.1 www.example.org,192.0.2.2 www.example.org" },
		{ { .answers = { "2001:db8::1" }, .qtype = 28 }, "2001:db8::1 www.example.org" },
		{ { .answers = { "192.0.2.1" }, .verdict = VERDICT_CACHED },
		  "192.0.2.1 www.example.org" },
		{ { .answers = { "192.0.2.1" }, .name = "WWW.Example.org" },
		  "192.0.2.1 www.example.org" },
		{ { .answers = { "TYPE:16", "alias.example" } }, "(null)" },
		{ { .answers = { "0.0.0.0" }, .verdict = VERDICT_BLOCKED }, "(null)" },
		{ { .answers = { "192.0.2.1" }, .verdict = VERDICT_BLOCKED_CNAME }, "(null)" },
		{ { .answers = { "192.0.2.1" }, .qclass = 3 }, "(null)" },
		{ { .rcode = 3 }, "(null)" },
	};
	struct fixture *f = *state;
	struct fixture_db db;

	fixture_db_open(&db, f->path);
	fixture_db_close(&db);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fixture_exec(f->path, "DELETE FROM resolved");
		fixture_db_open(&db, f->path);
		fixture_add(&db, &cases[i].lookup);
		fixture_commit(&db);
		fixture_db_close(&db);
		assert_string_equal(fixture_text(f->path,
						 "SELECT group_concat(rdata||' '||rrname) FROM"
						 " (SELECT * FROM pdns ORDER BY rdata)"),
				    cases[i].pairs);
	}
}

static void a_pair_is_not_written_again_after_a_start(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;

	for (int i = 0; i < 3; i++) {
		fixture_db_open(&db, f->path);
		add(&db, T0 + i * SECOND, "www.example.org", "192.0.2.1");
		fixture_db_close(&db);
	}
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM pdns"), 1);
	assert_int_equal(fixture_number(f->path, "SELECT count FROM pdns"), 1);
}

static void pairs_of_a_failed_commit_are_written_by_the_next(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;

	fixture_db_open(&db, f->path);
	fixture_add(&db, &(struct fixture_lookup){ .answers = { "192.0.2.1" } });
	store_exec(db.store, "CREATE TEMP TRIGGER no BEFORE INSERT ON main.lookup BEGIN"
			     " SELECT RAISE(ABORT, 'no'); END");
	assert_int_not_equal(history_commit(db.history, &db.queue), 0);
	store_exec(db.store, "DROP TRIGGER no");
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM pdns"), 0);
	fixture_commit(&db);
	fixture_db_close(&db);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM pdns"), 1);
}

/* --- limits --------------------------------------------------------------------------- */

static void an_address_gets_so_many_new_names_a_day(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;
	char name[32];

	fixture_db_open(&db, f->path);
	for (int i = 0; i < RESOLVED_NAMES_MAX * 3; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		add(&db, T0 + i * SECOND, name, "192.0.2.1");
	}
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM pdns"),
			 RESOLVED_NAMES_MAX);
	add(&db, T0 + DAY, "next.example", "192.0.2.1");
	fixture_db_close(&db);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM pdns"),
			 RESOLVED_NAMES_MAX + 1);
}

static void a_commit_notes_so_many_at_most(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;
	char name[32], addr[32];

	fixture_db_open(&db, f->path);
	for (int i = 0; i < RESOLVED_COMMIT_MAX + 100; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		snprintf(addr, sizeof(addr), "192.0.%d.%d", 2 + i / 200, i % 200);
		fixture_add(&db, &(struct fixture_lookup){ .ts_us = T0 + i, .name = name,
							   .answers = { addr } });
	}
	fixture_commit(&db);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM pdns"),
			 RESOLVED_COMMIT_MAX);
	add(&db, T0 + SECOND, "n200.example", "192.0.5.0"); /* the next one goes on */
	fixture_db_close(&db);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM pdns"),
			 RESOLVED_COMMIT_MAX + 1);
}

static void above_the_limit_of_rows_the_oldest_go(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;

	fixture_db_open(&db, f->path);
	fixture_db_close(&db);
	fixture_exec(f->path, "WITH RECURSIVE i(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM i"
			      " WHERE i < 131071) INSERT INTO resolved SELECT i + 1, 'a' || i, 'n', i, i,"
			      " 1, 60 FROM i");
	fixture_db_open(&db, f->path);
	add(&db, T0, "www.example.org", "192.0.2.1");
	fixture_db_close(&db);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM resolved"),
			 RESOLVED_ROWS_MAX / 8 * 7);
	assert_int_equal(fixture_number(f->path, "SELECT min(last) FROM resolved"),
			 RESOLVED_ROWS_MAX / 8 + 1);
	assert_int_equal(fixture_number(f->path, "SELECT max(last) FROM resolved"), T0);
}

static void pairs_go_with_the_lookups_days(void **state)
{
	struct fixture *f = *state;
	struct prune_limits limits = { .keep_lookups_us = 10 * DAY };
	struct prune *p;
	struct fixture_db db;

	fixture_db_open(&db, f->path);
	add(&db, T0, "old.example", "192.0.2.1");
	add(&db, T0 + 15 * DAY, "new.example", "192.0.2.1");
	assert_int_equal(prune_open(db.store, history_ids(db.history),
				    history_fold(db.history), &limits, &p), 0);
	while (prune_step(p, T0 + 20 * DAY, 1) == 1)
		;
	assert_int_equal(prune_stats(p)->resolved, 1);
	prune_close(p);
	fixture_db_close(&db);
	assert_string_equal(fixture_text(f->path, "SELECT group_concat(rrname) FROM pdns"),
			    "new.example");
}

/* --- what a refusal shows ------------------------------------------------------------- */

static void a_refusal_has_the_last_name_of_its_address(void **state)
{
	struct fixture *f = *state;
	struct msg_refused m = { .size = sizeof(m), .proto = 6, .port = 443, .n = 1,
				 .ts_us = T0, .interface = "br-iot" };
	struct fixture_db db;

	fixture_db_open(&db, f->path);
	assert_int_equal(addr_from_text("192.168.20.7", &m.client), 0);
	for (int i = 1; i < 3; i++) {
		m.dest = addr_from_bytes(AF_INET, (uint8_t[]){ 192, 0, 2, (uint8_t)i });
		assert_int_equal(refusals_add(db.queue.refusals, &m), 0);
	}
	add(&db, T0 + 10 * SECOND, "first.example", "192.0.2.1");
	add(&db, T0 + 20 * SECOND, "second.example", "192.0.2.1");
	add(&db, T0 + 15 * SECOND, "between.example", "192.0.2.1");
	fixture_db_close(&db);
	assert_string_equal(fixture_text(f->path, "SELECT group_concat(dest||' '||coalesce(name,"
						  " '-')) FROM (SELECT * FROM refusals ORDER BY dest)"),
			    "192.0.2.1 second.example,192.0.2.2 -");
}

/* --- migration ------------------------------------------------------------------------ */

/* Version 1 as it was released; never to be changed. */
#define TIME_OF(ts) "strftime('%Y-%m-%dT%H:%M:%fZ', " ts " / 1000000.0, 'unixepoch')"
#define WORD_OF(table, id) "(SELECT w.word FROM " table " w WHERE w.id = " id ")"

static const char tables_1[] =
	"CREATE TABLE verdict (id INTEGER PRIMARY KEY, word TEXT NOT NULL) STRICT;"
	"CREATE TABLE rcode   (id INTEGER PRIMARY KEY, word TEXT NOT NULL) STRICT;"
	"CREATE TABLE rrtype  (id INTEGER PRIMARY KEY, word TEXT NOT NULL) STRICT;"
	"CREATE TABLE proto   (id INTEGER PRIMARY KEY, word TEXT NOT NULL) STRICT;"

	"CREATE TABLE name (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;"
	"CREATE TABLE answer (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"
	"CREATE TABLE upstream (id INTEGER PRIMARY KEY, addr TEXT NOT NULL) STRICT;"
	"CREATE TABLE rule (id INTEGER PRIMARY KEY, list TEXT NOT NULL,"
	" pattern TEXT NOT NULL) STRICT;"
	/* a device as it was known then: a new label or MAC address is a new row */
	"CREATE TABLE device (id INTEGER PRIMARY KEY, mac TEXT, label TEXT) STRICT;"
	"CREATE TABLE client (id INTEGER PRIMARY KEY, addr TEXT NOT NULL,"
	" device_id INTEGER REFERENCES device) STRICT;"
	/* qtype holds the class in bits 16 to 31 where it is not IN */
	"CREATE TABLE outcome (id INTEGER PRIMARY KEY, qtype INTEGER NOT NULL,"
	" verdict INTEGER NOT NULL, rcode INTEGER NOT NULL,"
	" upstream_id INTEGER REFERENCES upstream, rule_id INTEGER REFERENCES rule) STRICT;"

	"CREATE TABLE lookup (ts INTEGER PRIMARY KEY,"
	" client_id INTEGER NOT NULL REFERENCES client,"
	" outcome_id INTEGER NOT NULL REFERENCES outcome,"
	" name_id INTEGER REFERENCES name, answer_id INTEGER REFERENCES answer,"
	" rtt_us INTEGER, hold_us INTEGER, n INTEGER NOT NULL,"
	" name TEXT, answer TEXT) STRICT;"

	"CREATE TABLE refusal (ts INTEGER PRIMARY KEY,"
	" client_id INTEGER NOT NULL REFERENCES client, dest TEXT NOT NULL,"
	" port INTEGER NOT NULL, proto INTEGER NOT NULL, observed INTEGER NOT NULL,"
	" interface TEXT, n INTEGER NOT NULL, last INTEGER NOT NULL) STRICT;"

	"CREATE TABLE event (ts INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT,"
	" detail TEXT) STRICT;"

	/* the writer's own numbers: what the clock was agreed to be, and the like */
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL)"
	" STRICT, WITHOUT ROWID;";

static const char views_1[] =
	"CREATE VIEW lookups AS SELECT " TIME_OF("l.ts") " AS time,"
	" (SELECT coalesce((SELECT d.label FROM device d WHERE d.id = c.device_id), c.addr)"
	"  FROM client c WHERE c.id = l.client_id) AS who,"
	" (SELECT c.addr FROM client c WHERE c.id = l.client_id) AS client,"
	" coalesce(l.name, (SELECT n.name FROM name n WHERE n.id = l.name_id)) AS name,"
	" CASE WHEN o.qtype > 65535 THEN 'CLASS' || (o.qtype >> 16) || ' ' ELSE '' END ||"
	"  coalesce(" WORD_OF("rrtype", "o.qtype & 65535") ", 'TYPE' || (o.qtype & 65535))"
	"  AS type,"
	" " WORD_OF("verdict", "o.verdict") " AS verdict,"
	" coalesce(" WORD_OF("rcode", "o.rcode") ", 'RCODE' || o.rcode) AS rcode,"
	" l.rtt_us / 1000.0 AS ms, l.hold_us / 1000.0 AS hold_ms,"
	" (SELECT u.addr FROM upstream u WHERE u.id = o.upstream_id) AS upstream,"
	" (SELECT r.list FROM rule r WHERE r.id = o.rule_id) AS list,"
	" (SELECT r.pattern FROM rule r WHERE r.id = o.rule_id) AS pattern,"
	" coalesce(l.answer, (SELECT a.text FROM answer a WHERE a.id = l.answer_id)) AS answer,"
	" l.n AS n, l.ts AS ts"
	" FROM lookup l LEFT JOIN outcome o ON o.id = l.outcome_id;"

	"CREATE VIEW refusals AS SELECT " TIME_OF("f.ts") " AS time,"
	" coalesce(d.label, c.addr) AS who, c.addr AS client, f.dest AS dest,"
	" f.port AS port, coalesce(p.word, 'proto' || f.proto) AS proto,"
	" CASE f.observed WHEN 0 THEN 'refused' ELSE 'observed' END AS verdict,"
	" f.interface AS interface, f.n AS n, " TIME_OF("f.last") " AS last, f.ts AS ts"
	" FROM refusal f"
	" LEFT JOIN client c ON c.id = f.client_id"
	" LEFT JOIN device d ON d.id = c.device_id"
	" LEFT JOIN proto p ON p.id = f.proto;"

	"CREATE VIEW events AS SELECT " TIME_OF("ts") " AS time, kind, subject, detail, ts"
	" FROM event;";

static void make_version_1(const char *path)
{
	fixture_exec(path, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;"
			   " PRAGMA application_id = 1852667748; PRAGMA user_version = 1");
	fixture_exec(path, tables_1);
	fixture_exec(path, views_1);
	fixture_exec(path, "INSERT INTO rrtype VALUES (1, 'A');"
			   "INSERT INTO verdict VALUES (1, 'forwarded');"
			   "INSERT INTO client VALUES (1, '192.168.1.10', NULL);"
			   "INSERT INTO outcome VALUES (1, 1, 1, 0, NULL, NULL);"
			   "INSERT INTO lookup VALUES (1790000000000000, 1, 1, NULL, NULL, NULL,"
			   " NULL, 2, 'www.example.org', '192.0.2.1');"
			   "INSERT INTO refusal VALUES (1790000000000000, 1, '192.0.2.1', 443, 6, 1,"
			   " 'br-iot', 7, 1790000000000000)");
}

static void version_1_becomes_todays_and_keeps_its_rows(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;

	make_version_1(f->path);
	fixture_db_open(&db, f->path);
	assert_string_equal(fixture_text(f->path, "SELECT name||' '||verdict||' '||n FROM lookups"),
			    "www.example.org forwarded 2");
	assert_string_equal(fixture_text(f->path, "SELECT dest||' '||proto||' '||n||' '||"
						  "coalesce(name, '-') FROM refusals"),
			    "192.0.2.1 tcp 7 -");
	add(&db, T0 + SECOND, "www.example.org", "192.0.2.1");
	fixture_db_close(&db);
	assert_int_equal(fixture_number(f->path, "PRAGMA user_version"), schema_version());
	assert_string_equal(fixture_text(f->path, "SELECT name FROM refusals"), "www.example.org");
}

static int no_columns(void *arg, const char *const *names, size_t count)
{
	(void)arg;
	(void)names;
	(void)count;
	return 0;
}

static int count_row(void *arg, const struct report_value *values, size_t count)
{
	(void)values;
	(void)count;
	++*(unsigned *)arg;
	return 0;
}

static void version_1_can_be_asked_before_the_daemon_has_run(void **state)
{
	struct fixture *f = *state;
	unsigned rows = 0;
	const struct report_out out = { no_columns, count_row, &rows };
	struct report *r;

	make_version_1(f->path);
	assert_int_equal(report_open(f->path, &r), 0);
	assert_int_equal(report_log(r, &(struct report_log){ 0 }, &out), 0);
	report_close(r);
	assert_int_equal(rows, 1);
	assert_int_equal(fixture_number(f->path, "PRAGMA user_version"), 1);
}

static void a_migration_that_fails_leaves_the_old_version(void **state)
{
	struct fixture *f = *state;
	struct store *s;

	make_version_1(f->path);
	fixture_exec(f->path, "CREATE TABLE resolved (in_the_way INTEGER)");
	assert_int_not_equal(store_open(f->path, &s), 0);
	assert_int_equal(fixture_number(f->path, "PRAGMA user_version"), 1);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM refusals"), 1);
}

int main(void)
{
#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		ON_DISK(a_pair_is_noted_with_its_times_and_ttl),
		ON_DISK(what_is_noted),
		ON_DISK(a_pair_is_not_written_again_after_a_start),
		ON_DISK(pairs_of_a_failed_commit_are_written_by_the_next),
		ON_DISK(an_address_gets_so_many_new_names_a_day),
		ON_DISK(a_commit_notes_so_many_at_most),
		ON_DISK(above_the_limit_of_rows_the_oldest_go),
		ON_DISK(pairs_go_with_the_lookups_days),
		ON_DISK(a_refusal_has_the_last_name_of_its_address),
		ON_DISK(version_1_becomes_todays_and_keeps_its_rows),
		ON_DISK(version_1_can_be_asked_before_the_daemon_has_run),
		ON_DISK(a_migration_that_fails_leaves_the_old_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
