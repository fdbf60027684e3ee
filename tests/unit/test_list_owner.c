/* Rows of tables of owners: whose ranges are taken, and what is no row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "blocklists/list_index.h"
#include "blocklists/list_owner.h"
#include "lib/util.h"
#include "tests/support/list_support.h"

static void rows_of_wanted_owners_are_ranges(void **state)
{
	static const struct {
		const char *row, *owner, *range; /* range NULL: not wanted */
	} cases[] = {
		{ "192.0.2.0\t192.0.2.255\t64496\tCH\tEXAMPLE-NET", "AS64496", "192.0.2.0/24" },
		{ "192.0.2.0\t192.0.2.255\t64496\tCH\tEXAMPLE-NET", "as64496", "192.0.2.0/24" },
		{ "192.0.2.0\t192.0.2.255\tAS64496\tCH\tX", "AS64496", "192.0.2.0/24" },
		{ "192.0.2.0\t192.0.2.255\t64496\tCH\tX", "AS6449", NULL },
		{ "192.0.2.0\t192.0.2.255\t64496\tCH\tX", "AS644960", NULL },
		{ "192.0.2.0\t192.0.2.255\t64496\tCH\tX", "CH", "192.0.2.0/24" },
		{ "192.0.2.0\t192.0.2.255\t64496\tDE\tCH", "CH", "192.0.2.0/24" },
		{ "192.0.2.0\t192.0.2.255\t64496\tDE\tCHEAP", "CH", NULL },
		{ "192.0.2.0\t192.0.2.255\t64496\tCH\tBig Example, Inc.", "example", "192.0.2.0/24" },
		{ "192.0.2.0,192.0.2.9,64496,\"Example, Inc.\"", "e, inc.", "192.0.2.0-192.0.2.9" },
		{ "192.0.2.0,192.0.2.9,64496,\"Example, Inc.\",CH", "CH", "192.0.2.0-192.0.2.9" },
		{ "192.0.2.0,192.0.2.9,64496,No End\"", "no end", "192.0.2.0-192.0.2.9" },
		{ "192.0.2.0,192.0.2.9,64496,\"No End", "no end", "192.0.2.0-192.0.2.9" },
		{ "192.0.2.0,192.0.2.9,64496", "AS64496", "192.0.2.0-192.0.2.9" },
		{ "192.0.2.0,192.0.2.9,64496", "64496", NULL },
		{ "2001:db8::,2001:db8::ff,64496,X", "AS64496", "2001:db8::/120" },
	};
	char text[LIST_SPAN_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct list_span s;
		enum list_line_kind kind =
			list_owner_line(cases[i].row, &cases[i].owner, 1, &s);

		if (kind != (cases[i].range ? LINE_SPAN : LINE_NOT_WANTED))
			fail_msg("row %zu: %s", i, list_line_kind_name(kind));
		if (cases[i].range)
			assert_string_equal(list_span_text(&s, text), cases[i].range);
	}
}

static void what_is_no_row_is_said(void **state)
{
	static const struct {
		const char *row;
		enum list_line_kind kind;
	} cases[] = {
		{ "", LINE_EMPTY },
		{ "# a table", LINE_COMMENT },
		{ "start,end,asn,name", LINE_HEADING },
		{ "192.0.2.0", LINE_BAD_SYNTAX },
		{ "192.0.2.0,192.0.2.9", LINE_BAD_SYNTAX },
		{ "192.0.2.0,192.0.2.9,x,y", LINE_BAD_SYNTAX },
		{ "192.0.2.0,192.0.2.9,,1", LINE_BAD_SYNTAX },
		{ "192.0.2.0,192.0.2.9,12345678901", LINE_BAD_SYNTAX },
		{ "192.0.2.9,192.0.2.0,1", LINE_BAD_SYNTAX },
		{ "192.0.2.0,2001:db8::,1", LINE_BAD_SYNTAX },
		{ "192.0.2.0-9,192.0.2.9,1", LINE_BAD_ADDRESS },
		{ "10.0.0.0,10.0.0.9,1", LINE_NOT_PUBLIC },
		{ "9.0.0.0,11.0.0.0,1", LINE_NOT_PUBLIC },
		{ ",,1", LINE_BAD_SYNTAX },
	};
	const char *owner = "AS1";
	struct list_span s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum list_line_kind kind = list_owner_line(cases[i].row, &owner, 1, &s);

		if (kind != cases[i].kind)
			fail_msg("row %zu: %s", i, list_line_kind_name(kind));
	}
}

static void a_table_becomes_a_list_of_the_owners_ranges(void **state)
{
	static const char *const owners[] = { "AS64497", "AT" };
	struct list_source s = list_support_text(
		"owned", "start,end,asn,country\n198.51.100.0,198.51.100.9,64497,CH\n"
			 "198.51.100.10,198.51.100.19,64498,CH\n203.0.113.0\t203.0.113.0\t1\tAT\r\n");
	struct list_index *x;

	(void)state;
	s.format = LIST_OWNERS;
	s.owners = owners;
	s.owner_count = ARRAY_SIZE(owners);
	x = list_support_index(&s, 1);
	assert_int_equal(list_index_stats(x, 0)->spans, 2);
	assert_int_equal(list_index_stats(x, 0)->by_kind[LINE_NOT_WANTED], 1);
	assert_int_equal(list_index_stats(x, 0)->invalid, 0);
	list_index_close(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_wanted_owners_are_ranges),
		cmocka_unit_test(what_is_no_row_is_said),
		cmocka_unit_test(a_table_becomes_a_list_of_the_owners_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
