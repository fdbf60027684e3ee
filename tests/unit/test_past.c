/* Lookups of other programs: what is read of them, what is refused, and that none is written
 * twice. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/json_scan.h"
#include "cli/past_adguard.h"
#include "cli/past_answer.h"
#include "cli/past_import.h"
#include "cli/past_pihole.h"
#include "cli/source.h"
#include "cli/verbs.h"
#include "conf/conf.h"
#include "db/past.h"
#include "db/pihole_queries.h"
#include "db/store.h"
#include "lib/msg.h"
#include "lib/util.h"
#include "tests/support/cli_world.h"
#include "tests/support/history_fixture.h"

/* --- JSON ------------------------------------------------------------------------------ */

static void what_is_no_json_is_refused(void **state)
{
	static const struct { const char *text; bool is_good; } cases[] = {
		{ "1", true },		{ "-1.5e9", true },	{ " \"x\" ", true },
		{ "null", true },	{ "[]", true },		{ "{}", true },
		{ "[1,[2],{\"a\":[{}]}]", true },		{ "{\"a\":1,\"b\":\"}\"}", true },
		{ "", false },		{ "{", false },		{ "[1", false },
		{ "[1,]", false },	{ "[,1]", false },	{ "{\"a\"}", false },
		{ "{\"a\":}", false },	{ "{\"a\":1,}", false }, { "{a:1}", false },
		{ "\"x", false },	{ "\"\\x\"", false },	{ "\"\\u12\"", false },
		{ "\"\t\"", false },	{ "[1}", false },	{ "1 2", false },
		{ "truth", false },
		{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", true },
		{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = cases[i].text;
		struct json_scan j = { .at = text, .end = text + strlen(text) };

		if ((json_skip(&j) && json_at_end(&j)) != cases[i].is_good)
			fail_msg("%s", text);
	}
}

static void strings_are_decoded_and_cut(void **state)
{
	static const struct { const char *text, *result; size_t len; } cases[] = {
		{ "\"a\\n\\\"\\/\"", "a\n\"/", 4 },	{ "\"\\u00e9\"", "\xc3\xa9", 2 },
		{ "\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80", 4 },
		{ "\"\\ud83dx\"", "\xef\xbf\xbdx", 4 },	{ "\"\\u0000\"", "?", 1 },
		{ "\"12345678\"", "1234567", 8 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = cases[i].text;
		struct json_scan j = { .at = text, .end = text + strlen(text) };
		char got[8];
		size_t len;

		assert_true(json_read_string(&j, got, sizeof(got), &len));
		assert_string_equal(got, cases[i].result);
		assert_int_equal(len, cases[i].len);
	}
}

/* --- AdGuard Home ---------------------------------------------------------------------- */

#define HEAD "{\"T\":\"2026-11-23T08:00:31.25+01:00\",\"QH\":\"Www.Example.org\",\"QT\":\"A\"," \
	     "\"QC\":\"IN\",\"CP\":\"\",\"IP\":\"192.168.1.7\""
/* a.example.org A 192.0.2.1, NXDOMAIN */
#define NXDOMAIN "\"Answer\":\"AAGBgwABAAEAAAAAAWEHZXhhbXBsZQNvcmcAAAEAAcAMAAEAAQAAASwABMAAAgE=\""

static void a_line_of_adguard_is_one_lookup(void **state)
{
	static const struct {
		const char *line;
		enum msg_verdict verdict;
		uint8_t rcode;
		const char *list, *pattern, *upstream;
		uint32_t rtt_us;
		unsigned answer_bytes;
	} cases[] = {
		{ HEAD ",\"Result\":{},\"Elapsed\":5000000,\"Upstream\":\"9.9.9.9:53\"}",
		  VERDICT_FORWARDED, 0, "", "", "9.9.9.9", 5000, 0 },
		{ HEAD ",\"Result\":null,\"Elapsed\":5000000,\"Upstream\":\"https://dns.example/q\","
		  NXDOMAIN "}", VERDICT_FORWARDED, 3, "", "", "-", 5000, 12 },
		{ HEAD ",\"Result\":{\"Reason\":1,\"Rules\":[{\"Text\":\"@@||x^\"}]},\"Cached\":true,"
		  "\"Elapsed\":5,\"Upstream\":\"9.9.9.9:53\"}", VERDICT_CACHED, 0, "", "", "-", 0, 0 },
		{ HEAD ",\"Result\":{\"IsFiltered\":true,\"Reason\":3,\"Rules\":[{\"FilterListID\":17,"
		  "\"Text\":\"||example.org^\",\"IP\":\"\"},{\"Text\":\"y\"}]}," NXDOMAIN "}",
		  VERDICT_BLOCKED, 3, "adguard-17", "||example.org^", "-", 0, 0 },
		{ HEAD ",\"Result\":{\"IsFiltered\":true,\"Reason\":3,\"Rule\":\"||old^\","
		  "\"FilterID\":2}}", VERDICT_BLOCKED, 0, "adguard-2", "||old^", "-", 0, 0 },
		{ HEAD ",\"Result\":{\"Reason\":8,\"ServiceName\":\"tiktok\",\"Rules\":null}}",
		  VERDICT_BLOCKED, 0, "tiktok", "", "-", 0, 0 },
		{ HEAD ",\"Result\":{\"Reason\":5}}", VERDICT_BLOCKED, 0, "parental", "", "-", 0, 0 },
		{ HEAD ",\"Result\":{\"Reason\":9,\"CanonName\":\"nas\",\"IPList\":[\"10.0.0.1\"]}}",
		  VERDICT_LOCAL, 0, "", "", "-", 0, 0 },
		{ HEAD ",\"New\":{\"a\":[1,{}]},\"Result\":{},\"Upstream\":\"tls://1.1.1.1:853\"}",
		  VERDICT_FORWARDED, 0, "", "", "1.1.1.1", 0, 0 },
	};
	struct past_lookup *l = malloc(sizeof(*l));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char upstream[ADDR_TEXT_MAX];
		const char *why;

		if (past_adguard_line(cases[i].line, strlen(cases[i].line), l, &why))
			fail_msg("%zu: %s", i, why);
		assert_int_equal(l->ts_us, 1795417231250000);
		assert_int_equal(l->qtype, 1);
		assert_int_equal(l->verdict, cases[i].verdict);
		assert_int_equal(l->rcode, cases[i].rcode);
		assert_string_equal(l->list, cases[i].list);
		assert_string_equal(l->pattern, cases[i].pattern);
		assert_string_equal(addr_to_text(&l->upstream, upstream), cases[i].upstream);
		assert_int_equal(l->rtt_us, cases[i].rtt_us);
		assert_int_equal(l->answer_len, cases[i].answer_bytes);
	}
	free(l);
}

static void a_line_that_says_no_lookup_is_refused_with_its_reason(void **state)
{
	static const struct { const char *line, *why; } cases[] = {
		{ "", "JSON" },
		{ "garbage", "JSON" },
		{ HEAD, "JSON" },
		{ HEAD "}x", "JSON" },
		{ HEAD ",\"Elapsed\":\"5\"}", "JSON" },
		{ HEAD ",\"Result\":[]}", NULL },
		{ "{}", "no time" },
		{ "{\"T\":\"yesterday\"}", "time" },
		{ "{\"T\":\"2026-11-23T08:00:31+01:00x\"}", "time" },
		{ "{\"T\":\"2026-11-23T08:00:31+-1:00\"}", "time" },
		{ "{\"T\":\"2026-11-23T08:00:31Z\"}", "no name" },
		{ "{\"T\":\"2026-11-23T08:00:31Z\",\"QH\":\"a..b\"}", "domain name" },
		{ "{\"T\":\"2026-11-23T08:00:31Z\",\"QH\":\"a\",\"QT\":\"NEW\"}", "type" },
		{ "{\"T\":\"2026-11-23T08:00:31Z\",\"QH\":\"a\",\"QT\":\"TYPE70000\"}", "type" },
		{ "{\"T\":\"2026-11-23T08:00:31Z\",\"QH\":\"a\",\"QT\":\"A\"}", "no client" },
		{ HEAD ",\"IP\":\"router\"}", "client" },
		{ HEAD ",\"QC\":\"XX\"}", "class" },
		{ HEAD ",\"Answer\":\"!\"}", "base64" },
		{ HEAD ",\"Answer\":\"AAAA\"}", "message" },
		{ HEAD ",\"Result\":{\"Reason\":99}}", "reason" },
	};
	struct past_lookup *l = malloc(sizeof(*l));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *why = NULL;
		int rc = past_adguard_line(cases[i].line, strlen(cases[i].line), l, &why);

		if (rc != (cases[i].why ? -EINVAL : 0) || (rc && !strstr(why, cases[i].why)))
			fail_msg("%s: %d %s", cases[i].line, rc, why ? why : "-");
	}
	free(l);
}

/* Every message that is cut short, of one with a compressed CNAME. */
static void a_message_that_is_cut_is_refused(void **state)
{
	static const uint8_t packet[] =
		"\0\1\x81\x80\0\1\0\2\0\0\0\0"
		"\1a\7example\3org\0\0\1\0\1"
		"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1b\xc0\x0e"
		"\xc0\x2b\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1";
	struct past_lookup *l = malloc(sizeof(*l));

	(void)state;
	for (size_t len = 0; len < sizeof(packet) - 1; len++) {
		uint8_t *copy = malloc(len + 1);

		memcpy(copy, packet, len);
		past_reset(l);
		copy = realloc(copy, len ? len : 1);
		assert_int_equal(past_answer_take(copy, len, l), -EBADMSG);
		free(copy);
	}
	past_reset(l);
	assert_int_equal(past_answer_take(packet, sizeof(packet) - 1, l), 0);
	assert_int_equal(l->answer_len, 2 * sizeof(struct msg_rr) + 15 + 4);
	free(l);
}

/* --- Pi-hole ---------------------------------------------------------------------------- */

static void a_query_of_pihole_is_one_lookup(void **state)
{
	static const struct {
		int64_t type, status, reply;
		const char *info, *list, *pattern;
		enum msg_verdict verdict;
		uint16_t qtype;
		uint8_t rcode;
	} cases[] = {
		{ 1, 2, 4, NULL, "", "", VERDICT_FORWARDED, 1, 0 },
		{ 2, 2, 2, NULL, "", "", VERDICT_FORWARDED, 28, 3 },
		{ 165, 2, -1, NULL, "", "", VERDICT_FORWARDED, 65, 0 },
		{ 16, 3, 4, NULL, "", "", VERDICT_CACHED, 65, 0 },
		{ 1, 1, 4, "17", "gravity", "", VERDICT_BLOCKED, 1, 0 },
		{ 1, 9, 4, "t.example", "gravity", "t.example", VERDICT_BLOCKED_CNAME, 1, 0 },
		{ 1, 17, 99, NULL, "", "", VERDICT_STALE, 1, 0 },
		{ 1, 16, 2, NULL, "", "", VERDICT_LOCAL, 1, 3 },
	};
	struct past_lookup *l = malloc(sizeof(*l));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct pihole_query q = {
			.time_s = 1790000000.5, .type = cases[i].type, .status = cases[i].status,
			.reply = cases[i].reply, .reply_s = 0.012, .domain = "www.example.org",
			.client = "192.168.1.7", .client_name = "tv", .forward = "9.9.9.9#53",
			.info = cases[i].info };
		const char *why;

		if (past_pihole_query(&q, l, &why))
			fail_msg("%zu: %s", i, why);
		assert_int_equal(l->ts_us, 1790000000500000);
		assert_int_equal(l->verdict, cases[i].verdict);
		assert_int_equal(l->qtype, cases[i].qtype);
		assert_int_equal(l->rcode, cases[i].rcode);
		assert_string_equal(l->list, cases[i].list);
		assert_string_equal(l->pattern, cases[i].pattern);
		assert_string_equal(l->device, "tv");
		assert_int_equal(l->rtt_us, l->verdict == VERDICT_FORWARDED ? 12000 : 0);
	}
	free(l);
}

static void a_query_that_says_no_lookup_is_refused_with_its_reason(void **state)
{
	static const struct {
		double time_s;
		int64_t type, status;
		const char *domain, *client, *why;
	} cases[] = {
		{ 1e9, 1, 0, "a.example", "::1", "what became" },
		{ 1e9, 1, 99, "a.example", "::1", "status" },
		{ 1e9, 1, -1, "a.example", "::1", "status" },
		{ 1e9, 14, 2, "a.example", "::1", "type" },
		{ 1e9, 0, 2, "a.example", "::1", "type" },
		{ 1e9, 99999999, 2, "a.example", "::1", "type" },
		{ 1e9, 1, 2, NULL, "::1", "gone" },
		{ 1e9, 1, 2, "hidden", "0.0.0.0", "hid" },
		{ 1e9, 1, 2, "a..b", "::1", "domain name" },
		{ 1e9, 1, 2, "a.example", NULL, "address" },
		{ 1e9, 1, 2, "a.example", "tv", "address" },
		{ 0, 1, 2, "a.example", "::1", "time" },
		{ 1e300, 1, 2, "a.example", "::1", "time" },
	};
	struct past_lookup *l = malloc(sizeof(*l));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct pihole_query q = {
			.time_s = cases[i].time_s, .type = cases[i].type,
			.status = cases[i].status, .domain = cases[i].domain,
			.client = cases[i].client };
		const char *why;

		assert_int_equal(past_pihole_query(&q, l, &why), -EINVAL);
		if (!strstr(why, cases[i].why))
			fail_msg("%zu: %s", i, why);
	}
	free(l);
}

/* --- the history ------------------------------------------------------------------------ */

/* The verb does this in a child where it is root's. */
static int run_import(const struct command *c)
{
	struct conf *conf = NULL;
	int status = source_conf(c, NULL, &conf);

	if (status == COMMAND_DONE)
		status = past_import(c, conf, c->choice_count > 0);
	conf_free(conf);
	return status;
}

static int import(struct cli_world *w, const char *line)
{
	struct verb verb = verb_history_import;

	verb.run = run_import;
	return cli_world_run(w, &verb, line);
}

#define MADE "CREATE TABLE query_storage (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp"      \
	" INTEGER NOT NULL, type INTEGER NOT NULL, status INTEGER NOT NULL, domain INTEGER NOT"  \
	" NULL, client INTEGER NOT NULL, forward INTEGER"
#define LINKED "CREATE TABLE domain_by_id (id INTEGER PRIMARY KEY, domain TEXT NOT NULL);"       \
	"CREATE TABLE client_by_id (id INTEGER PRIMARY KEY, ip TEXT NOT NULL, name TEXT);"       \
	"CREATE TABLE forward_by_id (id INTEGER PRIMARY KEY, forward TEXT NOT NULL);"            \
	"INSERT INTO domain_by_id VALUES (1, 'www.example.org'), (2, 'ads.example');"            \
	"INSERT INTO client_by_id VALUES (1, '192.168.1.7', 'tv'), (2, '192.168.1.8', NULL);"    \
	"INSERT INTO forward_by_id VALUES (1, '9.9.9.9#53');"
#define ADDED "CREATE TABLE addinfo_by_id (id INTEGER PRIMARY KEY, type INTEGER NOT NULL,"      \
	" content NOT NULL); INSERT INTO addinfo_by_id VALUES (1, 1, 'ads.example');"

/* The tables of Pi-hole as its versions had them, with the same three queries, one of which
 * was forwarded twice in a second; and one that nobody can place. */
static const struct {
	const char *what, *sql, *who;
} piholes[] = {
	{ "6", MADE ", additional_info INTEGER, reply_type INTEGER, reply_time REAL, dnssec"
	  " INTEGER, list_id INTEGER, ede INTEGER);" LINKED ADDED
	  "INSERT INTO query_storage (timestamp, type, status, domain, client, forward,"
	  " additional_info, reply_type) VALUES (1790000000, 1, 2, 1, 1, 1, NULL, 4),"
	  " (1790000000, 1, 2, 1, 1, 1, NULL, 4), (1790000001.25, 2, 9, 1, 2, NULL, 1, 1),"
	  " (1790000002, 1, 2, 7, 1, 1, NULL, 4)", "tv" },
	{ "5.17, with texts from before", MADE ", additional_info INTEGER);" LINKED ADDED
	  "INSERT INTO query_storage (timestamp, type, status, domain, client, forward,"
	  " additional_info) VALUES (1790000000, 1, 2, 1, 1, 1, NULL), (1790000000, 1, 2,"
	  " 'www.example.org', '192.168.1.7', '9.9.9.9#53', NULL), (1790000001, 2, 9, 1, 2, NULL,"
	  " 1), (1790000002, 1, 2, 7, 1, 1, NULL)", "tv" },
	{ "5.12", MADE ", additional_info TEXT);" LINKED
	  "INSERT INTO query_storage (timestamp, type, status, domain, client, forward,"
	  " additional_info) VALUES (1790000000, 1, 2, 1, 1, 1, NULL), (1790000000, 1, 2, 1, 1, 1,"
	  " NULL), (1790000001, 2, 9, 1, 2, NULL, 'ads.example'), (1790000002, 1, 2, 7, 1, 1,"
	  " NULL)", "tv" },
	{ "4", "CREATE TABLE queries (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp INTEGER NOT"
	  " NULL, type INTEGER NOT NULL, status INTEGER NOT NULL, domain TEXT NOT NULL, client TEXT"
	  " NOT NULL, forward TEXT);"
	  "INSERT INTO queries (timestamp, type, status, domain, client, forward) VALUES"
	  " (1790000000, 1, 2, 'www.example.org', '192.168.1.7', '9.9.9.9'), (1790000000, 1, 2,"
	  " 'www.example.org', '192.168.1.7', '9.9.9.9'), (1790000001, 2, 9, 'www.example.org',"
	  " '192.168.1.8', NULL), (1790000002, 1, 0, 'www.example.org', '192.168.1.7', NULL)",
	  "192.168.1.7" },
};

static void every_version_of_pihole_is_taken_once(void **state)
{
	struct cli_world *w = *state;
	char file[128], line[192];

	for (size_t i = 0; i < ARRAY_SIZE(piholes); i++) {
		snprintf(file, sizeof(file), "%s/ftl-%zu.db", w->fixture->folder, i);
		fixture_exec(file, piholes[i].sql);
		snprintf(line, sizeof(line), "history import %s -o csv", file);
		assert_int_equal(import(w, line), 0);
		if (!strstr(w->out, ",,good,3,") || !strstr(w->out, ",,left out,1,"))
			fail_msg("%s: %s%s", piholes[i].what, w->out, w->err);
		for (int run = 0; run < 2; run++) {
			snprintf(line, sizeof(line), "history import --apply %s -o csv", file);
			assert_int_equal(import(w, line), 0);
			if (!strstr(w->out, run ? ",,written,0," : ",,written,3,") ||
			    !strstr(w->out, run ? ",,there,3," : ",,there,0,"))
				fail_msg("%s: %s", piholes[i].what, w->out);
		}
		assert_int_equal(fixture_number(w->fixture->path, "SELECT count(*) FROM lookups"), 3);
		assert_string_equal(fixture_text(w->fixture->path,
			"SELECT who || ' ' || name || ' ' || type || ' ' || verdict || ' ' || upstream"
			" FROM lookups WHERE ts = 1790000000000000") + strlen(piholes[i].who),
			" www.example.org A forwarded 9.9.9.9");
		assert_int_equal(fixture_number(w->fixture->path,
			"SELECT count(*) FROM lookups WHERE verdict = 'blocked-cname' AND type = 'AAAA'"
			" AND who = '192.168.1.8'"), 1);
		fixture_exec(w->fixture->path, "DELETE FROM lookup");
	}
}

/* Many at one time, also where a lookup of our own has that microsecond. */
static void lookups_at_one_time_are_all_written_and_none_twice(void **state)
{
	struct fixture *f = *state;
	struct conf_history conf = { .on = true, .file = f->path };
	struct past_lookup *l = malloc(sizeof(*l));
	struct fixture_db db;

	fixture_db_open(&db, f->path);
	fixture_add(&db, &(struct fixture_lookup){ .ts_us = FIXTURE_START_US + 5,
						   .name = "own.example" });
	fixture_commit(&db);
	fixture_db_close(&db);
	for (int run = 0; run < 2; run++) {
		struct past *p;

		assert_int_equal(past_open(&conf, &p), 0);
		for (int i = 0; i < 2 * PAST_COMMIT_ROWS + 10; i++) {
			past_reset(l);
			l->ts_us = FIXTURE_START_US + i / 1000;
			l->qtype = 1;
			l->verdict = VERDICT_CACHED;
			assert_int_equal(dname_from_text(i % 3 ? "a.example" : "b.example",
							 &l->name), 0);
			assert_int_equal(addr_from_text("192.168.1.7", &l->client), 0);
			assert_int_equal(past_add(p, l), 0);
		}
		assert_int_equal(past_finish(p, "test"), 0);
		assert_int_equal(past_stats(p)->written, run ? 0 : 2 * PAST_COMMIT_ROWS + 10);
		assert_int_equal(past_stats(p)->there, run ? 2 * PAST_COMMIT_ROWS + 10 : 0);
		past_close(p);
	}
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM lookups"),
			 2 * PAST_COMMIT_ROWS + 11);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM late"), 1);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM events"), 1);
	free(l);
}

static void what_the_history_may_not_hold_is_not_imported(void **state)
{
	struct cli_world *w = *state;
	char file[128], line[192];
	FILE *to;

	snprintf(file, sizeof(file), "%s/querylog.json", w->fixture->folder);
	to = fopen(file, "we");
	assert_non_null(to);
	fputs(HEAD ",\"Result\":{}}\n\n" HEAD "}\r\n{\"T\":1}\n", to);
	for (size_t i = 0; i < PAST_ADGUARD_LINE_MAX + 7; i++)
		putc('x', to);
	fputs("\n{\"T\":\"2200-01-01T00:00:00Z\",\"QH\":\"a\",\"QT\":\"A\",\"IP\":\"::1\"}\n", to);
	fputs("{\"T\":\"2020-01-01T00:00:00Z\",\"QH\":\"x.secret.example\",\"QT\":\"A\",\"IP\":\"::1\"}", to);
	fclose(to);
	cli_world_conf(w, "history extend {\n\tnever-record *.secret.example\n}\n");
	snprintf(line, sizeof(line), "history import --apply %s -o csv", file);
	assert_int_equal(import(w, line), 0);
	if (!strstr(w->out, ",,good,3,") || !strstr(w->out, ",,old,1,") ||
	    !strstr(w->out, ",,written,2,") || !strstr(w->out, ",,left out,1,by never-record") ||
	    !strstr(w->out, ",5,left out,1,it is longer") ||
	    !strstr(w->out, ",6,left out,1,its time is yet to come"))
		fail_msg("%s%s", w->out, w->err);
}

#define QUEUED "INSERT INTO query_storage (timestamp, type, status, domain, client) VALUES"       \
	" (1790000000, 1, 2, 1, 1)"

/* Each would have a query of its own to give, or has no end. */
static void of_a_strangers_database_only_tables_are_read(void **state)
{
	static const struct {
		const char *what, *sql;
	} cases[] = {
		{ "a view without an end",
		  "CREATE VIEW queries AS WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1"
		  " FROM r) SELECT i AS id, i AS timestamp, 1 AS type, 2 AS status, 'a.example' AS"
		  " domain, '::1' AS client, NULL AS forward FROM r" },
		{ "a view in a dictionary's place",
		  MADE ", additional_info TEXT);" LINKED QUEUED ";ALTER TABLE client_by_id RENAME TO"
		  " other; CREATE VIEW client_by_id AS SELECT * FROM other" },
		{ "a virtual table",
		  "CREATE VIRTUAL TABLE queries USING fts4(timestamp, type, status, domain, client,"
		  " forward, id); INSERT INTO queries VALUES (1790000000, 1, 2, 'a.example', '::1',"
		  " NULL, 1)" },
		{ "another program's", "CREATE TABLE t (a)" },
	};
	struct cli_world *w = *state;
	char file[128], line[192];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(file, sizeof(file), "%s/bad-%zu.db", w->fixture->folder, i);
		fixture_exec(file, cases[i].sql);
		snprintf(line, sizeof(line), "history import %s -o csv", file);
		assert_int_equal(import(w, line), COMMAND_FAILED);
		if (!strstr(w->err, "not Pi-hole's") || !strstr(w->out, ",,good,0,"))
			fail_msg("%s: %s%s", cases[i].what, w->out, w->err);
	}
}

/* Of a change that was cut off, only the journal knows the rest. */
static void a_database_with_a_journal_beside_it_is_not_read(void **state)
{
	struct cli_world *w = *state;
	char file[128], line[192];
	FILE *to;

	snprintf(file, sizeof(file), "%s/ftl.db", w->fixture->folder);
	fixture_exec(file, MADE ", additional_info TEXT);" LINKED QUEUED);
	snprintf(line, sizeof(line), "%s-journal", file);
	to = fopen(line, "we");
	assert_non_null(to);
	fputs("cut off", to);
	fclose(to);
	snprintf(line, sizeof(line), "history import %s -o csv", file);
	assert_int_equal(import(w, line), COMMAND_FAILED);
	assert_non_null(strstr(w->out, ",,good,0,"));
	assert_non_null(strstr(w->err, "a change of it was cut off"));
}

static void a_pipe_is_not_waited_for(void **state)
{
	struct cli_world *w = *state;
	char file[128], line[192];

	snprintf(file, sizeof(file), "%s/pipe", w->fixture->folder);
	assert_int_equal(mkfifo(file, 0600), 0);
	snprintf(line, sizeof(line), "history import %s", file);
	assert_int_equal(import(w, line), COMMAND_FAILED);
	assert_non_null(strstr(w->err, "not a regular file"));
	snprintf(line, sizeof(line), "import pihole %s", file);
	assert_int_equal(cli_world_run(w, &verb_import_pihole, line), COMMAND_FAILED);
}

/* What came before the damage stays, and is counted. */
static void a_file_that_goes_wrong_keeps_what_was_good(void **state)
{
	struct cli_world *w = *state;
	char file[128], line[256];
	FILE *to;

	snprintf(file, sizeof(file), "%s/querylog.json", w->fixture->folder);
	to = fopen(file, "we");
	assert_non_null(to);
	fputs(HEAD ",\"Result\":{}}\n", to);
	fclose(to);
	snprintf(line, sizeof(line), "history import --apply %s %s -o csv", file,
		 w->fixture->folder); /* a folder cannot be read */
	assert_int_equal(import(w, line), COMMAND_FAILED);
	assert_non_null(strstr(w->err, "Is a directory"));
	assert_non_null(strstr(w->out, ",,written,1,"));
	assert_int_equal(fixture_number(w->fixture->path, "SELECT count(*) FROM lookups"), 1);
}

/* Nobody else may have the file open for writing. */
static void a_history_that_is_being_written_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct conf_history conf = { .on = true, .file = f->path };
	struct fixture_db db;
	struct past *p;

	fixture_db_open(&db, f->path);
	assert_int_equal(past_open(&conf, &p), -EBUSY);
	fixture_db_close(&db);
	assert_int_equal(past_open(&conf, &p), 0);
	past_close(p);
}

static int world_without_history(void **state)
{
	struct cli_world *w;
	int rc = cli_world_setup(state);

	w = *state;
	fixture_db_close(&w->db);
	return rc;
}

static int end_of_world(void **state)
{
	struct cli_world *w = *state;

	fixture_db_open(&w->db, w->fixture->path); /* the teardown closes it */
	return cli_world_teardown(state);
}

int main(void)
{
#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_without_history, end_of_world)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(strings_are_decoded_and_cut),
		cmocka_unit_test(a_line_of_adguard_is_one_lookup),
		cmocka_unit_test(a_line_that_says_no_lookup_is_refused_with_its_reason),
		cmocka_unit_test(a_message_that_is_cut_is_refused),
		cmocka_unit_test(a_query_of_pihole_is_one_lookup),
		cmocka_unit_test(a_query_that_says_no_lookup_is_refused_with_its_reason),
		IN_WORLD(every_version_of_pihole_is_taken_once),
		ON_DISK(lookups_at_one_time_are_all_written_and_none_twice),
		IN_WORLD(what_the_history_may_not_hold_is_not_imported),
		IN_WORLD(of_a_strangers_database_only_tables_are_read),
		IN_WORLD(a_database_with_a_journal_beside_it_is_not_read),
		IN_WORLD(a_pipe_is_not_waited_for),
		IN_WORLD(a_file_that_goes_wrong_keeps_what_was_good),
		ON_DISK(a_history_that_is_being_written_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
