/* Lines of hosts files and domain lists: each trap of real files is a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "blocklists/list_detect.h"
#include "blocklists/list_line.h"
#include "lib/util.h"

#define L63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"
#define N189 "aaaaaaaaaa.bbbbbbbbbb.cccccccccc.dddddddddd.eeeeeeeeee.ffffffffff." \
	     "aaaaaaaaaa.bbbbbbbbbb.cccccccccc.dddddddddd.eeeeeeeeee.ffffffffff." \
	     "aaaaaaaaaa.bbbbbbbbbb.cccccccccc.dddddddddd.eeeeeeeeee.ff"
#define N253 N189 "." L63

/** What a line gives, one word for each result: a name, "*.name", or a reason. */
static const char *const kind_words[LINE_KINDS] = {
	[LINE_EMPTY] = "empty",	      [LINE_COMMENT] = "comment",
	[LINE_LOCAL] = "local",	      [LINE_BAD_CHARACTER] = "character",
	[LINE_BAD_UNICODE] = "unicode", [LINE_BAD_ADDRESS] = "address",
	[LINE_BAD_SINGLE] = "single", [LINE_BAD_LABEL] = "label",
	[LINE_BAD_LENGTH] = "length", [LINE_BAD_URL] = "url",
	[LINE_BAD_PATTERN] = "pattern", [LINE_BAD_SYNTAX] = "syntax",
};

static void read_line(const char *text, size_t len, char *out, size_t size)
{
	struct list_line line;
	struct list_entry e;
	enum list_line_kind kind;
	char name[DNAME_TEXT_MAX];
	char *copy = malloc(len ? len : 1); /* so that reading behind it is seen */

	assert_non_null(copy);
	memcpy(copy, text, len);
	out[0] = '\0';
	list_line_start(&line, copy, len);
	while ((kind = list_line_next(&line, &e)) != LINE_END) {
		if (out[0])
			strncat(out, " ", size - strlen(out) - 1);
		if (kind == LINE_ENTRY) {
			assert_int_equal(dname_wire_len(e.name.wire, e.name.len),
					 e.name.len);
			strncat(out, e.scope == SCOPE_SUBTREE ? "*." : "", size - strlen(out) - 1);
		}
		strncat(out, kind == LINE_ENTRY ? dname_to_text(&e.name, name)
						: kind_words[kind],
			size - strlen(out) - 1);
	}
	assert_int_equal(list_line_next(&line, &e), LINE_END);
	free(copy);
}

struct row {
	const char *line, *result;
};

static void check(const struct row *rows, size_t n)
{
	char result[2048];

	for (size_t i = 0; i < n; i++) {
		read_line(rows[i].line, strlen(rows[i].line), result, sizeof(result));
		if (strcmp(result, rows[i].result))
			fail_msg("\"%s\" gives \"%s\", not \"%s\"", rows[i].line, result,
				 rows[i].result);
	}
}

static void domains_are_exact_or_take_all_below(void **state)
{
	static const struct row rows[] = {
		{ "ads.example", "ads.example" },
		{ "*.ads.example", "*.ads.example" },
		{ ".ads.example", "*.ads.example" },
		{ "*.zip", "*.zip" },
		{ ".zip", "*.zip" },
		{ "ADS.Example", "ads.example" },
		{ "ads.example.", "ads.example" },
		{ "*.ads.example.", "*.ads.example" },
		{ "  ads.example\t", "ads.example" },
		{ "_dmarc.ads_1.example", "_dmarc.ads_1.example" },
		{ "-ads.example", "-ads.example" },
		{ "ads-.example-", "ads-.example-" },
		{ "xn--80ak6aa92e.com", "xn--80ak6aa92e.com" },
		{ "1.2.3.example", "1.2.3.example" },
		{ "0.0.0.0.example", "0.0.0.0.example" },
		{ "a.b", "a.b" },
		{ L63 ".example", L63 ".example" },
		{ N253, N253 },
		{ "*." N253 ".", "*." N253 },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static void hosts_lines_give_names_never_addresses(void **state)
{
	static const struct row rows[] = {
		{ "0.0.0.0 ads.example", "ads.example" },
		{ "127.0.0.1\tads.example", "ads.example" },
		{ ":: ads.example", "ads.example" },
		{ "::1 ads.example", "ads.example" },
		{ "255.255.255.255 ads.example", "ads.example" },
		{ "198.51.100.7 ads.example", "ads.example" },
		{ "2001:db8::7 ads.example", "ads.example" },
		{ "0 ads.example", "ads.example" },
		{ "0.0.0.0 a.example b.example  c.example", "a.example b.example c.example" },
		{ "0.0.0.0 *.ads.example", "*.ads.example" },
		{ "0.0.0.0 0.0.0.0", "local" },
		{ "127.0.0.1 localhost localhost.localdomain", "local local" },
		{ "::1 LOCALHOST ip6-localhost ip6-loopback", "local local local" },
		{ "fe80::1%lo0 localhost", "local" },
		{ "255.255.255.255 broadcasthost", "local" },
		{ "ff02::1 ip6-allnodes", "local" },
		{ "127.0.0.1 localhost ads.example", "local ads.example" },
		{ "0.0.0.0 192.0.2.1", "address" },
		{ "0.0.0.0 2001:db8::1", "address" },
		{ "0.0.0.0 192.0.2.1 ads.example", "address ads.example" },
		{ "0.0.0.0", "address" },
		{ "0.0.0.0 # nothing", "address" },
		{ "0.0.0.0 intranet", "single" },
		{ "0.0.0.0 a.example0.0.0.0 b.example", "address b.example" },
		{ "0.0.0.0 a.example 0.0.0.0 b.example", "a.example local b.example" },
		{ "0.0.0.0 a.example 127.0.0.1 b.example", "a.example address b.example" },
		{ "0.0.0.0:80 ads.example", "url" },
		{ "0.0.0.256 ads.example", "address" },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static void comments_and_invisible_characters_are_left_out(void **state)
{
	static const struct row rows[] = {
		{ "", "empty" },
		{ " \t\r", "empty" },
		{ "\xef\xbb\xbf", "empty" },
		{ "# ads.example", "comment" },
		{ "  #ads.example", "comment" },
		{ "! ads.example", "comment" },
		{ "; ads.example", "comment" },
		{ "// ads.example", "comment" },
		{ "##########", "comment" },
		{ "\xef\xbb\xbf# list", "comment" },
		{ "ads.example # tracker", "ads.example" },
		{ "ads.example#tracker", "ads.example" },
		{ "ads.example #", "ads.example" },
		{ "ads.example ; tracker", "ads.example" },
		{ "ads.example // tracker", "ads.example" },
		{ "0.0.0.0 a.example b.example # c.example", "a.example b.example" },
		{ "0.0.0.0 a.example#b.example", "a.example" },
		{ "ads.example\r", "ads.example" },
		{ "0.0.0.0 ads.example\r", "ads.example" },
		{ "\xef\xbb\xbf" "0.0.0.0 ads.example", "ads.example" },
		{ "\xef\xbb\xbf" "ads.example", "ads.example" },
		{ "ads\xef\xbb\xbf.example", "ads.example" },
		{ "ads.example\xe2\x80\x8b", "ads.example" },
		{ "a\xc2\xad" "ds\xe2\x80\x8d.exa\xe2\x81\xa0mple", "ads.example" },
		{ "ads.example\xc2\xa0", "ads.example" },
		{ "\xc2\xa0" "ads.example", "ads.example" },
		{ "0.0.0.0\xc2\xa0" "ads.example", "ads.example" },
		{ "0.0.0.0\xc2\xa0\xe2\x80\x8b" "ads.example", "ads.example" },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static void what_is_no_name_is_refused_with_its_reason(void **state)
{
	static const struct row rows[] = {
		{ "localhost", "single" },
		{ "example", "single" },
		{ "example.", "single" },
		{ "*", "pattern" },
		{ ".", "label" },
		{ "*.", "label" },
		{ "*..", "label" },
		{ "..", "label" },
		{ "*.*", "pattern" },
		{ "*.*.example", "pattern" },
		{ "ads*.example", "pattern" },
		{ "ads.*.example", "pattern" },
		{ "*ads.example", "pattern" },
		{ "ads..example", "label" },
		{ "..ads.example", "label" },
		{ "*..ads.example", "label" },
		{ "ads.example..", "label" },
		{ L63 "x.example", "label" },
		{ N189 ".x" L63, "label" },
		{ N189 ".x." L63, "length" },
		{ N253 ".example", "length" },
		{ N253 N253 N253, "length" },
		{ "192.0.2.1", "address" },
		{ "2001:db8::1", "address" },
		{ "1.2.3.4.5", "address" },
		{ "ads.example.1", "address" },
		{ "*.1", "address" },
		{ "http://ads.example", "url" },
		{ "http://ads.example/x?y", "url" },
		{ "ads.example/path", "url" },
		{ "ads.example:8080", "url" },
		{ "0.0.0.0 http://ads.example/", "url" },
		{ "198.51.100.0/24", "url" },
		{ "b\xc3\xbc" "cher.example", "xn--bcher-kva.example" },
		{ "*.B\xc3\x9c" "CHER.example.", "*.xn--bcher-kva.example" },
		{ "p\xf0\x9d\x93\xb8rn.example", "porn.example" }, /* UTS #46 maps it */
		{ "\xef\xbd\x81" "ds\xe3\x80\x82" "example", "ads.example" }, /* wide a and dot */
		{ "fa\xc3\x9f.example", "xn--fa-hia.example" },
		{ "0.0.0.0 \xd0\xb0.example a.example", "xn--80a.example a.example" },
		{ "b\xc3\xbc", "single" },
		{ "a\xe2\x84\x80.example", "character" }, /* becomes "aa/c" */
		{ "\xcc\x81.example", "unicode" }, /* begins with a combining mark */
		{ "\xff\xfe" "a.example", "unicode" },
		{ "ads.example,more.example", "character" },
		{ "\"ads.example\"", "character" },
		{ "ads\\.example", "character" },
		{ "ads.example~", "character" },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static void rules_of_other_formats_are_not_misread(void **state)
{
	static const struct row rows[] = {
		{ "||ads.example^", "syntax" },
		{ "||ads.example^$third-party", "syntax" },
		{ "@@||ads.example^", "syntax" },
		{ "|http://ads.example", "syntax" },
		{ "ads.example##.banner", "syntax" },
		{ "ads.example#@#.banner", "syntax" },
		{ "ads.example#?#div", "syntax" },
		{ "ads.example$popup", "syntax" },
		{ "[Adblock Plus 2.0]", "syntax" },
		{ "*$removeparam=x", "syntax" },
		{ "address=/ads.example/0.0.0.0", "url" },
		{ "address /ads.example/#", "single" },
		{ "local-zone: \"ads.example\" always_null", "url" },
		{ "ads.example CNAME .", "syntax" },
		{ "*.ads.example CNAME .", "syntax" },
		{ "ads.example is a tracker", "syntax" },
		{ "a.example b.example", "syntax" },
		{ "<td>ads.example</td>", "syntax" },
		{ "(^|\\.)ads\\.example", "syntax" },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static void zero_octets_are_refused(void **state)
{
	static const struct {
		const char *line;
		size_t len;
		const char *result;
	} rows[] = {
		{ "a\0.example", 10, "character" },
		{ "a.example\0", 10, "character" },
		{ "0.0.0.0\0 a.example", 18, "character" },
		{ "0.0.0.0 a.example\0", 18, "character" },
		{ "0.0.0.0 localhost\0", 18, "character" },
		{ "0.0.0.0 a.example#\0", 19, "a.example" },
		{ "\0", 1, "character" },
		{ "\xff\xfe" "a\0.\0b\0", 8, "unicode" },
	};
	char result[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		read_line(rows[i].line, rows[i].len, result, sizeof(result));
		if (strcmp(result, rows[i].result))
			fail_msg("row %zu gives \"%s\"", i, result);
	}
}

static void a_long_line_of_names_gives_all(void **state)
{
	static char line[60000] = "0.0.0.0";
	struct list_line l;
	struct list_entry e;
	unsigned names = 0;

	(void)state;
	for (size_t at = 7; at + 12 < sizeof(line); at += 12)
		memcpy(line + at, " ab.example ", 12);
	list_line_start(&l, line, strlen(line));
	while (list_line_next(&l, &e) == LINE_ENTRY)
		names++;
	assert_int_equal(names, strlen(line) / 12);
}

static void every_kind_has_a_name(void **state)
{
	(void)state;
	for (unsigned k = 0; k < LINE_KINDS; k++)
		assert_non_null(list_line_kind_name((enum list_line_kind)k));
	for (unsigned s = 0; s < SHAPE_COUNT; s++)
		assert_non_null(list_shape_name((enum list_shape)s));
}

static enum list_shape shape_of(const char *text)
{
	struct list_detect d = { .lines = 0 };

	while (*text) {
		size_t n = strcspn(text, "\n");

		list_detect_line(&d, text, n);
		text += n + (text[n] == '\n');
	}
	return list_detect_result(&d);
}

static void formats_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		enum list_shape shape;
	} rows[] = {
		{ "", SHAPE_NONE },
		{ "# only\n\n! comments\n127.0.0.1 localhost\n", SHAPE_NONE },
		{ "# t\n0.0.0.0 a.example\n0.0.0.0 b.example\n", SHAPE_NAMES },
		{ "a.example\n*.b.example\n0.0.0.0 c.example\n", SHAPE_NAMES },
		{ "\xef\xbb\xbf" "a.example\r\n", SHAPE_NAMES },
		{ "0.0.0.0 a.example # ## CNAME ^\n", SHAPE_NAMES },
		{ "a.example\nhttp://b.example/\n", SHAPE_NAMES },
		{ "a.example\nx y\nz\n", SHAPE_OTHER },
		{ "[Adblock Plus 2.0]\n! t\n||a.example^\n||b.example^\n", SHAPE_ADBLOCK },
		{ "\xef\xbb\xbf[Adblock Plus 2.0]\n", SHAPE_ADBLOCK },
		{ "a.example##.ad\n@@||b.example^\nc.example\n", SHAPE_ADBLOCK },
		{ "address=/a.example/0.0.0.0\n", SHAPE_DNSMASQ },
		{ "local=/a.example/\nserver=/b.example/\n", SHAPE_DNSMASQ },
		{ "address /a.example/#\n", SHAPE_DNSMASQ },
		{ "nameserver /a.example/x\nipset=/b.example/s\n", SHAPE_DNSMASQ },
		{ "|a.example^\n|b.example^\nc.example\n", SHAPE_ADBLOCK },
		{ "##.ad\n/banner/ad.js\n||a.example^\n", SHAPE_ADBLOCK },
		{ "local-data: \"a.example A 0.0.0.0\"\n", SHAPE_UNBOUND },
		{ "a.example IN CNAME .\n*.a.example IN CNAME .\n", SHAPE_RPZ },
		{ "server:\nlocal-zone: \"a.example\" always_null\n", SHAPE_UNBOUND },
		{ "$TTL 60\n@ IN SOA . . 1 2 3 4 5\na.example CNAME .\n", SHAPE_RPZ },
		{ "a.example\tCNAME\t.\n*.a.example\tCNAME\t.\n", SHAPE_RPZ },
		{ "192.0.2.1\n192.0.2.2\n2001:db8::1\n", SHAPE_ADDRESSES },
		{ "<!DOCTYPE html>\n<html>\n<p>a.example</p>\n", SHAPE_HTML },
		{ "(^|\\.)a\\.example$\n", SHAPE_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (shape_of(rows[i].text) != rows[i].shape)
			fail_msg("\"%s\" looks like %s", rows[i].text,
				 list_shape_name(shape_of(rows[i].text)));
	}
}

static void only_the_first_lines_vote(void **state)
{
	struct list_detect d = { .lines = 0 };

	(void)state;
	for (unsigned i = 0; i < LIST_DETECT_LINES; i++) {
		assert_true(list_detect_line(&d, "a.example", 9));
		assert_true(i == LIST_DETECT_LINES - 1 || list_detect_line(&d, "# c", 3));
	}
	for (unsigned i = 0; i < LIST_DETECT_LINES * 3; i++)
		assert_false(list_detect_line(&d, "||b.example^", 12));
	assert_int_equal(list_detect_result(&d), SHAPE_NAMES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(domains_are_exact_or_take_all_below),
		cmocka_unit_test(hosts_lines_give_names_never_addresses),
		cmocka_unit_test(comments_and_invisible_characters_are_left_out),
		cmocka_unit_test(what_is_no_name_is_refused_with_its_reason),
		cmocka_unit_test(rules_of_other_formats_are_not_misread),
		cmocka_unit_test(zero_octets_are_refused),
		cmocka_unit_test(a_long_line_of_names_gives_all),
		cmocka_unit_test(every_kind_has_a_name),
		cmocka_unit_test(formats_are_told_apart),
		cmocka_unit_test(only_the_first_lines_vote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
