/* nameward log and the history's part of why, over a real database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/asked.h"
#include "cli/verbs.h"
#include "lib/clock.h"
#include "tests/support/history_fixture.h"

#define ARGS_MAX 16
#define S	 1000000LL

struct world {
	struct fixture *fixture;
	struct fixture_db db;
	char conf[96];
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	void *fixture = NULL;
	FILE *conf;

	if (!w || fixture_setup(&fixture) != 0)
		return -1;
	w->fixture = fixture;
	snprintf(w->conf, sizeof(w->conf), "%s/nameward.conf", w->fixture->folder);
	conf = fopen(w->conf, "w");
	if (!conf)
		return -1;
	fprintf(conf, "listen local 127.0.0.1:5353\nupstream a {\n  server 192.0.2.1\n}\n"
		      "control %s/ctl\nhistory {\n  file %s\n}\n",
		w->fixture->folder, w->fixture->path);
	fclose(conf);
	fixture_db_open(&w->db, w->fixture->path);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	void *fixture = w->fixture;

	fixture_db_close(&w->db);
	unlink(w->conf);
	fixture_teardown(&fixture);
	free(w);
	return 0;
}

/* Five lookups, one second apart, the first at FIXTURE_START_US (14:13:20 UTC). */
static void fill(struct world *w)
{
	static const struct fixture_lookup lookups[] = {
		{ .name = "www.example.org", .client = "192.168.1.10", .device = "tv",
		  .answers = { "192.0.2.80" }, .rtt_us = 12500 },
		{ .name = "ads.example.net", .client = "192.168.1.10", .device = "tv",
		  .verdict = VERDICT_BLOCKED, .list = "ads", .pattern = "*.example.net",
		  .upstream = "-", .rcode = 3 },
		{ .name = "www.example.org", .client = "192.168.1.11", .qtype = 28,
		  .verdict = VERDICT_CACHED, .upstream = "-" },
		{ .name = "tracker.example.com", .client = "2001:db8::5", .qtype = 65,
		  .verdict = VERDICT_BLOCKED_CNAME, .list = "telemetry",
		  .pattern = "tracker.example.com" },
		{ .name = "nas.home.arpa", .client = "192.168.1.11", .verdict = VERDICT_FAILED,
		  .rcode = 2 },
	};

	for (size_t i = 0; i < sizeof(lookups) / sizeof(lookups[0]); i++) {
		struct fixture_lookup l = lookups[i];

		l.ts_us = FIXTURE_START_US + (int64_t)i * S;
		fixture_add(&w->db, &l);
	}
	fixture_commit(&w->db);
}

static int run(struct world *w, const char *line, char **out, char **err)
{
	const struct verb verbs[] = { verb_log, { .name = NULL } };
	char *argv[ARGS_MAX] = { (char *)"nameward", (char *)"-c", w->conf };
	size_t out_len, err_len;
	FILE *out_file = open_memstream(out, &out_len);
	FILE *err_file = open_memstream(err, &err_len);
	char words[256];
	int argc = 3;
	int status;

	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok(words, " "); word && argc < ARGS_MAX; word = strtok(NULL, " "))
		argv[argc++] = word;
	status = command_main(verbs, argc, argv, out_file, err_file);
	fclose(out_file);
	fclose(err_file);
	return status;
}

/* The seconds (last digit of the clock time) of the rows of a CSV answer, in order. */
static void rows_of(const char *csv, char *rows, size_t size)
{
	size_t n = 0;

	for (const char *p = strchr(csv, '\n'); p && p[1] && n + 1 < size; p = strchr(p + 1, '\n'))
		rows[n++] = p[1 + strlen("2026-09-21T14:13:2")];
	rows[n] = '\0';
}

static void a_table_for_people(void **state)
{
	struct world *w = *state;
	char *out, *err;

	fill(w);
	assert_int_equal(run(w, "log -n 2", &out, &err), COMMAND_DONE);
	assert_string_equal(err, "");
	assert_string_equal(out,
		"TIME                 WHO           NAME                 TYPE   VERDICT        N"
		"  MS  LIST       ANSWER\n"
		"2026-09-21 14:13:23  2001:db8::5   tracker.example.com  HTTPS  blocked-cname  1"
		"   -  telemetry  -\n"
		"2026-09-21 14:13:24  192.168.1.11  nas.home.arpa        A      failed         1"
		"   -  -          -\n");
	free(out);
	free(err);
}

static void json_has_every_column_of_the_view(void **state)
{
	struct world *w = *state;
	char *out, *err;

	fill(w);
	assert_int_equal(run(w, "log --json -n 5 --name ads.example.net", &out, &err),
			 COMMAND_DONE);
	assert_ptr_equal(strstr(out, "{\"v\":1,\"time\":\"2026-09-21T14:13:21.000000+00:00\","
				     "\"ts\":1790000001000000,\"who\":\"tv\","
				     "\"client\":\"192.168.1.10\",\"name\":\"ads.example.net\","
				     "\"type\":\"A\",\"verdict\":\"blocked\","
				     "\"rcode\":\"NXDOMAIN\","), out);
	assert_non_null(strstr(out, "\"list\":\"ads\",\"pattern\":\"*.example.net\""));
	assert_non_null(strstr(out, "\"n\":1"));
	free(out);
	free(err);
}

static void filters_and_ranges_choose_rows(void **state)
{
	static const struct {
		const char *line, *rows;
	} cases[] = {
		{ "log", "01234" },
		{ "log -r", "43210" },
		{ "log -n 2", "34" },
		{ "log -n 2 -r", "43" },
		{ "log -n 0", "" },
		{ "log -n 99", "01234" },
		{ "log --client tv", "01" },
		{ "log --client TV", "01" },
		{ "log --client 192.168.1.11", "24" },
		{ "log --client 2001:0DB8::0005", "3" },
		{ "log --client !2001:db8:0::5 --client !tv", "24" },
		{ "log --client tv --client 2001:db8::5", "013" },
		{ "log --name *.example.*", "0123" },
		{ "log --name *.EXAMPLE.org.", "02" },
		{ "log --name !www.example.org", "134" },
		{ "log --verdict blocked", "1" },
		{ "log --verdict blocked*", "13" },
		{ "log --verdict !blocked* --type A", "04" },
		{ "log --list ads --list telemetry", "13" },
		{ "log --list !ads", "0234" },
		{ "log --type https --type aaaa", "23" },
		{ "log -S @1790000002", "234" },
		{ "log -S @1790000002 -n 1", "4" },
		{ "log -U @1790000002", "01" },
		{ "log -S @1790000001 -U @1790000003 -r", "21" },
		{ "log -S 2026-09-21T14:13:23Z", "34" },
		{ "log --client nobody", "" },
		{ "log -S now", "" },
	};
	struct world *w = *state;

	fill(w);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *out, *err, line[128], rows[16];

		snprintf(line, sizeof(line), "%s -o csv", cases[i].line);
		assert_int_equal(run(w, line, &out, &err), COMMAND_DONE);
		assert_string_equal(err, "");
		rows_of(out, rows, sizeof(rows));
		if (strcmp(rows, cases[i].rows) != 0)
			fail_msg("%s: rows %s, not %s", cases[i].line, rows, cases[i].rows);
		free(out);
		free(err);
	}
}

static void hostile_labels_stay_in_their_cell(void **state)
{
	const struct fixture_lookup l = { .ts_us = FIXTURE_START_US, .device = "=2+5\033[2J",
					  .name = "a\\013\\010b\\027[0m.example",
					  .client = "192.168.1.10" };
	static const char *const formats[] = { "log", "log --json", "log -o csv" };
	struct world *w = *state;

	fixture_add(&w->db, &l);
	fixture_commit(&w->db);
	for (size_t i = 0; i < 3; i++) {
		char *out, *err;

		assert_int_equal(run(w, formats[i], &out, &err), COMMAND_DONE);
		assert_null(strchr(out, '\033'));
		assert_non_null(strstr(out, i == 1 ? "a\\\\013\\\\010b" : "a\\013\\010b"));
		assert_null(strstr(out, ",=2+5"));
		free(out);
		free(err);
	}
}

static void what_cannot_be_read_is_said(void **state)
{
	struct world *w = *state;
	char *out, *err;
	FILE *junk;

	fixture_db_close(&w->db);
	assert_int_equal(unlink(w->fixture->path), 0);
	assert_int_equal(run(w, "log", &out, &err), COMMAND_FAILED);
	assert_non_null(strstr(err, "no history yet"));
	free(out);
	free(err);

	junk = fopen(w->fixture->path, "w");
	assert_non_null(junk);
	for (int i = 0; i < 1000; i++)
		fputs("not a database\n", junk);
	fclose(junk);
	assert_int_equal(run(w, "log", &out, &err), COMMAND_FAILED);
	assert_string_equal(out, "");
	assert_non_null(strstr(err, w->fixture->path));
	free(out);
	free(err);
	assert_int_equal(unlink(w->fixture->path), 0);
	fixture_db_open(&w->db, w->fixture->path);
}

/* As root nothing is forbidden: a child becomes nobody. */
static void a_forbidden_history_is_permission(void **state)
{
	struct world *w = *state;
	int status;
	pid_t pid;

	fill(w);
	assert_int_equal(chmod(w->fixture->folder, 0755), 0);
	assert_int_equal(chmod(w->conf, 0644), 0);
	assert_int_equal(chmod(w->fixture->path, 0600), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char *out, *err;

		if (geteuid() != 0)
			_exit(COMMAND_PERMISSION); /* it would be our own file */
		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(99);
		_exit(run(w, "log", &out, &err));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), COMMAND_PERMISSION);
}

static pid_t start_following(struct world *w, const char *option, int *from)
{
	const struct verb verbs[] = { verb_log, { .name = NULL } };
	char *argv[] = { (char *)"nameward", (char *)"-c",	w->conf, (char *)"log",
			 (char *)"-fo",	     (char *)"csv", (char *)option };
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		FILE *out = fdopen(fds[1], "w");

		close(fds[0]);
		signal(SIGPIPE, SIG_IGN);
		_exit(command_main(verbs, 7, argv, out, stderr));
	}
	close(fds[1]);
	*from = fds[0];
	return pid;
}

/* Read until `wanted` has come, at most ten seconds; text holds all that came. */
static void read_until(int fd, char *text, size_t size, const char *wanted)
{
	size_t len = strlen(text);

	while (!strstr(text, wanted)) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		ssize_t got;

		if (poll(&pfd, 1, 10000) <= 0)
			fail_msg("'%s' did not come; got: %s", wanted, text);
		got = read(fd, text + len, size - 1 - len);
		assert_true(got > 0);
		len += (size_t)got;
		text[len] = '\0';
	}
}

static size_t times_in(const char *text, const char *word)
{
	size_t n = 0;

	for (; (text = strstr(text, word)); text++)
		n++;
	return n;
}

static void add_now(struct world *w, const char *name, int64_t ago_us)
{
	const struct fixture_lookup l = { .ts_us = clock_wall_us() - ago_us, .name = name,
					  .client = "192.168.1.10" };

	fixture_add(&w->db, &l);
}

static void following_shows_news_once_and_late_ones_too(void **state)
{
	struct world *w = *state;
	char text[8192] = "";
	int from, status;
	pid_t pid;

	add_now(w, "older.example", 9 * S);
	add_now(w, "old.example", 8 * S);
	fixture_commit(&w->db);
	pid = start_following(w, "-n1", &from);
	read_until(from, text, sizeof(text), "old.example");

	add_now(w, "first.example", 0);
	fixture_commit(&w->db);
	read_until(from, text, sizeof(text), "first.example");

	/* asked before the last one, answered after it */
	add_now(w, "late.example", 3 * S);
	add_now(w, "second.example", 0);
	fixture_commit(&w->db);
	read_until(from, text, sizeof(text), "second.example");
	assert_non_null(strstr(text, "late.example"));

	assert_int_equal(kill(pid, SIGINT), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), COMMAND_DONE);
	assert_int_equal(times_in(text, ",old.example,A,"), 1);
	assert_int_equal(times_in(text, ",first.example,A,"), 1);
	assert_int_equal(times_in(text, ",late.example,A,"), 1);
	assert_null(strstr(text, "older.example"));
	close(from);
}

static void following_without_a_past_shows_only_news(void **state)
{
	struct world *w = *state;
	char text[8192] = "";
	int from, status;
	pid_t pid;

	add_now(w, "old.example", S);
	fixture_commit(&w->db);
	pid = start_following(w, "-n0", &from);
	read_until(from, text, sizeof(text), "time,ts,");
	add_now(w, "new.example", 0);
	fixture_commit(&w->db);
	read_until(from, text, sizeof(text), "new.example");
	assert_int_equal(kill(pid, SIGINT), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), COMMAND_DONE);
	assert_null(strstr(text, "old.example"));
	close(from);
}

static void following_goes_on_in_a_new_file(void **state)
{
	struct world *w = *state;
	char text[8192] = "", aside[128];
	int from, status;
	pid_t pid;

	add_now(w, "before.example", 0);
	fixture_commit(&w->db);
	pid = start_following(w, "-n1", &from);
	read_until(from, text, sizeof(text), "before.example");

	/* as the writer does with a damaged file */
	fixture_db_close(&w->db);
	snprintf(aside, sizeof(aside), "%s.aside", w->fixture->path);
	assert_int_equal(rename(w->fixture->path, aside), 0);
	fixture_db_open(&w->db, w->fixture->path);
	add_now(w, "after.example", 0);
	fixture_commit(&w->db);
	read_until(from, text, sizeof(text), "after.example");
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), COMMAND_DONE);
	close(from);
	unlink(aside);
}

static void a_reader_that_left_ends_it_quietly(void **state)
{
	struct world *w = *state;
	char text[8192] = "";
	int from, status;
	pid_t pid;

	add_now(w, "one.example", 0);
	fixture_commit(&w->db);
	pid = start_following(w, "-n1", &from);
	read_until(from, text, sizeof(text), "one.example");
	close(from);
	add_now(w, "two.example", 0);
	fixture_commit(&w->db);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), COMMAND_FAILED);
}

static char *asked(struct world *w, const char *name)
{
	char *text;
	size_t len;
	struct command c = { .conf_path = w->conf, .err = stderr };

	c.out = open_memstream(&text, &len);
	asked_print(&c, name);
	fclose(c.out);
	return text;
}

static void who_asked_is_told_busiest_first(void **state)
{
	struct world *w = *state;
	char *text;

	for (int i = 0; i < 3; i++)
		add_now(w, "www.example.org", i * S);
	for (int i = 0; i < 7; i++) {
		char client[32];
		struct fixture_lookup l = { .name = "www.example.org", .client = client,
					    .ts_us = clock_wall_us() - (20 + i) * S };

		snprintf(client, sizeof(client), "192.168.2.%d", i);
		fixture_add(&w->db, &l);
	}
	fixture_commit(&w->db);
	text = asked(w, "www.example.org");
	assert_string_equal(text, "Asked 10 times in 30 days, by: 192.168.1.10 3, 192.168.2.0 1, "
				  "192.168.2.1 1, 192.168.2.2 1, 192.168.2.3 1, and 3 more.\n");
	free(text);
	text = asked(w, "never.example");
	assert_string_equal(text, "Not asked in 30 days.\n");
	free(text);
	assert_int_equal(unlink(w->fixture->path), 0);
	text = asked(w, "www.example.org");
	assert_string_equal(text, "");
	free(text);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_table_for_people),
		T(json_has_every_column_of_the_view),
		T(filters_and_ranges_choose_rows),
		T(hostile_labels_stay_in_their_cell),
		T(what_cannot_be_read_is_said),
		T(a_forbidden_history_is_permission),
		T(following_shows_news_once_and_late_ones_too),
		T(following_without_a_past_shows_only_news),
		T(following_goes_on_in_a_new_file),
		T(a_reader_that_left_ends_it_quietly),
		T(who_asked_is_told_busiest_first),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
