/* The filters of a question as SQL; see report_filter.h. */
#include "db/report_filter.h"

#include <ctype.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/report_impl.h"

#define VALUE_MAX 1024

/* What a field's value is compared with: any of these. NULL must not make it NULL. */
static const char *const compared[REPORT_FIELD_COUNT][2] = {
	[REPORT_NAME] = { "name" },
	[REPORT_CLIENT] = { "lower(who)", "client" },
	[REPORT_VERDICT] = { "verdict" },
	[REPORT_TYPE] = { "lower(type)" },
	[REPORT_LIST] = { "lower(coalesce(list, ''))" },
	[REPORT_RCODE] = { "lower(rcode)" },
	[REPORT_UPSTREAM] = { "coalesce(upstream, '')" },
};

void report_sql_add(struct report_sql *sql, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(sql->text + sql->len, sizeof(sql->text) - sql->len, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(sql->text) - sql->len)
		sql->is_full = true;
	else
		sql->len += (size_t)n;
}

static bool is_negated(const struct report_filter *f)
{
	return f->value[0] == '!';
}

static void append_condition(struct report_sql *sql, enum report_field field, unsigned param)
{
	report_sql_add(sql, "%s GLOB ?%u", compared[field][0], param);
	if (compared[field][1])
		report_sql_add(sql, " OR %s GLOB ?%u", compared[field][1], param);
}

/* Plain values of a field are alternatives, negated ones all exclude. */
static void append_field(struct report_sql *sql, const struct report_log *q,
			 enum report_field field, unsigned first_param)
{
	bool any = false;

	for (size_t i = 0; i < q->filter_count; i++) {
		if (q->filters[i].field != field || is_negated(&q->filters[i]))
			continue;
		report_sql_add(sql, any ? " OR " : " AND (");
		append_condition(sql, field, first_param + (unsigned)i);
		any = true;
	}
	if (any)
		report_sql_add(sql, ")");
	for (size_t i = 0; i < q->filter_count; i++) {
		if (q->filters[i].field != field || !is_negated(&q->filters[i]))
			continue;
		report_sql_add(sql, " AND NOT (");
		append_condition(sql, field, first_param + (unsigned)i);
		report_sql_add(sql, ")");
	}
}

/* A value as a GLOB pattern: only `*` is special, letters are lower case, and a name's
 * final dot is not stored. Returns its length, of at most 3 * VALUE_MAX. */
static int make_pattern(enum report_field field, const char *from, char *pattern)
{
	size_t len = 0;

	if (strlen(from) >= VALUE_MAX)
		return -EINVAL;
	for (; *from; from++) {
		if (field == REPORT_NAME && from[0] == '.' && !from[1] && len)
			break;
		if (*from == '[' || *from == '?') {
			pattern[len++] = '[';
			pattern[len++] = *from;
			pattern[len++] = ']';
		} else {
			pattern[len++] = (char)tolower((unsigned char)*from);
		}
	}
	return (int)len;
}

static int bind_pattern(sqlite3_stmt *stmt, unsigned param, enum report_field field,
			const char *from)
{
	char pattern[VALUE_MAX * 3];
	int len = make_pattern(field, from, pattern);

	if (len < 0)
		return len;
	return sqlite3_bind_text(stmt, (int)param, pattern, len, SQLITE_TRANSIENT) == SQLITE_OK ?
		       0 : -ENOMEM;
}

void report_filter_add(struct report_sql *sql, const struct report_log *q,
		       unsigned first_param)
{
	for (unsigned i = 0; i < REPORT_FIELD_COUNT; i++)
		append_field(sql, q, (enum report_field)i, first_param);
}

int report_filter_bind(sqlite3_stmt *stmt, const struct report_log *q, unsigned first_param)
{
	int rc = 0;

	for (size_t i = 0; i < q->filter_count && !rc; i++)
		rc = bind_pattern(stmt, first_param + (unsigned)i, q->filters[i].field,
				  q->filters[i].value + is_negated(&q->filters[i]));
	return rc;
}

/* ?1 to ?4, and the filters. */
static int bind_ranged(sqlite3_stmt *stmt, const struct report_log *q,
		       const struct report_subject *subject)
{
	uint64_t limit = q->limit ? MIN(q->limit, (uint64_t)REPORT_ANSWER_ROWS) :
				    REPORT_ANSWER_ROWS;
	int rc = 0;

	sqlite3_bind_int64(stmt, 1, q->since_us ? q->since_us : INT64_MIN);
	sqlite3_bind_int64(stmt, 2, q->until_us ? q->until_us : INT64_MAX);
	sqlite3_bind_int64(stmt, 3, (int64_t)limit);
	if (subject && subject->is_pattern)
		rc = bind_pattern(stmt, 4, REPORT_NAME, subject->text);
	else if (subject)
		rc = sqlite3_bind_text(stmt, 4, subject->text, -1, SQLITE_STATIC) ==
		     SQLITE_OK ? 0 : -ENOMEM;
	return rc ? rc : report_filter_bind(stmt, q, REPORT_RANGED_PARAM);
}

int report_ranged(struct report *r, const char *sql, const struct report_log *q,
		  const struct report_subject *subject, const struct report_out *out)
{
	struct report_page page = { 0 };
	sqlite3_stmt *stmt;
	int rc = report_prepare(r, sql, &stmt);

	if (rc)
		return rc;
	r->has_columns = false;
	rc = bind_ranged(stmt, q, subject);
	if (!rc)
		rc = report_read(r, stmt, REPORT_ANSWER_ROWS, &page);
	if (!rc)
		rc = report_show(r, &page, out);
	sqlite3_finalize(stmt);
	report_page_fini(&page);
	return rc;
}

/* --- in memory ------------------------------------------------------------------------ */

struct glob {
	enum report_field field;
	bool is_negated;
	char *pattern; /* owned */
};

struct report_globs {
	size_t count;
	struct glob all[REPORT_FILTERS_MAX];
};

static int add_glob(struct report_globs *g, const struct report_filter *f)
{
	struct glob *to = &g->all[g->count];
	char pattern[VALUE_MAX * 3];
	int len = make_pattern(f->field, f->value + is_negated(f), pattern);

	if (len < 0)
		return len;
	to->field = f->field;
	to->is_negated = is_negated(f);
	to->pattern = strndup(pattern, (size_t)len);
	if (!to->pattern)
		return -ENOMEM;
	g->count++;
	return 0;
}

int report_globs_new(const struct report_log *q, struct report_globs **out)
{
	struct report_globs *g;
	int rc = 0;

	if (q->filter_count > REPORT_FILTERS_MAX)
		return -EINVAL;
	g = calloc(1, sizeof(*g));
	if (!g)
		return -ENOMEM;
	for (size_t i = 0; i < q->filter_count && !rc; i++)
		rc = add_glob(g, &q->filters[i]);
	if (rc)
		report_globs_free(g);
	else
		*out = g;
	return rc;
}

void report_globs_free(struct report_globs *g)
{
	for (size_t i = 0; g && i < g->count; i++)
		free(g->all[i].pattern);
	free(g);
}

bool report_globs_have(const struct report_globs *g, enum report_field field)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->all[i].field == field)
			return true;
	return false;
}

static bool is_match(const struct glob *glob, const char *text)
{
	bool folds = glob->field == REPORT_CLIENT || glob->field == REPORT_TYPE ||
		     glob->field == REPORT_LIST || glob->field == REPORT_RCODE;
	char lower[VALUE_MAX];
	size_t i;

	if (!text)
		return false;
	if (!folds)
		return !sqlite3_strglob(glob->pattern, text);
	for (i = 0; i < sizeof(lower) - 1 && text[i]; i++)
		lower[i] = (char)tolower((unsigned char)text[i]);
	lower[i] = '\0';
	return !sqlite3_strglob(glob->pattern, lower);
}

bool report_globs_pass(const struct report_globs *g, enum report_field field, const char *text,
		       const char *other)
{
	bool is_wanted = false, is_found = false;

	if (!text && (field == REPORT_LIST || field == REPORT_UPSTREAM))
		text = "";
	for (size_t i = 0; i < g->count; i++) {
		const struct glob *glob = &g->all[i];
		bool matches;

		if (glob->field != field)
			continue;
		if (!text)
			return false;
		matches = is_match(glob, text) || is_match(glob, other);
		if (glob->is_negated && matches)
			return false;
		is_wanted |= !glob->is_negated;
		is_found |= !glob->is_negated && matches;
	}
	return is_found || !is_wanted;
}
