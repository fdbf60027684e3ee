/* Lines of AdGuard Home's query log as lookups. Knows nothing of files and of the history. */
#ifndef CLI_PAST_ADGUARD_H
#define CLI_PAST_ADGUARD_H

#include <stddef.h>

struct past_lookup;

/** Longer lines are not taken: two answers of the largest size are shorter. */
#define PAST_ADGUARD_LINE_MAX (256 * 1024)

/** Read a line of querylog.json (one JSON object).
 *  @param why  gets a constant sentence where it cannot be taken
 *  @retval -EINVAL  it cannot; to is undefined */
int past_adguard_line(const char *line, size_t len, struct past_lookup *to,
		      const char **why);

#endif
