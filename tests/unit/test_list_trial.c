/* A list held against lookups: what it would block, and what `list test` says of a history. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "blocklists/list_match.h"
#include "cli/command.h"
#include "cli/list_trial.h"
#include "cli/verbs.h"
#include "lib/clock.h"
#include "lib/util.h"
#include "tests/support/cli_world.h"
#include "tests/support/list_support.h"

static const char list[] = "! a list\n||ads.example^\n@@||fine.ads.example^\n||198.18.1.0^\n"
			   "/^track[0-9]/\n||cdn-tracker.example^\n";

struct lookup {
	const char *name, *client, *answer;
	bool blocked;
	uint64_t n;
};

static const struct lookup lookups[] = {
	{ "x.ads.example", "192.0.2.1", "198.18.0.1", false, 3 },
	{ "x.ads.example", "192.0.2.2", NULL, false, 1 },
	{ "x.ads.example", "192.0.2.1", "198.18.0.2", false, 1 },
	{ "x.ads.example", "192.0.2.3", NULL, true, 7 },
	{ "fine.ads.example", "192.0.2.1", "198.18.1.0", false, 1 }, /* allowed: so is the answer */
	{ "by-address.example", "192.0.2.1", "198.18.0.1 198.18.1.0", false, 2 },
	{ "by-address.example", "192.0.2.1", "198.18.0.1", false, 5 }, /* another answer */
	{ "cloaked.example", "192.0.2.1", "a.cdn-tracker.example 198.18.0.1 TYPE46 +3", false, 1 },
	{ "track7.example", "192.0.2.1", NULL, true, 4 },
	{ "other.example", "192.0.2.1", "198.18.0.1", false, 100 },
	{ "bad..name", "192.0.2.1", NULL, false, 1 },
};

static struct list_trial *try_all(const struct list_index *x)
{
	struct list_trial *t;

	assert_int_equal(list_trial_new(x, &t), 0);
	for (size_t i = 0; i < ARRAY_SIZE(lookups); i++) {
		const struct lookup *l = &lookups[i];

		assert_int_equal(list_trial_add(t, l->name, l->client, l->answer, l->blocked,
						l->n), 0);
	}
	return t;
}

static void names_answers_and_what_is_blocked_already_are_told_apart(void **state)
{
	static const struct {
		const char *name;
		uint64_t n, already;
		uint32_t clients, line;
		bool by_answer;
		const char *entry;
	} cases[] = {
		{ "x.ads.example", 5, 7, 2, 2, false, "*.ads.example" },
		{ "by-address.example", 2, 0, 1, 4, true, "198.18.1.0" },
		{ "cloaked.example", 1, 0, 1, 6, true, "*.cdn-tracker.example" },
		{ "track7.example", 0, 4, 0, 5, false, "/^track[0-9]/" },
	};
	struct list_source s = list_support_text("a", list);
	struct list_index *x;
	struct list_trial *t;
	const struct list_trial_name *names;
	uint64_t all;
	size_t count;

	(void)state;
	s.format = LIST_ADBLOCK;
	x = list_support_index(&s, 1);
	t = try_all(x);
	assert_int_equal(list_trial_seen(t, &all), 7);
	assert_int_equal(all, 126);
	assert_int_equal(list_trial_names(t, &names, &count), 0);
	assert_int_equal(count, ARRAY_SIZE(cases));
	for (size_t i = 0; i < count; i++) {
		char entry[LIST_MATCH_TEXT];

		assert_string_equal(names[i].name, cases[i].name);
		assert_int_equal(names[i].n, cases[i].n);
		assert_int_equal(names[i].already, cases[i].already);
		assert_int_equal(names[i].clients, cases[i].clients);
		assert_int_equal(names[i].by_answer, cases[i].by_answer);
		assert_int_equal(names[i].match.line, cases[i].line);
		assert_string_equal(list_match_text(&names[i].match, entry), cases[i].entry);
	}
	list_trial_free(t);
	list_index_close(x);
}

static void many_names_and_clients_are_counted(void **state)
{
	struct list_source s = list_support_text("a", "*.many.example\n");
	struct list_index *x = list_support_index(&s, 1);
	const struct list_trial_name *names;
	struct list_trial *t;
	size_t count;

	(void)state;
	assert_int_equal(list_trial_new(x, &t), 0);
	for (unsigned i = 0; i < 60000; i++) {
		char name[64], client[32], answer[32];

		snprintf(name, sizeof(name), "n%u.%s.example", i % 9000, i & 1 ? "many" : "few");
		snprintf(client, sizeof(client), "192.0.2.%u", i % 7);
		snprintf(answer, sizeof(answer), "198.18.0.%u", i % 200);
		assert_int_equal(list_trial_add(t, name, client, answer, false, 1), 0);
	}
	assert_int_equal(list_trial_names(t, &names, &count), 0);
	assert_int_equal(count, 4500);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(names[i].clients, names[i].n); /* each time another one */
	list_trial_free(t);
	list_index_close(x);
}

static void fill(struct cli_world *w, const char *path)
{
	int64_t now_us = clock_wall_us();
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(list, f);
	fclose(f);
	for (int i = 0; i < 3; i++)
		fixture_add(&w->db, &(struct fixture_lookup){
			.ts_us = now_us - 60000000 * (i + 1), .name = "x.ads.example",
			.client = i ? "192.0.2.1" : "192.0.2.2", .answers = { "198.18.0.1" } });
	fixture_add(&w->db, &(struct fixture_lookup){
		.ts_us = now_us - 600000000, .name = "track1.example", .client = "192.0.2.1",
		.verdict = VERDICT_BLOCKED, .list = "own", .pattern = "*.example" });
	fixture_add(&w->db, &(struct fixture_lookup){ /* too long ago */
		.ts_us = now_us - INT64_C(8) * 86400000000, .name = "y.ads.example",
		.client = "192.0.2.1" });
	fixture_commit(&w->db);
}

static void list_test_reads_the_last_days(void **state)
{
	struct cli_world *w = *state;
	char path[128], line[160];

	snprintf(path, sizeof(path), "%s/list.txt", w->fixture->folder);
	fill(w, path);
	snprintf(line, sizeof(line), "list test %s -o csv", path);
	assert_int_equal(cli_world_run(w, &verb_list_test, line), COMMAND_DONE);
	assert_string_equal(w->out, "name,n,clients,already,by,entry,line\r\n"
				    "x.ads.example,3,2,0,name,*.ads.example,2\r\n"
				    "track1.example,0,0,1,name,/^track[0-9]/,5\r\n");
	snprintf(line, sizeof(line), "list test %s", path);
	assert_int_equal(cli_world_run(w, &verb_list_test, line), COMMAND_DONE);
	assert_non_null(strstr(w->out, "x.ads.example  3        2        0  name  *.ads.example"));
	assert_null(strstr(w->out, "track1"));
	assert_non_null(strstr(w->out, ": 2 names asked for in 4 lookups. The list would newly block "
				       "1 name in 3 lookups; 1 more that it holds is blocked "
				       "already.\n"));
	snprintf(line, sizeof(line), "list test %s -S -9d --json", path);
	assert_int_equal(cli_world_run(w, &verb_list_test, line), COMMAND_DONE);
	assert_non_null(strstr(w->out, "{\"v\":1,\"name\":\"y.ads.example\",\"n\":1,"));
	unlink(path);
}

static void what_is_no_list_is_said(void **state)
{
	static const struct {
		const char *text, *why; /* text NULL: there is no file */
	} cases[] = {
		{ NULL, "No such file" }, { "<html>\n", "HTML" }, { "# nothing\n", "no entry" },
		{ "", "no entry" },
	};
	struct cli_world *w = *state;
	char path[128], line[160];

	snprintf(path, sizeof(path), "%s/list.txt", w->fixture->folder);
	snprintf(line, sizeof(line), "list test %s", path);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		FILE *f = cases[i].text ? fopen(path, "w") : NULL;

		if (f) {
			fputs(cases[i].text, f);
			fclose(f);
		}
		assert_int_equal(cli_world_run(w, &verb_list_test, line), COMMAND_FAILED);
		assert_non_null(strstr(w->err, cases[i].why));
		unlink(path);
	}
	snprintf(line, sizeof(line), "list test %s", w->fixture->folder);
	assert_int_equal(cli_world_run(w, &verb_list_test, line), COMMAND_FAILED);
	assert_int_equal(cli_world_run(w, &verb_list_test, "list test x -S never"), COMMAND_USAGE);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, cli_world_setup, cli_world_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_answers_and_what_is_blocked_already_are_told_apart),
		cmocka_unit_test(many_names_and_clients_are_counted),
		T(list_test_reads_the_last_days),
		T(what_is_no_list_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
