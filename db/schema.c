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

/*
 * Roll-ups, filled by the fold (fold.h) from the lookups up to meta's `folded_us`.
 * - known has each name that was ever asked for. Its UNIQUE is the one index of the file:
 *   what is new must be told from what was forgotten, and only the fold pays for it.
 * - day_total is kept by day and name, so that a day's rows stand together; `day` is an own
 *   table so that a question about dates reads only the rows of these.
 * - The site of a name is its last site_len bytes, kept beside each text of a name.
 */
static const char tables_4[] =
	"ALTER TABLE lookup ADD COLUMN site_len INTEGER;"
	"ALTER TABLE name ADD COLUMN site_len INTEGER;"
	"UPDATE name SET site_len = site_length(name);"
	/* of all its lookups that were folded */
	"ALTER TABLE client ADD COLUMN first INTEGER;"
	"ALTER TABLE client ADD COLUMN last INTEGER;"

	"CREATE TABLE known (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
	" site_len INTEGER NOT NULL, first INTEGER NOT NULL,"
	" first_client_id INTEGER NOT NULL REFERENCES client,"
	" last_day INTEGER NOT NULL) STRICT;"
	/* days since 1970 */
	"CREATE TABLE day (id INTEGER PRIMARY KEY, day TEXT NOT NULL) STRICT;"
	"CREATE TABLE day_total (day INTEGER NOT NULL REFERENCES day,"
	" known_id INTEGER NOT NULL REFERENCES known,"
	" client_id INTEGER NOT NULL REFERENCES client, verdict INTEGER NOT NULL,"
	" n INTEGER NOT NULL, PRIMARY KEY (day, known_id, client_id, verdict))"
	" STRICT, WITHOUT ROWID;"
	/* ts: where the hour begins; rtt_us: the sum of `answers` round trips */
	"CREATE TABLE hour_total (ts INTEGER NOT NULL,"
	" client_id INTEGER NOT NULL REFERENCES client, verdict INTEGER NOT NULL,"
	" n INTEGER NOT NULL, rtt_us INTEGER NOT NULL, answers INTEGER NOT NULL,"
	" PRIMARY KEY (ts, client_id, verdict)) STRICT, WITHOUT ROWID;"

	"INSERT INTO meta (key, value) VALUES ('folded_us', 0);";

#define NAME_OF_LOOKUP "coalesce(l.name, (SELECT n.name FROM name n WHERE n.id = l.name_id))"
#define SITE_LEN_OF_LOOKUP                                                                  \
	"coalesce(l.site_len, (SELECT n.site_len FROM name n WHERE n.id = l.name_id))"
#define WHO_OF(id)                                                                          \
	"(SELECT coalesce((SELECT d.label FROM device d WHERE d.id = c.device_id), c.addr)" \
	" FROM client c WHERE c.id = " id ")"
#define ADDR_OF(id) "(SELECT c.addr FROM client c WHERE c.id = " id ")"
/* rows that are in no roll-up yet */
#define NOT_FOLDED "l.ts > (SELECT m.value FROM meta m WHERE m.key = 'folded_us')"

static const char views_4[] =
	"DROP VIEW lookups;"
	"CREATE VIEW lookups AS SELECT " TIME_OF("l.ts") " AS time,"
	" " WHO_OF("l.client_id") " AS who, " ADDR_OF("l.client_id") " AS client,"
	" " NAME_OF_LOOKUP " AS name,"
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
	" l.n AS n, l.ts AS ts,"
	" substr(" NAME_OF_LOOKUP ", -" SITE_LEN_OF_LOOKUP ") AS site"
	" FROM lookup l LEFT JOIN outcome o ON o.id = l.outcome_id;"

	"CREATE VIEW hourly AS SELECT " TIME_OF("h.ts") " AS time,"
	" " WHO_OF("h.client_id") " AS who, " ADDR_OF("h.client_id") " AS client,"
	" " WORD_OF("verdict", "h.verdict") " AS verdict,"
	" h.n AS n, h.answers AS answers, h.rtt_us / 1000.0 AS ms_sum, h.ts AS ts FROM ("
	"SELECT t.ts, t.client_id, t.verdict, t.n, t.answers, t.rtt_us FROM hour_total t"
	" UNION ALL SELECT l.ts - l.ts % 3600000000, l.client_id, o.verdict, l.n,"
	"  l.rtt_us IS NOT NULL, coalesce(l.rtt_us, 0)"
	"  FROM lookup l LEFT JOIN outcome o ON o.id = l.outcome_id WHERE " NOT_FOLDED ") h;"

	"CREATE VIEW daily AS SELECT t.day AS day, t.name AS name,"
	" substr(t.name, -t.site_len) AS site,"
	" " WHO_OF("t.client_id") " AS who, " ADDR_OF("t.client_id") " AS client,"
	" " WORD_OF("verdict", "t.verdict") " AS verdict, t.n AS n FROM ("
	/*
	 * CROSS: the days first, then the rows of each that passes. Here a join, for a compound
	 * computes all its columns anyway, and a question for one name goes by its index.
	 */
	"SELECT d.day AS day, k.name AS name, k.site_len AS site_len, t.client_id AS client_id,"
	"  t.verdict AS verdict, t.n AS n FROM day d CROSS JOIN day_total t ON t.day = d.id"
	"  JOIN known k ON k.id = t.known_id"
	" UNION ALL SELECT date(l.ts / 1000000, 'unixepoch'), " NAME_OF_LOOKUP ","
	"  " SITE_LEN_OF_LOOKUP ", l.client_id, o.verdict, l.n"
	"  FROM lookup l LEFT JOIN outcome o ON o.id = l.outcome_id WHERE " NOT_FOLDED
	"  AND (l.name_id IS NOT NULL OR l.name IS NOT NULL)) t;"

	"CREATE VIEW names AS SELECT n.name AS name, substr(n.name, -n.site_len) AS site,"
	" " TIME_OF("n.first") " AS first, " WHO_OF("n.client_id") " AS first_who,"
	" " ADDR_OF("n.client_id") " AS first_client,"
	" date(n.last_day * 86400, 'unixepoch') AS last_day, n.first AS ts FROM ("
	"SELECT k.name, k.site_len, k.first, k.first_client_id AS client_id, k.last_day"
	"  FROM known k"
	" UNION ALL SELECT u.name, u.site_len, u.first, u.client_id, u.last / 86400000000"
	" FROM (SELECT " NAME_OF_LOOKUP " AS name, " SITE_LEN_OF_LOOKUP " AS site_len,"
	/* with one min() the client is that of the same row */
	"  min(l.ts) AS first, l.client_id, l.ts AS last FROM lookup l WHERE " NOT_FOLDED
	"  GROUP BY 1) u WHERE u.name IS NOT NULL"
	" AND NOT EXISTS (SELECT 1 FROM known k WHERE k.name = u.name)) n;"

	"CREATE VIEW sites AS SELECT site, count(*) AS names, min(first) AS first,"
	" max(last_day) AS last_day, min(ts) AS ts FROM names GROUP BY site;"

	"CREATE VIEW devices AS WITH seen AS MATERIALIZED ("
	" SELECT s.client_id, min(s.first) AS first, max(s.last) AS last FROM ("
	"  SELECT id AS client_id, first, last FROM client WHERE first IS NOT NULL"
	"  UNION ALL SELECT l.client_id, min(l.ts), max(l.ts) FROM lookup l WHERE " NOT_FOLDED
	"   GROUP BY l.client_id"
	"  UNION ALL SELECT f.client_id, min(f.ts), max(f.last) FROM refusal f"
	"   GROUP BY f.client_id) s GROUP BY s.client_id),"
	" each AS MATERIALIZED (SELECT coalesce(d.mac, c.addr) AS device, d.mac, d.label,"
	"  c.addr, s.first, s.last FROM seen s JOIN client c ON c.id = s.client_id"
	"  LEFT JOIN device d ON d.id = c.device_id),"
	/* label and address are those of the newest */
	" newest AS (SELECT device, mac, coalesce(label, addr) AS who, label, max(last)"
	"  FROM each GROUP BY device)"
	" SELECT n.mac AS mac, n.label AS label, n.who AS who,"
	" group_concat(DISTINCT e.addr) AS addresses,"
	" " TIME_OF("min(e.first)") " AS first, " TIME_OF("max(e.last)") " AS last,"
	" max(e.last) AS ts FROM newest n JOIN each e ON e.device = n.device GROUP BY n.device;";

/*
 * For copies of the history elsewhere: which file this is, whatever its name, and the hours
 * in which rows came late (late.h), numbered anew whenever one does.
 */
static const char tables_5[] =
	"CREATE TABLE late (hour INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT;"
	"INSERT INTO meta (key, value) VALUES ('history_id', random() & 0x7fffffffffffffff);";

/* Step i leads from version i to i + 1. Never change one that was released: add another. */
static const struct {
	const char *sql[2];
} steps[] = {
	{ { tables_1, views_1 } },
	{ { tables_2, views_2 } },
	{ { NULL } }, /* only words: the verdict rebind */
	{ { tables_4, views_4 } },
	{ { tables_5 } },
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
