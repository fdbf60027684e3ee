/*
 * Rules of Adblock syntax, as AdGuard's DNS filters use it -> entries. Knows nothing of
 * files.
 */
#ifndef BLOCKLISTS_LIST_ADBLOCK_H
#define BLOCKLISTS_LIST_ADBLOCK_H

#include "blocklists/list_line.h"
#include "blocklists/list_side.h"
#include "blocklists/list_span.h"

/** What a rule is, that list_line_clean has cleaned. "||x^" is x and all below it, "|x^" and
 *  x by itself x alone, "||*.x^" all below x; "@@" allows, and $important and $badfilter are
 *  heeded. Other patterns, expressions, and rules with conditions are more than a name.
 *  "||192.0.2.1^" is about
 *  addresses in answers. out is filled for LINE_ENTRY, side for LINE_SIDE, span for LINE_SPAN.
 *  A hosts line must not be given. */
enum list_line_kind list_adblock_line(const char *text, struct list_entry *out,
				      struct list_side *side, struct list_span *span);

/** Whether a line begins with an address and a blank: a hosts line among the rules. */
bool list_adblock_is_hosts(const char *text);

/** Judge a rule's modifiers: set level and disables of s, and add its conditions.
 *  @return LINE_ENTRY: the rule counts; else why not */
enum list_line_kind list_modifiers_read(const char *text, struct list_side *s);

#endif
