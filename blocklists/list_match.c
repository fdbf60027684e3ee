/* What decided, in words; see list_match.h. */
#include "blocklists/list_match.h"

#include <string.h>

#include "lib/log.h"

const char *list_match_text(const struct list_match *match, char *buf)
{
	char *to = buf, rule[LIST_SIDE_RULE + 1];

	if (match->is_span) {
		list_span_text(&match->span, buf);
		return buf;
	}
	if (match->rule) {
		memcpy(rule, match->rule, match->rule_len);
		rule[match->rule_len] = '\0';
		log_safe(rule, buf, LIST_MATCH_TEXT);
		return buf;
	}
	if (match->subtree) {
		strcpy(to, "*.");
		to += 2;
	}
	dname_to_text(&match->key, to);
	return buf;
}
