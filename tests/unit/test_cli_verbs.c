/* The verbs that ask the daemon, against a scripted one behind a real socket. */
/* wrap: access */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/verbs.h"

#define ARGS_MAX 12

struct world {
	char dir[32];
	char conf[64];
	char control[64];
	int listener; /* -1: no daemon */
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	FILE *conf;

	strcpy(w->dir, "/tmp/cli_verbs_XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	snprintf(w->conf, sizeof(w->conf), "%s/nameward.conf", w->dir);
	snprintf(w->control, sizeof(w->control), "%s/ctl", w->dir);
	conf = fopen(w->conf, "w");
	if (!conf)
		return -1;
	fprintf(conf, "listen local 127.0.0.1:5353\ncontrol %s\nhistory {\n  file %s/h.db\n}\n"
		      "upstream a {\n  server 192.0.2.1\n}\n"
		      "list ads {\n  name ads.example\n}\n", w->control, w->dir);
	fclose(conf);
	strcpy(sun.sun_path, w->control);
	w->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(w->listener, (struct sockaddr *)&sun, sizeof(sun)) < 0 ||
	    listen(w->listener, 4) < 0)
		return -1;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	close(w->listener);
	unlink(w->control);
	unlink(w->conf);
	rmdir(w->dir);
	free(w);
	return 0;
}

/* One client: its request must be `request`, then it gets `reply`. Exits 0 if it was. */
static pid_t serve(struct world *w, const char *request, const char *reply)
{
	pid_t pid = fork();
	char got[256] = "";
	ssize_t len;
	int fd;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	fd = accept(w->listener, NULL, NULL);
	len = fd < 0 ? -1 : read(fd, got, sizeof(got) - 1);
	if (len < 0 || write(fd, reply, strlen(reply)) != (ssize_t)strlen(reply))
		_exit(2);
	_exit(strcmp(got, request) == 0 ? 0 : 1);
}

static int run(struct world *w, const char *line, char **out, char **err)
{
	const struct verb verbs[] = { verb_status, verb_why, verb_gate_ls, verb_gate_rules,
				      verb_cache_ls, verb_cache_flush,
				      verb_list_search, verb_config_check, verb_config_show,
				      verb_config_names, { .name = NULL } };
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

static void answers_become_tables_and_exit_codes(void **state)
{
	static const struct {
		const char *line, *request, *reply;
		int status;
		const char *out;
	} cases[] = {
		{ "status", "status\n", "part\tkey\tvalue\ncache\tsize\t32\n.ok\n", 0,
		  "PART   KEY   VALUE\ncache  size  32\n" },
		{ "status --json", "status\n", "part\tkey\tvalue\nx\ty\tz\n.ok\n", 0,
		  "{\"v\":1,\"part\":\"x\",\"key\":\"y\",\"value\":\"z\"}\n" },
		{ "gate ls --json", "gate ls\n",
		  "device\taddress\tleft_s#\tname\ntv\t192.0.2.1\t60\ta\\.b.example\n.ok\n", 0,
		  "{\"v\":1,\"device\":\"tv\",\"address\":\"192.0.2.1\",\"left_s\":60,"
		  "\"name\":\"a\\\\.b.example\"}\n" },
		{ "gate ls 2001:DB8::1", "gate ls 2001:db8::1\n",
		  "device\taddress\tleft_s#\tname\n.ok\n", 0,
		  "DEVICE  ADDRESS  LEFT_S  NAME\n" },
		{ "gate rules", "gate rules\n", "rule\ntable inet x {\n\tset y {\n}\n.ok\n", 0,
		  "table inet x {\n\tset y {\n}\n" },
		{ "cache ls", "cache ls\n", "name\tleft_s#\na.example\t-5\n.ok\n", 0,
		  "NAME       LEFT_S\na.example      -5\n" },
		{ "cache ls *.A.example.", "cache ls *.A.example\n", "name\n.ok\n", 0, "NAME\n" },
		{ "cache flush a.example", "cache flush a.example\n", "forgotten#\n3\n.ok\n", 0,
		  "FORGOTTEN\n        3\n" },
		{ "cache flush *", "cache flush *\n", "forgotten#\n3\n.ok\n", 0,
		  "FORGOTTEN\n        3\n" },
		{ "cache flush --all", "cache flush *\n", ".err only root\n", 1, "" },
		{ "list search Ads.Example.", "list search Ads.Example\n",
		  "list\tentry\twhere\nads\tads.example\tf:1\n.ok\n", 0,
		  "LIST  ENTRY        WHERE\nads   ads.example  f:1\n" },
		{ "list search a.example", "list search a.example\n",
		  "list\tentry\twhere\n.ok\n", 1, "LIST  ENTRY  WHERE\n" },
		{ "status", "status\n", ".err busy\033[2J\n", 1, "" },
		{ "status", "status\n", "half", 1, "" },
		{ "why 192.0.2.7", "gate ls 192.0.2.7\n",
		  "device\taddress\tleft_s#\tname\n.ok\n", 0,
		  "192.0.2.7                                                          -> NO LEASE\n"
		  "  1 exception  none for this address\n"
		  "  2 history    not known: there is none yet\n" },
		{ "why 192.0.2.7", "gate ls 192.0.2.7\n",
		  "device\taddress\tleft_s#\tname\n"
		  "7c:2f:80:00:11:22\t192.0.2.7\t60\ta.example\n"
		  "192.0.2.7\t192.0.2.8\t60\tb.example\n.ok\n", 0,
		  "192.0.2.7                                                          -> 1 LEASE\n"
		  "  1 exception  none for this address\n"
		  "  2 lease      7c:2f:80:00:11:22 for 60 s more, because of a.example\n"
		  "  3 history    not known: there is none yet\n" },
		{ "why A.example --client tv", "why a.example tv\n",
		  "step\tresult\twhere\nverdict\tBLOCKED\ta.example\n"
		  "client\t192.0.2.9 is \"tv\"\tx.conf:14\nblock\tlist ads\tx.conf:3\n"
		  "answer\tNXDOMAIN\t\n.ok\n", 0,
		  "a.example  for tv                                                  -> BLOCKED\n"
		  "  1 client  192.0.2.9 is \"tv\"  x.conf:14\n"
		  "  2 block   list ads           x.conf:3\n"
		  "  3 answer  NXDOMAIN\n" },
		{ "why a.example --json", "why a.example\n",
		  "step\tresult\twhere\nverdict\tFORWARDED\tA\n.ok\n", 0,
		  "{\"v\":1,\"step\":\"verdict\",\"result\":\"FORWARDED\",\"where\":\"A\","
		  "\"owner\":null}\n" },
		{ "why a.example", "why a.example\n", "a\tb\nc\td\n.ok\n", 1, "" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pid_t pid = serve(w, cases[i].request, cases[i].reply);
		char *out, *err;
		int wait_status;

		assert_int_equal(run(w, cases[i].line, &out, &err), cases[i].status);
		assert_int_equal(waitpid(pid, &wait_status, 0), pid);
		assert_int_equal(wait_status, 0);
		assert_string_equal(out, cases[i].out);
		assert_null(strchr(err, '\033'));
		assert_true(cases[i].status == 0 || *err || cases[i].out[0]);
		free(out);
		free(err);
	}
}

static void bad_operands_are_never_sent(void **state)
{
	static const char *const lines[] = {
		"gate ls nonsense", "cache ls a..b", "cache flush", "cache flush --all a", "gate ls 1.2.3", "list search a..b", "why a..b",
		"why 192.0.2.1 --client tv",
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char *out, *err;

		assert_int_equal(run(w, lines[i], &out, &err), COMMAND_USAGE);
		assert_string_equal(out, "");
		free(out);
		free(err);
	}
}

static void without_a_daemon_the_status_is_3(void **state)
{
	struct world *w = *state;
	char *out, *err;

	close(w->listener);
	w->listener = -1;
	assert_int_equal(run(w, "status", &out, &err), COMMAND_NOT_RUNNING);
	assert_non_null(strstr(err, "namewardd is not running"));
	assert_string_equal(out, "");
	free(out);
	free(err);
}

static void config_verbs_need_no_daemon(void **state)
{
	struct world *w = *state;
	char *out, *err;
	FILE *bad;

	assert_int_equal(run(w, "config check --json", &out, &err), COMMAND_DONE);
	assert_non_null(strstr(out, "\"result\":\"ok\""));
	free(out);
	free(err);
	assert_int_equal(run(w, "config names -o csv", &out, &err), COMMAND_DONE);
	assert_string_equal(out, "kind,name\r\nlist,ads\r\n");
	free(out);
	free(err);
	assert_int_equal(run(w, "config show", &out, &err), COMMAND_DONE);
	assert_non_null(strstr(out, "\nlist ads {\n"));
	free(out);
	free(err);

	bad = fopen(w->conf, "w");
	assert_non_null(bad);
	fputs("listne lan 127.0.0.1\nlist a {\n  nmae x\n}\n", bad);
	fclose(bad);
	assert_int_equal(run(w, "config check", &out, &err), COMMAND_FAILED);
	assert_string_equal(out, "");
	assert_non_null(strstr(err, "nameward.conf:1:1: error:"));
	assert_non_null(strstr(err, "nameward.conf:3:3: error:"));
	free(out);
	free(err);
	assert_int_equal(run(w, "config check /nonexistent/x.conf", &out, &err), COMMAND_FAILED);
	assert_non_null(strstr(err, "/nonexistent/x.conf"));
	free(out);
	free(err);
}

/* Whether the system's daemon runs is not a matter of the machine that tests. */
static bool system_runs;

int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);

int __wrap_access(const char *path, int mode)
{
	if (strcmp(path, "/run/nameward/ctl") != 0)
		return __real_access(path, mode);
	errno = ENOENT;
	return system_runs ? 0 : -1;
}

/* As nobody in the configuration's folder: what a user is told that the paths are. */
static char *control_shown_to_a_user(struct world *w)
{
	static char line[128];
	int fds[2];
	pid_t pid;
	FILE *from;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char *out, *err;

		if (chdir(w->dir) < 0 || (geteuid() == 0 && setuid(65534) < 0) ||
		    run(w, "config show", &out, &err) != COMMAND_DONE ||
		    write(fds[1], out, strlen(out)) < 0)
			_exit(1);
		_exit(0);
	}
	close(fds[1]);
	from = fdopen(fds[0], "r");
	while (fgets(line, sizeof(line), from) && strncmp(line, "control ", 8) != 0)
		;
	fclose(from);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return line;
}

static void a_user_asks_their_own_daemon_else_the_systems(void **state)
{
	struct world *w = *state;
	char own[64];
	FILE *f = fopen(w->conf, "w");

	assert_non_null(f);
	fputs("listen local 127.0.0.1:5353\nupstream a {\n  server 192.0.2.1\n}\n", f);
	fclose(f);
	assert_int_equal(chmod(w->dir, 0755), 0);
	assert_int_equal(chmod(w->conf, 0644), 0);
	assert_string_equal(control_shown_to_a_user(w), "control /run/nameward/ctl\n");

	snprintf(own, sizeof(own), "%s/nameward.ctl", w->dir);
	f = fopen(own, "w");
	assert_non_null(f);
	fclose(f);
	system_runs = true;
	assert_non_null(strstr(control_shown_to_a_user(w), "nameward.ctl"));
	assert_int_equal(unlink(own), 0);

	/* what a daemon of ours left behind is of interest as long as no other runs */
	snprintf(own, sizeof(own), "%s/nameward-history.db", w->dir);
	f = fopen(own, "w");
	assert_non_null(f);
	fclose(f);
	assert_string_equal(control_shown_to_a_user(w), "control /run/nameward/ctl\n");
	system_runs = false;
	assert_non_null(strstr(control_shown_to_a_user(w), "nameward.ctl"));
	assert_int_equal(unlink(own), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers_become_tables_and_exit_codes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(bad_operands_are_never_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_daemon_the_status_is_3, setup, teardown),
		cmocka_unit_test_setup_teardown(a_user_asks_their_own_daemon_else_the_systems, setup,
						teardown),
		cmocka_unit_test_setup_teardown(config_verbs_need_no_daemon, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
