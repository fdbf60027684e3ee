/* Rows for a copy of the history; see report_copy.h. */
#include "db/report_copy.h"

#include <errno.h>
#include <sqlite3.h>

#include "db/report_impl.h"

#define COPY_VERSION 5 /* the first with an id of the file and late hours */
#define HOUR_US	     3600000000ll

static const char rows_sql[] =
	"SELECT ts, who, client, name, site, type, verdict, rcode, ms, hold_ms, upstream, list,"
	" pattern, answer, n FROM lookups WHERE ts > ?1 AND ts <= ?2 ORDER BY ts LIMIT ?3";
static const char late_sql[] =
	"SELECT hour, seq FROM late WHERE seq > ?1 ORDER BY seq LIMIT 1";

int report_mark(struct report *r, struct report_mark *out)
{
	struct report_mark mark = { 0 };
	int rc;

	if (r->version < COPY_VERSION)
		return -ENOTSUP;
	/* late hours first: a row that comes later still has a higher number */
	rc = report_number(r, "SELECT max(seq) FROM late", &mark.late_seq);
	if (!rc)
		rc = report_number(r, "SELECT value FROM meta WHERE key = 'history_id'",
				   &mark.history_id);
	if (!rc)
		rc = report_number(r, "SELECT min(ts) FROM lookup", &mark.oldest_us);
	if (!rc)
		rc = report_number(r, "SELECT max(ts) FROM lookup", &mark.newest_us);
	if (!rc)
		*out = mark;
	return rc;
}

int report_copy(struct report *r, int64_t after_us, int64_t up_to_us, size_t most,
		const struct report_out *out)
{
	struct report_page page = { 0 };
	sqlite3_stmt *stmt;
	int rc = report_prepare(r, rows_sql, &stmt);

	if (rc)
		return rc;
	r->has_columns = false;
	sqlite3_bind_int64(stmt, 1, after_us);
	sqlite3_bind_int64(stmt, 2, up_to_us);
	sqlite3_bind_int64(stmt, 3, (int64_t)most);
	rc = report_read(r, stmt, most, &page);
	if (!rc)
		rc = report_show(r, &page, out);
	sqlite3_finalize(stmt);
	report_page_fini(&page);
	return rc;
}

int report_late(struct report *r, int64_t after_seq, int64_t *hour_us, int64_t *seq)
{
	sqlite3_stmt *stmt;
	int code, rc = report_prepare(r, late_sql, &stmt);

	if (rc)
		return rc;
	sqlite3_bind_int64(stmt, 1, after_seq);
	code = sqlite3_step(stmt);
	rc = report_rc(r, code);
	if (code == SQLITE_ROW) {
		*hour_us = sqlite3_column_int64(stmt, 0) * HOUR_US;
		*seq = sqlite3_column_int64(stmt, 1);
		rc = 1;
	}
	sqlite3_finalize(stmt);
	return rc;
}
