/* Names with their labels turned round, and their hashes; see list_key.h. */
#include "blocklists/list_key.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "blocklists/list_line.h"
#include "lib/util.h"

/** Append a label, folded. @retval false  it holds an octet that no entry can hold */
static bool key_add_label(struct list_key *k, const uint8_t *label, size_t len)
{
	size_t at = k->len;

	if (at)
		k->text[at++] = '.';
	if (at + len > LIST_KEY_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t c = list_line_octet[label[i]];

		if (!c)
			return false;
		k->text[at + i] = (char)c;
	}
	k->len = (uint8_t)(at + len);
	k->end[k->labels++] = k->len;
	return true;
}

void list_key_from_dname(const struct dname *d, unsigned labels, struct list_key *out)
{
	uint8_t at[DNAME_LABELS];
	unsigned n = dname_label_offsets(d, at);

	out->len = out->labels = 0;
	while (n && out->labels < labels) {
		const uint8_t *label = d->wire + at[n - 1];

		if (!key_add_label(out, label + 1, label[0]))
			break;
		n--;
	}
	out->is_whole = !n && out->labels;
}

int list_key_to_dname(const char *text, size_t len, struct dname *out)
{
	struct dname d;
	size_t at = DNAME_MAX, n = 0; /* filled from the end; octets of the label at hand */

	if (!len || len > LIST_KEY_MAX)
		return -EBADMSG;
	d.wire[--at] = 0;
	for (size_t end = 0; end < len; end += n + 1) {
		const char *dot = memchr(text + end, '.', len - end);

		n = (dot ? (size_t)(dot - text) : len) - end;
		if (!n || n > 63 || (dot && end + n + 1 == len))
			return -EBADMSG;
		at -= n + 1;
		d.wire[at] = (uint8_t)n;
		memcpy(d.wire + at + 1, text + end, n);
	}
	d.len = (uint8_t)(DNAME_MAX - at);
	memmove(d.wire, d.wire + at, d.len);
	*out = d;
	return 0;
}

/** The two halves of a 128-bit product, folded: each bit of a and b reaches all others. */
static inline uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 p = (unsigned __int128)a * b;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static inline uint64_t load_le(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

uint64_t list_key_hash(uint64_t h, const char *label, size_t len)
{
	for (; len > 8; len -= 8, label += 8)
		h = fold(h ^ load_le(label), 0x9e3779b97f4a7c15ull);
	return fold(h ^ (load_le(label) << (8 * (8 - len))), 0x243f6a8885a308d3ull ^ len);
}

uint64_t list_key_word(const char *key, size_t len, size_t skip)
{
	size_t left = len > skip ? len - skip : 0;
	uint64_t v;

	if (!left)
		return 0;
	memcpy(&v, key + skip, sizeof(v));
	v = be64toh(v);
	return left >= 8 ? v : v & ~(UINT64_MAX >> (8 * left));
}

int list_key_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int c = memcmp(a, b, MIN(a_len, b_len));

	return c ? c : (a_len > b_len) - (a_len < b_len);
}
