/*
 * What of an earlier index can be taken as it stands, because the same sources would give the
 * same again. Knows nothing of how it is taken.
 */
#ifndef BLOCKLISTS_LIST_REUSE_H
#define BLOCKLISTS_LIST_REUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "blocklists/list_build.h"

/** All that decides what a list gives: its file's body or why there is none, its names in the
 *  configuration, its options, what it may not block, and our parsers' version. Reads the whole
 *  file. Whoever writes a list can make it collide with what he wrote before, and with no other
 *  list's.
 *  @return never 0, unless the file cannot be read */
uint64_t list_reuse_hash(const struct list_source *s);

/** The list of s->old that has what s would give. Lists of which an index does not hold all
 *  (a limit was met, ranges are cut by those of others) are none.
 *  @retval false  it has none; from untouched */
bool list_reuse_find(const struct list_source *s, unsigned *from);

/** Whether old is the index of these sources, in their order. */
bool list_reuse_is_whole(const struct list_source *sources, size_t count,
			 const struct list_index *old);

/** Whether s is what a build held that was rolled back, and s->old has another list of its name
 *  to go back to. */
bool list_reuse_is_back(const struct list_source *s, const struct list_index *refused);

/** The number of the list of this name. @retval false  there is none; out untouched */
bool list_reuse_named(const struct list_index *x, const char *name, unsigned *out);

#endif
