/*
 * One statement for each question of report_top.h, over the view `lookups`, and over a
 * roll-up for the time whose lookups have been deleted.
 */
#include "db/report_top.h"

#include <errno.h>
#include <stdlib.h>

#include "db/report_filter.h"
#include "db/report_impl.h"
#include "lib/util.h"

#define ROLLED_VERSION 3 /* the first with sites and roll-ups */
#define DAY	       86400000000LL
#define DAY_US	       "86400000000"

#define PERCENT	    " round(100.0 * sum(n) / sum(sum(n)) OVER (), 1) AS percent,"
#define BLOCKED	    " coalesce(sum(n) FILTER (WHERE verdict GLOB 'blocked*'), 0) AS blocked,"
#define CLIENTS	    " count(DISTINCT client) AS clients,"
#define NAMES	    " count(DISTINCT name) AS names,"
#define LAST	    " max(ts) AS last"
#define BUSIEST	    " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?3"
#define SUM_OF(key) "SELECT " key ", sum(n) AS n," PERCENT

/* Roll-ups that go on where the lookups have been deleted. */
enum rolled { ROLLED_NOT, ROLLED_DAILY, ROLLED_HOURLY };

/* SELECT ... [rows that pass] ...: what stands before them and behind them. */
static const struct question {
	const char *head, *condition, *tail;
	enum rolled rolled;
} questions[REPORT_TOP_COUNT] = {
	[REPORT_TOP_NAMES] = { SUM_OF("name") BLOCKED CLIENTS LAST, "", BUSIEST, ROLLED_DAILY },
	[REPORT_TOP_SITES] = { SUM_OF("site") BLOCKED CLIENTS LAST, "", BUSIEST, ROLLED_DAILY },
	[REPORT_TOP_CLIENTS] = { SUM_OF("who") BLOCKED NAMES LAST, "", BUSIEST, ROLLED_DAILY },
	[REPORT_TOP_LISTS] = { SUM_OF("list") CLIENTS NAMES LAST, " AND list IS NOT NULL",
			       BUSIEST, ROLLED_NOT },
	[REPORT_TOP_UPSTREAMS] = {
		SUM_OF("upstream") " min(ms) FILTER (WHERE rank >= 0.50) AS p50,"
		" min(ms) FILTER (WHERE rank >= 0.95) AS p95," LAST
		" FROM (SELECT upstream, n, ms, ts, cume_dist()"
		" OVER (PARTITION BY upstream ORDER BY ms) AS rank",
		" AND upstream IS NOT NULL", ")" BUSIEST, ROLLED_NOT },
	[REPORT_TOP_TYPES] = { SUM_OF("type") BLOCKED CLIENTS LAST, "", BUSIEST, ROLLED_NOT },
	[REPORT_TOP_VERDICTS] = { SUM_OF("verdict") CLIENTS NAMES LAST, "", BUSIEST,
				  ROLLED_DAILY },
	[REPORT_HOURS] = { "SELECT (ts - ?1) / 3600000000 AS hour, verdict, sum(n) AS n", "",
			   " GROUP BY 1, 2 ORDER BY 1, 2 LIMIT ?3", ROLLED_HOURLY },
};

/* The first midnight (UTC) from which every lookup is still there. */
#define WHOLE_FROM                                                                         \
	"coalesce((SELECT (min(ts) / " DAY_US " + 1) * " DAY_US " FROM lookup),"           \
	" 253402300799000000)"

/* Days and hours count that are whole within the range. */
static const struct {
	const char *lookups, *rollup, *first_sql;
} sources[] = {
	[ROLLED_NOT] = { " FROM lookups WHERE ts >= ?1 AND ts < ?2", NULL, NULL },
	[ROLLED_DAILY] = {
		" FROM (SELECT name, site, who, client, verdict, n, ts FROM lookups"
		" WHERE ts >= max(?1, " WHOLE_FROM ") AND ts < ?2",
		" UNION ALL SELECT name, site, who, client, verdict, n,"
		" unixepoch(day) * 1000000 FROM daily"
		" WHERE day >= date((max(?1, 0) + 86399999999) / " DAY_US " * 86400, 'unixepoch')"
		" AND day < date(min(?2, " WHOLE_FROM ") / 1000000, 'unixepoch')",
		"SELECT min(id) * " DAY_US " FROM day" },
	[ROLLED_HOURLY] = {
		" FROM (SELECT who, client, verdict, n, ts FROM lookups"
		" WHERE ts >= max(?1, " WHOLE_FROM ") AND ts < ?2",
		" UNION ALL SELECT who, client, verdict, n, ts FROM hourly"
		" WHERE ts >= ?1 AND ts < " WHOLE_FROM " AND ts <= ?2 - 3600000000",
		"SELECT min(ts) FROM hour_total" },
};

static const char refused_sql[] =
	"SELECT who, dest, name, port || '/' || proto AS port, verdict, sum(n) AS n,"
	" max(ts) AS last FROM refusals WHERE ts >= ?1 AND ts < ?2"
	" GROUP BY 1, 2, 3, 4, 5 ORDER BY 6 DESC, 1, 2 LIMIT ?3";

/* A roll-up can answer q: it knows the columns of its filters. */
static bool can_filter(enum rolled rolled, const struct report_log *q)
{
	for (size_t i = 0; i < q->filter_count; i++) {
		enum report_field field = q->filters[i].field;

		if (field != REPORT_CLIENT && field != REPORT_VERDICT &&
		    (field != REPORT_NAME || rolled != ROLLED_DAILY))
			return false;
	}
	return true;
}

/* Which roll-up q needs besides lookups: none, if all it wants is still there. */
static int choose(struct report *r, enum rolled rolled, const struct report_log *q,
		  enum rolled *chosen)
{
	int64_t first = INT64_MAX, oldest = INT64_MAX;
	int rc;

	*chosen = ROLLED_NOT;
	if (rolled == ROLLED_NOT || r->version < ROLLED_VERSION || !can_filter(rolled, q))
		return 0;
	rc = report_number(r, "SELECT min(ts) FROM lookup WHERE ts > 0", &oldest);
	if (!rc)
		rc = report_number(r, sources[rolled].first_sql, &first);
	if (!rc && first / DAY < oldest / DAY && q->since_us < oldest)
		*chosen = rolled;
	return rc;
}

static void add_rows(struct report_sql *sql, const struct question *question,
		     enum rolled rolled, const struct report_log *q)
{
	report_sql_add(sql, "%s%s", sources[rolled].lookups, question->condition);
	report_filter_add(sql, q, REPORT_RANGED_PARAM);
	if (rolled == ROLLED_NOT)
		return;
	report_sql_add(sql, "%s", sources[rolled].rollup);
	report_filter_add(sql, q, REPORT_RANGED_PARAM);
	report_sql_add(sql, ")");
}

int report_top(struct report *r, enum report_top what, const struct report_log *q,
	       const struct report_out *out)
{
	const struct question *question = &questions[what];
	struct report_sql *sql;
	enum rolled rolled;
	int rc;

	if (q->filter_count > REPORT_FILTERS_MAX)
		return -EINVAL;
	if (what == REPORT_TOP_SITES && r->version < ROLLED_VERSION)
		return -ENOTSUP;
	rc = choose(r, question->rolled, q, &rolled);
	if (rc)
		return rc;
	sql = calloc(1, sizeof(*sql));
	if (!sql)
		return -ENOMEM;
	report_sql_add(sql, "%s", question->head);
	add_rows(sql, question, rolled, q);
	report_sql_add(sql, "%s", question->tail);
	rc = sql->is_full ? -EINVAL : report_ranged(r, sql->text, q, NULL, out);
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
