/*
 * Rows as the text format of PostgreSQL's COPY: what strangers wrote can end neither a value
 * nor a row, and is valid UTF-8. Knows nothing of servers.
 */
#ifndef EXPORT_PG_ROWS_H
#define EXPORT_PG_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PG_TIME_MAX 48

/** Zeroed at start. */
struct pg_rows {
	char *bytes; /* owned */
	size_t len, size;
	bool has_value; /* the row under way */
	int failed; /* 0 or -ENOMEM; then adding does nothing more */
};

void pg_rows_reset(struct pg_rows *r);
void pg_rows_fini(struct pg_rows *r);

/** Add a value to the row under way; NULL is null. What is not UTF-8 becomes '?', byte by
 *  byte. */
void pg_rows_add(struct pg_rows *r, const char *text);
void pg_rows_end(struct pg_rows *r);

/** Unix time in microseconds as a timestamptz ("2026-09-21 14:13:20.000123+00"), in buf of
 *  PG_TIME_MAX bytes; returns buf. */
const char *pg_time(int64_t us, char *buf);

/** Months since the year 0 in UTC; and the first moment of one. */
int64_t pg_month_of(int64_t us);
int64_t pg_month_start_us(int64_t month);

#endif
