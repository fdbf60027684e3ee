/* Addresses, networks, ports and MAC addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/util.h"

static void addresses_are_parsed_and_printed(void **state)
{
	static const struct { const char *in, *out; int rc; } cases[] = {
		{ "192.0.2.1", "192.0.2.1", 0 },
		{ "2001:DB8:0::1", "2001:db8::1", 0 },
		{ "::ffff:192.0.2.1", "192.0.2.1", 0 }, /* mapped is IPv4 */
		{ "::", "::", 0 },
		{ "192.0.2", NULL, -EINVAL },
		{ "192.0.2.256", NULL, -EINVAL },
		{ "fe80::1%lo", NULL, -EINVAL },
		{ "", NULL, -EINVAL },
	};
	char buf[ADDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct addr a;

		assert_int_equal(addr_from_text(cases[i].in, &a), cases[i].rc);
		if (!cases[i].rc)
			assert_string_equal(addr_to_text(&a, buf), cases[i].out);
	}
}

static void networks_refuse_host_bits(void **state)
{
	static const struct { const char *in, *out; int rc; } cases[] = {
		{ "10.0.0.0/8", "10.0.0.0/8", 0 },
		{ "10.1.0.0/8", NULL, -EINVAL },
		{ "192.168.1.32/27", "192.168.1.32/27", 0 },
		{ "192.168.1.33/27", NULL, -EINVAL },
		{ "192.168.1.33", "192.168.1.33", 0 },
		{ "0.0.0.0/0", "0.0.0.0/0", 0 },
		{ "fd00::/7", NULL, -EINVAL },
		{ "fc00::/7", "fc00::/7", 0 },
		{ "10.0.0.0/33", NULL, -EINVAL },
		{ "10.0.0.0/-1", NULL, -EINVAL },
		{ "10.0.0.0/ 8", NULL, -EINVAL },
		{ "10.0.0.0/", NULL, -EINVAL },
	};
	char buf[ADDR_NET_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct addr_net n;

		assert_int_equal(addr_net_from_text(cases[i].in, &n), cases[i].rc);
		if (!cases[i].rc)
			assert_string_equal(addr_net_to_text(&n, buf), cases[i].out);
	}
}

static void network_holds_its_addresses_only(void **state)
{
	static const struct { const char *net, *addr; bool has; } cases[] = {
		{ "192.168.1.32/27", "192.168.1.32", true },
		{ "192.168.1.32/27", "192.168.1.63", true },
		{ "192.168.1.32/27", "192.168.1.64", false },
		{ "0.0.0.0/0", "8.8.8.8", true },
		{ "0.0.0.0/0", "::1", false },
		{ "fe80::/10", "fe80::1", true },
		{ "fe80::/10", "fec0::1", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct addr_net n;
		struct addr a;

		assert_int_equal(addr_net_from_text(cases[i].net, &n), 0);
		assert_int_equal(addr_from_text(cases[i].addr, &a), 0);
		assert_int_equal(addr_net_has(&n, &a), cases[i].has);
	}
}

static void interface_of_a_scope_need_not_exist(void **state)
{
	static const struct { const char *in, *out, *interface; int rc; } cases[] = {
		{ "fe80::1%none0", "[fe80::1]:53", "none0", 0 },
		{ "[fe80::1%br-lan]:5353", "[fe80::1]:5353", "br-lan", 0 },
		{ "[fe80::1%a23456789012345]", "[fe80::1]:53", "a23456789012345", 0 },
		{ "192.0.2.1", "192.0.2.1:53", "", 0 },
		{ "192.0.2.1%lo", NULL, NULL, -EINVAL },
		{ "fe80::1%", NULL, NULL, -EINVAL },
		{ "fe80::1%a234567890123456", NULL, NULL, -EINVAL },
	};
	char buf[ADDR_PORT_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char interface[ADDR_INTERFACE_MAX];
		struct addr_port p;

		assert_int_equal(addr_port_from_scoped(cases[i].in, 53, &p, interface), cases[i].rc);
		if (cases[i].rc)
			continue;
		assert_string_equal(addr_port_to_text(&p, buf), cases[i].out);
		assert_string_equal(interface, cases[i].interface);
		assert_int_equal(p.scope, 0);
	}
}

static void address_and_port_are_parsed(void **state)
{
	static const struct { const char *in, *out; int rc; } cases[] = {
		{ "192.0.2.1:5353", "192.0.2.1:5353", 0 },
		{ "192.0.2.1", "192.0.2.1:53", 0 },
		{ "[2001:db8::1]:5353", "[2001:db8::1]:5353", 0 },
		{ "[2001:db8::1]", "[2001:db8::1]:53", 0 },
		{ "2001:db8::1", "[2001:db8::1]:53", 0 },
		{ "[fe80::1%lo]:53", "[fe80::1%lo]:53", 0 },
		{ "[fe80::1%none0]:53", NULL, -ENODEV },
		{ "[fe80::1%]:53", NULL, -EINVAL },
		{ "[fe80::1%a234567890123456]:53", NULL, -EINVAL },
		{ "192.0.2.1%lo", NULL, -EINVAL },
		{ "192.0.2.1:65536", NULL, -EINVAL },
		{ "192.0.2.1:", NULL, -EINVAL },
		{ "[2001:db8::1", NULL, -EINVAL },
		{ "[2001:db8::1]53", NULL, -EINVAL },
	};
	char buf[ADDR_PORT_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct addr_port p, q;
		struct sockaddr_storage ss;

		assert_int_equal(addr_port_from_text(cases[i].in, 53, &p), cases[i].rc);
		if (cases[i].rc)
			continue;
		assert_string_equal(addr_port_to_text(&p, buf), cases[i].out);
		addr_port_to_sockaddr(&p, &ss);
		assert_int_equal(addr_port_from_sockaddr((struct sockaddr *)&ss, &q), 0);
		assert_true(addr_equal(&p.addr, &q.addr) && p.port == q.port);
	}
}

static void only_public_addresses_are_gated(void **state)
{
	static const struct { const char *addr; bool is; } cases[] = {
		{ "8.8.8.8", true },	     { "198.18.0.1", true },
		{ "192.0.2.1", true },	     { "2001:db8::1", true },
		{ "2606:4700::1", true },    { "10.1.2.3", false },
		{ "172.31.255.255", false }, { "172.32.0.1", true },
		{ "192.168.0.1", false },    { "100.64.0.1", false },
		{ "100.128.0.1", true },     { "127.0.0.1", false },
		{ "169.254.1.1", false },    { "224.0.0.1", false },
		{ "255.255.255.255", false }, { "0.0.0.0", false },
		{ "::1", false },	     { "::", false },
		{ "fd00::1", false },	     { "fe80::1", false },
		{ "ff02::1", false },	     { "::ffff:10.0.0.1", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct addr a;

		assert_int_equal(addr_from_text(cases[i].addr, &a), 0);
		if (addr_is_public(&a) != cases[i].is)
			fail_msg("%s", cases[i].addr);
	}
}

static void private_addresses_are_those_of_two_rfcs(void **state)
{
	static const struct { const char *addr; bool is; } cases[] = {
		{ "10.0.0.0", true },	     { "10.255.255.255", true },
		{ "9.255.255.255", false },  { "11.0.0.0", false },
		{ "172.15.255.255", false }, { "172.16.0.0", true },
		{ "172.31.255.255", true },  { "172.32.0.0", false },
		{ "192.168.0.0", true },     { "192.167.1.1", false },
		{ "100.64.0.1", false },     { "169.254.1.1", false },
		{ "fc00::", true },	     { "fdff::1", true },
		{ "fe00::1", false },	     { "fe80::1", false },
		{ "fbff::1", false },	     { "::ffff:10.0.0.1", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct addr a;

		assert_int_equal(addr_from_text(cases[i].addr, &a), 0);
		if (addr_is_private(&a) != cases[i].is)
			fail_msg("%s", cases[i].addr);
	}
}

static void mac_addresses_are_parsed(void **state)
{
	static const struct { const char *in; int rc; bool unicast; } cases[] = {
		{ "7c:2f:80:00:11:22", 0, true },
		{ "7C-2F-80-00-11-22", 0, true },
		{ "ff:ff:ff:ff:ff:ff", 0, false },
		{ "01:00:5e:00:00:01", 0, false },
		{ "00:00:00:00:00:00", 0, false },
		{ "7c:2f:80:00:11", -EINVAL, false },
		{ "7c:2f-80:00:11:22", -EINVAL, false },
		{ "7c:2f:80:00:11:2g", -EINVAL, false },
		{ "7c:2f:80:00:11:222", -EINVAL, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mac m;

		assert_int_equal(mac_from_text(cases[i].in, &m), cases[i].rc);
		if (!cases[i].rc)
			assert_int_equal(mac_is_unicast(&m), cases[i].unicast);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_parsed_and_printed),
		cmocka_unit_test(networks_refuse_host_bits),
		cmocka_unit_test(network_holds_its_addresses_only),
		cmocka_unit_test(interface_of_a_scope_need_not_exist),
		cmocka_unit_test(address_and_port_are_parsed),
		cmocka_unit_test(only_public_addresses_are_gated),
		cmocka_unit_test(private_addresses_are_those_of_two_rfcs),
		cmocka_unit_test(mac_addresses_are_parsed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
