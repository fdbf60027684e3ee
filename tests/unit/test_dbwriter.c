/* The whole process, sandbox included, over real channels: start, rows from two peers,
 * status, reload, stop, and a sibling that sends garbage. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/conf.h"
#include "db/dbwriter.h"
#include "lib/chan.h"
#include "lib/child.h"
#include "lib/util.h"
#include "tests/support/history_fixture.h"

#define T0	FIXTURE_START_US
#define WAIT_MS 20000

struct rig {
	struct fixture *fixture;
	pid_t pid;
	int supervisor; /* our ends */
	int resolver, flows;
};

/* As an ordinary user: the account nameward-db need not exist where the tests run. */
static void become_child(int fd)
{
	dup2(fd, CHILD_FD);
	for (int other = CHILD_FD + 1; other < 64; other++)
		close(other);
	if (!geteuid() && (setgroups(0, NULL) || setgid(65534) || setuid(65534)))
		_exit(99);
	_exit(dbwriter_main());
}

static void send_message(int to, enum msg_type type, const void *record, size_t bytes, int fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct msg_head head = { .type = (uint16_t)type, .bytes = sizeof(head) };
	struct iovec iov = { &head, sizeof(head) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (bytes) {
		iov.iov_base = (void *)fixture_message(type, record, bytes);
		iov.iov_len = ((struct msg_head *)iov.iov_base)->bytes;
	}
	if (fd >= 0) {
		struct cmsghdr *c;

		mh.msg_control = control;
		mh.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	assert_int_equal(sendmsg(to, &mh, 0), iov.iov_len);
	if (fd >= 0)
		close(fd);
}

/* The next message of that type; others are skipped. */
static const void *expect(int from, enum msg_type type)
{
	static uint64_t buf[CHAN_MAX_BYTES / 8];

	for (;;) {
		struct pollfd p = { .fd = from, .events = POLLIN };
		ssize_t n;

		if (poll(&p, 1, WAIT_MS) != 1)
			fail_msg("no message of type %d came", type);
		n = recv(from, buf, sizeof(buf), 0);
		if (n <= 0)
			fail_msg("the process is gone");
		assert_int_equal(msg_check(buf, (size_t)n, false), 0);
		if (msg_type(buf) == type)
			return msg_next(buf, NULL);
	}
}

static int conf_fd(const char *history_file)
{
	struct conf_bundle *bundle;
	char text[600];
	int fd;

	snprintf(text, sizeof(text),
		 "listen lo 127.0.0.1:5353\nupstream u {\n server 192.0.2.1\n}\n"
		 "device tv {\n mac 7c:2f:80:00:11:22\n}\n"
		 "history {\n file %s\n commit-every 100ms\n}\n", history_file);
	assert_int_equal(conf_bundle_from_text("test.conf", text, strlen(text), &bundle), 0);
	fd = conf_bundle_write(bundle);
	assert_true(fd >= 0);
	conf_bundle_free(bundle);
	return fd;
}

static void start(struct rig *rig, const char *history_file, uint32_t generation)
{
	struct msg_start m = { .size = sizeof(m), .generation = generation };

	send_message(rig->supervisor, MSG_CONF, NULL, 0, conf_fd(history_file));
	send_message(rig->supervisor, MSG_START, &m, sizeof(m), -1);
	assert_int_equal(((const struct msg_start *)expect(rig->supervisor, MSG_READY))
				 ->generation, generation);
}

static int add_peer(struct rig *rig, enum msg_role role)
{
	struct msg_peer m = { .size = sizeof(m), .role = (uint16_t)role };
	int fds[2];

	assert_int_equal(chan_pair(fds), 0);
	send_message(rig->supervisor, MSG_PEER, &m, sizeof(m), fds[1]);
	return fds[0];
}

static void rig_init(struct rig *rig, void **state)
{
	int fds[2];

	*rig = (struct rig){ .fixture = *state };
	assert_int_equal(chmod(rig->fixture->folder, 0777), 0);
	assert_int_equal(chan_pair(fds), 0);
	rig->pid = fork();
	if (!rig->pid)
		become_child(fds[1]);
	close(fds[1]);
	rig->supervisor = fds[0];
	rig->resolver = add_peer(rig, ROLE_RESOLVER);
	rig->flows = add_peer(rig, ROLE_FLOWS);
	start(rig, rig->fixture->path, 1);
}

/* Exit status, or -1 for a signal. */
static int rig_fini(struct rig *rig)
{
	int status;

	assert_int_equal(waitpid(rig->pid, &status, 0), rig->pid);
	close(rig->supervisor);
	close(rig->resolver);
	close(rig->flows);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void send_lookup(int to, const struct fixture_lookup *l)
{
	const struct msg_lookup *m = fixture_lookup(l);

	send_message(to, MSG_LOOKUP, m, m->size, -1);
}

static void ask_status(struct rig *rig, const char *line)
{
	struct msg_ask ask = { .size = sizeof(ask), .question = ASK_STATUS, .txid = 77 };
	const struct msg_tell *tell;
	char text[4096];

	for (unsigned tries = 0; tries < 200; tries++) {
		send_message(rig->resolver, MSG_ASK, &ask, sizeof(ask), -1);
		tell = expect(rig->resolver, MSG_TELL);
		assert_int_equal(tell->txid, 77);
		assert_int_equal(tell->last, 1);
		assert_int_equal(tell->rc, 0);
		snprintf(text, sizeof(text), "%.*s", (int)tell->len, tell->text);
		if (strstr(text, line))
			return;
		usleep(20000);
	}
	fail_msg("status never said '%s':\n%s", line, text);
}

static void rows_of_all_peers_are_recorded_and_status_is_told(void **state)
{
	struct msg_refused refused = { .size = sizeof(refused), .proto = 6, .port = 443, .n = 1,
				       .ts_us = T0, .has_mac = 1 };
	struct rig rig;

	rig_init(&rig, state);
	send_lookup(rig.resolver, &(struct fixture_lookup){ .answers = { "192.0.2.7" } });
	assert_int_equal(addr_from_text("192.168.20.7", &refused.client), 0);
	assert_int_equal(addr_from_text("203.0.113.9", &refused.dest), 0);
	assert_int_equal(mac_from_text("7c:2f:80:00:11:22", &refused.mac), 0);
	send_message(rig.flows, MSG_REFUSED, &refused, sizeof(refused), -1);
	ask_status(&rig, "history\trows\t1\n");
	ask_status(&rig, "history\tstate\trecording\n");
	ask_status(&rig, "history\toldest\t2026-09-21T14:13:20Z\n");
	ask_status(&rig, "history\tqueue-refusals\t0\n");
	assert_string_equal(fixture_text(rig.fixture->path, "SELECT answer FROM lookups"),
			    "192.0.2.7");
	/* flows knows no labels: the configuration does */
	assert_string_equal(fixture_text(rig.fixture->path, "SELECT who FROM refusals"), "tv");
	send_message(rig.supervisor, MSG_STOP, NULL, 0, -1);
	assert_int_equal(rig_fini(&rig), 0);
}

static void refusals_have_the_name_that_the_client_asked_under(void **state)
{
	static const struct fixture_lookup lookups[] = {
		{ .client = "192.168.20.8", .mac = "7c:2f:80:00:11:33", .device = "phone" },
		{ .client = "192.168.20.8", .mac = "7c:2f:80:00:11:33", .device = "new-name" },
		{ .client = "192.168.20.9", .device = "routed" },
		{ .client = "192.168.20.7", .mac = "7c:2f:80:00:11:22", .device = "liar" },
		{ .client = "192.168.20.5", .device = "gone" }, { .client = "192.168.20.5" },
	};
	static const struct {
		const char *client, *mac, *who;
	} cases[] = {
		{ "fd00::a1", "7c:2f:80:00:11:33", "new-name" }, /* by the MAC address */
		{ "192.168.20.9", NULL, "routed" },
		{ "192.168.20.7", "7c:2f:80:00:11:22", "tv" }, /* the configuration goes before */
		{ "192.168.20.8", "7c:2f:80:00:11:44", "192.168.20.8" },
		{ "192.168.20.5", NULL, "192.168.20.5" },
	};
	struct rig rig;
	char sql[128];

	rig_init(&rig, state);
	for (size_t i = 0; i < ARRAY_SIZE(lookups); i++)
		send_lookup(rig.resolver, &lookups[i]);
	ask_status(&rig, "history\trows\t");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct msg_refused m = { .size = sizeof(m), .proto = 6, .port = 443, .n = 1,
					 .ts_us = T0 + (int64_t)i };

		assert_int_equal(addr_from_text(cases[i].client, &m.client), 0);
		assert_int_equal(addr_from_text("203.0.113.9", &m.dest), 0);
		m.has_mac = cases[i].mac && !mac_from_text(cases[i].mac, &m.mac);
		send_message(rig.flows, MSG_REFUSED, &m, sizeof(m), -1);
	}
	send_message(rig.supervisor, MSG_STOP, NULL, 0, -1);
	assert_int_equal(rig_fini(&rig), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(sql, sizeof(sql), "SELECT who FROM refusals WHERE client = '%s'",
			 cases[i].client);
		assert_string_equal(fixture_text(rig.fixture->path, sql), cases[i].who);
	}
}

static void what_was_sent_before_stop_is_recorded(void **state)
{
	struct rig rig;

	rig_init(&rig, state);
	for (unsigned i = 0; i < 300; i++) {
		char name[32];

		snprintf(name, sizeof(name), "n%u.example", i);
		send_lookup(i % 2 ? rig.flows : rig.resolver,
			    &(struct fixture_lookup){ .name = name, .ts_us = T0 + i });
	}
	send_message(rig.supervisor, MSG_STOP, NULL, 0, -1);
	assert_int_equal(rig_fini(&rig), 0);
	assert_int_equal(fixture_number(rig.fixture->path, "SELECT count(*) FROM lookups"), 300);
}

static void a_reload_with_another_file_switches(void **state)
{
	struct rig rig;
	char other[100];

	rig_init(&rig, state);
	snprintf(other, sizeof(other), "%s/other.db", rig.fixture->folder);
	send_lookup(rig.resolver, &(struct fixture_lookup){ .name = "first.example" });
	ask_status(&rig, "history\trows\t1\n");
	start(&rig, other, 2);
	send_lookup(rig.resolver, &(struct fixture_lookup){ .name = "second.example" });
	ask_status(&rig, "history\trows\t2\n");
	send_message(rig.supervisor, MSG_STOP, NULL, 0, -1);
	assert_int_equal(rig_fini(&rig), 0);
	assert_string_equal(fixture_text(rig.fixture->path, "SELECT name FROM lookups"),
			    "first.example");
	assert_string_equal(fixture_text(other, "SELECT name FROM lookups"), "second.example");
}

static void garbage_from_a_sibling_ends_the_process_but_not_its_rows(void **state)
{
	struct rig rig;

	rig_init(&rig, state);
	send_lookup(rig.resolver, &(struct fixture_lookup){ 0 });
	assert_int_equal(send(rig.resolver, "garbage", 7, 0), 7);
	assert_int_equal(rig_fini(&rig), 1);
	assert_int_equal(fixture_number(rig.fixture->path, "SELECT count(*) FROM lookups"), 1);
}

static void a_supervisor_that_is_gone_ends_it_with_all_recorded(void **state)
{
	struct rig rig;

	rig_init(&rig, state);
	send_lookup(rig.resolver, &(struct fixture_lookup){ 0 });
	shutdown(rig.supervisor, SHUT_RDWR);
	assert_int_equal(rig_fini(&rig), 0);
	assert_int_equal(fixture_number(rig.fixture->path, "SELECT count(*) FROM lookups"), 1);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(rows_of_all_peers_are_recorded_and_status_is_told),
		TEST(refusals_have_the_name_that_the_client_asked_under),
		TEST(what_was_sent_before_stop_is_recorded),
		TEST(a_reload_with_another_file_switches),
		TEST(garbage_from_a_sibling_ends_the_process_but_not_its_rows),
		TEST(a_supervisor_that_is_gone_ends_it_with_all_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
