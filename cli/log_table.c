/*
 * Chooses and prints columns of the view `lookups`. An aligned table has the columns that
 * fit a terminal; JSON and CSV have all of the view, in its order.
 */
#include "cli/log_table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/owners.h"
#include "lib/util.h"

#define CELL_MAX 40 /* of a number as text */

/* What people see, in this order, and how wide it usually is. */
static const struct {
	const char *name;
	size_t usual;
} brief[] = {
	{ "time", 19 }, { "who", 13 }, { "name", 32 }, { "type", 5 }, { "verdict", 9 },
	{ "n", 2 },	{ "ms", 7 },   { "list", 8 },  { "answer", 0 },
};

static enum table_kind kind_of(const char *name)
{
	static const char *const numbers[] = { "n",	  "ms",	    "hold_ms", "percent",
					       "blocked", "clients", "names", "p50", "p95" };

	if (strcmp(name, "time") == 0)
		return COLUMN_TIME;
	if (strcmp(name, "first") == 0 || strcmp(name, "last") == 0)
		return COLUMN_MOMENT;
	if (strcmp(name, "verdict") == 0)
		return COLUMN_VERDICT;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (strcmp(name, numbers[i]) == 0)
			return COLUMN_NUMBER;
	}
	return COLUMN_TEXT;
}

/* Index of a column; count if there is none. */
static size_t find(const char *const *names, size_t count, const char *name)
{
	size_t i = 0;

	while (i < count && strcmp(names[i], name) != 0)
		i++;
	return i;
}

/* The table's time comes from `ts`, which is exact; the view's own text is left out. */
static int add_column(struct log_table *t, struct table_column *columns,
		      const char *const *names, size_t count, const char *name)
{
	size_t from = find(names, count, strcmp(name, "time") == 0 ? "ts" : name);

	if (from == count || t->count == TABLE_COLUMNS_MAX)
		return -EPROTO;
	columns[t->count] = (struct table_column){ .name = name, .kind = kind_of(name) };
	t->source[t->count++] = from;
	return 0;
}

int log_table_columns(void *arg, const char *const *names, size_t count)
{
	struct table_column columns[TABLE_COLUMNS_MAX + 1] = { 0 };
	struct log_table *t = arg;
	bool all = t->whole || t->style->format != TABLE_ALIGNED;
	size_t wanted = all ? count : ARRAY_SIZE(brief);
	int rc = 0;

	if (t->table)
		return 0;
	for (size_t i = 0; i < wanted && rc == 0; i++) {
		if (!all)
			rc = add_column(t, columns, names, count, brief[i].name);
		else if (strcmp(names[i], "ts") != 0)
			rc = add_column(t, columns, names, count, names[i]);
	}
	t->owned_at = t->owners ? find(names, count, t->owned) : count;
	if (rc == 0 && t->owners)
		columns[t->count] = (struct table_column){ "owner", COLUMN_TEXT };
	if (rc == 0)
		rc = table_new(t->out, t->style, columns, t->count + (t->owners != NULL),
			       &t->table);
	for (size_t i = 0; i < wanted && rc == 0 && !all && t->endless; i++)
		table_keep_width(t->table, i, brief[i].usual);
	return rc;
}

/* A decimal without the zeros at its end; at most three places. */
static void print_real(double real, char *cell)
{
	int len = snprintf(cell, CELL_MAX, "%.3f", real);

	while (len > 0 && len < CELL_MAX && cell[len - 1] == '0')
		cell[--len] = '\0';
	if (len > 0 && len < CELL_MAX && cell[len - 1] == '.')
		cell[len - 1] = '\0';
}

/* Of a row's address; NULL: it has none, or nobody is known. */
static const char *owner_of(const struct log_table *t, const struct report_value *values,
			    size_t count, char *buf)
{
	const struct report_value *v = t->owned_at < count ? &values[t->owned_at] : NULL;
	const char *text = v && v->type == REPORT_TEXT ? v->text : t->addr;

	return *owners_find_text(t->owners, text, buf) ? buf : NULL;
}

int log_table_row(void *arg, const struct report_value *values, size_t count)
{
	char numbers[TABLE_COLUMNS_MAX][CELL_MAX];
	const char *cells[TABLE_COLUMNS_MAX + 1] = { NULL };
	char owner[OWNERS_TEXT_MAX];
	struct log_table *t = arg;

	if (!t->table)
		return -EPROTO;
	for (size_t i = 0; i < t->count; i++) {
		const struct report_value *v = &values[t->source[i]];

		if (t->source[i] >= count)
			return -EPROTO;
		cells[i] = v->type == REPORT_NULL ? NULL : numbers[i];
		if (v->type == REPORT_TEXT)
			cells[i] = v->text;
		else if (v->type == REPORT_INTEGER)
			snprintf(numbers[i], CELL_MAX, "%" PRId64, v->integer);
		else if (v->type == REPORT_REAL)
			print_real(v->real, numbers[i]);
	}
	if (t->owners)
		cells[t->count] = owner_of(t, values, count, owner);
	t->write_rc = table_row(t->table, cells);
	return t->write_rc;
}

int log_table_flush(struct log_table *t)
{
	int rc = t->table ? table_flush(t->table) : 0;

	if (rc < 0)
		t->write_rc = rc;
	return rc;
}

void log_table_fini(struct log_table *t)
{
	table_free(t->table);
	t->table = NULL;
}
