/* Rules that are more than a name: masks, expressions, conditions, and what they may cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "blocklists/list_mask.h"
#include "blocklists/list_regex.h"
#include "blocklists/list_sides.h"
#include "lib/util.h"
#include "tests/support/list_support.h"

static struct list_index *adblock_index(const char *text)
{
	struct list_source s = list_support_text("a", text);

	s.format = LIST_ADBLOCK;
	return list_support_index(&s, 1);
}

static bool is_found(const struct list_index *x, const char *name,
		     const struct list_asking *ask, struct list_match *m)
{
	uint64_t said[LEVELS] = { 0 };
	struct dname d;

	assert_int_equal(dname_from_text(name, &d), 0);
	if (!list_sides_find(x, &d, ask, UINT64_MAX, said)) {
		assert_false(list_sides_explain(x, &d, ask, UINT64_MAX, said, m));
		return false;
	}
	assert_true(list_sides_explain(x, &d, ask, UINT64_MAX, said, m));
	return true;
}

static void mask_is_matched_where_its_anchors_say(void **state)
{
	static const struct {
		unsigned anchors;
		const char *mask, *name;
		bool fits;
	} cases[] = {
		{ 0, "ads", "x.ads.example", true },
		{ 0, "ads", "gladsome", true },
		{ 0, "ads", "ad.s", false },
		{ 0, "", "", true },
		{ 0, "a", "", false },
		{ 0, ".ads.", "ads.example", false }, /* no dot before it */
		{ 0, ".ads.", "x.ads.example", true },
		{ ANCHOR_START, "ads", "ads.example", true },
		{ ANCHOR_START, "ads", "x.ads.example", false },
		{ ANCHOR_LABEL, "ads", "x.ads1.example", true },
		{ ANCHOR_LABEL, "ads", "xads.example", false },
		{ ANCHOR_LABEL, "ads", "xads.ads", true }, /* the second place */
		{ ANCHOR_LABEL, "avito.", "www.avito", false },
		{ ANCHOR_LABEL, "avito.", "www.avito.test", true },
		{ ANCHOR_END, "ads.example", "badads.example", true },
		{ ANCHOR_END, "ads.example", "ads.example.x", false },
		{ ANCHOR_LABEL | ANCHOR_END, "a.a", "a.a.a", true },
		{ ANCHOR_LABEL | ANCHOR_END, "a.a", "ba.a", false },
		{ ANCHOR_START | ANCHOR_END, "a.a", "a.a", true },
		{ ANCHOR_START | ANCHOR_END, "a.a", "a.a.a", false },
		{ 0, "a*b", "xaxbx", true },
		{ 0, "a*b", "ba", false },
		{ 0, "ab*ba", "aba", false }, /* no octet counts twice */
		{ 0, "ab*ba", "abba", true },
		{ ANCHOR_START, "a*b*c", "a.b.c.d", true },
		{ ANCHOR_END, "a*b", "a.b.b", true },
		{ ANCHOR_END, "a*b", "a.b.x", false },
		{ ANCHOR_END, "aa*aa", "aaa", false },
		{ ANCHOR_LABEL | ANCHOR_END, "ads*.example", "x.ads9.example", true },
		{ ANCHOR_LABEL | ANCHOR_END, "ads*.example", "xads9.example", false },
		{ ANCHOR_LABEL | ANCHOR_END, "ads*.example", "ads.example", true },
		{ ANCHOR_END, "*.example", "x.example", true },
		{ 0, "longer.than.the.name", "name", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (list_mask_match(cases[i].anchors, cases[i].mask, strlen(cases[i].mask),
				    cases[i].name, strlen(cases[i].name)) != cases[i].fits)
			fail_msg("row %zu: %s, %s", i, cases[i].mask, cases[i].name);
	}
}

static void literal_of_an_expression_is_in_every_name_it_fits(void **state)
{
	static const struct {
		const char *regex, *literal;
	} cases[] = {
		{ "^ads[0-9]+\\.example$", ".example" },
		{ "adserver", "adserver" },
		{ "ADServer", "adserver" },
		{ "ads?", "ad" },
		{ "ads*x", "ad" },
		{ "ads+x", "ads" },
		{ "ads{0,2}", "ad" },
		{ "ad(s|x)tracker", "tracker" },
		{ "ad(s|x)?tracker", "tracker" },
		{ "(tracker|(ads)\\))x", "x" },
		{ "[abc]track[]x]", "track" },
		{ "[[:alpha:]x]track", "track" },
		{ "track|ads", "" },
		{ "track(|ads)", "track" },
		{ "a.b.c", "a" },
		{ "track\\d+", "track" },
		{ "\\Qads\\E", "" },
		{ "(?i)ads", "" },
		{ "(?:x)ads(?=y)", "ads" },
		{ "(*ACCEPT)ads", "" },
		{ "xyz{|bar|}", "" },
		{ "xyz{", "xyz" },
		{ "", "" },
		{ "a\\", "a" },
		{ "[a", "" },
		{ "(a\\", "" },
	};
	char buf[LIST_SIDE_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = list_regex_literal(cases[i].regex, strlen(cases[i].regex), buf);

		if (n != strlen(cases[i].literal) || memcmp(buf, cases[i].literal, n) != 0)
			fail_msg("row %zu: \"%.*s\"", i, (int)n, buf);
	}
}

static void rule_is_found_through_its_octets(void **state)
{
	static const char text[] =
		"||track\n"		      /* 1 */
		"banner-ad.\n"		      /* 2 */
		"/^ads?[0-9]+\\.example$/\n"  /* 3 */
		"/[xyz]{4}/\n"		      /* 4 */
		"zz\n"			      /* 5 */
		"||cdn*.pics^\n"	      /* 6 */
		"@@||track.fine^$dnstype=A\n" /* 7 */
		"/^x(y+)+z$/\n";	      /* 8 */
	static const struct {
		const char *name;
		unsigned line; /* 0: not found */
		const char *rule;
	} cases[] = {
		{ "track.example", 1, "||track" },
		{ "x.TRACKing.example", 1, "||track" },
		{ "xtrack.example", 0, NULL },
		{ "big-banner-ad.example", 2, "banner-ad." },
		{ "ads42.example", 3, "/^ads?[0-9]+\\.example$/" },
		{ "ADS42.example", 3, "/^ads?[0-9]+\\.example$/" },
		{ "ads.example", 0, NULL },
		{ "a.zyxz.test", 4, "/[xyz]{4}/" },
		{ "a.zz.test", 5, "zz" },
		{ "cdn1.x.pics", 6, "||cdn*.pics^" },
		{ "a.cdn.pics", 6, "||cdn*.pics^" },
		{ "a.cdn.pics.x", 0, NULL },
		{ "nothing.test", 0, NULL },
		{ ".", 0, NULL },
		{ "xy\\.z", 0, NULL }, /* the dot is no dot */
	};
	const struct list_asking ask = { .qtype = 28 };
	struct list_index *x = adblock_index(text);
	const struct list_stats *s = list_index_stats(x, 0);
	struct list_match m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (is_found(x, cases[i].name, &ask, &m) != !!cases[i].line)
			fail_msg("row %zu: %s", i, cases[i].name);
		if (!cases[i].line)
			continue;
		assert_int_equal(m.line, cases[i].line);
		assert_int_equal(m.rule_len, strlen(cases[i].rule));
		assert_memory_equal(m.rule, cases[i].rule, m.rule_len);
	}
	assert_int_equal(s->entries, 8);
	assert_int_equal(s->by_side[SIDE_MASK], 5);
	assert_int_equal(s->by_side[SIDE_REGEX], 3);
	assert_int_equal(s->conditional, 1);
	assert_int_equal(s->by_kind[LINE_SIDE], 8);
	list_index_close(x);
}

static void conditions_are_judged(void **state)
{
	static const struct {
		const char *rule, *name, *client, *device, *group;
		uint16_t qtype;
		bool fits;
	} cases[] = {
		{ "||x.test^$dnstype=AAAA", "a.x.test", NULL, NULL, NULL, 28, true },
		{ "||x.test^$dnstype=AAAA", "a.x.test", NULL, NULL, NULL, 1, false },
		{ "||x.test^$dnstype=AAAA|A", "x.test", NULL, NULL, NULL, 1, true },
		{ "||x.test^$dnstype=~A", "x.test", NULL, NULL, NULL, 1, false },
		{ "||x.test^$dnstype=~A", "x.test", NULL, NULL, NULL, 28, true },
		{ "||x.test^$dnstype=TYPE65", "x.test", NULL, NULL, NULL, 65, true },
		{ "||x.test^$dnstype=A", "x.test", NULL, NULL, NULL, 0, false },
		{ "*$denyallow=com|y.net", "a.org", NULL, NULL, NULL, 1, true },
		{ "*$denyallow=com|y.net", "a.com", NULL, NULL, NULL, 1, false },
		{ "*$denyallow=com|y.net", "y.net", NULL, NULL, NULL, 1, false },
		{ "*$denyallow=com|y.net", "x.net", NULL, NULL, NULL, 1, true },
		{ "||x.test^$client=192.168.1.0/24", "x.test", "192.168.1.9", NULL, NULL, 1,
		  true },
		{ "||x.test^$client=192.168.1.0/24", "x.test", "192.168.2.9", NULL, NULL, 1,
		  false },
		{ "||x.test^$client=192.168.1.0/24", "x.test", NULL, NULL, NULL, 1, false },
		{ "||x.test^$client=~192.168.1.9", "x.test", "192.168.1.9", NULL, NULL, 1,
		  false },
		{ "||x.test^$client=~192.168.1.9", "x.test", NULL, NULL, NULL, 1, true },
		{ "||x.test^$client=2001:db8::1|tv", "x.test", "2001:db8::1", NULL, NULL, 1,
		  true },
		{ "||x.test^$client=2001:db8::1|tv", "x.test", "2001:db8::2", "TV", NULL, 1,
		  true },
		{ "||x.test^$client='living room'", "x.test", NULL, "living room", NULL, 1,
		  true },
		{ "||x.test^$client=a\\|b", "x.test", NULL, "a|b", NULL, 1, true },
		{ "||x.test^$client=kids", "x.test", NULL, "tv", "kids", 1, true },
		{ "||x.test^$ctag=kids", "x.test", NULL, "tv", "kids", 1, true },
		{ "||x.test^$ctag=kids", "x.test", NULL, "tv", NULL, 1, false },
		{ "||x.test^$ctag=~kids", "x.test", NULL, "tv", "kids", 1, false },
		{ "||x.test^$ctag=kids,dnstype=A", "x.test", NULL, NULL, "kids", 28, false },
		{ "||x.test^$client=tv,ctag=kids", "x.test", NULL, "tv", "other", 1, false },
		{ "|x.test^$client=tv", "a.x.test", NULL, "tv", NULL, 1, false },
		{ "||*.x.test^$client=tv", "x.test", NULL, "tv", NULL, 1, false },
		{ "||*.x.test^$client=tv", "a.x.test", NULL, "tv", NULL, 1, true },
		{ "/x/$client=tv", "x.test", NULL, "tv", NULL, 1, true },
		{ "/x/$client=tv", "x.test", NULL, "pc", NULL, 1, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct list_index *x = adblock_index(cases[i].rule);
		struct list_asking ask = { .device = cases[i].device,
					   .group = cases[i].group,
					   .qtype = cases[i].qtype };
		struct list_match m;
		struct addr a;

		if (cases[i].client) {
			assert_int_equal(addr_from_text(cases[i].client, &a), 0);
			ask.client = &a;
		}
		if (is_found(x, cases[i].name, &ask, &m) != cases[i].fits)
			fail_msg("row %zu: %s", i, cases[i].rule);
		list_index_close(x);
	}
}

static void badfilter_disables_just_the_same_rule(void **state)
{
	static const struct {
		const char *a, *b;
		bool fits;
	} cases[] = {
		{ "||track", "||track$badfilter", false },
		{ "||track", "|track$badfilter", true },
		{ "/track/", "/track/$badfilter", false },
		{ "||track$important", "||track$badfilter", true },
		{ "||track$important", "||track$badfilter,important", false },
		{ "||track^$dnstype=A", "||track^$dnstype=A,badfilter", false },
		{ "||track^$dnstype=A", "||track^$dnstype=AAAA,badfilter", true },
	};
	const struct list_asking ask = { .qtype = 1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct list_source s[] = { list_support_text("a", cases[i].a),
					   list_support_text("b", cases[i].b) };
		struct list_index *x;
		struct list_match m;
		struct dname d;
		uint64_t said[LEVELS] = { 0 };

		s[0].format = s[1].format = LIST_ADBLOCK;
		x = list_support_index(s, 2);
		if (is_found(x, "track", &ask, &m) != cases[i].fits)
			fail_msg("row %zu", i);
		assert_int_equal(dname_from_text("track", &d), 0);
		assert_int_equal(list_sides_find(x, &d, &ask, 1, said), 1);
		list_index_close(x);
	}
}

static void expression_that_takes_too_long_is_no_match_and_is_counted(void **state)
{
	struct list_index *x = adblock_index("/(x+x+)+[yz]/\n");
	const struct list_asking ask = { .qtype = 1 };
	char name[200];
	struct list_match m;

	(void)state;
	memset(name, 'x', sizeof(name));
	for (size_t i = 60; i < sizeof(name); i += 60)
		name[i] = '.';
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(list_sides_given_up(x), 0);
	assert_false(is_found(x, name, &ask, &m));
	assert_true(list_sides_given_up(x) > 0);
	assert_true(is_found(x, "xxxxy.test", &ask, &m));
	list_index_close(x);
}

/* Cheap at each octet it may begin with, but there are many: all count. */
static void steps_of_a_question_are_bounded(void **state)
{
	static const char text[] = "(?:a|b|[.]){1,9}[0-9]";
	unsigned left = LIST_REGEX_STEPS, before;
	struct list_regexes *set;
	char name[200];

	(void)state;
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 60 == 59 ? '.' : "ab"[i % 2];
	assert_int_equal(list_regexes_new(2, &set), 0);
	assert_int_equal(list_regexes_add(set, 0, text, strlen(text)), 0);
	assert_int_equal(list_regexes_add(set, 1, "x$", 2), 0);
	do {
		before = left;
		assert_false(list_regexes_match(set, 0, name, sizeof(name), &left));
		assert_in_range(before - left, 1, LIST_REGEX_STEPS_ONE);
	} while (left);
	assert_true(list_regexes_given_up(set) > 0);
	assert_false(list_regexes_match(set, 1, "x", 1, &left));
	left = LIST_REGEX_STEPS;
	assert_true(list_regexes_match(set, 1, "x", 1, &left));
	list_regexes_free(set);
}

static void tries_of_a_question_are_bounded(void **state)
{
	const unsigned n = LIST_SIDE_TRIES + 100;
	char *text = malloc(n * 24ul), *p = text;
	const struct list_asking ask = { .qtype = 1 };
	struct list_index *x;
	struct list_match m;

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < n; i++) /* no piece of three octets in any */
		p += sprintf(p, "%c%c*%c%c*%c%c|\n", 'a' + i % 26, 'a' + i / 26 % 26,
			     'a' + i / 676 % 26, 'q', 'q', 'q');
	x = adblock_index(text);
	assert_int_equal(list_index_stats(x, 0)->entries, n);
	assert_false(is_found(x, "nothing.test", &ask, &m));
	assert_true(list_sides_given_up(x) > 0);
	list_index_close(x);
	free(text);
}

static void expressions_over_a_limit_are_told_apart(void **state)
{
	char text[4096], *p = text;
	struct list_index *x;

	(void)state;
	p += sprintf(p, "/(/\n/a{1,/\n/[z-a]/\n/\\C/\n/");
	memset(p, 'a', LIST_SIDE_TEXT + 1);
	p += LIST_SIDE_TEXT + 1;
	p += sprintf(p, "/\n/((((((((((((((((((((((a))))))))))))))))))))))/\n"
			"/(abcdefgh(ijkl|mnop)){1,900}/\n/fine/\n");
	x = adblock_index(text);
	assert_int_equal(list_index_stats(x, 0)->by_side[SIDE_REGEX], 2); /* "a{1," is text */
	assert_int_equal(list_index_stats(x, 0)->by_kind[LINE_REGEX], 5);
	assert_int_equal(list_index_stats(x, 0)->by_kind[LINE_TOO_MANY], 1);
	list_index_close(x);
}

static void too_many_expressions_are_told_apart(void **state)
{
	char *text = malloc((LIST_REGEXES_MAX + 5) * 16ul), *p = text;
	struct list_index *x;

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < LIST_REGEXES_MAX + 5; i++)
		p += sprintf(p, "/a%ux?/\n", i);
	x = adblock_index(text);
	assert_int_equal(list_index_stats(x, 0)->by_side[SIDE_REGEX], LIST_REGEXES_MAX);
	assert_int_equal(list_index_stats(x, 0)->by_kind[LINE_TOO_MANY], 5);
	assert_int_equal(list_index_stats(x, 0)->first_line[LINE_TOO_MANY],
			 LIST_REGEXES_MAX + 1);
	list_index_close(x);
	free(text);
}

static void rules_of_a_bad_file_are_kept(void **state)
{
	const struct list_asking ask = { .qtype = 1 };
	struct list_source s = list_support_text("a", "||track\n||x.test^$dnstype=A\n/re[gx]{2}/\n");
	struct list_index *old, *x;
	struct list_match m;

	(void)state;
	s.format = LIST_ADBLOCK;
	old = list_support_index(&s, 1);
	s.rc = -5;
	s.old = old;
	x = list_support_index(&s, 1);
	list_index_close(old);
	assert_int_equal(list_index_stats(x, 0)->kept, 3);
	assert_true(is_found(x, "track.test", &ask, &m));
	assert_int_equal(m.line, 1);
	assert_true(is_found(x, "a.x.test", &ask, &m));
	assert_int_equal(m.line, 2);
	assert_true(is_found(x, "regx", &ask, &m));
	assert_memory_equal(m.rule, "/re[gx]{2}/", m.rule_len);
	list_index_close(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mask_is_matched_where_its_anchors_say),
		cmocka_unit_test(literal_of_an_expression_is_in_every_name_it_fits),
		cmocka_unit_test(rule_is_found_through_its_octets),
		cmocka_unit_test(conditions_are_judged),
		cmocka_unit_test(badfilter_disables_just_the_same_rule),
		cmocka_unit_test(expression_that_takes_too_long_is_no_match_and_is_counted),
		cmocka_unit_test(steps_of_a_question_are_bounded),
		cmocka_unit_test(tries_of_a_question_are_bounded),
		cmocka_unit_test(expressions_over_a_limit_are_told_apart),
		cmocka_unit_test(too_many_expressions_are_told_apart),
		cmocka_unit_test(rules_of_a_bad_file_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
