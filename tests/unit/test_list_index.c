/* Lists -> index -> look-ups, against a plain set and by table. */
#include <errno.h>
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

#include "lib/util.h"
#include "tests/support/list_support.h"

#define ALL UINT64_MAX

static struct dname name_of(const char *text)
{
	struct dname d;

	assert_int_equal(dname_from_text(text, &d), 0);
	return d;
}

static uint64_t find(const struct list_index *x, const char *text, uint64_t wanted)
{
	struct dname d = name_of(text);

	return list_index_find(x, &d, wanted, NULL);
}

/** As list_index_explain, for whatever the lists say. */
static bool explain(const struct list_index *x, const struct dname *d, uint64_t wanted,
		    struct list_match *out)
{
	uint64_t said[LEVELS];

	list_index_find(x, d, wanted, said);
	return list_index_explain(x, d, wanted, said, out);
}

struct question {
	const char *name;
	uint64_t lists;
};

static void check(const struct list_index *x, const struct question *q, size_t n)
{
	struct list_match match;

	for (size_t i = 0; i < n; i++) {
		struct dname d = name_of(q[i].name);

		if (find(x, q[i].name, ALL) != q[i].lists)
			fail_msg("%s is on %llx, not %llx", q[i].name,
				 (unsigned long long)find(x, q[i].name, ALL),
				 (unsigned long long)q[i].lists);
		assert_int_equal(explain(x, &d, ALL, &match), !!q[i].lists);
	}
}

static void plain_names_match_alone_and_starred_ones_all_below(void **state)
{
	static const struct question q[] = {
		{ "exact.example", 1 },	      { "www.exact.example", 0 },
		{ "example", 0 },	      { "xexact.example", 0 },
		{ "exact.example.com", 0 },   { "EXACT.Example", 1 },
		{ "tree.example", 2 },	      { "a.tree.example", 2 },
		{ "a.b.c.d.tree.example", 2 }, { "atree.example", 0 },
		{ "tree.exampl", 0 },	      { "both.example", 3 },
		{ "x.both.example", 2 },      { "zip", 2 },
		{ "a.zip", 2 },		      { "azip", 0 },
		{ ".", 0 },		      { "a.tree.example.", 2 },
	};
	const struct list_source s[] = {
		list_support_text("a", "exact.example\nboth.example\n"),
		list_support_text("b", "*.tree.example\n.both.example\n*.zip"),
	};
	struct list_index *x = list_support_index(s, 2);

	(void)state;
	check(x, q, ARRAY_SIZE(q));
	assert_int_equal(list_index_names(x), 4);
	assert_int_equal(list_index_list_count(x), 2);
	assert_true(list_index_bytes(x) > 0);
	assert_null(list_index_stats(x, 2));
	list_index_close(x);
}

static void octets_that_no_entry_holds_match_nothing_above_them(void **state)
{
	static const struct question q[] = {
		{ "a\\.b.tree.example", 1 }, /* below the subtree all the same */
		{ "a\\000b.tree.example", 1 },
		{ "\\*.tree.example", 1 },
		{ "tree\\.example", 0 },
		{ "x.tree\\.example", 0 },
		{ "exact\\.example.org", 0 },
		{ "a\\.exact.example", 0 },
		{ "\\255.example", 0 },
		{ "exact\\000.example", 0 },
	};
	const struct list_source s[] = {
		list_support_text("a", "*.tree.example\nexact.example\nexact.example.org"),
	};
	struct list_index *x = list_support_index(s, 1);

	(void)state;
	check(x, q, ARRAY_SIZE(q));
	list_index_close(x);
}

static void subdomains_switch_overrides_the_entries(void **state)
{
	static const struct question q[] = {
		{ "a.example", 7 },   { "x.a.example", 2 }, { "b.example", 7 },
		{ "x.b.example", 3 }, { "c.example", 7 },   { "x.c.example", 3 },
	};
	struct conf_list_name name = { .text = "*.c.example" };
	struct list_source s[3];
	struct list_index *x;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		s[i] = list_support_text("l", "a.example\n*.b.example\n");
		s[i].subdomains = (enum conf_subdomains)i;
		s[i].names = &name;
		s[i].name_count = 1;
	}
	x = list_support_index(s, 3);
	check(x, q, ARRAY_SIZE(q));
	assert_int_equal(list_index_stats(x, SUBDOMAINS_AUTO)->subtrees, 2);
	assert_int_equal(list_index_stats(x, SUBDOMAINS_YES)->subtrees, 3);
	assert_int_equal(list_index_stats(x, SUBDOMAINS_NO)->subtrees, 0);
	list_index_close(x);
}

/** What the lists say, as levels' letters for each: b, a, B, A. */
static void said_of(const struct list_index *x, const char *name, uint64_t wanted, char *out)
{
	uint64_t by_level[LEVELS];
	struct dname d = name_of(name);

	list_index_find(x, &d, wanted, by_level);
	for (unsigned list = 0; list < list_index_list_count(x); list++) {
		for (unsigned l = 0; l < LEVELS; l++) {
			if (by_level[l] >> list & 1)
				*out++ = "baBA"[l];
		}
		*out++ = ' ';
	}
	out[-1] = '\0';
}

struct saying {
	const char *name;
	uint64_t wanted;
	const char *said;
};

static void check_said(const struct list_index *x, const struct saying *rows, size_t n)
{
	char said[LIST_INDEX_LISTS * (LEVELS + 1)];

	for (size_t i = 0; i < n; i++) {
		said_of(x, rows[i].name, rows[i].wanted, said);
		if (strcmp(said, rows[i].said))
			fail_msg("%s: \"%s\", not \"%s\"", rows[i].name, said,
				 rows[i].said);
	}
}

static void rules_keep_their_levels(void **state)
{
	static const struct saying rows[] = {
		{ "x.example", ALL, "ba b" },	 { "a.x.example", ALL, "ba " },
		{ "y.example", ALL, "B " },	 { "z.example", ALL, "bBA " },
		{ "w.example", ALL, " " },	 { "a.w.example", ALL, "b " },
		{ "a.b.w.example", ALL, "b " },	 { "x.example", 1, "ba " },
		{ "x.example", 2, " b" },
	};
	const struct list_source s[] = {
		list_support_text("rules", "||x.example^\n@@||x.example^\n"
					   "|y.example^$important\n||z.example^\n"
					   "|z.example^$important\n"
					   "@@|z.example^$important\n||*.w.example^\n"),
		list_support_text("names", "x.example\n"),
	};
	struct list_index *x = list_support_index(s, 2);

	(void)state;
	check_said(x, rows, ARRAY_SIZE(rows));
	list_index_close(x);
}

static void badfilter_disables_just_its_rule_in_any_list_asked(void **state)
{
	static const struct saying rows[] = {
		{ "a.example", 3, " " },	{ "a.example", 1, "b " },
		{ "x.a.example", 3, " " },	{ "b.example", 3, "b " },
		{ "x.b.example", 3, " " },	{ "c.example", 3, "B " },
		{ "d.example", 3, "b " },	{ "d.example", 7, "b  b" },
		{ "e.example", 3, "b " },	{ "f.example", 3, "b " },
	};
	const struct list_source s[] = {
		list_support_text("rules", "||a.example^\n||b.example^\n|b.example^\n"
					   "||c.example^\n||c.example^$important\n"
					   "||d.example^\n@@||d.example^\n"
					   "||e.example^\n||f.example^\n"),
		list_support_text("bad", "||a.example^$badfilter\n||b.example^$badfilter\n"
					 "||c.example^$badfilter\n"
					 "@@||d.example^$badfilter\n"
					 "|e.example^$badfilter\n"
					 "||x.f.example^$badfilter\n"),
		list_support_text("more", "||d.example^\n||other.example^\n"),
	};
	struct list_index *x = list_support_index(s, 3);
	char said[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		said_of(x, rows[i].name, rows[i].wanted, said);
		if (strncmp(said, rows[i].said, strlen(rows[i].said)))
			fail_msg("%s: \"%s\", not \"%s\"", rows[i].name, said,
				 rows[i].said);
	}
	list_index_close(x);
}

static void the_nearest_zone_holds_in_formats_of_zones(void **state)
{
	static const struct saying rows[] = {
		{ "x.example", ALL, "b b b" },	   { "a.x.example", ALL, "a a b" },
		{ "q.a.x.example", ALL, "a b b" }, { "b.a.x.example", ALL, "b b ba" },
		{ "q.b.a.x.example", ALL, "b b ba" }, { "c.example", ALL, "b  " },
		{ "q.c.example", ALL, "a  " },
	};
	const struct list_source s[] = {
		list_support_text("unbound", "local-zone: \"x.example\" always_null\n"
					     "local-zone: \"a.x.example\" transparent\n"
					     "local-zone: \"b.a.x.example\" static\n"
					     "local-zone: \"c.example\" transparent\n"
					     "local-data: \"c.example A 0.0.0.0\"\n"),
		list_support_text("rpz", "x.example CNAME .\n*.x.example CNAME .\n"
					 "a.x.example CNAME rpz-passthru.\n"),
		list_support_text("rules", "||x.example^\n@@||b.a.x.example^\n"
					   "||b.a.x.example^\n"),
	};
	struct list_index *x = list_support_index(s, 3);

	(void)state;
	check_said(x, rows, ARRAY_SIZE(rows));
	list_index_close(x);
}

/** A line of a format, with the name in place of each '@'. */
static int format_line(char *out, const char *line, const char *name)
{
	char *p = out;

	for (; *line; line++)
		p += *line == '@' ? sprintf(p, "%s", name) : sprintf(p, "%c", *line);
	return (int)(p - out);
}

static void equal_lists_of_any_format_say_the_same(void **state)
{
	static const char *const lines[] = {
		"*.@\n",
		"||@^\n",
		"address=/@/0.0.0.0\n",
		"local=/@/\n",
		"address /@/#\n",
		"local-zone: \"@\" always_nxdomain\n",
		"@ CNAME .\n*.@ CNAME .\n",
	};
	static char texts[ARRAY_SIZE(lines)][64 * 3000];
	struct list_source s[ARRAY_SIZE(lines)];
	const uint64_t all = (1ull << ARRAY_SIZE(lines)) - 1;
	struct list_index *x;
	char name[64];
	unsigned hits = 0;

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(lines); f++) {
		char *p = texts[f];

		for (unsigned i = 0; i < 1000; i++) {
			snprintf(name, sizeof(name), "n%u.m%u.example", i, i % 37);
			p += format_line(p, lines[f], name);
		}
		s[f] = list_support_text("l", texts[f]);
	}
	x = list_support_index(s, ARRAY_SIZE(s));
	for (size_t f = 0; f < ARRAY_SIZE(lines); f++)
		assert_int_equal(list_index_stats(x, (unsigned)f)->invalid, 0);
	for (unsigned i = 0; i < 20000; i++) {
		static const char *const below[] = { "", "www.", "a.b.", "x" };
		uint64_t found;

		snprintf(name, sizeof(name), "%sn%u.m%u.example", below[i % 4], i / 8,
			 i / 8 % (37 + i % 2));
		found = find(x, name, ALL);
		if (found && found != all)
			fail_msg("%s: %llx", name, (unsigned long long)found);
		hits += found != 0;
	}
	assert_in_range(hits, 3000, 9000);
	list_index_close(x);
}

static void sixty_four_lists_keep_their_bits(void **state)
{
	struct list_source s[LIST_INDEX_LISTS + 1];
	static char texts[LIST_INDEX_LISTS + 1][96];
	struct list_index *x;
	char name[64];

	(void)state;
	for (unsigned i = 0; i <= LIST_INDEX_LISTS; i++) {
		snprintf(texts[i], sizeof(texts[i]), "n%u.example\nall.example\n%s\n", i,
			 i % 2 ? "odd.example" : "*.even.example");
		s[i] = list_support_text("l", texts[i]);
	}
	x = list_support_index(s, LIST_INDEX_LISTS);
	for (unsigned i = 0; i < LIST_INDEX_LISTS; i++) {
		uint64_t bit = 1ull << i;

		snprintf(name, sizeof(name), "n%u.example", i);
		assert_true(find(x, name, ALL) == bit);
		assert_true(find(x, name, bit) == bit);
		assert_true(find(x, name, ~bit) == 0);
		assert_true(find(x, "all.example", bit) == bit);
		assert_true(find(x, "a.even.example", bit) == (i % 2 ? 0 : bit));
		assert_true(find(x, "odd.example", bit) == (i % 2 ? bit : 0));
	}
	assert_true(find(x, "all.example", ALL) == ALL);
	assert_true(find(x, "all.example", 0) == 0);
	list_index_close(x);
	assert_int_equal(list_build(s, LIST_INDEX_LISTS + 1, -1), -E2BIG);
}

static void explain_gives_list_key_and_line(void **state)
{
	static const struct {
		const char *name;
		uint64_t wanted;
		unsigned list;
		bool subtree;
		const char *key;
		uint32_t line;
		bool from_conf;
	} rows[] = {
		{ "a.deep.example", ALL, 0, false, "a.deep.example", 3, false },
		{ "a.deep.example", 2, 1, true, "deep.example", 2, false },
		{ "b.deep.example", ALL, 1, true, "deep.example", 2, false },
		{ "B.Deep.Example", ALL, 1, true, "deep.example", 2, false },
		{ "b.deep.example", 4, 2, true, "example", 1, false },
		{ "deep.example", 6, 1, true, "deep.example", 2, false },
		{ "same.example", ALL, 1, false, "same.example", 4, false },
		{ "same.example", 1, 0, true, "same.example", 5, false },
		{ "x.same.example", ALL, 0, true, "same.example", 5, false },
		{ "own.test", ALL, 1, false, "own.test", 2, true },
		{ "x.tree.test", ALL, 1, true, "tree.test", 1, true },
		{ "file.test", ALL, 1, false, "file.test", 5, false },
	};
	static const struct conf_list_name names[] = {
		{ .text = "*.tree.test" }, { .text = "own.test" }, { .text = "file.test" },
	};
	struct list_source s[] = {
		list_support_text("a", "# t\n\n0.0.0.0 a.deep.example z.example\n\n"
				       "*.same.example\n"),
		list_support_text("b", "# t\n*.deep.example\n\nsame.example\nfile.test"),
		list_support_text("c", "*.example"),
	};
	struct list_match m;
	struct list_index *x;
	char text[DNAME_TEXT_MAX];
	struct dname d;

	(void)state;
	s[1].names = names;
	s[1].name_count = ARRAY_SIZE(names);
	x = list_support_index(s, 3);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		d = name_of(rows[i].name);
		if (!explain(x, &d, rows[i].wanted, &m))
			fail_msg("row %zu: nothing found", i);
		if (m.list != rows[i].list || m.subtree != rows[i].subtree ||
		    m.line != rows[i].line || m.from_conf != rows[i].from_conf ||
		    strcmp(dname_to_text(&m.key, text), rows[i].key))
			fail_msg("row %zu: list %u, %s%s, line %u%s", i, m.list,
				 m.subtree ? "*." : "", text, m.line,
				 m.from_conf ? " of the configuration" : "");
	}
	memset(&m, 0x55, sizeof(m));
	d = name_of("nothing.test");
	assert_false(explain(x, &d, ALL, &m));
	d = name_of("file.test");
	assert_false(explain(x, &d, 5, &m));
	assert_int_equal(m.list, 0x55555555);
	list_index_close(x);
}

static void stats_count_what_the_lines_hold(void **state)
{
	const struct list_source s[] = {
		list_support_text("first",
				  "# t\n"
				  "0.0.0.0 a.example b.example\n"
				  "127.0.0.1 localhost\n"
				  "\n"
				  "0.0.0.0 http://a.example/\n"
				  "0.0.0.0 a.example\n"
				  "*.a.example\n"
				  "\xcc\x81.example\n" /* begins with a combining mark */
				  "a.example"),
		list_support_text("second", ""),
	};
	struct list_index *x = list_support_index(s, 2);
	const struct list_stats *t = list_index_stats(x, 0);

	(void)state;
	assert_string_equal(t->name, "first");
	assert_int_equal(t->lines, 9);
	assert_int_equal(t->entries, 3); /* a.example twice: alone, and with all below */
	assert_int_equal(t->subtrees, 1);
	assert_int_equal(t->duplicates, 2);
	assert_int_equal(t->invalid, 2);
	assert_int_equal(t->first_invalid_line, 5);
	assert_int_equal(t->by_kind[LINE_ENTRY], 5);
	assert_int_equal(t->by_kind[LINE_COMMENT], 1);
	assert_int_equal(t->by_kind[LINE_EMPTY], 1);
	assert_int_equal(t->by_kind[LINE_LOCAL], 1);
	assert_int_equal(t->by_kind[LINE_BAD_URL], 1);
	assert_int_equal(t->by_kind[LINE_BAD_UNICODE], 1);
	assert_int_equal(t->shape, SHAPE_NAMES);
	assert_int_equal(t->rc, 0);
	t = list_index_stats(x, 1);
	assert_string_equal(t->name, "second");
	assert_int_equal(t->entries, 0);
	assert_int_equal(t->lines, 0);
	list_index_close(x);
}

static void an_unusable_file_leaves_the_configured_names(void **state)
{
	struct conf_list_name name = { .text = "own.example" };
	struct list_source s[] = {
		list_support_text("words", "this is\nno list\nof names, nor of addresses\n"),
		list_support_text("html", "<html>\na.example\n<p>\n</p>\n"),
		list_support_text("missing", ""),
		list_support_text("told", "||a.example^\n||b.example^\nc.example\n"),
	};
	struct list_index *x;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(s); i++) {
		s[i].names = &name;
		s[i].name_count = 1;
	}
	s[2].rc = -ENOENT;
	s[3].format = LIST_DOMAINS;
	x = list_support_index(s, ARRAY_SIZE(s));
	assert_int_equal(list_index_stats(x, 0)->rc, -EPROTONOSUPPORT);
	assert_int_equal(list_index_stats(x, 0)->shape, SHAPE_OTHER);
	assert_int_equal(list_index_stats(x, 1)->rc, -EPROTONOSUPPORT);
	assert_int_equal(list_index_stats(x, 1)->shape, SHAPE_HTML);
	assert_int_equal(list_index_stats(x, 2)->rc, -ENOENT);
	assert_int_equal(list_index_stats(x, 3)->rc, 0);
	assert_int_equal(list_index_stats(x, 3)->invalid, 2);
	assert_true(find(x, "own.example", ALL) == 15);
	assert_true(find(x, "a.example", ALL) == 0);
	assert_true(find(x, "c.example", ALL) == 8);
	list_index_close(x);
}

static void no_list_and_no_name_make_an_index_too(void **state)
{
	const struct list_source s = list_support_text("a", "# nothing\n");
	struct list_index *x = list_support_index(NULL, 0);

	(void)state;
	assert_int_equal(list_index_names(x), 0);
	assert_true(find(x, "a.example", ALL) == 0);
	list_index_close(x);
	x = list_support_index(&s, 1);
	assert_true(find(x, "a.example", ALL) == 0);
	assert_true(find(x, ".", ALL) == 0);
	list_index_close(x);
	list_index_close(NULL);
}

static void names_of_every_length_are_found(void **state)
{
	char text[254 * 260], *p = text;
	char name[254];
	struct list_source s;
	struct list_index *x;

	(void)state;
	for (size_t len = 3; len <= 253; len++) {
		for (size_t i = 0; i < len; i++)
			name[i] = i % 7 == 5 && i + 1 < len ? '.' : (char)('a' + len % 26);
		p += sprintf(p, "%.*s\n", (int)len, name);
	}
	s = list_support_text("a", text);
	x = list_support_index(&s, 1);
	assert_int_equal(list_index_stats(x, 0)->invalid, 4); /* one label: up to 6 */
	for (char *q = strtok(text, "\n"); q; q = strtok(NULL, "\n"))
		assert_true(find(x, q, ALL) == (strlen(q) > 6));
	list_index_close(x);
}

static void memory_that_can_still_change_is_refused(void **state)
{
	const struct list_source s = list_support_text("a", "a.example\n");
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct list_index *x = NULL;

	(void)state;
	assert_int_equal(list_build(&s, 1, fd), 0);
	assert_int_equal(list_index_open(fd, &x), -EPERM);
	assert_null(x);
	close(fd);
	assert_int_equal(list_index_open(fd, &x), -EBADF);
}

/* --- against a plain set -------------------------------------------------------------- */

#define MODEL_LISTS   5
#define MODEL_NAMES   8000 /* of each list */
#define MODEL_QUERIES 200000

struct model_entry {
	char name[40];
	bool subtree;
};

static uint64_t random_state = 88172645463325252ull;

static unsigned pick(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)((random_state >> 20) % n);
}

/** Few short labels, so that names meet, nest and share beginnings. */
static void model_name(char *out, unsigned least)
{
	unsigned labels = least + pick(4);

	*out = '\0';
	for (unsigned i = 0; i < labels; i++) {
		char label[8];
		unsigned len = 1 + pick(3);

		for (unsigned k = 0; k < len; k++)
			label[k] = "abc-_z"[pick(6)];
		label[len] = '\0';
		strcat(out, label);
		strcat(out, i + 1 < labels ? "." : "");
	}
}

static int model_order(const void *a, const void *b)
{
	const struct model_entry *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : y->subtree - x->subtree;
}

static bool model_has(const struct model_entry *e, const char *name, bool subtree)
{
	struct model_entry key = { .subtree = subtree };

	snprintf(key.name, sizeof(key.name), "%s", name);
	return bsearch(&key, e, MODEL_NAMES, sizeof(*e), model_order);
}

static bool model_find(const struct model_entry *e, const char *name)
{
	if (model_has(e, name, false))
		return true;
	for (const char *p = name; p; p = strchr(p, '.') ? strchr(p, '.') + 1 : NULL) {
		if (model_has(e, p, true))
			return true;
	}
	return false;
}

static void look_ups_agree_with_a_plain_set(void **state)
{
	static struct model_entry entries[MODEL_LISTS][MODEL_NAMES];
	static char texts[MODEL_LISTS][MODEL_NAMES * 44];
	struct list_source s[MODEL_LISTS];
	struct list_index *x;
	char name[64];
	unsigned hits = 0;

	(void)state;
	for (unsigned l = 0; l < MODEL_LISTS; l++) {
		char *p = texts[l];

		for (unsigned i = 0; i < MODEL_NAMES; i++) {
			struct model_entry *e = &entries[l][i];

			e->subtree = !pick(20);
			model_name(e->name, 2 + e->subtree);
			p += sprintf(p, "%s%s\n", e->subtree ? "*." : "", e->name);
		}
		qsort(entries[l], MODEL_NAMES, sizeof(entries[l][0]), model_order);
		s[l] = list_support_text("l", texts[l]);
	}
	x = list_support_index(s, MODEL_LISTS);
	for (unsigned i = 0; i < MODEL_QUERIES; i++) {
		uint64_t expected = 0;

		model_name(name, 1);
		for (unsigned l = 0; l < MODEL_LISTS; l++)
			expected |= (uint64_t)model_find(entries[l], name) << l;
		if (find(x, name, ALL) != expected)
			fail_msg("%s", name);
		hits += expected != 0;
	}
	assert_in_range(hits, MODEL_QUERIES / 20, MODEL_QUERIES / 20 * 19);
	list_index_close(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_names_match_alone_and_starred_ones_all_below),
		cmocka_unit_test(octets_that_no_entry_holds_match_nothing_above_them),
		cmocka_unit_test(subdomains_switch_overrides_the_entries),
		cmocka_unit_test(rules_keep_their_levels),
		cmocka_unit_test(badfilter_disables_just_its_rule_in_any_list_asked),
		cmocka_unit_test(the_nearest_zone_holds_in_formats_of_zones),
		cmocka_unit_test(equal_lists_of_any_format_say_the_same),
		cmocka_unit_test(sixty_four_lists_keep_their_bits),
		cmocka_unit_test(explain_gives_list_key_and_line),
		cmocka_unit_test(stats_count_what_the_lines_hold),
		cmocka_unit_test(an_unusable_file_leaves_the_configured_names),
		cmocka_unit_test(no_list_and_no_name_make_an_index_too),
		cmocka_unit_test(names_of_every_length_are_found),
		cmocka_unit_test(memory_that_can_still_change_is_refused),
		cmocka_unit_test(look_ups_agree_with_a_plain_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
