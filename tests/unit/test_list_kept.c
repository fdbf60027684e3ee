/* wrap: clock_gettime */
/*
 * A list whose file has gone bad between two builds: what it held stays in force, and all
 * else is new.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "blocklists/list_sides.h"
#include "blocklists/list_walk.h"
#include "blocklists/list_why.h"
#include "lib/util.h"
#include "tests/support/list_support.h"

#define HTML "<!DOCTYPE html>\n<html><body>gateway time-out</body></html>\n"
#define MANY 500

/* The clock, in seconds; 0: the real one. */
static uint64_t mono_s;

int __real_clock_gettime(clockid_t id, struct timespec *out);
int __wrap_clock_gettime(clockid_t id, struct timespec *out);

int __wrap_clock_gettime(clockid_t id, struct timespec *out)
{
	if (!mono_s)
		return __real_clock_gettime(id, out);
	*out = (struct timespec){ .tv_sec = (time_t)mono_s };
	return 0;
}

/** What the lists say of a name, and the line of the entry that decides. */
struct verdict {
	uint64_t by_level[LEVELS];
	uint32_t line;
	bool from_conf;
};

static struct verdict ask(const struct list_index *x, const char *text, uint64_t wanted)
{
	struct verdict v = { .line = 0 };
	struct list_match m;
	struct dname d;

	assert_int_equal(dname_from_text(text, &d), 0);
	list_index_find(x, &d, wanted, v.by_level);
	if (list_index_explain(x, &d, wanted, v.by_level, &m)) {
		v.line = m.line;
		v.from_conf = m.from_conf;
	}
	return v;
}

static uint64_t blocked(const struct list_index *x, const char *text)
{
	return ask(x, text, UINT64_MAX).by_level[LEVEL_BLOCK];
}

static struct list_source with_old(const char *name, const char *text,
				   const struct list_index *old)
{
	struct list_source s = list_support_text(name, text);

	s.old = old;
	return s;
}

static void the_bad_list_is_old_and_the_others_are_new(void **state)
{
	const struct list_source before[] = {
		list_support_text("a", "a.example\nshared.example\n"),
		list_support_text("b", "\n*.b.example\nshared.example\n"),
	};
	struct list_index *old = list_support_index(before, 2), *x;
	const struct list_source after[] = { /* in another order, and one more */
		with_old("b", HTML, old),
		with_old("new", HTML, old),
		with_old("a", "a2.example\n", old),
	};
	const struct list_stats *t;

	(void)state;
	x = list_support_index(after, 3);
	list_index_close(old); /* nothing of it is borrowed */
	assert_true(blocked(x, "www.b.example") == 1);
	assert_true(blocked(x, "shared.example") == 1);
	assert_int_equal(ask(x, "shared.example", UINT64_MAX).line, 3);
	assert_true(blocked(x, "a.example") == 0);
	assert_true(blocked(x, "a2.example") == 4);
	t = list_index_stats(x, 0);
	assert_int_equal(t->rc, -EPROTONOSUPPORT);
	assert_int_equal(t->shape, SHAPE_HTML);
	assert_int_equal(t->kept, 2);
	assert_int_equal(t->entries, 2);
	assert_int_equal(t->subtrees, 1);
	assert_int_equal(list_index_stats(x, 1)->rc, -EPROTONOSUPPORT);
	assert_int_equal(list_index_stats(x, 1)->kept, 0);
	assert_true(t->read_s > 0);
	assert_int_equal(list_index_stats(x, 1)->read_s, 0);
	assert_int_equal(list_index_stats(x, 2)->rc, 0);
	assert_int_equal(list_index_stats(x, 2)->kept, 0);
	list_index_close(x);
}

static void a_list_is_kept_through_many_builds_until_its_file_is_good(void **state)
{
	struct list_source s = list_support_text("a", "old.example\n");
	struct list_index *x = list_support_index(&s, 1), *next;

	(void)state;
	for (int i = 0; i < 3; i++) {
		s = with_old("a", "", x);
		s.rc = i & 1 ? -EACCES : -ENODEV;
		next = list_support_index(&s, 1);
		list_index_close(x);
		x = next;
		assert_true(blocked(x, "old.example") == 1);
		assert_int_equal(list_index_stats(x, 0)->rc, s.rc);
		assert_int_equal(list_index_stats(x, 0)->kept, 1);
	}
	s = with_old("a", "new.example\n", x);
	next = list_support_index(&s, 1);
	list_index_close(x);
	assert_true(blocked(next, "old.example") == 0);
	assert_true(blocked(next, "new.example") == 1);
	assert_int_equal(list_index_stats(next, 0)->rc, 0);
	assert_int_equal(list_index_stats(next, 0)->kept, 0);
	list_index_close(next);
}

static void names_of_the_configuration_are_never_old(void **state)
{
	struct conf_list_name was[] = { { .text = "gone.example" }, { .text = "both.example" } };
	struct conf_list_name is = { .text = "here.example" };
	struct list_source s = list_support_text("a", "both.example\nfile.example\n");
	struct list_index *old, *x;

	(void)state;
	s.names = was;
	s.name_count = ARRAY_SIZE(was);
	old = list_support_index(&s, 1);
	s = with_old("a", HTML, old);
	s.names = &is;
	s.name_count = 1;
	x = list_support_index(&s, 1);
	list_index_close(old);
	assert_true(blocked(x, "gone.example") == 0);
	assert_true(blocked(x, "both.example") == 1);
	assert_true(blocked(x, "file.example") == 1);
	assert_true(ask(x, "here.example", 1).from_conf);
	assert_int_equal(list_index_stats(x, 0)->kept, 2);
	assert_int_equal(list_index_stats(x, 0)->entries, 3);
	list_index_close(x);
}

static void the_switch_for_subdomains_counts_for_old_names_too(void **state)
{
	struct list_source s = list_support_text("a", "a.example\n");
	struct list_index *old = list_support_index(&s, 1), *x;

	(void)state;
	s = with_old("a", HTML, old);
	s.subdomains = SUBDOMAINS_YES;
	x = list_support_index(&s, 1);
	assert_true(blocked(x, "www.a.example") == 1);
	list_index_close(x);
	list_index_close(old);
}

/** Names in all four lists, in one or in none, and rules of every kind. */
static char *many_names(unsigned list)
{
	char *text = malloc(MANY * 64), *p = text;

	assert_non_null(text);
	for (unsigned i = 0; i < MANY; i++) {
		if (i % (list + 2) == 0)
			p += sprintf(p, list == 3 ? "@@||n%u.example^$important\n"
				     : list == 2  ? "||n%u.example^\n"
						  : "n%u.example\n", i);
		if (i % 7 == list)
			p += sprintf(p, list > 1 ? "||n%u.example^$important\n"
						 : "*.n%u.example\n", i);
		if (i % 11 == list && list > 1)
			p += sprintf(p, "||n%u.example^$badfilter\n", i);
	}
	return text;
}

static void every_entry_stays_with_its_rule_and_its_line(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", "zone" };
	struct list_source s[5];
	struct list_index *old, *x;
	char *texts[4], name[32];

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		s[i] = list_support_text(names[i], texts[i] = many_names(i));
	s[4] = list_support_text("zone", "*.n7.example CNAME .\nx.n7.example CNAME rpz-passthru.\n"
					 "*.x.n7.example CNAME .\nn9.example CNAME .\n");
	old = list_support_index(s, 5);
	for (unsigned i = 0; i < 5; i++)
		s[i] = with_old(names[i], HTML, old);
	x = list_support_index(s, 5);
	for (unsigned i = 0; i < MANY * 3; i++) {
		snprintf(name, sizeof(name), "%sn%u.example",
			 i % 3 == 2 ? "y.x." : i % 3 ? "x." : "", i / 3);
		for (unsigned l = 0; l <= 5; l++) {
			uint64_t wanted = l == 5 ? UINT64_MAX : 1ull << l;
			struct verdict was = ask(old, name, wanted);
			struct verdict is = ask(x, name, wanted);

			assert_memory_equal(was.by_level, is.by_level, sizeof(is.by_level));
			assert_int_equal(was.line, is.line);
		}
	}
	for (unsigned l = 0; l < 5; l++) {
		assert_true(list_index_stats(x, l)->kept > 0);
		assert_memory_equal(list_index_stats(x, l)->by_rule,
				    list_index_stats(old, l)->by_rule,
				    sizeof(list_index_stats(x, l)->by_rule));
	}
	assert_true(ask(x, "x.n7.example", 16).by_level[LEVEL_ALLOW] == 16);
	assert_true(ask(x, "x.n7.example", 16).by_level[LEVEL_BLOCK] == 0);
	list_index_close(x);
	list_index_close(old);
	for (unsigned i = 0; i < 4; i++)
		free(texts[i]);
}

/** Rules that are more than a name: of a list itself, and of another one. */
static void what_is_disabled_stays_so_when_its_list_is_kept(void **state)
{
	static const char rules[] = "||ads*.example^\n||ads*.example^$badfilter\n"
				    "/^track[0-9]/\n||cdn*.example^\n||name.example^\n"
				    "||name.example^$badfilter\n";
	static const struct {
		const char *name;
		uint64_t blocked;
	} cases[] = {
		{ "ads1.example", 0 }, { "track1.example", 0 }, { "name.example", 0 },
		{ "cdn1.example", 1 },
	};
	struct list_source s[] = {
		list_support_text("a", rules),
		list_support_text("b", "/^track[0-9]/$badfilter\n||x.example^\n"),
	};

	(void)state;
	for (unsigned kept = 0; kept < 4; kept++) { /* a bit a list */
		struct list_index *old = list_support_index(s, 2), *x;
		struct list_source again[] = {
			kept & 1 ? with_old("a", HTML, old) : s[0],
			kept & 2 ? with_old("b", HTML, old) : s[1],
		};

		x = list_support_index(again, 2);
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			const struct list_asking any = { .is_any = true };
			uint64_t by_level[LEVELS];
			struct dname d;

			assert_int_equal(dname_from_text(cases[i].name, &d), 0);
			list_index_find(x, &d, UINT64_MAX, by_level);
			list_sides_find(x, &d, &any, UINT64_MAX, by_level);
			assert_int_equal(by_level[LEVEL_BLOCK], cases[i].blocked);
		}
		list_index_close(x);
		list_index_close(old);
	}
}

static void words_say_what_is_wrong_how_old_the_names_are(void **state)
{
	static const struct {
		int rc;
		uint32_t kept;
		uint64_t age_s;
		const char *text;
	} cases[] = {
		{ 0, 0, 5, "" },
		{ -ENODEV, 0, 0, "Not a regular file" },
		{ -EPROTONOSUPPORT, 0, 0, "Not a list of names, but HTML" },
		{ -ENODEV, 1, 180,
		  "Not a regular file; its 1 old name, read 3 min ago, stays in force" },
		{ -ENODEV, 7, 7201,
		  "Not a regular file; its 7 old names, read 2 h ago, stay in force" },
		{ -EPROTONOSUPPORT, 8388608, 86400 * 30ull, "Not a list of names, but HTML; "
		  "its 8388608 old names, read 30 days ago, stay in force" },
	};
	char text[LIST_WHY_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct list_stats s = { .rc = cases[i].rc, .kept = cases[i].kept,
					.shape = SHAPE_HTML };

		mono_s = 100 * 86400;
		s.read_s = mono_s - cases[i].age_s;
		assert_string_equal(list_why_text(&s, text), cases[i].text);
		mono_s = 0;
	}
}

static void an_unknown_list_cannot_be_walked(void **state)
{
	const struct list_source s = list_support_text("a", "a.example\n");
	struct list_index *x = list_support_index(&s, 1);
	struct list_walk w;
	struct list_entry e;
	uint32_t where;

	(void)state;
	assert_false(list_walk_start(&w, x, "b"));
	assert_true(list_walk_start(&w, x, "a"));
	assert_true(list_walk_next(&w, &e, &where));
	assert_int_equal(where, 1);
	assert_false(list_walk_next(&w, &e, &where));
	assert_false(list_walk_next(&w, &e, &where));
	list_index_close(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bad_list_is_old_and_the_others_are_new),
		cmocka_unit_test(a_list_is_kept_through_many_builds_until_its_file_is_good),
		cmocka_unit_test(names_of_the_configuration_are_never_old),
		cmocka_unit_test(the_switch_for_subdomains_counts_for_old_names_too),
		cmocka_unit_test(every_entry_stays_with_its_rule_and_its_line),
		cmocka_unit_test(what_is_disabled_stays_so_when_its_list_is_kept),
		cmocka_unit_test(words_say_what_is_wrong_how_old_the_names_are),
		cmocka_unit_test(an_unknown_list_cannot_be_walked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
