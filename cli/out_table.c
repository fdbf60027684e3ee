/*
 * Renders tables. Every cell is escaped here, so that a name from the network can neither
 * move the cursor nor add a row, a key or a formula.
 */
#include "cli/out_table.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/text_buf.h"
#include "cli/when.h"
#include "lib/util.h"

#define TABLE_HELD_MAX	500 /* rows */
#define TABLE_GAP	2   /* spaces between columns */
#define TABLE_WIDTH_MAX 60  /* a longer cell moves its row instead of all rows */
#define TABLE_CUT_MIN	12  /* the last column is not cut to less */

struct column {
	char *name; /* owned */
	enum table_kind kind;
	size_t width;
};

struct table {
	FILE *to; /* borrowed */
	struct table_style style;
	size_t count;
	struct column columns[TABLE_COLUMNS_MAX];
	char **held; /* owned rows: count cells, each ended by NUL */
	size_t held_count;
	bool began; /* the heading is out */
	struct text_buf buf;
};

const char *table_verdict_colour(const char *verdict)
{
	static const struct {
		const char *word;
		const char *colour;
	} words[] = {
		{ "blocked", "\033[31m" },     { "refused", "\033[31m" },
		{ "failed", "\033[31m" },      { "gate-failed", "\033[31m" },
		{ "rebind", "\033[31m" },
		{ "would-refuse", "\033[33m" }, { "stale", "\033[33m" },
		{ "forwarded", "\033[32m" },   { "cached", "\033[32m" },
		{ "local", "\033[32m" },       { "allowed", "\033[32m" },
		{ "passes", "\033[32m" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t len = strlen(words[i].word);

		if (strncasecmp(verdict, words[i].word, len) == 0 &&
		    (verdict[len] == '\0' || verdict[len] == '-'))
			return words[i].colour;
	}
	return "";
}

static int write_out(struct table *t)
{
	size_t done;

	if (t->buf.failed)
		return -ENOMEM;
	errno = 0;
	done = t->buf.len ? fwrite(t->buf.bytes, 1, t->buf.len, t->to) : 0;
	if (done != t->buf.len || ferror(t->to))
		return errno ? -errno : -EIO;
	text_reset(&t->buf);
	return 0;
}

static bool is_time(enum table_kind kind)
{
	return kind == COLUMN_TIME || kind == COLUMN_MOMENT;
}

/* Microseconds in such a cell. */
static int64_t cell_time(const char *cell)
{
	return cell ? strtoll(cell, NULL, 10) : 0;
}

static void add_json_cell(struct table *t, const struct column *c, const char *cell)
{
	char time[WHEN_TEXT_MAX];

	text_add(&t->buf, ",", 1);
	text_add_json(&t->buf, c->name);
	text_add(&t->buf, ":", 1);
	if (!cell) {
		text_add_string(&t->buf, "null");
	} else if (c->kind == COLUMN_TIME) {
		text_add_json(&t->buf, when_rfc3339(cell_time(cell), time));
		text_add_string(&t->buf, ",\"ts\":");
		text_add_string(&t->buf, text_is_number(cell) ? cell : "null");
	} else if (c->kind == COLUMN_MOMENT) {
		text_add_json(&t->buf, when_rfc3339(cell_time(cell), time));
	} else if (c->kind == COLUMN_NUMBER && text_is_number(cell)) {
		text_add_string(&t->buf, cell);
	} else {
		text_add_json(&t->buf, cell);
	}
}

static int row_json(struct table *t, const char *const *cells)
{
	text_add_string(&t->buf, "{\"v\":1");
	for (size_t i = 0; i < t->count; i++)
		add_json_cell(t, &t->columns[i], cells[i]);
	text_add_string(&t->buf, "}\n");
	return write_out(t);
}

static void add_csv_heading(struct table *t)
{
	for (size_t i = 0; i < t->count; i++) {
		if (i)
			text_add(&t->buf, ",", 1);
		text_add_csv(&t->buf, t->columns[i].name);
		if (t->columns[i].kind == COLUMN_TIME)
			text_add_string(&t->buf, ",ts");
	}
	text_add_string(&t->buf, "\r\n");
	t->began = true;
}

static void add_csv_cell(struct table *t, const struct column *c, const char *cell)
{
	char time[WHEN_TEXT_MAX];

	if (c->kind == COLUMN_TIME) {
		text_add_csv(&t->buf, cell ? when_rfc3339(cell_time(cell), time) : "");
		text_add(&t->buf, ",", 1);
		text_add_string(&t->buf, cell && text_is_number(cell) ? cell : "");
	} else if (cell && c->kind == COLUMN_MOMENT) {
		text_add_csv(&t->buf, when_rfc3339(cell_time(cell), time));
	} else if (cell && c->kind == COLUMN_NUMBER && text_is_number(cell)) {
		text_add_string(&t->buf, cell);
	} else {
		text_add_csv(&t->buf, cell ? cell : "");
	}
}

static int row_csv(struct table *t, const char *const *cells)
{
	if (!t->began)
		add_csv_heading(t);
	for (size_t i = 0; i < t->count; i++) {
		if (i)
			text_add(&t->buf, ",", 1);
		add_csv_cell(t, &t->columns[i], cells[i]);
	}
	text_add_string(&t->buf, "\r\n");
	return write_out(t);
}

static void add_spaces(struct text_buf *b, size_t n)
{
	while (n--)
		text_add(b, " ", 1);
}

/* One aligned cell at screen column `at`; returns the screen column behind it. */
static size_t add_aligned_cell(struct table *t, size_t i, const char *cell, bool heading,
			       size_t at)
{
	const struct column *c = &t->columns[i];
	bool last = i + 1 == t->count;
	size_t width = text_width(cell);
	size_t pad = c->width > width ? c->width - width : 0;
	const char *colour = "";

	if (t->style.colour && c->kind == COLUMN_VERDICT && !heading)
		colour = table_verdict_colour(cell);
	if (c->kind == COLUMN_NUMBER)
		add_spaces(&t->buf, pad);
	text_add_string(&t->buf, colour);
	if (last && c->kind == COLUMN_TEXT && t->style.width >= at + TABLE_CUT_MIN &&
	    width > t->style.width - at) {
		width = t->style.width - at;
		text_add(&t->buf, cell, text_prefix(cell, width - 1));
		text_add_string(&t->buf, "…");
	} else {
		text_add_string(&t->buf, cell);
	}
	if (*colour)
		text_add_string(&t->buf, TABLE_COLOUR_END);
	if (last)
		return at + width;
	add_spaces(&t->buf, TABLE_GAP + (c->kind == COLUMN_NUMBER ? 0 : pad));
	return at + width + pad + TABLE_GAP;
}

static void add_heading(struct table *t)
{
	size_t at = 0;

	t->began = true;
	if (t->columns[0].kind == COLUMN_LINE)
		return;
	for (size_t i = 0; i < t->count; i++) {
		char upper[64];
		size_t k = 0;

		for (; k < sizeof(upper) - 1 && t->columns[i].name[k]; k++)
			upper[k] = (char)toupper((unsigned char)t->columns[i].name[k]);
		upper[k] = '\0';
		at = add_aligned_cell(t, i, upper, true, at);
	}
	text_add(&t->buf, "\n", 1);
}

/* The cells of one row as they will be printed, in one block owned by the caller. */
static char *aligned_cells(const struct table *t, const char *const *cells)
{
	struct text_buf row = { 0 };
	char time[WHEN_TEXT_MAX];

	for (size_t i = 0; i < t->count; i++) {
		const char *cell = cells[i];

		if (cell && is_time(t->columns[i].kind))
			cell = when_text(cell_time(cell), time);
		if (t->columns[i].kind == COLUMN_LINE)
			text_add_escaped(&row, cell ? cell : "", true);
		else
			text_add_escaped(&row, cell && *cell ? cell : "-", false);
		text_add(&row, "", 1);
	}
	if (row.failed) {
		text_fini(&row);
		return NULL;
	}
	return row.bytes;
}

static int print_aligned(struct table *t, const char *cells)
{
	size_t at = 0;

	if (!t->began)
		add_heading(t);
	for (size_t i = 0; i < t->count; i++) {
		at = add_aligned_cell(t, i, cells, false, at);
		cells += strlen(cells) + 1;
	}
	text_add(&t->buf, "\n", 1);
	return write_out(t);
}

static int release_held(struct table *t)
{
	int rc = 0;

	for (size_t i = 0; i < t->held_count; i++) {
		if (rc == 0)
			rc = print_aligned(t, t->held[i]);
		free(t->held[i]);
	}
	t->held_count = 0;
	return rc;
}

/* Widen columns for a row; a very long cell moves its own row instead. */
static void fit(struct table *t, const char *cell)
{
	for (size_t i = 0; i < t->count; i++) {
		size_t width = text_width(cell);

		if (width <= TABLE_WIDTH_MAX)
			t->columns[i].width = MAX(t->columns[i].width, width);
		cell += strlen(cell) + 1;
	}
}

static int row_aligned(struct table *t, const char *const *cells)
{
	char *row = aligned_cells(t, cells);
	int rc;

	if (!row)
		return -ENOMEM;
	fit(t, row);
	if (t->began) {
		rc = print_aligned(t, row);
		free(row);
		return rc;
	}
	t->held[t->held_count++] = row;
	return t->held_count == TABLE_HELD_MAX ? release_held(t) : 0;
}

int table_new(FILE *to, const struct table_style *style,
	      const struct table_column *columns, size_t count, struct table **out)
{
	struct table *t;

	if (count == 0 || count > TABLE_COLUMNS_MAX)
		return -EINVAL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->to = to;
	t->style = *style;
	for (size_t i = 0; i < count; i++) {
		t->columns[i].kind = columns[i].kind;
		t->columns[i].width = strlen(columns[i].name);
		t->columns[i].name = strdup(columns[i].name);
		t->count++;
		if (!t->columns[i].name)
			goto err_free;
	}
	t->held = calloc(TABLE_HELD_MAX, sizeof(*t->held));
	if (!t->held)
		goto err_free;
	*out = t;
	return 0;

err_free:
	table_free(t);
	return -ENOMEM;
}

void table_keep_width(struct table *t, size_t column, size_t width)
{
	t->columns[column].width = MAX(t->columns[column].width, width);
}

int table_row(struct table *t, const char *const *cells)
{
	switch (t->style.format) {
	case TABLE_JSON:
		return row_json(t, cells);
	case TABLE_CSV:
		return row_csv(t, cells);
	default:
		return row_aligned(t, cells);
	}
}

int table_flush(struct table *t)
{
	int rc = release_held(t);

	if (!t->began && t->style.format == TABLE_CSV)
		add_csv_heading(t);
	if (!t->began && t->style.format == TABLE_ALIGNED)
		add_heading(t);
	if (rc == 0)
		rc = write_out(t);
	if (fflush(t->to) != 0 && rc == 0)
		rc = -errno;
	return rc;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->held_count; i++)
		free(t->held[i]);
	for (size_t i = 0; i < t->count; i++)
		free(t->columns[i].name);
	free(t->held);
	text_fini(&t->buf);
	free(t);
}
