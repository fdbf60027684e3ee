/* What leads home: addresses by their kind, the machine's own, records of an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/home.h"
#include "lib/util.h"
#include "resolver/note.h"
#include "resolver/rebind.h"
#include "resolver/wire.h"
#include "tests/support/conf_text.h"

#define UP "upstream u { server 192.0.2.53 }\nupstream v { server 192.0.2.54 }\n"

static struct addr addr_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_from_text(text, &a), 0);
	return a;
}

static void addresses_at_home_are_told_from_public_ones(void **state)
{
	static const struct {
		const char *addr;
		bool home;
	} cases[] = {
		{ "10.1.2.3", true },	     { "172.16.0.1", true },   { "172.32.0.1", false },
		{ "192.168.1.1", true },     { "127.0.0.1", true },    { "169.254.1.1", true },
		{ "0.0.0.0", true },	     { "100.64.0.1", true },   { "255.255.255.255", true },
		{ "198.18.0.1", false },     { "8.8.8.8", false },     { "::1", true },
		{ "::", true },		     { "fe80::1", true },      { "fd00::1", true },
		{ "::ffff:192.168.1.1", true }, { "::ffff:8.8.8.8", false },
		{ "64:ff9b::192.168.1.1", true }, { "64:ff9b::8.8.8.8", false },
		{ "2002:c0a8:101::1", true }, { "2002:808:808::1", false },
		{ "2001:db8::1", false },    { "203.0.114.7", true },  { "203.0.114.8", false },
		{ "2001:db8:5:1::99", true }, { "2001:db8:5:2::99", false },
		{ "203.0.115.200", true },   { "203.0.116.1", false },
	};
	struct home r = { .count = 0 };
	struct addr a;

	(void)state;
	a = addr_of("203.0.114.7");
	home_add(&r, &a, 24, false); /* the WAN's: its neighbours there are strangers */
	a = addr_of("2001:db8:5:1::1");
	home_add(&r, &a, 64, true);
	a = addr_of("203.0.115.1");
	home_add(&r, &a, 24, true);
	a = addr_of("192.168.1.1");
	home_add(&r, &a, 24, true);
	assert_int_equal(r.count, 3);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		a = addr_of(cases[i].addr);
		if (home_has(&r, &a) != cases[i].home)
			fail_msg("%s", cases[i].addr);
	}
	for (unsigned i = 0; i < 2 * HOME_NETS_MAX; i++)
		home_add(&r, &a, 24, true);
	assert_int_equal(r.count, HOME_NETS_MAX);
}

static void names_that_may_lead_home_are_exempt(void **state)
{
	static const struct {
		const char *name;
		bool exempt;
	} cases[] = {
		{ "www.example", false },    { "plex.direct", true },	  { "a.b.PLEX.direct", true },
		{ "xplex.direct", false },   { "x.corp.example", true },  { "corp.example", true },
		{ "example", false },	     { "ipv4only.arpa", true },
	};
	struct conf *c = conf_of_text(UP "forward corp.example v\nrebind { allow plex.direct }\n");
	struct dname d;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(dname_from_text(cases[i].name, &d), 0);
		if (rebind_is_exempt(c, &d) != cases[i].exempt)
			fail_msg("%s", cases[i].name);
	}
	conf_free(c);
	c = conf_of_text(UP "rebind { protect off }\n");
	assert_true(rebind_is_exempt(c, &d));
	conf_free(c);
}

/* Data of a service record: priority 1, target ".", then these parameters. */
static void services_with_a_hint_at_home_are_left_out(void **state)
{
	static const struct {
		uint8_t bytes[40];
		size_t len;
		bool left_out;
	} cases[] = {
		{ { 0, 1, 0 }, 3, false },
		{ { 0, 1, 0, 0, 4, 0, 4, 198, 18, 0, 1 }, 11, false },
		{ { 0, 1, 0, 0, 4, 0, 4, 192, 168, 0, 1 }, 11, true },
		{ { 0, 1, 0, 0, 4, 0, 8, 198, 18, 0, 1, 10, 0, 0, 1 }, 15, true },
		{ { 0, 1, 0, 0, 1, 0, 3, 2, 'h', '2', 0, 4, 0, 4, 10, 0, 0, 1 }, 18, true },
		{ { 0, 1, 0, 0, 6, 0, 16, 0xfd, [22] = 1 }, 23, true },
		{ { 0, 1, 0, 0, 6, 0, 16, 0x20, 1, 0xd, 0xb8, [22] = 1 }, 23, false },
		{ { 0, 1, 0, 0, 4, 0, 9, 198, 18, 0, 1 }, 11, true }, /* cut short */
		{ { 0, 1, 0, 0, 4 }, 5, true },
		{ { 0, 1 }, 2, true },
	};
	struct home r = { .count = 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t *copy = malloc(cases[i].len); /* so that a read behind it shows */
		struct wire_rr rr = { .type = TYPE_HTTPS, .rdata_len = (uint16_t)cases[i].len };

		memcpy(copy, cases[i].bytes, cases[i].len);
		if (rebind_leaves_out(&r, copy, &rr) != cases[i].left_out)
			fail_msg("case %zu", i);
		free(copy);
	}
}

static void own_addresses_are_read_from_the_kernel_now_and_then(void **state)
{
	struct home r = { .count = 0 };

	(void)state;
	home_refresh(&r, 1000);
	assert_int_equal(r.read_ms, 1000);
	home_refresh(&r, 1000 + HOME_REFRESH_MS - 1);
	assert_int_equal(r.read_ms, 1000);
	home_refresh(&r, 1000 + HOME_REFRESH_MS);
	assert_int_equal(r.read_ms, 1000 + HOME_REFRESH_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_at_home_are_told_from_public_ones),
		cmocka_unit_test(names_that_may_lead_home_are_exempt),
		cmocka_unit_test(services_with_a_hint_at_home_are_left_out),
		cmocka_unit_test(own_addresses_are_read_from_the_kernel_now_and_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
