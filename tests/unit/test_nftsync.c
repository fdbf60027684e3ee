/* The whole process, with its sandbox, between a supervisor and a resolver that this test plays,
 * on the real kernel in a network namespace. Skipped without root, nft or the account. */
/* wrap: clock_gettime */
#include <errno.h>
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
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>

#include "conf/conf.h"
#include "lib/child.h"
#include "lib/msg.h"
#include "lib/util.h"
#include "nftsync/nftsync.h"
#include "nftsync/nl_buf.h"
#include "tests/support/nft_ns.h"

#define NOBODY  65534
#define WAIT_MS 20000

/* Shared with the process: how far its wall clock is ahead of ours. */
static volatile int64_t *wall_ahead_s;

int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	int rc = __real_clock_gettime(id, ts);

	if (id == CLOCK_REALTIME && wall_ahead_s)
		ts->tv_sec += *wall_ahead_s;
	return rc;
}

struct process {
	pid_t pid;
	int supervisor, resolver; /* our ends */
	_Alignas(8) uint8_t in[CHAN_MAX_BYTES];
};

static const char enforce[] = "upstream u {\n server 192.0.2.1\n}\n"
			      "zone iot {\n interface br-iot\n gate enforce\n}\n";
static const char observe[] = "upstream u {\n server 192.0.2.1\n}\n"
			      "zone iot {\n interface br-iot\n gate observe\n}\n";

static void say(int to, enum msg_type type, const void *record, size_t bytes, int fd)
{
	static struct msg_buf buf;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct msg_head head = { .type = (uint16_t)type, .bytes = sizeof(head) };
	struct iovec iov = { &head, sizeof(head) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (record) {
		void *r;

		msg_buf_reset(&buf);
		r = msg_buf_add(&buf, type, bytes);
		assert_non_null(r);
		memcpy((uint8_t *)r + 2, (const uint8_t *)record + 2, bytes - 2);
		iov = (struct iovec){ buf.bytes, buf.len };
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
	assert_int_equal(sendmsg(to, &mh, MSG_NOSIGNAL), iov.iov_len);
}

/* The next message; its first record. */
static const void *hear(struct process *p, int from, enum msg_type type)
{
	struct pollfd pfd = { .fd = from, .events = POLLIN };
	ssize_t n;

	assert_int_equal(poll(&pfd, 1, WAIT_MS), 1);
	n = recv(from, p->in, sizeof(p->in), 0);
	assert_true(n > 0);
	assert_int_equal(msg_check(p->in, (size_t)n, false), 0);
	assert_int_equal(msg_type(p->in), type);
	return msg_next(p->in, NULL);
}

static void send_conf(struct process *p, const char *text, uint32_t generation)
{
	struct msg_start start = { .generation = generation };
	struct conf_bundle *b;
	int fd;

	assert_int_equal(conf_bundle_from_text("test", text, strlen(text), &b), 0);
	fd = conf_bundle_write(b);
	assert_true(fd >= 0);
	conf_bundle_free(b);
	say(p->supervisor, MSG_CONF, NULL, 0, fd);
	close(fd);
	say(p->supervisor, MSG_START, &start, sizeof(start), -1);
}

static void send_peer(struct process *p)
{
	struct msg_peer peer = { .role = ROLE_RESOLVER };
	int fds[2];

	assert_int_equal(chan_pair(fds), 0);
	say(p->supervisor, MSG_PEER, &peer, sizeof(peer), fds[1]);
	close(fds[1]);
	p->resolver = fds[0];
}

static void start(struct process *p, bool with_rights)
{
	int fds[2];

	assert_int_equal(chan_pair(fds), 0);
	fflush(NULL);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		if (!with_rights && (setresgid(NOBODY, NOBODY, NOBODY) ||
				     setresuid(NOBODY, NOBODY, NOBODY)))
			_exit(99);
		close(fds[0]);
		if (fds[1] != CHILD_FD) {
			dup2(fds[1], CHILD_FD);
			close(fds[1]);
		}
		_exit(nftsync_main());
	}
	close(fds[1]);
	p->supervisor = fds[0];
	p->resolver = -1;
}

static void serve(struct process *p, const char *conf)
{
	send_conf(p, conf, 1);
	send_peer(p);
	assert_int_equal(((const struct msg_start *)hear(p, p->supervisor, MSG_READY))->generation,
			 1);
	assert_null(hear(p, p->resolver, MSG_LEASE_LOST));
}

static void start_with(struct process *p, const char *conf)
{
	start(p, true);
	serve(p, conf);
}

static void start_serving(struct process *p)
{
	start_with(p, enforce);
}

static int end_status(struct process *p)
{
	int status;

	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	close(p->supervisor);
	if (p->resolver >= 0)
		close(p->resolver);
	return status;
}

static void stop(struct process *p)
{
	int status;

	say(p->supervisor, MSG_STOP, NULL, 0, -1);
	status = end_status(p);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define NAME_LEN 10

/* "nXXXXXXX." in wire form. */
static void put_name(uint8_t name[NAME_LEN], uint64_t i)
{
	char text[NAME_LEN];

	snprintf(text, sizeof(text), "n%07x", (unsigned)(i & 0xfffffff));
	name[0] = 8;
	memcpy(name + 1, text, 8);
	name[9] = 0;
}

static void withdraw(struct process *p, uint64_t i, bool all)
{
	_Alignas(8) uint8_t bytes[sizeof(struct msg_holder) + NAME_LEN] = { 0 };
	struct msg_holder *m = (struct msg_holder *)bytes;

	m->name_len = NAME_LEN;
	m->all = all;
	m->kill = 1;
	m->device = (struct msg_device){ .kind = DEVICE_MAC, .id = { 2, 0, 0, 0, 0, 1 } };
	put_name(m->name, i);
	say(p->resolver, MSG_WITHDRAW, bytes, sizeof(*m) + NAME_LEN, -1);
}

static const struct msg_device tv = { .kind = DEVICE_MAC, .id = { 2, 0, 0, 0, 0, 1 } };

static void ask_lease(struct process *p, const struct msg_device *device, uint64_t txid,
		      uint32_t addr, unsigned count)
{
	struct {
		struct msg_lease m;
		struct msg_lease_addr addr[8];
	} wish = {
		.m = { .addr_count = (uint8_t)count, .name_len = NAME_LEN, .txid = txid,
		       .client = { { AF_INET, { 10, 0, 0, 2 } }, 1, { { 2, 0, 0, 0, 0, 7 } } },
		       .device = *device },
	};
	uint8_t bytes[sizeof(wish) + NAME_LEN + 1] = { 0 };
	size_t len = sizeof(wish.m) + count * sizeof(wish.addr[0]);

	for (unsigned i = 0; i < count; i++) {
		wish.addr[i] = (struct msg_lease_addr){ .ttl_s = 300, .family = AF_INET };
		store_be32(wish.addr[i].addr, addr + i);
	}
	memcpy(bytes, &wish, len);
	put_name(bytes + len, txid);
	say(p->resolver, MSG_LEASE, bytes, len + NAME_LEN, -1);
}

static int lease_for(struct process *p, const struct msg_device *device, uint64_t txid,
		     uint32_t addr, unsigned count)
{
	const struct msg_lease_done *d;

	ask_lease(p, device, txid, addr, count);
	d = hear(p, p->resolver, MSG_LEASE_DONE);
	assert_int_equal(d->txid, txid);
	return d->rc;
}

static int lease(struct process *p, uint64_t txid, uint32_t addr, unsigned count)
{
	return lease_for(p, &tv, txid, addr, count);
}

/* The whole answer to a question; malloc'd. */
static char *ask(struct process *p, enum msg_question question, const char *arg, int *rc)
{
	_Alignas(8) uint8_t bytes[sizeof(struct msg_ask) + 64] = { 0 };
	struct msg_ask *q = (struct msg_ask *)bytes;
	char *text = calloc(1, 1 << 22);
	const struct msg_tell *t;
	size_t len = 0;

	*q = (struct msg_ask){ .question = (uint8_t)question, .txid = 77,
			       .arg_len = (uint8_t)strlen(arg) };
	memcpy(q->arg, arg, strlen(arg));
	say(p->resolver, MSG_ASK, q, sizeof(*q) + strlen(arg), -1);
	do {
		t = hear(p, p->resolver, MSG_TELL);
		assert_int_equal(t->txid, 77);
		memcpy(text + len, t->text, t->len);
		len += t->len;
		assert_true(!t->len || text[len - 1] == '\n');
	} while (!t->last);
	*rc = t->rc;
	return text;
}

#define PUBLIC 0xcb007100u /* 203.0.113.0 */

static bool can_run(void)
{
	return getpwnam("nameward-gate") && nft_ns_enter();
}

static void lease_is_in_the_kernel_before_its_answer(void **state)
{
	static struct process p;

	(void)state;
	if (!can_run())
		skip();
	start_serving(&p);
	assert_int_equal(lease(&p, 1, PUBLIC + 80, 1), 0);
	free(nft_ns_run("nft list set inet nameward lease4 | grep -q 203.0.113.80"));
	assert_int_equal(lease(&p, 2, PUBLIC, 8), 0);
	assert_int_equal(lease(&p, 3, PUBLIC + 80, 1), 0); /* covered */
	assert_int_equal(lease(&p, 4, 0x0a000001, 1), 0);  /* private: nothing to do */
	free(nft_ns_run("test $(nft list set inet nameward lease4 | grep -o expires | wc -l) = 9"));
	stop(&p);
	free(nft_ns_run("! nft list table inet nameward 2>/dev/null"));
}

/* Both wishes come in one turn. The resolver remembers what is covered: it must hear of the
 * loss behind that, or it would remember a lease that is gone. */
static void loss_is_told_behind_what_it_ends(void **state)
{
	static struct process p;
	char conf[256];

	(void)state;
	if (!can_run())
		skip();
	snprintf(conf, sizeof(conf), "%sgate {\n max-device-leases 16\n}\n", enforce);
	start_with(&p, conf);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(lease(&p, i, PUBLIC + i, 1), 0);
	kill(p.pid, SIGSTOP);
	ask_lease(&p, &tv, 100, PUBLIC, 1);	    /* covered, and the first to end: */
	ask_lease(&p, &tv, 101, PUBLIC + 16, 1); /* it goes for this one */
	kill(p.pid, SIGCONT);
	assert_int_equal(((const struct msg_lease_done *)hear(&p, p.resolver, MSG_LEASE_DONE))->txid,
			 100);
	assert_null(hear(&p, p.resolver, MSG_LEASE_LOST));
	assert_int_equal(((const struct msg_lease_done *)hear(&p, p.resolver, MSG_LEASE_DONE))->txid,
			 101);
	stop(&p);
}

static void restores_after_a_flush_while_leases_go_on(void **state)
{
	static struct process p;
	char plain[256];

	(void)state;
	if (!can_run())
		skip();
	snprintf(plain, sizeof(plain), "%sgate {\n table-owner off\n}\n", enforce);
	start_with(&p, plain);
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(lease(&p, i, PUBLIC + i, 1), 0);
	free(nft_ns_run("nft flush ruleset"));
	assert_int_equal(lease(&p, 99, PUBLIC + 99, 1), 0);
	free(nft_ns_run("test $(nft list set inet nameward lease4 | grep -o expires | wc -l) = 51"));
	free(nft_ns_run("nft flush ruleset; for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; "
			"nft list chain inet nameward forward 2>/dev/null && break; done | "
			"grep -q vmap"));
	stop(&p);
}

/* From now on the process's wall clock shows that of a Monday. */
static void set_clock(int hour, int minute, int second)
{
	struct tm tm = { .tm_year = 126, .tm_mon = 10, .tm_mday = 23, .tm_hour = hour,
			 .tm_min = minute, .tm_sec = second };

	*wall_ahead_s = timegm(&tm) - time(NULL);
}

/* Within ten seconds what the shell says comes true. */
static void becomes(const char *test)
{
	char command[200];

	snprintf(command, sizeof(command),
		 "for i in $(seq 200); do %s && exit 0; sleep 0.05; done; exit 1", test);
	free(nft_ns_run(command));
}

#define LISTED "nft list set inet nameward allow_tcp 2>/dev/null | grep -q 1111"

static void exception_is_in_the_kernel_in_its_hours(void **state)
{
	static const char text[] = "upstream u {\n server 192.0.2.1\n}\n"
				   "window morning {\n hours mon 08:00-12:00\n}\n"
				   "zone iot {\n interface br-iot\n gate enforce\n}\n"
				   "gate {\n allow tcp 1111 during morning\n}\n";
	static struct process p;

	(void)state;
	if (!can_run())
		skip();
	setenv("TZ", "UTC", 1);
	wall_ahead_s = mmap(NULL, sizeof(*wall_ahead_s), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(wall_ahead_s != MAP_FAILED);
	set_clock(7, 59, 0);
	start_with(&p, text);
	assert_int_equal(lease(&p, 1, PUBLIC + 1, 1), 0);
	free(nft_ns_run("! " LISTED));
	set_clock(7, 59, 59);
	becomes(LISTED);
	set_clock(12, 0, 0);
	becomes("! " LISTED);
	set_clock(11, 0, 0); /* back */
	becomes(LISTED);
	free(nft_ns_run("nft get element inet nameward lease4 "
			"'{ 02:00:00:00:00:01 . 203.0.113.1 }'"));
	stop(&p);
	wall_ahead_s = NULL;
}

static void lease_of_a_sharing_zone_is_there_for_each_of_its_interfaces(void **state)
{
	static const char shared[] = "upstream u {\n server 192.0.2.1\n}\n"
				     "zone iot {\n interface br-iot wlan1\n gate enforce\n"
				     " lease-for zone\n}\n";
	static const struct msg_device wlan1 = { .kind = DEVICE_IFNAME, .id = "wlan1" };
	static struct process p;
	char *text;
	int rc;

	(void)state;
	if (!can_run())
		skip();
	start_with(&p, shared);
	assert_int_equal(lease_for(&p, &wlan1, 1, PUBLIC + 1, 3), 0);
	free(nft_ns_run("nft get element inet nameward lease_if4 '{ br-iot . 203.0.113.1, "
			"wlan1 . 203.0.113.1, br-iot . 203.0.113.3, wlan1 . 203.0.113.3 }'"));
	text = ask(&p, ASK_LEASES, "br-iot", &rc);
	assert_int_equal(rc, 0);
	assert_non_null(strstr(text, "br-iot\t203.0.113.2\t"));
	assert_null(strstr(text, "wlan1"));
	free(text);
	free(ask(&p, ASK_LEASES, "br-lan", &rc));
	assert_int_equal(rc, -EINVAL);
	withdraw(&p, 1, true);
	assert_null(hear(&p, p.resolver, MSG_LEASE_LOST));
	free(nft_ns_run("test $(nft list set inet nameward lease_if4 | grep -o expires | wc -l) = 0"));
	stop(&p);
}

static void review_tells_all_and_what_is_withdrawn_is_closed(void **state)
{
	static struct process p;
	unsigned told = 0, seen[1000] = { 0 };
	char *text;
	int rc;

	(void)state;
	if (!can_run())
		skip();
	start_serving(&p);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(lease(&p, i, PUBLIC + i, 1), 0);
	assert_int_equal(lease(&p, 7, PUBLIC + 8, 1), 0); /* another name's, too */
	say(p.resolver, MSG_REVIEW, NULL, 0, -1);
	while (told < 1000) {
		const struct msg_holder *m = hear(&p, p.resolver, MSG_HOLDER);

		for (; m; m = msg_next(p.in, m), told++) {
			unsigned i = (unsigned)strtoul((const char *)m->name + 2, NULL, 16);

			assert_int_equal(m->name_len, NAME_LEN);
			assert_int_equal(m->client.addr.bytes[3], 2);
			assert_int_equal(m->client.mac.bytes[5], 7);
			assert_int_equal(m->device.id[5], 1);
			assert_true(i < 1000);
			seen[i]++;
		}
	}
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(seen[i], 1);

	text = ask(&p, ASK_LEASES, "203.0.113.8", &rc);
	assert_non_null(strstr(text, "\tn0000007\t"));
	assert_non_null(strstr(text, "\tn0000008\t"));
	free(text);

	withdraw(&p, 7, false);
	assert_null(hear(&p, p.resolver, MSG_LEASE_LOST));
	free(nft_ns_run("! nft get element inet nameward lease4 "
			"'{ 02:00:00:00:00:01 . 203.0.113.7 }' 2>/dev/null"));
	free(nft_ns_run("nft get element inet nameward lease4 "
			"'{ 02:00:00:00:00:01 . 203.0.113.8 }'"));
	withdraw(&p, 9, true);
	assert_null(hear(&p, p.resolver, MSG_LEASE_LOST));
	free(nft_ns_run("test $(nft list set inet nameward lease4 | grep -o expires | wc -l) = 998"));
	text = ask(&p, ASK_STATUS, "", &rc);
	assert_non_null(strstr(text, "gate\twithdrawn\t2\n"));
	free(text);
	stop(&p);
}

/* On kernels that have owners; on others it is restored, which takes a moment. */
static void flush_costs_an_owned_table_nothing(void **state)
{
	static struct process p;

	(void)state;
	if (!can_run())
		skip();
	start_serving(&p);
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(lease(&p, i, PUBLIC + i, 1), 0);
	if (system("nft delete table inet nameward 2>/dev/null") == 0) {
		stop(&p);
		skip();
	}
	free(nft_ns_run("nft flush ruleset; "
			"test $(nft list set inet nameward lease4 | grep -o expires | wc -l) = 50"));
	stop(&p);
	free(nft_ns_run("! nft list table inet nameward 2>/dev/null"));
}

static void killed_process_is_succeeded_without_a_lost_lease(void **state)
{
	static struct process p;

	(void)state;
	if (!can_run())
		skip();
	start_serving(&p);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(lease(&p, i, PUBLIC + i, 1), 0);
	kill(p.pid, SIGKILL);
	assert_true(WIFSIGNALED(end_status(&p)));
	free(nft_ns_run("test $(nft list set inet nameward lease4 | grep -o expires | wc -l) = 100"));
	start_serving(&p);
	free(nft_ns_run("test $(nft list set inet nameward lease4 | grep -o expires | wc -l) = 100"));
	assert_int_equal(lease(&p, 1, PUBLIC + 7, 1), 0);
	stop(&p);
}

/* A dump and an error, asked of the kernel and not read. */
static void leave_unread(int fd)
{
	static const unsigned types[] = { NFT_MSG_GETRULE, NFT_MSG_GETTABLE };
	struct nl_buf buf = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct nlmsghdr *nlh;

		nl_buf_reset(&buf);
		nlh = nl_buf_open(&buf, types[i], i ? NLM_F_ACK : NLM_F_DUMP);
		assert_non_null(nlh);
		mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, i ? "none" : "nameward");
		nl_buf_close(&buf, nlh);
		assert_int_equal(send(fd, buf.data, buf.len, 0), buf.len);
	}
	nl_buf_fini(&buf);
}

/* The supervisor's socket owns the table: a flush while nftsync is dead passes it by, and what
 * the dead one had not read does not disturb its successor. */
static void nobody_can_flush_while_a_killed_process_comes_back(void **state)
{
	static struct process p;
	int fd;

	(void)state;
	if (!can_run())
		skip();
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_NETFILTER);
	assert_true(fd >= 0);
	for (unsigned life = 0; life < 3; life++) {
		start(&p, true);
		say(p.supervisor, MSG_NETFILTER, NULL, 0, fd);
		serve(&p, enforce);
		if (!life && system("nft delete table inet nameward 2>/dev/null") == 0)
			break; /* the kernel has no owners */
		for (unsigned i = 0; i < 50; i++)
			assert_int_equal(lease(&p, i, PUBLIC + 50 * life + i, 1), 0);
		if (life == 2)
			break;
		kill(p.pid, SIGKILL);
		assert_true(WIFSIGNALED(end_status(&p)));
		leave_unread(fd);
		free(nft_ns_run("nft flush ruleset; nft list chain inet nameward forward"));
	}
	free(nft_ns_run("test $(nft list set inet nameward lease4 | grep -o expires | wc -l) = 150"));
	stop(&p);
	free(nft_ns_run("! nft list table inet nameward 2>/dev/null"));
	close(fd);
}

static void table_outlives_a_supervisor_that_was_killed(void **state)
{
	static struct process p;
	int status;

	(void)state;
	if (!can_run())
		skip();
	start_serving(&p);
	assert_int_equal(lease(&p, 1, PUBLIC + 80, 1), 0);
	close(p.supervisor);
	p.supervisor = dup(p.resolver);
	status = end_status(&p);
	assert_true(WIFEXITED(status));
	free(nft_ns_run("nft list set inet nameward lease4 | grep -q 203.0.113.80"));
}

static void reload_swaps_rules_and_keeps_leases(void **state)
{
	static struct process p;

	(void)state;
	if (!can_run())
		skip();
	start_serving(&p);
	assert_int_equal(lease(&p, 1, PUBLIC + 80, 1), 0);
	send_conf(&p, observe, 2);
	assert_int_equal(((const struct msg_start *)hear(&p, p.supervisor, MSG_READY))->generation,
			 2);
	free(nft_ns_run("nft list map inet nameward zone_mode | grep -q 'goto observe'"));
	free(nft_ns_run("nft list set inet nameward lease4 | grep -q 203.0.113.80"));
	send_peer(&p);
	assert_null(hear(&p, p.resolver, MSG_LEASE_LOST));
	stop(&p);
}

static void questions_are_answered_whole(void **state)
{
	static struct process p;
	char *text;
	int rc;
	char *rules;

	(void)state;
	if (!can_run())
		skip();
	start_serving(&p);
	for (unsigned i = 0; i < 500; i++)
		assert_int_equal(lease(&p, i, PUBLIC + 8 * i, 8), 0);

	text = ask(&p, ASK_STATUS, "", &rc);
	assert_int_equal(rc, 0);
	assert_non_null(strstr(text, "gate\ttable\tloaded\n"));
	assert_non_null(strstr(text, "gate\tleases\t4000\n"));
	assert_non_null(strstr(text, "gate\trefused_packets\t0\n"));
	free(text);

	rules = ask(&p, ASK_RULES, "", &rc);
	assert_int_equal(rc, 0);

	text = ask(&p, ASK_LEASES, "", &rc);
	assert_int_equal(rc, 0);
	assert_memory_equal(text, "device\taddress\tleft_s#\tname\n", 28);
	unsigned rows = 0;
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		rows++;
	assert_int_equal(rows, 4001);
	assert_non_null(strstr(text, "02:00:00:00:00:01\t203.0.113.80\t"));
	free(text);

	text = ask(&p, ASK_LEASES, "203.0.113.80", &rc);
	assert_int_equal(rc, 0);
	assert_memory_equal(strchr(text, '\n') + 1, "02:00:00:00:00:01\t203.0.113.80\t", 31);
	free(text);
	text = ask(&p, ASK_LEASES, "nonsense", &rc);
	assert_int_equal(rc, -EINVAL);
	free(text);
	stop(&p);
	assert_int_equal(nft_ns_load("-c", rules), 0); /* an owned table cannot be checked */
	free(rules);
}

static void without_the_right_every_lease_is_told_so(void **state)
{
	static struct process p;
	const struct msg_text *t;

	(void)state;
	if (!can_run())
		skip();
	start(&p, false);
	send_conf(&p, enforce, 1);
	t = hear(&p, p.supervisor, MSG_FAILED);
	assert_non_null(memmem(t->text, t->len, "CAP_NET_ADMIN", 13));
	send_peer(&p);
	assert_null(hear(&p, p.resolver, MSG_LEASE_LOST));
	assert_int_equal(lease(&p, 1, PUBLIC + 80, 1), -EPERM);
	say(p.supervisor, MSG_STOP, NULL, 0, -1);
	assert_int_equal(WEXITSTATUS(end_status(&p)), 0);
}

static void malformed_message_of_the_resolver_ends_the_process(void **state)
{
	static struct process p;

	(void)state;
	if (!can_run())
		skip();
	start_serving(&p);
	assert_int_equal(lease(&p, 1, PUBLIC + 80, 1), 0);
	assert_int_equal(send(p.resolver, "rubbish!", 8, 0), 8);
	assert_int_equal(WEXITSTATUS(end_status(&p)), 1);
	free(nft_ns_run("nft list set inet nameward lease4 | grep -q 203.0.113.80"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lease_is_in_the_kernel_before_its_answer),
		cmocka_unit_test(loss_is_told_behind_what_it_ends),
		cmocka_unit_test(restores_after_a_flush_while_leases_go_on),
		cmocka_unit_test(exception_is_in_the_kernel_in_its_hours),
		cmocka_unit_test(lease_of_a_sharing_zone_is_there_for_each_of_its_interfaces),
		cmocka_unit_test(review_tells_all_and_what_is_withdrawn_is_closed),
		cmocka_unit_test(flush_costs_an_owned_table_nothing),
		cmocka_unit_test(killed_process_is_succeeded_without_a_lost_lease),
		cmocka_unit_test(nobody_can_flush_while_a_killed_process_comes_back),
		cmocka_unit_test(table_outlives_a_supervisor_that_was_killed),
		cmocka_unit_test(reload_swaps_rules_and_keeps_leases),
		cmocka_unit_test(questions_are_answered_whole),
		cmocka_unit_test(without_the_right_every_lease_is_told_so),
		cmocka_unit_test(malformed_message_of_the_resolver_ends_the_process),
	};

	return cmocka_run_group_tests_name("nftsync", tests, NULL, NULL);
}
