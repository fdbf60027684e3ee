/*
 * The questions of report_top.h: lookups are counted in memory (report_count.h), with a
 * roll-up for the time whose lookups have been deleted.
 */
#include "db/report_top.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/report_count.h"
#include "db/report_filter.h"
#include "db/report_impl.h"
#include "db/census.h"
#include "lib/util.h"

#define DAY	       86400000000LL
#define DAY_US	       "86400000000"
#define COLUMNS_MAX    6

/* Roll-ups that go on where the lookups have been deleted. */
enum rolled { ROLLED_NOT, ROLLED_DAILY, ROLLED_HOURLY };

/* What a column of an answer shows. */
enum shown { SHOW_KEY, SHOW_N, SHOW_PERCENT, SHOW_BLOCKED, SHOW_CLIENTS, SHOW_NAMES, SHOW_LAST,
	     SHOW_P50, SHOW_P95, SHOW_HOUR, SHOW_VERDICT };

static const char *const column_names[] = {
	[SHOW_N] = "n",		    [SHOW_PERCENT] = "percent", [SHOW_BLOCKED] = "blocked",
	[SHOW_CLIENTS] = "clients", [SHOW_NAMES] = "names",	[SHOW_LAST] = "last",
	[SHOW_P50] = "p50",	    [SHOW_P95] = "p95",		[SHOW_HOUR] = "hour",
	[SHOW_VERDICT] = "verdict",
};

static const struct question {
	enum count_by by;
	const char *key; /* name of SHOW_KEY, and of the roll-up's column */
	enum rolled rolled;
	enum shown columns[COLUMNS_MAX];
	size_t column_count;
} questions[REPORT_TOP_COUNT] = {
#define BLOCKED_CLIENTS { SHOW_KEY, SHOW_N, SHOW_PERCENT, SHOW_BLOCKED, SHOW_CLIENTS, SHOW_LAST }, 6
#define BLOCKED_NAMES	{ SHOW_KEY, SHOW_N, SHOW_PERCENT, SHOW_BLOCKED, SHOW_NAMES, SHOW_LAST }, 6
#define CLIENTS_NAMES	{ SHOW_KEY, SHOW_N, SHOW_PERCENT, SHOW_CLIENTS, SHOW_NAMES, SHOW_LAST }, 6
	[REPORT_TOP_NAMES] = { COUNT_NAMES, "name", ROLLED_DAILY, BLOCKED_CLIENTS },
	[REPORT_TOP_SITES] = { COUNT_SITES, "site", ROLLED_DAILY, BLOCKED_CLIENTS },
	[REPORT_TOP_CLIENTS] = { COUNT_CLIENTS, "who", ROLLED_DAILY, BLOCKED_NAMES },
	[REPORT_TOP_LISTS] = { COUNT_LISTS, "list", ROLLED_NOT, CLIENTS_NAMES },
	[REPORT_TOP_UPSTREAMS] = { COUNT_UPSTREAMS, "upstream", ROLLED_NOT,
				   { SHOW_KEY, SHOW_N, SHOW_PERCENT, SHOW_P50, SHOW_P95,
				     SHOW_LAST }, 6 },
	[REPORT_TOP_TYPES] = { COUNT_TYPES, "type", ROLLED_NOT, BLOCKED_CLIENTS },
	[REPORT_TOP_VERDICTS] = { COUNT_VERDICTS, "verdict", ROLLED_DAILY, CLIENTS_NAMES },
	[REPORT_HOURS] = { COUNT_HOURS, "NULL", ROLLED_HOURLY,
			   { SHOW_HOUR, SHOW_VERDICT, SHOW_N }, 3 },
};

/* The first midnight (UTC) from which every lookup is still there. */
#define WHOLE_FROM                                                                         \
	"coalesce((SELECT (min(ts) / " DAY_US " + 1) * " DAY_US " FROM lookup),"           \
	" 253402300799000000)"

/* Days and hours count that are whole within the range. */
static const struct {
	const char *rollup, *first_sql;
} sources[] = {
	[ROLLED_DAILY] = {
		", client, name, verdict, n, unixepoch(day) * 1000000 FROM daily"
		" WHERE day >= date((max(?1, 0) + 86399999999) / " DAY_US " * 86400, 'unixepoch')"
		" AND day < date(min(?2, " WHOLE_FROM ") / 1000000, 'unixepoch')",
		"SELECT min(id) * " DAY_US " FROM day" },
	[ROLLED_HOURLY] = {
		", client, NULL, verdict, n, ts FROM hourly"
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
	if (rolled == ROLLED_NOT || r->version < REPORT_ROLLED_VERSION || !can_filter(rolled, q))
		return 0;
	rc = report_number(r, "SELECT min(ts) FROM lookup WHERE ts > 0", &oldest);
	if (!rc)
		rc = report_number(r, sources[rolled].first_sql, &first);
	if (!rc && first / DAY < oldest / DAY && q->since_us < oldest)
		*chosen = rolled;
	return rc;
}

/* --- counting ------------------------------------------------------------------------- */

static int count_rollup(struct report *r, const struct question *question, enum rolled rolled,
			const struct report_log *q, struct census *t)
{
	struct report_sql *sql = calloc(1, sizeof(*sql));
	int rc = -EINVAL;

	if (!sql)
		return -ENOMEM;
	report_sql_add(sql, "SELECT %s%s", question->key, sources[rolled].rollup);
	report_filter_add(sql, q, REPORT_RANGED_PARAM);
	if (!sql->is_full)
		rc = report_count_rolled(r, question->by, q, sql->text, t);
	free(sql);
	return rc;
}

static int count(struct report *r, const struct question *question, const struct report_log *q,
		 struct census *t)
{
	int64_t since = q->since_us ? q->since_us : INT64_MIN, whole_from = since;
	int64_t until = q->until_us ? q->until_us : INT64_MAX;
	enum rolled rolled;
	int rc = choose(r, question->rolled, q, &rolled);

	if (!rc && rolled != ROLLED_NOT) {
		rc = report_number(r, "SELECT " WHOLE_FROM, &whole_from);
		if (!rc)
			rc = count_rollup(r, question, rolled, q, t);
	}
	return rc ? rc : report_count(r, question->by, q, MAX(since, whole_from), until, t);
}

/* --- answers -------------------------------------------------------------------------- */

static struct report_value integer(int64_t value)
{
	return (struct report_value){ .type = REPORT_INTEGER, .integer = value };
}

static struct report_value real(double value)
{
	return (struct report_value){ .type = value < 0 ? REPORT_NULL : REPORT_REAL,
				      .real = value };
}

static struct report_value text(const char *value)
{
	return (struct report_value){ .type = value ? REPORT_TEXT : REPORT_NULL, .text = value };
}

/* To a tenth. */
static double percent_of(int64_t n, int64_t total)
{
	char tenths[32];

	snprintf(tenths, sizeof(tenths), "%.1f",
		 total ? 100.0 * (double)n / (double)total : 0.0);
	return strtod(tenths, NULL);
}

/* "00000017 cached" */
static const char *verdict_of(const char *key)
{
	const char *verdict = strchr(key, ' ');

	return verdict && verdict[1] ? verdict + 1 : NULL;
}

static struct report_value value_of(enum shown what, const struct census_entry *e, int64_t total)
{
	switch (what) {
	case SHOW_KEY:
		return text(e->text);
	case SHOW_N:
		return integer(e->n);
	case SHOW_PERCENT:
		return real(percent_of(e->n, total));
	case SHOW_BLOCKED:
		return integer(e->blocked);
	case SHOW_CLIENTS:
		return integer(e->with[CENSUS_CLIENT]);
	case SHOW_NAMES:
		return integer(e->with[CENSUS_NAME]);
	case SHOW_LAST:
		return integer(e->last_us);
	case SHOW_P50:
		return real(e->p50_us / 1000);
	case SHOW_P95:
		return real(e->p95_us / 1000);
	case SHOW_HOUR:
		return integer(strtoll(e->text, NULL, 10));
	default:
		return text(verdict_of(e->text));
	}
}

static int show(const struct question *question, struct census *t, uint64_t limit,
		const struct report_out *out)
{
	const char *names[COLUMNS_MAX];
	int rc;

	for (size_t i = 0; i < question->column_count; i++)
		names[i] = question->columns[i] == SHOW_KEY ? question->key :
							      column_names[question->columns[i]];
	rc = out->columns(out->arg, names, question->column_count);
	limit = MIN(limit ? limit : REPORT_ANSWER_ROWS, (uint64_t)REPORT_ANSWER_ROWS);
	for (size_t i = 0; i < census_count(t) && i < limit && !rc; i++) {
		struct report_value values[COLUMNS_MAX];
		struct census_entry e;

		census_at(t, i, &e);
		for (size_t k = 0; k < question->column_count; k++)
			values[k] = value_of(question->columns[k], &e, census_total(t));
		rc = out->row(out->arg, values, question->column_count);
	}
	return rc;
}

int report_top(struct report *r, enum report_top what, const struct report_log *q,
	       const struct report_out *out)
{
	const struct question *question = &questions[what];
	struct census *t;
	int rc;

	if (q->filter_count > REPORT_FILTERS_MAX)
		return -EINVAL;
	if (what == REPORT_TOP_SITES && r->version < REPORT_ROLLED_VERSION)
		return -ENOTSUP;
	t = census_new(CENSUS_KEYS_MAX);
	if (!t)
		return -ENOMEM;
	r->has_columns = false;
	rc = count(r, question, q, t);
	if (!rc)
		rc = census_sort(t, what == REPORT_HOURS);
	if (!rc)
		rc = show(question, t, q->limit, out);
	census_free(t);
	return rc;
}

int report_top_refused(struct report *r, const struct report_log *q,
		       const struct report_out *out)
{
	struct report_log range = *q;

	range.filter_count = 0;
	return report_ranged(r, refused_sql, &range, NULL, out);
}
