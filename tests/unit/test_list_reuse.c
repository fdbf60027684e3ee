/*
 * An index of which most is taken from the one before: the same as one that is built anew, by
 * whatever way it came about.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "blocklists/list_guard.h"
#include "blocklists/list_image.h"
#include "blocklists/list_reuse.h"
#include "blocklists/list_sides.h"
#include "blocklists/list_walk.h"
#include "lib/hash.h"
#include "lib/util.h"
#include "tests/support/list_support.h"

#define ROUNDS	 60
#define LISTS	 6
#define TEXT_MAX 4096
#define DUMP_MAX (1u << 20)

static struct list_source source(const char *name, const char *text,
				 const struct list_index *old)
{
	struct list_source s = list_support_text(name, text);

	s.old = old;
	s.source = list_reuse_hash(&s);
	return s;
}

/** All of a list's rules that are no names, in any order. */
static uint64_t sides_sum(const struct list_index *x, unsigned list)
{
	static struct list_side side;
	uint64_t sum = 0;
	uint32_t where;
	int have;

	for (uint32_t k = 0; (have = list_sides_rule(x, list, k / 2, k & 1, &side, &where)) >= 0; k++) {
		const struct hash_key key = { { where, side.level * 2u + side.disables } };

		if (have)
			sum += hash_bytes(&key, side.rule, side.rule_len);
	}
	return sum;
}

/** Everything that an index says of its lists, but for when they were read. */
static char *dump(const struct list_index *x)
{
	char *text = malloc(DUMP_MAX), *p = text;
	uint32_t where;

	assert_non_null(text);
	for (unsigned i = 0; i < list_index_list_count(x); i++) {
		const struct list_stats *s = list_index_stats(x, i);
		struct list_entry e;
		struct list_walk w;

		p += sprintf(p, "%s: %u %u %u %u rc %d\n", s->name, (unsigned)s->entries,
			     (unsigned)s->lines, (unsigned)s->duplicates, s->subtrees, s->rc);
		assert_true(list_walk_start(&w, x, s->name));
		while (list_walk_next(&w, &e, &where)) {
			char name[DNAME_TEXT_MAX];

			p += sprintf(p, "%s %u %u %u %u at %x\n",
				     dname_to_text(&e.name, name), e.scope, e.level, e.action,
				     e.disables, where);
			assert_true(p - text < DUMP_MAX - 1024);
		}
		p += sprintf(p, "%u masks, %u regexes, all %" PRIx64 "\n",
			     s->by_side[SIDE_MASK], s->by_side[SIDE_REGEX], sides_sum(x, i));
	}
	return text;
}

static void assert_same(const struct list_index *a, const struct list_index *b)
{
	char *x = dump(a), *y = dump(b);

	assert_string_equal(x, y);
	free(x);
	free(y);
	assert_int_equal(list_index_names(a), list_index_names(b));
}

static void what_decides_a_list_decides_its_hash(void **state)
{
	static const char *const owners[] = { "AS1" };
	struct conf_list_name name = { .text = "own.example" };
	struct list_guard *guards[2];
	struct list_source of[10];
	struct dname needed;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(of); i++)
		of[i] = list_support_text("a", "a.example\n");
	for (size_t i = 0; i < ARRAY_SIZE(guards); i++)
		assert_int_equal(list_guard_new(&guards[i]), 0);
	assert_int_equal(dname_from_text("needed.example", &needed), 0);
	list_guard_add(guards[1], &needed);
	of[8].guard = guards[0];
	of[9].guard = guards[1];
	of[1].bytes = "b.example\n";
	of[2].format = LIST_HOSTS;
	of[3].subdomains = SUBDOMAINS_YES;
	of[4].names = &name;
	of[4].name_count = 1;
	of[5].owners = owners;
	of[5].owner_count = 1;
	of[6].len = 0;
	of[7].len = 0;
	of[7].rc = -5;
	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		assert_true(list_reuse_hash(&of[i]) != 0);
		assert_true(list_reuse_hash(&of[i]) == list_reuse_hash(&of[i]));
		for (size_t k = 0; k < i; k++)
			assert_true(list_reuse_hash(&of[i]) != list_reuse_hash(&of[k]));
	}
	list_guard_free(guards[0]);
	list_guard_free(guards[1]);
}

static void a_file_is_hashed_whole(void **state)
{
	char path[] = "/tmp/nameward-reuse-XXXXXX";
	int fd = mkstemp(path);
	struct list_source s = { .name = "a", .fd = fd };
	uint64_t before;

	(void)state;
	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(ftruncate(fd, 200000), 0);
	before = list_reuse_hash(&s);
	assert_true(before == list_reuse_hash(&s));
	for (off_t at = 0; at < 200000; at += 65535) {
		uint64_t h;

		assert_int_equal(pwrite(fd, "x", 1, at), 1);
		h = list_reuse_hash(&s);
		assert_true(h != before);
		before = h;
	}
	close(fd);
	assert_true(list_reuse_hash(&s) == 0); /* it cannot be read */
}

static void a_list_as_it_was_is_not_read(void **state)
{
	const char *const kept = "kept.example\n*.tree.example\n||nothing\n";
	const char *const rules = "||b.example^\n||track\n/re[gx]/\n@@||ok.example^$important\n"
				  "||off\n||off$badfilter\n";
	struct list_source s[] = { source("kept", kept, NULL), source("rules", rules, NULL),
				   source("new", "old.example\n", NULL) };
	struct list_index *old = list_support_index(s, 3), *x;

	(void)state;
	for (size_t i = 0; i < 2; i++) { /* nothing but their hash is left of them */
		s[i].bytes = NULL;
		s[i].len = 0;
	}
	s[2] = source("new", "new.example\nkept.example\n", NULL);
	for (size_t i = 0; i < 3; i++)
		s[i].old = old;
	x = list_support_index(s, 3);
	list_index_close(old); /* nothing of it is borrowed */
	s[0] = source("kept", kept, NULL);
	s[1] = source("rules", rules, NULL);
	s[2].old = NULL;
	old = list_support_index(s, 3);
	assert_same(x, old);
	list_index_close(x);
	list_index_close(old);
}

/** What an index does not hold all of is read again. */
static void a_list_that_is_not_all_there_is_read(void **state)
{
	static const struct {
		const char *name, *text;
	} cases[] = {
		{ "ranges", "32.7.2.0.192.rpz-ip CNAME .\nx.example CNAME .\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct list_source s = source(cases[i].name, cases[i].text, NULL);
		struct list_index *old = list_support_index(&s, 1);
		unsigned from;

		s.old = old;
		assert_false(list_reuse_find(&s, &from));
		assert_true(list_reuse_is_whole(&s, 1, old));
		list_index_close(old);
	}
}

static void the_index_of_the_same_lists_in_their_order_is_whole(void **state)
{
	struct list_source s[] = { source("a", "a.example\n", NULL),
				   source("b", "b.example\n", NULL) };
	struct list_source turned[] = { s[1], s[0] };
	struct list_index *x = list_support_index(s, 2);

	(void)state;
	assert_true(list_reuse_is_whole(s, 2, x));
	assert_false(list_reuse_is_whole(s, 1, x));
	assert_false(list_reuse_is_whole(turned, 2, x));
	s[1].source++;
	assert_false(list_reuse_is_whole(s, 2, x));
	s[1].source = 0;
	assert_false(list_reuse_is_whole(s, 2, x));
	list_index_close(x);
}

static void a_list_that_is_rolled_back_stays_what_it_was(void **state)
{
	struct list_source good[] = { source("a", "a.example\n32.7.2.0.192.rpz-ip CNAME .\n", NULL),
				      source("b", "b.example\n", NULL) };
	struct list_source bad[] = { source("a", "bad.example\n", NULL),
				     source("b", "b.example\n", NULL),
				     source("c", "c.example\n", NULL) };
	struct list_index *before = list_support_index(good, 2);
	struct list_index *refused = list_support_index(bad, 3), *x, *again;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		bad[i].old = before;
		bad[i].is_back = list_reuse_is_back(&bad[i], refused);
	}
	assert_true(bad[0].is_back);
	assert_false(bad[1].is_back); /* it is the same in both */
	assert_false(bad[2].is_back); /* there is nothing to go back to */
	x = list_support_index(bad, 3);
	assert_int_equal(list_index_stats(x, 0)->is_back, 1);
	assert_int_equal(list_index_stats(x, 0)->entries, list_index_stats(before, 0)->entries);
	assert_int_equal(list_index_names(x), 3);
	assert_true(list_reuse_is_whole(bad, 3, x));
	for (size_t i = 0; i < 3; i++) {
		bad[i].old = x;
		bad[i].is_back = list_reuse_is_back(&bad[i], refused);
	}
	assert_true(bad[0].is_back); /* of a build that was itself rolled back */
	again = list_support_index(bad, 3);
	assert_same(x, again);
	bad[0] = source("a", "better.example\n", again);
	assert_false(list_reuse_is_back(&bad[0], refused));
	list_index_close(before);
	list_index_close(refused);
	list_index_close(again);
	list_index_close(x);
}

/* --- any changes ---------------------------------------------------------------------- */

static uint32_t random_next(uint32_t most)
{
	static uint64_t x = 88172645463325252ull;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 20) % most;
}

static void write_list(char *text)
{
	static const struct {
		const char *before, *behind;
	} forms[] = {
		{ "n", ".example" },	   { "*.n", ".example" },
		{ "||n", ".example^" },	   { "@@||n", ".example^" },
		{ "||n", ".example^$important" }, { "||n", ".example^$badfilter" },
		{ "||track", "" },	   { "@@||n", ".example^$dnstype=A" },
		{ "a.n", ".example" },
	};
	bool is_adblock = random_next(2);
	char *p = text;

	*p = '\0';
	for (uint32_t n = random_next(60); n; n--) {
		uint32_t form = is_adblock ? 2 + random_next(6) : random_next(2) * 8;

		p += sprintf(p, "%s%u%s\n", forms[form].before, random_next(40),
			     forms[form].behind);
	}
}

static void any_changes_give_what_all_anew_gives(void **state)
{
	static const char *const names[LISTS] = { "a", "b", "c", "d", "e", "f" };
	static char texts[LISTS][TEXT_MAX];
	struct list_index *old = NULL, *x, *anew;
	struct list_source s[LISTS];
	unsigned taken = 0, from;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned first = random_next(LISTS), count = 1 + random_next(LISTS);

		for (unsigned i = 0; i < LISTS; i++) {
			if (!round || !random_next(4))
				write_list(texts[i]);
		}
		for (unsigned i = 0; i < count; i++) {
			unsigned k = (first + i) % LISTS;

			s[i] = source(names[k], texts[k], NULL);
		}
		anew = list_support_index(s, count);
		for (unsigned i = 0; i < count; i++) {
			s[i].old = old;
			taken += list_reuse_find(&s[i], &from);
		}
		x = list_support_index(s, count);
		assert_same(x, anew);
		list_index_close(anew);
		list_index_close(old);
		old = x;
	}
	list_index_close(old);
	assert_in_range(taken, ROUNDS / 2, ROUNDS * LISTS);
}

/** Names that go back would make an index in which others are not found; those with an empty
 *  label are no names. */
static void an_index_of_what_are_no_names_in_order_is_not_merged(void **state)
{
	static const char *const firsts[] = { "example.zz", "example.~~", "ex..ple.ab",
					      ".xample.ab", "example.a." };
	struct list_source s = source("a", "ab.example\nzz.example\n", NULL);
	struct list_layout at;
	struct list_index *old;
	size_t len;
	char *image = list_support_image(&s, 1, &len);

	(void)state;
	assert_int_equal(list_image_layout((struct list_image_head *)image, &at), 0);
	assert_memory_equal(image + at.blocks + 2, "example.ab", 10);
	for (size_t i = 0; i < ARRAY_SIZE(firsts); i++) {
		int fd = memfd_create("test", 0);

		memcpy(image + at.blocks + 2, firsts[i], 10);
		list_image_stamp(image, ORIGIN_NEW, NULL);
		assert_int_equal(list_index_attach(image, len, &old), 0);
		s.old = old;
		assert_int_equal(list_build(&s, 1, fd), -EBADMSG);
		list_index_close(old);
		close(fd);
	}
	free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_decides_a_list_decides_its_hash),
		cmocka_unit_test(a_file_is_hashed_whole),
		cmocka_unit_test(a_list_as_it_was_is_not_read),
		cmocka_unit_test(a_list_that_is_not_all_there_is_read),
		cmocka_unit_test(the_index_of_the_same_lists_in_their_order_is_whole),
		cmocka_unit_test(a_list_that_is_rolled_back_stays_what_it_was),
		cmocka_unit_test(any_changes_give_what_all_anew_gives),
		cmocka_unit_test(an_index_of_what_are_no_names_in_order_is_not_merged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
