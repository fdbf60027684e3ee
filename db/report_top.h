/*
 * Questions about many lookups at once: the busiest names, clients and so on, and what
 * became of the lookups of each hour.
 */
#ifndef DB_REPORT_TOP_H
#define DB_REPORT_TOP_H

#include "db/report.h"

enum report_top {
	/* name, n, percent, blocked, clients, last */
	REPORT_TOP_NAMES,
	/* site, the same: registrable domains; -ENOTSUP from a history before version 4 */
	REPORT_TOP_SITES,
	/* who, n, percent, blocked, names, last */
	REPORT_TOP_CLIENTS,
	/* list, n, percent, clients, names, last */
	REPORT_TOP_LISTS,
	/* upstream, n, percent, p50 and p95 in milliseconds, last */
	REPORT_TOP_UPSTREAMS,
	/* type, n, percent, blocked, clients, last */
	REPORT_TOP_TYPES,
	/* verdict, n, percent, clients, names, last */
	REPORT_TOP_VERDICTS,
	/* hour (whole ones since the range began, which must be given), verdict, n; in order */
	REPORT_HOURS,
	REPORT_TOP_COUNT,
};

/** Answer one of them, the busiest first, ties by name. `n` are lookups, `percent` their
 *  share of all that pass, `last` unix time in microseconds. Where lookups have been deleted
 *  the roll-ups by day (names, sites, clients, verdicts) or hour go on, for days and hours
 *  that are whole within the range, and `last` is such a day; not with filters that they do
 *  not have (type, list and so on).
 *  Of more than a million different names the further ones are counted as "*".
 *  @param q  filters, range, limit (0: as many as a question may give, 10,000)
 *  @retval -E2BIG  too many pairs of them with clients or names (census.h)
 *  @return results of report_log() */
int report_top(struct report *r, enum report_top what, const struct report_log *q,
	       const struct report_out *out);

/** Where refused connections went: who, dest, name, port ("443/tcp"), verdict, n, last; of q
 *  the range and the limit count. */
int report_top_refused(struct report *r, const struct report_log *q,
		       const struct report_out *out);

#endif
