/* All of passive DNS, as the view `pdns` has it. */
#ifndef DB_REPORT_PAIRS_H
#define DB_REPORT_PAIRS_H

#include "db/report.h"

/** Every pair of a name and an address: rrname, rrtype, rdata, time_first, time_last, count;
 *  by address, then name. As of one moment, and yet without a transaction while a row is
 *  given out: they are copied to a temporary file first.
 *  @param q  seen within its range
 *  @retval -ENOTSUP  the history is older than passive DNS; else results of report_log() */
int report_pairs(struct report *r, const struct report_log *q, const struct report_out *out);

#endif
