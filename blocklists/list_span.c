/* Reads ranges of addresses; see list_span.h. */
#include "blocklists/list_span.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/util.h"

static bool read_addr(const char *text, size_t len, struct addr *out)
{
	char copy[ADDR_TEXT_MAX];

	if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len >= sizeof(copy) || memchr(text, '\0', len))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return !addr_from_text(copy, out);
}

void list_span_key(const struct addr *a, uint8_t out[16])
{
	memset(out, 0, 16);
	memcpy(out, a->bytes, addr_len(a));
}

static struct list_span span_of(const struct addr *lo, const struct addr *hi, unsigned prefix)
{
	unsigned bits = (unsigned)addr_len(lo) * 8;
	struct list_span s = {
		.table = lo->family == AF_INET ? TABLE_ANSWER4 : TABLE_ANSWER6,
		.level = LEVEL_BLOCK,
	};

	list_span_key(lo, s.lo);
	list_span_key(hi, s.hi);
	for (unsigned i = MIN(prefix, bits); i < 128; i++) {
		uint8_t bit = (uint8_t)(0x80 >> i % 8);

		s.hi[i / 8] |= bit;
		s.lo[i / 8] &= (uint8_t)~bit;
	}
	return s;
}

/** A prefix length of at most 3 digits. */
static bool read_prefix(const char *text, size_t len, unsigned *out)
{
	unsigned v = 0;

	if (!len || len > 3)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		v = v * 10 + (unsigned)(text[i] - '0');
	}
	*out = v;
	return true;
}

bool list_span_read(const char *text, size_t len, struct list_span *out)
{
	const char *slash = memchr(text, '/', len);
	size_t n = slash ? (size_t)(slash - text) : len;
	unsigned prefix = 128;
	struct addr a;

	if (!read_addr(text, n, &a))
		return false;
	if (slash && (!read_prefix(slash + 1, len - n - 1, &prefix) ||
		      prefix > addr_len(&a) * 8))
		return false;
	*out = span_of(&a, &a, prefix);
	return true;
}

static bool read_range(const char *from, size_t from_len, const char *to, size_t to_len,
		       struct list_span *out)
{
	struct addr lo, hi;
	struct list_span s;

	if (!read_addr(from, from_len, &lo) || !read_addr(to, to_len, &hi) ||
	    lo.family != hi.family)
		return false;
	s = span_of(&lo, &hi, 128);
	if (memcmp(s.lo, s.hi, 16) > 0)
		return false;
	*out = s;
	return true;
}

/** What may stand behind the address: a comment, numbers. */
static bool is_rest(const char *p)
{
	p += strspn(p, " \t,");
	while (*p && !strchr("#;!", *p) && strncmp(p, "//", 2) != 0) {
		if (!strchr("0123456789. \t,", *p++))
			return false;
	}
	return true;
}

static struct addr end_of(const struct list_span *s, const uint8_t bytes[16])
{
	bool is_v4 = s->table == TABLE_ANSWER4 || s->table == TABLE_CLIENT4;

	return addr_from_bytes(is_v4 ? AF_INET : AF_INET6, bytes);
}

/** Hand out what was read, unless it is not for lists. */
static enum list_line_kind take_public(const struct list_span *s, struct list_span *out)
{
	struct addr lo = end_of(s, s->lo), hi = end_of(s, s->hi);
	uint8_t family = s->table == TABLE_ANSWER4 ? AF_INET : AF_INET6;

	if (lo.family != family || hi.family != family || /* ::ffff:0:0/96: no IPv6 on a wire */
	    !addr_range_is_public(&lo, &hi))
		return LINE_NOT_PUBLIC;
	*out = *s;
	return LINE_SPAN;
}

enum list_line_kind list_span_net(const struct addr *a, unsigned prefix, struct list_span *out)
{
	struct list_span s = span_of(a, a, prefix);

	return take_public(&s, out);
}

bool list_span_follows(const struct list_span *a, const struct list_span *b)
{
	uint8_t next[16];
	unsigned i = 16;

	memcpy(next, a->hi, 16);
	while (i && !++next[--i])
		;
	return a->table == b->table && !memcmp(next, b->lo, 16);
}

enum list_line_kind list_span_line(const char *text, struct list_span *out)
{
	static const char ends[] = " \t,;#";
	size_t len = strcspn(text, ends), gap = strspn(text + len, " \t"), len2;
	const char *dash = memchr(text, '-', len), *second;
	struct list_span s;

	if (!*text)
		return LINE_EMPTY;
	if (strchr("#;!", *text) || !strncmp(text, "//", 2))
		return LINE_COMMENT;
	second = text + len + gap;
	if (!dash && *second == '-' && gap) { /* "a - b" */
		second += 1 + strspn(second + 1, " \t");
		len2 = strcspn(second, ends);
		if (!read_range(text, len, second, len2, &s))
			return LINE_BAD_ADDRESS;
		len = (size_t)(second - text) + len2;
	} else if (dash) {
		if (!read_range(text, (size_t)(dash - text), dash + 1,
				(size_t)(text + len - dash) - 1, &s))
			return LINE_BAD_SYNTAX;
	} else if (!list_span_read(text, len, &s)) {
		return LINE_BAD_SYNTAX;
	}
	if (!is_rest(text + len))
		return LINE_BAD_SYNTAX;
	return take_public(&s, out);
}

/** Labels of a trigger from the right, as an address in text: four numbers, or groups with
 *  "zz" for "::". @retval false  too long */
static bool rpz_addr_text(const char *text, size_t len, bool is_v6, char out[ADDR_TEXT_MAX])
{
	size_t at = 0;

	while (len) {
		const char *dot = memrchr(text, '.', len);
		const char *label = dot ? dot + 1 : text;
		size_t n = len - (size_t)(label - text);
		bool is_gap = is_v6 && n == 2 && !strncasecmp(label, "zz", 2);

		if (at + n + 3 >= ADDR_TEXT_MAX)
			return false;
		if (is_gap) {
			memcpy(out + at, at ? ":" : "::", 2);
			at += at ? 1 : 2;
		} else {
			memcpy(out + at, label, n);
			at += n;
		}
		len = dot ? (size_t)(dot - text) : 0;
		if (len && !is_gap)
			out[at++] = is_v6 ? ':' : '.';
	}
	out[at] = '\0';
	return true;
}

bool list_span_read_rpz(const char *text, size_t len, bool is_client, struct list_span *out)
{
	const char *dot = memchr(text, '.', len);
	size_t n = dot ? (size_t)(dot - text) : len, dots = 0;
	char copy[ADDR_TEXT_MAX];
	unsigned prefix;
	bool is_v6;
	struct addr a;

	for (size_t i = 0; i < len; i++)
		dots += text[i] == '.';
	is_v6 = dots != 4 || memmem(text, len, "zz", 2) || memmem(text, len, "ZZ", 2);
	if (!dot || !read_prefix(text, n, &prefix) ||
	    !rpz_addr_text(dot + 1, len - n - 1, is_v6, copy) || addr_from_text(copy, &a) ||
	    (a.family == AF_INET6) != is_v6 || prefix > addr_len(&a) * 8)
		return false;
	*out = span_of(&a, &a, prefix);
	if (is_client)
		out->table += TABLE_CLIENT4;
	return true;
}

/** Bits that both ends have in common, if the rest is all zeroes and all ones; else -1. */
static int common_prefix(const struct list_span *s)
{
	int bits = 0;

	while (bits < 128 && !((s->lo[bits / 8] ^ s->hi[bits / 8]) & 0x80 >> bits % 8))
		bits++;
	for (int i = bits; i < 128; i++) {
		if (s->lo[i / 8] & 0x80 >> i % 8 || !(s->hi[i / 8] & 0x80 >> i % 8))
			return -1;
	}
	return bits;
}

const char *list_span_text(const struct list_span *s, char *buf)
{
	struct addr lo = end_of(s, s->lo), hi = end_of(s, s->hi);
	int prefix = common_prefix(s);
	char a[ADDR_TEXT_MAX], b[ADDR_TEXT_MAX];

	addr_to_text(&lo, a);
	if (addr_equal(&lo, &hi))
		snprintf(buf, LIST_SPAN_TEXT, "%s", a);
	else if (prefix >= 0)
		snprintf(buf, LIST_SPAN_TEXT, "%s/%d", a, prefix);
	else
		snprintf(buf, LIST_SPAN_TEXT, "%s-%s", a, addr_to_text(&hi, b));
	return buf;
}
