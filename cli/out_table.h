/*
 * The one renderer of every answer: rows of columns come in as text, and leave as an aligned
 * table, as JSON (one object a line) or as CSV. Knows nothing of where rows come from.
 */
#ifndef CLI_OUT_TABLE_H
#define CLI_OUT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table;

#define TABLE_COLUMNS_MAX 24

enum table_format { TABLE_ALIGNED, TABLE_JSON, TABLE_CSV };

struct table_style {
	enum table_format format;
	bool colour;	/* of verdicts, in an aligned table */
	unsigned width; /* of the terminal; 0: nothing is cut */
};

enum table_kind {
	COLUMN_TEXT,
	COLUMN_NUMBER,	/* right-aligned; without quotes in JSON */
	COLUMN_VERDICT, /* a word that may be coloured */
	COLUMN_TIME,	/* the cell is unix time in microseconds: local time in an aligned
			 * table; `time` (RFC 3339) and integer `ts` in JSON and CSV */
	COLUMN_MOMENT,	/* likewise, beside others: only the text (RFC 3339) in JSON and CSV */
	COLUMN_LINE,	/* alone in its table: printed as it is, without a heading */
};

struct table_column {
	const char *name; /* lower case, also the key in JSON; copied */
	enum table_kind kind;
};

/** Begin a table.
 *  @param to     borrowed; outlives the table
 *  @param count  1 to TABLE_COLUMNS_MAX
 *  @retval -EINVAL, -ENOMEM  out untouched */
int table_new(FILE *to, const struct table_style *style,
	      const struct table_column *columns, size_t count, struct table **out);

/** Add a row of as many cells as columns; NULL is no value. Aligned tables hold the first
 *  rows (at most 500) back to learn their widths; a later, wider cell widens its column
 *  from there on.
 *  @retval -ENOMEM
 *  @retval -EPIPE, -ENOSPC, -EIO  writing failed */
int table_row(struct table *t, const char *const *cells);

/** Keep at least `width` screen columns for a column, for rows yet to come; before the first
 *  row. */
void table_keep_width(struct table *t, size_t column, size_t width);

/** Write all that is held; the heading too, even without a row. Same errors as table_row. */
int table_flush(struct table *t);

/** Drop it; what is held and not flushed is lost. NULL is allowed. */
void table_free(struct table *t);

/** The escape sequence that colours a verdict word, or "" for an unknown one. */
const char *table_verdict_colour(const char *verdict);

#define TABLE_COLOUR_END "\033[0m"

#endif
