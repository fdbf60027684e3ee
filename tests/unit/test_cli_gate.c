/* What gate check and why say of an address, with and without a daemon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/command.h"
#include "lib/util.h"
#include "tests/support/gate_world.h"

#define TV    GATE_WORLD_TV
#define PHONE GATE_WORLD_PHONE

/* A daemon that knows the client tv, of zone iot, and one lease. Runs until it is killed. */
static pid_t serve(const struct gate_world *w, const char *mode)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/ctl", w->fixture->folder);
	assert_int_equal(bind(listener, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(listener, 4), 0);
	pid = fork();
	for (;;) {
		char got[256] = "";
		int fd;

		if (pid) {
			close(listener);
			return pid;
		}
		fd = accept(listener, NULL, NULL);
		if (read(fd, got, sizeof(got) - 1) < 0)
			_exit(1);
		if (!strncmp(got, "client ", 7))
			dprintf(fd, "address\tmac\tdevice\tinterface\tzone\tgate\n"
				    "192.168.20.7\t" TV "\ttv\tbr-iot\tiot\t%s\n.ok\n", mode);
		else if (!strncmp(got, "list search ", 12))
			dprintf(fd, "list\tentry\tsays\twhere\n%s.ok\n",
				!strcmp(got, "list search 192.0.2.1\n") ?
					"own\t192.0.2.1\tin answers, blocks\town.txt:1\n"
					"soft\t192.0.2.1\tin answers, allows\tsoft.txt:2\n"
					"bad\t192.0.2.0/31\tin answers, blocks\tbad.txt:9\n" : "");
		else
			dprintf(fd, "device\taddress\tleft_s#\tname\n"
				    TV "\t192.0.2.1\t212\tcdn.example\n"
				    PHONE "\t192.0.2.2\t10\tx.example\n.ok\n");
		close(fd);
	}
}

static void stop(const struct gate_world *w, pid_t pid)
{
	char path[128];

	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	snprintf(path, sizeof(path), "%s/ctl", w->fixture->folder);
	unlink(path);
}

static void a_check_answers_by_its_status(void **state)
{
	static const struct {
		const char *mode; /* of the daemon; NULL: it is down */
		const char *line;
		int status;
		const char *parts[4]; /* of the answer */
	} cases[] = {
		{ "enforce", "gate check 192.0.2.1 --client tv", COMMAND_DONE,
		  { "192.0.2.1  for tv ", "-> PASSES\n",
		    "leased to it for 212 s more, because of cdn.example",
		    "192.168.20.7 is tv, " TV } },
		{ "enforce", "gate check 192.0.2.2 --client tv", COMMAND_FAILED,
		  { "-> REFUSED\n", "no lease for this device", "allow 192.0.2.2\n",
		    "enforce now, observe by the configuration" } },
		{ "observe", "gate check 192.0.2.2 --client tv", COMMAND_DONE,
		  { "-> PASSES, OBSERVED\n", "iot: gate observe" } },
		{ "off", "gate check 192.0.2.2 --client tv", COMMAND_DONE,
		  { "-> NOT GATED\n", "iot: gate off now" } },
		{ "enforce", "gate check 192.168.1.1 --client tv", COMMAND_DONE,
		  { "-> NOT GATED\n", "never gated" } },
		{ "enforce", "gate check 198.51.100.9 --client tv", COMMAND_DONE,
		  { "-> PASSES\n", "allow 198.51.100.0/24", "nameward.conf:2" } },
		{ "enforce", "why 192.0.2.2 --client tv", COMMAND_DONE, { "-> REFUSED\n" } },
		{ "enforce", "why 192.0.2.1", COMMAND_DONE,
		  { "-> 1 LEASE\n", "tv for 212 s more" } },
		{ "enforce", "gate check 192.0.2.2 --client tv -o csv", COMMAND_FAILED,
		  { "verdict,REFUSED,\r\n", "gate,no lease for this device,\r\n" } },
		{ NULL, "gate check 192.0.2.2 --client tv", COMMAND_NOT_RUNNING,
		  { "-> UNKNOWN\n", "namewardd is not running", "iot: gate observe" } },
		{ NULL, "gate check 198.51.100.9 --client tv", COMMAND_DONE, { "-> PASSES\n" } },
		{ NULL, "why 192.0.2.2 --client tv", COMMAND_DONE, { "-> UNKNOWN\n" } },
		{ NULL, "gate check 192.0.2.2", COMMAND_USAGE, { NULL } },
		{ NULL, "gate check tv --client tv", COMMAND_USAGE, { NULL } },
		{ NULL, "gate check 192.0.2.2 --client nobody", COMMAND_USAGE, { NULL } },
	};
	struct gate_world *w = *state;

	gate_world_write_conf(w, "observe", "  allow 198.51.100.0/24\n");
	gate_world_refuse(w, 90, TV, "203.0.113.9", 6, 443); /* its interface is known from this */
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pid_t pid = cases[i].mode ? serve(w, cases[i].mode) : 0;
		char *out, *err;
		int status = gate_world_run(w, cases[i].line, &out, &err);

		stop(w, pid);
		assert_int_equal(status, cases[i].status);
		for (size_t k = 0; k < ARRAY_SIZE(cases[i].parts) && cases[i].parts[k]; k++)
			if (!strstr(out, cases[i].parts[k]))
				fail_msg("%s: no \"%s\" in:\n%s", cases[i].line,
					 cases[i].parts[k], out);
		free(out);
		free(err);
	}
}

static void zones_and_devices_have_their_say(void **state)
{
#define CHECK "gate check 192.0.2.2 --client tv"
	static const struct {
		const char *mode; /* of the daemon; NULL: it is down */
		const char *zone, *device, *gate, *line;
		int status;
		const char *parts[2];
	} cases[] = {
		{ "enforce", "  allow 192.0.2.2\n", "", "", CHECK, COMMAND_DONE,
		  { "-> PASSES\n", "allow 192.0.2.2" } },
		{ "enforce", "  allow mac " TV "\n", "", "", CHECK, COMMAND_DONE,
		  { "-> PASSES\n", "allow mac " TV } },
		{ NULL, "", "", "  allow mac " TV "\n", CHECK, COMMAND_DONE, { "-> PASSES\n" } },
		{ "enforce", "  allow mac " PHONE "\n", "", "", CHECK, COMMAND_FAILED,
		  { "-> REFUSED\n", "none for this address" } },
		{ "enforce", "  allow mac " TV "\n", "", "  deny 192.0.2.0/30\n",
		  "gate check 192.0.2.1 --client tv", COMMAND_FAILED,
		  { "-> REFUSED\n", "deny 192.0.2.0/30: refused" } },
		{ "observe", "", "", "  deny 192.0.2.0/30\n", CHECK, COMMAND_DONE,
		  { "-> PASSES, OBSERVED\n" } },
		{ "off", "", "  gate off\n", "  deny 192.0.2.0/30\n", CHECK, COMMAND_DONE,
		  { "-> NOT GATED\n", "tv: gate off  " } },
		{ NULL, "", "  gate enforce\n", "  deny 192.168.1.0/24\n",
		  "gate check 192.168.1.1 --client tv", COMMAND_FAILED,
		  { "-> REFUSED\n", "tv: gate enforce  " } },
		{ "enforce", "", "", "  deny 192.0.2.0/30\n", "why 192.0.2.1", COMMAND_DONE,
		  { "-> DENIED\n" } },
		{ "observe", "", "  gate enforce\n", "", CHECK, COMMAND_DONE,
		  { "-> PASSES, OBSERVED\n", "tv: gate observe now, enforce by the" } },
		{ "enforce", "  refuse-list bad\n", "", "", "gate check 192.0.2.1 --client tv",
		  COMMAND_FAILED, { "-> REFUSED\n", "192.0.2.0/31, of list bad: refused" } },
		{ "off", "  refuse-list bad\n  allow tcp 80\n", "", "",
		  "gate check 192.0.2.1:80 --client tv", COMMAND_FAILED, { "bad.txt:9" } },
		{ "enforce", "  refuse-list soft\n", "", "", "gate check 192.0.2.1 --client tv",
		  COMMAND_DONE, { "-> PASSES\n", "in none of the lists" } },
		{ "enforce", "  refuse-list bad\n  allow 192.0.2.0/24\n", "", "",
		  "gate check 192.0.2.1 --client tv", COMMAND_DONE,
		  { "-> PASSES\n", "no list holds: allow 192.0.2.0/24" } },
		{ "enforce", "  refuse-list bad\n", "", "  allow 192.0.2.1\n",
		  "gate check 192.0.2.1 --client tv", COMMAND_DONE, { "-> PASSES\n" } },
		{ NULL, "  refuse-list bad\n", "", "", "gate check 192.168.1.1 --client tv",
		  COMMAND_DONE, { "-> NOT GATED\n" } },
		{ "enforce", "  refuse-list bad\n", "", "", "why 192.0.2.1", COMMAND_DONE,
		  { "of list bad: refused", "iot refuses list bad" } },
		{ "enforce", "  refuse-dot on\n  reach internet guest\n", "", "",
		  "gate check 192.0.2.1 --client tv", COMMAND_DONE,
		  { "port 853 is refused", "unless it is in internet guest" } },
	};
	struct gate_world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pid_t pid = cases[i].mode ? serve(w, cases[i].mode) : 0;
		char *out, *err;
		int status;

		w->zone = cases[i].zone;
		w->device = cases[i].device;
		gate_world_write_conf(w, "enforce", cases[i].gate);
		status = gate_world_run(w, cases[i].line, &out, &err);
		stop(w, pid);
		for (size_t k = 0; k < ARRAY_SIZE(cases[i].parts) && cases[i].parts[k]; k++)
			if (!strstr(out, cases[i].parts[k]))
				fail_msg("%zu: no \"%s\" in:\n%s", i, cases[i].parts[k], out);
		assert_int_equal(status, cases[i].status);
		free(out);
		free(err);
	}
}

static void lists_are_not_known_without_the_daemon(void **state)
{
	struct gate_world *w = *state;
	char *out, *err;

	w->zone = "  refuse-list bad\n";
	gate_world_write_conf(w, "enforce", "  allow mac " TV "\n");
	gate_world_refuse(w, 90, TV, "203.0.113.9", 6, 443); /* its interface is known from this */
	assert_int_equal(gate_world_run(w, CHECK, &out, &err), COMMAND_NOT_RUNNING);
	assert_non_null(strstr(out, "-> UNKNOWN\n"));
	assert_non_null(strstr(out, "lists are not known"));
	free(out);
	free(err);
}

static void the_history_tells_who_looked_what_up(void **state)
{
	struct gate_world *w = *state;
	char *out, *err;

	gate_world_look_up(w, 60, TV, "cdn.example", "192.0.2.1");
	gate_world_look_up(w, 50, PHONE, "img.example", "192.0.2.1");
	gate_world_refuse(w, 30, TV, "192.0.2.1", 6, 443);
	assert_int_equal(gate_world_run(w, "why 192.0.2.1 --client tv", &out, &err), COMMAND_DONE);
	assert_non_null(strstr(out, "because    cdn.example A, asked "));
	assert_non_null(strstr(out, ", TTL 300, grace 600\n"));
	assert_non_null(strstr(out, "looked up  192.168.20.8: img.example A, asked "));
	assert_non_null(strstr(out, "observed   tcp 443, 1 time, last "));
	assert_non_null(strstr(out, "also seen  img.example (last "));
	free(out);
	free(err);
	assert_int_equal(gate_world_run(w, "why 192.0.2.9 --client tv", &out, &err), COMMAND_DONE);
	assert_non_null(strstr(out, "because    nobody looked up this address in 30 days"));
	free(out);
	free(err);
	gate_world_look_up(w, 20, PHONE, "other.example", "192.0.2.9");
	assert_int_equal(gate_world_run(w, "why 192.0.2.9 --client tv", &out, &err), COMMAND_DONE);
	assert_non_null(strstr(out, "it did not look up this address in 30 days; others did"));
	free(out);
	free(err);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, gate_world_setup, gate_world_teardown)
	const struct CMUnitTest tests[] = {
		T(a_check_answers_by_its_status),
		T(zones_and_devices_have_their_say),
		T(lists_are_not_known_without_the_daemon),
		T(the_history_tells_who_looked_what_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
