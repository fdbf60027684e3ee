/* Values of good configurations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <netinet/in.h>

#include "conf/conf.h"
#include "conf/conf_query.h"
#include "lib/util.h"
#include "tests/support/conf_text.h"

#define UP "upstream u { server 192.0.2.53 }\n"

/* of the bytes 0 to 31; of 255, 248 and so on */
#define PIN_A "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define PIN_B "sha256///jx6uPc1c7HwLmyq6Sdlo+IgXpzbGVeV1BJQjs0LSY="

static void assert_addr(const struct addr *a, const char *text)
{
	char buf[ADDR_TEXT_MAX];

	assert_string_equal(addr_to_text(a, buf), text);
}

static void assert_addr_port(const struct addr_port *a, const char *text)
{
	char buf[ADDR_PORT_TEXT_MAX];

	assert_string_equal(addr_port_to_text(a, buf), text);
}

static void what_is_not_written_has_its_default(void **state)
{
	struct conf *c = conf_of_text(UP);

	(void)state;
	assert_int_equal(c->listen_count, 2);
	assert_addr_port(&c->listens[0].at, "127.0.0.1:53");
	assert_addr_port(&c->listens[1].at, "[::1]:53");
	assert_int_equal(c->listens[0].place.line, 0);
	assert_int_equal(c->upstreams[0].timeout_ms, 4000);
	assert_int_equal(c->upstreams[0].order, ORDER_FASTEST);
	assert_int_equal(c->clients.net_count, 0);
	assert_int_equal(c->clients.others, OTHERS_REFUSE);
	assert_int_equal(c->clients.rate, 500);
	assert_int_equal(c->clients.burst, 2000);
	assert_int_equal(c->clients.connections, 32);
	assert_int_equal(c->cache.size_bytes, 32 << 20);
	assert_int_equal(c->cache.ttl_max_s, 86400);
	assert_int_equal(c->cache.negative_max_s, 3600);
	assert_int_equal(c->cache.stale_s, 3600);
	assert_int_equal(c->cache.stale_after_ms, 1800);
	assert_int_equal(c->cache.prefetch, SWITCH_ON);
	assert_int_equal(c->cache.nxdomain_below, NXDOMAIN_SECURE);
	assert_int_equal(c->block_answer, BLOCK_NXDOMAIN);
	assert_int_equal(c->block_ttl_s, 10);
	assert_string_equal(c->gate.table, "nameward");
	assert_int_equal(c->gate.lease_min_s, 60);
	assert_int_equal(c->gate.lease_max_s, 86400);
	assert_int_equal(c->gate.grace_s, 600);
	assert_int_equal(c->gate.answer_deadline_ms, 250);
	assert_int_equal(c->gate.max_leases, 65536);
	assert_int_equal(c->gate.max_device_leases, 4096);
	assert_true(c->history.on);
	assert_string_equal(c->history.file, "/var/lib/nameward/history.db");
	assert_int_equal(c->history.commit_every_ms, 2000);
	assert_int_equal(c->history.commit_rows, 500);
	assert_int_equal(c->history.keep_lookups_s, 90 * 86400);
	assert_int_equal(c->history.keep_refusals_s, 90 * 86400);
	assert_true(c->history.max_size_bytes == UINT64_C(2) << 30);
	assert_string_equal(c->control, "/run/nameward/ctl");
	assert_int_equal(c->zone_count + c->device_count + c->group_count + c->list_count, 0);
	conf_free(c);
}

static void listens_and_upstreams_are_read(void **state)
{
	struct conf *c = conf_of_text("listen lan 192.0.2.1 [2001:db8::1]:5353\n"
				      "listen here 127.0.0.1:54 2001:db8::2\n"
				      "upstream a {\n"
				      "  server 192.0.2.53:5300\n"
				      "  server 2001:db8::53 [2001:db8::54]:853\n"
				      "  timeout 1500ms\n"
				      "  order spread\n"
				      "}\n");

	(void)state;
	assert_int_equal(c->listen_count, 4);
	assert_addr_port(&c->listens[0].at, "192.0.2.1:53");
	assert_addr_port(&c->listens[1].at, "[2001:db8::1]:5353");
	assert_string_equal(c->listens[1].name, "lan");
	assert_addr_port(&c->listens[3].at, "[2001:db8::2]:53");
	assert_string_equal(c->listens[3].name, "here");
	assert_int_equal(c->listens[3].place.line, 2);
	assert_string_equal(c->listens[3].place.file, "test.conf");
	assert_int_equal(c->upstreams[0].server_count, 3);
	assert_addr_port(&c->upstreams[0].servers[0].at, "192.0.2.53:5300");
	assert_addr_port(&c->upstreams[0].servers[1].at, "[2001:db8::53]:53");
	assert_addr_port(&c->upstreams[0].servers[2].at, "[2001:db8::54]:853");
	assert_int_equal(c->upstreams[0].timeout_ms, 1500);
	assert_int_equal(c->upstreams[0].order, ORDER_SPREAD);
	assert_int_equal(c->upstreams[0].place.line, 3);
	conf_free(c);
}

static void socket_for_reading_is_beside_the_control_socket(void **state)
{
	static const struct { const char *control, *query; } cases[] = {
		{ "/run/nameward/ctl", "/run/nameward/query" },
		{ "/a/nameward.ctl", "/a/nameward.ctl.query" },
		{ "ctl", "query" },
		{ "/a/ctl/x", "/a/ctl/x.query" },
	};
	struct conf *c = conf_of_text("upstream a { server 192.0.2.1 }\nquery-group web-data\n");
	char buf[PATH_MAX], long_path[PATH_MAX];

	(void)state;
	assert_string_equal(c->query_group, "web-data");
	conf_free(c);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(conf_query_path(cases[i].control, buf), 0);
		assert_string_equal(buf, cases[i].query);
	}
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(conf_query_path(long_path, buf), -ENAMETOOLONG);
}

static void interface_of_an_address_may_come_later(void **state)
{
	struct conf *c = conf_of_text("listen lan fe80::1%none0 [fe80::2%lo]:5353\n"
				      "upstream a { server fe80::2%lo fe80::1%none1 }\n");
	char text[ADDR_PORT_TEXT_MAX];

	(void)state;
	assert_int_equal(c->listen_count, 2);
	assert_string_equal(conf_place_to_text(&c->listens[0].at, c->listens[0].interface, text), "[fe80::1%none0]:53");
	assert_string_equal(c->listens[0].interface, "none0");
	assert_string_equal(conf_place_to_text(&c->listens[1].at, c->listens[1].interface, text), "[fe80::2%lo]:5353");
	assert_int_equal(c->listens[1].at.scope, 0);
	assert_int_equal(c->upstreams[0].servers[0].at.scope, 1); /* lo's index */
	assert_string_equal(c->upstreams[0].servers[0].interface, "lo");
	assert_int_equal(c->upstreams[0].servers[1].at.scope, 0);
	assert_string_equal(c->upstreams[0].servers[1].interface, "none1");
	conf_free(c);
}

static void servers_are_asked_over_tls_where_a_line_says_so(void **state)
{
	struct conf *c = conf_of_text("upstream u {\n"
				      " server 192.0.2.1 [2001:db8::1]:8853 tls dns.example.\n"
				      " server 192.0.2.2 tls Dns.Example pin " PIN_A " " PIN_B "\n"
				      " server 192.0.2.3 tls x.example pin " PIN_A " pin " PIN_B "\n"
				      " server 192.0.2.4\n"
				      "}\n");
	const struct conf_server *s = c->upstreams[0].servers;

	(void)state;
	assert_int_equal(c->upstreams[0].server_count, 5);
	assert_addr_port(&s[0].at, "192.0.2.1:853");
	assert_addr_port(&s[1].at, "[2001:db8::1]:8853");
	assert_string_equal(s[1].tls->name, "dns.example");
	assert_int_equal(s[1].tls->pin_count, 0);
	for (size_t i = 2; i < 4; i++) {
		assert_int_equal(s[i].tls->pin_count, 2);
		for (uint8_t b = 0; b < 32; b++)
			assert_int_equal(s[i].tls->pins[0].sha256[b], b);
		assert_int_equal(s[i].tls->pins[1].sha256[31], 255 - 31 * 7);
	}
	assert_null(s[4].tls);
	assert_true(conf_wants_ca(c));
	assert_string_equal(c->ca_certificates, "/etc/ssl/certs/ca-certificates.crt");
	conf_free(c);
	c = conf_of_text("upstream u { server 192.0.2.2 tls a.example pin " PIN_A " }\n");
	assert_false(conf_wants_ca(c));
	conf_free(c);
}

static void the_root_goes_to_the_default_upstream(void **state)
{
	static const struct {
		const char *text, *upstream;
	} cases[] = {
		{ "", "a" },
		{ "forward . b\n", "b" },
		{ "forward x.example a\n", "b" },
		{ "forward x.example b\n", "a" },
		{ "forward x.example a\nforward y.example b\n", "a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[512];
		struct conf *c;
		size_t f = 0;

		snprintf(text, sizeof(text),
			 "upstream a { server 192.0.2.1 }\n%supstream b { server 192.0.2.2 }\n",
			 cases[i].text);
		c = conf_of_text(text);
		while (f < c->forward_count && c->forwards[f].suffix.len != 1)
			f++;
		assert_true(f < c->forward_count);
		assert_string_equal(c->upstreams[c->forwards[f].upstream].name,
				    cases[i].upstream);
		conf_free(c);
	}
}

static void suffixes_are_lower_case(void **state)
{
	struct conf *c = conf_of_text(UP "forward CORP.Example. u\n");
	char text[DNAME_TEXT_MAX];

	(void)state;
	assert_string_equal(dname_to_text(&c->forwards[0].suffix, text), "corp.example");
	conf_free(c);
}

static void on_failure_follows_the_gate(void **state)
{
	static const struct {
		const char *lines;
		enum conf_gate_mode gate;
		enum conf_on_failure on_failure;
	} cases[] = {
		{ "", GATE_OFF, FAILURE_ANSWER },
		{ "gate observe\n", GATE_OBSERVE, FAILURE_ANSWER },
		{ "gate enforce\n", GATE_ENFORCE, FAILURE_SERVFAIL },
		{ "gate enforce\non-failure answer\n", GATE_ENFORCE, FAILURE_ANSWER },
		{ "on-failure servfail\ngate observe\n", GATE_OBSERVE, FAILURE_SERVFAIL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[512];
		struct conf *c;

		snprintf(text, sizeof(text), UP "zone z {\ninterface br0 wlan1\n%s}\n",
			 cases[i].lines);
		c = conf_of_text(text);
		assert_int_equal(c->zones[0].interface_count, 2);
		assert_string_equal(c->zones[0].interfaces[1], "wlan1");
		assert_int_equal(c->zones[0].gate, cases[i].gate);
		assert_int_equal(c->zones[0].on_failure, cases[i].on_failure);
		conf_free(c);
	}
}

static void devices_and_groups_are_read(void **state)
{
	struct conf *c = conf_of_text(UP "group kids {\n"
					 "  member tv 192.0.2.32/27\n"
					 "  member 2001:db8::1 phone\n"
					 "}\n"
					 "device tv {\n"
					 "  mac 7C-2F-80-00-11-22 7c:2f:80:00:11:23\n"
					 "}\n"
					 "device phone { address 192.0.2.7 2001:db8::7 }\n");
	const struct conf_group *g = &c->groups[0];
	char text[MAC_TEXT_MAX];

	(void)state;
	assert_int_equal(c->devices[0].mac_count, 2);
	assert_string_equal(mac_to_text(&c->devices[0].macs[0], text), "7c:2f:80:00:11:22");
	assert_int_equal(c->devices[1].addr_count, 2);
	assert_addr(&c->devices[1].addrs[1], "2001:db8::7");
	assert_int_equal(g->member_count, 4);
	assert_int_equal(g->members[0].device, 0);
	assert_true(g->members[1].device == SIZE_MAX);
	assert_addr(&g->members[1].net.addr, "192.0.2.32");
	assert_int_equal(g->members[1].net.prefix, 27);
	assert_int_equal(g->members[2].net.prefix, 128);
	assert_int_equal(g->members[3].device, 1);
	conf_free(c);
}

static void lists_and_policies_are_read(void **state)
{
	struct conf *c = conf_of_text(UP "policy default { block ads }\n"
					 "policy kids {\n for kids\n block ads more\n allow ok\n}\n"
					 "group kids { member 192.0.2.0/24 }\n"
					 "list ads {\n file /x/ads.txt\n format hosts\n"
					 " subdomains yes\n}\n"
					 "list more {\n name x.example *.y.example\n name z.example\n}\n"
					 "list ok { file ok.txt }\n");

	(void)state;
	assert_int_equal(c->list_count, 3);
	assert_string_equal(c->lists[0].file, "/x/ads.txt");
	assert_int_equal(c->lists[0].format, LIST_HOSTS);
	assert_int_equal(c->lists[0].subdomains, SUBDOMAINS_YES);
	assert_null(c->lists[1].file);
	assert_int_equal(c->lists[1].name_count, 3);
	assert_string_equal(c->lists[1].names[1].text, "*.y.example");
	assert_int_equal(c->lists[1].names[2].place.line, 16);
	assert_int_equal(c->lists[1].format, LIST_AUTO);
	assert_string_equal(c->lists[2].file, "ok.txt");

	/* default is behind all others, wherever it was written */
	assert_int_equal(c->policy_count, 2);
	assert_string_equal(c->policies[0].name, "kids");
	assert_int_equal(c->policies[0].group_count, 1);
	assert_int_equal(c->policies[0].block, 3);
	assert_int_equal(c->policies[0].allow, 4);
	assert_string_equal(c->policies[1].name, "default");
	assert_int_equal(c->policies[1].group_count, 0);
	assert_int_equal(c->policies[1].block, 1);
	assert_int_equal(c->policies[1].place.line, 2);
	conf_free(c);
}

static void a_default_policy_is_always_there(void **state)
{
	struct conf *c = conf_of_text(UP);

	(void)state;
	assert_int_equal(c->policy_count, 1);
	assert_string_equal(c->policies[0].name, "default");
	assert_int_equal(c->policies[0].block | c->policies[0].allow, 0);
	conf_free(c);
}

static void the_gate_is_read(void **state)
{
	struct conf *c = conf_of_text(UP "gate {\n table inet fw_1\n lease-min 5s\n lease-max 2h\n"
					 " grace 0s\n answer-deadline 1s\n max-leases 100\n"
					 " max-device-leases 16\n allow udp 123\n"
					 " allow tcp 8000-8100\n allow 192.0.2.0/24\n"
					 " allow 2001:db8::1\n}\n");
	const struct conf_gate *g = &c->gate;

	(void)state;
	assert_string_equal(g->table, "fw_1");
	assert_int_equal(g->lease_min_s, 5);
	assert_int_equal(g->lease_max_s, 7200);
	assert_int_equal(g->grace_s, 0);
	assert_int_equal(g->answer_deadline_ms, 1000);
	assert_int_equal(g->max_leases, 100);
	assert_int_equal(g->max_device_leases, 16);
	assert_int_equal(g->allow_count, 4);
	assert_int_equal(g->allows[0].proto, IPPROTO_UDP);
	assert_int_equal(g->allows[0].port_first, 123);
	assert_int_equal(g->allows[0].port_last, 123);
	assert_int_equal(g->allows[0].net.addr.family, 0);
	assert_int_equal(g->allows[1].proto, IPPROTO_TCP);
	assert_int_equal(g->allows[1].port_last, 8100);
	assert_int_equal(g->allows[2].proto, 0);
	assert_int_equal(g->allows[2].net.prefix, 24);
	assert_int_equal(g->allows[3].net.prefix, 128);
	assert_int_equal(g->allows[3].place.line, 13);
	conf_free(c);
}

static void the_rest_is_read(void **state)
{
	struct conf *c = conf_of_text(UP "cache {\n size off\n ttl-max 2d\n negative-max 0s\n}\n"
					 "block-answer refused\nblock-ttl 1m\ncontrol /x/ctl\n"
					 "history {\n file h.db\n commit-every 500ms\n"
					 " commit-rows 10\n keep lookups forever\n"
					 " keep refusals 1y\n max-size unlimited\n}\n");

	(void)state;
	assert_int_equal(c->cache.size_bytes, 0);
	assert_int_equal(c->cache.ttl_max_s, 172800);
	assert_int_equal(c->cache.negative_max_s, 0);
	assert_int_equal(c->block_answer, BLOCK_REFUSED);
	assert_int_equal(c->block_ttl_s, 60);
	assert_string_equal(c->control, "/x/ctl");
	assert_string_equal(c->history.file, "h.db");
	assert_int_equal(c->history.commit_every_ms, 500);
	assert_int_equal(c->history.commit_rows, 10);
	assert_int_equal(c->history.keep_lookups_s, 0);
	assert_int_equal(c->history.keep_refusals_s, 365 * 86400);
	assert_int_equal(c->history.max_size_bytes, 0);
	conf_free(c);
	c = conf_of_text(UP "history off\n");
	assert_false(c->history.on);
	conf_free(c);
}

static void extend_adds_to_a_block(void **state)
{
	struct conf *c = conf_of_text("policy kids extend { block b }\n"
				      "upstream u { server 192.0.2.1 }\n"
				      "upstream u extend {\n server 192.0.2.2\n timeout 1s\n}\n"
				      "list a { name a.example }\nlist b { name b.example }\n"
				      "group g { member 192.0.2.0/24 }\n"
				      "policy kids {\n for g\n block a\n}\n"
				      "gate { grace 1s }\n"
				      "gate extend { lease-min 2s }\n");

	(void)state;
	assert_int_equal(c->upstreams[0].server_count, 2);
	assert_int_equal(c->upstreams[0].timeout_ms, 1000);
	assert_int_equal(c->policies[0].block, 3);
	assert_int_equal(c->gate.grace_s, 1);
	assert_int_equal(c->gate.lease_min_s, 2);
	conf_free(c);
}

static void units_are_read(void **state)
{
	static const struct {
		const char *text;
		uint32_t ms;
	} cases[] = {
		{ "100ms", 100 }, { "1s", 1000 }, { "30s", 30000 }, { "30000ms", 30000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[128];
		struct conf *c;

		snprintf(text, sizeof(text), "upstream u {\nserver 192.0.2.1\ntimeout %s\n}\n",
			 cases[i].text);
		c = conf_of_text(text);
		assert_int_equal(c->upstreams[0].timeout_ms, cases[i].ms);
		conf_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_written_has_its_default),
		cmocka_unit_test(listens_and_upstreams_are_read),
		cmocka_unit_test(socket_for_reading_is_beside_the_control_socket),
		cmocka_unit_test(interface_of_an_address_may_come_later),
		cmocka_unit_test(servers_are_asked_over_tls_where_a_line_says_so),
		cmocka_unit_test(the_root_goes_to_the_default_upstream),
		cmocka_unit_test(suffixes_are_lower_case),
		cmocka_unit_test(on_failure_follows_the_gate),
		cmocka_unit_test(devices_and_groups_are_read),
		cmocka_unit_test(lists_and_policies_are_read),
		cmocka_unit_test(a_default_policy_is_always_there),
		cmocka_unit_test(the_gate_is_read),
		cmocka_unit_test(the_rest_is_read),
		cmocka_unit_test(extend_adds_to_a_block),
		cmocka_unit_test(units_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
