/* Reads rows of tables of owners; see list_owner.h. */
#include "blocklists/list_owner.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TEXT_MAX (2 * ADDR_TEXT_MAX)

/** Cut a row into its fields, which lose their quotes. @return how many; the rest is left out */
static size_t split(const char *text, struct list_owner_text fields[LIST_OWNER_FIELDS])
{
	char comma = strchr(text, '\t') ? '\t' : ',';
	size_t n = 0;

	while (n < LIST_OWNER_FIELDS) {
		bool quoted = *text == '"';
		const char *end = strchr(text + quoted, quoted ? '"' : comma);
		const char *next;

		if (!end)
			end = text + strlen(text);
		fields[n++] = (struct list_owner_text){ text + quoted,
							(size_t)(end - text) - quoted };
		next = strchr(end, comma);
		if (!next)
			break;
		text = next + 1;
	}
	return n;
}

static bool is_field(const struct list_owner_text *f, const char *text)
{
	return f->len == strlen(text) && !memcmp(f->at, text, f->len);
}

bool list_owner_number(const char *text, size_t len, uint64_t *out)
{
	uint64_t v = 0;

	if (len > 2 && !strncasecmp(text, "AS", 2)) {
		text += 2;
		len -= 2;
	}
	if (!len || len > 10)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		v = v * 10 + (uint64_t)(text[i] - '0');
	}
	*out = v;
	return true;
}

static bool is_country(const char *text, size_t len)
{
	return len == 2 && isupper((unsigned char)text[0]) && isupper((unsigned char)text[1]);
}

static bool has_text(const struct list_owner_text *f, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i + len <= f->len; i++)
		if (!strncasecmp(f->at + i, text, len))
			return true;
	return false;
}

static bool is_of(const char *owner, const struct list_owner *o)
{
	bool by_number = !strncasecmp(owner, "AS", 2);
	bool by_country = is_country(owner, strlen(owner));
	uint64_t wanted;

	if (by_number && list_owner_number(owner, strlen(owner), &wanted))
		return o->has_number && wanted == o->number;
	for (size_t i = 0; i < o->count; i++)
		if (by_country ? is_field(&o->texts[i], owner) : has_text(&o->texts[i], owner))
			return true;
	return false;
}

bool list_owner_is_wanted(const struct list_owner *o, const char *const *owners, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_of(owners[i], o))
			return true;
	return false;
}

/** "start-end" as an IP list has it, so that the same is read, and the same refused. */
static enum list_line_kind read_span(const struct list_owner_text *f, struct list_span *out)
{
	char text[TEXT_MAX];

	if (f[0].len + f[1].len + 2 > sizeof(text) || memchr(f[0].at, '-', f[0].len) ||
	    memchr(f[1].at, '-', f[1].len))
		return LINE_BAD_ADDRESS;
	snprintf(text, sizeof(text), "%.*s-%.*s", (int)f[0].len, f[0].at, (int)f[1].len,
		 f[1].at);
	return list_span_line(text, out);
}

enum list_line_kind list_owner_row(const char *text, struct list_owner_row *out)
{
	size_t n;

	if (!*text)
		return LINE_EMPTY;
	if (*text == '#')
		return LINE_COMMENT;
	n = split(text, out->fields);
	if (n < 3)
		return LINE_BAD_SYNTAX;
	if (!list_owner_number(out->fields[2].at, out->fields[2].len, &out->owner.number))
		return isalpha((unsigned char)*out->fields[0].at) ? LINE_HEADING :
								    LINE_BAD_SYNTAX;
	out->owner.has_number = true;
	out->owner.texts = out->fields + 3;
	out->owner.count = n - 3;
	return LINE_ENTRY;
}

enum list_line_kind list_owner_span(const struct list_owner_row *row, struct list_span *out)
{
	return read_span(row->fields, out);
}

enum list_line_kind list_owner_line(const char *text, const char *const *owners, size_t count,
				    struct list_span *out)
{
	struct list_owner_row row;
	enum list_line_kind kind = list_owner_row(text, &row);

	if (kind != LINE_ENTRY)
		return kind;
	if (!list_owner_is_wanted(&row.owner, owners, count))
		return LINE_NOT_WANTED;
	return list_owner_span(&row, out);
}
