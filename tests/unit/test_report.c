/* Filters, order, limits, following and the single questions, against a small history. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/events.h"
#include "db/refusals.h"
#include "db/report.h"
#include "db/report_top.h"
#include "lib/util.h"
#include "tests/support/history_fixture.h"

#define T0     FIXTURE_START_US
#define SECOND 1000000ll

/* What the callbacks saw: "a b c" of one column's values. */
struct seen {
	const char *column;
	size_t index, columns, rows;
	unsigned headers;
	size_t stop_after; /* 0: never */
	char text[8192];
};

static int on_columns(void *arg, const char *const *names, size_t count)
{
	struct seen *seen = arg;

	seen->headers++;
	seen->columns = count;
	for (seen->index = 0; seen->index < count; seen->index++)
		if (!strcmp(names[seen->index], seen->column))
			return 0;
	fail_msg("no column %s", seen->column);
	return -1;
}

static int on_row(void *arg, const struct report_value *values, size_t count)
{
	struct seen *seen = arg;
	const struct report_value *v = &values[seen->index];
	char one[256] = "-";

	assert_int_equal(count, seen->columns);
	if (v->type == REPORT_TEXT)
		snprintf(one, sizeof(one), "%s", v->text);
	else if (v->type == REPORT_INTEGER)
		snprintf(one, sizeof(one), "%lld", (long long)v->integer);
	else if (v->type == REPORT_REAL)
		snprintf(one, sizeof(one), "%g", v->real);
	if (seen->rows++ && strlen(seen->text) < sizeof(seen->text) - 300)
		strcat(seen->text, " ");
	if (strlen(seen->text) < sizeof(seen->text) - 300)
		strcat(seen->text, one);
	return seen->stop_after && seen->rows == seen->stop_after ? 7 : 0;
}

static struct report_out out_to(struct seen *seen)
{
	return (struct report_out){ on_columns, on_row, seen };
}

/* Eight lookups, a second apart, named a to h. */
static void fill(struct fixture_db *db)
{
	static const struct fixture_lookup lookups[] = {
		{ .name = "a.apple.com", .device = "tv", .answers = { "192.0.2.1" },
		  .rtt_us = 1500 },
		{ .name = "b.apple.com", .client = "192.168.1.20", .qtype = 28,
		  .verdict = VERDICT_CACHED },
		{ .name = "c.ads.example", .device = "tv", .verdict = VERDICT_BLOCKED,
		  .upstream = "-", .list = "ads", .pattern = "*.ads.example", .rcode = 3 },
		{ .name = "d.[x]?.example", .client = "2001:db8::5" },
		{ .name = "e.example", .verdict = VERDICT_FAILED, .rcode = 2, .upstream = "-" },
		{ .name = "f.example", .qtype = 65, .verdict = VERDICT_BLOCKED_CNAME,
		  .list = "telemetry", .pattern = "x" },
		{ .name = "g.example", .qtype = 65280, .upstream = "1.1.1.1" },
		{ .name = "apple.com", .device = "TV-2" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lookups); i++) {
		struct fixture_lookup l = lookups[i];

		l.ts_us = T0 + (int64_t)i * SECOND;
		fixture_add(db, &l);
	}
	fixture_commit(db);
}

static void filters_pass_what_they_say(void **state)
{
	struct fixture *f = *state;
	static const struct {
		struct report_filter filters[4];
		const char *rows; /* their upstream-independent mark: seconds after T0 */
	} cases[] = {
		{ { { 0 } }, "0 1 2 3 4 5 6 7" },
		{ { { REPORT_NAME, "e.example" } }, "4" },
		{ { { REPORT_NAME, "E.Example." } }, "4" },
		{ { { REPORT_NAME, "*.apple.com" } }, "0 1" },
		{ { { REPORT_NAME, "*apple.com" } }, "0 1 7" },
		{ { { REPORT_NAME, "*.apple.com" }, { REPORT_NAME, "e.example" } }, "0 1 4" },
		{ { { REPORT_NAME, "!*.apple.com" }, { REPORT_NAME, "!?.example" } },
		  "2 3 4 5 6 7" },
		{ { { REPORT_NAME, "*.apple.com" }, { REPORT_NAME, "!b*" } }, "0" },
		{ { { REPORT_NAME, "d.[x]?.example" } }, "" },
		{ { { REPORT_NAME, "d.\\091x\\093\\063.example" } }, "3" },
		{ { { REPORT_NAME, "nothing" } }, "" },
		{ { { REPORT_CLIENT, "tv" } }, "0 2" },
		{ { { REPORT_CLIENT, "tv*" } }, "0 2 7" },
		{ { { REPORT_CLIENT, "2001:DB8::5" } }, "3" },
		{ { { REPORT_CLIENT, "192.168.1.10" }, { REPORT_CLIENT, "!tv" } }, "4 5 6 7" },
		{ { { REPORT_VERDICT, "blocked" } }, "2" },
		{ { { REPORT_VERDICT, "blocked*" } }, "2 5" },
		{ { { REPORT_VERDICT, "!forwarded" }, { REPORT_VERDICT, "!cached" } },
		  "2 4 5" },
		{ { { REPORT_TYPE, "aaaa" }, { REPORT_TYPE, "HTTPS" } }, "1 5" },
		{ { { REPORT_TYPE, "TYPE65280" } }, "6" },
		{ { { REPORT_LIST, "ads" } }, "2" },
		{ { { REPORT_LIST, "!ads" } }, "0 1 3 4 5 6 7" },
		{ { { REPORT_RCODE, "servfail" } }, "4" },
		{ { { REPORT_UPSTREAM, "1.1.*" } }, "6" },
		{ { { REPORT_UPSTREAM, "!9.9.9.9" } }, "2 4 6" },
		{ { { REPORT_VERDICT, "forwarded" }, { REPORT_CLIENT, "!tv*" } }, "3 6" },
		{ { { REPORT_NAME, "' OR 1=1 --" } }, "" },
	};
	struct fixture_db db;
	struct report *r;

	fixture_db_open(&db, f->path);
	fill(&db);
	assert_int_equal(report_open(f->path, &r), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct seen seen = { .column = "ts" };
		struct report_out out = out_to(&seen);
		struct report_log q = { .filters = cases[i].filters };
		char marks[128] = "", *p, *save = NULL;

		while (q.filter_count < 4 && cases[i].filters[q.filter_count].value)
			q.filter_count++;
		assert_int_equal(report_log(r, &q, &out), 0);
		assert_int_equal(seen.headers, 1);
		assert_int_equal(seen.columns, 16);
		for (p = strtok_r(seen.text, " ", &save); p; p = strtok_r(NULL, " ", &save))
			sprintf(marks + strlen(marks), "%s%lld", *marks ? " " : "",
				(atoll(p) - T0) / SECOND);
		if (strcmp(marks, cases[i].rows) != 0)
			fail_msg("case %zu: '%s', not '%s'", i, marks, cases[i].rows);
	}
	report_close(r);
	fixture_db_close(&db);
}

static void times_limits_and_order(void **state)
{
	struct fixture *f = *state;
	static const struct {
		struct report_log q;
		const char *names;
	} cases[] = {
		{ { .limit = 2 }, "g.example apple.com" },
		{ { .limit = 2, .reverse = true }, "apple.com g.example" },
		{ { .limit = 100, .reverse = true, .since_us = T0 + 5 * SECOND },
		  "apple.com g.example f.example" },
		{ { .since_us = T0 + 5 * SECOND }, "f.example g.example apple.com" },
		{ { .until_us = T0 + 1 }, "a.apple.com" },
		{ { .until_us = T0 }, "" },
		{ { .since_us = T0 + SECOND, .until_us = T0 + 3 * SECOND, .limit = 1 },
		  "c.ads.example" },
	};
	struct fixture_db db;
	struct report *r;

	fixture_db_open(&db, f->path);
	fill(&db);
	assert_int_equal(report_open(f->path, &r), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct seen seen = { .column = "name" };
		struct report_out out = out_to(&seen);

		assert_int_equal(report_log(r, &cases[i].q, &out), 0);
		assert_string_equal(seen.text, cases[i].names);
	}
	report_close(r);
	fixture_db_close(&db);
}

/* More rows than a page and than a window, each exactly once, whatever the direction. */
static void long_walks_show_each_row_once(void **state)
{
	struct fixture *f = *state;
	static const struct report_filter one = { REPORT_NAME, "n1.example" };
	static const struct report_filter none = { REPORT_NAME, "none" };
	static const struct {
		struct report_log q;
		size_t rows;
	} cases[] = {
		{ { 0 }, 70000 },
		{ { .reverse = true }, 70000 },
		{ { .limit = 1000 }, 1000 },
		{ { .filters = &one, .filter_count = 1 }, 70 },
		{ { .filters = &one, .filter_count = 1, .reverse = true, .limit = 69 }, 69 },
		{ { .filters = &one, .filter_count = 1, .limit = 69 }, 69 },
		{ { .filters = &none, .filter_count = 1, .limit = 5 }, 0 },
	};
	struct fixture_db db;
	struct report *r;
	char name[32];

	fixture_db_open(&db, f->path);
	for (unsigned i = 0; i < 70000; i++) {
		snprintf(name, sizeof(name), "n%u.example", i % 1000);
		fixture_add(&db, &(struct fixture_lookup){ .name = name, .ts_us = T0 + i });
		if (i % 1000 == 999)
			fixture_commit(&db);
	}
	assert_int_equal(report_open(f->path, &r), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct seen seen = { .column = "ts" };
		struct report_out out = out_to(&seen);

		assert_int_equal(report_log(r, &cases[i].q, &out), 0);
		if (seen.rows != cases[i].rows)
			fail_msg("case %zu: %zu rows", i, seen.rows);
	}
	report_close(r);
	fixture_db_close(&db);
}

static void a_callback_can_stop_and_a_caller_can_cancel(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { .column = "name", .stop_after = 3 };
	struct report_out out = out_to(&seen);
	struct fixture_db db;
	struct report *r;

	fixture_db_open(&db, f->path);
	fill(&db);
	assert_int_equal(report_open(f->path, &r), 0);
	assert_int_equal(report_log(r, &(struct report_log){ 0 }, &out), 7);
	assert_int_equal(seen.rows, 3);
	for (unsigned i = 0; i < 20000; i++)
		fixture_add(&db, &(struct fixture_lookup){ .rtt_us = i, .rcode = (uint8_t)i,
							   .qtype = (uint16_t)(i / 256 + 1) });
	fixture_commit(&db);
	report_cancel(r);
	assert_int_equal(report_log(r, &(struct report_log){
				.filters = &(struct report_filter){ REPORT_NAME, "x" },
				.filter_count = 1 }, &out), -EINTR);
	report_close(r);
	fixture_db_close(&db);
}

/* While rows are shown, a writer can empty the WAL: nothing is held open. */
static int checkpoint_on_row(void *arg, const struct report_value *values, size_t count)
{
	struct fixture *f = arg;
	int in_wal = -1, copied = -1;
	sqlite3 *db;

	(void)values;
	(void)count;
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "SELECT count(*) FROM lookup", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE,
						   &in_wal, &copied), SQLITE_OK);
	assert_int_equal(in_wal, 0);
	sqlite3_close(db);
	return 0;
}

static int no_columns(void *arg, const char *const *names, size_t count)
{
	(void)arg;
	(void)names;
	(void)count;
	return 0;
}

static void no_transaction_is_open_while_rows_are_shown(void **state)
{
	struct fixture *f = *state;
	struct report_out out = { no_columns, checkpoint_on_row, f };
	struct fixture_db db;
	struct report *r;

	fixture_db_open(&db, f->path);
	fill(&db);
	assert_int_equal(report_open(f->path, &r), 0);
	assert_int_equal(report_log(r, &(struct report_log){ .limit = 5 }, &out), 0);
	assert_int_equal(report_asked(r, "e.example", 0, &out), 0);
	report_close(r);
	fixture_db_close(&db);
}

/* --- following ---------------------------------------------------------------------- */

static void following_shows_late_rows_and_each_once(void **state)
{
	struct fixture *f = *state;
	struct report_follow *follow = report_follow_new();
	struct report_log q = { .limit = 2, .follow = follow };
	struct seen seen = { .column = "name" };
	struct report_out out = out_to(&seen);
	struct fixture_db db;
	struct report *r;
	static const struct {
		struct fixture_lookup add;
		int64_t now; /* seconds after T0 */
		const char *shown;
	} steps[] = {
		{ { .name = "n1", .ts_us = T0 + 8 * SECOND }, 9, "n1" },
		{ { .name = "n2", .ts_us = T0 + 12 * SECOND }, 12, "n2" },
		{ { .name = "late", .ts_us = T0 + 7 * SECOND + 1 }, 12, "late" },
		{ { .name = "n3", .ts_us = T0 + 300 * SECOND }, 300, "n3" },
		{ { .name = "n3", .ts_us = T0 + 301 * SECOND }, 301, "n3" },
		{ { .name = "future", .ts_us = T0 + 90000 * SECOND }, 302, "" },
		{ { .name = "n4", .ts_us = T0 + 302 * SECOND }, 302, "n4" },
		{ { .name = "set-back", .ts_us = T0 - 5000 * SECOND }, -5000, "set-back" },
	};

	fixture_db_open(&db, f->path);
	fill(&db);
	assert_int_equal(report_open(f->path, &r), 0);
	assert_int_equal(report_log(r, &q, &out), 0);
	assert_string_equal(seen.text, "g.example apple.com");
	/* what stood before what was shown is not new */
	assert_int_equal(report_log_new(r, &q, T0 + 8 * SECOND, &out), 0);
	assert_string_equal(seen.text, "g.example apple.com");
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		fixture_add(&db, &steps[i].add);
		fixture_commit(&db);
		for (unsigned twice = 0; twice < 2; twice++) {
			seen.text[0] = '\0';
			seen.rows = 0;
			assert_int_equal(report_log_new(r, &q, T0 + steps[i].now * SECOND, &out),
					 0);
			if (strcmp(seen.text, twice ? "" : steps[i].shown) != 0)
				fail_msg("step %zu.%u: '%s'", i, twice, seen.text);
		}
	}
	assert_int_equal(seen.headers, 1);
	report_follow_free(follow);
	report_close(r);
	fixture_db_close(&db);
}

static void following_a_flood_is_bounded_and_complete(void **state)
{
	struct fixture *f = *state;
	struct report_follow *follow = report_follow_new();
	struct report_log q = { .follow = follow };
	struct seen seen = { .column = "ts" };
	struct report_out out = out_to(&seen);
	struct fixture_db db;
	struct report *r;
	char name[32];

	fixture_db_open(&db, f->path);
	fixture_commit(&db);
	assert_int_equal(report_open(f->path, &r), 0);
	for (unsigned i = 0; i < 40000; i++) {
		snprintf(name, sizeof(name), "n%u.example", i);
		fixture_add(&db, &(struct fixture_lookup){ .name = name, .ts_us = T0 + i * 100 });
		if (i % 5000 != 4999)
			continue;
		fixture_commit(&db);
		assert_int_equal(report_log_new(r, &q, T0 + i * 100, &out), 0);
	}
	assert_int_equal(seen.rows, 40000);
	report_follow_free(follow);
	report_close(r);
	fixture_db_close(&db);
}

/* --- single questions --------------------------------------------------------------- */

static void who_asked_for_a_name(void **state)
{
	struct fixture *f = *state;
	struct seen who = { .column = "who" }, n = { .column = "n" };
	struct report_out out = out_to(&who);
	struct fixture_db db;
	struct report *r;

	fixture_db_open(&db, f->path);
	for (unsigned i = 0; i < 10; i++) {
		for (unsigned k = 0; k <= i % 3; k++)
			fixture_add(&db, &(struct fixture_lookup){
					.name = "t.example", .ts_us = T0 + i * SECOND,
					.device = i % 3 ? "tv" : NULL });
		fixture_commit(&db);
	}
	assert_int_equal(report_open(f->path, &r), 0);
	assert_int_equal(report_asked(r, "t.example", T0, &out), 0);
	assert_string_equal(who.text, "tv 192.168.1.10");
	out = out_to(&n);
	assert_int_equal(report_asked(r, "t.example", T0, &out), 0);
	assert_string_equal(n.text, "15 4");
	n = (struct seen){ .column = "n" };
	assert_int_equal(report_asked(r, "t.example", T0 + 9 * SECOND, &out), 0);
	assert_string_equal(n.text, "1");
	n = (struct seen){ .column = "n" };
	assert_int_equal(report_asked(r, "other.example", 0, &out), 0);
	assert_string_equal(n.text, "");
	report_close(r);
	fixture_db_close(&db);
}

/* What is counted in memory is what SQL counts: names in the dictionary and not, clients
 * beyond the first 64, names that were left out, filters of every kind. */
static void counting_agrees_with_sql(void **state)
{
	static const struct {
		enum report_top what;
		const char *key, *second, *condition;
		struct report_filter filters[2];
		size_t filter_count;
	} cases[] = {
		{ REPORT_TOP_NAMES, "name", "count(DISTINCT client)", "1", {{ 0 }}, 0 },
		{ REPORT_TOP_SITES, "site", "count(DISTINCT client)", "1", {{ 0 }}, 0 },
		{ REPORT_TOP_CLIENTS, "who", "count(DISTINCT name)", "1", {{ 0 }}, 0 },
		{ REPORT_TOP_VERDICTS, "verdict", "count(DISTINCT name)", "1", {{ 0 }}, 0 },
		{ REPORT_TOP_LISTS, "list", "count(DISTINCT client)", "list IS NOT NULL", {{ 0 }}, 0 },
		{ REPORT_TOP_TYPES, "type", "sum(n) FILTER (WHERE verdict GLOB 'blocked*')", "1",
		  {{ 0 }}, 0 },
		{ REPORT_TOP_NAMES, "name", "count(DISTINCT client)", "verdict = 'blocked'",
		  { { REPORT_VERDICT, "blocked" } }, 1 },
		{ REPORT_TOP_CLIENTS, "who", "count(DISTINCT name)",
		  "name GLOB '*1.example.*' AND who <> 'tv'",
		  { { REPORT_NAME, "*1.example.*" }, { REPORT_CLIENT, "!TV" } }, 2 },
		{ REPORT_TOP_NAMES, "name", "count(DISTINCT client)",
		  "client GLOB '*.9' AND coalesce(list, '') <> 'ads'",
		  { { REPORT_CLIENT, "*.9" }, { REPORT_LIST, "!ads" } }, 2 },
	};
	struct fixture *f = *state;
	struct report *report;
	struct fixture_db db;

	fixture_db_open(&db, f->path);
	for (int i = 0; i < 6000; i++) {
		char name[32], client[32];

		snprintf(name, sizeof(name), "n%d.example.%s", i * i % 397, i % 3 ? "org" : "net");
		snprintf(client, sizeof(client), "192.168.1.%d", i * 7 % 90);
		fixture_add(&db, &(struct fixture_lookup){
			.ts_us = T0 + i * SECOND, .name = name, .client = client,
			.device = i % 90 == 5 ? "tv" : NULL, .qtype = i % 5 ? 1 : 28,
			.list = i % 7 ? NULL : "ads", .pattern = i % 7 ? NULL : "*.example.org",
			.verdict = i % 7 ? VERDICT_CACHED : VERDICT_BLOCKED });
		if (i % 500 == 499)
			fixture_commit(&db);
	}
	fixture_db_close(&db);
	fixture_exec(f->path, "UPDATE lookup SET name = NULL, name_id = NULL, site_len = NULL"
			      " WHERE ts % 11 = 0");
	assert_int_equal(report_open(f->path, &report), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *const columns[] = { cases[i].key, "n",
			strstr(cases[i].second, "client") ? "clients" :
			strstr(cases[i].second, "name") ? "names" : "blocked" };
		const struct report_log q = { .since_us = 1, .until_us = T0 + 5900 * SECOND,
					      .filters = cases[i].filters,
					      .filter_count = cases[i].filter_count };
		const char *const values[] = { cases[i].key, "n", "second" };

		for (size_t k = 0; k < ARRAY_SIZE(columns); k++) {
			struct seen seen = { .column = columns[k] };
			const struct report_out out = out_to(&seen);
			char sql[1024];

			assert_int_equal(report_top(report, cases[i].what, &q, &out), 0);
			snprintf(sql, sizeof(sql), "SELECT group_concat(coalesce(%s, '-'), ' ')"
				 " FROM (SELECT %s, sum(n) AS n, coalesce(%s, 0) AS second FROM lookups"
				 " WHERE ts < %lld AND %s GROUP BY 1 ORDER BY 2 DESC, 1)",
				 values[k], cases[i].key, cases[i].second,
				 (long long)q.until_us, cases[i].condition);
			if (strncmp(seen.text, fixture_text(f->path, sql),
				    MIN(strlen(seen.text), (size_t)900)) != 0 || !*seen.text)
				fail_msg("case %zu %s: %.200s\n%.200s", i, columns[k], seen.text,
					 fixture_text(f->path, sql));
		}
	}
	report_close(report);
}

static void refusals_and_events_newest_first(void **state)
{
	struct fixture *f = *state;
	struct msg_refused m = { .size = sizeof(m), .proto = 17, .n = 3, .would = 1 };
	struct seen seen = { .column = "port" }, kinds = { .column = "kind" };
	struct report_out out = out_to(&seen);
	struct fixture_db db;
	struct report *r;

	fixture_db_open(&db, f->path);
	assert_int_equal(addr_from_text("192.168.20.7", &m.client), 0);
	assert_int_equal(addr_from_text("2001:db8::9", &m.dest), 0);
	for (uint16_t i = 1; i <= 3; i++) {
		m.port = i;
		m.ts_us = T0 + i * 100;
		assert_int_equal(refusals_add(db.queue.refusals, &m), 0);
		assert_int_equal(events_note(db.queue.events, m.ts_us, i == 2 ? "b" : "a", "",
					     "%s", ""), 0);
	}
	fixture_commit(&db);
	assert_int_equal(report_open(f->path, &r), 0);
	assert_int_equal(report_refusals(r, 0, 2, &out), 0);
	assert_string_equal(seen.text, "3 2");
	out = out_to(&kinds);
	assert_int_equal(report_events(r, T0 + 200, 100, &out), 0);
	assert_string_equal(kinds.text, "a b");
	report_close(r);
	fixture_db_close(&db);
}

/* The manual's views are a promise; so are the questions it gives as examples. */
static void every_question_of_the_manual_is_answered(void **state)
{
	struct fixture *f = *state;
	FILE *manual = fopen("man/nameward-history.5", "re");
	char line[512], sql[4096] = "";
	bool in_example = false;
	unsigned questions = 0;
	struct fixture_db db;
	sqlite3 *shell;

	assert_non_null(manual); /* tests run from the top of the tree */
	fixture_db_open(&db, f->path);
	fill(&db);
	fixture_db_close(&db);
	assert_int_equal(sqlite3_open_v2(f->path, &shell, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	while (fgets(line, sizeof(line), manual)) {
		if (!strncmp(line, ".Ed", 3)) {
			if (sqlite3_exec(shell, sql, NULL, NULL, NULL) != SQLITE_OK)
				fail_msg("%s: %s", sql, sqlite3_errmsg(shell));
			questions++;
			sql[0] = '\0';
			in_example = false;
		}
		if (in_example)
			strncat(sql, line, sizeof(sql) - strlen(sql) - 1);
		if (!strncmp(line, ".Bd -literal", 12))
			in_example = true;
	}
	assert_true(questions >= 12);
	sqlite3_close(shell);
	fclose(manual);
}

static void the_views_have_the_promised_columns(void **state)
{
	struct fixture *f = *state;
	static const char *const questions[] = {
		"SELECT time, who, client, name, type, verdict, rcode, ms, hold_ms, upstream, list,"
		" pattern, answer, n, ts, site FROM lookups",
		"SELECT time, who, client, verdict, n, answers, ms_sum, ts FROM hourly",
		"SELECT day, name, site, who, client, verdict, n FROM daily",
		"SELECT name, site, first, first_who, first_client, last_day, ts FROM names",
		"SELECT site, names, first, last_day, ts FROM sites",
		"SELECT mac, label, who, addresses, first, last, ts FROM devices",
		"SELECT rrname, rrtype, rdata, time_first, time_last, count, ttl FROM pdns",
		"SELECT time, who, client, dest, port, proto, verdict, interface, n, last, ts"
		" FROM refusals",
		"SELECT time, kind, subject, detail, ts FROM events",
	};
	struct fixture_db db;

	fixture_db_open(&db, f->path);
	fixture_db_close(&db);
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		fixture_exec(f->path, questions[i]);
}

static void what_is_no_history_is_refused(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *sql;
		int rc;
	} cases[] = {
		{ "CREATE TABLE x (y)", -EMEDIUMTYPE },
		{ "PRAGMA application_id = 1852667748; PRAGMA user_version = 999", -EPROTO },
	};
	struct report *r;

	assert_int_equal(report_open(f->path, &r), -ENOENT);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unlink(f->path);
		fixture_exec(f->path, cases[i].sql);
		assert_int_equal(report_open(f->path, &r), cases[i].rc);
	}
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(filters_pass_what_they_say),
		TEST(times_limits_and_order),
		TEST(long_walks_show_each_row_once),
		TEST(a_callback_can_stop_and_a_caller_can_cancel),
		TEST(no_transaction_is_open_while_rows_are_shown),
		TEST(following_shows_late_rows_and_each_once),
		TEST(following_a_flood_is_bounded_and_complete),
		TEST(who_asked_for_a_name),
		TEST(counting_agrees_with_sql),
		TEST(refusals_and_events_newest_first),
		TEST(every_question_of_the_manual_is_answered),
		TEST(the_views_have_the_promised_columns),
		TEST(what_is_no_history_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
