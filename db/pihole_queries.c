/* Reading pihole-FTL.db; see pihole_queries.h. */
#include "db/pihole_queries.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "db/store_error.h"
#include "db/untrusted.h"
#include "lib/util.h"

#define TEXT_BYTES_MAX (1 << 20)
#define BUSY_MS	       2000

enum column { COL_ID, COL_TIME, COL_TYPE, COL_STATUS, COL_DOMAIN, COL_CLIENT, COL_NAME,
	      COL_FORWARD, COL_INFO, COL_REPLY, COL_REPLY_S };

/* A column of ids may still hold the texts of before: an id without its text is null. */
#define LINKED(column, text) "CASE typeof(q." column ") WHEN 'integer' THEN " text \
			     " ELSE q." column " END"
#define STORED								\
	"SELECT q.id, q.timestamp, q.type, q.status, " LINKED("domain", "d.domain") ", "	\
	LINKED("client", "c.ip") ", c.name, " LINKED("forward", "f.forward") ", "
#define LINKS								\
	" FROM query_storage q LEFT JOIN domain_by_id d ON d.id = q.domain"		\
	" LEFT JOIN client_by_id c ON c.id = q.client"					\
	" LEFT JOIN forward_by_id f ON f.id = q.forward"
#define ORDER " ORDER BY q.timestamp, q.id"

/* The newest first: the first that can be prepared is the one. */
static const char *const questions[] = {
	STORED LINKED("additional_info", "a.content") ", q.reply_type, q.reply_time" LINKS
	" LEFT JOIN addinfo_by_id a ON a.id = q.additional_info" ORDER,
	STORED LINKED("additional_info", "a.content") ", NULL, NULL" LINKS
	" LEFT JOIN addinfo_by_id a ON a.id = q.additional_info" ORDER,
	STORED "q.additional_info, NULL, NULL" LINKS ORDER,
	"SELECT q.id, q.timestamp, q.type, q.status, q.domain, q.client, NULL, q.forward,"
	" q.additional_info, NULL, NULL FROM queries q" ORDER,
	"SELECT q.id, q.timestamp, q.type, q.status, q.domain, q.client, NULL, q.forward,"
	" NULL, NULL, NULL FROM queries q" ORDER,
};

static int rc_of(sqlite3 *db, int code)
{
	if (code == SQLITE_ERROR || code == SQLITE_AUTH) /* no such table or column, a view */
		return -EMEDIUMTYPE;
	return store_rc_of(db, code);
}

static const char *text_at(sqlite3_stmt *stmt, int column)
{
	return (const char *)sqlite3_column_text(stmt, column);
}

static int read_rows(sqlite3 *db, sqlite3_stmt *stmt,
		     int (*query)(void *arg, const struct pihole_query *q), void *arg)
{
	int code = SQLITE_DONE, rc = 0;

	while (rc == 0 && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
		bool has_reply = sqlite3_column_type(stmt, COL_REPLY) != SQLITE_NULL;
		bool has_time = sqlite3_column_type(stmt, COL_REPLY_S) != SQLITE_NULL;
		const struct pihole_query q = {
			.id = sqlite3_column_int64(stmt, COL_ID),
			.time_s = sqlite3_column_double(stmt, COL_TIME),
			.type = sqlite3_column_int64(stmt, COL_TYPE),
			.status = sqlite3_column_int64(stmt, COL_STATUS),
			.reply = has_reply ? sqlite3_column_int64(stmt, COL_REPLY) : -1,
			.reply_s = has_time ? sqlite3_column_double(stmt, COL_REPLY_S) : -1,
			.domain = text_at(stmt, COL_DOMAIN),
			.client = text_at(stmt, COL_CLIENT),
			.client_name = text_at(stmt, COL_NAME),
			.forward = text_at(stmt, COL_FORWARD),
			.info = text_at(stmt, COL_INFO),
		};

		rc = query(arg, &q);
	}
	return rc ? rc : rc_of(db, code);
}

static int prepare(sqlite3 *db, sqlite3_stmt **out)
{
	int code = SQLITE_ERROR;

	for (size_t i = 0; i < ARRAY_SIZE(questions) && code == SQLITE_ERROR; i++)
		code = sqlite3_prepare_v2(db, questions[i], -1, out, NULL);
	return code;
}

static bool is_empty(const char *path, const char *suffix)
{
	char beside[PATH_MAX];
	struct stat st;

	if (snprintf(beside, sizeof(beside), "%s%s", path, suffix) >= (int)sizeof(beside))
		return false;
	return stat(beside, &st) < 0 || st.st_size == 0;
}

/* A copy in a folder that we may not write to: where no log or journal lies beside it, nobody
 * writes, and the file is whole. */
static bool is_at_rest(const char *path)
{
	if (strpbrk(path, "?#%") || strncmp(path, "//", 2) == 0) /* no path in a URI */
		return false;
	return is_empty(path, "-wal") && is_empty(path, "-journal");
}

/* @param at_rest  the file is read as it is, without its log and without locks */
static int open_at(const char *path, bool at_rest, sqlite3 **db, sqlite3_stmt **stmt)
{
	char *uri = at_rest ? sqlite3_mprintf("file:%s?immutable=1", path) : NULL;
	int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
	int code = SQLITE_NOMEM;

	if (!at_rest)
		code = sqlite3_open_v2(path, db, flags, NULL);
	else if (uri)
		code = sqlite3_open_v2(uri, db, flags | SQLITE_OPEN_URI, NULL);
	sqlite3_free(uri);
	if (code != SQLITE_OK)
		return code;
	untrusted_bind(*db, TEXT_BYTES_MAX);
	sqlite3_busy_timeout(*db, BUSY_MS);
	return prepare(*db, stmt);
}

int pihole_queries_read(const char *path,
			int (*query)(void *arg, const struct pihole_query *q), void *arg)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	struct stat st;
	int code, rc;

	/* not access(2), which asks what our account may do without its capability */
	if (stat(path, &st) < 0)
		return -errno;
	code = open_at(path, false, &db, &stmt);
	if (((code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY) &&
	    is_at_rest(path)) {
		sqlite3_close(db);
		db = NULL;
		code = open_at(path, true, &db, &stmt);
	}
	rc = rc_of(db, code);
	if (rc == 0)
		rc = read_rows(db, stmt, query, arg);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return rc;
}
