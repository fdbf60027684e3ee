/* Passive DNS, copied to a temporary table and read from there in pages; see report_pairs.h. */
#include "db/report_pairs.h"

#include <errno.h>
#include <sqlite3.h>

#include "db/report_impl.h"

#define PDNS_VERSION 2 /* the first with the view */
#define PAGE_ROWS    1000
#define SECOND_US    1000000

static const char copy_sql[] =
	"CREATE TEMP TABLE pairs AS SELECT rrname, rrtype, rdata, time_first, time_last, count"
	" FROM pdns WHERE time_last >= ?1 AND time_first < ?2 ORDER BY rdata, rrname";
static const char page_sql[] =
	"SELECT rrname, rrtype, rdata, time_first, time_last, count FROM pairs"
	" WHERE rowid > ?1 AND rowid <= ?1 + ?2 ORDER BY rowid";

static int copy(struct report *r, const struct report_log *q)
{
	sqlite3_stmt *stmt;
	int rc = report_prepare(r, copy_sql, &stmt);

	if (rc)
		return rc;
	sqlite3_bind_int64(stmt, 1, q->since_us ? q->since_us / SECOND_US : INT64_MIN);
	sqlite3_bind_int64(stmt, 2,
			   q->until_us ? (q->until_us + SECOND_US - 1) / SECOND_US : INT64_MAX);
	rc = report_rc(r, sqlite3_step(stmt));
	sqlite3_finalize(stmt);
	return rc;
}

static int show_pages(struct report *r, const struct report_out *out)
{
	struct report_page page = { 0 };
	sqlite3_stmt *stmt;
	int rc = report_prepare(r, page_sql, &stmt);

	if (rc)
		return rc;
	sqlite3_bind_int64(stmt, 2, PAGE_ROWS);
	for (int64_t after = 0; !rc; after += PAGE_ROWS) {
		sqlite3_bind_int64(stmt, 1, after);
		rc = report_read(r, stmt, PAGE_ROWS, &page);
		if (!rc)
			rc = report_show(r, &page, out);
		if (!page.rows)
			break;
	}
	sqlite3_finalize(stmt);
	report_page_fini(&page);
	return rc;
}

int report_pairs(struct report *r, const struct report_log *q, const struct report_out *out)
{
	int rc;

	if (r->version < PDNS_VERSION)
		return -ENOTSUP;
	r->has_columns = false;
	rc = copy(r, q);
	if (rc)
		return rc;
	rc = show_pages(r, out);
	sqlite3_exec(r->db, "DROP TABLE temp.pairs", NULL, NULL, NULL);
	return rc;
}
