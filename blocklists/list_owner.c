/* Reads rows of tables of owners; see list_owner.h. */
#include "blocklists/list_owner.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/util.h"

#define FIELDS_MAX 8
#define TEXT_MAX   (2 * ADDR_TEXT_MAX)

struct field {
	const char *at;
	size_t len;
};

/** Cut a row into its fields, which lose their quotes. @return how many; the rest is left out */
static size_t split(const char *text, struct field fields[FIELDS_MAX])
{
	char comma = strchr(text, '\t') ? '\t' : ',';
	size_t n = 0;

	while (n < FIELDS_MAX) {
		bool quoted = *text == '"';
		const char *end = strchr(text + quoted, quoted ? '"' : comma);
		const char *next;

		if (!end)
			end = text + strlen(text);
		fields[n++] = (struct field){ text + quoted, (size_t)(end - text) - quoted };
		next = strchr(end, comma);
		if (!next)
			break;
		text = next + 1;
	}
	return n;
}

static bool is_field(const struct field *f, const char *text)
{
	return f->len == strlen(text) && !memcmp(f->at, text, f->len);
}

/** A number of up to 10 digits, with "AS" before it or without. */
static bool read_number(const char *text, size_t len, uint64_t *out)
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

static bool is_country(const char *text)
{
	return strlen(text) == 2 && isupper((unsigned char)text[0]) &&
	       isupper((unsigned char)text[1]);
}

static bool has_text(const struct field *f, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i + len <= f->len; i++)
		if (!strncasecmp(f->at + i, text, len))
			return true;
	return false;
}

/** @param f  what stands behind both addresses: the number first */
static bool is_of(const char *owner, uint64_t number, const struct field *f, size_t count)
{
	bool by_number = !strncasecmp(owner, "AS", 2);
	uint64_t wanted;

	if (by_number && read_number(owner, strlen(owner), &wanted))
		return wanted == number;
	for (size_t i = 1; i < count; i++)
		if (is_country(owner) ? is_field(&f[i], owner) : has_text(&f[i], owner))
			return true;
	return false;
}

/** "start-end" as an IP list has it, so that the same is read, and the same refused. */
static enum list_line_kind read_span(const struct field *f, struct list_span *out)
{
	char text[TEXT_MAX];

	if (f[0].len + f[1].len + 2 > sizeof(text) || memchr(f[0].at, '-', f[0].len) ||
	    memchr(f[1].at, '-', f[1].len))
		return LINE_BAD_ADDRESS;
	snprintf(text, sizeof(text), "%.*s-%.*s", (int)f[0].len, f[0].at, (int)f[1].len,
		 f[1].at);
	return list_span_line(text, out);
}

enum list_line_kind list_owner_line(const char *text, const char *const *owners, size_t count,
				    struct list_span *out)
{
	struct field fields[FIELDS_MAX];
	uint64_t number;
	size_t n;

	if (!*text)
		return LINE_EMPTY;
	if (*text == '#')
		return LINE_COMMENT;
	n = split(text, fields);
	if (n < 3)
		return LINE_BAD_SYNTAX;
	if (!read_number(fields[2].at, fields[2].len, &number))
		return isalpha((unsigned char)*fields[0].at) ? LINE_HEADING : LINE_BAD_SYNTAX;
	for (size_t i = 0; i < count; i++)
		if (is_of(owners[i], number, fields + 2, n - 2))
			return read_span(fields, out);
	return LINE_NOT_WANTED;
}
