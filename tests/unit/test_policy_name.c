/* What a client calls itself by DHCP: it leads to a device, last, and never to more freedom
 * than the configuration says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "conf/conf_override.h"
#include "lib/util.h"
#include "resolver/override.h"
#include "resolver/policy.h"
#include "resolver/policy_name.h"
#include "tests/support/conf_text.h"

#define NOW_S 1795791600

/* Clients of 192.0.2.0/24 have policy guests, others default. */
#define HEAD                                                                                 \
	"upstream u {\n server 198.51.100.1\n}\nupstream other {\n server 198.51.100.2\n}\n"   \
	"local home.arpa {\n leases dnsmasq /l\n}\n"                                           \
	"window day {\n hours 08:00-18:00\n}\nwindow night {\n hours 22:00-06:00\n}\n"         \
	"list ads {\n name ads.example\n}\nlist games {\n name g.example\n}\n"                 \
	"list fine {\n name f.example\n}\n"                                                    \
	"device tv {\n mac 7c:2f:80:00:11:22\n}\ndevice nas {\n address 192.0.2.5\n}\n"        \
	"group nets {\n member 192.0.2.0/24\n}\n"                                              \
	"policy default {\n block ads\n}\n"

static void it_counts_where_it_makes_nothing_less_strict(void **state)
{
	static const struct {
		const char *from; /* its policy without a name */
		const char *guests, *named; /* what these policies say */
		bool counts;	   /* as it is; with trust it always does */
	} cases[] = {
		{ "198.51.100.7", "", "block ads", true },
		{ "198.51.100.7", "", "block ads games", true },
		{ "198.51.100.7", "", "block games", false },
		{ "198.51.100.7", "", "block ads\n allow fine", false },
		{ "198.51.100.7", "", "block ads\n hours 08:00-20:00", true },
		{ "198.51.100.7", "", "block ads\n upstream other", false },
		{ "198.51.100.7", "", "block ads during day", false },
		{ "198.51.100.7", "", "block ads games during day\n block ads", true },
		{ "192.0.2.7", "block ads during day", "block ads during day", true },
		{ "192.0.2.7", "block ads during day", "block ads during night", false },
		{ "192.0.2.7", "block ads during day", "block ads", true },
		{ "192.0.2.7", "block ads during day\n block games during night",
		  "block ads during day", false },
		{ "192.0.2.7", "allow fine", "allow fine during day", true },
		{ "192.0.2.7", "allow fine during day", "allow fine", false },
		{ "192.0.2.7", "hours 08:00-20:00", "block ads games", false },
		{ "192.0.2.7", "hours 08:00-20:00", "hours 08:00-20:00", true },
		{ "192.0.2.7", "hours 08:00-20:00", "hours 08:00-21:00", false },
		{ "192.0.2.7", "upstream other", "upstream other", true },
		{ "192.0.2.7", "upstream other", "block ads", false },
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		bool trusts = i % 2;
		char text[2048];
		struct policy_client c;
		struct conf *conf;
		struct addr from;

		snprintf(text, sizeof(text),
			 HEAD "device phone {\n dhcp-name annas-phone%s\n}\n"
			 "group named {\n member phone\n}\n"
			 "policy named {\n for named\n %s\n}\npolicy guests {\n for nets\n %s\n}\n",
			 trusts ? "\n trust-name on" : "", cases[i / 2].named, cases[i / 2].guests);
		conf = conf_of_text(text);
		assert_int_equal(addr_from_text(cases[i / 2].from, &from), 0);
		c = policy_find_client(conf, &from, NULL, NULL);
		policy_name_apply(conf, &from, "annas-phone", &c);
		if ((c.device == 2) != (trusts || cases[i / 2].counts))
			fail_msg("row %zu, trust %d", i / 2, trusts);
		if (c.device == 2)
			assert_string_equal(conf->policies[c.policy].name, "named");
		assert_int_equal(c.namesake, c.device == 2 ? POLICY_NONE : 2);
		assert_int_equal(c.by_name, c.device == 2);
		assert_int_equal(c.is_weak, c.device == 2 && !trusts);
		conf_free(conf);
	}
}

static const char trusted[] = HEAD "device phone {\n dhcp-name annas-phone Phone2\n trust-name on\n}\n"
	"device both {\n mac 7c:2f:80:00:11:33\n dhcp-name both\n}\n";

static void an_address_always_goes_before_a_name(void **state)
{
	static const struct {
		const char *from, *mac, *name;
		size_t device;
		bool by_name;
	} cases[] = {
		{ "192.0.2.7", NULL, "annas-phone", 2, true },
		{ "192.0.2.7", NULL, "phone2", 2, true },
		{ "192.0.2.7", NULL, "annas-phone2", POLICY_NONE, false },
		{ "192.0.2.7", NULL, "", POLICY_NONE, false },
		{ "192.0.2.7", NULL, "phone", POLICY_NONE, false }, /* the block's name is none */
		{ "192.0.2.5", NULL, "annas-phone", 1, false },
		{ "192.0.2.7", "7c:2f:80:00:11:22", "annas-phone", 0, false },
		{ "192.0.2.7", "7c:2f:80:00:11:33", "annas-phone", 3, false },
		{ "192.0.2.7", "7c:2f:80:00:11:33", "both", 3, false },
		{ "192.0.2.7", "7c:2f:80:00:11:44", "both", 3, true },
	};
	struct conf *conf = conf_of_text(trusted);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct policy_client c;
		struct addr from;
		struct mac mac;

		assert_int_equal(addr_from_text(cases[i].from, &from), 0);
		if (cases[i].mac)
			assert_int_equal(mac_from_text(cases[i].mac, &mac), 0);
		c = policy_find_client(conf, &from, cases[i].mac ? &mac : NULL, NULL);
		policy_name_apply(conf, &from, cases[i].name, &c);
		if (c.device != cases[i].device || c.by_name != cases[i].by_name)
			fail_msg("row %zu", i);
	}
	conf_free(conf);
}

static void the_gate_does_not_go_by_names(void **state)
{
	struct conf *conf = conf_of_text(trusted);
	struct addr from = { .family = AF_INET, .bytes = { 192, 0, 2, 7 } };
	struct policy_client c = policy_find_client(conf, &from, NULL, NULL);
	enum conf_gate_mode mode;

	(void)state;
	conf->devices[3].gate = DEVICE_QUARANTINE; /* as the command line does, by its MAC */
	policy_name_apply(conf, &from, "both", &c);
	assert_int_equal(c.device, 3);
	assert_int_equal(policy_device_gate(conf, &c), DEVICE_AS_ZONE);
	assert_false(policy_find_mode(conf, &c, &mode));
	c = policy_find_client(conf, &from, &conf->devices[3].macs[0], NULL);
	assert_int_equal(policy_device_gate(conf, &c), DEVICE_QUARANTINE);
	conf_free(conf);
}

/* A name that is not trusted is not let off by what is said of its device at run time. */
static void overrides_close_by_a_name_and_open_by_a_trusted_one(void **state)
{
	static const struct {
		const char *line;
		bool weak, trusted; /* whether it holds */
	} cases[] = {
		{ "allow client phone 1795791700 ads.example\n", false, true },
		{ "block client phone 1795791700 ads.example\n", true, true },
		{ "pause client phone 1795791700 -\n", false, true },
		{ "allow group named 1795791700 ads.example\n", false, true },
		{ "block group named 1795791700 ads.example\n", true, true },
		{ "pause policy named 1795791700 -\n", false, true },
		{ "allow group nets 1795791700 ads.example\n", true, true }, /* by its address */
		{ "allow client 192.0.2.7 1795791700 ads.example\n", true, true },
		{ "pause all - 1795791700 -\n", true, true },
	};
	struct addr from = { .family = AF_INET, .bytes = { 192, 0, 2, 7 } };
	struct dname name;

	(void)state;
	assert_int_equal(dname_from_text("ads.example", &name), 0);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		bool trusts = i % 2;
		char text[2048];
		struct policy_client c;
		struct policy_asker asker = { .place = &c, .addr = &from };
		struct conf_overrides wanted;
		struct overrides *o;
		struct conf *conf;

		snprintf(text, sizeof(text), HEAD "device phone {\n dhcp-name p%s\n}\n"
			 "group named {\n member phone\n}\npolicy named {\n for named\n block ads\n}\n",
			 trusts ? "\n trust-name on" : "");
		conf = conf_of_text(text);
		c = policy_find_client(conf, &from, NULL, NULL);
		policy_name_apply(conf, &from, "p", &c);
		assert_int_equal(c.device, 2);
		assert_int_equal(conf_overrides_parse(cases[i / 2].line, NOW_S, &wanted), 0);
		asker.overrides = o = overrides_new(conf, &wanted);
		if ((overrides_find(o, conf, &asker, &name) != NULL) !=
		    (trusts ? cases[i / 2].trusted : cases[i / 2].weak))
			fail_msg("row %zu, trust %d", i / 2, trusts);
		overrides_free(o);
		conf_free(conf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_counts_where_it_makes_nothing_less_strict),
		cmocka_unit_test(an_address_always_goes_before_a_name),
		cmocka_unit_test(the_gate_does_not_go_by_names),
		cmocka_unit_test(overrides_close_by_a_name_and_open_by_a_trusted_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
