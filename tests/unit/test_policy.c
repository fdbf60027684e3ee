/* Who a client is, and the ladder of lists, on a real configuration and a real index. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "blocklists/list_compile.h"
#include "conf/conf.h"
#include "lib/util.h"
#include "resolver/policy.h"
#include "tests/support/list_support.h"

static const char text[] =
	"listen lan 192.0.2.1:53\n"
	"upstream main { \n server 198.18.0.53\n }\n"
	"upstream corp { \n server 198.18.0.54\n }\n"
	"upstream deep { \n server 198.18.0.55\n }\n"
	"forward corp.example corp\n"
	"forward deep.corp.example deep\n"
	"zone lan {\n interface br-lan\n gate enforce\n}\n"
	"zone rest {\n interface *\n gate observe\n}\n"
	"device tv {\n mac 7c:2f:80:00:11:22\n}\n"
	"device nas {\n address 192.168.1.5\n}\n"
	"device safe {\n mac 7c:2f:80:00:11:33\n gate off\n}\n"
	"device cam {\n address 192.168.9.1\n gate enforce\n}\n"
	"device look {\n mac 7c:2f:80:00:11:44\n gate observe\n}\n"
	"group kids {\n member tv 192.168.1.32/27\n}\n"
	"group iot {\n member 192.168.20.0/24 tv\n}\n"
	"list ads {\n name ads.example\n name *.track.example\n}\n"
	"list social {\n name *.social.example\n}\n"
	"list fine {\n name good.track.example\n}\n"
	"policy default {\n block ads\n}\n"
	"policy kids {\n for kids\n block ads social\n allow fine\n}\n"
	"policy iot {\n for iot\n block social\n upstream deep\n}\n";

static const struct policy_client no_place = { POLICY_NONE, POLICY_NONE, POLICY_NONE,
						POLICY_NONE, false, false, false,
						POLICY_NONE };
static struct conf *conf;
static struct list_index *x;

static int setup(void **state)
{
	struct conf_bundle *b;
	struct conf_errors *e = conf_errors_new();
	int fd;

	(void)state;
	if (conf_bundle_from_text("test.conf", text, strlen(text), &b))
		return -1;
	if (conf_parse(b, &conf, e)) {
		conf_errors_print(e, stderr);
		return -1;
	}
	conf_errors_free(e);
	conf_bundle_free(b);
	if (list_compile_all(conf, NULL, &fd) || list_index_open(fd, &x))
		return -1;
	return close(fd);
}

static int teardown(void **state)
{
	(void)state;
	list_index_close(x);
	conf_free(conf);
	return 0;
}

static const char *name_of(const char *kind, size_t i)
{
	if (i == POLICY_NONE)
		return "-";
	return kind[0] == 'd' ? conf->devices[i].name :
	       kind[0] == 'g' ? conf->groups[i].name :
	       kind[0] == 'p' ? conf->policies[i].name :
				conf->zones[i].name;
}

static void client_is_found_by_mac_address_and_interface(void **state)
{
	static const struct {
		const char *addr, *mac, *interface, *device, *group, *policy, *zone;
	} cases[] = {
		{ "192.168.1.9", NULL, "br-lan", "-", "-", "default", "lan" },
		{ "192.168.1.40", NULL, "br-lan", "-", "kids", "kids", "lan" },
		{ "fd00::9", "7c:2f:80:00:11:22", "br-lan", "tv", "kids", "kids", "lan" },
		{ "192.168.1.5", "7c:2f:80:00:11:23", "br-lan", "nas", "-", "default", "lan" },
		{ "192.168.20.9", NULL, "eth9", "-", "iot", "iot", "rest" },
		{ "192.168.20.9", NULL, NULL, "-", "iot", "iot", "-" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct policy_client c;
		struct addr a;
		struct mac m;

		assert_int_equal(addr_from_text(cases[i].addr, &a), 0);
		if (cases[i].mac)
			assert_int_equal(mac_from_text(cases[i].mac, &m), 0);
		c = policy_find_client(conf, &a, cases[i].mac ? &m : NULL, cases[i].interface);
		assert_string_equal(name_of("device", c.device), cases[i].device);
		assert_string_equal(name_of("group", c.group), cases[i].group);
		assert_string_equal(name_of("policy", c.policy), cases[i].policy);
		assert_string_equal(name_of("zone", c.zone), cases[i].zone);
	}
}

static size_t policy_named(const char *name)
{
	for (size_t i = 0; i < conf->policy_count; i++)
		if (!strcmp(conf->policies[i].name, name))
			return i;
	return POLICY_NONE;
}

static void ladder_allows_before_it_blocks(void **state)
{
	static const struct {
		const char *policy, *name;
		enum policy_action action;
		const char *entry;
	} cases[] = {
		{ "default", "ads.example", POLICY_BLOCK, "ads.example" },
		{ "default", "ADS.example", POLICY_BLOCK, "ads.example" },
		{ "default", "x.ads.example", POLICY_PASS, NULL }, /* a plain entry is exact */
		{ "default", "track.example", POLICY_BLOCK, "*.track.example" },
		{ "default", "a.b.track.example", POLICY_BLOCK, "*.track.example" },
		{ "default", "xtrack.example", POLICY_PASS, NULL },
		{ "default", "good.track.example", POLICY_BLOCK, "*.track.example" },
		{ "kids", "good.track.example", POLICY_ALLOW, "good.track.example" },
		{ "kids", "x.good.track.example", POLICY_BLOCK, "*.track.example" },
		{ "kids", "www.social.example", POLICY_BLOCK, "*.social.example" },
		{ "default", "www.social.example", POLICY_PASS, NULL },
		{ "none", "ads.example", POLICY_PASS, NULL },
		{ "default", ".", POLICY_PASS, NULL },
	};
	struct policy_client place = no_place;
	const struct policy_asker asker = { .place = &place };
	char buf[POLICY_ENTRY_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct list_match m;
		struct dname d;

		assert_int_equal(dname_from_text(cases[i].name, &d), 0);
		place.policy = policy_named(cases[i].policy);
		assert_int_equal(policy_decide(conf, x, &asker, &d, &m), cases[i].action);
		if (cases[i].entry)
			assert_string_equal(policy_entry_text(&m, buf), cases[i].entry);
	}
}

/** The ladder: what the block list has, what the allow list has, and what comes of it. */
static void strongest_rung_decides(void **state)
{
	static const struct {
		const char *block, *allow, *name;
		enum policy_action action;
		enum list_level level;
		const char *entry;
	} cases[] = {
		{ "||x.example^", "", "x.example", POLICY_BLOCK, LEVEL_BLOCK, "*.x.example" },
		{ "||x.example^", "x.example", "x.example", POLICY_ALLOW, LEVEL_BLOCK,
		  "x.example" },
		{ "||x.example^", "x.example", "a.x.example", POLICY_BLOCK, LEVEL_BLOCK,
		  "*.x.example" },
		{ "||x.example^\n@@||x.example^", "", "x.example", POLICY_ALLOW, LEVEL_ALLOW,
		  "*.x.example" },
		{ "|a.x.example^\n@@||x.example^", "", "a.x.example", POLICY_ALLOW,
		  LEVEL_ALLOW, "*.x.example" },
		{ "||x.example^$important\n@@||x.example^", "", "x.example", POLICY_BLOCK,
		  LEVEL_IMPORTANT, "*.x.example" },
		{ "||x.example^$important", "x.example", "x.example", POLICY_BLOCK,
		  LEVEL_IMPORTANT, "*.x.example" },
		{ "||x.example^$important\n@@||a.x.example^$important", "", "a.x.example",
		  POLICY_ALLOW, LEVEL_ALLOW_IMPORTANT, "*.a.x.example" },
		{ "||x.example^$important\n@@||a.x.example^$important", "", "b.x.example",
		  POLICY_BLOCK, LEVEL_IMPORTANT, "*.x.example" },
		{ "||x.example^$important", "||x.example^$important", "x.example",
		  POLICY_ALLOW, LEVEL_IMPORTANT, "*.x.example" },
		{ "||x.example^", "||x.example^$badfilter", "x.example", POLICY_PASS,
		  LEVEL_BLOCK, NULL },
		{ "@@||x.example^", "", "x.example", POLICY_ALLOW, LEVEL_ALLOW,
		  "*.x.example" },
		{ "", "@@||x.example^", "x.example", POLICY_ALLOW, LEVEL_ALLOW,
		  "*.x.example" },
		{ "||x.example^", "", "example", POLICY_PASS, LEVEL_BLOCK, NULL },
		{ "||x.", "", "x.example", POLICY_BLOCK, LEVEL_BLOCK, "||x." },
		{ "||x.\n@@||x.example^", "", "x.example", POLICY_ALLOW, LEVEL_ALLOW,
		  "*.x.example" },
		{ "||x.example^", "/^x/", "x.example", POLICY_ALLOW, LEVEL_BLOCK, "/^x/" },
		{ "||x.example^\n/^x/$important", "x.example", "x.example", POLICY_BLOCK,
		  LEVEL_IMPORTANT, "/^x/$important" },
		{ "||x.\n/^x/\n||x.example^", "", "x.example", POLICY_BLOCK, LEVEL_BLOCK,
		  "*.x.example" },
		{ "/^x[.]example/\n||x.", "", "x.example", POLICY_BLOCK, LEVEL_BLOCK, "||x." },
		{ "||x.example^$dnstype=AAAA", "", "x.example", POLICY_PASS, LEVEL_BLOCK, NULL },
		{ "||x.example^$dnstype=A", "", "x.example", POLICY_BLOCK, LEVEL_BLOCK,
		  "||x.example^$dnstype=A" },
	};
	struct conf_policy p = { .name = "p", .block = 1, .allow = 2 };
	struct conf c = { .policies = &p, .policy_count = 1 };
	struct policy_client place = no_place;
	const struct policy_asker asker = { .place = &place, .qtype = 1 };
	char buf[POLICY_ENTRY_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct list_source s[] = {
			list_support_text("block", cases[i].block),
			list_support_text("allow", cases[i].allow),
		};
		struct list_index *lists;
		enum policy_action action;
		struct list_match m;
		struct dname d;

		s[0].format = LIST_ADBLOCK;
		s[1].format = LIST_ADBLOCK;
		lists = list_support_index(s, 2);
		assert_int_equal(dname_from_text(cases[i].name, &d), 0);
		place.policy = 0;
		action = policy_decide(&c, lists, &asker, &d, &m);
		if (action != cases[i].action)
			fail_msg("row %zu: action %d", i, (int)action);
		if (cases[i].entry) {
			assert_int_equal(m.level, cases[i].level);
			assert_string_equal(policy_entry_text(&m, buf), cases[i].entry);
		}
		list_index_close(lists);
	}
}

/** The ladder for addresses, and what an RPZ says of clients; the same for each stage. */
static void addresses_go_down_the_same_ladder(void **state)
{
	static const struct {
		const char *block, *allow, *addr; /* NULL: the name x.example is asked for */
		enum policy_action action;
		const char *entry;
	} cases[] = {
		{ "||198.18.0.1^", "", "198.18.0.1", POLICY_BLOCK, "198.18.0.1" },
		{ "||198.18.0.1^", "", "198.18.0.2", POLICY_PASS, NULL },
		{ "||198.18.0.1^\n@@||198.18.0.1^", "", "198.18.0.1", POLICY_ALLOW,
		  "198.18.0.1" },
		{ "||198.18.0.1^$important\n@@||198.18.0.1^", "", "198.18.0.1", POLICY_BLOCK,
		  "198.18.0.1" },
		{ "||198.18.0.1^", "||198.18.0.1^", "198.18.0.1", POLICY_ALLOW, "198.18.0.1" },
		{ "24.0.0.18.198.rpz-ip CNAME .\n", "", "198.18.0.7", POLICY_BLOCK,
		  "198.18.0.0/24" },
		{ "24.0.0.18.198.rpz-ip CNAME rpz-passthru.\n28.0.0.18.198.rpz-ip CNAME .\n",
		  "", "198.18.0.7", POLICY_BLOCK, "198.18.0.0/28" },
		{ "32.1.2.0.192.rpz-client-ip CNAME .\n", "", NULL, POLICY_BLOCK, "192.0.2.1" },
		{ "32.2.2.0.192.rpz-client-ip CNAME .\n", "", NULL, POLICY_PASS, NULL },
		{ "32.1.2.0.192.rpz-client-ip CNAME rpz-passthru.\nx.example CNAME .\n", "",
		  NULL, POLICY_ALLOW, "192.0.2.1" },
		{ "32.1.2.0.192.rpz-client-ip CNAME .\nx.example CNAME rpz-passthru.\n", "",
		  NULL, POLICY_BLOCK, "192.0.2.1" },
		{ "32.1.2.0.192.rpz-client-ip CNAME .\n", "x.example CNAME .\n", NULL,
		  POLICY_ALLOW, "x.example" },
	};
	struct conf_policy p = { .name = "p", .block = 1, .allow = 2 };
	struct conf c = { .policies = &p, .policy_count = 1 };
	struct policy_client place = no_place;
	const struct addr client = { AF_INET, { 192, 0, 2, 1 } };
	const struct policy_asker asker = { .place = &place, .addr = &client, .qtype = 1 };
	char buf[POLICY_ENTRY_TEXT];

	(void)state;
	place.policy = 0;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct list_source s[] = {
			list_support_text("block", cases[i].block),
			list_support_text("allow", cases[i].allow),
		};
		struct list_index *lists = list_support_index(s, 2);
		enum policy_action action;
		struct list_match m;
		struct dname d;
		struct addr a;

		assert_int_equal(dname_from_text("x.example", &d), 0);
		if (cases[i].addr) {
			assert_int_equal(addr_from_text(cases[i].addr, &a), 0);
			action = policy_decide_addr(&c, lists, &asker, &a, &m);
		} else {
			action = policy_decide(&c, lists, &asker, &d, &m);
		}
		if (action != cases[i].action)
			fail_msg("row %zu: action %d", i, (int)action);
		if (cases[i].entry)
			assert_string_equal(policy_entry_text(&m, buf), cases[i].entry);
		list_index_close(lists);
	}
}

static void every_rung_that_is_reached_can_be_told(void **state)
{
	static const char rules[] = "||x.example^\n@@||x.example^\n||x.example^$important\n"
				    "@@||x.example^$important\n";
	struct conf_policy p = { .name = "p", .block = 1 };
	struct conf c = { .policies = &p, .policy_count = 1 };
	struct list_source s = list_support_text("block", rules);
	static const uint32_t lines[POLICY_RUNGS] = { 4, 3, 2, 1 };
	struct list_index *lists = list_support_index(&s, 1);
	struct policy_client place = no_place;
	const struct policy_asker nobody = { .place = &no_place }, asker = { .place = &place };
	struct list_match m;
	struct dname d;

	(void)state;
	place.policy = 0;
	assert_int_equal(dname_from_text("x.example", &d), 0);
	for (enum policy_rung rung = 0; rung < POLICY_RUNGS; rung++) {
		assert_true(policy_explain(&c, lists, &asker, &d, rung, &m));
		assert_int_equal(m.line, lines[rung]);
		assert_false(policy_explain(&c, lists, &nobody, &d, rung, &m));
		assert_false(policy_explain(&c, NULL, &asker, &d, rung, &m));
	}
	list_index_close(lists);
}

static void longest_forward_suffix_wins(void **state)
{
	static const struct { const char *name, *upstream; } cases[] = {
		{ "example", "main" },		 { "corp.example", "corp" },
		{ "A.CORP.example", "corp" },	 { "xcorp.example", "main" },
		{ "a.deep.corp.example", "deep" }, { ".", "main" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct dname d;
		size_t f;

		assert_int_equal(dname_from_text(cases[i].name, &d), 0);
		f = policy_find_forward(conf, &d);
		assert_string_equal(conf->upstreams[conf->forwards[f].upstream].name,
				    cases[i].upstream);
	}
}

static void a_policys_upstream_stands_in_for_the_roots(void **state)
{
	static const struct { const char *policy, *name, *upstream; uint8_t view; } cases[] = {
		{ "default", "example", "main", 0 },
		{ "iot", "example", "deep", 3 },
		{ "iot", ".", "deep", 3 },
		{ "iot", "corp.example", "corp", 0 },
		{ "iot", "a.deep.corp.example", "deep", 0 },
		{ "kids", "example", "main", 0 },
		{ NULL, "example", "main", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct policy_client c = no_place;
		uint8_t view = 9;
		struct dname d;
		size_t u;

		for (size_t k = 0; cases[i].policy && k < conf->policy_count; k++)
			if (!strcmp(conf->policies[k].name, cases[i].policy))
				c.policy = k;
		assert_int_equal(dname_from_text(cases[i].name, &d), 0);
		u = policy_find_upstream(conf, &c, &d, &view);
		assert_string_equal(conf->upstreams[u].name, cases[i].upstream);
		assert_int_equal(view, cases[i].view);
	}
}

static void device_gate_beats_its_zones(void **state)
{
	static const struct {
		const char *addr, *mac, *interface;
		bool gated, must_lease;
		const char *mode; /* NULL: none */
	} cases[] = {
		{ "192.168.1.9", NULL, "br-lan", true, true, "enforce" },
		{ "192.168.1.9", NULL, "eth9", true, false, "observe" },
		{ "192.168.1.9", NULL, NULL, false, false, NULL },
		{ "192.168.1.9", "7c:2f:80:00:11:22", "br-lan", true, true, "enforce" },
		{ "192.168.1.9", "7c:2f:80:00:11:33", "br-lan", false, false, "off" },
		{ "192.168.9.1", NULL, "eth9", true, true, "enforce" },
		{ "192.168.9.1", NULL, NULL, true, true, "enforce" },
		{ "2001:db8::9", "7c:2f:80:00:11:44", "br-lan", true, false, "observe" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct policy_client c;
		enum conf_gate_mode mode;
		bool gated, must_lease;
		struct addr addr;
		struct mac mac;

		assert_int_equal(addr_from_text(cases[i].addr, &addr), 0);
		if (cases[i].mac)
			assert_int_equal(mac_from_text(cases[i].mac, &mac), 0);
		c = policy_find_client(conf, &addr, cases[i].mac ? &mac : NULL,
				       cases[i].interface);
		policy_find_gate(conf, &c, &gated, &must_lease);
		assert_int_equal(gated, cases[i].gated);
		if (gated)
			assert_int_equal(must_lease, cases[i].must_lease);
		assert_int_equal(policy_find_mode(conf, &c, &mode), cases[i].mode != NULL);
		if (cases[i].mode)
			assert_string_equal(conf_gate_mode_name(mode), cases[i].mode);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client_is_found_by_mac_address_and_interface),
		cmocka_unit_test(ladder_allows_before_it_blocks),
		cmocka_unit_test(strongest_rung_decides),
		cmocka_unit_test(addresses_go_down_the_same_ladder),
		cmocka_unit_test(every_rung_that_is_reached_can_be_told),
		cmocka_unit_test(device_gate_beats_its_zones),
		cmocka_unit_test(a_policys_upstream_stands_in_for_the_roots),
		cmocka_unit_test(longest_forward_suffix_wins),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
