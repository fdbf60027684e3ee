/*
 * A rule of a list that is more than a name: a pattern, a regular expression, or a name with
 * conditions. Such rules stand in side tables of the index. Knows nothing of files.
 */
#ifndef BLOCKLISTS_LIST_SIDE_H
#define BLOCKLISTS_LIST_SIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "blocklists/list_rule.h"

#define LIST_SIDE_TEXT	512  /* octets of a pattern or expression */
#define LIST_SIDE_CONDS 4096 /* of its conditions as they are encoded */
#define LIST_SIDE_RULE	255  /* of the rule as it was written; the rest is cut */

#define LIST_SIDES_MAX	 65536 /* in all lists together */
#define LIST_SIDE_TEXTS_MAX (32u << 20) /* bytes of their texts and conditions */
#define LIST_REGEXES_MAX 1024  /* the same; of which each costs time at every question */

enum list_side_kind {
	SIDE_MASK,  /* octets of names, and '*' for any number of any octets */
	SIDE_REGEX, /* PCRE2's syntax */
	SIDE_KINDS,
};

/** Where a mask's text must stand in the name. */
enum list_anchor {
	ANCHOR_START = 1, /* it begins with the name */
	ANCHOR_LABEL = 2, /* it begins with a label */
	ANCHOR_END = 4,	  /* it ends with the name */
	ANCHORS_ALL = 7,
};

struct list_side {
	uint8_t kind;	 /* enum list_side_kind */
	uint8_t anchors; /* of a mask */
	uint8_t level;	 /* enum list_level */
	bool disables;	 /* as in struct list_entry */
	uint8_t rule_len;
	uint16_t text_len, conds_len;
	char text[LIST_SIDE_TEXT];
	uint8_t conds[LIST_SIDE_CONDS]; /* see list_cond.h */
	char rule[LIST_SIDE_RULE];
};

#endif
