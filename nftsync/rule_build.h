/*
 * Building the description of our table: pieces (rule_build.c) and what zones and devices add
 * (rule_zones.c). Failures stay in rs->rc. Not for others than ruleset's files.
 */
#ifndef NFTSYNC_RULE_BUILD_H
#define NFTSYNC_RULE_BUILD_H

#include "nftsync/rule_desc.h"

struct conf;

/** A name that lives as long as rs. @return never NULL: "" without memory */
const char *rule_name(struct ruleset *rs, const char *prefix, const char *suffix);

/** As many zeroed bytes. @retval NULL  no memory, noted */
char *rule_room(struct ruleset *rs, size_t bytes);

/** A zeroed row of rs->ranges. @retval NULL  no memory, noted */
struct rule_range *rule_add_range_row(struct ruleset *rs);

/** The set of a list's addresses. @return its name for rules, which changes in place */
const char *rule_add_range_set(struct ruleset *rs, const char *list, uint8_t family);

void rule_add_chain(struct ruleset *rs, const char *name, enum rule_hook hook);
void rule_add(struct ruleset *rs, const struct rule *rule);

/** A new, empty set or map; its index in rs->sets. Without memory 0, and rs->rc. */
size_t rule_add_set(struct ruleset *rs, const char *name, enum rule_set_kind kind,
		    bool is_map);

/** Bytes of key as of the set's kind. */
void rule_add_range(struct ruleset *rs, size_t set, const void *first, const void *last);
void rule_add_key(struct ruleset *rs, size_t set, const void *key);
void rule_add_verdict(struct ruleset *rs, size_t map, const void *key, enum rule_op verdict,
		      const char *chain);
void rule_add_net(struct ruleset *rs, const struct addr_net *net, size_t set4, size_t set6);

/** Sort and merge what overlaps, or is there twice. */
void rule_finish_sets(struct ruleset *rs);

/* --- zones (rule_zones.c) --- */

/** Which zones and devices the rules are for. */
struct rule_scope {
	const struct conf *conf;
	bool down; /* only what stays when the daemon is gone */
};

/** Chains, sets and rules of zones and devices, for chain forward and the redirection of
 *  DNS. @retval -EINVAL  an interface's name cannot be one, or is there twice */
int rule_build_zones(struct ruleset *rs, const struct rule_scope *scope);

/** What is allowed, into the sets of that index and the next ones, in the order of
 *  RULE_ALLOW4 to RULE_MAC. */
void rule_add_allow(struct ruleset *rs, const struct conf_gate_allow *a, size_t first_set);

/** One rule for each of these sets that has elements: lookup, then op. */
void rule_pass_sets(struct ruleset *rs, const char *chain, size_t first_set, size_t count,
		    enum rule_op op);

/* --- devices in quarantine (rule_quarantine.c) --- */

/** What refuses devices in quarantine, for the very beginning of chain forward. */
void rule_build_quarantine(struct ruleset *rs, const struct rule_scope *scope);

/* --- the router itself (rule_router.c) --- */

/** Chains and rules for what the router sends itself, if that is gated. */
void rule_build_router(struct ruleset *rs, const struct rule_scope *scope);

#endif
