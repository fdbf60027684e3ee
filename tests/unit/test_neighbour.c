/* The neighbour table against a real kernel: skipped where not root. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/clock.h"
#include "lib/util.h"
#include "resolver/neighbour.h"
#include "resolver/neighbour_table.h"
#include "tests/support/peer_ns.h"

static struct addr addr(const char *text)
{
	struct addr a;

	if (addr_from_text(text, &a) < 0)
		abort();
	return a;
}

static struct mac mac(const char *text)
{
	struct mac m;

	if (mac_from_text(text, &m) < 0)
		abort();
	return m;
}

#define OURS	 PEER_OURS4
#define PEER	 PEER_ITS4
#define PEER_MAC PEER_ITS_MAC

static int in_a_namespace(void **state)
{
	*state = peer_start();
	return 0;
}

static int end_of_namespace(void **state)
{
	peer_end(*state);
	return 0;
}

/* One datagram, for which the kernel has to find the neighbour by real ARP. */
static void send_datagram(const char *to)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	inet_pton(AF_INET, to, &sin.sin_addr);
	assert_int_equal(sendto(fd, "x", 1, 0, (struct sockaddr *)&sin, sizeof(sin)), 1);
	close(fd);
}

static bool find_within_2_s(struct neighbour *n, const char *text, uint32_t ifindex,
			    struct mac *found)
{
	uint64_t end_ms = clock_mono_ms() + 2000;
	struct addr a = addr(text);

	while (clock_mono_ms() < end_ms) {
		struct pollfd p = { .fd = neighbour_fd(n), .events = POLLIN };

		if (neighbour_lookup(n, &a, ifindex, clock_mono_ms(), found) == NEIGHBOUR_KNOWN)
			return true;
		poll(&p, 1, 100);
		neighbour_on_readable(n, clock_mono_ms());
	}
	return false;
}

static void kernels_neighbour_is_found_by_its_event(void **state)
{
	uint32_t lan = if_nametoindex("lan0");
	struct mac found, expect = mac(PEER_MAC);
	struct neighbour_stats stats;
	struct neighbour *n;

	if (!*state)
		skip();
	peer_run("ip neigh flush dev lan0");
	assert_int_equal(neighbour_open(&n), 0);
	assert_string_equal(neighbour_interface(n, lan, 1), "lan0");
	assert_string_equal(neighbour_interface(n, if_nametoindex("lo"), 1), "lo");
	assert_null(neighbour_interface(n, 9999, 1));
	send_datagram(PEER);
	assert_true(find_within_2_s(n, PEER, lan, &found));
	assert_memory_equal(&found, &expect, sizeof(found));
	neighbour_get_stats(n, &stats);
	assert_true(stats.events > 0);

	peer_run("ip neigh replace " PEER " lladdr 02:00:00:00:00:33 dev lan0 nud reachable");
	neighbour_on_readable(n, clock_mono_ms());
	assert_true(find_within_2_s(n, PEER, lan, &found));
	assert_int_equal(found.bytes[5], 0x33);

	peer_run("ip neigh del " PEER " dev lan0 && ip link set lan0 down && "
	    "ip link set lan0 name lan9");
	neighbour_on_readable(n, clock_mono_ms());
	assert_string_equal(neighbour_interface(n, lan, 1), "lan9");
	assert_int_not_equal(neighbour_lookup(n, &(struct addr){ .family = AF_INET,
			.bytes = { 192, 0, 2, 2 } }, lan, clock_mono_ms(), &found), NEIGHBOUR_KNOWN);
	peer_run("ip link set lan9 name lan0 && ip link set lan0 up && "
		 "ip addr replace " PEER_OURS6 "/64 dev lan0 nodad"); /* it went with the link */
	neighbour_close(n);
	neighbour_close(NULL);
}

static void kernels_table_is_read_at_start(void **state)
{
	uint32_t lan = if_nametoindex("lan0");
	struct addr a = addr("192.0.2.77"), b = addr("2001:db8::77");
	struct neighbour_stats stats;
	struct neighbour *n;
	struct mac found;

	if (!*state)
		skip();
	peer_run("ip neigh replace 192.0.2.77 lladdr 02:00:00:00:00:77 dev lan0 nud "
	    "permanent");
	peer_run("ip -6 neigh replace 2001:db8::77 lladdr 02:00:00:00:00:78 dev lan0 nud "
	    "permanent");
	assert_int_equal(neighbour_open(&n), 0);
	assert_int_equal(neighbour_lookup(n, &a, lan, 1, &found), NEIGHBOUR_KNOWN);
	assert_int_equal(found.bytes[5], 0x77);
	assert_int_equal(neighbour_lookup(n, &b, lan, 1, &found), NEIGHBOUR_KNOWN);
	assert_int_equal(found.bytes[5], 0x78);
	neighbour_get_stats(n, &stats);
	assert_int_equal(stats.dumps, 1);
	assert_int_equal(stats.asked, 0);
	neighbour_close(n);
}

/* Nobody has the address: the kernel is asked once a second, not for each packet. */
static void absent_neighbour_is_asked_for_once_a_second(void **state)
{
	uint32_t lan = if_nametoindex("lan0");
	struct addr a = addr("192.0.2.99");
	struct neighbour_stats stats;
	struct neighbour *n;
	struct mac found;

	if (!*state)
		skip();
	assert_int_equal(neighbour_open(&n), 0);
	for (uint64_t now_ms = 10000; now_ms < 12000; now_ms += 10)
		assert_int_equal(neighbour_lookup(n, &a, lan, now_ms, &found),
				 now_ms % 1000 < NEIGHBOUR_AWAIT_MS ? NEIGHBOUR_AWAITED :
								      NEIGHBOUR_NONE);
	assert_int_not_equal(neighbour_lookup(n, &a, 9999, 10000, &found), NEIGHBOUR_KNOWN); /* no such interface */
	neighbour_get_stats(n, &stats);
	assert_int_equal(stats.asked, 3);
	assert_int_equal(stats.asked_in_vain, 3);
	assert_int_equal(stats.probed, 2);

	for (uint32_t i = 0; i < 3000; i++) { /* more than may be asked in a second */
		struct addr other = addr("198.51.100.0");

		other.bytes[2] = (uint8_t)(i >> 8);
		other.bytes[3] = (uint8_t)i;
		neighbour_lookup(n, &other, lan, 20000, &found);
	}
	neighbour_get_stats(n, &stats);
	assert_int_equal(stats.asked, 1003);
	assert_int_equal(stats.not_asked, 2000);
	assert_int_equal(stats.probed, 2);
	neighbour_close(n);
}

/* The event socket overflows: both tables are read again, not more often than allowed. */
static void lost_events_are_made_good(void **state)
{
	uint32_t lan = if_nametoindex("lan0");
	struct addr a = addr("192.0.2.201"), gone = addr("192.0.2.200");
	struct addr absent = addr("192.0.2.203"), absent2 = addr("192.0.2.204");
	struct neighbour_stats stats;
	struct neighbour *n;
	int tiny = 1;
	struct mac found;

	if (!*state)
		skip();
	peer_run("ip neigh replace 192.0.2.200 lladdr 02:00:00:00:02:00 dev lan0 nud "
	    "permanent");
	assert_int_equal(neighbour_open(&n), 0);
	assert_int_equal(setsockopt(neighbour_fd(n), SOL_SOCKET, SO_RCVBUF, &tiny,
				    sizeof(tiny)), 0);
	peer_run("for i in $(seq 1 40); do ip neigh replace 192.0.2.201 lladdr "
	    "02:00:00:00:03:$i "
	    "dev lan0 nud permanent; done; ip neigh del 192.0.2.200 dev lan0");
	assert_int_equal(neighbour_lookup(n, &a, lan, 50000, &found), NEIGHBOUR_KNOWN);
	neighbour_get_stats(n, &stats);
	assert_true(stats.overruns >= 1);
	assert_int_equal(stats.dumps, 2);
	assert_int_equal(stats.asked, 0);
	assert_int_equal(found.bytes[5], 0x40);
	assert_int_not_equal(neighbour_lookup(n, &gone, lan, 50000, &found), NEIGHBOUR_KNOWN);

	peer_run("for i in $(seq 1 40); do ip neigh replace 192.0.2.202 lladdr "
	    "02:00:00:00:04:$i "
	    "dev lan0 nud permanent; done");
	neighbour_lookup(n, &absent, lan, 50010, &found); /* too early for another dump */
	neighbour_get_stats(n, &stats);
	assert_int_equal(stats.dumps, 2);
	neighbour_lookup(n, &absent2, lan, 50100, &found);
	neighbour_get_stats(n, &stats);
	assert_int_equal(stats.dumps, 3);
	neighbour_close(n);
}

static void kernel_answers_a_question_at_once(void **state)
{
	uint32_t lan = if_nametoindex("lan0");
	struct addr a = addr("192.0.2.150"), b = addr("192.0.2.152");
	struct neighbour_stats stats;
	struct neighbour *n;
	struct mac found;
	int tiny = 1;

	if (!*state)
		skip();
	assert_int_equal(neighbour_open(&n), 0);
	assert_int_equal(setsockopt(neighbour_fd(n), SOL_SOCKET, SO_RCVBUF, &tiny,
				    sizeof(tiny)), 0);
	peer_run("for i in $(seq 1 40); do ip neigh replace 192.0.2.151 lladdr "
	    "02:00:00:00:04:$i "
	    "dev lan0 nud permanent; done");
	assert_int_not_equal(neighbour_lookup(n, &a, lan, 60000, &found), NEIGHBOUR_KNOWN); /* reads all again */
	peer_run("for i in $(seq 1 40); do ip neigh replace 192.0.2.151 lladdr "
	    "02:00:00:00:05:$i "
	    "dev lan0 nud permanent; done");
	peer_run("ip neigh replace 192.0.2.150 lladdr 02:00:00:00:01:50 dev lan0 nud "
	    "permanent");
	peer_run("ip neigh replace 192.0.2.152 lladdr 02:00:00:00:01:50 dev lan0 nud "
	    "permanent");
	assert_int_not_equal(neighbour_lookup(n, &a, lan, 60001, &found), NEIGHBOUR_KNOWN); /* remembered as absent */
	assert_int_equal(neighbour_lookup(n, &b, lan, 60001, &found), NEIGHBOUR_KNOWN);
	assert_int_equal(found.bytes[5], 0x50);
	neighbour_get_stats(n, &stats);
	assert_int_equal(stats.dumps, 2);
	assert_int_equal(stats.asked, 2);
	assert_int_equal(stats.asked_in_vain, 1);
	neighbour_close(n);
}

/* An address that never was in the kernel's table, of a host that asked for ours by none. */
static void new_neighbour_is_made_known(void **state)
{
	static const char *const addrs[] = { PEER, PEER_ITS6, "fe80::ff:fe00:2" };
	uint32_t lan = if_nametoindex("lan0");
	struct mac found, expect = mac(PEER_MAC);
	struct neighbour_stats stats;
	struct neighbour *n;

	if (!*state)
		skip();
	peer_run("ip neigh flush dev lan0 nud all");
	assert_int_equal(neighbour_open(&n), 0);
	for (size_t i = 0; i < ARRAY_SIZE(addrs); i++) {
		struct addr a = addr(addrs[i]);
		uint64_t added = neighbour_added(n);

		assert_int_equal(neighbour_lookup(n, &a, lan, clock_mono_ms(), &found),
				 NEIGHBOUR_AWAITED);
		assert_true(find_within_2_s(n, addrs[i], lan, &found));
		assert_memory_equal(&found, &expect, sizeof(found));
		assert_true(neighbour_added(n) > added);
		neighbour_get_stats(n, &stats);
		assert_true(stats.probed >= i + 1);
	}
	neighbour_close(n);
}

/* What the kernel would not look for on this link, it is not asked to. */
static void only_neighbours_are_probed(void **state)
{
	static const char *const addrs[] = {
		"198.51.100.7", "2001:db8:7::7", /* behind the peer */
		"203.0.113.7", "2001:db8:8::7",	 /* no route */
		"192.0.2.255", "192.0.2.1", "fd00::1", "127.0.0.1", "::1", "224.0.0.1", "ff02::1",
	};
	uint32_t lan = if_nametoindex("lan0"), lo = if_nametoindex("lo");
	struct addr a = addr("192.0.2.123");
	struct neighbour_stats stats;
	struct neighbour *n;
	struct mac found;

	if (!*state)
		skip();
	peer_run("ip route add 198.51.100.0/24 via " PEER
		 " && ip route add 2001:db8:7::/48 via " PEER_ITS6);
	assert_int_equal(neighbour_open(&n), 0);
	for (size_t i = 0; i < ARRAY_SIZE(addrs); i++) {
		struct addr b = addr(addrs[i]);

		assert_int_equal(neighbour_lookup(n, &b, lan, 1000, &found), NEIGHBOUR_NONE);
	}
	assert_int_equal(neighbour_lookup(n, &a, lo, 1000, &found), NEIGHBOUR_NONE);
	peer_run("ip link set lan0 arp off");
	assert_int_equal(neighbour_lookup(n, &a, lan, 2000, &found), NEIGHBOUR_NONE);
	peer_run("ip link set lan0 arp on");
	neighbour_get_stats(n, &stats);
	assert_int_equal(stats.probed, 0);
	assert_int_equal(neighbour_lookup(n, &a, lan, 3000, &found), NEIGHBOUR_AWAITED);
	neighbour_close(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernels_neighbour_is_found_by_its_event),
		cmocka_unit_test(kernels_table_is_read_at_start),
		cmocka_unit_test(absent_neighbour_is_asked_for_once_a_second),
		cmocka_unit_test(lost_events_are_made_good),
		cmocka_unit_test(kernel_answers_a_question_at_once),
		cmocka_unit_test(new_neighbour_is_made_known),
		cmocka_unit_test(only_neighbours_are_probed),
	};

	return cmocka_run_group_tests(tests, in_a_namespace, end_of_namespace);
}
