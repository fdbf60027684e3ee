/*
 * Which texts a dictionary holds, by the hash of the text: a fixed-size, set-associative
 * table in memory. Knows nothing of SQL or of what the texts are.
 *
 * The hash is all that is kept of a text. It is keyed with random bytes of this process, so
 * nobody can choose texts that collide; by chance, 2^18 entries give one wrong answer in
 * 2^46 questions for texts that are not held.
 */
#ifndef DB_IDCACHE_H
#define DB_IDCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idcache;

/** Room for at least `entries` (rounded up to a power of two, least 8), 16 bytes each,
 *  taken when used. Owned by the caller. @return NULL without memory */
struct idcache *idcache_new(size_t entries);
void idcache_free(struct idcache *c);

/** Find a text; it becomes the most recently used of its set.
 *  @param id  0: seen once, it has no id yet; untouched if not found */
bool idcache_find(struct idcache *c, uint64_t hash, int64_t *id);

/** Set the id of a text, adding it if needed. In a full set the least recently used text
 *  without an id makes room, and only where there is none, the least recently used. */
void idcache_put(struct idcache *c, uint64_t hash, int64_t id);

void idcache_remove(struct idcache *c, uint64_t hash);

/** Forget every id above `last`: their rows were rolled back. */
void idcache_forget_above(struct idcache *c, int64_t last);

void idcache_clear(struct idcache *c);

#endif
