/*
 * Answers of the history as a table: which columns people see and which programs get, and
 * the values as text. Of lookups, people see few columns; other answers are `whole`. Knows nothing of where the rows come from.
 */
#ifndef CLI_LOG_TABLE_H
#define CLI_LOG_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/out_table.h"
#include "db/report.h"

/** Zeroed at start, but for its first members. */
struct log_table {
	FILE *out;			 /* borrowed */
	const struct table_style *style; /* borrowed */
	bool endless;			 /* keep room for rows yet to come */
	bool whole;			 /* people see every column, too */
	struct owners *owners;		 /* borrowed; not NULL: a last column `owner` */
	const char *owned; /* of the column that begins with an address, whose owner is meant */
	const char *addr;  /* the address of rows without one there; NULL: they have none */
	struct table *table;		 /* owned */
	size_t count;
	size_t source[TABLE_COLUMNS_MAX]; /* index of the history's column for each of ours */
	size_t owned_at; /* index of the history's column `owned` */
	int write_rc;			  /* why a row could not be written */
};

/** Callbacks of struct report_out; arg is the log_table. A second heading with the same
 *  columns goes on with the same table.
 *  @retval -EPROTO  a column that is needed is missing; else the results of out_table.h */
int log_table_columns(void *arg, const char *const *names, size_t count);
int log_table_row(void *arg, const struct report_value *values, size_t count);

/** Results of table_flush; 0 before any heading came. */
int log_table_flush(struct log_table *t);

void log_table_fini(struct log_table *t);

#endif
