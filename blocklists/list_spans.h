/* The ranges of addresses of an index. Knows nothing of policies. */
#ifndef BLOCKLISTS_LIST_SPANS_H
#define BLOCKLISTS_LIST_SPANS_H

#include <stdbool.h>
#include <stdint.h>

#include "blocklists/list_index.h"
#include "blocklists/list_span.h"

/** Check the tables. @retval -EBADMSG */
int list_spans_check(const struct list_index *x);

/** What lists say of an address in an answer, or of a client's, as masks of lists.
 *  @param by_level  overwritten. @return all of them together */
uint64_t list_spans_find(const struct list_index *x, const struct addr *a, bool is_client,
			 uint64_t wanted, uint64_t by_level[LEVELS]);

/** The entry of one of the lists in by_level; as list_index_explain. */
bool list_spans_explain(const struct list_index *x, const struct addr *a, bool is_client,
			const uint64_t by_level[LEVELS], struct list_match *out);

/** A range of list as an earlier index has it, whole or in pieces, from *at on, which starts
 *  as 0. @retval false  there is no more */
bool list_spans_next(const struct list_index *x, unsigned list, uint64_t *at,
		     struct list_span *out, uint32_t *where);

#endif
