/*
 * Counts the lookups of a range by one of their columns (census.h), and the roll-ups where
 * lookups have been deleted. Between the report_*.c files only.
 */
#ifndef DB_REPORT_COUNT_H
#define DB_REPORT_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "db/report.h"

struct census;

/** What is counted apart. Of upstreams the waits are noted, too. Rows without list or
 *  upstream are left out of these two. */
enum count_by {
	COUNT_NAMES,
	COUNT_SITES,
	COUNT_CLIENTS,
	COUNT_LISTS,
	COUNT_UPSTREAMS,
	COUNT_TYPES,
	COUNT_VERDICTS,
	COUNT_HOURS, /* key "HOUR VERDICT", eight digits: whole hours since the range began */
};

/** Count lookups, in transactions of some 0.1 s each.
 *  @param since_us, until_us  since <= ts < until; may narrow q's range
 *  @retval -E2BIG  too many different ones; else those of report_log() */
int report_count(struct report *r, enum count_by by, const struct report_log *q,
		 int64_t since_us, int64_t until_us, struct census *t);

/** Count rows of a roll-up. @param sql  gives key, client, name, verdict, n, ts; ?1 and ?2
 *  are q's range, then its filters from REPORT_RANGED_PARAM on; a key of COUNT_HOURS is ts */
int report_count_rolled(struct report *r, enum count_by by, const struct report_log *q,
			const char *sql, struct census *t);

#endif
