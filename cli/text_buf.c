/*
 * Text that grows, and the escaping of hostile text. Escaped output never holds a byte that
 * moves a terminal's cursor, starts an escape sequence or turns the writing direction.
 */
#include "cli/text_buf.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_FIRST_SIZE 512

static bool text_reserve(struct text_buf *b, size_t more)
{
	size_t size = b->size ? b->size : TEXT_FIRST_SIZE;
	char *bytes;

	if (b->failed)
		return false;
	if (b->size - b->len >= more)
		return true;
	while (size - b->len < more) {
		if (size > SIZE_MAX / 2)
			goto err_failed;
		size *= 2;
	}
	bytes = realloc(b->bytes, size);
	if (!bytes)
		goto err_failed;
	b->bytes = bytes;
	b->size = size;
	return true;

err_failed:
	b->failed = true;
	return false;
}

/* Length of the UTF-8 sequence at p (RFC 3629: shortest form, no surrogate), 0 if it is none. */
static size_t utf8_decode(const unsigned char *p, uint32_t *out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : 4;
	uint32_t point;

	if (len == 1) {
		*out = p[0];
		return 1;
	}
	if (len == 4 && p[0] >> 3 != 30)
		return 0;
	point = p[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		point = point << 6 | (p[i] & 0x3f);
	}
	if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return 0;
	*out = point;
	return len;
}

/* C0, DEL, C1, line and paragraph separators, and the bidirectional controls of Unicode. */
static bool is_unsafe(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x61c ||
	       (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

static void add_decimal_escapes(struct text_buf *b, const unsigned char *p, size_t len)
{
	char escape[8];

	for (size_t i = 0; i < len; i++) {
		snprintf(escape, sizeof(escape), "\\%03u", p[i]);
		text_add(b, escape, 4);
	}
}

void text_reset(struct text_buf *b)
{
	b->len = 0;
	b->failed = false;
}

void text_fini(struct text_buf *b)
{
	free(b->bytes);
	memset(b, 0, sizeof(*b));
}

void text_add(struct text_buf *b, const char *bytes, size_t len)
{
	if (len == 0 || !text_reserve(b, len))
		return;
	memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
}

void text_add_string(struct text_buf *b, const char *s)
{
	text_add(b, s, strlen(s));
}

void text_add_escaped(struct text_buf *b, const char *s, bool keep_tabs)
{
	const unsigned char *p = (const unsigned char *)s;

	while (*p) {
		uint32_t point = 0;
		size_t len = utf8_decode(p, &point);

		if (len == 0 || (is_unsafe(point) && !(keep_tabs && point == '\t')))
			add_decimal_escapes(b, p, len ? len : 1);
		else
			text_add(b, (const char *)p, len);
		p += len ? len : 1;
	}
}

void text_add_json(struct text_buf *b, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	char escape[8];

	text_add(b, "\"", 1);
	while (*p) {
		uint32_t point = 0;
		size_t len = utf8_decode(p, &point);

		if (len == 0) {
			snprintf(escape, sizeof(escape), "\\\\%03u", *p);
			text_add_string(b, escape);
		} else if (point == '"' || point == '\\') {
			text_add(b, "\\", 1);
			text_add(b, (const char *)p, len);
		} else if (is_unsafe(point)) {
			snprintf(escape, sizeof(escape), "\\u%04x", point & 0xffffu);
			text_add_string(b, escape);
		} else {
			text_add(b, (const char *)p, len);
		}
		p += len ? len : 1;
	}
	text_add(b, "\"", 1);
}

void text_add_csv(struct text_buf *b, const char *s)
{
	struct text_buf plain = { 0 };
	bool formula = s[0] && strchr("=+-@", s[0]);
	bool quoted;

	text_add_escaped(&plain, s, false);
	if (plain.failed)
		b->failed = true;
	quoted = plain.len && (memchr(plain.bytes, '"', plain.len) ||
			       memchr(plain.bytes, ',', plain.len) ||
			       plain.bytes[0] == ' ' || plain.bytes[plain.len - 1] == ' ');
	if (quoted)
		text_add(b, "\"", 1);
	if (formula)
		text_add(b, "'", 1);
	for (size_t i = 0; i < plain.len; i++) {
		if (plain.bytes[i] == '"')
			text_add(b, "\"", 1);
		text_add(b, plain.bytes + i, 1);
	}
	if (quoted)
		text_add(b, "\"", 1);
	text_fini(&plain);
}

static void add_html_char(struct text_buf *b, char c)
{
	switch (c) {
	case '&':
		text_add_string(b, "&amp;");
		return;
	case '<':
		text_add_string(b, "&lt;");
		return;
	case '>':
		text_add_string(b, "&gt;");
		return;
	case '"':
		text_add_string(b, "&quot;");
		return;
	case '\'':
		text_add_string(b, "&#39;");
		return;
	default:
		text_add(b, &c, 1);
	}
}

void text_add_html(struct text_buf *b, const char *s, size_t most)
{
	struct text_buf safe = { 0 };
	size_t len;

	text_add_escaped(&safe, s, false);
	text_add(&safe, "", 1);
	if (safe.failed) {
		b->failed = true;
		text_fini(&safe);
		return;
	}
	len = safe.len - 1;
	if (text_width(safe.bytes) > most)
		len = text_prefix(safe.bytes, most - 1);
	for (size_t i = 0; i < len; i++)
		add_html_char(b, safe.bytes[i]);
	if (len + 1 < safe.len)
		text_add_string(b, "…");
	text_fini(&safe);
}

size_t text_width(const char *s)
{
	size_t width = 0;

	for (; *s; s++)
		width += ((unsigned char)*s >> 6) != 2;
	return width;
}

size_t text_prefix(const char *s, size_t width)
{
	size_t at = 0;

	while (s[at]) {
		if (((unsigned char)s[at] >> 6) != 2 && width-- == 0)
			break;
		at++;
	}
	return at;
}

bool text_is_number(const char *s)
{
	if (*s == '-')
		s++;
	if (!isdigit((unsigned char)*s) || (s[0] == '0' && isdigit((unsigned char)s[1])))
		return false;
	while (isdigit((unsigned char)*s))
		s++;
	if (*s == '.') {
		if (!isdigit((unsigned char)*++s))
			return false;
		while (isdigit((unsigned char)*s))
			s++;
	}
	return *s == '\0';
}
