/* Leases in use and connections that are ended, with the real kernel's connection tracking: all
 * ends are in one namespace, on addresses of its loopback. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/dname.h"
#include "lib/util.h"
#include "nftsync/gate.h"
#include "nftsync/live.h"
#include "tests/support/gate_rig.h"
#include "tests/support/nft_ns.h"

#define END_MS 900000 /* of a lease for 300 s, with its grace */

static struct gate *enter(struct told *told)
{
	struct gate *g;

	if (!nft_ns_enter())
		skip();
	free(nft_ns_run("ip link set lo up && ip address add 203.0.113.80/24 dev lo && "
			"ip address add 10.0.0.2/32 dev lo && ip address add 10.0.0.3/32 dev lo && "
			"ip -6 address add 2001::50/128 dev lo nodad && "
			"ip -6 address add fd00::3/128 dev lo nodad && "
			"ip link add d0 type bridge && ip link set d0 up && "
			"ip neighbour add 10.0.0.3 lladdr 02:00:00:00:00:01 dev d0 nud permanent && "
			"ip neighbour add fd00::3 lladdr 02:00:00:00:00:01 dev d0 nud permanent"));
	g = gate_rig_load(told, nft_ns_conf(false));
	return g;
}

static struct sockaddr_storage sockaddr_of(const char *text, uint16_t port, socklen_t *len)
{
	struct addr_port p = { .port = port };
	struct sockaddr_storage s;

	assert_int_equal(addr_from_text(text, &p.addr), 0);
	*len = addr_port_to_sockaddr(&p, &s);
	return s;
}

static int bound(const char *addr, uint16_t port, int type)
{
	socklen_t len;
	struct sockaddr_storage s = sockaddr_of(addr, port, &len);
	int one = 1, fd = socket(s.ss_family, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(fd, (struct sockaddr *)&s, len), 0);
	return fd;
}

static int connected(const char *from, const char *to, uint16_t port, int type)
{
	socklen_t len;
	struct sockaddr_storage s = sockaddr_of(to, port, &len);
	int fd = bound(from, 0, type);

	assert_int_equal(connect(fd, (struct sockaddr *)&s, len), 0);
	return fd;
}

/* A connection from each client to the public address, over TCP. */
struct talk {
	int listener, client, server;
};

static struct talk talk(const char *from, const char *to)
{
	struct talk t = { .listener = bound(to, 7, SOCK_STREAM) };

	assert_int_equal(listen(t.listener, 4), 0);
	t.client = connected(from, to, 7, SOCK_STREAM);
	t.server = accept(t.listener, NULL, NULL);
	assert_true(t.server >= 0);
	close(t.listener);
	return t;
}

static void hang_up(struct talk *t)
{
	close(t->client);
	close(t->server);
}

static struct lease_key key_of(const char *device, const char *addr)
{
	struct msg_device d = { .kind = DEVICE_MAC };
	struct addr a, who;
	struct mac m;

	if (!mac_from_text(device, &m)) {
		memcpy(d.id, m.bytes, sizeof(m.bytes));
	} else {
		assert_int_equal(addr_from_text(device, &who), 0);
		d.kind = who.family == AF_INET ? DEVICE_IP4 : DEVICE_IP6;
		memcpy(d.id, who.bytes, sizeof(d.id));
	}
	assert_int_equal(addr_from_text(addr, &a), 0);
	return lease_key_make(&d, a.family, a.bytes);
}

static void claim(struct gate *g, const char *device, const char *addr, const char *name,
		  uint64_t now_ms)
{
	struct lease_key key = key_of(device, addr);
	struct dname n;
	size_t index;

	assert_int_equal(dname_from_text(name, &n), 0);
	assert_int_equal(gate_claim(g, &key, 300, n.wire, n.len, now_ms, &index), GATE_WAIT);
	gate_commit(g, now_ms);
	assert_int_equal(gate_result(g, index), 0);
	gate_next_turn(g);
}

static bool has(struct gate *g, const char *device, const char *addr)
{
	struct lease_key key = key_of(device, addr);
	struct lease_view v;

	return lease_find(gate_ledger(g), &key, &v);
}

#define MAC "02:00:00:00:00:01"

/* Time goes in seconds, as the process's tick does. */
static void pass(struct gate *g, uint64_t *now_ms, uint64_t to_ms)
{
	for (; *now_ms < to_ms; *now_ms += 1000)
		while (gate_tick(g, *now_ms))
			;
}

static void lease_in_use_is_kept_and_idle_ones_end(void **state)
{
	struct told told;
	struct gate *g = enter(&told);
	struct talk by_addr = talk("10.0.0.2", "203.0.113.80");
	struct talk by_mac = talk("10.0.0.3", "203.0.113.80");
	struct talk by_mac6 = talk("fd00::3", "2001::50");
	uint64_t start = clock_mono_ms(), now = start;
	int lonely = connected("10.0.0.2", "203.0.113.99", 9, SOCK_DGRAM);

	(void)state;
	assert_int_equal(send(lonely, "x", 1, 0), 1); /* nobody answers */
	claim(g, "10.0.0.2", "203.0.113.80", "a.example", now);
	claim(g, "10.0.0.2", "203.0.113.99", "a.example", now);
	claim(g, "10.0.0.4", "203.0.113.80", "a.example", now); /* another client */
	claim(g, MAC, "203.0.113.80", "a.example", now);
	claim(g, MAC, "2001::50", "a.example", now);
	claim(g, MAC, "203.0.113.81", "a.example", now);
	pass(g, &now, start + END_MS - 20000);
	assert_int_equal(gate_stats(g)->kept, 0);
	pass(g, &now, start + END_MS + 60000);
	assert_int_equal(lease_count(gate_ledger(g)), 3);
	assert_true(has(g, "10.0.0.2", "203.0.113.80"));
	assert_true(has(g, MAC, "203.0.113.80"));
	assert_true(has(g, MAC, "2001::50"));
	assert_int_equal(gate_rig_elements(), 3);
	pass(g, &now, start + END_MS + 600000);
	assert_int_equal(lease_count(gate_ledger(g)), 3);
	assert_int_equal(gate_rig_elements(), 3);

	hang_up(&by_mac);
	pass(g, &now, now + 300000);
	assert_false(has(g, MAC, "203.0.113.80"));
	assert_int_equal(lease_count(gate_ledger(g)), 2);

	/* Not for ever: the longest lease, and its grace, from the last lookup on. */
	pass(g, &now, start + 86400000 + 500000);
	assert_int_equal(lease_count(gate_ledger(g)), 2);
	pass(g, &now, start + 86400000 + 620000);
	assert_int_equal(lease_count(gate_ledger(g)), 0);
	assert_int_equal(gate_rig_elements(), 0);
	hang_up(&by_addr);
	hang_up(&by_mac6);
	close(lonely);
	gate_remove(g);
	gate_free(g);
}

static bool count_flow(void *arg, const struct live_flow *flow)
{
	if (addr_is_public(&flow->dest))
		++*(unsigned *)arg;
	return false;
}

static unsigned flows_now(void)
{
	unsigned n = 0;
	struct live *l;
	int rc;

	assert_int_equal(live_open(&l), 0);
	assert_int_equal(live_begin(l), 0);
	while ((rc = live_read(l, count_flow, &n)) == 1)
		;
	assert_int_equal(rc, 0);
	live_close(l);
	return n;
}

static void withdraw(struct gate *g, const struct msg_device *device, const char *name, bool kill)
{
	struct lease_withdrawal w = { .device = device };
	struct dname n;

	assert_int_equal(dname_from_text(name, &n), 0);
	w.name = n.wire;
	w.name_len = n.len;
	assert_false(gate_withdraw(g, &w, kill, clock_mono_ms()));
	gate_commit(g, clock_mono_ms());
	gate_next_turn(g);
}

static void connections_of_a_withdrawn_name_are_ended_on_demand(void **state)
{
	struct told told;
	struct gate *g = enter(&told);
	struct talk one = talk("10.0.0.2", "203.0.113.80"), two = talk("10.0.0.3", "203.0.113.80");
	struct talk six = talk("fd00::3", "2001::50");
	struct lease_key key = key_of(MAC, "203.0.113.80");
	uint64_t now = clock_mono_ms();

	(void)state;
	claim(g, "10.0.0.2", "203.0.113.80", "ads.example", now);
	claim(g, MAC, "203.0.113.80", "ads.example", now);
	claim(g, MAC, "2001::50", "other.example", now);
	assert_int_equal(flows_now(), 3);

	withdraw(g, &key.device, "other.example", false); /* leases only */
	assert_int_equal(gate_rig_elements(), 2);
	while (gate_tick(g, now))
		;
	assert_int_equal(flows_now(), 3);

	withdraw(g, &key.device, "ads.example", true); /* of one device */
	assert_int_equal(gate_rig_elements(), 1);
	while (gate_tick(g, now))
		;
	assert_int_equal(gate_stats(g)->killed, 1);
	assert_int_equal(flows_now(), 2);

	withdraw(g, NULL, "ads.example", true);
	assert_int_equal(gate_rig_elements(), 0);
	while (gate_tick(g, now))
		;
	assert_int_equal(gate_stats(g)->killed, 2);
	assert_int_equal(gate_stats(g)->withdrawn, 3);
	assert_int_equal(flows_now(), 1);
	assert_true(told.lost > 0);
	hang_up(&one);
	hang_up(&two);
	hang_up(&six);
	gate_remove(g);
	gate_free(g);
}

/* Both a dump of many slices and its cost. */
static void many_connections_are_read_in_slices(void **state)
{
	struct told told;
	struct gate *g = enter(&told);
	struct talk t = talk("10.0.0.2", "203.0.113.80");
	uint64_t start = clock_mono_ms(), now = start, began_us;
	int echo = bound("203.0.113.80", 9, SOCK_DGRAM);
	unsigned slices = 0, seen;
	struct live *l;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		int fd = connected("10.0.0.3", "203.0.113.80", 9, SOCK_DGRAM);
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);
		char byte;

		assert_int_equal(send(fd, "x", 1, 0), 1);
		assert_int_equal(recvfrom(echo, &byte, 1, 0, (struct sockaddr *)&from, &len), 1);
		assert_int_equal(sendto(echo, "y", 1, 0, (struct sockaddr *)&from, len), 1);
		close(fd);
	}
	claim(g, "10.0.0.2", "203.0.113.80", "a.example", now);
	claim(g, "10.0.0.2", "203.0.113.81", "a.example", now);
	now = start + END_MS - 5000;
	while (gate_tick(g, now))
		slices++;
	assert_true(slices >= 1);
	assert_int_equal(gate_stats(g)->kept, 1);
	while (gate_tick(g, start + END_MS + 1000))
		;
	assert_int_equal(lease_count(gate_ledger(g)), 1);

	assert_int_equal(live_open(&l), 0);
	began_us = clock_mono_us();
	seen = 0;
	assert_int_equal(live_begin(l), 0);
	while (live_read(l, count_flow, &seen) == 1)
		;
	print_message("  %u connections read in %llu us, %u slices\n", seen,
		      (unsigned long long)(clock_mono_us() - began_us), slices + 1);
	live_close(l);
	close(echo);
	hang_up(&t);
	gate_remove(g);
	gate_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lease_in_use_is_kept_and_idle_ones_end),
		cmocka_unit_test(connections_of_a_withdrawn_name_are_ended_on_demand),
		cmocka_unit_test(many_connections_are_read_in_slices),
	};

	return cmocka_run_group_tests_name("gate_live", tests, NULL, NULL);
}
