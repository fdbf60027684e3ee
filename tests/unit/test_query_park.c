/* Questions from addresses that are new to the kernel: real ARP and ND, and the resolver's real
 * parts; skipped where not root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <event2/event.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/util.h"
#include "resolver/neighbour.h"
#include "resolver/query.h"
#include "tests/support/peer_ns.h"
#include "tests/support/query_world.h"

#define PORT 5353
#define GATE "zone lan {\n interface lan0\n gate enforce\n}\n"

/* lan0's MAC address stands in the peer's table for good: it never asks who we are, which
 * would say who it is. */
static int in_a_namespace(void **state)
{
	struct peer *p = peer_start();

	*state = p;
	if (!p)
		return 0;
	peer_run("ip link set lan0 address 02:00:00:00:00:01");
	peer_run_there(p, "sh -c 'for a in " PEER_OURS4 " " PEER_OURS6
			  "; do ip neigh replace $a lladdr 02:00:00:00:00:01 dev eth0 nud "
			  "permanent; done'");
	return 0;
}

static int end_of_namespace(void **state)
{
	peer_end(*state);
	return 0;
}

static struct query_world *w;

static socklen_t sockaddr_of(const char *text, uint16_t port, struct sockaddr_storage *out)
{
	struct addr_port at = { .port = port };

	assert_int_equal(addr_from_text(text, &at.addr), 0);
	return addr_port_to_sockaddr(&at, out);
}

static void serve(const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_of(text, PORT, &ss);
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
	bool is_ip6 = ss.ss_family == AF_INET6;
	struct addr_port at;

	assert_int_equal(setsockopt(fd, is_ip6 ? IPPROTO_IPV6 : IPPROTO_IP,
				    is_ip6 ? IPV6_RECVPKTINFO : IP_PKTINFO, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&ss, len), 0);
	assert_int_equal(addr_port_from_sockaddr((struct sockaddr *)&ss, &at), 0);
	assert_int_equal(listener_add(w->r.listener, fd, &at), 0);
}

static void one_address(struct dns_message *m)
{
	world_counts(m, 1, 0, 0);
	dns_a(m, "@12", 300, "198.18.0.1");
}

static void begin(const char *conf)
{
	peer_run("ip neigh flush dev lan0 nud all");
	w = world_new(conf);
	w->answer = one_address;
	serve(PEER_OURS4);
	serve(PEER_OURS6);
}

static int end(void **state)
{
	if (*state)
		world_free(w);
	return 0;
}

/* The world's client is the peer now, with this address. */
static void come_from(const struct peer *p, const char *from)
{
	const char *to = strchr(from, ':') ? PEER_OURS6 : PEER_OURS4;
	struct sockaddr_storage ss;
	socklen_t len;

	close(w->client);
	w->client = peer_socket(p, strchr(from, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM);
	len = sockaddr_of(from, 0, &ss);
	assert_int_equal(bind(w->client, (struct sockaddr *)&ss, len), 0);
	len = sockaddr_of(to, PORT, &ss);
	assert_int_equal(connect(w->client, (struct sockaddr *)&ss, len), 0);
}

static void first_question_of_an_address_is_its_devices(void **state)
{
	static const char *const addrs[] = { PEER_ITS4, PEER_ITS6, "192.0.2.3", "fd00::a:1",
					     "fd00::a:2" };
	const struct peer *p = *state;

	if (!p)
		skip();
	begin(GATE);
	peer_run_there(p, "sh -c 'ip addr add 192.0.2.3/24 dev eth0; for a in fd00::a:1 fd00::a:2; "
			  "do ip addr add $a/64 dev eth0 nodad; done'");
	for (unsigned i = 0; i < ARRAY_SIZE(addrs); i++) {
		come_from(p, addrs[i]);
		assert_int_equal(world_lookup(w, "www.example", TYPE_A).answers, 1);
		assert_int_equal(w->device.kind, DEVICE_MAC);
		assert_int_equal(w->r.stats.waited, i + 1);
	}
	assert_int_equal(w->r.stats.waited_in_vain, 0);
	assert_int_equal(w->questions, 1);
	world_lookup(w, "www.example", TYPE_A); /* known by now */
	assert_int_equal(w->r.stats.waited, ARRAY_SIZE(addrs));
}

/* A child that takes a new address is not out of its policy for the first question. */
static void policy_of_a_device_holds_for_a_new_address(void **state)
{
	const struct peer *p = *state;

	if (!p)
		skip();
	begin("device tv {\n mac " PEER_ITS_MAC "\n}\ngroup g {\n member tv\n}\n"
	      "list ads {\n name *.ads.example\n}\npolicy g {\n for g\n block ads\n}\n");
	come_from(p, PEER_ITS6);
	assert_int_equal(world_lookup(w, "x.ads.example", TYPE_A).rcode, RCODE_NXDOMAIN);
	assert_int_equal(w->r.stats.waited, 1);
}

static void wait_for(const unsigned *count, unsigned enough)
{
	for (int i = 0; i < 5000 && *count < enough; i++) {
		world_turn(w);
		poll(NULL, 0, 1);
	}
	assert_int_equal(*count, enough);
}

/* It has no way to say so: its questions go on by its address, each device's own way. */
static void silent_neighbour_goes_by_its_address(void **state)
{
	const struct peer *p = *state;
	uint8_t buf[1232];

	if (!p)
		skip();
	begin(GATE);
	peer_run_there(p, "sysctl -qw net.ipv4.conf.eth0.arp_ignore=8");
	come_from(p, PEER_ITS4);
	world_ask(w, "www.example", TYPE_A);
	world_ask(w, "www2.example", TYPE_A);
	wait_for(&w->wishes, 2);
	assert_int_equal(w->device.kind, DEVICE_IP4);
	assert_int_equal(w->r.stats.waited, 2);
	assert_int_equal(w->r.stats.waited_in_vain, 2);
	world_settle(w);
	peer_run_there(p, "sysctl -qw net.ipv4.conf.eth0.arp_ignore=0");
	peer_run("ip neigh replace " PEER_ITS4 " lladdr " PEER_ITS_MAC " dev lan0");
	world_reply(w, buf, sizeof(buf)); /* the kernel kept it until then */
}

static void client_behind_a_router_does_not_wait(void **state)
{
	const struct peer *p = *state;

	if (!p)
		skip();
	begin(GATE);
	peer_run("ip route add 10.99.0.0/24 via " PEER_ITS4);
	peer_run_there(p, "ip addr add 10.99.0.7/32 dev lo");
	come_from(p, "10.99.0.7");
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).answers, 1);
	assert_int_equal(w->device.kind, DEVICE_IP4);
	assert_int_equal(w->r.stats.waited, 0);
}

/* One probe for all questions of an address; what waits goes with the process. */
static void end_with_parked_questions_is_clean(void **state)
{
	const struct peer *p = *state;
	struct neighbour_stats stats;

	if (!p)
		skip();
	begin(GATE);
	peer_run_there(p, "sysctl -qw net.ipv4.conf.eth0.arp_ignore=8");
	come_from(p, PEER_ITS4);
	for (int i = 0; i < 10; i++)
		world_ask(w, "www.example", TYPE_A);
	for (int i = 0; i < 5000 && w->r.stats.waited < 10; i++)
		event_base_loop(w->base, EVLOOP_ONCE); /* not a turn: that would end it */
	assert_int_equal(w->r.stats.waited, 10);
	neighbour_get_stats(w->r.neighbours, &stats);
	assert_int_equal(stats.probed, 1);
	assert_true(queries_in_flight(w->r.queries) > 0);
	peer_run_there(p, "sysctl -qw net.ipv4.conf.eth0.arp_ignore=0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(first_question_of_an_address_is_its_devices, end),
		cmocka_unit_test_teardown(policy_of_a_device_holds_for_a_new_address, end),
		cmocka_unit_test_teardown(silent_neighbour_goes_by_its_address, end),
		cmocka_unit_test_teardown(client_behind_a_router_does_not_wait, end),
		cmocka_unit_test_teardown(end_with_parked_questions_is_clean, end),
	};

	return cmocka_run_group_tests(tests, in_a_namespace, end_of_namespace);
}
