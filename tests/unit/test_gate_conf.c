/* What the configuration says of a connection whatever was looked up, and how people write one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/gate_conf.h"
#include "cli/gate_story.h"
#include "conf/conf.h"
#include "lib/util.h"
#include "tests/support/conf_text.h"

static void targets_are_read_or_refused(void **state)
{
	static const struct {
		const char *text, *addr; /* NULL: refused */
		uint16_t port;
		uint8_t proto;
	} cases[] = {
		{ "203.0.113.80", "203.0.113.80", 0, 0 },
		{ "2001:db8::1", "2001:db8::1", 0, 0 },
		{ "203.0.113.80:443", "203.0.113.80", 443, IPPROTO_TCP },
		{ "[2001:db8::1]:443", "2001:db8::1", 443, IPPROTO_TCP },
		{ "203.0.113.80:123/udp", "203.0.113.80", 123, IPPROTO_UDP },
		{ "[2001:db8::1]:853/tcp", "2001:db8::1", 853, IPPROTO_TCP },
		{ "203.0.113.80:0", NULL, 0, 0 },
		{ "203.0.113.80:65536", NULL, 0, 0 },
		{ "203.0.113.80/udp", NULL, 0, 0 },
		{ "203.0.113.80:53/icmp", NULL, 0, 0 },
		{ "203.0.113.80:53/", NULL, 0, 0 },
		{ "a.example", NULL, 0, 0 },
		{ "a.example:443", NULL, 0, 0 },
		{ "/udp", NULL, 0, 0 },
		{ "", NULL, 0, 0 },
		{ "11111111111111111111111111111111111111111111111111111111111111111111111111111"
		  ":53", NULL, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct gate_target t;
		char text[ADDR_TEXT_MAX];

		assert_int_equal(gate_target_read(cases[i].text, &t), cases[i].addr ? 0 : -EINVAL);
		if (!cases[i].addr)
			continue;
		assert_string_equal(addr_to_text(&t.addr, text), cases[i].addr);
		assert_int_equal(t.port, cases[i].port);
		assert_int_equal(t.proto, cases[i].proto);
	}
}

static const char zones[] =
	"upstream u {\n server 192.0.2.1\n}\n"
	"window never {\n hours mon 00:00-00:01\n}\n"
	"zone lan {\n interface br-lan\n gate off\n refuse-dot on\n}\n"
	"zone iot {\n interface br-iot\n gate enforce\n reach internet cams\n}\n"
	"zone cams {\n interface cam0 cam1\n reach cams\n}\n"
	"zone guest {\n interface wlan1\n gate enforce\n reach internet\n"
	" allow tcp 443\n allow udp 443 during never\n}\n";

/* As the resolver and the rules have it: an interface of its own, whatever `*` is. */
static void the_routers_loopback_is_in_no_zone_where_it_is_gated(void **state)
{
	static const char rest[] = "upstream u { server 192.0.2.53 }\n"
				   "zone rest {\n interface *\n}\ngate {\n router %s\n}\n";
	static const struct {
		const char *mode, *interface;
		size_t zone;
	} cases[] = {
		{ "off", "lo", 0 },
		{ "observe", "lo", GATE_CONF_NONE },
		{ "enforce", "lo", GATE_CONF_NONE },
		{ "enforce", "lo0", 0 },
		{ "enforce", "wan", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[256];
		struct conf *c;

		snprintf(text, sizeof(text), rest, cases[i].mode);
		c = conf_of_text(text);
		assert_int_equal(gate_conf_zone(c, cases[i].interface), cases[i].zone);
		conf_free(c);
	}
}

/* As test_gate_zones.sh has it for packets. */
static void a_zone_refuses_by_port_and_by_way_out(void **state)
{
	static const struct {
		const char *zone, *out; /* out NULL: not known */
		uint8_t proto;
		uint16_t port;
		enum gate_conf_fate fate;
		bool is_shut;
	} cases[] = {
		{ "lan", "wan", IPPROTO_TCP, 853, FATE_REFUSED, true },
		{ "lan", "wan", IPPROTO_UDP, 853, FATE_REFUSED, true },
		{ "lan", "wan", IPPROTO_TCP, 443, FATE_BY_LEASE, false },
		{ "lan", "wan", 0, 0, FATE_BY_LEASE, false },
		{ "lan", "br-iot", 0, 0, FATE_BY_LEASE, false },
		{ "iot", "wan", IPPROTO_TCP, 853, FATE_BY_LEASE, false },
		{ "iot", "cam1", 0, 0, FATE_BY_LEASE, false },
		{ "iot", "br-iot", 0, 0, FATE_BY_LEASE, false },
		{ "iot", "br-lan", 0, 0, FATE_REFUSED, true },
		{ "iot", NULL, 0, 0, FATE_BY_LEASE, false },
		{ "cams", "wan", 0, 0, FATE_REFUSED, true },
		{ "cams", "br-iot", 0, 0, FATE_REFUSED, true },
		{ "cams", "cam0", 0, 0, FATE_BY_LEASE, false },
		{ "guest", "wan", IPPROTO_TCP, 443, FATE_PASSES, false },
		{ "guest", "wan", IPPROTO_UDP, 443, FATE_BY_LEASE, false },
		{ "guest", "br-lan", IPPROTO_TCP, 443, FATE_REFUSED, true },
	};
	struct conf *c = conf_of_text(zones);
	bool changed;

	(void)state;
	conf_windows_apply(c, 1795420800, &changed); /* Monday 2026-11-23 08:00 UTC */
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t bytes[4] = { 203, 0, 113, 80 };
		struct addr dest = addr_from_bytes(AF_INET, bytes);
		struct gate_conf_flow f = {
			.zone = gate_conf_zone_named(c, cases[i].zone),
			.device = GATE_CONF_NONE, .dest = &dest, .proto = cases[i].proto,
			.port = cases[i].port, .out = cases[i].out,
		};

		if (gate_conf_fate(c, &f) != cases[i].fate ||
		    gate_conf_is_shut(c, &f) != cases[i].is_shut)
			fail_msg("case %zu: %s by %s", i, cases[i].zone, cases[i].out);
	}
	conf_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_are_read_or_refused),
		cmocka_unit_test(the_routers_loopback_is_in_no_zone_where_it_is_gated),
		cmocka_unit_test(a_zone_refuses_by_port_and_by_way_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
