/*
 * Reads lookups as they are stored, by ids; what an id stands for, whether it passes the
 * filters and what its key is, is found once, by the view `lookups`. See report_count.h.
 */
#include "db/report_count.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/report_filter.h"
#include "db/report_impl.h"
#include "db/census.h"
#include "db/u64_map.h"
#include "lib/util.h"

#define WINDOW_ROWS	200000
#define HOUR_US		3600000000LL
#define NO_KEY		UINT32_MAX
#define HOUR_KEY_MAX	64
#define DIRECT_IDS	4194304 /* ids below are found without hashing */
#define PARTNERS	64

static const char rows_sql[] =
	"SELECT ts, n, client_id, outcome_id, name_id, rtt_us, name FROM lookup"
	" WHERE ts >= ?1 AND ts < ?2 ORDER BY ts LIMIT ?3";
static const char rows_with_site_sql[] =
	"SELECT ts, n, client_id, outcome_id, name_id, rtt_us, name, site_len FROM lookup"
	" WHERE ts >= ?1 AND ts < ?2 ORDER BY ts LIMIT ?3";
enum row_column { ROW_TS, ROW_N, ROW_CLIENT, ROW_OUTCOME, ROW_NAME_ID, ROW_RTT, ROW_NAME,
		  ROW_SITE_LEN };

#define TEXTS "SELECT who, client, name, type, verdict, rcode, upstream, list"
static const char texts_sql[] = TEXTS ", NULL FROM lookups WHERE ts = ?1";
static const char texts_with_site_sql[] = TEXTS ", site FROM lookups WHERE ts = ?1";
/* The same columns, of a name alone: there are many. */
#define NAME_TEXTS(site)                                                                   \
	"SELECT NULL, NULL, n.name, NULL, NULL, NULL, NULL, NULL, " site " FROM name n"    \
	" WHERE n.id = ?1"
static const char names_sql[] = NAME_TEXTS("NULL");
static const char names_with_site_sql[] = NAME_TEXTS("substr(n.name, -n.site_len)");
enum text_column { TEXT_WHO, TEXT_CLIENT, TEXT_NAME, TEXT_TYPE, TEXT_VERDICT, TEXT_RCODE,
		   TEXT_UPSTREAM, TEXT_LIST, TEXT_SITE };

/* What an id stands for. */
struct thing {
	bool passes, is_blocked;
	uint32_t key;  /* NO_KEY: none of its own */
	uint64_t hash; /* to count it with others; 0: not */
	int64_t hour;  /* COUNT_HOURS: whose key this is */
	uint64_t met;  /* partners below PARTNERS with which it was counted already */
};

enum thing_kind { CLIENT, OUTCOME, NAME, THING_KINDS };

struct things {
	struct u64_map by_id;
	uint32_t *direct; /* owned; index + 1 by id; 0: not yet */
	size_t direct_room;
	struct thing *all; /* owned */
	size_t count, room;
};

struct counting {
	struct report *r; /* borrowed */
	enum count_by by;
	const struct report_log *q; /* borrowed */
	struct report_globs *globs; /* owned */
	struct census *t;	    /* borrowed */
	sqlite3_stmt *rows, *texts, *names; /* owned */
	struct things things[THING_KINDS];
	bool needs_name;
	int64_t since_us; /* from which hours count */
};

/* --- what ids stand for --------------------------------------------------------------- */

static const char *text_at(sqlite3_stmt *stmt, int column)
{
	return (const char *)sqlite3_column_text(stmt, column);
}

static int key_of(struct counting *c, enum thing_kind kind, sqlite3_stmt *texts, uint32_t *key)
{
	static const struct {
		enum thing_kind kind;
		enum text_column column;
		bool must; /* rows without it do not count */
	} keys[] = {
		[COUNT_NAMES] = { NAME, TEXT_NAME, false },
		[COUNT_SITES] = { NAME, TEXT_SITE, false },
		[COUNT_CLIENTS] = { CLIENT, TEXT_WHO, false },
		[COUNT_LISTS] = { OUTCOME, TEXT_LIST, true },
		[COUNT_UPSTREAMS] = { OUTCOME, TEXT_UPSTREAM, true },
		[COUNT_TYPES] = { OUTCOME, TEXT_TYPE, false },
		[COUNT_VERDICTS] = { OUTCOME, TEXT_VERDICT, false },
	};
	const char *text;

	*key = NO_KEY;
	if (c->by == COUNT_HOURS || keys[c->by].kind != kind)
		return 0;
	text = text_at(texts, (int)keys[c->by].column);
	return text || !keys[c->by].must ? census_key(c->t, text, key) : 0;
}

static bool must_have_key(const struct counting *c, enum thing_kind kind)
{
	return kind == OUTCOME && (c->by == COUNT_LISTS || c->by == COUNT_UPSTREAMS);
}

static bool is_blocked(const char *verdict)
{
	return verdict && strncmp(verdict, "blocked", 7) == 0;
}

static bool passes(const struct counting *c, enum thing_kind kind, sqlite3_stmt *texts)
{
	static const struct {
		enum report_field field;
		enum text_column column;
	} of_outcome[] = {
		{ REPORT_VERDICT, TEXT_VERDICT }, { REPORT_TYPE, TEXT_TYPE },
		{ REPORT_LIST, TEXT_LIST },	  { REPORT_RCODE, TEXT_RCODE },
		{ REPORT_UPSTREAM, TEXT_UPSTREAM },
	};

	if (kind == CLIENT)
		return report_globs_pass(c->globs, REPORT_CLIENT, text_at(texts, TEXT_WHO),
					 text_at(texts, TEXT_CLIENT));
	if (kind == NAME)
		return report_globs_pass(c->globs, REPORT_NAME, text_at(texts, TEXT_NAME),
					 NULL);
	for (size_t i = 0; i < ARRAY_SIZE(of_outcome); i++)
		if (!report_globs_pass(c->globs, of_outcome[i].field,
				       text_at(texts, (int)of_outcome[i].column), NULL))
			return false;
	return true;
}

/* texts stands on a row with that thing. */
static int read_thing(struct counting *c, enum thing_kind kind, sqlite3_stmt *texts,
		      struct thing *out)
{
	const char *counted = kind == OUTCOME ? NULL :
			      text_at(texts, kind == CLIENT ? TEXT_CLIENT : TEXT_NAME);
	int rc = 0;

	*out = (struct thing){ .key = NO_KEY, .hour = -1, .passes = passes(c, kind, texts) };
	out->is_blocked = kind == OUTCOME && is_blocked(text_at(texts, TEXT_VERDICT));
	out->hash = counted ? census_hash(c->t, counted) : 0;
	if (out->passes)
		rc = key_of(c, kind, texts, &out->key);
	if (out->key == NO_KEY && must_have_key(c, kind))
		out->passes = false;
	return rc;
}

static int add_thing(struct counting *c, enum thing_kind kind, int64_t id, int64_t ts,
		     struct thing **out)
{
	sqlite3_stmt *texts = kind == NAME ? c->names : c->texts;
	struct things *things = &c->things[kind];
	int code, rc;

	if (things->count == things->room) {
		size_t room = things->room ? things->room * 2 : 64;
		struct thing *all = reallocarray(things->all, room, sizeof(*all));

		if (!all)
			return -ENOMEM;
		things->all = all;
		things->room = room;
	}
	sqlite3_bind_int64(texts, 1, kind == NAME ? id : ts);
	code = sqlite3_step(texts);
	rc = report_rc(c->r, code);
	/* without its row in the dictionary it is nothing, as in the view */
	if (!rc)
		rc = read_thing(c, kind, texts, &things->all[things->count]);
	sqlite3_reset(texts);
	if (!rc)
		*out = &things->all[things->count++];
	return rc;
}

static struct thing *seek(const struct things *things, int64_t id)
{
	uint32_t *found;

	if (id >= 0 && (uint64_t)id < things->direct_room)
		return things->direct[id] ? &things->all[things->direct[id] - 1] : NULL;
	found = u64_map_get(&things->by_id, (uint64_t)id);
	return found ? &things->all[*found] : NULL;
}

static int remember(struct things *things, int64_t id, uint32_t index)
{
	size_t room = things->direct_room ? things->direct_room : 1024;
	uint32_t *direct;
	bool is_new;

	if (id < 0 || id >= DIRECT_IDS)
		return u64_map_put(&things->by_id, (uint64_t)id, index, &is_new);
	while (room <= (size_t)id)
		room *= 2;
	if (room > things->direct_room) {
		direct = reallocarray(things->direct, room, sizeof(*direct));
		if (!direct)
			return -ENOMEM;
		memset(direct + things->direct_room, 0,
		       (room - things->direct_room) * sizeof(*direct));
		things->direct = direct;
		things->direct_room = room;
	}
	things->direct[id] = index + 1;
	return 0;
}

/* The pointer holds until the next of this kind. */
static int find_thing(struct counting *c, enum thing_kind kind, int64_t id, int64_t ts,
		      struct thing **out)
{
	struct things *things = &c->things[kind];
	int rc;

	*out = seek(things, id);
	if (*out)
		return 0;
	rc = add_thing(c, kind, id, ts, out);
	return rc ? rc : remember(things, id, (uint32_t)(*out - things->all));
}

/* --- rows ----------------------------------------------------------------------------- */

/* A name that stands in its row, being met for the first time, or none. */
static int name_in_row(struct counting *c, struct thing *out)
{
	const char *name = text_at(c->rows, ROW_NAME), *key = name;
	size_t len = name ? strlen(name) : 0, site_len = 0;

	*out = (struct thing){ .key = NO_KEY };
	out->passes = report_globs_pass(c->globs, REPORT_NAME, name, NULL);
	if (name)
		out->hash = census_hash(c->t, name);
	if (!out->passes || (c->by != COUNT_NAMES && c->by != COUNT_SITES))
		return 0;
	if (c->by == COUNT_SITES && name) {
		site_len = (size_t)sqlite3_column_int64(c->rows, ROW_SITE_LEN);
		key = name + (site_len && site_len <= len ? len - site_len : 0);
	}
	return census_key(c->t, key, &out->key);
}

/* @param spare  where it is, if no id stands for it */
static int name_of_row(struct counting *c, int64_t ts, struct thing *spare, struct thing **out)
{
	*out = spare;
	if (!c->needs_name) {
		*spare = (struct thing){ .key = NO_KEY, .passes = true };
		return 0;
	}
	if (sqlite3_column_type(c->rows, ROW_NAME_ID) == SQLITE_NULL)
		return name_in_row(c, spare);
	return find_thing(c, NAME, sqlite3_column_int64(c->rows, ROW_NAME_ID), ts, out);
}

/* What a thing counts as with a partner: nothing, where both have met. */
static uint64_t hash_with(struct thing *thing, struct thing *noted, uint32_t partner)
{
	uint64_t bit = partner < PARTNERS ? UINT64_C(1) << partner : 0;

	if (noted->met & bit)
		return 0;
	noted->met |= bit;
	return thing->hash;
}

/* Most rows are of pairs that were counted before; that is noted where both are at hand. */
static void count_both(struct counting *c, struct census_row *row, struct thing *client,
		       struct thing *name)
{
	uint32_t index = (uint32_t)(client - c->things[CLIENT].all);

	switch (c->by) {
	case COUNT_NAMES:
	case COUNT_SITES:
		row->with[CENSUS_CLIENT] = hash_with(client, name, index);
		break;
	case COUNT_CLIENTS:
		row->with[CENSUS_NAME] = hash_with(name, name, index);
		break;
	case COUNT_HOURS:
		break;
	default:
		row->with[CENSUS_CLIENT] = hash_with(client, client, row->key);
		row->with[CENSUS_NAME] = hash_with(name, name, row->key);
	}
}

static int key_of_hour(struct counting *c, int64_t hour, const char *verdict, uint32_t *key)
{
	char text[HOUR_KEY_MAX];

	snprintf(text, sizeof(text), "%08" PRId64 " %s", hour, verdict ? verdict : "");
	return census_key(c->t, text, key);
}

/* Rows of an hour come together: its key is kept with what came of them. */
static int hour_of_row(struct counting *c, int64_t ts, struct thing *outcome)
{
	int64_t hour = (ts - c->since_us) / HOUR_US;
	int code, rc;

	if (hour == outcome->hour)
		return 0;
	sqlite3_bind_int64(c->texts, 1, ts);
	code = sqlite3_step(c->texts);
	rc = report_rc(c->r, code);
	if (!rc)
		rc = key_of_hour(c, hour, text_at(c->texts, TEXT_VERDICT), &outcome->key);
	sqlite3_reset(c->texts);
	outcome->hour = rc ? -1 : hour;
	return rc;
}

static int64_t wait_of_row(struct counting *c)
{
	if (c->by != COUNT_UPSTREAMS ||
	    sqlite3_column_type(c->rows, ROW_RTT) != SQLITE_INTEGER)
		return -1;
	return sqlite3_column_int64(c->rows, ROW_RTT);
}

static int count_row(struct counting *c, int64_t ts)
{
	struct thing *client, *outcome, *name, spare;
	struct census_row row = { .ts_us = ts };
	int rc = find_thing(c, OUTCOME, sqlite3_column_int64(c->rows, ROW_OUTCOME), ts, &outcome);

	if (rc || !outcome->passes)
		return rc;
	rc = find_thing(c, CLIENT, sqlite3_column_int64(c->rows, ROW_CLIENT), ts, &client);
	if (rc || !client->passes)
		return rc;
	rc = name_of_row(c, ts, &spare, &name);
	if (rc || !name->passes)
		return rc;
	if (c->by == COUNT_HOURS)
		rc = hour_of_row(c, ts, outcome);
	if (rc)
		return rc;
	row.key = outcome->key != NO_KEY ? outcome->key :
		  client->key != NO_KEY	 ? client->key : name->key;
	row.n = sqlite3_column_int64(c->rows, ROW_N);
	row.is_blocked = outcome->is_blocked;
	row.wait_us = wait_of_row(c);
	count_both(c, &row, client, name);
	return census_add(c->t, &row);
}

/* One statement is one transaction. *since: behind its last row. */
static int count_window(struct counting *c, int64_t *since, int64_t until, bool *at_end)
{
	int code = SQLITE_DONE, rc = 0;
	unsigned rows = 0;

	report_deadline(c->r);
	sqlite3_bind_int64(c->rows, 1, *since);
	sqlite3_bind_int64(c->rows, 2, until);
	sqlite3_bind_int64(c->rows, 3, WINDOW_ROWS);
	while (!rc && (code = sqlite3_step(c->rows)) == SQLITE_ROW) {
		int64_t ts = sqlite3_column_int64(c->rows, ROW_TS);

		rc = count_row(c, ts);
		*since = ts + 1;
		rows++;
	}
	if (!rc)
		rc = report_rc(c->r, code);
	sqlite3_reset(c->rows);
	*at_end = rows < WINDOW_ROWS;
	return rc;
}

/* --- counting ------------------------------------------------------------------------- */

static int counting_init(struct counting *c)
{
	bool has_site = c->r->version >= REPORT_ROLLED_VERSION;
	int rc = report_globs_new(c->q, &c->globs);

	if (rc)
		return rc;
	c->needs_name = c->by <= COUNT_CLIENTS || c->by == COUNT_LISTS || c->by == COUNT_VERDICTS ||
			report_globs_have(c->globs, REPORT_NAME);
	rc = report_prepare(c->r, has_site ? rows_with_site_sql : rows_sql, &c->rows);
	if (!rc)
		rc = report_prepare(c->r, has_site ? texts_with_site_sql : texts_sql, &c->texts);
	if (!rc)
		rc = report_prepare(c->r, has_site ? names_with_site_sql : names_sql, &c->names);
	return rc;
}

static void counting_fini(struct counting *c)
{
	for (unsigned i = 0; i < THING_KINDS; i++) {
		u64_map_fini(&c->things[i].by_id);
		free(c->things[i].direct);
		free(c->things[i].all);
	}
	sqlite3_finalize(c->rows);
	sqlite3_finalize(c->texts);
	sqlite3_finalize(c->names);
	report_globs_free(c->globs);
}

int report_count(struct report *r, enum count_by by, const struct report_log *q,
		 int64_t since_us, int64_t until_us, struct census *t)
{
	struct counting c = { .r = r, .by = by, .q = q, .t = t, .since_us = q->since_us };
	int rc = counting_init(&c);
	bool at_end = false;

	while (!rc && !at_end && since_us < until_us)
		rc = r->is_cancelled ? -EINTR : count_window(&c, &since_us, until_us, &at_end);
	counting_fini(&c);
	return rc;
}

/* --- roll-ups ------------------------------------------------------------------------- */

enum rolled_column { ROLLED_KEY, ROLLED_CLIENT, ROLLED_NAME, ROLLED_VERDICT, ROLLED_N,
		     ROLLED_TS };

static int count_rolled_row(struct counting *c, sqlite3_stmt *stmt)
{
	const char *client = text_at(stmt, ROLLED_CLIENT), *name = text_at(stmt, ROLLED_NAME);
	const char *verdict = text_at(stmt, ROLLED_VERDICT);
	struct census_row row = {
		.n = sqlite3_column_int64(stmt, ROLLED_N),
		.ts_us = sqlite3_column_int64(stmt, ROLLED_TS),
		.is_blocked = is_blocked(verdict),
		.wait_us = -1,
	};
	int rc;

	if (c->by == COUNT_HOURS)
		rc = key_of_hour(c, (row.ts_us - c->since_us) / HOUR_US, verdict, &row.key);
	else
		rc = census_key(c->t, text_at(stmt, ROLLED_KEY), &row.key);
	if (client && c->by != COUNT_HOURS)
		row.with[CENSUS_CLIENT] = census_hash(c->t, client);
	if (name && c->by != COUNT_NAMES && c->by != COUNT_SITES)
		row.with[CENSUS_NAME] = census_hash(c->t, name);
	return rc ? rc : census_add(c->t, &row);
}

int report_count_rolled(struct report *r, enum count_by by, const struct report_log *q,
			const char *sql, struct census *t)
{
	struct counting c = { .r = r, .by = by, .t = t, .since_us = q->since_us };
	sqlite3_stmt *stmt;
	int code = SQLITE_DONE, rc = report_prepare(r, sql, &stmt);

	if (rc)
		return rc;
	sqlite3_bind_int64(stmt, 1, q->since_us ? q->since_us : INT64_MIN);
	sqlite3_bind_int64(stmt, 2, q->until_us ? q->until_us : INT64_MAX);
	rc = report_filter_bind(stmt, q, REPORT_RANGED_PARAM);
	while (!rc && (code = sqlite3_step(stmt)) == SQLITE_ROW)
		rc = count_rolled_row(&c, stmt);
	if (!rc)
		rc = report_rc(r, code);
	sqlite3_finalize(stmt);
	return rc;
}
