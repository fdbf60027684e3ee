/* Tables of owners by address; see owner_table.h. A table of text is held as sorted rows. */
#include "blocklists/owner_table.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blocklists/list_buf.h"
#include "blocklists/list_file.h"
#include "blocklists/list_mmdb.h"
#include "blocklists/list_owner.h"

struct row {
	uint8_t table; /* of struct list_span; rows are in the order of table and lo */
	uint8_t lo[16], hi[16];
	uint32_t text; /* in texts */
};

struct owner_table {
	struct list_mmdb *mmdb; /* owned; NULL: rows */
	struct list_buf rows, texts;
};

/* --- the text of an owner ------------------------------------------------------------- */

/** Append what fits, without what is no character of a line. */
static size_t add(char *buf, size_t len, const char *text, size_t n)
{
	while (n-- && len < OWNER_TEXT_MAX - 1) {
		buf[len++] = iscntrl((unsigned char)*text) ? ' ' : *text;
		text++;
	}
	buf[len] = '\0';
	return len;
}

static bool is_country(const struct list_owner_text *t)
{
	return t->len == 2 && isupper((unsigned char)t->at[0]) &&
	       isupper((unsigned char)t->at[1]);
}

/** @retval false  it says nothing */
static bool owner_text(const struct list_owner *o, char *buf)
{
	size_t len = 0;

	*buf = '\0';
	if (o->has_number) /* 0 in tables: nobody announces it */
		len = o->number ? (size_t)snprintf(buf, OWNER_TEXT_MAX, "AS%" PRIu64, o->number) : 0;
	for (int countries = 0; countries < 2; countries++) {
		for (size_t i = 0; i < o->count; i++) {
			const struct list_owner_text *t = &o->texts[i];

			if (!t->len || is_country(t) != countries)
				continue;
			if (len)
				len = add(buf, len, countries ? ", " : " ", countries ? 2 : 1);
			len = add(buf, len, t->at, t->len);
			break;
		}
	}
	return len;
}

/* --- tables of text ------------------------------------------------------------------- */

/** Rows of one owner mostly follow one another: the text is kept once then. */
static int keep_text(struct owner_table *t, const char *text, uint32_t *last)
{
	size_t len = strlen(text) + 1;
	char *to;

	if (t->texts.len && !strcmp((const char *)t->texts.bytes + *last, text))
		return 0;
	if (t->texts.len + len > OWNER_TEXTS_MAX)
		return -E2BIG;
	*last = (uint32_t)t->texts.len;
	to = list_buf_add(&t->texts, len);
	if (!to)
		return -ENOMEM;
	memcpy(to, text, len);
	return 0;
}

static int keep_row(struct owner_table *t, const char *line, uint32_t *last)
{
	struct list_owner_row row;
	char text[OWNER_TEXT_MAX];
	struct list_span span;
	struct row *to;
	int rc;

	if (list_owner_row(line, &row) != LINE_ENTRY || !owner_text(&row.owner, text) ||
	    list_owner_span(&row, &span) != LINE_SPAN)
		return 0;
	if (t->rows.len / sizeof(*to) >= OWNER_ROWS_MAX)
		return -E2BIG;
	rc = keep_text(t, text, last);
	to = rc ? NULL : list_buf_add(&t->rows, sizeof(*to));
	if (!to)
		return rc ? rc : -ENOMEM;
	*to = (struct row){ .table = span.table, .text = *last };
	memcpy(to->lo, span.lo, 16);
	memcpy(to->hi, span.hi, 16);
	return 0;
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	return memcmp(x->lo, y->lo, 16);
}

static int read_rows(struct owner_table *t, int fd)
{
	struct list_reader r;
	uint32_t last = 0;
	char *line = malloc(LIST_LINE_MAX + 1);
	const char *text;
	size_t len;
	int rc = line ? list_reader_init(&r, fd, NULL, 0) : -ENOMEM;

	if (rc) {
		free(line);
		return rc;
	}
	while (!rc && (rc = list_reader_next(&r, &text, &len)) > 0) {
		rc = 0;
		if (!text || memchr(text, '\0', len))
			continue;
		len -= len && text[len - 1] == '\r';
		memcpy(line, text, len);
		line[len] = '\0';
		rc = keep_row(t, line, &last);
	}
	list_reader_fini(&r);
	free(line);
	if (rc && rc != -E2BIG) /* what there was room for is good */
		return rc;
	if (!t->rows.len)
		return -ENODATA;
	qsort(t->rows.bytes, t->rows.len / sizeof(struct row), sizeof(struct row), compare_rows);
	return 0;
}

/** The last row that begins at or before the address; tables do not overlap. */
static bool find_row(const struct owner_table *t, const struct addr *a, char *buf)
{
	const struct row *rows = (const struct row *)t->rows.bytes;
	size_t lo = 0, hi = t->rows.len / sizeof(*rows);
	struct row key = { .table = a->family == AF_INET ? TABLE_ANSWER4 : TABLE_ANSWER6 };

	list_span_key(a, key.lo);
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare_rows(&rows[mid], &key) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || rows[lo - 1].table != key.table || memcmp(key.lo, rows[lo - 1].hi, 16) > 0)
		return false;
	strcpy(buf, (const char *)t->texts.bytes + rows[lo - 1].text);
	return true;
}

/* --- both ----------------------------------------------------------------------------- */

int owner_table_open(int fd, struct owner_table **out)
{
	struct owner_table *t = calloc(1, sizeof(*t));
	int rc;

	if (!t)
		return -ENOMEM;
	rc = list_mmdb_is(fd, NULL, 0) ? list_mmdb_open(fd, NULL, 0, &t->mmdb) :
					 read_rows(t, fd);
	if (rc)
		owner_table_close(t);
	else
		*out = t;
	return rc;
}

void owner_table_close(struct owner_table *t)
{
	if (!t)
		return;
	list_mmdb_close(t->mmdb);
	list_buf_free(&t->rows);
	list_buf_free(&t->texts);
	free(t);
}

bool owner_table_find(const struct owner_table *t, const struct addr *a, char *buf)
{
	struct list_mmdb_owner owner;
	char text[OWNER_TEXT_MAX];

	if (!addr_len(a))
		return false;
	if (!t->mmdb)
		return find_row(t, a, buf);
	if (!list_mmdb_find(t->mmdb, a, &owner) || !owner_text(&owner.owner, text))
		return false;
	strcpy(buf, text);
	return true;
}
