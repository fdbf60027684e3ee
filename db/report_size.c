/*
 * Sizes by SQLite's table `dbstat`, one b-tree after the other, so that no transaction lasts
 * long; see report_size.h.
 */
#include "db/report_size.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "db/report_impl.h"
#include "lib/util.h"

#define TABLES_MAX  64
#define DAY_US	    86400000000LL
#define WEEK_US	    (7 * DAY_US)
#define HOUR_US	    3600000000LL
/* With auto_vacuum each so many pages are followed by one that says whose they are. */
#define MAPPED(page_bytes) ((page_bytes) / 5 + 1)

static const struct {
	const char *name, *oldest_sql;
} kinds[SIZE_KINDS] = {
	[SIZE_LOOKUPS] = { "lookups", "SELECT min(ts) FROM lookup" },
	[SIZE_REFUSALS] = { "refusals", "SELECT min(ts) FROM refusal" },
	[SIZE_EVENTS] = { "events", "SELECT min(ts) FROM event" },
	[SIZE_PASSIVE_DNS] = { "passive-dns", "SELECT min(first) FROM resolved" },
	[SIZE_DICTIONARIES] = { "dictionaries", NULL },
	[SIZE_HOURLY] = { "hourly", "SELECT min(ts) FROM hour_total" },
	[SIZE_DAILY] = { "daily", "SELECT min(day) * 86400000000 FROM day_total" },
	[SIZE_INDEXES] = { "indexes", NULL },
	[SIZE_OTHER] = { "other", NULL },
	[SIZE_FREE] = { "free", NULL },
	[SIZE_WAL] = { "wal", NULL },
};

/* A table of no such name is `other`. */
static const struct {
	const char *table;
	enum size_kind kind;
} tables[] = {
	{ "refusal", SIZE_REFUSALS },	   { "event", SIZE_EVENTS },
	{ "resolved", SIZE_PASSIVE_DNS },  { "name", SIZE_DICTIONARIES },
	{ "answer", SIZE_DICTIONARIES },   { "upstream", SIZE_DICTIONARIES },
	{ "rule", SIZE_DICTIONARIES },	   { "device", SIZE_DICTIONARIES },
	{ "client", SIZE_DICTIONARIES },   { "outcome", SIZE_DICTIONARIES },
	{ "hour_total", SIZE_HOURLY },	   { "day", SIZE_DAILY },
	{ "day_total", SIZE_DAILY },	   { "known", SIZE_DAILY },
};

/* One b-tree of the file. */
struct tree {
	char name[64];
	bool is_index;
};

struct trees {
	struct tree all[TABLES_MAX];
	size_t count;
};

static enum size_kind kind_of(const struct tree *t)
{
	if (t->is_index)
		return SIZE_INDEXES;
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		if (!strcmp(tables[i].table, t->name))
			return tables[i].kind;
	return SIZE_OTHER;
}

static int list_trees(struct report *r, struct trees *out)
{
	sqlite3_stmt *stmt;
	int code = SQLITE_DONE;
	int rc = report_prepare(r, "SELECT name, type = 'index' FROM sqlite_schema"
				   " WHERE rootpage > 0 AND name <> 'lookup'", &stmt);

	if (rc)
		return rc;
	while (out->count < TABLES_MAX && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct tree *t = &out->all[out->count++];

		snprintf(t->name, sizeof(t->name), "%s",
			 (const char *)sqlite3_column_text(stmt, 0));
		t->is_index = sqlite3_column_int(stmt, 1);
	}
	rc = report_rc(r, code);
	sqlite3_finalize(stmt);
	return rc;
}

static int number_of(struct report *r, const char *fmt, const char *name, int64_t *out)
{
	char *sql = sqlite3_mprintf(fmt, name);
	int rc = sql ? report_number(r, sql, out) : -ENOMEM;

	sqlite3_free(sql);
	return rc;
}

static int measure_tree(struct report *r, const struct tree *t, struct size *out)
{
	struct size_row *row = &out->kinds[kind_of(t)];
	int64_t bytes = 0, rows = 0;
	int rc = number_of(r, "SELECT sum(pgsize) FROM dbstat WHERE name = %Q", t->name, &bytes);

	if (!rc && !t->is_index && row != &out->kinds[SIZE_OTHER])
		rc = number_of(r, "SELECT count(*) FROM \"%w\"", t->name, &rows);
	row->bytes += bytes;
	row->rows += rows;
	return rc;
}

/* Lookups are what is left: reading all of them would be reading the file. */
static int measure_rest(struct report *r, struct size *out)
{
	int64_t page = 0, pages = 0, free_pages = 0, other = 0;
	int rc = report_number(r, "PRAGMA page_size", &page);

	if (!rc)
		rc = report_number(r, "PRAGMA page_count", &pages);
	if (!rc)
		rc = report_number(r, "PRAGMA freelist_count", &free_pages);
	if (!rc)
		rc = number_of(r, "SELECT sum(pgsize) FROM dbstat WHERE name = %Q",
			       "sqlite_schema", &other);
	if (rc)
		return rc;
	out->kinds[SIZE_OTHER].bytes += other + page * (pages / MAPPED(page) + 1);
	out->kinds[SIZE_FREE].bytes = page * free_pages;
	out->bytes = 0;
	for (size_t i = 0; i < SIZE_KINDS; i++)
		if (i != SIZE_LOOKUPS && i != SIZE_WAL)
			out->bytes += out->kinds[i].bytes;
	out->kinds[SIZE_LOOKUPS].bytes = MAX(page * pages - out->bytes, 0);
	out->bytes = page * pages;
	return 0;
}

/* Counting is reading: where that takes too long, it stays unknown. */
static int count_lookups(struct report *r, int64_t now_us, struct size *out)
{
	struct size_row *row = &out->kinds[SIZE_LOOKUPS];
	int64_t since = now_us - WEEK_US, lately = 0;
	int rc = report_number(r, "SELECT count(*) FROM lookup", &row->rows);
	char sql[96];
	double days;

	if (rc == -ETIMEDOUT)
		row->rows = SIZE_UNKNOWN;
	if (rc || !row->rows || !row->oldest_us)
		return rc == -ETIMEDOUT ? 0 : rc;
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM lookup WHERE ts >= %lld",
		 (long long)since);
	rc = report_number(r, sql, &lately);
	since = MAX(since, row->oldest_us);
	days = (double)MAX(now_us - since, HOUR_US) / (double)DAY_US;
	out->growth_bytes = (double)row->bytes / (double)row->rows * (double)lately / days;
	return rc == -ETIMEDOUT ? 0 : rc;
}

static int find_oldest(struct report *r, struct size *out)
{
	int rc = 0;

	for (size_t i = 0; i < SIZE_KINDS && !rc; i++) {
		struct size_row *row = &out->kinds[i];

		/* a table that an older version does not have has no rows */
		if (kinds[i].oldest_sql && (i == SIZE_LOOKUPS || row->rows > 0))
			rc = report_number(r, kinds[i].oldest_sql, &row->oldest_us);
	}
	return rc;
}

static void measure_wal(const char *path, struct size *out)
{
	char wal[PATH_MAX];
	struct stat st;

	if (snprintf(wal, sizeof(wal), "%s-wal", path) < (int)sizeof(wal) && !stat(wal, &st))
		out->kinds[SIZE_WAL].bytes = st.st_size;
	out->bytes += out->kinds[SIZE_WAL].bytes;
}

int report_size(struct report *r, const char *path, int64_t now_us, struct size *out)
{
	struct trees *trees = calloc(1, sizeof(*trees));
	int rc = trees ? 0 : -ENOMEM;

	*out = (struct size){ 0 };
	for (size_t i = 0; i < SIZE_KINDS; i++)
		out->kinds[i].name = kinds[i].name;
	if (!rc)
		rc = list_trees(r, trees);
	for (size_t i = 0; !rc && i < trees->count; i++)
		rc = measure_tree(r, &trees->all[i], out);
	if (!rc)
		rc = measure_rest(r, out);
	if (!rc)
		rc = find_oldest(r, out);
	if (!rc)
		rc = count_lookups(r, now_us, out);
	if (!rc)
		measure_wal(path, out);
	out->kinds[SIZE_INDEXES].rows = out->kinds[SIZE_OTHER].rows = SIZE_UNKNOWN;
	out->kinds[SIZE_FREE].rows = out->kinds[SIZE_WAL].rows = SIZE_UNKNOWN;
	free(trees);
	return rc;
}
