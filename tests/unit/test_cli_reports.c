/* top, who, client: over a real database of six lookups and two refused connections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/verbs.h"
#include "lib/util.h"
#include "tests/support/cli_world.h"

static void csv_is(struct cli_world *w, const struct verb *verb, const char *line,
		   const char *rows)
{
	int status = cli_world_run(w, verb, line);
	const char *body = strchr(w->out, '\n');

	if (status != COMMAND_DONE || !body || strcmp(body + 1, rows) != 0)
		fail_msg("%s: status %d\n%s%s", line, status, w->out, w->err);
}

static void what_is_counted_and_in_which_order(void **state)
{
	static const struct {
		const char *line, *rows;
	} cases[] = {
		{ "top names",
		  "www.example.org,3,50.0,0,2,25\n"
		  "\\060b\\062\\038\\034\\039.example,1,16.7,0,1,24\n"
		  "ads.example.net,1,16.7,1,1,21\n"
		  "tracker.example.com,1,16.7,1,1,23\n" },
		{ "top names -n 1", "www.example.org,3,50.0,0,2,25\n" },
		{ "top clients",
		  "192.168.1.11,3,50.0,0,2,25\ntv,2,33.3,1,2,21\n2001:db8::5,1,16.7,1,1,23\n" },
		{ "top lists", "ads,1,50.0,1,1,21\ntelemetry,1,50.0,1,1,23\n" },
		{ "top upstreams --name www.example.org", "9.9.9.9,2,100.0,4.0,12.5,25\n" },
		{ "top sites",
		  "example.org,3,50.0,0,2,25\n"
		  "\\060b\\062\\038\\034\\039.example,1,16.7,0,1,24\n"
		  "example.com,1,16.7,1,1,23\nexample.net,1,16.7,1,1,21\n" },
		{ "top types", "A,4,66.7,1,2,25\nAAAA,1,16.7,0,1,22\nHTTPS,1,16.7,1,1,23\n" },
		{ "top verdicts",
		  "forwarded,2,33.3,2,1,25\nblocked,1,16.7,1,1,21\nblocked-cname,1,16.7,1,1,23\n"
		  "cached,1,16.7,1,1,22\nfailed,1,16.7,1,1,24\n" },
		{ "top names --client tv --client !192.168.1.11",
		  "ads.example.net,1,50.0,1,1,21\nwww.example.org,1,50.0,0,1,20\n" },
		{ "top names --verdict blocked* -U @1790000003",
		  "ads.example.net,1,100.0,1,1,21\n" },
		{ "top names --name nothing", "" },
	};
	struct cli_world *w = *state;

	cli_world_fill(w);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char line[200], want[1024] = "";

		/* the seconds stand for "2026-09-21T14:13:25.000000+00:00\r" */
		for (const char *p = cases[i].rows, *end; *p; p = end + 1) {
			size_t len = strlen(want);

			end = strchr(p, '\n');
			snprintf(want + len, sizeof(want) - len,
				 "%.*s2026-09-21T14:13:%.2s.000000+00:00\r\n",
				 (int)(end - 2 - p), p, end - 2);
		}
		snprintf(line, sizeof(line), "%s -o csv%s", cases[i].line,
			 strstr(cases[i].line, "-U") ? "" : " -S @1");
		for (char *zero; (zero = strstr(want, ".0,"));)
			memmove(zero, zero + 2, strlen(zero + 2) + 1);
		csv_is(w, &verb_top, line, want);
	}
}

static void a_day_is_the_usual_range(void **state)
{
	struct cli_world *w = *state;

	cli_world_fill(w); /* long ago, or in time to come */
	assert_int_equal(cli_world_run(w, &verb_top, "top names -U @1790000001"), COMMAND_DONE);
	assert_non_null(strstr(w->out, "www.example.org"));
	assert_int_equal(cli_world_run(w, &verb_top, "top names -U @1790000000"), COMMAND_DONE);
	assert_null(strstr(w->out, "www.example.org"));
}

/* Two days of which the lookups of the first have been deleted. */
static void roll_ups_go_on_where_lookups_end(void **state)
{
	static const struct {
		const char *line, *names;
	} cases[] = {
		{ "top names -S @1", "old.example 3 new.example 1" },
		{ "top names", "" },
		{ "top names -S @1 --client tv", "old.example 3" },
		{ "top names -S @1 --name new*", "new.example 1" },
		{ "top names -S @1 --type A", "new.example 1" },
		{ "top clients -S @1", "tv 3 phone 1" },
		{ "top sites -S @1 --verdict blocked", "" },
		{ "top verdicts -S @1", "forwarded 4" },
		/* the first day is not whole within these */
		{ "top names -S @1790000000", "new.example 1" },
		{ "top names -U @1790000060", "" },
		{ "top names -S 2026-09-21Z -U 2026-09-22Z", "old.example 3" },
	};
	struct cli_world *w = *state;
	const char *path = w->fixture->path;

	fixture_add(&w->db, &(struct fixture_lookup){ .ts_us = FIXTURE_START_US + 86400000000LL,
						     .name = "new.example", .device = "phone",
						     .client = "192.168.1.12" });
	fixture_add(&w->db, &(struct fixture_lookup){ .ts_us = FIXTURE_START_US,
						     .name = "old.example", .device = "tv" });
	fixture_commit(&w->db);
	fixture_exec(path, "INSERT INTO known (name, site_len, first, first_client_id, last_day)"
			   " SELECT 'old.example', 11, 1, min(client_id), 20717 FROM lookup"
			   " WHERE ts = 1790000000000000;"
			   "INSERT INTO day (id, day) VALUES (20717, '2026-09-21');"
			   "INSERT INTO day_total (day, known_id, client_id, verdict, n)"
			   " SELECT 20717, 1, client_id, 1, 3 FROM lookup"
			   " WHERE ts = 1790000000000000;"
			   "UPDATE day_total SET verdict = (SELECT id FROM verdict"
			   " WHERE word = 'forwarded');"
			   "INSERT INTO hour_total (ts, client_id, verdict, n, rtt_us, answers)"
			   " SELECT 1789999200000000, client_id, verdict, 3, 0, 0 FROM day_total;"
			   "DELETE FROM lookup WHERE ts = 1790000000000000;");
	assert_int_equal(cli_world_run(w, &verb_report,
				       "report -S 2026-09-21Z -U 2026-09-22Z --html -"),
			 COMMAND_DONE);
	assert_non_null(strstr(w->out, "<b>3</b><span>lookups</span>"));
	assert_non_null(strstr(w->out, "<td>2026-09-21 14:00</td><td class=\"n\">3</td>"));
	assert_int_equal(cli_world_run(w, &verb_report, /* that hour is not whole in it */
				       "report -S @1790000000 -U @1790050000 --html -"),
			 COMMAND_DONE);
	assert_non_null(strstr(w->out, "<b>0</b><span>lookups</span>"));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char line[100], got[200] = "", one[80];
		const char *p;

		snprintf(line, sizeof(line), "%s -o csv", cases[i].line);
		assert_int_equal(cli_world_run(w, &verb_top, line), COMMAND_DONE);
		for (p = strchr(w->out, '\n') + 1; *p; p = strchr(p, '\n') + 1) {
			const char *comma = strchr(p, ',');

			snprintf(one, sizeof(one), "%.*s %d", (int)(comma - p), p,
				 atoi(comma + 1));
			strcat(got, *got ? " " : "");
			strcat(got, one);
		}
		if (strcmp(got, cases[i].names) != 0)
			fail_msg("%s: %s", cases[i].line, got);
	}
}

static void who_had_to_do_with_a_name_or_an_address(void **state)
{
	static const struct {
		const char *line, *rows;
	} cases[] = {
		{ "who www.example.org",
		  "observed,192.168.1.10,192.168.1.10,www.example.org,192.0.2.80 443/tcp,2\n"
		  "asked,192.168.1.11,192.168.1.11,www.example.org,,2\n"
		  "asked,tv,192.168.1.10,www.example.org,,1\n" },
		{ "who WWW.example.ORG. -n 1",
		  "observed,192.168.1.10,192.168.1.10,www.example.org,192.0.2.80 443/tcp,2\n" },
		{ "who *.example.net", "blocked,tv,192.168.1.10,ads.example.net,,1\n" },
		{ "who nobody.example", "" },
		{ "who 192.0.2.8", "told,192.168.1.11,192.168.1.11,www.example.org,,1\n" },
		{ "who 192.0.2.80",
		  "observed,192.168.1.10,192.168.1.10,www.example.org,192.0.2.80 443/tcp,2\n"
		  "told,tv,192.168.1.10,www.example.org,,1\n" },
		{ "who 198.51.100.7", "refused,192.168.1.10,192.168.1.10,,198.51.100.7 443/tcp,2\n" },
		{ "who 198.51.100.7 -S @1790000009", "" },
	};
	struct cli_world *w = *state;

	cli_world_fill(w);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char line[200], got[1024] = "";

		snprintf(line, sizeof(line), "%s -o csv", cases[i].line);
		assert_int_equal(cli_world_run(w, &verb_who, line), COMMAND_DONE);
		for (char *p = strchr(w->out, '\n') + 1; *p; p = strchr(p, '\n') + 1) {
			char *end = strstr(p, ",2026-"); /* first and last */

			assert_non_null(end);
			strncat(got, p, (size_t)(end - p));
			strcat(got, "\n");
		}
		assert_string_equal(got, cases[i].rows);
	}
}

static void one_page_about_a_device(void **state)
{
	struct cli_world *w = *state;

	cli_world_conf(w, "device tv {\n  mac 02:00:00:00:00:01\n}\n"
			  "list ads {\n  name *.example.net\n}\n"
			  "group screens {\n  member tv\n}\npolicy kids {\n  for screens\n"
			  "  block ads\n}\n");
	cli_world_fill(w);
	assert_int_equal(cli_world_run(w, &verb_client, "client TV -S @1"), COMMAND_DONE);
	assert_string_equal(w->err, "");
	assert_string_equal(w->out,
		"TOPIC    ITEM               N  FIRST                LAST\n"
		"device   tv                 -  -                    -\n"
		"group    screens            -  -                    -\n"
		"policy   kids: block ads    -  -                    -\n"
		"mac      02:00:00:00:00:01  -  -                    -\n"
		"address  192.168.1.10       2  2026-09-21 14:13:20  2026-09-21 14:13:21\n"
		"lookups  answered           1  2026-09-21 14:13:20  2026-09-21 14:13:20\n"
		"lookups  blocked            1  2026-09-21 14:13:21  2026-09-21 14:13:21\n"
		"name     www.example.org    1  2026-09-21 14:13:20  2026-09-21 14:13:20\n"
		"blocked  ads.example.net    1  2026-09-21 14:13:21  2026-09-21 14:13:21\n");
	assert_int_equal(cli_world_run(w, &verb_client, "client 192.168.1.10 -S @1 -o csv"),
			 COMMAND_DONE);
	assert_non_null(strstr(w->out, "\nrefused,198.51.100.7 443/tcp,2,2026-"));
	assert_non_null(strstr(w->out, "\nobserved,192.0.2.80 443/tcp www.example.org,2,2026-"));
	/* by its address, its MAC address; another that the configuration does not have */
	assert_int_equal(cli_world_run(w, &verb_client, "client 02:00:00:00:00:01 -S @1"),
			 COMMAND_DONE);
	assert_non_null(strstr(w->out, "kids: block ads"));
	assert_int_equal(cli_world_run(w, &verb_client, "client 192.168.1.11 -S @1"),
			 COMMAND_DONE);
	assert_non_null(strstr(w->out, "policy   default"));
	assert_int_equal(cli_world_run(w, &verb_client, "client nobody -S @1"), COMMAND_FAILED);
	assert_string_equal(w->out, "");
	assert_non_null(strstr(w->err, "no such device"));
}

static size_t lines_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void everything_leaves_in_three_formats(void **state)
{
	struct cli_world *w = *state;

	cli_world_fill(w);
	assert_int_equal(cli_world_run(w, &verb_history_export, "history export"),
			 COMMAND_DONE);
	assert_int_equal(lines_of(w->out), 6);
	assert_ptr_equal(strstr(w->out, "{\"v\":1,\"time\":\"2026-09-21T14:13:20.000000+00:00\","
					"\"ts\":1790000000000000,\"who\":\"tv\","), w->out);
	assert_int_equal(cli_world_run(w, &verb_history_export,
				       "history export --format csv --type A -S @1790000001"),
			 COMMAND_DONE);
	assert_int_equal(lines_of(w->out), 1 + 3);
	assert_ptr_equal(strstr(w->out, "time,ts,who,client,name,"), w->out);
	assert_int_equal(cli_world_run(w, &verb_history_export, "history export --format cof"),
			 COMMAND_DONE);
	assert_string_equal(w->out,
		"{\"rrname\":\"www.example.org\",\"rrtype\":\"A\",\"rdata\":\"192.0.2.8\","
		"\"time_first\":1790000005,\"time_last\":1790000005,\"count\":1}\n"
		"{\"rrname\":\"www.example.org\",\"rrtype\":\"A\",\"rdata\":\"192.0.2.80\","
		"\"time_first\":1790000000,\"time_last\":1790000000,\"count\":1}\n");
	assert_int_equal(cli_world_run(w, &verb_history_export,
				       "history export --format cof -U @1790000005"),
			 COMMAND_DONE);
	assert_int_equal(lines_of(w->out), 1);
}

/* More pairs than a page holds, none twice, none left out. */
static void pages_of_pairs_meet(void **state)
{
	struct cli_world *w = *state;

	fixture_exec(w->fixture->path,
		     "WITH RECURSIVE i(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM i WHERE i < 2499)"
		     " INSERT INTO resolved (addr, name, first, last, n, ttl)"
		     " SELECT '192.0.2.' || (i % 250), 'n' || i || '.example', 1, 2, 1, 60 FROM i");
	assert_int_equal(cli_world_run(w, &verb_history_export, "history export --format cof"),
			 COMMAND_DONE);
	assert_int_equal(lines_of(w->out), 2500);
	for (int i = 0; i < 2500; i += 83) {
		char name[40];
		const char *first;

		snprintf(name, sizeof(name), "\"n%d.example\"", i);
		first = strstr(w->out, name);
		assert_non_null(first);
		assert_null(strstr(first + 1, name));
	}
}

static void mistakes_are_told(void **state)
{
	static const struct {
		const struct verb *verb;
		const char *line, *err;
	} cases[] = {
		{ &verb_top, "top", "needs WHAT" },
		{ &verb_top, "top nmaes", "did you mean 'names'?" },
		{ &verb_top, "top everything", "names, sites, clients" },
		{ &verb_top, "top names -n 0", "-n takes 1 or more" },
		{ &verb_top, "top names -S never", "not a time" },
		{ &verb_top, "top names --client !", "a filter needs a value" },
		{ &verb_who, "who", "needs NAME|ADDRESS" },
		{ &verb_who, "who x -n 0", "-n takes 1 or more" },
		{ &verb_client, "client tv -U x", "not a time" },
		{ &verb_history_export, "history export --format xml", "ndjson, csv or cof" },
		{ &verb_history_export, "history export --format cof --name x", "no filter" },
	};
	struct cli_world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(cli_world_run(w, cases[i].verb, cases[i].line), COMMAND_USAGE);
		assert_non_null(strstr(w->err, cases[i].err));
	}
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, cli_world_setup, cli_world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_counted_and_in_which_order),
		TEST(a_day_is_the_usual_range),
		TEST(roll_ups_go_on_where_lookups_end),
		TEST(who_had_to_do_with_a_name_or_an_address),
		TEST(one_page_about_a_device),
		TEST(everything_leaves_in_three_formats),
		TEST(pages_of_pairs_meet),
		TEST(mistakes_are_told),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
