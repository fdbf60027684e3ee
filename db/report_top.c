/*
 * One statement for each question of report_top.h, over the view `lookups`: what stands
 * before the filters, and what behind them.
 */
#include "db/report_top.h"

#include <errno.h>
#include <stdlib.h>

#include "db/report_filter.h"
#include "db/report_impl.h"
#include "lib/util.h"

#define SITES_VERSION 3 /* the first that knows them */
#define IN_RANGE    " FROM lookups WHERE ts >= ?1 AND ts < ?2"
#define PERCENT	    " round(100.0 * sum(n) / sum(sum(n)) OVER (), 1) AS percent,"
#define BLOCKED	    " coalesce(sum(n) FILTER (WHERE verdict GLOB 'blocked*'), 0) AS blocked,"
#define CLIENTS	    " count(DISTINCT client) AS clients,"
#define NAMES	    " count(DISTINCT name) AS names,"
#define BUSIEST	    " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?3"
#define SUM_OF(key) "SELECT " key ", sum(n) AS n," PERCENT

static const struct question {
	const char *head, *tail;
} questions[REPORT_TOP_COUNT] = {
	[REPORT_TOP_NAMES] = {
		SUM_OF("name") BLOCKED CLIENTS " max(ts) AS last" IN_RANGE, BUSIEST },
	[REPORT_TOP_SITES] = {
		SUM_OF("site") BLOCKED CLIENTS " max(ts) AS last" IN_RANGE, BUSIEST },
	[REPORT_TOP_CLIENTS] = {
		SUM_OF("who") BLOCKED NAMES " max(ts) AS last" IN_RANGE, BUSIEST },
	[REPORT_TOP_LISTS] = {
		SUM_OF("list") CLIENTS NAMES " max(ts) AS last" IN_RANGE
		" AND list IS NOT NULL", BUSIEST },
	[REPORT_TOP_UPSTREAMS] = {
		SUM_OF("upstream") " min(ms) FILTER (WHERE rank >= 0.50) AS p50,"
		" min(ms) FILTER (WHERE rank >= 0.95) AS p95, max(ts) AS last"
		" FROM (SELECT upstream, n, ms, ts, cume_dist()"
		" OVER (PARTITION BY upstream ORDER BY ms) AS rank" IN_RANGE
		" AND upstream IS NOT NULL", ")" BUSIEST },
	[REPORT_TOP_TYPES] = {
		SUM_OF("type") BLOCKED CLIENTS " max(ts) AS last" IN_RANGE, BUSIEST },
	[REPORT_TOP_VERDICTS] = {
		SUM_OF("verdict") CLIENTS NAMES " max(ts) AS last" IN_RANGE, BUSIEST },
	[REPORT_HOURS] = {
		"SELECT (ts - ?1) / 3600000000 AS hour, verdict, sum(n) AS n" IN_RANGE,
		" GROUP BY 1, 2 ORDER BY 1, 2 LIMIT ?3" },
};

static const char refused_sql[] =
	"SELECT who, dest, name, port || '/' || proto AS port, verdict, sum(n) AS n,"
	" max(ts) AS last FROM refusals WHERE ts >= ?1 AND ts < ?2"
	" GROUP BY 1, 2, 3, 4, 5 ORDER BY 6 DESC, 1, 2 LIMIT ?3";

int report_top(struct report *r, enum report_top what, const struct report_log *q,
	       const struct report_out *out)
{
	struct report_sql *sql;
	int rc = -EINVAL;

	if (q->filter_count > REPORT_FILTERS_MAX)
		return -EINVAL;
	if (what == REPORT_TOP_SITES && r->version < SITES_VERSION)
		return -ENOTSUP;
	sql = calloc(1, sizeof(*sql));
	if (!sql)
		return -ENOMEM;
	report_sql_add(sql, "%s", questions[what].head);
	report_filter_add(sql, q, REPORT_RANGED_PARAM);
	report_sql_add(sql, "%s", questions[what].tail);
	if (!sql->is_full)
		rc = report_ranged(r, sql->text, q, NULL, out);
	free(sql);
	return rc;
}

int report_top_refused(struct report *r, const struct report_log *q,
		       const struct report_out *out)
{
	struct report_log range = *q;

	range.filter_count = 0;
	return report_ranged(r, refused_sql, &range, NULL, out);
}
