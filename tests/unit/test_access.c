/* Who is answered at all. */
/* wrap: getifaddrs freeifaddrs if_nametoindex */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/util.h"
#include "resolver/access.h"

enum { LO = 1, LAN, WAN, TUNNEL };

/* --- interfaces: a LAN of two families, a line to the outside, a tunnel with no address -------- */

static const struct {
	char name[8];
	const char *addr, *mask;
} rows[] = {
	{ "lo", "127.0.0.1", "255.0.0.0" },
	{ "lan", "192.168.1.1", "255.255.255.0" },
	{ "lan", "2001:db8:1::1", "ffff:ffff:ffff:ffff::" },
	{ "lan", "fe80::1", "ffff:ffff:ffff:ffff::" },
	{ "wan", "198.51.100.9", "255.255.255.0" },
	{ "wan", "2001:db8:2::9", "ffff:ffff:ffff:ffff::" },
	{ "wan", "fe80::2", "ffff:ffff:ffff:ffff::" },
	{ "tunnel", NULL, NULL },
};
static struct {
	char name[8];
	struct sockaddr_storage addr, mask;
	struct ifaddrs i;
} kernel[ARRAY_SIZE(rows)];
static unsigned looks;
static int fails;

static struct sockaddr *fill(const char *text, struct sockaddr_storage *ss)
{
	struct addr_port at = { 0 };

	if (!text)
		return NULL;
	assert_int_equal(addr_from_text(text, &at.addr), 0);
	addr_port_to_sockaddr(&at, ss);
	return (struct sockaddr *)ss;
}

int __wrap_getifaddrs(struct ifaddrs **out);
int __wrap_getifaddrs(struct ifaddrs **out)
{
	looks++;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		kernel[i].i = (struct ifaddrs){
			.ifa_next = i + 1 < ARRAY_SIZE(rows) ? &kernel[i + 1].i : NULL,
			.ifa_name = strcpy(kernel[i].name, rows[i].name),
			.ifa_flags = IFF_UP,
			.ifa_addr = fill(rows[i].addr, &kernel[i].addr),
			.ifa_netmask = fill(rows[i].mask, &kernel[i].mask),
		};
	*out = &kernel[0].i;
	errno = ENOMEM;
	return fails;
}

void __wrap_freeifaddrs(struct ifaddrs *all);
void __wrap_freeifaddrs(struct ifaddrs *all)
{
	assert_ptr_equal(all, &kernel[0].i);
}

unsigned __wrap_if_nametoindex(const char *name);
unsigned __wrap_if_nametoindex(const char *name)
{
	return !strcmp(name, "lo") ? LO : !strcmp(name, "lan") ? LAN : WAN;
}

static int setup(void **state)
{
	struct access *a;

	looks = 0;
	fails = 0;
	assert_int_equal(access_new(&a), 0);
	*state = a;
	return 0;
}

static int teardown(void **state)
{
	access_free(*state);
	return 0;
}

static struct asker asker_of(const char *addr, uint32_t ifindex)
{
	struct asker a = { .from.port = 40000, .ifindex = ifindex };

	assert_int_equal(addr_from_text(addr, &a.from.addr), 0);
	return a;
}

/* --- tests ------------------------------------------------------------------------------------ */

static void what_is_at_home_is_answered_by_default(void **state)
{
	static const struct {
		const char *addr;
		uint32_t ifindex;
		bool answered;
	} cases[] = {
		{ "127.0.0.1", LO, true },
		{ "127.9.9.9", LO, true },
		{ "::1", LO, true },
		{ "192.168.1.20", LAN, true },
		{ "192.168.77.20", LAN, true }, /* behind another router */
		{ "10.1.2.3", TUNNEL, true },
		{ "172.31.255.255", LAN, true },
		{ "172.32.0.0", LAN, false },
		{ "172.15.0.0", LAN, false },
		{ "fd77::5", LAN, true },
		{ "fc00::1", LAN, true },
		{ "2001:db8:1::5", LAN, true }, /* its public prefix, delegated to us */
		{ "2001:db8:1:1::5", LAN, false },
		{ "2001:db8:1::5", WAN, false }, /* forged */
		{ "fe80::5", LAN, true },
		{ "169.254.1.1", LAN, true },
		{ "fe80::5", WAN, false },
		{ "169.254.1.1", WAN, false },
		{ "198.51.100.10", WAN, false }, /* a neighbour outside */
		{ "2001:db8:2::10", WAN, false },
		{ "100.64.0.1", WAN, false },
		{ "8.8.8.8", WAN, false },
		{ "2001:4860:4860::8888", WAN, false },
		{ "192.167.255.255", WAN, false },
		{ "192.169.0.0", WAN, false },
		{ "11.0.0.1", WAN, false },
		{ "fe00::1", WAN, false },
	};
	static const struct conf_clients none;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct asker a = asker_of(cases[i].addr, cases[i].ifindex);

		assert_int_equal(access_allows(*state, &none, &a, 100000 * i), cases[i].answered);
	}
}

static void configured_networks_are_all_there_is_but_loopback(void **state)
{
	struct addr_net nets[2];
	struct conf_clients conf = { .nets = nets, .net_count = 2 };
	static const struct {
		const char *addr;
		bool answered;
	} cases[] = {
		{ "198.51.100.7", true },   { "198.51.101.7", false }, { "2001:db8:9::1", true },
		{ "192.168.1.20", false },  { "127.0.0.1", true },     { "::1", true },
		{ "2001:db8:1::5", false },
	};

	assert_int_equal(addr_net_from_text("198.51.100.0/24", &nets[0]), 0);
	assert_int_equal(addr_net_from_text("2001:db8:9::/48", &nets[1]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct asker a = asker_of(cases[i].addr, LAN);

		assert_int_equal(access_allows(*state, &conf, &a, 0), cases[i].answered);
	}
	assert_int_equal(looks, 0);
}

static void this_host_is_answered_by_its_own_addresses(void **state)
{
	static const char *const addrs[] = { "198.51.100.1", "2001:db8:2::1" };
	struct addr_net net;
	struct conf_clients conf = { .nets = &net, .net_count = 1 };
	static const struct conf_clients none;

	assert_int_equal(addr_net_from_text("10.0.0.0/8", &net), 0);
	for (size_t i = 0; i < ARRAY_SIZE(addrs); i++) {
		struct asker a = asker_of(addrs[i], WAN);

		assert_false(access_allows(*state, &none, &a, 0));
		a.to = a.from.addr;
		assert_true(access_allows(*state, &none, &a, 0));
		assert_true(access_allows(*state, &conf, &a, 0));
	}
}

static void strangers_make_us_look_only_now_and_then(void **state)
{
	struct asker stranger = asker_of("8.8.8.8", WAN), lan = asker_of("2001:db8:1::5", LAN);
	static const struct conf_clients none;

	for (unsigned ms = 0; ms < ACCESS_LOOK_MS; ms++)
		access_allows(*state, &none, &stranger, ms);
	assert_int_equal(looks, 1);
	access_allows(*state, &none, &stranger, ACCESS_LOOK_MS);
	assert_int_equal(looks, 2);
	for (unsigned i = 0; i < 10; i++)
		assert_true(access_allows(*state, &none, &lan, UINT64_C(1000000) * i));
	assert_int_equal(looks, 2);
}

static void a_look_that_fails_lets_nobody_in(void **state)
{
	struct asker lan = asker_of("2001:db8:1::5", LAN);
	static const struct conf_clients none;

	fails = -1;
	assert_false(access_allows(*state, &none, &lan, 0));
	fails = 0;
	assert_true(access_allows(*state, &none, &lan, ACCESS_LOOK_MS));
}

static void sources_that_no_client_has_are_forged(void **state)
{
	static const struct {
		const char *addr;
		uint16_t port;
		bool forged;
	} cases[] = {
		{ "192.168.1.20", 40000, false }, { "192.168.1.20", 54, false },
		{ "192.168.1.20", 53, true },	  { "192.168.1.20", 0, true },
		{ "192.168.1.20", 7, true },	  { "192.168.1.20", 19, true },
		{ "224.0.0.251", 5353, true },	  { "255.255.255.255", 40000, true },
		{ "0.0.0.0", 40000, true },	  { "ff02::1", 40000, true },
		{ "::", 40000, true },		  { "::1", 40000, false },
		{ "2001:db8::1", 19, true },	  { "fe80::1", 40000, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct asker a = asker_of(cases[i].addr, LAN);

		a.from.port = cases[i].port;
		assert_int_equal(access_is_forged(&a), cases[i].forged);
		a.tcp = (struct tcp_conn *)&a; /* which nobody can forge */
		assert_false(access_is_forged(&a));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_at_home_is_answered_by_default, setup,
						teardown),
		cmocka_unit_test_setup_teardown(configured_networks_are_all_there_is_but_loopback,
						setup, teardown),
		cmocka_unit_test_setup_teardown(this_host_is_answered_by_its_own_addresses, setup,
						teardown),
		cmocka_unit_test_setup_teardown(strangers_make_us_look_only_now_and_then, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_look_that_fails_lets_nobody_in, setup, teardown),
		cmocka_unit_test_setup_teardown(sources_that_no_client_has_are_forged, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
