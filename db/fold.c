/* Roll-ups; see fold.h. */
#include "db/fold.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "db/site.h"
#include "db/store.h"
#include "lib/dname.h"
#include "lib/hash.h"
#include "lib/util.h"

#define SECOND_US 1000000ll
#define DAY_US	  (86400 * SECOND_US)
#define SITES	  16384 /* counted by their hash: two may share a count */

/* What is run for the rows from ?1 to ?2, in this order. Names come before what needs ids. */
#define RANGE "l.ts BETWEEN ?1 AND ?2"
#define NAME  "coalesce(l.name, (SELECT n.name FROM name n WHERE n.id = l.name_id))"

static const char edge_sql[] =
	"SELECT max(ts), count(*) FROM (SELECT ts FROM lookup WHERE ts > ?1 AND ts <= ?2"
	" ORDER BY ts LIMIT ?3)";
/* with one min() the client is that of the same row */
static const char names_sql[] =
	"SELECT " NAME " AS asked, min(l.ts), l.client_id FROM lookup l WHERE " RANGE
	" GROUP BY asked, l.ts / 86400000000 HAVING asked IS NOT NULL";
static const char find_sql[] = "SELECT id, first, last_day FROM known WHERE name = ?1";
static const char add_sql[] =
	"INSERT INTO known (name, site_len, first, first_client_id, last_day)"
	" VALUES (?1, ?2, ?3, ?4, ?5)";
static const char earlier_sql[] =
	"UPDATE known SET first = ?2, first_client_id = ?3 WHERE id = ?1";
static const char later_sql[] = "UPDATE known SET last_day = ?2 WHERE id = ?1";

static const char *const totals_sql[] = {
	"INSERT OR IGNORE INTO day (id, day)"
	" SELECT DISTINCT l.ts / 86400000000, date(l.ts / 1000000, 'unixepoch')"
	" FROM lookup l WHERE " RANGE,

	/* a name that is not known stands under its site, or under all */
	"INSERT INTO day_total (day, known_id, client_id, verdict, n)"
	" SELECT s.day, coalesce((SELECT k.id FROM known k WHERE k.name = s.name),"
	"  (SELECT k.id FROM known k WHERE k.name = '*.' || substr(s.name, -site_length(s.name))),"
	"  (SELECT k.id FROM known k WHERE k.name = '*')) AS known_id, s.client_id, s.verdict,"
	"  sum(s.n) FROM (SELECT l.ts / 86400000000 AS day, " NAME " AS name, l.client_id,"
	"   o.verdict, sum(l.n) AS n FROM lookup l JOIN outcome o ON o.id = l.outcome_id"
	"   WHERE " RANGE " GROUP BY 1, 2, 3, 4) s WHERE s.name IS NOT NULL GROUP BY 1, 2, 3, 4"
	" ON CONFLICT (day, known_id, client_id, verdict) DO UPDATE SET n = n + excluded.n",

	"INSERT INTO hour_total (ts, client_id, verdict, n, rtt_us, answers)"
	" SELECT l.ts - l.ts % 3600000000 AS hour, l.client_id, o.verdict, sum(l.n),"
	"  coalesce(sum(l.rtt_us), 0), count(l.rtt_us)"
	" FROM lookup l JOIN outcome o ON o.id = l.outcome_id WHERE " RANGE " GROUP BY 1, 2, 3"
	" ON CONFLICT (ts, client_id, verdict) DO UPDATE SET n = n + excluded.n,"
	"  rtt_us = rtt_us + excluded.rtt_us, answers = answers + excluded.answers",

	"UPDATE client SET first = min(coalesce(client.first, s.first), s.first),"
	"  last = max(coalesce(client.last, s.last), s.last)"
	" FROM (SELECT l.client_id, min(l.ts) AS first, max(l.ts) AS last FROM lookup l"
	"  WHERE " RANGE " GROUP BY 1) s WHERE s.client_id = client.id",
};
static const char mark_sql[] =
	"INSERT OR REPLACE INTO meta (key, value) VALUES ('folded_us', ?1)";

struct fold {
	struct store *store; /* borrowed */
	sqlite3_stmt *edge, *names, *find, *add, *earlier, *later, *mark;
	sqlite3_stmt *totals[ARRAY_SIZE(totals_sql)];
	int64_t mark_us, committed_us; /* all rows up to here are folded */
	uint64_t done_us; /* mono: when nothing was left over last; 0: not in this run */
	/* new names of the day, against floods */
	struct hash_key key;
	int64_t day;
	unsigned in_day;
	uint16_t in_site[SITES];
};

/* A name met in a slice, on one day. */
struct met {
	const char *name; /* borrowed */
	int64_t first_us, client_id;
};

/* --- opening -------------------------------------------------------------------------- */

static int prepare_all(struct fold *f)
{
	const struct {
		const char *sql;
		sqlite3_stmt **stmt;
	} all[] = {
		{ edge_sql, &f->edge },	      { names_sql, &f->names }, { find_sql, &f->find },
		{ add_sql, &f->add },	      { later_sql, &f->later }, { mark_sql, &f->mark },
		{ earlier_sql, &f->earlier },
	};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(all) && !rc; i++)
		rc = store_prepare(f->store, all[i].sql, all[i].stmt);
	for (size_t i = 0; i < ARRAY_SIZE(totals_sql) && !rc; i++)
		rc = store_prepare(f->store, totals_sql[i], &f->totals[i]);
	return rc;
}

int fold_open(struct store *s, struct fold **out)
{
	struct fold *f = calloc(1, sizeof(*f));
	int rc;

	if (!f)
		return -ENOMEM;
	f->store = s;
	hash_key_init(&f->key);
	rc = prepare_all(f);
	if (!rc)
		rc = store_number(s, "SELECT value FROM meta WHERE key = 'folded_us'",
				  &f->mark_us);
	if (rc) {
		fold_close(f);
		return rc;
	}
	f->committed_us = f->mark_us;
	*out = f;
	return 0;
}

void fold_close(struct fold *f)
{
	if (!f)
		return;
	sqlite3_finalize(f->edge);
	sqlite3_finalize(f->names);
	sqlite3_finalize(f->find);
	sqlite3_finalize(f->add);
	sqlite3_finalize(f->earlier);
	sqlite3_finalize(f->later);
	sqlite3_finalize(f->mark);
	for (size_t i = 0; i < ARRAY_SIZE(totals_sql); i++)
		sqlite3_finalize(f->totals[i]);
	free(f);
}

void fold_settle(struct fold *f, int rc)
{
	if (rc)
		f->mark_us = f->committed_us;
	else
		f->committed_us = f->mark_us;
}

/* --- names ---------------------------------------------------------------------------- */

/* As what a new name is noted: itself, or what stands for too many. */
static const char *name_to_note(struct fold *f, const struct met *m, char *buf, size_t size,
				size_t *site_len)
{
	size_t len = strlen(m->name);
	const char *site;
	uint16_t *count;

	*site_len = site_length(m->name);
	site = m->name + len - *site_len;
	count = &f->in_site[hash_bytes(&f->key, site, *site_len) % SITES];
	if (m->first_us / DAY_US != f->day) {
		f->day = m->first_us / DAY_US;
		f->in_day = 0;
		memset(f->in_site, 0, sizeof(f->in_site));
	}
	if (f->in_day >= FOLD_DAY_NAMES) {
		*site_len = 1;
		return "*";
	}
	if (*count >= FOLD_SITE_NAMES && *site_len + 2 < size) {
		memcpy(buf, "*.", 2);
		memcpy(buf + 2, site, *site_len + 1);
		return buf;
	}
	(*count)++;
	f->in_day++;
	return m->name;
}

/* *id is 0 where the name is not known. */
static int find(struct fold *f, const char *name, int64_t *id, int64_t *first_us, int64_t *day)
{
	int code, rc;

	*id = 0;
	sqlite3_bind_text(f->find, 1, name, -1, SQLITE_STATIC);
	code = sqlite3_step(f->find);
	if (code == SQLITE_ROW) {
		*id = sqlite3_column_int64(f->find, 0);
		*first_us = sqlite3_column_int64(f->find, 1);
		*day = sqlite3_column_int64(f->find, 2);
	}
	rc = store_rc(f->store, code);
	sqlite3_reset(f->find);
	sqlite3_clear_bindings(f->find);
	return rc;
}

static int add(struct fold *f, const struct met *m, const char *as, size_t site_len)
{
	sqlite3_bind_text(f->add, 1, as, -1, SQLITE_STATIC);
	sqlite3_bind_int64(f->add, 2, (int64_t)site_len);
	sqlite3_bind_int64(f->add, 3, m->first_us);
	sqlite3_bind_int64(f->add, 4, m->client_id);
	sqlite3_bind_int64(f->add, 5, m->first_us / DAY_US);
	return store_run(f->store, f->add);
}

/* A name is written again once a day. */
static int refresh(struct fold *f, const struct met *m, int64_t id, int64_t first_us,
		   int64_t day)
{
	int rc = 0;

	if (m->first_us < first_us) {
		sqlite3_bind_int64(f->earlier, 1, id);
		sqlite3_bind_int64(f->earlier, 2, m->first_us);
		sqlite3_bind_int64(f->earlier, 3, m->client_id);
		rc = store_run(f->store, f->earlier);
	}
	if (!rc && m->first_us / DAY_US > day) {
		sqlite3_bind_int64(f->later, 1, id);
		sqlite3_bind_int64(f->later, 2, m->first_us / DAY_US);
		rc = store_run(f->store, f->later);
	}
	return rc;
}

static int note_name(struct fold *f, const struct met *m)
{
	char buf[DNAME_TEXT_MAX + 2];
	int64_t id, first_us = 0, day = 0;
	size_t site_len;
	const char *as;
	int rc = find(f, m->name, &id, &first_us, &day);

	if (rc)
		return rc;
	if (id)
		return refresh(f, m, id, first_us, day);
	as = name_to_note(f, m, buf, sizeof(buf), &site_len);
	if (as != m->name)
		rc = find(f, as, &id, &first_us, &day);
	if (rc)
		return rc;
	return id ? refresh(f, m, id, first_us, day) : add(f, m, as, site_len);
}

static int note_names(struct fold *f, int64_t from, int64_t to)
{
	int code = SQLITE_DONE, rc = 0;

	sqlite3_bind_int64(f->names, 1, from);
	sqlite3_bind_int64(f->names, 2, to);
	while (!rc && (code = sqlite3_step(f->names)) == SQLITE_ROW) {
		const struct met m = {
			.name = (const char *)sqlite3_column_text(f->names, 0),
			.first_us = sqlite3_column_int64(f->names, 1),
			.client_id = sqlite3_column_int64(f->names, 2),
		};

		rc = m.name ? note_name(f, &m) : -ENOMEM;
	}
	if (!rc)
		rc = store_rc(f->store, code);
	sqlite3_reset(f->names);
	return rc;
}

/* --- slices --------------------------------------------------------------------------- */

static int fold_range(struct fold *f, int64_t from, int64_t to)
{
	int rc = note_names(f, from, to);

	for (size_t i = 0; i < ARRAY_SIZE(totals_sql) && !rc; i++) {
		sqlite3_bind_int64(f->totals[i], 1, from);
		sqlite3_bind_int64(f->totals[i], 2, to);
		rc = store_run(f->store, f->totals[i]);
	}
	return rc;
}

int fold_note(struct fold *f, int64_t ts)
{
	return ts > f->mark_us ? 0 : fold_range(f, ts, ts);
}

int fold_up_to(struct fold *f, int64_t ts)
{
	int rc;

	if (ts <= f->mark_us)
		return 0;
	rc = fold_range(f, f->mark_us + 1, ts);
	if (rc)
		return rc;
	sqlite3_bind_int64(f->mark, 1, ts);
	rc = store_run(f->store, f->mark);
	if (!rc)
		f->mark_us = ts;
	return rc;
}

static int find_edge(struct fold *f, int64_t end, int64_t *edge, int64_t *rows)
{
	int code, rc;

	sqlite3_bind_int64(f->edge, 1, f->mark_us);
	sqlite3_bind_int64(f->edge, 2, end);
	sqlite3_bind_int64(f->edge, 3, FOLD_SLICE_ROWS);
	code = sqlite3_step(f->edge);
	*edge = sqlite3_column_int64(f->edge, 0);
	*rows = sqlite3_column_int64(f->edge, 1);
	rc = store_rc(f->store, code);
	sqlite3_reset(f->edge);
	return rc;
}

static bool is_due(const struct fold *f, int64_t rows, uint64_t mono_us)
{
	if (rows == FOLD_SLICE_ROWS)
		return true;
	return rows && f->done_us && mono_us - f->done_us >= FOLD_EVERY_S * SECOND_US;
}

int fold_step(struct fold *f, int64_t now_us, uint64_t mono_us)
{
	int64_t edge = 0, rows = 0;
	int rc = find_edge(f, now_us - FOLD_SETTLE_S * SECOND_US, &edge, &rows);

	if (rc)
		return rc;
	if (!f->done_us)
		f->done_us = MAX(mono_us, 1u); /* a start is not a reason to fold */
	if (!is_due(f, rows, mono_us))
		return 0;
	rc = store_begin(f->store);
	if (rc)
		return rc;
	rc = fold_up_to(f, edge);
	if (rc)
		store_rollback(f->store);
	else
		rc = store_commit(f->store);
	fold_settle(f, rc);
	if (rc)
		return rc;
	if (rows < FOLD_SLICE_ROWS)
		f->done_us = mono_us;
	return rows == FOLD_SLICE_ROWS;
}
