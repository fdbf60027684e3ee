/*
 * One list's names gathered, then turned into a run: sorted, without duplicates, and small.
 * Knows nothing of other lists, nor of how a run is used.
 */
#ifndef BLOCKLISTS_LIST_RUN_H
#define BLOCKLISTS_LIST_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blocklists/list_buf.h"
#include "blocklists/list_key.h"
#include "blocklists/list_line.h"

/** Names that one list may hold, duplicates counted. */
#define LIST_ENTRIES_MAX (8u << 20)

/** Where an entry was written; also as the index holds it. */
#define LIST_WHERE_CONF 0x80000000u /* in the configuration, not in the list's file */
#define LIST_WHERE_LINE 0x007fffffu /* a line behind that is given as this one */
#define LIST_ACTION_SHIFT 23 /* enum list_action; the bits between are the build's own */
#define LIST_ACTION_MASK  7u

/** Names being gathered; zeroed at start, but for limit. */
struct list_collect {
	uint32_t limit; /* entries it may take, at most LIST_ENTRIES_MAX */
	struct list_buf arena;	 /* keys, each behind its length */
	struct list_buf records; /* struct list_record */
	uint32_t count;
};

/** Add one entry.
 *  @param where  line number, with LIST_WHERE_CONF or without
 *  @retval -E2BIG  the limit is reached; -ENOMEM */
int list_collect_add(struct list_collect *c, const struct list_entry *e, uint32_t where);

/** Forget all but the first `count` entries. */
void list_collect_cut(struct list_collect *c, uint32_t count);

void list_collect_free(struct list_collect *c);

/** A list's names in key order; one name's entries by rule, each rule once. */
struct list_run {
	struct list_buf bytes; /* front-coded */
	uint32_t count;
	uint32_t by_rule[LIST_RULES];
	uint32_t duplicates; /* entries left out: the same said of the same name before */
};

/** Sort and encode what was gathered, and free it, also on failure.
 *  @param out  owned by the caller: list_run_free. @retval -ENOMEM */
int list_run_build(struct list_collect *c, struct list_run *out);

void list_run_free(struct list_run *run);

/** A place in a run, and the entry there. */
struct list_cursor {
	const uint8_t *at, *end; /* borrowed from the run */
	uint32_t where;
	uint8_t rule; /* list_rule_of */
	uint8_t len;
	char key[LIST_KEY_MAX + 8];
};

/** Before the first entry. run is borrowed. */
void list_cursor_start(struct list_cursor *c, const struct list_run *run);

/** Go to the next entry. @retval false  there is none */
bool list_cursor_next(struct list_cursor *c);

#endif
