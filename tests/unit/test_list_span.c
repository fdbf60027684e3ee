/* Ranges of addresses: how lists write them, and what is found of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "blocklists/list_spans.h"
#include "lib/util.h"
#include "tests/support/list_support.h"

static void lines_of_ip_lists(void **state)
{
	static const struct {
		const char *line, *result; /* a range, or the kind's name */
	} cases[] = {
		{ "198.51.100.7", "198.51.100.7" },
		{ "198.51.100.0/24", "198.51.100.0/24" },
		{ "198.51.100.7/24", "198.51.100.0/24" }, /* bits behind the prefix */
		{ "198.51.100.7/32", "198.51.100.7" },
		{ "198.51.100.1-198.51.100.9", "198.51.100.1-198.51.100.9" },
		{ "198.51.100.0 - 198.51.100.255", "198.51.100.0/24" },
		{ "198.51.100.9-198.51.100.1", "not a line of this format" },
		{ "198.51.100.1-2001:db8::1", "not a line of this format" },
		{ "198.51.100.7  # why", "198.51.100.7" },
		{ "198.51.100.7\t95", "198.51.100.7" },
		{ "198.51.100.7,95,3", "198.51.100.7" },
		{ "198.51.100.0/24 ; SBL123", "198.51.100.0/24" },
		{ "198.51.100.7 // why", "198.51.100.7" },
		{ "198.51.100.7 ads.example", "not a line of this format" },
		{ "2001:db8::7", "2001:db8::7" },
		{ "[2001:db8::7]", "2001:db8::7" },
		{ "2001:db8:1::7/48", "2001:db8:1::/48" },
		{ "[2001:db8::7]:80", "not a line of this format" },
		{ "2001:db8::1-2001:db8::ff", "2001:db8::1-2001:db8::ff" },
		{ "198.51.100.7/33", "not a line of this format" },
		{ "198.51.100.7/", "not a line of this format" },
		{ "2001:db8::/129", "not a line of this format" },
		{ "198.51.100.7:80", "not a line of this format" },
		{ "198.51.100", "not a line of this format" },
		{ "ads.example", "not a line of this format" },
		{ "10.0.0.0/8", "private or special addresses" },
		{ "192.168.1.1", "private or special addresses" },
		{ "0.0.0.0/0", "private or special addresses" },
		{ "192.0.0.0/8", "private or special addresses" }, /* holds 192.168.0.0/16 */
		{ "9.0.0.0-11.0.0.0", "private or special addresses" },
		{ "9.0.0.0-9.255.255.255", "9.0.0.0/8" },
		{ "::/0", "private or special addresses" },
		{ "fe80::1", "private or special addresses" },
		{ "127.0.0.1", "private or special addresses" },
		{ "239.1.2.3", "private or special addresses" },
		{ "# why", "comment" },
		{ "; why", "comment" },
		{ "", "empty" },
	};
	char text[LIST_SPAN_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct list_span s;
		enum list_line_kind kind = list_span_line(cases[i].line, &s);
		const char *result = kind == LINE_SPAN ? list_span_text(&s, text)
						       : list_line_kind_name(kind);

		if (strcmp(result, cases[i].result) != 0)
			fail_msg("row %zu, \"%s\": %s", i, cases[i].line, result);
	}
}

static void triggers_of_rpz(void **state)
{
	static const struct {
		const char *text, *result;
	} cases[] = {
		{ "32.7.100.51.198", "198.51.100.7" },
		{ "24.0.100.51.198", "198.51.100.0/24" },
		{ "8.0.0.0.10", "10.0.0.0/8" }, /* asked for by who writes such a rule */
		{ "128.7.zz.db8.2001", "2001:db8::7" },
		{ "48.zz.1.db8.2001", "2001:db8:1::/48" },
		{ "128.57.zz.102.db8.2001", "2001:db8:102::57" },
		{ "128.1.zz", "::1" },
		{ "64.zz", "::/64" },
		{ "128.8.7.6.5.4.3.2.2001", "2001:2:3:4:5:6:7:8" },
		{ "33.7.100.51.198", NULL },
		{ "32.7.100.51", NULL },
		{ "32.7.100.51.198.1", NULL },
		{ "x.7.100.51.198", NULL },
		{ "129.1.zz.2001", NULL },
		{ "128.1.zz.2.zz.2001", NULL },
		{ "32", NULL },
		{ "", NULL },
	};
	char text[LIST_SPAN_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct list_span s;
		bool is_read = list_span_read_rpz(cases[i].text, strlen(cases[i].text), false,
						  &s);

		if (is_read != !!cases[i].result ||
		    (is_read && strcmp(list_span_text(&s, text), cases[i].result) != 0))
			fail_msg("row %zu, \"%s\": %s", i, cases[i].text,
				 is_read ? text : "refused");
	}
}

/** The lists that hold an address, and what is told of the first: "list line range level". */
static const char *find(const struct list_index *x, const char *addr, bool is_client,
			char buf[256])
{
	char text[LIST_SPAN_TEXT];
	uint64_t said[LEVELS];
	struct list_match m;
	struct addr a;

	assert_int_equal(addr_from_text(addr, &a), 0);
	if (!list_spans_find(x, &a, is_client, UINT64_MAX, said))
		return "";
	assert_true(list_spans_explain(x, &a, is_client, said, &m));
	snprintf(buf, 256, "%u %u %s %u %u", m.list, m.line, list_span_text(&m.span, text),
		 m.level, m.action);
	return buf;
}

static void address_is_found_in_the_narrowest_range(void **state)
{
	static const struct {
		const char *addr, *result;
		bool is_client;
	} cases[] = {
		{ "198.51.99.255", "", false },
		{ "198.51.100.0", "0 1 198.51.100.0-198.51.100.6 0 0", false },
		{ "198.51.100.7", "0 2 198.51.100.7 0 0", false },
		{ "198.51.100.8", "0 1 198.51.100.8-198.51.100.255 0 0", false },
		{ "198.51.101.0", "0 3 198.51.101.0/24 0 0", false },
		{ "198.51.102.0", "", false },
		{ "203.0.113.9", "1 1 203.0.113.0/28 0 0", false },
		{ "203.0.113.16", "1 2 203.0.113.16/28 1 0", false }, /* a zone: it alone */
		{ "203.0.113.40", "1 1 203.0.113.32-203.0.113.255 0 0", false },
		{ "2001:db8::7", "1 3 2001:db8::7 0 2", false },
		{ "2001:db8::8", "", false },
		{ "192.168.1.9", "1 4 192.168.1.9 0 3", true },
		{ "192.168.1.9", "", false },
		{ "255.255.255.255", "2 2 255.255.255.255 0 0", false },
		{ "198.18.0.1", "2 1 198.18.0.1 3 0", false },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		  "2 3 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 0 0", false },
	};
	struct list_source s[] = {
		list_support_text("ip", "198.51.100.0/24\n198.51.100.7\n198.51.100.0/23\n"
					"198.51.100.7\n10.0.0.0/8\n"),
		list_support_text("zone", "24.0.113.0.203.rpz-ip CNAME .\n"
					  "28.16.113.0.203.rpz-ip CNAME rpz-passthru.\n"
					  "128.7.zz.db8.2001.rpz-ip CNAME rpz-drop.\n"
					  "32.9.1.168.192.rpz-client-ip CNAME rpz-tcp-only.\n"),
		list_support_text("rules", "@@||198.18.0.1^$important\n||255.255.255.255^\n"
					   "||[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]^\n"
					   "||198.18.0.2^$client=tv\n"),
	};
	struct list_index *x;
	char buf[256];

	(void)state;
	x = list_support_index(s, ARRAY_SIZE(s));
	assert_int_equal(list_index_stats(x, 0)->shape, SHAPE_ADDRESSES);
	assert_int_equal(list_index_stats(x, 0)->spans, 4);
	assert_int_equal(list_index_stats(x, 0)->by_kind[LINE_NOT_PUBLIC], 1);
	assert_int_equal(list_index_stats(x, 2)->by_kind[LINE_ADDRESS_RULE], 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *result = find(x, cases[i].addr, cases[i].is_client, buf);

		if (strcmp(result, cases[i].result) != 0)
			fail_msg("row %zu, %s: \"%s\"", i, cases[i].addr, result);
	}
	list_index_close(x);
}

/** Many ranges of three lists against a search through all of them. */
static void what_is_found_is_what_the_ranges_say(void **state)
{
	enum { N = 300, ASKED = 3000 };
	uint32_t random = 1, from[3][N], to[3][N];
	char *text[3];
	struct list_source s[3];
	struct list_index *x;

	(void)state;
	for (unsigned l = 0; l < 3; l++) {
		char *p = text[l] = malloc(N * 40);

		assert_non_null(p);
		for (unsigned i = 0; i < N; i++) {
			random = random * 1664525 + 1013904223;
			from[l][i] = 0x50000000u + (random >> 16) % 20000;
			to[l][i] = from[l][i] + (random >> 8) % (i % 10 ? 50 : 2000);
			p += sprintf(p, "80.0.%u.%u-80.0.%u.%u\n", from[l][i] >> 8 & 255,
				     from[l][i] & 255, to[l][i] >> 8 & 255, to[l][i] & 255);
		}
		s[l] = list_support_text(l ? l == 1 ? "b" : "c" : "a", text[l]);
	}
	x = list_support_index(s, 3);
	for (unsigned i = 0; i < ASKED; i++) {
		uint32_t v = 0x50000000u + i * 8;
		struct addr a = { AF_INET, { 80, 0, (uint8_t)(v >> 8), (uint8_t)v } };
		uint64_t said[LEVELS], expected = 0;

		for (unsigned l = 0; l < 3; l++) {
			for (unsigned k = 0; k < N; k++)
				expected |= v >= from[l][k] && v <= to[l][k] ? 1ull << l : 0;
		}
		assert_int_equal(list_spans_find(x, &a, false, UINT64_MAX, said), expected);
		assert_int_equal(said[LEVEL_BLOCK], expected);
	}
	list_index_close(x);
	for (unsigned l = 0; l < 3; l++)
		free(text[l]);
}

static void ranges_of_a_bad_file_are_kept(void **state)
{
	struct list_source s = list_support_text("a", "24.0.113.0.203.rpz-ip CNAME .\n"
						      "28.16.113.0.203.rpz-ip CNAME rpz-passthru.\n"
						      "32.9.1.168.192.rpz-client-ip CNAME *.\n"
						      "x.example CNAME rpz-drop.\n");
	struct list_index *old = list_support_index(&s, 1), *x;
	struct list_match m;
	uint64_t said[LEVELS];
	struct dname d;
	char buf[256];

	(void)state;
	s.rc = -5;
	s.old = old;
	x = list_support_index(&s, 1);
	list_index_close(old);
	assert_string_equal(find(x, "203.0.113.9", false, buf),
			    "0 1 203.0.113.0/28 0 0");
	assert_string_equal(find(x, "203.0.113.16", false, buf), "0 2 203.0.113.16/28 1 0");
	assert_string_equal(find(x, "192.168.1.9", true, buf), "0 3 192.168.1.9 0 1");
	assert_int_equal(dname_from_text("x.example", &d), 0);
	list_index_find(x, &d, 1, said);
	assert_true(list_index_explain(x, &d, 1, said, &m));
	assert_int_equal(m.action, ACTION_DROP);
	assert_int_equal(m.line, 4);
	list_index_close(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_ip_lists),
		cmocka_unit_test(triggers_of_rpz),
		cmocka_unit_test(address_is_found_in_the_narrowest_range),
		cmocka_unit_test(what_is_found_is_what_the_ranges_say),
		cmocka_unit_test(ranges_of_a_bad_file_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
