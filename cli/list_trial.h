/*
 * A list held against lookups: which names it would block, how often, for how many clients. Pure;
 * knows nothing of where lookups come from.
 */
#ifndef CLI_LIST_TRIAL_H
#define CLI_LIST_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blocklists/list_index.h"

#define LIST_TRIAL_NAMES   (2u << 20) /* different names and answers */
#define LIST_TRIAL_CLIENTS (8u << 20) /* different pairs of name and client that it blocks */

struct list_trial;

/** A name that the list would block. */
struct list_trial_name {
	const char *name; /* borrowed from the trial */
	uint64_t n;	  /* lookups that it would newly block */
	uint64_t already; /* that were blocked, and would be by this list */
	uint32_t clients; /* whose lookups those n are */
	bool by_answer;	  /* by what the answer leads to, not by the name itself */
	struct list_match match;
};

/** @param x  an index of one list; borrowed, outlives the trial. @retval -ENOMEM */
int list_trial_new(const struct list_index *x, struct list_trial **out);
void list_trial_free(struct list_trial *t);

/** Add n lookups. @param answer  names and addresses parted by blanks, or NULL
 *  @retval -E2BIG  a limit is reached; -ENOMEM */
int list_trial_add(struct list_trial *t, const char *name, const char *client,
		   const char *answer, bool blocked, uint64_t n);

/** How many different names and how many lookups were added. */
size_t list_trial_seen(const struct list_trial *t, uint64_t *lookups);

/** The names that it would block, those with most new lookups first; borrowed until the next
 *  call. @retval -ENOMEM */
int list_trial_names(struct list_trial *t, const struct list_trial_name **out, size_t *count);

#endif
