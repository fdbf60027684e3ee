/*
 * A statement of the user's own, which can only read: the connection is read-only, what a
 * statement may do is asked for piece by piece, and time and memory end. Knows nothing of
 * output.
 */
#ifndef DB_REPORT_QUERY_H
#define DB_REPORT_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "db/report.h"

#define QUERY_ROWS_MAX	  100000
#define QUERY_COLUMNS_MAX 24
#define QUERY_SECONDS_MAX 3600
#define QUERY_WHY_MAX	  512

struct query {
	const char *sql;
	unsigned seconds; /* it may take this long; 1 to QUERY_SECONDS_MAX */
	/* both are set before a callback is called */
	bool is_number[QUERY_COLUMNS_MAX]; /* the column holds numbers and nulls alone */
	char why[QUERY_WHY_MAX];	   /* SQLite's words, where it refuses the statement */
};

/** Ask. The answer is read whole before the first callback, so that a slow reader of it holds
 *  nothing up. The connection is of no other use afterwards.
 *  @retval -EINVAL     not one statement, or a wrong one: q->why
 *  @retval -EPERM      it would do more than read
 *  @retval -E2BIG      too many columns, rows or bytes
 *  @retval -ETIMEDOUT  it took too long; and those of report_log() */
int report_query(struct report *r, struct query *q, const struct report_out *out);

#endif
