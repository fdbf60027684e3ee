/* The reading connection, and the questions that are one statement; see report.h. */
#include "db/report.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/report_impl.h"
#include "db/schema.h"
#include "db/store.h"
#include "lib/clock.h"
#include "lib/util.h"

#define BUSY_MS		 2000
#define PROGRESS_OPS	 20000 /* some hundred microseconds */
#define SECOND_US	 1000000ull
#define PAGE_TEXT_MAX	 (64u << 20)

/* The dictionary is read first, so no row is joined that is not counted. */
static const char asked_sql[] =
	"SELECT coalesce(d.label, c.addr) AS who, sum(l.n) AS n,"
	" strftime('%Y-%m-%dT%H:%M:%fZ', max(l.ts) / 1000000.0, 'unixepoch') AS last"
	" FROM lookup l LEFT JOIN client c ON c.id = l.client_id"
	" LEFT JOIN device d ON d.id = c.device_id"
	" WHERE l.ts >= ?2 AND (l.name = ?1 OR"
	" l.name_id IN (SELECT id FROM name WHERE name = ?1))"
	" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?3";
static const char refusals_sql[] =
	"SELECT * FROM refusals WHERE ts >= ?2 ORDER BY ts DESC LIMIT ?3";
static const char events_sql[] =
	"SELECT * FROM events WHERE ts >= ?2 ORDER BY ts DESC LIMIT ?3";

/* --- the connection ----------------------------------------------------------------- */

static int on_progress(void *arg)
{
	struct report *r = arg;

	return r->is_cancelled || clock_mono_us() > r->deadline_us;
}

int report_rc(const struct report *r, int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_INTERRUPT:
		return r->is_cancelled ? -EINTR : -ETIMEDOUT;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CANTOPEN:
		return sqlite3_system_errno(r->db) == ENOENT ? -ENOENT : -EACCES;
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY:
		return -EACCES;
	default:
		return -EIO;
	}
}

void report_deadline(struct report *r)
{
	r->deadline_us = clock_mono_us() + r->limit_s * SECOND_US;
}

int report_prepare(struct report *r, const char *sql, sqlite3_stmt **out)
{
	report_deadline(r);
	return report_rc(r, sqlite3_prepare_v2(r->db, sql, -1, out, NULL));
}

int report_number(struct report *r, const char *sql, int64_t *out)
{
	sqlite3_stmt *stmt;
	int rc = report_prepare(r, sql, &stmt);
	int code;

	if (rc)
		return rc;
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
		*out = sqlite3_column_int64(stmt, 0);
	rc = report_rc(r, code);
	sqlite3_finalize(stmt);
	return rc;
}

static int check_identity(struct report *r)
{
	int64_t id = 0, version = 0;
	int rc = report_number(r, "PRAGMA application_id", &id);

	if (!rc)
		rc = report_number(r, "PRAGMA user_version", &version);
	if (rc)
		return rc;
	if (id != SCHEMA_APPLICATION_ID)
		return -EMEDIUMTYPE;
	r->version = version;
	return version <= schema_version() ? 0 : -EPROTO; /* an older one has less to say */
}

int report_open(const char *path, struct report **out)
{
	struct report *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return -ENOMEM;
	store_library_init();
	r->limit_s = REPORT_STATEMENT_S;
	rc = report_rc(r, sqlite3_open_v2(path, &r->db,
					  SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL));
	if (!rc) {
		sqlite3_busy_timeout(r->db, BUSY_MS);
		sqlite3_db_config(r->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
		sqlite3_progress_handler(r->db, PROGRESS_OPS, on_progress, r);
		rc = check_identity(r);
	}
	if (rc == -ENOENT && !access(path, F_OK))
		rc = -EACCES; /* it is the -wal that is missing, and not ours to make */
	if (rc) {
		report_close(r);
		return rc;
	}
	*out = r;
	return 0;
}

void report_close(struct report *r)
{
	if (!r)
		return;
	sqlite3_close(r->db);
	free(r);
}

void report_cancel(struct report *r)
{
	r->is_cancelled = 1;
}

/* --- pages -------------------------------------------------------------------------- */

void report_page_fini(struct report_page *page)
{
	free(page->values);
	free(page->text);
	*page = (struct report_page){ 0 };
}

static int make_room(struct report_page *page)
{
	struct report_value *values;
	size_t room = page->room ? page->room * 2 : 64;

	if (page->rows < page->room)
		return 0;
	values = reallocarray(page->values, room * page->columns, sizeof(*values));
	if (!values)
		return -ENOMEM;
	page->values = values;
	page->room = room;
	return 0;
}

/* Copy a text; the value holds its offset until the page is complete, for text may move. */
static int keep_text(struct report_page *page, const char *from, size_t len,
		     struct report_value *v)
{
	if (page->text_len + len + 1 > page->text_room) {
		size_t room = MAX(page->text_room * 2, page->text_len + len + 4096);
		char *text;

		if (room > PAGE_TEXT_MAX)
			return -E2BIG;
		text = realloc(page->text, room);
		if (!text)
			return -ENOMEM;
		page->text = text;
		page->text_room = room;
	}
	v->integer = (int64_t)page->text_len;
	memcpy(page->text + page->text_len, from, len);
	page->text[page->text_len + len] = '\0';
	page->text_len += len + 1;
	return 0;
}

/* No view has one; a statement of the user's own may. */
static int keep_blob(struct report_page *page, sqlite3_stmt *stmt, int i,
		     struct report_value *v)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *from = sqlite3_column_blob(stmt, i);
	size_t bytes = (size_t)sqlite3_column_bytes(stmt, i);
	char *hex = malloc(2 * bytes + 1);
	int rc;

	if (!hex)
		return -ENOMEM;
	for (size_t k = 0; k < bytes; k++) {
		hex[2 * k] = digits[from[k] >> 4];
		hex[2 * k + 1] = digits[from[k] & 15];
	}
	v->type = REPORT_TEXT;
	rc = keep_text(page, hex, 2 * bytes, v);
	free(hex);
	return rc;
}

static int keep_value(struct report_page *page, sqlite3_stmt *stmt, int i,
		      struct report_value *v)
{
	*v = (struct report_value){ .type = REPORT_NULL };
	switch (sqlite3_column_type(stmt, i)) {
	case SQLITE_INTEGER:
		v->type = REPORT_INTEGER;
		v->integer = sqlite3_column_int64(stmt, i);
		return 0;
	case SQLITE_FLOAT:
		v->type = REPORT_REAL;
		v->real = sqlite3_column_double(stmt, i);
		return 0;
	case SQLITE_TEXT:
		v->type = REPORT_TEXT;
		return keep_text(page, (const char *)sqlite3_column_text(stmt, i),
				 (size_t)sqlite3_column_bytes(stmt, i), v);
	case SQLITE_BLOB:
		return keep_blob(page, stmt, i, v);
	default:
		return 0;
	}
}

static int keep_row(struct report_page *page, sqlite3_stmt *stmt)
{
	int rc = make_room(page);

	for (size_t i = 0; i < page->columns && !rc; i++)
		rc = keep_value(page, stmt, (int)i,
				&page->values[page->rows * page->columns + i]);
	if (!rc)
		page->rows++;
	return rc;
}

int report_read(struct report *r, sqlite3_stmt *stmt, size_t most, struct report_page *page)
{
	size_t columns = (size_t)sqlite3_column_count(stmt);
	int code, rc = 0;

	if (columns > REPORT_COLUMNS_MAX)
		return -E2BIG;
	if (columns != page->columns)
		report_page_fini(page);
	page->columns = columns;
	page->rows = 0;
	page->text_len = 0;
	report_deadline(r);
	while (!rc && (code = sqlite3_step(stmt)) == SQLITE_ROW)
		rc = page->rows < most ? keep_row(page, stmt) : -E2BIG;
	/* not before: the first step may prepare the statement again, which frees the names */
	for (size_t i = 0; i < columns; i++)
		page->names[i] = sqlite3_column_name(stmt, (int)i);
	if (!rc)
		rc = report_rc(r, code);
	sqlite3_reset(stmt); /* ends the transaction */
	for (size_t i = 0; i < page->rows * columns; i++)
		if (page->values[i].type == REPORT_TEXT)
			page->values[i].text = page->text + page->values[i].integer;
	return rc;
}

int report_show(struct report *r, const struct report_page *page, const struct report_out *out)
{
	int rc = 0;

	if (!r->has_columns) {
		r->has_columns = true;
		rc = out->columns(out->arg, page->names, page->columns);
	}
	for (size_t i = 0; i < page->rows && !rc; i++)
		rc = out->row(out->arg, &page->values[i * page->columns], page->columns);
	return rc;
}

/* --- single statements -------------------------------------------------------------- */

int report_ask(struct report *r, const char *sql, const char *text, int64_t since_us,
	       uint64_t limit, const struct report_out *out)
{
	struct report_page page = { 0 };
	sqlite3_stmt *stmt;
	int rc = report_prepare(r, sql, &stmt);

	if (rc)
		return rc;
	r->has_columns = false;
	if (text)
		sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, since_us);
	sqlite3_bind_int64(stmt, 3, (int64_t)MIN(limit, (uint64_t)REPORT_ANSWER_ROWS));
	rc = report_read(r, stmt, REPORT_ANSWER_ROWS, &page);
	if (!rc)
		rc = report_show(r, &page, out);
	sqlite3_finalize(stmt);
	report_page_fini(&page);
	return rc;
}

int report_asked(struct report *r, const char *name, int64_t since_us,
		 const struct report_out *out)
{
	return report_ask(r, asked_sql, name, since_us, REPORT_ANSWER_ROWS, out);
}

int report_refusals(struct report *r, int64_t since_us, uint64_t limit,
		    const struct report_out *out)
{
	return report_ask(r, refusals_sql, NULL, since_us, limit, out);
}

int report_events(struct report *r, int64_t since_us, uint64_t limit,
		  const struct report_out *out)
{
	return report_ask(r, events_sql, NULL, since_us, limit, out);
}
