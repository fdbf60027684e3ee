/* One list -> its sorted run of names, and its other rules. Knows nothing of other lists. */
#ifndef BLOCKLISTS_LIST_TAKE_H
#define BLOCKLISTS_LIST_TAKE_H

#include <stdint.h>

#include "blocklists/list_build.h"
#include "blocklists/list_run.h"
#include "blocklists/list_span_build.h"

struct list_side_build;

/** The rules of all lists that are no names. */
struct list_pool {
	struct list_side_build *sides;
	struct list_span_build spans;
};

/** Read one list.
 *  @param list   its bit in the pool
 *  @param limit  names it may have
 *  @param run    owned by the caller
 *  @retval -ENOMEM; all else is in its stats */
int list_take(const struct list_source *s, unsigned list, uint32_t limit,
	      struct list_pool *pool, struct list_stats *stats, struct list_run *run);

/** Take list `from` of s->old (list_reuse_find) for what s would give again: its rules that are
 *  no names, and its stats. Its names are left to the merge.
 *  @retval -EAGAIN  they do not fit any more: read it; -ENOMEM */
int list_take_again(const struct list_source *s, unsigned list, unsigned from,
		    struct list_pool *pool, struct list_stats *stats);

#endif
