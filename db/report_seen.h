/* What was asked lately, for those who hold lists against it. */
#ifndef DB_REPORT_SEEN_H
#define DB_REPORT_SEEN_H

#include "db/report.h"

/** Each lookup with a name from then on: name, client, answer (as the view `lookups` has it, or
 *  null), blocked (0 or 1), n; in pages, by no order that is promised.
 *  @return results of report_log() */
int report_seen(struct report *r, int64_t since_us, const struct report_out *out);

#define REPORT_HITS_MAX 200000 /* rows */

/** What lists blocked from then on, grouped: list, name asked for, entry of the list, n; the
 *  most often first.
 *  @retval -E2BIG  more than REPORT_HITS_MAX rows; else results of report_log() */
int report_hits(struct report *r, int64_t since_us, const struct report_out *out);

#endif
