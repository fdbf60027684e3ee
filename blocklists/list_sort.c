/*
 * Multikey quicksort (Bentley, Sedgewick 1997) on eight octets at a time, which each record
 * carries with it, so that most comparisons touch no key.
 */
#include "blocklists/list_sort.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/util.h"

#define SMALL 12 /* records sorted by insertion */

static inline void swap(struct list_record *a, struct list_record *b)
{
	struct list_record t = *a;

	*a = *b;
	*b = t;
}

/** The key's octets from depth on, the first in the highest byte, zeroes behind its end. */
static inline uint64_t word_at(const uint8_t *key, size_t depth)
{
	size_t left = key[0] > depth ? key[0] - depth : 0;
	uint64_t v;

	if (!left)
		return 0;
	memcpy(&v, key + 1 + depth, sizeof(v));
	v = be64toh(v);
	return left >= 8 ? v : v & ~(UINT64_MAX >> (8 * left));
}

static void load_words(struct list_record *r, size_t n, const uint8_t *arena, size_t depth)
{
	for (size_t i = 0; i < n; i++)
		r[i].word = word_at(arena + r[i].at, depth);
}

/** Is a before b? Both are equal before depth, their words hold what stands at depth. */
static bool is_before(const struct list_record *a, const struct list_record *b,
		      const uint8_t *arena, size_t depth)
{
	uint64_t wa = a->word, wb = b->word;

	while (wa == wb && (wa & 0xff)) {
		depth += 8;
		wa = word_at(arena + a->at, depth);
		wb = word_at(arena + b->at, depth);
	}
	return wa < wb;
}

static void sort_small(struct list_record *r, size_t n, const uint8_t *arena, size_t depth)
{
	for (size_t i = 1; i < n; i++) {
		for (size_t j = i; j && is_before(&r[j], &r[j - 1], arena, depth); j--)
			swap(&r[j], &r[j - 1]);
	}
}

/** Put smaller words first, equal ones from *equal on, larger ones from *larger on. */
static void partition(struct list_record *r, size_t n, uint64_t pivot, size_t *equal,
		      size_t *larger)
{
	size_t lt = 0, i = 0, gt = n;

	while (i < gt) {
		if (r[i].word < pivot)
			swap(&r[lt++], &r[i++]);
		else if (r[i].word > pivot)
			swap(&r[i], &r[--gt]);
		else
			i++;
	}
	*equal = lt;
	*larger = gt;
}

/** Words are loaded for depth. Recurses into the middle, where depth grows (at most 32
 *  times), and into the smaller side. */
static void sort_deep(struct list_record *r, size_t n, const uint8_t *arena, size_t depth)
{
	size_t equal, larger;
	uint64_t pivot;

	while (n > SMALL) {
		pivot = r[random_u32() % n].word;
		partition(r, n, pivot, &equal, &larger);
		if (pivot & 0xff) {
			load_words(r + equal, larger - equal, arena, depth + 8);
			sort_deep(r + equal, larger - equal, arena, depth + 8);
		}
		if (equal > n - larger) {
			sort_deep(r + larger, n - larger, arena, depth);
			n = equal;
		} else {
			sort_deep(r, equal, arena, depth);
			r += larger;
			n -= larger;
		}
	}
	sort_small(r, n, arena, depth);
}

void list_sort(struct list_record *records, size_t n, const uint8_t *arena)
{
	load_words(records, n, arena, 0);
	sort_deep(records, n, arena, 0);
}
