/*
 * How often each list blocked, by the history, and how often no other would have, by what the
 * lists hold now, which the daemon is asked for. Knows nothing of verbs.
 */
#ifndef CLI_LIST_HITS_H
#define CLI_LIST_HITS_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"

struct list_hits {
	uint64_t hits[CONF_LISTS_MAX], unique[CONF_LISTS_MAX]; /* lookups, by list */
	bool is_known;	      /* the history could be read */
	bool is_unique_known; /* so could the daemon be asked */
};

/** Never fails as a whole: out says what is known. */
void list_hits_read(const struct conf *conf, int64_t since_us, struct list_hits *out);

#endif
