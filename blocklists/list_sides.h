/*
 * The side tables of an index: which lists' patterns, expressions and conditional rules a
 * name fits. Knows nothing of policies.
 *
 * A rule is tried only if the piece of it that its bucket is named for stands in the name.
 * What one question may cost is bounded: LIST_SIDE_TRIES rules, few of them expressions, whose
 * steps are counted (list_regex.h). Rules over that bound do not fit; it is counted.
 */
#ifndef BLOCKLISTS_LIST_SIDES_H
#define BLOCKLISTS_LIST_SIDES_H

#include <stdbool.h>
#include <stdint.h>

#include "blocklists/list_cond.h"
#include "blocklists/list_index.h"

#define LIST_SIDE_TRIES	      8192
#define LIST_SIDE_REGEX_TRIES 8 /* that one expression counts for */

/** Check the tables, and compile what must be. @retval -EBADMSG, -ENOMEM */
int list_sides_open(struct list_index *x);
void list_sides_close(struct list_index *x);

/** Add to by_level the lists with a rule that qname fits, as list_index_find does for names.
 *  @param ask  borrowed for the call
 *  @return all that was added, together */
uint64_t list_sides_find(const struct list_index *x, const struct dname *qname,
			 const struct list_asking *ask, uint64_t wanted,
			 uint64_t by_level[LEVELS]);

/** The rule with the longest text among those of by_level, masks before expressions.
 *  @retval true and out filled, or false and out untouched */
bool list_sides_explain(const struct list_index *x, const struct dname *qname,
			const struct list_asking *ask, uint64_t wanted,
			const uint64_t by_level[LEVELS], struct list_match *out);

/** How often a bound was met since the index was opened. */
uint64_t list_sides_given_up(const struct list_index *x);

/** The rule of that number, from 0 on, if list has it, or has a "$badfilter" for it: it may
 *  have both.
 *  @param disables  the latter is asked for
 *  @param where  as list_run.h has it; of the latter 0
 *  @retval 1 out and where filled, 0 it does not have that one, -ENOENT no such number */
int list_sides_rule(const struct list_index *x, unsigned list, uint32_t number,
		    bool disables, struct list_side *out, uint32_t *where);

#endif
