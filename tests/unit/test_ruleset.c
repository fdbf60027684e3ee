/* The ruleset: its text, its netlink form, and that both are the same to the real nft. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "lib/hash.h"
#include "lib/util.h"
#include "nftsync/netlink.h"
#include "nftsync/rule_desc.h"
#include "nftsync/ruleset.h"
#include "nftsync/kernel_table.h"
#include "tests/support/conf_text.h"
#include "tests/support/nft_ns.h"

static struct ruleset *make(const struct conf *c)
{
	struct ruleset *rs;

	assert_int_equal(ruleset_new(c, &rs), 0);
	return rs;
}

static int load(struct netlink *nl, const struct ruleset *rs, struct nl_buf *buf)
{
	nl_buf_begin(buf);
	ruleset_render_removal(ruleset_table(rs), buf);
	ruleset_render_base(rs, buf);
	ruleset_render_rules(rs, buf);
	assert_int_equal(nl_buf_end(buf), 0);
	return netlink_commit(nl, buf);
}

static int reload(struct netlink *nl, const struct ruleset *rs, struct nl_buf *buf)
{
	assert_int_equal(table_render_clear(nl, rs, buf), 0);
	ruleset_render_base(rs, buf);
	ruleset_render_rules(rs, buf);
	assert_int_equal(nl_buf_end(buf), 0);
	return netlink_commit(nl, buf);
}

/* What nft lists after a load by netlink, which must be what it lists after one by text. */
static char *listing_of(const struct ruleset *rs)
{
	struct nl_buf buf = { 0 };
	struct netlink *nl;
	char *by_netlink, *by_text, *text, *a, *b;

	if (!nft_ns_enter())
		skip();
	assert_int_equal(netlink_open(&nl), 0);
	assert_int_equal(load(nl, rs, &buf), 0);
	by_netlink = nft_ns_run("nft list table inet nameward");
	netlink_close(nl);

	assert_true(nft_ns_enter());
	assert_int_equal(ruleset_text(rs, &text), 0);
	assert_int_equal(nft_ns_load("-c", text), 0);
	assert_int_equal(nft_ns_load("", text), 0);
	by_text = nft_ns_run("nft list table inet nameward");
	a = nft_ns_ordered(by_netlink);
	b = nft_ns_ordered(by_text);
	assert_string_equal(a, b);
	free(by_text);
	free(text);
	free(a);
	free(b);
	nl_buf_fini(&buf);
	return by_netlink;
}

static void text_and_netlink_list_the_same(void **state)
{
	(void)state;
	for (int rest = 0; rest < 2; rest++) {
		struct ruleset *rs = make(nft_ns_conf(rest));
		char *listing = listing_of(rs);

		assert_non_null(strstr(listing, "\"wlan1\" : goto enforce"));
		assert_non_null(strstr(listing, "tcp dport @allow_tcp accept"));
		free(listing);
		ruleset_free(rs);
	}
}

/* Everything that zones and devices can say; the names are ones that nft could misread. */
static const char every_option[] =
	"upstream u { server 198.18.0.53 }\n"
	"listen any 0.0.0.0:53 [::]:53\n"
	"listen io-t.1 192.0.2.1:53 [2001:db8::1]:53\n"
	"zone lan {\n interface br-lan\n gate off\n allow tcp 22\n}\n"
	"zone io-t.1 {\n interface br-iot 0strange wlan1.30\n gate observe\n reach lan\n"
	" refuse-dot on\n redirect-dns on\n when-down closed\n allow udp 123\n"
	" allow tcp 5000-5010\n allow tcp 5005-5020\n allow 198.51.100.0/24\n"
	" allow 2001:db8:5::/48\n allow mac 7c:2f:80:00:11:55\n}\n"
	"zone 30_guests {\n interface guest0\n gate enforce\n reach internet\n redirect-dns on\n}\n"
	"zone rest {\n interface *\n gate enforce\n when-down closed\n refuse-dot on\n"
	" redirect-dns on\n}\n"
	"device tv {\n mac 7c:2f:80:00:11:22 7c:2f:80:00:11:23\n gate enforce\n}\n"
	"device nas {\n address 192.168.1.5 fd00::5\n gate off\n}\n"
	"device bad {\n mac 7c:2f:80:00:11:77\n address 192.168.1.7 fd00::7\n gate quarantine\n}\n"
	"device radio {\n address 192.168.1.6 fd00::6\n gate observe\n}\n"
	"gate {\n table-owner off\n router observe\n allow tcp 8443\n allow mac 7c:2f:80:00:11:66\n allow mac 7c:2f:80:00:11:66\n"
	" deny 198.51.100.53 2001:db8:53::/48 198.51.100.54\n}\n";

/* Numbers that no account has here: nft prints names. */
static struct conf *with_accounts(struct conf *c)
{
	c->gate.accounts[0] = 65001;
	c->gate.accounts[1] = 65002;
	c->gate.account_count = 2;
	return c;
}

static void every_option_is_the_same_as_text_and_netlink(void **state)
{
	static const char *const lines[] = {
		"ether saddr vmap @device_mode\n",
		"ip saddr vmap @device_mode4\n",
		"ip6 saddr vmap @device_mode6\n",
		"ip daddr @deny4 return\n",
		"oifname != @reach_io-t.1 goto refuse\n",
		"oifname @shut_30_guests goto refuse\n",
		"tcp dport 853 goto refuse\n",
		"udp dport @allow_udp_io-t.1 accept\n",
		"ether saddr @allow_mac_io-t.1 accept\n",
		"type nat hook prerouting priority dstnat; policy accept;\n",
		"iifname . ip daddr @lease_if4 accept\n",
		"iifname . ip6 daddr @lease_if6 accept\n",
		"fib daddr type local accept\n",
		"ether saddr @quarantine_mac goto refuse\n",
		"ip saddr @quarantine4 goto refuse\n",
		"ip6 saddr @quarantine6 goto refuse\n",
		"type filter hook output priority filter; policy accept;\n",
		"ct state established,related,untracked accept\n",
		"oifname \"lo\" accept\n",
		"meta skuid 65001 accept\n",
		"meta skuid 65002 accept\n",
		"jump own_leased\n",
		"ip daddr @lease_own4 accept\n",
		"ip6 daddr @lease_own6 accept\n",
		"redirect to :53\n",
		"udp dport 53 dnat ip to 192.0.2.1:53\n",
		"tcp dport 53 dnat ip6 to [2001:db8::1]:53\n",
	};
	struct conf *c = with_accounts(conf_of_text(every_option));
	struct ruleset *rs = make(c);
	char *listing = listing_of(rs);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (!strstr(listing, lines[i]))
			fail_msg("missing: %s in:\n%s", lines[i], listing);
	free(listing);
	ruleset_free(rs);
	conf_free(c);
}

static void what_stays_when_down_is_the_closed_zones(void **state)
{
	struct conf *c = conf_of_text(every_option);
	struct ruleset *rs;
	char *listing;

	(void)state;
	assert_int_equal(ruleset_new_down(c, &rs), 0);
	assert_true(ruleset_is_wanted(rs));
	listing = listing_of(rs);
	assert_non_null(strstr(listing, "\"br-iot\" : goto observe"));
	assert_non_null(strstr(listing, "\"guest0\" : accept"));
	assert_non_null(strstr(listing, "chain zone_rest {"));
	assert_non_null(strstr(listing, "192.168.1.5 : accept"));
	assert_non_null(strstr(listing, "ip saddr @quarantine4 goto refuse\n"));
	assert_null(strstr(listing, "192.168.1.6"));
	assert_null(strstr(listing, "7c:2f:80:00:11:22"));
	assert_null(strstr(listing, "chain zone_30_guests"));
	assert_null(strstr(listing, "dport 53 "));
	assert_null(strstr(listing, "hook output"));
	free(listing);
	ruleset_free(rs);
	for (size_t i = 0; i < c->zone_count; i++)
		c->zones[i].when_down = DOWN_OPEN;
	assert_int_equal(ruleset_new_down(c, &rs), 0);
	assert_false(ruleset_is_wanted(rs));
	ruleset_free(rs);
	conf_free(c);
}

static void each_option_alone_wants_a_table(void **state)
{
	static const struct {
		const char *zone, *device;
		bool wanted;
	} cases[] = {
		{ "", "", false },
		{ "allow udp 123", "gate off", false },
		{ "gate observe", "", true },
		{ "refuse-dot on", "", true },
		{ "redirect-dns on", "", true },
		{ "reach z", "", true },
		{ "", "gate observe", true },
		{ "", "gate enforce", true },
		{ "", "gate quarantine", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ruleset *rs;
		struct conf *c;
		char text[512];

		snprintf(text, sizeof(text),
			 "upstream u { server 192.0.2.53 }\nlisten a 0.0.0.0 [::]\n"
			 "zone z {\n interface a\n %s\n}\ndevice d {\n address 192.0.2.9\n %s\n}\n",
			 cases[i].zone, cases[i].device);
		c = conf_of_text(text);
		rs = make(c);
		assert_int_equal(ruleset_is_wanted(rs), cases[i].wanted);
		ruleset_free(rs);
		conf_free(c);
	}
}

static void a_quarantine_comes_before_what_is_established(void **state)
{
	struct conf *c = conf_of_text(every_option);
	struct ruleset *rs = make(c);
	char *text, *forward, *last, *established;

	(void)state;
	assert_int_equal(ruleset_text(rs, &text), 0);
	forward = strstr(text, "hook forward");
	assert_non_null(forward);
	last = strstr(forward, "ip6 saddr @quarantine6 goto refuse\n");
	established = strstr(forward, "ct state established,related accept\n");
	assert_non_null(last);
	assert_non_null(established);
	assert_true(last < established);
	assert_null(strstr(text, "192.168.1.7 :")); /* and in no map of modes */
	free(text);
	ruleset_free(rs);
	conf_free(c);
}

/* In the order of the rules: what is not to be refused stands before what refuses. */
static void the_router_enforces_or_observes_what_it_sends(void **state)
{
	static const struct {
		const char *mode, *last;
	} cases[] = { { "observe", "\tgoto pass\n" }, { "enforce", "\tgoto refuse\n" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[128], *rules, *output, *own, *jump;
		struct conf *c;
		struct ruleset *rs;

		snprintf(text, sizeof(text),
			 "upstream u { server 192.0.2.53 }\ngate {\n router %s\n}\n",
			 cases[i].mode);
		c = with_accounts(conf_of_text(text));
		rs = make(c);
		assert_true(ruleset_is_wanted(rs)); /* without any zone */
		assert_int_equal(ruleset_text(rs, &rules), 0);
		output = strstr(rules, "chain output {");
		assert_non_null(output);
		own = strstr(output, "meta skuid 65002 accept\n");
		assert_non_null(own);
		jump = strstr(own, "jump own_leased\n");
		assert_non_null(jump);
		assert_non_null(strstr(jump, cases[i].last));
		free(rules);
		ruleset_free(rs);
		conf_free(c);
	}
}

static void reload_keeps_elements_and_drops_what_is_not_wanted(void **state)
{
	struct conf *full_conf = conf_of_text(every_option);
	struct ruleset *plain = make(nft_ns_conf(false)), *rest = make(nft_ns_conf(true));
	struct ruleset *full = make(full_conf);
	struct nl_buf buf = { 0 };
	struct netlink *nl;
	struct table_id before, after;
	char *first, *again, *a, *b;

	(void)state;
	if (!nft_ns_enter())
		skip();
	assert_int_equal(netlink_open(&nl), 0);
	assert_int_equal(load(nl, plain, &buf), 0);
	assert_int_equal(table_identify(nl, &buf, "nameward", &before), 0);
	free(nft_ns_run("nft add element inet nameward lease4 "
			"'{ 02:00:00:00:00:01 . 198.51.100.1 timeout 1h expires 30m }'"));
	first = nft_ns_run("nft -t list table inet nameward");
	free(nft_ns_run("nft add chain inet nameward old; nft add rule inet nameward old accept;"
			"nft add rule inet nameward leased jump old;"
			"nft add set inet nameward strange '{ type ipv4_addr; }'"));
	assert_int_equal(reload(nl, rest, &buf), 0);
	free(nft_ns_run("nft list chain inet nameward forward | grep -q 'goto enforce'"));
	free(nft_ns_run("nft list set inet nameward lease4 | grep -q 198.51.100.1"));
	assert_int_equal(reload(nl, full, &buf), 0);
	free(nft_ns_run("nft list chain inet nameward zone_rest | grep -q 853"));
	assert_int_equal(reload(nl, full, &buf), 0);
	assert_int_equal(reload(nl, plain, &buf), 0);
	again = nft_ns_run("nft -t list table inet nameward");
	a = nft_ns_ordered(first);
	b = nft_ns_ordered(again);
	assert_string_equal(a, b);
	assert_int_equal(table_identify(nl, &buf, "nameward", &after), 0);
	assert_true(table_id_equal(&before, &after));
	free(nft_ns_run("nft list set inet nameward lease4 | grep -q 198.51.100.1"));

	free(a);
	free(b);
	free(first);
	free(again);
	netlink_close(nl);
	nl_buf_fini(&buf);
	ruleset_free(plain);
	ruleset_free(rest);
	ruleset_free(full);
	conf_free(full_conf);
}

static bool is_in(const struct rule_set *set, const struct addr *a)
{
	size_t bytes = rule_kind_bytes(set->kind);

	for (size_t i = 0; i < set->count; i++)
		if (memcmp(a->bytes, set->elems[i].first, bytes) >= 0 &&
		    memcmp(a->bytes, set->elems[i].last, bytes) <= 0)
			return true;
	return false;
}

/* What is not gated must be exactly what is not leased: else an address is neither. */
static void local_sets_are_what_is_not_public(void **state)
{
	struct ruleset *rs = make(nft_ns_conf(false));

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		struct addr a = { .family = i % 2 ? AF_INET : AF_INET6 };

		random_bytes(a.bytes, addr_len(&a));
		if (i % 3 == 0) /* crowd around the special ranges */
			a.bytes[0] = (uint8_t[]){ 0, 10, 100, 127, 169, 172, 192, 0xfc, 0xfd, 0xfe,
						  0xff, 0x20 }[a.bytes[0] % 12];
		if (i % 7 == 0)
			memset(a.bytes, 0, a.family == AF_INET ? 3 : 15);
		assert_int_equal(is_in(&rs->sets[i % 2 ? RULE_LOCAL4 : RULE_LOCAL6], &a),
				 !addr_is_public(&a));
	}
	ruleset_free(rs);
}

static void ranges_are_merged(void **state)
{
	struct ruleset *rs = make(nft_ns_conf(false));
	char *text;

	(void)state;
	assert_int_equal(rs->sets[RULE_TCP].count, 2);	/* 5060-5080, 65000-65535 */
	assert_int_equal(rs->sets[RULE_ALLOW4].count, 2); /* two /24 in a row are one range */
	assert_int_equal(ruleset_text(rs, &text), 0);
	assert_non_null(strstr(text, "{ 5060-5080,\n"));
	assert_non_null(strstr(text, "{ 198.51.100.0/23,\n"));
	assert_non_null(strstr(text, "198.51.102.7 }"));
	free(text);
	ruleset_free(rs);
}

static void strange_names_are_refused(void **state)
{
	static const struct {
		const char *table, *interface;
		int rc;
	} cases[] = {
		{ "nameward", "eth0", 0 },	   { "nameward", "eth0.100", 0 },
		{ "nameward", "", -EINVAL },	   { "nameward", "a b", -EINVAL },
		{ "nameward", "a\"b", -EINVAL },   { "nameward", "a/b", -EINVAL },
		{ "nameward", "a-name-too-long!", -EINVAL },
		{ "name ward", "eth0", -EINVAL },  { "", "eth0", -EINVAL },
		{ "x}; flush ruleset", "eth0", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *interface = (char *)cases[i].interface;
		struct conf_zone zone = { .interfaces = &interface, .interface_count = 1,
					  .gate = GATE_ENFORCE };
		struct conf c = { .zones = &zone, .zone_count = 1,
				  .gate.table = (char *)cases[i].table };
		struct ruleset *rs = NULL;

		assert_int_equal(ruleset_new(&c, &rs), cases[i].rc);
		ruleset_free(rs);
	}
}

static void without_a_gate_nothing_is_wanted(void **state)
{
	char *interface = (char *)"*";
	struct conf_zone zone = { .interfaces = &interface, .interface_count = 1 };
	struct conf c = { .zones = &zone, .zone_count = 1, .gate.table = (char *)"nameward" };
	struct ruleset *rs = make(&c);
	char *text;

	(void)state;
	assert_false(ruleset_is_wanted(rs));
	assert_int_equal(ruleset_text(rs, &text), 0);
	assert_int_equal(*text, '#');
	free(text);
	ruleset_free(rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_netlink_list_the_same),
		cmocka_unit_test(every_option_is_the_same_as_text_and_netlink),
		cmocka_unit_test(what_stays_when_down_is_the_closed_zones),
		cmocka_unit_test(each_option_alone_wants_a_table),
		cmocka_unit_test(a_quarantine_comes_before_what_is_established),
		cmocka_unit_test(the_router_enforces_or_observes_what_it_sends),
		cmocka_unit_test(reload_keeps_elements_and_drops_what_is_not_wanted),
		cmocka_unit_test(local_sets_are_what_is_not_public),
		cmocka_unit_test(ranges_are_merged),
		cmocka_unit_test(strange_names_are_refused),
		cmocka_unit_test(without_a_gate_nothing_is_wanted),
	};

	return cmocka_run_group_tests_name("ruleset", tests, NULL, NULL);
}
