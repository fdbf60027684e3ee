/*
 * Lookups as they are, and grouped by the list that blocked them; see report_seen.h. The first
 * is not grouped here: sorting a million rows costs SQLite twice what reading them does.
 */
#include "db/report_seen.h"

#include <sqlite3.h>

#include "db/report_impl.h"

#define PAGE_ROWS 20000

static const char seen_sql[] =
	"SELECT ts, name, client, answer, verdict GLOB 'blocked*' AS blocked, n FROM lookups"
	" WHERE ts > ?1 ORDER BY ts LIMIT ?2";

static const char hits_sql[] =
	"SELECT list, name, pattern, sum(n) AS n FROM lookups WHERE ts >= ?1"
	" AND verdict GLOB 'blocked*' AND list IS NOT NULL AND name IS NOT NULL"
	" GROUP BY 1, 2, 3 ORDER BY 4 DESC";

/** Give a page to the callbacks without its times. @param last  set to the last of these */
static int show(const struct report_page *page, bool is_first, const struct report_out *out,
		int64_t *last)
{
	int rc = is_first ? out->columns(out->arg, page->names + 1, page->columns - 1) : 0;

	for (size_t i = 0; i < page->rows && !rc; i++) {
		const struct report_value *v = &page->values[i * page->columns];

		*last = v[0].integer;
		if (v[1].type == REPORT_TEXT)
			rc = out->row(out->arg, v + 1, page->columns - 1);
	}
	return rc;
}

int report_seen(struct report *r, int64_t since_us, const struct report_out *out)
{
	struct report_page page = { 0 };
	int64_t last = since_us - 1;
	bool is_first = true;
	sqlite3_stmt *stmt;
	int rc = report_prepare(r, seen_sql, &stmt);

	if (rc)
		return rc;
	do {
		sqlite3_bind_int64(stmt, 1, last);
		sqlite3_bind_int64(stmt, 2, PAGE_ROWS);
		rc = report_read(r, stmt, PAGE_ROWS, &page);
		if (!rc)
			rc = show(&page, is_first, out, &last);
		is_first = false;
	} while (!rc && page.rows == PAGE_ROWS);
	sqlite3_finalize(stmt);
	report_page_fini(&page);
	return rc;
}

int report_hits(struct report *r, int64_t since_us, const struct report_out *out)
{
	struct report_page page = { 0 };
	sqlite3_stmt *stmt;
	int rc = report_prepare(r, hits_sql, &stmt);

	if (rc)
		return rc;
	r->has_columns = false;
	sqlite3_bind_int64(stmt, 1, since_us);
	rc = report_read(r, stmt, REPORT_HITS_MAX, &page);
	if (!rc)
		rc = report_show(r, &page, out);
	sqlite3_finalize(stmt);
	report_page_fini(&page);
	return rc;
}
