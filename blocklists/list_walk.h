/*
 * All entries of one list of an index, in the index's order. Knows nothing of look-ups, nor of
 * why anybody wants them.
 */
#ifndef BLOCKLISTS_LIST_WALK_H
#define BLOCKLISTS_LIST_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "blocklists/list_index.h"
#include "blocklists/list_key.h"

/** A place in an index; its fields are private, but for list. */
struct list_walk {
	const struct list_index *x; /* borrowed */
	unsigned list;
	uint32_t block;		/* the next one */
	const uint8_t *at, *end; /* what is left of the one at hand */
	unsigned left;		/* names in it, at most */
	uint64_t row;		/* place in lines of the next rule's */
	uint32_t rules;		/* of the name at hand, not yet looked at */
	const uint64_t *lists;	/* of the first of them */
	uint8_t len;		/* of the key of the name at hand */
	char key[LIST_KEY_MAX];
};

/** Before the first entry of the list of that name. @retval false  x has no such list */
bool list_walk_start(struct list_walk *w, const struct list_index *x, const char *list);

/** Go to the next entry. What a damaged block holds is left out.
 *  @param where  as list_run.h has it
 *  @retval false  there is none; e and where untouched */
bool list_walk_next(struct list_walk *w, struct list_entry *e, uint32_t *where);

#endif
