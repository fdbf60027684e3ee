/* A statement that may read and nothing else; see report_query.h. */
#include "db/report_query.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "db/report_impl.h"
#include "lib/util.h"

#define VALUE_BYTES_MAX (16 << 20) /* of one text, also between two functions */

_Static_assert(QUERY_COLUMNS_MAX == REPORT_COLUMNS_MAX, "one limit of columns");

/* Pragmas that only tell; those with a name behind them take it as their argument. */
static bool is_telling(const char *pragma, const char *argument)
{
	static const char *const with_name[] = { "table_info", "table_xinfo", "index_list",
						 "index_info", "index_xinfo" };
	static const char *const plain[] = { "table_list",   "page_count",     "page_size",
					     "user_version", "freelist_count", "application_id",
					     "quick_check",  "integrity_check",
					     "compile_options" };

	for (size_t i = 0; i < ARRAY_SIZE(with_name); i++)
		if (!sqlite3_stricmp(pragma, with_name[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		if (!argument && !sqlite3_stricmp(pragma, plain[i]))
			return true;
	return false;
}

/* Debian's SQLite has both: the one loads code, the other takes an address of code. */
static bool is_harmless(const char *function)
{
	return sqlite3_stricmp(function, "load_extension") != 0 &&
	       sqlite3_stricmp(function, "fts3_tokenizer") != 0;
}

/* Asked for each thing that a statement would do. */
static int on_authorize(void *arg, int action, const char *first, const char *second,
			const char *database, const char *view)
{
	(void)arg;
	(void)database;
	(void)view;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		return is_harmless(second) ? SQLITE_OK : SQLITE_DENY;
	case SQLITE_UPDATE: /* what a pragma as a table asks for; nobody may do it */
		return sqlite3_stricmp(first, "sqlite_master") ? SQLITE_DENY : SQLITE_OK;
	case SQLITE_PRAGMA:
		return is_telling(first, second) ? SQLITE_OK : SQLITE_DENY;
	default:
		return SQLITE_DENY;
	}
}

/* Modules of virtual tables that are not used here are only more to go wrong in. */
static void bind_hands(struct report *r)
{
	const char *modules[] = { "dbstat", "json_each", "json_tree", NULL };

	sqlite3_exec(r->db, "PRAGMA query_only = 1", NULL, NULL, NULL);
	sqlite3_limit(r->db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
	sqlite3_limit(r->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_db_config(r->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(r->db, SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0, NULL);
	sqlite3_drop_modules(r->db, modules);
	sqlite3_set_authorizer(r->db, on_authorize, NULL);
}

static int refuse(struct query *q, const char *why)
{
	snprintf(q->why, sizeof(q->why), "%s", why);
	return -EINVAL;
}

/* What comes behind the statement may be blanks and comments. */
static int check_rest(struct report *r, struct query *q, const char *rest)
{
	sqlite3_stmt *more = NULL;
	int code = sqlite3_prepare_v2(r->db, rest, -1, &more, NULL);

	sqlite3_finalize(more);
	return code == SQLITE_OK && !more ? 0 : refuse(q, "one statement at a time");
}

static int prepare(struct report *r, struct query *q, sqlite3_stmt **out)
{
	const char *rest = NULL;
	int code, rc;

	r->limit_s = q->seconds;
	report_deadline(r);
	code = sqlite3_prepare_v2(r->db, q->sql, -1, out, &rest);
	if (code == SQLITE_AUTH)
		return -EPERM;
	rc = report_rc(r, code);
	if (!rc && !*out)
		rc = refuse(q, "no statement");
	return rc ? rc : check_rest(r, q, rest);
}

static void find_numbers(const struct report_page *page, struct query *q)
{
	for (size_t c = 0; c < page->columns; c++) {
		bool any = false, other = false;

		for (size_t i = 0; i < page->rows; i++) {
			enum report_type type = page->values[i * page->columns + c].type;

			any |= type == REPORT_INTEGER || type == REPORT_REAL;
			other |= type == REPORT_TEXT;
		}
		q->is_number[c] = any && !other;
	}
}

int report_query(struct report *r, struct query *q, const struct report_out *out)
{
	struct report_page page = { 0 };
	sqlite3_stmt *stmt = NULL;
	int rc;

	r->has_columns = false;
	bind_hands(r);
	rc = prepare(r, q, &stmt);
	if (!rc)
		rc = report_read(r, stmt, QUERY_ROWS_MAX, &page);
	if (rc == -EIO) /* all that is not told apart: SQLite has words for it */
		rc = refuse(q, sqlite3_errmsg(r->db));
	if (rc == -EACCES && sqlite3_errcode(r->db) == SQLITE_AUTH)
		rc = -EPERM;
	if (!rc) {
		find_numbers(&page, q);
		rc = report_show(r, &page, out);
	}
	sqlite3_finalize(stmt);
	report_page_fini(&page);
	return rc;
}
