/*
 * One statement for each kind of row, by the schema that Pi-hole documents for its gravity
 * database ("docs.pi-hole.net/database/domain-database"), versions 5 and 6. See pihole.h.
 */
#include "db/pihole.h"

#include <errno.h>
#include <sqlite3.h>
#include <stddef.h>
#include <sys/stat.h>

#include "db/untrusted.h"
#include "lib/util.h"

#define TEXT_BYTES_MAX 65536

enum column { COLUMN_ID, COLUMN_TYPE, COLUMN_TEXT, COLUMN_ENABLED, COLUMN_FOR_ALL };

#define FOR_ALL(table, key)                                                                \
	"EXISTS (SELECT 1 FROM " table "_by_group g WHERE g." key " = t.id"                \
	" AND g.group_id = 0)"

/* `older`: the same where a column is not there yet */
static const struct {
	enum pihole_kind kind;
	const char *sql, *older;
} questions[] = {
	{ PIHOLE_LIST,
	  "SELECT id, type, address, enabled, " FOR_ALL("adlist", "adlist_id")
	  " FROM adlist t ORDER BY id",
	  "SELECT id, 0, address, enabled, " FOR_ALL("adlist", "adlist_id")
	  " FROM adlist t ORDER BY id" },
	{ PIHOLE_DOMAIN,
	  "SELECT id, type, domain, enabled, " FOR_ALL("domainlist", "domainlist_id")
	  " FROM domainlist t ORDER BY id", NULL },
	{ PIHOLE_CLIENT, "SELECT id, 0, ip, 1, 0 FROM client ORDER BY id", NULL },
	{ PIHOLE_GROUP, "SELECT id, 0, name, enabled, 0 FROM \"group\" WHERE id <> 0 ORDER BY id",
	  NULL },
};

static int rc_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
		return 0;
	case SQLITE_ERROR: /* no such table or column, or no plain table */
	case SQLITE_AUTH:
		return -EMEDIUMTYPE;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_TOOBIG:
		return -EUCLEAN;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_READONLY:
		return -EACCES;
	default:
		return -EIO;
	}
}

static int read_rows(sqlite3_stmt *stmt, enum pihole_kind kind,
		     int (*on_row)(void *arg, const struct pihole_row *row), void *arg)
{
	int code, rc = 0;

	while (rc == 0 && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(stmt, COLUMN_TEXT);
		const struct pihole_row row = {
			.kind = kind,
			.id = sqlite3_column_int64(stmt, COLUMN_ID),
			.type = sqlite3_column_int64(stmt, COLUMN_TYPE),
			.text = text ? text : "",
			.is_enabled = sqlite3_column_int(stmt, COLUMN_ENABLED) != 0,
			.is_for_all = sqlite3_column_int(stmt, COLUMN_FOR_ALL) != 0,
		};

		rc = on_row(arg, &row);
	}
	return rc ? rc : rc_of(code);
}

static int read_kind(sqlite3 *db, size_t i,
		     int (*on_row)(void *arg, const struct pihole_row *row), void *arg)
{
	sqlite3_stmt *stmt;
	int code = sqlite3_prepare_v2(db, questions[i].sql, -1, &stmt, NULL);
	int rc;

	if (code == SQLITE_ERROR && questions[i].older)
		code = sqlite3_prepare_v2(db, questions[i].older, -1, &stmt, NULL);
	if (code != SQLITE_OK)
		return rc_of(code);
	rc = read_rows(stmt, questions[i].kind, on_row, arg);
	sqlite3_finalize(stmt);
	return rc;
}

int pihole_read(const char *path, int (*row)(void *arg, const struct pihole_row *row),
		void *arg)
{
	sqlite3 *db;
	struct stat st;
	int code, rc = 0;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode)) /* a FIFO would be waited for */
		return -EMEDIUMTYPE;
	code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK)
		untrusted_bind(db, TEXT_BYTES_MAX);
	rc = rc_of(code);
	for (size_t i = 0; i < ARRAY_SIZE(questions) && rc == 0; i++)
		rc = read_kind(db, i, row, arg);
	sqlite3_close(db);
	return rc;
}
