/* Matches masks, piece by piece from the left; see list_mask.h. */
#include "blocklists/list_mask.h"

#include <stdint.h>
#include <string.h>

#include "blocklists/list_side.h"
#include "lib/util.h"

struct piece {
	const char *text; /* borrowed */
	size_t len;
};

/** The part of a mask up to its next '*'. */
static struct piece piece_first(const char *mask, size_t len)
{
	const char *star = memchr(mask, '*', len);

	return (struct piece){ mask, star ? (size_t)(star - mask) : len };
}

static bool is_at(const struct piece *p, const char *name, size_t len, size_t at)
{
	return at <= len && len - at >= p->len && !memcmp(name + at, p->text, p->len);
}

/** Where the first piece may begin next, from `at` on; SIZE_MAX: nowhere. */
static size_t place_next(unsigned anchors, const struct piece *p, const char *name,
			 size_t len, size_t at)
{
	const char *found;

	if (anchors & ANCHOR_START)
		return at == 0 && is_at(p, name, len, 0) ? 0 : SIZE_MAX;
	if (anchors & ANCHOR_LABEL) {
		for (; at < len; at++) {
			if ((!at || name[at - 1] == '.') && is_at(p, name, len, at))
				return at;
		}
		return SIZE_MAX;
	}
	found = at <= len ? memmem(name + at, len - at, p->text, p->len) : NULL;
	return found ? (size_t)(found - name) : SIZE_MAX;
}

/** The rest of a mask, which begins with '*', from name + at on: each piece as far to the
 *  left as it can be leaves most to the others. */
static bool rest_fits(unsigned anchors, const char *mask, size_t mask_len, const char *name,
		      size_t len, size_t at)
{
	while (mask_len) {
		struct piece p = piece_first(mask + 1, mask_len - 1);
		const char *found;

		mask += 1 + p.len;
		mask_len -= 1 + p.len;
		if (!mask_len && (anchors & ANCHOR_END))
			return len - at >= p.len && is_at(&p, name, len, len - p.len);
		found = memmem(name + at, len - at, p.text, p.len);
		if (!found)
			return false;
		at = (size_t)(found - name) + p.len;
	}
	return true;
}

bool list_mask_match(unsigned anchors, const char *mask, size_t mask_len, const char *name,
		     size_t len)
{
	struct piece first = piece_first(mask, mask_len);
	bool is_last = first.len == mask_len;
	size_t at = 0;

	if (!first.len) /* nothing, or a '*': fits anywhere */
		return rest_fits(anchors, mask, mask_len, name, len, 0);
	if (is_last && (anchors & ANCHOR_END) && !(anchors & (ANCHOR_START | ANCHOR_LABEL)))
		return len >= first.len && is_at(&first, name, len, len - first.len);
	while ((at = place_next(anchors, &first, name, len, at)) != SIZE_MAX) {
		size_t end = at + first.len;

		if (!is_last) /* the first place leaves most to the rest */
			return rest_fits(anchors, mask + first.len, mask_len - first.len,
					 name, len, end);
		if (!(anchors & ANCHOR_END) || end == len)
			return true;
		at++;
	}
	return false;
}

size_t list_mask_literal(const char *mask, size_t len, size_t *at)
{
	size_t best = 0;

	*at = 0;
	for (size_t i = 0; i < len; i++) {
		struct piece p = piece_first(mask + i, len - i);

		if (p.len > best) {
			best = p.len;
			*at = i;
		}
		i += p.len;
	}
	return best;
}
