/*
 * The log of lookups: filters, walking in both directions, following. See report.h.
 *
 * A walk goes through the table in windows of WINDOW_ROWS rows, each read in pages of
 * PAGE_ROWS that pass the filters: so a filter that passes one row in a million still never
 * holds a transaction for longer than a window takes (about 0.1 s).
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "db/report.h"
#include "db/report_filter.h"
#include "db/report_impl.h"
#include "lib/util.h"

#define WINDOW_ROWS  65536
#define PAGE_ROWS    256
#define FIRST_PARAM  4
#define SEEN_MAX     8192
#define LATE_US	     20000000 /* a lookup is recorded at most this long after it began */
#define FUTURE_US    60000000 /* rows beyond are a wrong clock's; they are not followed */

struct report_follow {
	int64_t seen[SEEN_MAX]; /* sorted */
	size_t count;
	int64_t floor_us; /* nothing before is looked at again */
};

/* A walk under way. */
struct walk {
	struct report *r;
	const struct report_log *q;
	int64_t since_us, until_us; /* what is left: since <= ts < until */
	bool descending;
	sqlite3_stmt *rows, *edge;
	struct report_page page;
};

/* --- walking ------------------------------------------------------------------------ */

static int walk_prepare_rows(struct walk *w, const char *columns)
{
	struct report_sql *sql = calloc(1, sizeof(*sql));
	int rc = -EINVAL;

	if (!sql)
		return -ENOMEM;
	report_sql_add(sql, "SELECT %s FROM lookups WHERE ts >= ?1 AND ts < ?2", columns);
	report_filter_add(sql, w->q, FIRST_PARAM);
	report_sql_add(sql, " ORDER BY ts %s LIMIT ?3", w->descending ? "DESC" : "ASC");
	if (!sql->is_full)
		rc = report_prepare(w->r, sql->text, &w->rows);
	if (!rc)
		rc = report_filter_bind(w->rows, w->q, FIRST_PARAM);
	free(sql);
	return rc;
}

static void walk_fini(struct walk *w)
{
	sqlite3_finalize(w->rows);
	sqlite3_finalize(w->edge);
	report_page_fini(&w->page);
}

static int walk_init(struct walk *w, struct report *r, const struct report_log *q,
		     const char *columns, bool descending)
{
	int rc;

	*w = (struct walk){ .r = r, .q = q, .descending = descending };
	w->since_us = q->since_us ? q->since_us : INT64_MIN;
	w->until_us = q->until_us ? q->until_us : INT64_MAX;
	if (q->filter_count > REPORT_FILTERS_MAX)
		return -EINVAL;
	rc = walk_prepare_rows(w, columns);
	if (!rc)
		rc = report_prepare(r, descending ?
			"SELECT ts FROM lookup WHERE ts >= ?1 AND ts < ?2 ORDER BY ts DESC"
			" LIMIT 1 OFFSET ?3" :
			"SELECT ts FROM lookup WHERE ts >= ?1 AND ts < ?2 ORDER BY ts"
			" LIMIT 1 OFFSET ?3", &w->edge);
	if (rc)
		walk_fini(w);
	return rc;
}

/* The first ts outside the next window, seen in walking direction; without filters every
 * row read is shown, and one window does. */
static int next_edge(struct walk *w, int64_t *edge)
{
	int code, rc;

	*edge = w->descending ? w->since_us : w->until_us;
	if (!w->q->filter_count)
		return 0;
	sqlite3_bind_int64(w->edge, 1, w->since_us);
	sqlite3_bind_int64(w->edge, 2, w->until_us);
	sqlite3_bind_int64(w->edge, 3, WINDOW_ROWS - 1);
	code = sqlite3_step(w->edge);
	if (code == SQLITE_ROW)
		*edge = sqlite3_column_int64(w->edge, 0) + (w->descending ? 0 : 1);
	rc = report_rc(w->r, code);
	sqlite3_reset(w->edge);
	return rc;
}

static int64_t ts_of_row(const struct report_page *page, size_t row)
{
	size_t i = page->columns - 1;

	while (i && strcmp(page->names[i], "ts") != 0)
		i--;
	return page->values[row * page->columns + i].integer;
}

/* Read the next page that holds a row. An empty page: the end. */
static int walk_next(struct walk *w, size_t most)
{
	most = MIN(most, (size_t)PAGE_ROWS);
	w->page.rows = 0;
	while (w->since_us < w->until_us) {
		int64_t edge;
		int rc = next_edge(w, &edge);
		size_t rows;

		if (rc)
			return rc;
		sqlite3_bind_int64(w->rows, 1, w->descending ? edge : w->since_us);
		sqlite3_bind_int64(w->rows, 2, w->descending ? w->until_us : edge);
		sqlite3_bind_int64(w->rows, 3, (int64_t)most);
		rc = report_read(w->r, w->rows, most, &w->page);
		if (rc)
			return rc;
		rows = w->page.rows;
		if (rows == most)
			edge = ts_of_row(&w->page, rows - 1) + (w->descending ? 0 : 1);
		if (w->descending)
			w->until_us = edge;
		else
			w->since_us = edge;
		if (rows)
			return 0;
		if (w->r->is_cancelled)
			return -EINTR;
	}
	return 0;
}

/* --- following ---------------------------------------------------------------------- */

struct report_follow *report_follow_new(void)
{
	return calloc(1, sizeof(struct report_follow));
}

void report_follow_free(struct report_follow *f)
{
	free(f);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static bool is_seen(const struct report_follow *f, int64_t ts)
{
	return f->count && bsearch(&ts, f->seen, f->count, sizeof(ts), by_value);
}

/* Room for one page of new rows: what is late by now is not looked for again. */
static void forget_old(struct report_follow *f)
{
	size_t keep_from = f->count > SEEN_MAX - PAGE_ROWS ? f->count - (SEEN_MAX - PAGE_ROWS) :
							     0;

	if (!f->count)
		return;
	while (f->seen[keep_from] < f->seen[f->count - 1] - LATE_US)
		keep_from++;
	if (keep_from) {
		f->floor_us = MAX(f->floor_us, f->seen[keep_from]);
		f->count -= keep_from;
		memmove(f->seen, f->seen + keep_from, f->count * sizeof(f->seen[0]));
	}
}

static void remember(struct report_follow *f, const struct report_page *page)
{
	size_t before;

	if (!f)
		return;
	forget_old(f);
	before = f->count;
	for (size_t i = 0; i < page->rows; i++) {
		int64_t ts = ts_of_row(page, i);

		if (!bsearch(&ts, f->seen, before, sizeof(ts), by_value))
			f->seen[f->count++] = ts;
	}
	qsort(f->seen, f->count, sizeof(f->seen[0]), by_value);
}

/* Take rows that were shown already out of the page. */
static void drop_seen(const struct report_follow *f, struct report_page *page)
{
	size_t kept = 0;

	for (size_t i = 0; i < page->rows; i++) {
		if (is_seen(f, ts_of_row(page, i)))
			continue;
		if (kept != i)
			memcpy(&page->values[kept * page->columns],
			       &page->values[i * page->columns],
			       page->columns * sizeof(page->values[0]));
		kept++;
	}
	page->rows = kept;
}

int report_log_new(struct report *r, const struct report_log *q, int64_t wall_us,
		   const struct report_out *out)
{
	struct report_follow *f = q->follow;
	struct report_log all = *q;
	struct walk w;
	int rc;

	if (f->floor_us > wall_us)
		*f = (struct report_follow){ 0 }; /* the clock was set back */
	all.since_us = MAX(f->floor_us, wall_us - LATE_US);
	if (f->count && f->seen[f->count - 1] < wall_us - LATE_US)
		all.since_us = MAX(f->floor_us, f->seen[f->count - 1] - LATE_US);
	all.until_us = wall_us + FUTURE_US;
	rc = walk_init(&w, r, &all, "*", false);
	if (rc)
		return rc;
	do {
		rc = walk_next(&w, PAGE_ROWS);
		if (rc || !w.page.rows)
			break;
		drop_seen(f, &w.page);
		remember(f, &w.page);
		rc = report_show(r, &w.page, out);
	} while (!rc);
	walk_fini(&w);
	return rc;
}

/* --- the log ------------------------------------------------------------------------ */

/* Narrow q to its newest q->limit rows: sets since_us and until_us. *any: there are some. */
static int find_newest(struct report *r, struct report_log *q, bool *any)
{
	uint64_t left = q->limit;
	struct walk w;
	int rc = walk_init(&w, r, q, "ts", true);

	if (rc)
		return rc;
	*any = false;
	while (left && !rc) {
		rc = walk_next(&w, (size_t)MIN(left, (uint64_t)PAGE_ROWS));
		if (rc || !w.page.rows)
			break;
		if (!*any)
			q->until_us = ts_of_row(&w.page, 0) + 1;
		*any = true;
		q->since_us = ts_of_row(&w.page, w.page.rows - 1);
		left -= w.page.rows;
	}
	walk_fini(&w);
	return rc;
}

static int show_range(struct report *r, const struct report_log *q,
		      const struct report_out *out)
{
	uint64_t left = q->reverse && q->limit ? q->limit : UINT64_MAX;
	struct walk w;
	int rc = walk_init(&w, r, q, "*", q->reverse);

	if (rc)
		return rc;
	while (left && !rc) {
		rc = walk_next(&w, (size_t)MIN(left, (uint64_t)PAGE_ROWS));
		if (rc)
			break;
		left -= w.page.rows;
		remember(q->follow, &w.page);
		rc = w.page.columns ? report_show(r, &w.page, out) : 0;
		if (!w.page.rows)
			break;
	}
	walk_fini(&w);
	return rc;
}

/* What is recorded already is not new, whether it will be shown or not. */
static int mark_present(struct report *r, const struct report_log *q)
{
	struct report_log all = { .filters = q->filters, .filter_count = q->filter_count };
	size_t left = SEEN_MAX / 2;
	int64_t newest = INT64_MIN;
	struct walk w;
	int rc = walk_init(&w, r, &all, "ts", true);

	if (rc)
		return rc;
	while (left && !rc) {
		rc = walk_next(&w, left);
		if (rc || !w.page.rows)
			break;
		remember(q->follow, &w.page);
		left -= w.page.rows;
		newest = MAX(newest, ts_of_row(&w.page, 0));
		if (ts_of_row(&w.page, w.page.rows - 1) < newest - LATE_US)
			break;
	}
	walk_fini(&w);
	return rc;
}

int report_log(struct report *r, const struct report_log *q, const struct report_out *out)
{
	struct report_log range = *q;
	bool any = true;
	int rc = 0;

	r->has_columns = false;
	if (q->follow)
		rc = mark_present(r, q);
	if (rc)
		return rc;
	if (q->limit && !q->reverse)
		rc = find_newest(r, &range, &any);
	if (rc)
		return rc;
	if (!any) {
		range.since_us = INT64_MAX - 1; /* shows the columns only */
		range.until_us = INT64_MAX;
	}
	return show_range(r, &range, out);
}
