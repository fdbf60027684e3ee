/*
 * The parts of an opened index, for those that read it: by name (list_index.c) and from end
 * to end (list_walk.c). Nothing that is read here leads outside the index, whatever its bytes.
 */
#ifndef BLOCKLISTS_LIST_PARTS_H
#define BLOCKLISTS_LIST_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blocklists/list_filter.h"
#include "blocklists/list_image.h"

struct list_regexes;

struct list_index {
	const uint8_t *map;
	size_t len;
	bool is_mapped; /* map is ours to unmap */
	const struct list_image_head *head;
	const uint8_t *blocks;
	const uint32_t *starts;
	const uint64_t *heads;
	const uint8_t *skips;
	uint32_t block_count, group_count;
	const uint32_t *classes;
	const uint64_t *words;
	const struct list_stats *lists;
	const uint32_t *rows;
	const uint32_t *lines;
	struct list_filter filter;
	const struct list_side_record *sides;
	const uint32_t *side_starts;
	const uint32_t *side_rows;
	const char *side_texts;
	struct list_regexes *regexes; /* owned; NULL: none */
	uint64_t *sides_given_up; /* owned; this and what is in regexes change */
	uint64_t side_lists; /* that have a rule there */
	const struct list_segment *segments;
	const uint64_t *span_classes;
	const uint32_t *span_rows;
	uint64_t all;	/* a bit for each list */
	uint64_t zones; /* lists whose nearest entry alone counts */
};

/** One name as it stands in a block. */
struct list_block_name {
	uint8_t shared, len;
	uint32_t class;
	const uint8_t *bytes;
};

/** Read the name at *at, and go behind it. @retval false  it is cut short */
static inline bool list_part_name(const uint8_t **at, const uint8_t *end,
				  struct list_block_name *out)
{
	const uint8_t *p = *at;

	if (end - p < 2 || end - p < 3 + p[1])
		return false;
	out->shared = p[0];
	out->len = p[1];
	out->bytes = p + 2;
	out->class = 0;
	p += 2 + out->len;
	for (unsigned shift = 0; p < end && shift < 32; shift += 7) {
		out->class |= (uint32_t)(*p & 0x7f) << shift;
		if (!(*p++ & 0x80)) {
			*at = p;
			return true;
		}
	}
	return false;
}

/** A block's bytes; an empty range where its offsets are no good. */
static inline const uint8_t *list_part_block(const struct list_index *x, uint32_t block,
					     const uint8_t **end)
{
	uint64_t to = block + 1 < x->block_count ? x->starts[block + 1]
						 : x->head->blocks_bytes;
	uint64_t from = x->starts[block];

	if (to > x->head->blocks_bytes || from > to)
		from = to = 0;
	*end = x->blocks + to;
	return x->blocks + from;
}

/** A class's rules as bits, and their lists behind it; no rule where its offset is no
 *  good. */
static inline uint32_t list_part_rules(const struct list_index *x, uint32_t class,
				       const uint64_t **lists)
{
	uint64_t at = x->classes[class], n = x->head->words;
	uint32_t rules;

	if (at >= n)
		return 0;
	rules = (uint32_t)x->words[at] & ((1u << LIST_RULES) - 1);
	*lists = x->words + at + 1;
	return n - at > (unsigned)__builtin_popcount(rules) ? rules : 0;
}

#endif
