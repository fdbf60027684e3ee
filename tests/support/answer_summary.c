/* See answer_summary.h. */
#include "tests/support/answer_summary.h"

#include <stdio.h>

#include "resolver/wire.h"

const char *answer_summary(const struct wire_answer *a)
{
	static char buf[20000];
	char text[DNAME_TEXT_MAX];
	char *to = buf;

	for (unsigned i = 0; i < a->addr_count; i++)
		to += sprintf(to, "%s/%u%s ", addr_to_text(&a->addrs[i].addr, text),
			      a->addrs[i].ttl_s, a->addrs[i].hint ? "h" : "");
	to += sprintf(to, "|");
	for (unsigned i = 0; i < a->chain_count; i++)
		to += sprintf(to, " %s", dname_to_text(&a->chain[i], text));
	return buf;
}
