/*
 * What one entry of a list says: a name, which names it is about, and how much it weighs.
 * Knows nothing of lists or formats.
 */
#ifndef BLOCKLISTS_LIST_RULE_H
#define BLOCKLISTS_LIST_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/dname.h"

enum list_scope {
	SCOPE_EXACT,   /* the name alone */
	SCOPE_SUBTREE, /* the name and all below it */
	SCOPE_BELOW,   /* all below the name, not itself: RPZ's "*.x" */
	SCOPES,
};

/** What an entry says, the weaker first: of a name's entries the strongest decides. */
enum list_level {
	LEVEL_BLOCK,
	LEVEL_ALLOW,	       /* "@@", rpz-passthru, a transparent zone */
	LEVEL_IMPORTANT,       /* blocks: "$important" */
	LEVEL_ALLOW_IMPORTANT, /* "@@...$important" */
	LEVELS,
};

/** What a blocking entry of an RPZ asks for. */
enum list_action {
	ACTION_BLOCK,	 /* as blocked names are answered */
	ACTION_NODATA,
	ACTION_DROP,	 /* no answer at all */
	ACTION_TCP_ONLY, /* over UDP a truncated answer; over TCP it passes */
	LIST_ACTIONS,
};

/** One entry. A line "x" in a hosts file is { x, SCOPE_EXACT, LEVEL_BLOCK }. */
struct list_entry {
	struct dname name; /* lower case, without the "*." */
	uint8_t scope;	   /* enum list_scope */
	uint8_t level;	   /* enum list_level */
	uint8_t action;	   /* enum list_action */
	bool disables;	   /* "$badfilter": the same rule without it, in any list of the
			      policy, does not count */
};

/** All but the name, as a number: disabling rules before those that they disable. */
#define LIST_RULES	   24
#define LIST_RULES_DISABLE 12

/** Rules, as bits, that say something of the name itself, and of those below it. */
#define LIST_RULES_SELF	 0x6db6dbu
#define LIST_RULES_BELOW 0xdb6db6u

/** Those of SCOPE_EXACT. */
#define LIST_RULES_EXACT 0x249249u

static inline unsigned list_rule_of(const struct list_entry *e)
{
	return (e->disables ? 0u : LIST_RULES_DISABLE) + e->level * SCOPES + e->scope;
}

static inline enum list_scope list_rule_scope(unsigned rule)
{
	return (enum list_scope)(rule % SCOPES);
}

static inline enum list_level list_rule_level(unsigned rule)
{
	return (enum list_level)(rule % LIST_RULES_DISABLE / SCOPES);
}

static inline bool list_rule_disables(unsigned rule)
{
	return rule < LIST_RULES_DISABLE;
}

#endif
