/* Sorts the keys of one list. Knows nothing of names: keys are octets other than zero. */
#ifndef BLOCKLISTS_LIST_SORT_H
#define BLOCKLISTS_LIST_SORT_H

#include <stddef.h>
#include <stdint.h>

/** A key in an arena: arena[at] is its length, the key follows. */
struct list_record {
	uint64_t word; /* of the sort itself */
	uint32_t at;
	uint32_t tag; /* carried along */
};

/** Octets that must be readable behind the arena's last key. */
#define LIST_SORT_SLACK 8

/** Sort by key, as memcmp, the shorter first; equal keys in any order. Expected time
 *  n log n whatever the keys are (random pivots); recursion is under 80 deep. */
void list_sort(struct list_record *records, size_t n, const uint8_t *arena);

#endif
