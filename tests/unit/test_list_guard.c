/* What a list of strangers may not block, and that the rest of it counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "blocklists/list_guard.h"
#include "blocklists/list_sides.h"
#include "conf/conf.h"
#include "lib/util.h"
#include "tests/support/conf_text.h"
#include "tests/support/list_support.h"

static struct list_guard *make_guard(void)
{
	struct conf *c = conf_of_text(
		"upstream u { server 192.0.2.53 tls dns.quiet.example }\n"
		"upstream corp { server 10.0.0.53 }\nforward corp.example corp\n"
		"local home.arpa { hosts /dev/null }\nhost nas.mine.example 192.168.1.5\n"
		"list a {\n url https://lists.far.example:8443/a.txt\n}\n");
	struct list_guard *g;

	assert_int_equal(list_guard_of_conf(c, &g), 0);
	conf_free(c);
	return g;
}

static struct dname name_of(const char *text)
{
	struct dname d;

	assert_int_equal(dname_from_text(text, &d), 0);
	return d;
}

static void suffixes_and_needed_names_are_covered(void **state)
{
	static const struct {
		const char *name;
		enum list_scope scope;
		bool covers;
	} cases[] = {
		{ "com", SCOPE_SUBTREE, true },
		{ "com", SCOPE_BELOW, true },
		{ "com", SCOPE_EXACT, false }, /* nobody asks for it */
		{ "co.uk", SCOPE_SUBTREE, true },
		{ "zip", SCOPE_SUBTREE, true },
		{ "xn--p1ai", SCOPE_SUBTREE, true },
		{ "tokyo.jp", SCOPE_SUBTREE, true },
		{ "lan", SCOPE_SUBTREE, true },
		{ "blogspot.com", SCOPE_SUBTREE, false }, /* one firm's */
		{ "github.io", SCOPE_SUBTREE, false },
		{ "tracker.co.uk", SCOPE_SUBTREE, false },
		{ "a.b.c.tracker.co.uk", SCOPE_SUBTREE, false },
		{ "lists.far.example", SCOPE_EXACT, true },
		{ "lists.far.example", SCOPE_SUBTREE, true },
		{ "lists.far.example", SCOPE_BELOW, false },
		{ "far.example", SCOPE_SUBTREE, true },
		{ "far.example", SCOPE_BELOW, true },
		{ "far.example", SCOPE_EXACT, false },
		{ "ads.far.example", SCOPE_SUBTREE, false },
		{ "dns.quiet.example", SCOPE_EXACT, true },
		{ "corp.example", SCOPE_SUBTREE, true },
		{ "ads.corp.example", SCOPE_SUBTREE, false },
		{ "home.arpa", SCOPE_SUBTREE, true },
		{ "nas.mine.example", SCOPE_EXACT, true },
		{ "mine.example", SCOPE_SUBTREE, true },
		{ "debian.org", SCOPE_SUBTREE, true },
		{ "ntp.org", SCOPE_BELOW, true },
	};
	struct list_guard *g = make_guard();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (unsigned level = 0; level < LEVELS; level++) {
			struct list_entry e = { .name = name_of(cases[i].name),
						.scope = (uint8_t)cases[i].scope,
						.level = (uint8_t)level };
			bool blocks = level == LEVEL_BLOCK || level == LEVEL_IMPORTANT;

			if (list_guard_covers(g, &e) != (blocks && cases[i].covers))
				fail_msg("%s, scope %d, level %u", cases[i].name,
					 (int)cases[i].scope, level);
			e.disables = true;
			assert_false(list_guard_covers(g, &e));
		}
	}
	list_guard_free(g);
}

static uint64_t blocked(const struct list_index *x, const char *text)
{
	const struct list_asking any = { .is_any = true };
	struct dname d = name_of(text);
	uint64_t said[LEVELS];

	list_index_find(x, &d, UINT64_MAX, said);
	list_sides_find(x, &d, &any, UINT64_MAX, said);
	return said[LEVEL_BLOCK] | said[LEVEL_IMPORTANT];
}

static void lines_that_cover_them_do_not_count(void **state)
{
	static const struct {
		const char *line, *name; /* that it would block */
		bool counts;
	} cases[] = {
		{ "||com^", "x.com", false },
		{ "||*.com^", "x.com", false },
		{ "*.com^", "x.com", false },
		{ ".co.uk^", "x.co.uk", false },
		{ "||com^$dnstype=A", "x.com", false },
		{ "||zip^$important", "x.zip", false },
		{ "/./", "anything.example", false },
		{ "/debian/", "deb.debian.org", false },
		{ "/^lists\\.[a-z]+\\.example$/", "lists.far.example", false },
		{ "lists.*.example", "lists.far.example", false },
		{ "||lists.far.example^", "lists.far.example", false },
		{ "||far.example^$important", "lists.far.example", false },
		{ "||tracker.com^", "tracker.com", true },
		{ "||ads*.com^", "ads1.com", true },
		{ "/^ads[0-9]/", "ads1.com", true },
		{ "||ads.far.example^", "ads.far.example", true },
	};
	struct list_guard *g = make_guard();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct list_source s = list_support_text("a", cases[i].line);
		const struct list_stats *t;
		struct list_index *x;

		s.format = LIST_ADBLOCK;
		x = list_support_index(&s, 1);
		assert_int_equal(blocked(x, cases[i].name), 1);
		list_index_close(x);
		s.guard = g;
		x = list_support_index(&s, 1);
		t = list_index_stats(x, 0);
		if (blocked(x, cases[i].name) != cases[i].counts ||
		    t->by_kind[LINE_PROTECTED] != !cases[i].counts)
			fail_msg("%s", cases[i].line);
		assert_int_equal(t->first_line[LINE_PROTECTED], !cases[i].counts);
		assert_int_equal(t->unsupported, !cases[i].counts);
		list_index_close(x);
	}
	list_guard_free(g);
}

static void what_the_operator_wrote_and_allow_rules_are_not_guarded(void **state)
{
	struct conf_list_name name = { .text = "*.zip" };
	struct list_guard *g = make_guard();
	struct list_source s = list_support_text("a", "||com^\n@@||org^\n||net^$badfilter\n");
	struct list_index *x;

	(void)state;
	s.guard = g;
	s.names = &name;
	s.name_count = 1;
	x = list_support_index(&s, 1);
	assert_int_equal(blocked(x, "x.zip"), 1);
	assert_int_equal(blocked(x, "x.com"), 0);
	assert_int_equal(list_index_stats(x, 0)->by_kind[LINE_PROTECTED], 1);
	assert_int_equal(list_index_stats(x, 0)->entries, 3);
	list_index_close(x);
	list_guard_free(g);
}

static void what_is_kept_is_judged_anew(void **state)
{
	struct list_source s = list_support_text("a", "||nas.mine.example^\n||x*.home.arpa^\n"
						      "||home*.arpa^\n||ads.example^\n");
	struct list_index *old = list_support_index(&s, 1), *x;
	struct list_guard *g = make_guard();

	(void)state;
	s = list_support_text("a", "<html>\n");
	s.old = old;
	s.guard = g;
	x = list_support_index(&s, 1);
	assert_true(list_index_stats(x, 0)->rc != 0);
	assert_int_equal(list_index_stats(x, 0)->kept, 2);
	assert_int_equal(blocked(x, "nas.mine.example"), 0);
	assert_int_equal(blocked(x, "home.arpa"), 0);
	assert_int_equal(blocked(x, "ads.example"), 1);
	list_index_close(x);
	list_index_close(old);
	list_guard_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suffixes_and_needed_names_are_covered),
		cmocka_unit_test(lines_that_cover_them_do_not_count),
		cmocka_unit_test(what_the_operator_wrote_and_allow_rules_are_not_guarded),
		cmocka_unit_test(what_is_kept_is_judged_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
