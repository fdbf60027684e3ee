/* Queries of Pi-hole's long-term database as lookups. Knows nothing of files and SQL. */
#ifndef CLI_PAST_PIHOLE_H
#define CLI_PAST_PIHOLE_H

struct past_lookup;
struct pihole_query;

/** @param why  gets a constant sentence where it cannot be taken
 *  @retval -EINVAL  it cannot; to is undefined */
int past_pihole_query(const struct pihole_query *q, struct past_lookup *to,
		      const char **why);

#endif
