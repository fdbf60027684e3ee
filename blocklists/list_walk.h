/*
 * An index from end to end: all its names, or the entries of one list, in key order. Knows
 * nothing of look-ups, nor of why anybody wants them.
 */
#ifndef BLOCKLISTS_LIST_WALK_H
#define BLOCKLISTS_LIST_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "blocklists/list_index.h"
#include "blocklists/list_key.h"

/** A place in an index, at a name. The fields from row on say what it holds there. */
struct list_names {
	const struct list_index *x; /* borrowed */
	uint32_t block;		 /* the next one */
	const uint8_t *at, *end; /* what is left of the one at hand */
	unsigned left;		 /* names in it, at most */
	uint64_t next_row;
	uint64_t row;		/* place in lines of the first rule's */
	uint32_t rules;		/* as bits */
	const uint64_t *lists;	/* that have each of them */
	uint8_t len;
	char key[LIST_KEY_MAX + 8]; /* what stands behind len may be read, not used */
};

/** Before the first name. */
void list_names_start(struct list_names *n, const struct list_index *x);

/** Go to the next name. What a damaged block holds is left out, so names may then be out of
 *  order. @retval false  there is none */
bool list_names_next(struct list_names *n);

/** A line as list_run.h has it, of a row from n->row on; 0 where the index has none. */
uint32_t list_names_line(const struct list_names *n, uint64_t row);

/** A place in one list's entries; its fields are private, but for list. */
struct list_walk {
	struct list_names names;
	unsigned list;
	uint64_t row;		/* place in lines of the next rule's */
	uint32_t rules;		/* of the name at hand, not yet looked at */
	const uint64_t *lists;	/* of the first of them */
};

/** Before the first entry of the list of that name. @retval false  x has no such list */
bool list_walk_start(struct list_walk *w, const struct list_index *x, const char *list);

/** Go to the next entry. What a damaged block holds is left out.
 *  @param where  as list_run.h has it
 *  @retval false  there is none; e and where untouched */
bool list_walk_next(struct list_walk *w, struct list_entry *e, uint32_t *where);

#endif
