/* A table from 64-bit keys to small numbers, or a set of such keys. It only grows. */
#ifndef DB_U64_MAP_H
#define DB_U64_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Zeroed at first. */
struct u64_map {
	uint64_t *keys;	  /* owned; 0: free */
	uint32_t *values; /* owned */
	size_t room, count;
};

void u64_map_fini(struct u64_map *m);

/** @return NULL if it is not there; else borrowed until the next put */
uint32_t *u64_map_get(const struct u64_map *m, uint64_t key);

/** Put a key that may be there already, whose value stays then.
 *  @param is_new  gets whether it was not there
 *  @retval -ENOMEM */
int u64_map_put(struct u64_map *m, uint64_t key, uint32_t value, bool *is_new);

#endif
