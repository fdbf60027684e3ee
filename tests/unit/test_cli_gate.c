/* What the gate's verbs say from a history and a configuration, without a daemon. */
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

#include "cli/verbs.h"
#include "db/refusals.h"
#include "lib/clock.h"
#include "lib/util.h"
#include "tests/support/history_fixture.h"

#define ARGS_MAX 16
#define S	 INT64_C(1000000)
#define TV	 "7c:2f:80:00:11:22"
#define PHONE	 "7c:2f:80:00:11:33"

struct world {
	struct fixture *fixture;
	struct fixture_db db;
	char conf[96];
	int64_t now; /* microseconds */
};

static void write_conf(const struct world *w, const char *gate, const char *allow)
{
	FILE *conf = fopen(w->conf, "w");

	assert_non_null(conf);
	fprintf(conf, "listen local 127.0.0.1:5353\nupstream a {\n  server 192.0.2.1\n}\n"
		      "control %s/ctl\nhistory {\n  file %s\n}\n"
		      "zone iot {\n  interface br-iot\n  gate %s\n}\n"
		      "zone guest {\n  interface wlan1\n  gate off\n}\n"
		      "device tv {\n  mac " TV "\n}\n"
		      "gate {\n  lease-min 1m\n  grace 10m\n%s}\n",
		w->fixture->folder, w->fixture->path, gate, allow);
	fclose(conf);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	void *fixture = NULL;

	if (!w || fixture_setup(&fixture) != 0)
		return -1;
	w->fixture = fixture;
	w->now = clock_wall_us();
	snprintf(w->conf, sizeof(w->conf), "%s/nameward.conf", w->fixture->folder);
	write_conf(w, "observe", "");
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

static void look_up(struct world *w, int64_t ago_s, const char *mac, const char *name,
		    const char *answer)
{
	fixture_add(&w->db, &(struct fixture_lookup){
		.ts_us = w->now - ago_s * S, .mac = mac, .name = name, .answers = { answer },
		.client = strcmp(mac, TV) ? "192.168.20.8" : "192.168.20.7",
		.device = strcmp(mac, TV) ? NULL : "tv" });
	fixture_commit(&w->db);
}

static void refuse(struct world *w, int64_t ago_s, const char *mac, const char *dest,
		   uint8_t proto, uint16_t port)
{
	struct msg_refused m = { .size = sizeof(m), .would = 1, .proto = proto, .port = port,
				 .n = 1, .has_mac = 1, .ts_us = w->now - ago_s * S,
				 .interface = "br-iot" };

	assert_int_equal(mac_from_text(mac, &m.mac), 0);
	assert_int_equal(addr_from_text(strcmp(mac, TV) ? "192.168.20.8" : "192.168.20.7",
					&m.client), 0);
	assert_int_equal(addr_from_text(dest, &m.dest), 0);
	assert_int_equal(refusals_add(w->db.queue.refusals, &m), 0);
	fixture_commit(&w->db);
}

static int run(struct world *w, const char *line, char **out, char **err)
{
	const struct verb verbs[] = { verb_gate_readiness, verb_gate_check, verb_why, { .name = NULL } };
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

/* The CSV's columns from `device` on, of its row i (0: the first behind the heading). */
static const char *row_of(const char *csv, int i)
{
	static char row[512];
	const char *p = csv;

	for (; i >= 0 && p; i--) {
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	for (int k = 0; k < 2 && p; k++) {
		p = strchr(p, ',');
		p = p ? p + 1 : NULL;
	}
	snprintf(row, sizeof(row), "%.*s", p ? (int)strcspn(p, "\r") : 0, p ? p : "");
	return row;
}

static void expect_row(struct world *w, int i, const char *expected)
{
	char *out, *err;

	assert_int_equal(run(w, "gate readiness -o csv", &out, &err), COMMAND_FAILED);
	assert_string_equal(row_of(out, i), expected);
	free(out);
	free(err);
}

/* --- readiness ------------------------------------------------------------------------ */

static void each_reason_is_told_apart(void **state)
{
	struct world *w = *state;

	/* by its own lookup it held a lease for 300 s of TTL and 600 s of grace */
	look_up(w, 2000, TV, "ended.example", "192.0.2.1");
	refuse(w, 1005, TV, "192.0.2.1", 6, 443);
	expect_row(w, 0, "tv," TV ",iot,br-iot,192.0.2.1,tcp 443,ended.example,observed,1,"
			 "lease-ended,95,allow 192.0.2.1");

	look_up(w, 2000, PHONE, "other.example", "192.0.2.2");
	refuse(w, 1005, TV, "192.0.2.2", 6, 443);
	expect_row(w, 1, "tv," TV ",iot,br-iot,192.0.2.2,tcp 443,other.example,observed,1,"
			 "other-device,,allow 192.0.2.2");

	refuse(w, 1005, TV, "192.0.2.3", 17, 123);
	expect_row(w, 2, "tv," TV ",iot,br-iot,192.0.2.3,udp 123,,observed,1,"
			 "never-looked-up,,allow udp 123");

	look_up(w, 1015, TV, "full.example", "192.0.2.4");
	refuse(w, 1005, TV, "192.0.2.4", 6, 443);
	expect_row(w, 3, "tv," TV ",iot,br-iot,192.0.2.4,tcp 443,full.example,observed,1,"
			 "no-lease,,allow 192.0.2.4");

	/* a lookup that came after the connection is none */
	refuse(w, 1005, TV, "192.0.2.5", 6, 443);
	look_up(w, 1000, TV, "late.example", "192.0.2.5");
	expect_row(w, 4, "tv," TV ",iot,br-iot,192.0.2.5,tcp 443,late.example,observed,1,"
			 "never-looked-up,,allow 192.0.2.5");

	/* nor is one that had another answer */
	look_up(w, 3000, PHONE, "cdn.example", "192.0.2.6");
	look_up(w, 2000, TV, "cdn.example", "192.0.2.60");
	refuse(w, 1005, TV, "192.0.2.6", 6, 443);
	expect_row(w, 5, "tv," TV ",iot,br-iot,192.0.2.6,tcp 443,cdn.example,observed,1,"
			 "other-device,,allow 192.0.2.6");
}

static void a_device_is_its_mac_whatever_address_it_uses(void **state)
{
	struct world *w = *state;

	fixture_add(&w->db, &(struct fixture_lookup){
		.ts_us = w->now - 2000 * S, .mac = TV, .client = "2001:db8::7", .device = "tv",
		.name = "v6.example", .answers = { "192.0.2.1" } });
	fixture_commit(&w->db);
	refuse(w, 1005, TV, "192.0.2.1", 6, 443);
	expect_row(w, 0, "tv," TV ",iot,br-iot,192.0.2.1,tcp 443,v6.example,observed,1,"
			 "lease-ended,95,allow 192.0.2.1");
}

static void a_service_to_many_places_is_one_exception(void **state)
{
	struct world *w = *state;

	refuse(w, 30, TV, "192.0.2.1", 17, 9999);
	refuse(w, 20, TV, "192.0.2.2", 17, 9999);
	expect_row(w, 0, "tv," TV ",iot,br-iot,192.0.2.1,udp 9999,,observed,1,"
			 "never-looked-up,,allow 192.0.2.1");
	refuse(w, 10, TV, "192.0.2.3", 17, 9999);
	expect_row(w, 0, "tv," TV ",iot,br-iot,192.0.2.1,udp 9999,,observed,1,"
			 "never-looked-up,,allow udp 9999");
	for (uint8_t i = 10; i < 15; i++) { /* a hole for all of the web is no exception */
		char dest[16];

		snprintf(dest, sizeof(dest), "192.0.2.%u", i);
		refuse(w, 10, TV, dest, 6, 443);
	}
	expect_row(w, 1, "tv," TV ",iot,br-iot,192.0.2.10,tcp 443,,observed,1,"
			 "never-looked-up,,allow 192.0.2.10");
}

static void what_an_exception_lets_pass_is_left_out(void **state)
{
	struct world *w = *state;
	char *out, *err;

	refuse(w, 30, TV, "192.0.2.1", 17, 123);
	refuse(w, 20, TV, "192.0.2.9", 6, 443);
	write_conf(w, "observe", "  allow udp 123\n  allow 192.0.2.8/29\n");
	assert_int_equal(run(w, "gate readiness", &out, &err), COMMAND_DONE);
	assert_non_null(strstr(out, "no device would have lost a connection.\n"
				    "2 more pass by an exception"));
	free(out);
	free(err);
}

static void people_get_sentences(void **state)
{
	struct world *w = *state;
	char *out, *err;

	refuse(w, 30, TV, "192.0.2.1", 17, 123);
	refuse(w, 20, PHONE, "192.0.2.9", 6, 443);
	refuse(w, 20, PHONE, "192.0.2.9", 6, 443);
	assert_int_equal(run(w, "gate readiness --zone iot", &out, &err), COMMAND_FAILED);
	assert_non_null(strstr(out, "DEVICE        ZONE  DEST       SERVICE  NAME  VERDICT   N  WHY"
				    "              EXCEPTION\n"
				    "tv            iot   192.0.2.1  udp 123  -     observed  1  "
				    "never looked up  allow udp 123\n"
				    "192.168.20.8  iot   192.0.2.9  tcp 443  -     observed  2  "
				    "never looked up  allow 192.0.2.9\n"));
	assert_non_null(strstr(out, "2 devices, 3 connections that would have been refused.\n"));
	free(out);
	free(err);
}

static void zones_and_times_choose(void **state)
{
	static const struct {
		const char *gate, *line;
		int status;
		const char *err; /* part of it */
	} cases[] = {
		{ "observe", "gate readiness", COMMAND_FAILED, "" },
		{ "observe", "gate readiness --zone iot", COMMAND_FAILED, "" },
		{ "observe", "gate readiness -S -1min", COMMAND_DONE, "" },
		{ "observe", "gate readiness --zone guest", COMMAND_FAILED, "the zone's gate is off" },
		{ "off", "gate readiness --zone iot -S -1min", COMMAND_FAILED,
		  "the zone's gate is off" },
		{ "off", "gate readiness", COMMAND_FAILED, "every zone's gate is off" },
		{ "enforce", "gate readiness -S -1min", COMMAND_DONE, "" },
		{ "observe", "gate readiness --zone nowhere", COMMAND_USAGE, "no such zone" },
		{ "observe", "gate readiness -S never", COMMAND_USAGE, "not a time" },
	};
	struct world *w = *state;

	refuse(w, 90, TV, "192.0.2.1", 17, 123);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *out, *err;

		write_conf(w, cases[i].gate, "");
		assert_int_equal(run(w, cases[i].line, &out, &err), cases[i].status);
		if (*cases[i].err)
			assert_non_null(strstr(err, cases[i].err));
		else
			assert_string_equal(err, "");
		free(out);
		free(err);
	}
}

/* --- gate check and why --------------------------------------------------------------- */

/* A daemon that knows the client tv, of zone iot, and one lease. Runs until it is killed. */
static pid_t serve(const struct world *w, const char *mode)
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
		else
			dprintf(fd, "device\taddress\tleft_s#\tname\n"
				    TV "\t192.0.2.1\t212\tcdn.example\n"
				    PHONE "\t192.0.2.2\t10\tx.example\n.ok\n");
		close(fd);
	}
}

static void stop(const struct world *w, pid_t pid)
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
	struct world *w = *state;

	write_conf(w, "observe", "  allow 198.51.100.0/24\n");
	refuse(w, 90, TV, "203.0.113.9", 6, 443); /* its interface is known from this */
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pid_t pid = cases[i].mode ? serve(w, cases[i].mode) : 0;
		char *out, *err;
		int status = run(w, cases[i].line, &out, &err);

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

static void the_history_tells_who_looked_what_up(void **state)
{
	struct world *w = *state;
	char *out, *err;

	look_up(w, 60, TV, "cdn.example", "192.0.2.1");
	look_up(w, 50, PHONE, "img.example", "192.0.2.1");
	refuse(w, 30, TV, "192.0.2.1", 6, 443);
	assert_int_equal(run(w, "why 192.0.2.1 --client tv", &out, &err), COMMAND_DONE);
	assert_non_null(strstr(out, "because    cdn.example A, asked "));
	assert_non_null(strstr(out, ", TTL 300, grace 600\n"));
	assert_non_null(strstr(out, "looked up  192.168.20.8: img.example A, asked "));
	assert_non_null(strstr(out, "observed   tcp 443, 1 time, last "));
	assert_non_null(strstr(out, "also seen  img.example (last "));
	free(out);
	free(err);
	assert_int_equal(run(w, "why 192.0.2.9 --client tv", &out, &err), COMMAND_DONE);
	assert_non_null(strstr(out, "because    nobody looked up this address in 30 days"));
	free(out);
	free(err);
	look_up(w, 20, PHONE, "other.example", "192.0.2.9");
	assert_int_equal(run(w, "why 192.0.2.9 --client tv", &out, &err), COMMAND_DONE);
	assert_non_null(strstr(out, "it did not look up this address in 30 days; others did"));
	free(out);
	free(err);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(each_reason_is_told_apart),
		T(a_device_is_its_mac_whatever_address_it_uses),
		T(a_service_to_many_places_is_one_exception),
		T(what_an_exception_lets_pass_is_left_out),
		T(people_get_sentences),
		T(zones_and_times_choose),
		T(a_check_answers_by_its_status),
		T(the_history_tells_who_looked_what_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
