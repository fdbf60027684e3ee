/*
 * supervise: the real supervisor with children that only report what they are told. This
 * program is its own child: the supervisor executes /proc/self/exe --child ROLE.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/supervise.h"
#include "lib/chan.h"
#include "lib/child.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/msg.h"
#include "lib/util.h"

#define PATIENCE_MS 20000
#define PORT	    15353
#define PORT_2	    15354

/* === the child ========================================================================= */

struct fake {
	enum msg_role role;
	struct event_base *base;
	struct child *child;
	struct chan *peers[ROLE_COUNT];
	int udp, report;
};

static void report(const struct fake *f, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void report(const struct fake *f, const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int n = snprintf(line, sizeof(line), "%s ", msg_role_name(f->role));

	va_start(ap, fmt);
	n += vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	line[n++] = '\n';
	(void)!write(f->report, line, (size_t)n);
}

static bool wish(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", getenv("FAKE_DIR"), name);
	return access(path, F_OK) == 0;
}

static void unlink_wish(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", getenv("FAKE_DIR"), name);
	unlink(path);
}

static void fake_peer_message(void *arg, const void *data, size_t len, int fd)
{
	if (msg_check(data, len, fd >= 0))
		_exit(97);
	report(arg, "hears message %d", (int)msg_type(data));
}

static void fake_peer_gone(void *arg, int rc)
{
	(void)arg;
	(void)rc;
}

static void fake_on_peer(void *arg, enum msg_role role, int fd)
{
	static const struct chan_ops ops = { fake_peer_message, fake_peer_gone };
	struct fake *f = arg;

	chan_close(f->peers[role]);
	if (chan_open(f->base, fd, 4096, &ops, f, &f->peers[role]))
		_exit(98);
	report(f, "peer %s", msg_role_name(role));
	if (role == ROLE_DBWRITER)
		msg_send_event(f->peers[role], "hello", "", "");
}

static void fake_on_message(void *arg, enum msg_type type, const void *record, int fd)
{
	static const char *const names[MSG_TYPE_COUNT] = { [MSG_CONF] = "conf",
							   [MSG_CONTROL] = "control", [MSG_QUERY] = "query",
							   [MSG_INDEX] = "index",
							   [MSG_NETFILTER] = "netfilter",
							   [MSG_LEDGER] = "ledger" };
	struct fake *f = arg;

	if (type == MSG_LISTEN) {
		const struct msg_listen *m = record;

		report(f, "listen %s %u", m->stream ? "tcp" : "udp", m->at.port);
		if (!m->stream) {
			f->udp = fd;
			return;
		}
	} else if (type != MSG_CHILD) {
		report(f, "%s", names[type] ? names[type] : "?");
	}
	if (fd >= 0)
		close(fd);
}

static void send_index(struct fake *f)
{
	int fd = memfd_create("index", MFD_ALLOW_SEALING | MFD_CLOEXEC);

	(void)!write(fd, "index", 5);
	if (!wish("index-unsealed"))
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	msg_send(child_supervisor(f->child), MSG_INDEX, NULL, 0, fd);
	if (wish("index-older")) {
		msg_send(child_supervisor(f->child), MSG_OLDER, NULL, 0, -1);
		unlink_wish("index-older");
	}
	close(fd);
}

static int fake_on_start(void *arg, uint32_t generation, char *why)
{
	struct fake *f = arg;
	char packet[64];
	ssize_t n = f->udp < 0 ? -1 : recv(f->udp, packet, sizeof(packet), MSG_DONTWAIT);

	if (n > 0)
		report(f, "finds packet %.*s", (int)n, packet);
	report(f, "start %u", generation);
	if (f->role != ROLE_COMPILER)
		return 0;
	if (wish("compiler-dies"))
		raise(SIGKILL);
	if (wish("compiler-fails")) {
		strcpy(why, "as wished");
		return -EIO;
	}
	send_index(f);
	return 0;
}

static void fake_on_stop(void *arg)
{
	struct fake *f = arg;

	report(f, "stop");
	child_exit(f->child, 0);
}

static int fake_main(const char *name)
{
	static const struct child_ops ops = { fake_on_peer, fake_on_message, fake_on_start,
					      fake_on_stop, NULL };
	static struct fake f = { .udp = -1 };
	char path[256];
	int status;

	prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0); /* as entering its sandbox does for a real one */
	while (f.role < ROLE_COUNT && strcmp(msg_role_name(f.role), name))
		f.role++;
	snprintf(path, sizeof(path), "%s/report", getenv("FAKE_DIR"));
	f.report = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	log_init(name, LOG_LEVEL_INFO);
	report(&f, "up %d", (int)getpid());
	f.base = event_base_new();
	status = child_run(f.base, f.role, &ops, &f, &f.child);
	for (size_t i = 0; i < ROLE_COUNT; i++)
		chan_close(f.peers[i]);
	event_base_free(f.base);
	if (f.udp >= 0)
		close(f.udp);
	close(f.report);
	return status;
}

/* === the bench ========================================================================= */

#define LINES_MAX 512

struct bench {
	char dir[64], conf[128], control[128], log[128];
	int report, notify;
	pid_t supervisor;
	char rest[8192]; /* bytes of the fifo not yet taken as lines */
	size_t rest_len;
	size_t count; /* lines received */
	char lines[LINES_MAX][128];
};

static int bind_datagram(const char *dir, const char *name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s/%s", dir, name);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	return fd;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void write_conf(const struct bench *b, unsigned port, const char *gate)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "listen test 127.0.0.1:%u\n"
		 "upstream u {\n\tserver 127.0.0.1:9\n}\n"
		 "zone any {\n\tinterface *\n\tgate %s\n}\n"
		 "history {\n\tfile %s/history/history.db\n}\n"
		 "control %s\n",
		 port, gate, b->dir, b->control);
	write_file(b->conf, text);
}

static void make_wish(const struct bench *b, const char *name, bool on)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", b->dir, name);
	if (on)
		write_file(path, "");
	else
		unlink(path);
}

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	strcpy(b->dir, "/tmp/nameward-test-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	chmod(b->dir, 0755);
	snprintf(b->conf, sizeof(b->conf), "%s/conf", b->dir);
	snprintf(b->control, sizeof(b->control), "%s/run/ctl", b->dir);
	snprintf(b->log, sizeof(b->log), "%s/report", b->dir);
	assert_int_equal(mkfifo(b->log, 0600), 0);
	b->report = open(b->log, O_RDWR | O_CLOEXEC); /* a pipe holds all they may say */
	snprintf(b->log, sizeof(b->log), "%s/log", b->dir);
	b->notify = bind_datagram(b->dir, "notify");
	setenv("FAKE_DIR", b->dir, 1);
	write_conf(b, PORT, "observe");
	*state = b;
	return 0;
}

static pid_t start_supervisor(const struct bench *b)
{
	struct supervise_options options = { .conf_path = b->conf };
	char notify[128];
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = open(b->log, O_WRONLY | O_CREAT | O_APPEND, 0644);

		dup2(fd, STDERR_FILENO);
		snprintf(notify, sizeof(notify), "%s/notify", b->dir);
		setenv("NOTIFY_SOCKET", notify, 1);
		log_init("namewardd", LOG_LEVEL_INFO);
		_exit(supervise_run(&options));
	}
	return pid;
}

/** Exit status within patience; else killed and -1. */
static int wait_end(pid_t pid)
{
	uint64_t end = clock_mono_ms() + PATIENCE_MS;
	int status;

	while (clock_mono_ms() < end) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		poll(NULL, 0, 5);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

static void show_log(const struct bench *b)
{
	char line[512];
	FILE *f = fopen(b->log, "r");

	while (f && fgets(line, sizeof(line), f))
		fputs(line, stderr);
	if (f)
		fclose(f);
	for (size_t i = 0; i < b->count; i++)
		fprintf(stderr, "report: %s\n", b->lines[i]);
}

static int teardown(void **state)
{
	struct bench *b = *state;
	char command[128];

	if (b->supervisor) {
		kill(b->supervisor, SIGTERM);
		wait_end(b->supervisor);
	}
	close(b->report);
	close(b->notify);
	snprintf(command, sizeof(command), "rm -rf %s", b->dir);
	free(b);
	return system(command);
}

/** One more line, waiting for it. */
static bool receive(struct bench *b)
{
	struct pollfd p = { .fd = b->report, .events = POLLIN };
	char *end;

	while (!(end = memchr(b->rest, '\n', b->rest_len))) {
		ssize_t n = -1;

		if (poll(&p, 1, PATIENCE_MS) == 1)
			n = read(b->report, b->rest + b->rest_len, sizeof(b->rest) - b->rest_len);
		if (n <= 0)
			return false;
		b->rest_len += (size_t)n;
	}
	if (b->count == LINES_MAX)
		return false;
	*end = '\0';
	snprintf(b->lines[b->count++], sizeof(b->lines[0]), "%.127s", b->rest);
	b->rest_len -= (size_t)(end + 1 - b->rest);
	memmove(b->rest, end + 1, b->rest_len);
	return true;
}

/** Index of the first line from `from` on that begins with text; waits for it. */
static size_t expect(struct bench *b, size_t from, const char *text)
{
	for (size_t i = from;; i++) {
		if (i == b->count && !receive(b)) {
			show_log(b);
			fail_msg("nobody reported '%s'", text);
		}
		if (!strncmp(b->lines[i], text, strlen(text)))
			return i;
	}
}

/** Among what has been received. */
static bool has_line(const struct bench *b, size_t from, const char *text)
{
	for (size_t i = from; i < b->count; i++)
		if (!strncmp(b->lines[i], text, strlen(text)))
			return true;
	return false;
}

static bool log_has(const struct bench *b, const char *text)
{
	char line[1024];
	bool found = false;
	FILE *f = fopen(b->log, "r");

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, text) != NULL;
	if (f)
		fclose(f);
	return found;
}

static void expect_log(const struct bench *b, const char *text)
{
	uint64_t end = clock_mono_ms() + PATIENCE_MS;

	while (!log_has(b, text)) {
		if (clock_mono_ms() >= end) {
			show_log(b);
			fail_msg("the log never said '%s'", text);
		}
		poll(NULL, 0, 5);
	}
}

static void expect_notify(const struct bench *b, const char *text)
{
	struct pollfd p = { .fd = b->notify, .events = POLLIN };
	char got[512] = "";

	while (!strstr(got, text)) {
		ssize_t n = -1;

		if (poll(&p, 1, PATIENCE_MS) == 1)
			n = recv(b->notify, got, sizeof(got) - 1, 0);
		if (n < 0)
			fail_msg("the service manager never heard '%s'", text);
		got[MAX(n, 0)] = '\0';
	}
}

static pid_t pid_in(const struct bench *b, size_t line)
{
	return (pid_t)atoi(strstr(b->lines[line], " up ") + 4);
}

/** Skip where root lacks the accounts; else start, and wait until all serve. */
static struct bench *serving(void **state)
{
	struct bench *b = *state;

	if (geteuid() == 0 && !getpwnam("nameward-db"))
		skip();
	b->supervisor = start_supervisor(b);
	expect(b, 0, "resolver start 1");
	expect(b, 0, "dbwriter start 1");
	expect_notify(b, "READY=1");
	return b;
}

static int stop(struct bench *b)
{
	pid_t pid = b->supervisor;

	b->supervisor = 0;
	kill(pid, SIGTERM);
	return wait_end(pid);
}

/* === the tests ========================================================================= */

static void resolver_starts_with_everything_it_needs(void **state)
{
	struct bench *b = serving(state);
	size_t up = expect(b, 0, "resolver up"), start = expect(b, 0, "resolver start 1");
	struct stat st;

	assert_true(expect(b, up, "resolver conf") < start);
	assert_true(expect(b, up, "resolver listen udp 15353") < start);
	assert_true(expect(b, up, "resolver listen tcp 15353") < start);
	assert_true(expect(b, up, "resolver control") < start);
	assert_true(expect(b, up, "resolver index") < start);
	expect(b, 0, "dbwriter hears message");
	assert_int_equal(lstat(b->control, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0660);
}

static void stop_goes_in_order_and_leaves_nothing(void **state)
{
	struct bench *b = serving(state);
	char lock[160];
	size_t at;

	snprintf(lock, sizeof(lock), "%s.lock", b->control);
	assert_int_equal(access(lock, F_OK), 0);
	at = b->count;
	assert_int_equal(stop(b), 0);
	at = expect(b, at, "resolver stop");
	if (geteuid() == 0) {
		at = expect(b, at, "flows stop");
		at = expect(b, at, "nftsync stop");
	}
	expect(b, at, "dbwriter stop");
	assert_int_equal(access(b->control, F_OK), -1);
	assert_int_equal(access(lock, F_OK), -1);
	expect_notify(b, "STOPPING=1");
}

static void killed_child_comes_back_with_new_channels(void **state)
{
	struct bench *b = serving(state);
	size_t up = expect(b, 0, "dbwriter up"), from = b->count;

	kill(pid_in(b, up), SIGKILL);
	expect(b, from, "dbwriter up");
	expect(b, from, "dbwriter conf");
	expect(b, from, "dbwriter peer resolver");
	expect(b, from, "resolver peer dbwriter");
	if (geteuid() == 0) {
		expect(b, from, "nftsync peer dbwriter");
		expect(b, from, "flows peer dbwriter");
	}
	expect(b, from, "dbwriter start 1");
	expect(b, from, "dbwriter hears message");
	assert_false(has_line(b, from, "resolver up"));
	expect_log(b, "ended by signal 9");
}

static void nftsync_has_what_outlives_it_in_each_life(void **state)
{
	struct bench *b = serving(state);
	size_t up;

	if (geteuid())
		skip();
	up = expect(b, 0, "nftsync up");
	for (int life = 0; life < 2; life++) {
		size_t from = b->count;

		assert_true(expect(b, up, "nftsync netfilter") < expect(b, up, "nftsync start 1"));
		assert_true(expect(b, up, "nftsync ledger") < expect(b, up, "nftsync start 1"));
		kill(pid_in(b, up), SIGKILL);
		up = expect(b, from, "nftsync up");
	}
}

static void query_waits_while_the_resolver_is_replaced(void **state)
{
	struct bench *b = serving(state);
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(PORT),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	size_t up = expect(b, 0, "resolver up"), from = b->count;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	kill(pid_in(b, up), SIGKILL);
	assert_int_equal(sendto(fd, "query", 5, 0, (struct sockaddr *)&to, sizeof(to)), 5);
	close(fd);
	expect(b, from, "resolver index"); /* kept by the supervisor: nothing is compiled again */
	expect(b, from, "resolver finds packet query");
	expect(b, from, "resolver start 1");
	assert_false(has_line(b, from, "compiler up"));
}

static void an_index_of_an_earlier_life_serves_until_another_is_built(void **state)
{
	struct bench *b = *state;
	size_t first, second;

	if (geteuid() == 0 && !getpwnam("nameward-db"))
		skip();
	make_wish(b, "index-older", true);
	b->supervisor = start_supervisor(b);
	first = expect(b, 0, "resolver start 1");
	expect(b, 0, "compiler start 2");
	second = expect(b, first, "resolver start 2");
	assert_true(expect(b, 0, "resolver index") < first);
	assert_true(expect(b, first, "resolver index") < second);
	expect_notify(b, "READY=1");
	expect_notify(b, "generation 2");
	kill(b->supervisor, SIGHUP); /* once is enough */
	expect(b, second, "resolver start 3");
	assert_int_equal(stop(b), 0);
}

static void reload_hands_over_the_sockets_that_are_to_be(void **state)
{
	struct bench *b = serving(state);
	size_t from = b->count;

	kill(b->supervisor, SIGHUP);
	expect_notify(b, "RELOADING=1\nMONOTONIC_USEC=");
	expect(b, from, "compiler index"); /* what is in force, to keep lists from */
	expect(b, from, "compiler start 2");
	expect(b, from, "resolver conf");
	expect(b, from, "resolver listen udp 15353");
	expect(b, from, "resolver listen tcp 15353");
	expect(b, from, "resolver index");
	expect(b, from, "resolver start 2");
	expect(b, from, "dbwriter start 2");
	expect_notify(b, "READY=1");
	assert_false(has_line(b, from, "resolver up"));

	from = b->count;
	write_conf(b, PORT_2, "observe");
	kill(b->supervisor, SIGHUP);
	expect(b, from, "resolver listen udp 15354");
	expect(b, from, "resolver listen tcp 15354");
	expect(b, from, "resolver start 3");
	assert_false(has_line(b, from, "resolver listen udp 15353"));
}

static void reload_with_errors_changes_nothing(void **state)
{
	struct bench *b = serving(state);
	size_t from = b->count;

	write_file(b->conf, "listen x 127.0.0.1:15353\nno-such-thing 5\nzone a {\n");
	kill(b->supervisor, SIGHUP);
	expect_notify(b, "RELOADING=1");
	expect_notify(b, "READY=1");
	expect_log(b, "no-such-thing");
	expect_log(b, "generation 1 stays in force");
	write_conf(b, PORT, "observe");
	kill(b->supervisor, SIGHUP);
	expect(b, from, "resolver start 2");
	assert_false(has_line(b, from, "resolver start 1"));
}

static void reload_that_cannot_be_compiled_changes_nothing(void **state)
{
	static const char *const wishes[] = { "compiler-fails", "compiler-dies",
					      "index-unsealed" };
	struct bench *b = serving(state);
	size_t from = b->count;

	for (size_t i = 0; i < ARRAY_SIZE(wishes); i++) {
		make_wish(b, wishes[i], true);
		kill(b->supervisor, SIGHUP);
		expect_notify(b, "RELOADING=1");
		expect_notify(b, "READY=1");
		make_wish(b, wishes[i], false);
	}
	assert_false(has_line(b, from, "resolver"));
	kill(b->supervisor, SIGHUP);
	expect(b, from, "resolver start 5");
}

static void reload_during_a_reload_follows_it(void **state)
{
	struct bench *b = serving(state);
	size_t from = b->count;

	kill(b->supervisor, SIGHUP);
	expect_notify(b, "RELOADING=1");
	kill(b->supervisor, SIGHUP); /* while the first one compiles, or just after */
	from = expect(b, from, "resolver start 2");
	expect(b, from, "resolver start 3");
	assert_int_equal(stop(b), 0);
}

static void signal_that_comes_twice_still_stops_in_order(void **state)
{
	struct bench *b = serving(state);
	pid_t pid = b->supervisor;

	b->supervisor = 0;
	kill(pid, SIGTERM);
	kill(pid, SIGINT);
	assert_int_equal(wait_end(pid), 0);
	assert_true(expect(b, 0, "resolver stop") < expect(b, 0, "dbwriter stop"));
}

static void gate_switched_off_and_on_stops_and_starts_its_processes(void **state)
{
	struct bench *b = serving(state);
	size_t from = b->count;

	if (geteuid() != 0)
		skip();
	write_conf(b, PORT, "off");
	kill(b->supervisor, SIGHUP);
	assert_true(expect(b, from, "nftsync start 2") < expect(b, from, "nftsync stop"));
	expect(b, from, "flows stop");
	expect(b, from, "resolver start 2");
	expect_notify(b, "RELOADING=1");
	expect_notify(b, "READY=1");
	from = b->count;
	write_conf(b, PORT, "enforce");
	kill(b->supervisor, SIGHUP);
	expect(b, from, "nftsync start 3");
	expect(b, from, "flows start 3");
	expect(b, from, "resolver peer nftsync");
}

static void first_start_without_an_index_still_serves(void **state)
{
	make_wish(*state, "compiler-fails", true);
	assert_false(has_line(serving(state), 0, "resolver index"));
	expect_log(*state, "nothing is blocked");
}

static void second_instance_is_refused_and_named(void **state)
{
	struct bench *b = serving(state);
	char text[64];

	assert_int_equal(wait_end(start_supervisor(b)), 1);
	snprintf(text, sizeof(text), "running already (pid %d holds", (int)b->supervisor);
	assert_true(log_has(b, text));
	assert_int_equal(access(b->control, F_OK), 0);
}

static void taken_port_names_its_holder(void **state)
{
	struct bench *b = *state;
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(PORT),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char text[64];

	if (geteuid() == 0 && !getpwnam("nameward-db"))
		skip();
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(wait_end(start_supervisor(b)), 1);
	snprintf(text, sizeof(text), "taken by test_supervise (pid %d)", (int)getpid());
	if (!log_has(b, text)) {
		show_log(b);
		fail();
	}
	close(fd);
}

static void wrong_configuration_ends_with_78(void **state)
{
	struct bench *b = *state;

	if (geteuid() == 0 && !getpwnam("nameward-db"))
		skip();
	write_file(b->conf, "listen {\n");
	assert_int_equal(wait_end(start_supervisor(b)), SUPERVISE_BAD_CONFIG);
}

static void children_end_when_the_supervisor_is_killed(void **state)
{
	struct bench *b = serving(state);
	size_t from = b->count;
	int status;

	kill(b->supervisor, SIGKILL);
	waitpid(b->supervisor, &status, 0);
	b->supervisor = 0;
	expect(b, from, "resolver stop");
	expect(b, from, "dbwriter stop");
	/* what it left behind does not keep the next one from starting */
	b->supervisor = start_supervisor(b);
	expect(b, from, "resolver start 1");
}

static void watchdog_is_fed_by_the_resolver_only(void **state)
{
	struct bench *b = serving(state);
	size_t up = expect(b, 0, "resolver up");
	struct pollfd p = { .fd = b->notify, .events = POLLIN };

	expect_notify(b, "WATCHDOG=1");
	kill(pid_in(b, up), SIGSTOP);
	assert_int_equal(poll(&p, 1, 4000), 0);
	kill(pid_in(b, up), SIGCONT);
	expect_notify(b, "WATCHDOG=1");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(resolver_starts_with_everything_it_needs),
		TEST(stop_goes_in_order_and_leaves_nothing),
		TEST(killed_child_comes_back_with_new_channels),
		TEST(nftsync_has_what_outlives_it_in_each_life),
		TEST(query_waits_while_the_resolver_is_replaced),
		TEST(an_index_of_an_earlier_life_serves_until_another_is_built),
		TEST(reload_hands_over_the_sockets_that_are_to_be),
		TEST(reload_with_errors_changes_nothing),
		TEST(reload_that_cannot_be_compiled_changes_nothing),
		TEST(reload_during_a_reload_follows_it),
		TEST(signal_that_comes_twice_still_stops_in_order),
		TEST(gate_switched_off_and_on_stops_and_starts_its_processes),
		TEST(first_start_without_an_index_still_serves),
		TEST(second_instance_is_refused_and_named),
		TEST(taken_port_names_its_holder),
		TEST(wrong_configuration_ends_with_78),
		TEST(children_end_when_the_supervisor_is_killed),
		TEST(watchdog_is_fed_by_the_resolver_only),
	};

	if (argc == 3 && !strcmp(argv[1], "--child"))
		return fake_main(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
