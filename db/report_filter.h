/*
 * The filters of a question as conditions on the columns of the view `lookups`. Values are
 * bound, never part of the text. Between the report_*.c files only.
 */
#ifndef DB_REPORT_FILTER_H
#define DB_REPORT_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "db/report.h"
#include "lib/util.h"

struct sqlite3_stmt;

#define REPORT_SQL_MAX 8192

/** A statement being put together. Zeroed at first. */
struct report_sql {
	char text[REPORT_SQL_MAX];
	size_t len;
	bool is_full; /* something did not fit: it is of no use */
};

void report_sql_add(struct report_sql *sql, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** Add " AND (...)" for each field that q filters; the values are the parameters from
 *  first_param on. */
void report_filter_add(struct report_sql *sql, const struct report_log *q,
		       unsigned first_param);

/** Bind the values. @retval -EINVAL  one is too long; -ENOMEM */
int report_filter_bind(struct sqlite3_stmt *stmt, const struct report_log *q,
		       unsigned first_param);

/** The same filters for texts in memory. */
struct report_globs;

/** @retval -EINVAL  a value is too long; -ENOMEM */
int report_globs_new(const struct report_log *q, struct report_globs **out);
void report_globs_free(struct report_globs *g);

/** Whether any of them looks at a field. */
bool report_globs_have(const struct report_globs *g, enum report_field field);

/** Whether a row with this text in a field passes what is said of the field.
 *  @param text   NULL: the row has none
 *  @param other  what the field is compared with as well, or NULL */
bool report_globs_pass(const struct report_globs *g, enum report_field field, const char *text,
		       const char *other);

/** What a question is about: a name with `*` for any characters, or a plain text. */
struct report_subject {
	const char *text;
	bool is_pattern;
};

#define REPORT_RANGED_PARAM 5 /* the first of the filters */

/** Ask one statement and show its answer: ?1 and ?2 are q's range, ?3 its limit (at most
 *  REPORT_ANSWER_ROWS), ?4 the subject where there is one, then the filters.
 *  @retval -EINVAL  the subject or a filter is too long; else those of report_log() */
int report_ranged(struct report *r, const char *sql, const struct report_log *q,
		  const struct report_subject *subject, const struct report_out *out);

#endif
