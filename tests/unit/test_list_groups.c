/*
 * Names are looked for among groups of blocks, then within one by eight octets behind what all
 * its blocks share: each name is found wherever it stands, and none between two of them is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "blocklists/list_image.h"
#include "blocklists/list_key.h"
#include "blocklists/list_parts.h"
#include "lib/util.h"
#include "tests/support/list_support.h"

#define NAMES 20000u /* of which every other is on the list: 625 blocks, 10 groups */

/** Name number i of a kind: numbers follow one another in the order of keys. */
static void name_of(char *out, size_t size, unsigned kind, unsigned i)
{
	switch (kind) {
	case 0: /* differ in the octets behind what they share */
		snprintf(out, size, "n%05u.example", i);
		return;
	case 1: /* differ behind eight octets that tie */
		snprintf(out, size, "aaaaaaaaaaaa%05u.example", i);
		return;
	case 2: /* few names below each of many */
		snprintf(out, size, "x%u.p%04u.example", i % 8, i / 8);
		return;
	default: /* top labels of one letter, so that groups share nothing */
		snprintf(out, size, "n%u.%c%03u", i % 10, 'a' + (int)(i / 10 % 26),
			 i / 260);
	}
}

static bool has(const struct list_index *x, const char *text)
{
	struct dname d;

	assert_int_equal(dname_from_text(text, &d), 0);
	return list_index_find(x, &d, 1, NULL);
}

static void every_name_is_found_and_nothing_between(void **state)
{
	char *text = malloc(NAMES * 64), name[64], near[80];

	(void)state;
	assert_non_null(text);
	for (unsigned kind = 0; kind < 4; kind++) {
		struct list_source s = list_support_text("a", "");
		struct list_index *x;
		char *p = text;

		for (unsigned i = 0; i < NAMES; i += 2) {
			name_of(name, sizeof(name), kind, i);
			p += sprintf(p, "%s\n", name);
		}
		s.bytes = text;
		s.len = (size_t)(p - text);
		x = list_support_index(&s, 1);
		assert_in_range(x->group_count, 9, 11);
		for (unsigned i = 0; i < NAMES; i++) {
			name_of(name, sizeof(name), kind, i);
			snprintf(near, sizeof(near), "0.%s", name);
			if (has(x, name) != !(i & 1) || has(x, near))
				fail_msg("%s", name);
		}
		assert_false(has(x, "a.aaa"));
		assert_false(has(x, "zz.zzz"));
		list_index_close(x);
	}
	free(text);
}

/** An index says how deep its names are: other depths are not even hashed. */
static void only_depths_that_there_are_count(void **state)
{
	static const struct {
		const char *text;
		uint32_t depths;
	} cases[] = {
		{ "", 0 },
		{ "*.com\n", 1 },
		{ "a.example\nx.b.example\n", 6 },
		{ "1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.a\n",
		  1u << 31 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct list_source s = list_support_text("a", cases[i].text);
		struct list_index *x = list_support_index(&s, 1);

		assert_int_equal(x->head->depths, cases[i].depths);
		if (cases[i].text[0] == '1')
			assert_true(has(x, "1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1."
					   "1.1.1.1.1.1.1.1.1.1.a"));
		list_index_close(x);
	}
}

static void words_stand_in_the_order_of_their_keys(void **state)
{
	static const struct {
		const char *before, *behind;
		size_t skip;
	} cases[] = {
		{ "com", "com.a", 0 },	       { "com.a", "com.b", 4 },
		{ "com.abcdefgh", "com.abcdefgi", 4 }, { "a", "b", 0 },
		{ "com.", "com.-", 4 },	       { "com.0", "com._", 4 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char a[32] = "", b[32] = "";

		strcpy(a, cases[i].before);
		strcpy(b, cases[i].behind);
		assert_true(list_key_word(a, strlen(a), cases[i].skip) <
			    list_key_word(b, strlen(b), cases[i].skip));
	}
	assert_true(list_key_word("abcdefghijkl\0\0\0\0\0\0\0", 12, 12) == 0);
	assert_true(list_key_word("abcdefghijkl\0\0\0\0\0\0\0", 12, 4) ==
		    list_key_word("efghijkl\0\0\0\0\0\0\0", 8, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_is_found_and_nothing_between),
		cmocka_unit_test(only_depths_that_there_are_count),
		cmocka_unit_test(words_stand_in_the_order_of_their_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
