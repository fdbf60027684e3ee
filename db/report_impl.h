/* Between the report_*.c files only: the connection, and pages of rows in memory. */
#ifndef DB_REPORT_IMPL_H
#define DB_REPORT_IMPL_H

#include <signal.h>

#include "db/report.h"

struct sqlite3;
struct sqlite3_stmt;

#define REPORT_COLUMNS_MAX 24
#define REPORT_ANSWER_ROWS 10000 /* of report_ask */

#define REPORT_ROLLED_VERSION 4 /* the first with sites and roll-ups */

struct report {
	struct sqlite3 *db; /* owned */
	int64_t version;    /* of the tables; at most schema_version() */
	volatile sig_atomic_t is_cancelled;
	uint64_t deadline_us; /* mono; of the statement under way */
	unsigned limit_s;     /* a statement may take this long */
	bool has_columns;     /* of the question under way: given to out->columns */
};

/** Rows read and not yet shown. Zeroed at first; report_page_fini at the end. */
struct report_page {
	struct report_value *values; /* owned; columns x rows */
	size_t rows, columns, room;
	char *text; /* owned; texts of the page, as offsets until it is complete */
	size_t text_len, text_room;
	const char *names[REPORT_COLUMNS_MAX]; /* borrowed from the statement */
};

/** From now on a statement has limit_s. */
void report_deadline(struct report *r);

int report_prepare(struct report *r, const char *sql, struct sqlite3_stmt **out);

/** The first column of a statement's first row; *out is left as it is without a row, or where
 *  it is null. */
int report_number(struct report *r, const char *sql, int64_t *out);

/** 0 or negative errno of a result code; -EINTR and -ETIMEDOUT told apart. */
int report_rc(const struct report *r, int code);

/** Run a prepared, bound statement to its end into page (emptied first), and reset it: no
 *  transaction is open after this. @param most  rows; -E2BIG if there are more */
int report_read(struct report *r, struct sqlite3_stmt *stmt, size_t most,
		struct report_page *page);

/** One statement as a question: ?1 is text (unless NULL), ?2 since_us, ?3 limit, at most
 *  REPORT_ANSWER_ROWS. */
int report_ask(struct report *r, const char *sql, const char *text, int64_t since_us,
	       uint64_t limit, const struct report_out *out);

/** Give a page to the callbacks. */
int report_show(struct report *r, const struct report_page *page, const struct report_out *out);

void report_page_fini(struct report_page *page);

#endif
