/*
 * Tables, views, migrations; see schema.h and nameward-history(5).
 *
 * Why the tables are as they are (measured by bench/bench_history.c):
 * - lookup.ts, wall clock in microseconds, is the rowid: it is the time index, new rows go
 *   to the right edge of one b-tree, and retention is one range at its left edge.
 * - There is no secondary index and no UNIQUE on a dictionary: each would be a b-tree with
 *   writes at random places, five to ten times the bytes written. A dictionary is kept
 *   (nearly) free of repetition by an id cache in the writer's memory instead; a text that
 *   fell out of it gets a second id, which costs its bytes once more and nothing else.
 * - A name or an answer met for the first time is written into its lookup row; it gets a
 *   dictionary row when it is met again. So a flood of random names leaves no dictionary.
 * - What came of a lookup is one of few hundred combinations: one small id, not five columns.
 */
#include "db/schema.h"

#include <sqlite3.h>
#include <stdio.h>

#include "lib/util.h"
#include "lib/words.h"

#define TIME_OF(ts) "strftime('%Y-%m-%dT%H:%M:%fZ', " ts " / 1000000.0, 'unixepoch')"

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

/*
 * Texts come by a subquery each, not by a join: SQLite leaves out the columns that a question
 * does not use, but in an aggregate it keeps every join. Ten joins cost a count over 1 M rows
 * a second, this 0.1 s; a dump of all columns pays half as much again.
 */
#define WORD_OF(table, id) "(SELECT w.word FROM " table " w WHERE w.id = " id ")"

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

/*
 * Which names led to an address, whoever asked. Appended to, without an index, like the
 * dictionaries; a pair may have two rows (resolved.h). The name is text, not an id:
 * dictionary rows may go while it stays.
 */
static const char tables_2[] =
	"CREATE TABLE resolved (id INTEGER PRIMARY KEY, addr TEXT NOT NULL, name TEXT NOT NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL, n INTEGER NOT NULL,"
	" ttl INTEGER NOT NULL) STRICT;";

static const char views_2[] =
	"DROP VIEW refusals;"
	"CREATE VIEW refusals AS SELECT " TIME_OF("f.ts") " AS time,"
	" coalesce(d.label, c.addr) AS who, c.addr AS client, f.dest AS dest,"
	" f.port AS port, coalesce(p.word, 'proto' || f.proto) AS proto,"
	" CASE f.observed WHEN 0 THEN 'refused' ELSE 'observed' END AS verdict,"
	" f.interface AS interface, f.n AS n, " TIME_OF("f.last") " AS last, f.ts AS ts,"
	" r.name AS name"
	" FROM refusal f"
	/* read once for all rows; with max() the name is that of the same row */
	" LEFT JOIN (SELECT addr, name, max(last) FROM resolved GROUP BY addr) r"
	"  ON r.addr = f.dest"
	" LEFT JOIN client c ON c.id = f.client_id"
	" LEFT JOIN device d ON d.id = c.device_id"
	" LEFT JOIN proto p ON p.id = f.proto;"

	/* the columns of the passive DNS common output format */
	"CREATE VIEW pdns AS SELECT name AS rrname,"
	" CASE instr(addr, ':') WHEN 0 THEN 'A' ELSE 'AAAA' END AS rrtype, addr AS rdata,"
	" min(first) / 1000000 AS time_first, max(last) / 1000000 AS time_last,"
	" sum(n) AS count, max(ttl) AS ttl FROM resolved GROUP BY addr, name;";

/* Step i leads from version i to i + 1. Never change one that was released: add another. */
static const struct {
	const char *sql[2];
} steps[] = {
	{ { tables_1, views_1 } },
	{ { tables_2, views_2 } },
	{ { NULL } }, /* only words: the verdict rebind */
};

int schema_version(void)
{
	return (int)ARRAY_SIZE(steps);
}

static int fill_words(sqlite3 *db, const struct word_list *list)
{
	char sql[80];
	sqlite3_stmt *insert;
	int code;

	snprintf(sql, sizeof(sql), "INSERT OR REPLACE INTO %s (id, word) VALUES (?1, ?2)",
		 list->table);
	code = sqlite3_prepare_v2(db, sql, -1, &insert, NULL);
	for (size_t i = 0; i < list->count && code == SQLITE_OK; i++) {
		sqlite3_bind_int64(insert, 1, list->words[i].id);
		sqlite3_bind_text(insert, 2, list->words[i].word, -1, SQLITE_STATIC);
		sqlite3_step(insert);
		code = sqlite3_reset(insert);
	}
	sqlite3_finalize(insert);
	return code;
}

static int run_steps(sqlite3 *db, int from)
{
	char sql[64];
	int code = SQLITE_OK;

	for (int i = from; i < schema_version(); i++)
		for (size_t k = 0; k < ARRAY_SIZE(steps[i].sql) && code == SQLITE_OK; k++)
			if (steps[i].sql[k])
				code = sqlite3_exec(db, steps[i].sql[k], NULL, NULL, NULL);
	for (const struct word_list *l = words_all(); l->table && code == SQLITE_OK; l++)
		code = fill_words(db, l);
	if (code != SQLITE_OK)
		return code;
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", schema_version());
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

int schema_migrate(sqlite3 *db, int from)
{
	int code;

	if (from >= schema_version())
		return SQLITE_OK;
	code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (code != SQLITE_OK)
		return code;
	code = run_steps(db, from);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	if (code != SQLITE_OK && !sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return code;
}
