/* Retention in slices; see prune.h. */
#include "db/prune.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "db/agreed_clock.h"
#include "db/fold.h"
#include "db/store.h"
#include "db/sweep.h"
#include "lib/util.h"

#define SECOND_US	1000000ull
#define SWEEP_EVERY_S	86400
#define RARELY_S	86400 /* tables that are read whole for that */
#define KEEP_CLOCK_S	3600 /* the agreed clock is written at least this often */
#define ROW_BYTES_GUESS 48
#define STRINGIFY(x)	#x
#define TEXT_OF(x)	STRINGIFY(x)

/* Names come after the days that refer to them. */
enum table { LOOKUP, REFUSAL, EVENT, HOURLY, DAILY, RESOLVED, KNOWN, TABLES };

/* The row that ends a slice from the oldest on, and the deletion of that slice. */
static const struct {
	const char *edge, *remove;
} sql[TABLES] = {
#define SLICE(table)                                                                        \
	{ "SELECT max(ts), count(*) FROM (SELECT ts FROM " table " WHERE ts < ?1"           \
	  " ORDER BY ts LIMIT ?2)",                                                         \
	  "DELETE FROM " table " WHERE ts <= ?1" }
	[LOOKUP] = SLICE("lookup"),
	[REFUSAL] = SLICE("refusal"),
	[EVENT] = SLICE("event"),
	[HOURLY] = SLICE("hour_total"),
#undef SLICE
	/* its edge is a day, and a day may be long */
	[DAILY] = { "SELECT max(day), count(*) FROM (SELECT day FROM day_total"
		    " WHERE day < ?1 / 86400000000 ORDER BY day LIMIT ?2)",
		    "DELETE FROM day_total WHERE (day, known_id, client_id, verdict) IN"
		    " (SELECT day, known_id, client_id, verdict FROM day_total WHERE day <= ?1"
		    "  LIMIT " TEXT_OF(PRUNE_SLICE_ROWS) ")" },
	/* no order: the table has no index on its times, and is small */
	[RESOLVED] = { "SELECT max(last), count(*) FROM (SELECT last FROM resolved"
		       " WHERE last < ?1 LIMIT ?2)",
		       "DELETE FROM resolved WHERE id IN (SELECT id FROM resolved"
		       " WHERE last <= ?1 LIMIT " TEXT_OF(PRUNE_SLICE_ROWS) ")" },
	[KNOWN] = { "SELECT max(last_day), count(*) FROM (SELECT last_day FROM known"
		    " WHERE last_day < ?1 / 86400000000 LIMIT ?2)",
		    "DELETE FROM known WHERE id IN (SELECT id FROM known"
		    " WHERE last_day <= ?1 LIMIT " TEXT_OF(PRUNE_SLICE_ROWS) ")" },
};

/* Above the limit of bytes these go, in this order, as far as they are older than that. */
#define DAY_US (86400 * (int64_t)SECOND_US)
static const struct {
	enum table table;
	int64_t spared_us;
} first_to_go[] = {
	{ LOOKUP, 7 * DAY_US }, { DAILY, 30 * DAY_US }, { KNOWN, 30 * DAY_US }, { LOOKUP, 0 },
	{ REFUSAL, 0 },		{ DAILY, 0 },		{ KNOWN, 0 },		{ HOURLY, 0 },
};

struct prune {
	struct store *store; /* borrowed */
	struct ids *ids;     /* borrowed */
	struct fold *fold;   /* borrowed */
	struct prune_limits limits;
	struct agreed_clock clock;
	sqlite3_stmt *edge[TABLES], *remove[TABLES], *keep_clock;
	struct sweep *sweep;	  /* owned; NULL: none under way */
	uint64_t next_us;	  /* mono: the next look for old rows */
	uint64_t rarely_at_us;	  /* mono: the next look for old pairs and names */
	uint64_t clock_kept_us;	  /* mono; 0: not in this run */
	uint64_t swept_us;	  /* mono: the last sweep */
	uint64_t deleted;	  /* rows since the last sweep */
	enum table aging;	  /* TABLES: nothing is too old */
	bool is_folding;
	struct prune_stats stats;
	struct prune_request request; /* under way while asked.is_active */
	struct prune_progress asked;  /* deleted: what the counts were then */
};

/* --- opening ------------------------------------------------------------------------ */

static int load_clock(struct prune *p)
{
	struct agreed_clock *c = &p->clock;
	int rc = store_number(p->store, "SELECT value FROM meta WHERE key = 'agreed_us'",
			      &c->agreed_us);

	if (!rc)
		rc = store_number(p->store, "SELECT value FROM meta WHERE key = 'doubted_us'",
				  &c->doubted_us);
	if (!rc)
		rc = store_number(p->store, "SELECT value FROM meta WHERE key = 'ahead_us'",
				  &c->ahead_us);
	return rc;
}

int prune_open(struct store *s, struct ids *ids, struct fold *fold,
	       const struct prune_limits *limits, struct prune **out)
{
	struct prune *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return -ENOMEM;
	p->store = s;
	p->ids = ids;
	p->fold = fold;
	p->limits = *limits;
	rc = store_prepare(s, "INSERT OR REPLACE INTO meta (key, value) VALUES"
			      " ('agreed_us', ?1), ('doubted_us', ?2), ('ahead_us', ?3)",
			   &p->keep_clock);
	for (unsigned i = 0; i < TABLES && !rc; i++) {
		rc = store_prepare(s, sql[i].edge, &p->edge[i]);
		if (!rc)
			rc = store_prepare(s, sql[i].remove, &p->remove[i]);
	}
	if (!rc)
		rc = load_clock(p);
	if (rc) {
		prune_close(p);
		return rc;
	}
	*out = p;
	return 0;
}

void prune_close(struct prune *p)
{
	if (!p)
		return;
	sweep_end(p->sweep);
	for (unsigned i = 0; i < TABLES; i++) {
		sqlite3_finalize(p->edge[i]);
		sqlite3_finalize(p->remove[i]);
	}
	sqlite3_finalize(p->keep_clock);
	free(p);
}

void prune_set_limits(struct prune *p, const struct prune_limits *limits)
{
	p->limits = *limits;
	p->next_us = 0;
	p->rarely_at_us = 0;
}

int prune_ask(struct prune *p, const struct prune_request *request)
{
	int64_t pages;
	int rc;

	if (p->asked.is_active)
		return -EALREADY;
	rc = store_number(p->store, "PRAGMA page_count", &pages);
	if (rc)
		return rc;
	p->request = *request;
	p->asked = (struct prune_progress){
		.is_active = true,
		.deleted = p->stats,
		.bytes_before = pages * STORE_PAGE_BYTES,
	};
	p->next_us = 0;
	p->rarely_at_us = 0;
	return 0;
}

int prune_asked(struct prune *p, struct prune_progress *out)
{
	const struct prune_stats *was = &p->asked.deleted, *is = &p->stats;
	int64_t pages;
	int rc = store_number(p->store, "PRAGMA page_count", &pages);

	if (rc)
		return rc;
	*out = p->asked;
	out->bytes = pages * STORE_PAGE_BYTES;
	out->deleted = (struct prune_stats){
		.lookups = is->lookups - was->lookups,
		.refusals = is->refusals - was->refusals,
		.events = is->events - was->events,
		.hours = is->hours - was->hours,
		.days = is->days - was->days,
		.names = is->names - was->names,
		.resolved = is->resolved - was->resolved,
		.dictionary = is->dictionary - was->dictionary,
	};
	return 0;
}

void prune_sweep_again(struct prune *p)
{
	sweep_end(p->sweep);
	p->sweep = NULL;
	p->deleted = UINT64_MAX / 2;
}

const struct prune_stats *prune_stats(const struct prune *p)
{
	return &p->stats;
}

uint64_t prune_rows(const struct prune_stats *s)
{
	return s->lookups + s->refusals + s->events + s->hours + s->days + s->names +
	       s->resolved + s->dictionary;
}

/* --- the clock ---------------------------------------------------------------------- */

static int keep_clock(struct prune *p, uint64_t mono_us)
{
	int rc;

	if (p->clock_kept_us && mono_us - p->clock_kept_us < KEEP_CLOCK_S * SECOND_US &&
	    agreed_clock_in_doubt(&p->clock) == p->stats.is_clock_doubted)
		return 0;
	rc = store_begin(p->store);
	if (rc)
		return rc;
	sqlite3_bind_int64(p->keep_clock, 1, p->clock.agreed_us);
	sqlite3_bind_int64(p->keep_clock, 2, p->clock.doubted_us);
	sqlite3_bind_int64(p->keep_clock, 3, p->clock.ahead_us);
	rc = store_run(p->store, p->keep_clock);
	if (rc) {
		store_rollback(p->store);
		return rc;
	}
	rc = store_commit(p->store);
	if (rc)
		return rc;
	p->clock_kept_us = MAX(mono_us, 1u);
	p->stats.is_clock_doubted = agreed_clock_in_doubt(&p->clock);
	return 0;
}

/* --- deleting rows ------------------------------------------------------------------ */

static uint64_t *counter(struct prune *p, enum table t)
{
	switch (t) {
	case LOOKUP:
		return &p->stats.lookups;
	case REFUSAL:
		return &p->stats.refusals;
	case EVENT:
		return &p->stats.events;
	case HOURLY:
		return &p->stats.hours;
	case DAILY:
		return &p->stats.days;
	case KNOWN:
		return &p->stats.names;
	default:
		return &p->stats.resolved;
	}
}

static int delete_up_to(struct prune *p, enum table t, int64_t edge)
{
	int64_t count;
	int rc = store_begin(p->store);

	if (rc)
		return rc;
	if (t == LOOKUP)
		rc = fold_up_to(p->fold, edge);
	if (!rc) {
		sqlite3_bind_int64(p->remove[t], 1, edge);
		rc = store_run(p->store, p->remove[t]);
	}
	count = sqlite3_changes64(store_db(p->store));
	if (rc)
		store_rollback(p->store);
	else
		rc = store_commit(p->store);
	fold_settle(p->fold, rc);
	if (rc)
		return rc;
	*counter(p, t) += (uint64_t)count;
	p->deleted += (uint64_t)count;
	return 0;
}

/* Delete the oldest rows before `end`, at most `most`. Returns 1 if there may be more, 0 if
 * there are none. */
static int delete_slice(struct prune *p, enum table t, int64_t end, int64_t most)
{
	int64_t edge = 0, count = 0;
	int code, rc;

	sqlite3_bind_int64(p->edge[t], 1, end);
	sqlite3_bind_int64(p->edge[t], 2, most);
	code = sqlite3_step(p->edge[t]);
	if (code == SQLITE_ROW) {
		edge = sqlite3_column_int64(p->edge[t], 0);
		count = sqlite3_column_int64(p->edge[t], 1);
	}
	rc = store_rc(p->store, code);
	sqlite3_reset(p->edge[t]);
	if (rc || !count)
		return rc;
	rc = delete_up_to(p, t, edge);
	return rc ? rc : count == most;
}

static int64_t keep_us(const struct prune *p, enum table t)
{
	const struct prune_limits *l = &p->limits;

	switch (t) {
	case REFUSAL:
		return l->keep_refusals_us;
	case HOURLY:
		return l->keep_hourly_us;
	case DAILY:
	case KNOWN:
		return l->keep_daily_us;
	case EVENT:
		if (!l->keep_lookups_us || !l->keep_refusals_us)
			return 0;
		return MAX(l->keep_lookups_us, l->keep_refusals_us);
	default:
		return l->keep_lookups_us;
	}
}

static enum prune_kind kind_of(enum table t)
{
	static const enum prune_kind kinds[TABLES] = {
		[LOOKUP] = PRUNE_LOOKUPS,   [RESOLVED] = PRUNE_LOOKUPS,
		[REFUSAL] = PRUNE_REFUSALS, [EVENT] = PRUNE_EVENTS,
		[HOURLY] = PRUNE_HOURLY,    [DAILY] = PRUNE_DAILY,
		[KNOWN] = PRUNE_DAILY,
	};

	return kinds[t];
}

/* Rows before that go, by the configuration or on request. */
static int64_t end_of(const struct prune *p, enum table t, int64_t now_us)
{
	int64_t keep = keep_us(p, t);
	int64_t end = keep ? now_us - keep : INT64_MIN;

	if (p->asked.is_active && p->request.kinds & 1u << kind_of(t))
		end = MAX(end, p->request.before_us);
	return end;
}

/* A slice of what is too old. Returns 1 while there is work. */
static int age_step(struct prune *p, int64_t now_us, uint64_t mono_us)
{
	bool is_rare = p->aging == RESOLVED || p->aging == KNOWN;
	bool is_due = !is_rare || mono_us >= p->rarely_at_us;
	int64_t end = end_of(p, p->aging, now_us);
	int rc = 0;

	if (end > INT64_MIN && is_due)
		rc = delete_slice(p, p->aging, end, PRUNE_SLICE_ROWS);
	if (!rc && is_due && p->aging == KNOWN)
		p->rarely_at_us = mono_us + RARELY_S * SECOND_US;
	if (!rc)
		p->aging++;
	return rc < 0 ? rc : 1;
}

/* --- size --------------------------------------------------------------------------- */

static int read_pages(struct prune *p, int64_t *pages, int64_t *free_pages)
{
	int rc = store_number(p->store, "PRAGMA page_count", pages);

	return rc ? rc : store_number(p->store, "PRAGMA freelist_count", free_pages);
}

/* Above the limit the oldest go, until there is a little room again. Returns 1 while over. */
static int size_step(struct prune *p, int64_t used_pages, int64_t now_us)
{
	uint64_t before = p->deleted;
	/* a sixteenth of a small file, not all of it */
	int64_t most = MIN(used_pages * STORE_PAGE_BYTES / ROW_BYTES_GUESS / 16 + 1,
			   PRUNE_SLICE_ROWS);
	int rc;

	if (!p->limits.max_bytes ||
	    used_pages * STORE_PAGE_BYTES <= p->limits.max_bytes / 32 * 31)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(first_to_go) && p->deleted == before; i++) {
		int64_t spared = first_to_go[i].spared_us;

		rc = delete_slice(p, first_to_go[i].table,
				  spared ? now_us - spared : INT64_MAX, most);
		if (rc < 0)
			return rc;
	}
	return p->deleted != before;
}

/* Free pages are used again by new rows; too many of them are given back. */
static int vacuum_step(struct prune *p, int64_t pages, int64_t free_pages)
{
	bool is_over = p->limits.max_bytes &&
		       pages * STORE_PAGE_BYTES > p->limits.max_bytes;
	bool is_much = free_pages >= 256 && free_pages >= pages / 4;
	int rc;

	if (!free_pages || (!is_over && !is_much && !p->asked.is_active))
		return 0;
	rc = store_begin(p->store);
	if (rc)
		return rc;
	rc = store_exec(p->store, "PRAGMA incremental_vacuum(" TEXT_OF(PRUNE_VACUUM_PAGES) ")");
	if (rc) {
		store_rollback(p->store);
		return rc;
	}
	rc = store_commit(p->store);
	return rc ? rc : 1;
}

/* --- dictionaries ------------------------------------------------------------------- */

static bool is_sweep_due(const struct prune *p, int64_t used_pages, uint64_t mono_us)
{
	uint64_t rows = (uint64_t)used_pages * STORE_PAGE_BYTES / ROW_BYTES_GUESS;

	if (p->sweep || (p->asked.is_active && p->deleted))
		return true;
	return p->deleted > rows / 8 ||
	       (p->deleted && mono_us - p->swept_us >= SWEEP_EVERY_S * SECOND_US);
}

static int sweep_slice(struct prune *p, uint64_t mono_us)
{
	bool done = false;
	uint64_t before;
	int rc = 0;

	if (!p->sweep) {
		rc = sweep_begin(p->store, p->ids, &p->sweep);
		p->deleted = 0;
		if (rc)
			return rc;
	}
	before = sweep_deleted(p->sweep);
	rc = sweep_step(p->sweep, &done);
	p->stats.dictionary += sweep_deleted(p->sweep) - before;
	if (!rc && !done)
		return 1;
	sweep_end(p->sweep);
	p->sweep = NULL;
	p->swept_us = mono_us;
	if (!rc)
		store_exec(p->store, STORE_OVERWRITE_CHEAPLY);
	return rc ? rc : 1; /* there may be pages to give back now */
}

/* --- one step ----------------------------------------------------------------------- */

int prune_step(struct prune *p, int64_t wall_us, uint64_t mono_us)
{
	int64_t now_us = agreed_clock_now(&p->clock, wall_us, mono_us);
	int64_t pages, free_pages;
	int rc = keep_clock(p, mono_us);

	if (rc)
		return rc;
	if (mono_us >= p->next_us) {
		p->next_us = mono_us + PRUNE_EVERY_S * SECOND_US;
		p->aging = LOOKUP;
		p->is_folding = true;
	}
	if (p->is_folding) {
		rc = fold_step(p->fold, now_us, mono_us);
		p->is_folding = rc == 1;
		return rc < 0 ? rc : 1;
	}
	if (p->aging < TABLES)
		return age_step(p, now_us, mono_us);
	rc = read_pages(p, &pages, &free_pages);
	if (!rc)
		rc = size_step(p, pages - free_pages, now_us);
	if (rc)
		return rc;
	if (is_sweep_due(p, pages - free_pages, mono_us))
		return sweep_slice(p, mono_us);
	rc = vacuum_step(p, pages, free_pages);
	if (!rc)
		p->asked.is_active = false;
	return rc;
}
