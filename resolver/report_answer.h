/* What a name's answer, as the cache has it, leads to, and what lists say of that: steps of `why`
 * for the control socket (report_state.h). */
#ifndef RESOLVER_REPORT_ANSWER_H
#define RESOLVER_REPORT_ANSWER_H

#include <stdbool.h>
#include <stdio.h>

struct dname;
struct policy_asker;
struct resolver;

/** Steps "leads to" and "address" for each name and address of the answers of types A and AAAA,
 *  with the list, its entry, and file and line where one decides. Nothing without an answer.
 *  @param asker  its type does not count
 *  @param to     NULL: say nothing
 *  @return whether one of them is blocked, and so the answer */
bool report_answer(const struct resolver *r, const struct policy_asker *asker,
		   const struct dname *qname, FILE *to);

#endif
