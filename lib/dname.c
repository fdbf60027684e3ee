/* Domain names in wire form; see dname.h. Knows nothing of messages but compression. */
#include "lib/dname.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LABEL_MAX    63
#define POINTERS_MAX 32 /* more jumps than any honest packet has */

static inline uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* Read one possibly escaped character at *text. @return 0 to 255, or -EINVAL */
static int next_octet(const char **text)
{
	const char *p = *text;
	unsigned v;

	if (*p != '\\') {
		*text = p + 1;
		return (uint8_t)*p;
	}
	if (p[1] < '0' || p[1] > '9') {
		if (!p[1])
			return -EINVAL;
		*text = p + 2;
		return (uint8_t)p[1];
	}
	v = 0;
	for (unsigned i = 1; i <= 3; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -EINVAL;
		v = v * 10 + (unsigned)(p[i] - '0');
	}
	if (v > 255)
		return -EINVAL;
	*text = p + 4;
	return (int)v;
}

int dname_from_text(const char *text, struct dname *out)
{
	struct dname d = { .len = 0 };
	size_t label = 0, at = 1; /* offset of the label's length octet; next free octet */

	if (!strcmp(text, ".")) {
		*out = (struct dname){ .len = 1 };
		return 0;
	}
	if (!*text)
		return -EINVAL;
	while (*text) {
		int c;

		if (*text == '.') {
			if (at - label == 1)
				return -EINVAL;
			d.wire[label] = (uint8_t)(at - label - 1);
			label = at++;
			text++;
			if (at > DNAME_MAX)
				return -ENAMETOOLONG;
			continue;
		}
		c = next_octet(&text);
		if (c < 0)
			return c;
		if (at - label > LABEL_MAX || at >= DNAME_MAX - 1)
			return -ENAMETOOLONG;
		d.wire[at++] = (uint8_t)c;
	}
	d.wire[label] = (uint8_t)(at - label - 1);
	if (at - label > 1)
		d.wire[at++] = 0;
	d.len = (uint8_t)at;
	*out = d;
	return 0;
}

static bool is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '*' || c == '/';
}

const char *dname_wire_to_text(const uint8_t *wire, size_t len, char *buf)
{
	char *to = buf;
	size_t at = 0;

	if (len <= 1) {
		strcpy(buf, len ? "." : "");
		return buf;
	}
	while (at < len && wire[at]) {
		size_t end = at + 1 + wire[at];

		if (at)
			*to++ = '.';
		for (at++; at < end && at < len; at++) {
			if (is_plain(wire[at]))
				*to++ = (char)wire[at];
			else
				to += sprintf(to, "\\%03u", wire[at]);
		}
	}
	*to = '\0';
	return buf;
}

const char *dname_to_text(const struct dname *d, char *buf)
{
	return dname_wire_to_text(d->wire, d->len, buf);
}

int dname_from_packet(const uint8_t *packet, size_t len, size_t at, struct dname *out,
		      size_t *next)
{
	size_t behind = 0, used = 0, limit = at;
	unsigned jumps = 0;

	for (;;) {
		uint8_t c;

		if (at >= len)
			return -EBADMSG;
		c = packet[at];
		if ((c & 0xc0) == 0xc0) {
			size_t to;

			if (at + 1 >= len || ++jumps > POINTERS_MAX)
				return -EBADMSG;
			to = ((size_t)(c & 0x3f) << 8) | packet[at + 1];
			if (!behind)
				behind = at + 2;
			if (to >= limit) /* only backwards: no loop */
				return -EBADMSG;
			at = limit = to;
			continue;
		}
		if (c & 0xc0 || used + c + 1u > DNAME_MAX || at + 1 + c > len)
			return -EBADMSG;
		memcpy(out->wire + used, packet + at, c + 1u);
		used += c + 1u;
		at += c + 1u;
		if (!c)
			break;
	}
	out->len = (uint8_t)used;
	*next = behind ? behind : at;
	return 0;
}

size_t dname_wire_len(const uint8_t *wire, size_t max)
{
	size_t at = 0;

	if (max > DNAME_MAX)
		max = DNAME_MAX;
	while (at < max) {
		if (!wire[at])
			return at + 1;
		if (wire[at] > LABEL_MAX)
			return 0;
		at += wire[at] + 1u;
	}
	return 0;
}

/* A length octet is below 64, so it is never a letter: lowering all octets is safe. */
void dname_lower(struct dname *d)
{
	for (unsigned i = 0; i < d->len; i++)
		d->wire[i] = lower(d->wire[i]);
}

static bool wire_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (a[i] != b[i] && lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

bool dname_equal(const struct dname *a, const struct dname *b)
{
	return a->len == b->len && wire_equal(a->wire, b->wire, a->len);
}

bool dname_is_under(const struct dname *name, const struct dname *suffix)
{
	size_t at = 0;

	if (suffix->len > name->len)
		return false;
	while (name->len - at > suffix->len)
		at += name->wire[at] + 1u;
	return name->len - at == suffix->len &&
	       wire_equal(name->wire + at, suffix->wire, suffix->len);
}

unsigned dname_label_offsets(const struct dname *d, uint8_t at[DNAME_LABELS])
{
	unsigned n = 0;

	for (size_t i = 0; i < d->len && d->wire[i] && n < DNAME_LABELS; i += d->wire[i] + 1u)
		at[n++] = (uint8_t)i;
	return n;
}

unsigned dname_labels(const struct dname *d)
{
	uint8_t at[DNAME_LABELS];

	return dname_label_offsets(d, at);
}
