/* The grammar: trees as text, and every error with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/scfg.h"
#include "lib/util.h"

/* Errors as "line:col text" lines. */
struct errors {
	char text[4096];
	size_t used;
	unsigned count;
};

static void on_error(void *arg, const struct scfg_error *e)
{
	struct errors *all = arg;

	all->count++;
	if (all->used < sizeof(all->text))
		all->used += (size_t)snprintf(all->text + all->used,
					      sizeof(all->text) - all->used, "%u:%u %s\n",
					      e->line, e->col, e->text);
}

static void dump(const struct scfg_node *n, FILE *to)
{
	for (; n; n = n->next) {
		for (size_t i = 0; i < n->word_count; i++)
			fprintf(to, "%s<%s>", i ? " " : "", n->words[i].text);
		if (n->has_block) {
			fputs("{", to);
			dump(n->child, to);
			fputs("}", to);
		}
		fputs(";", to);
	}
}

/* The tree as <word> <word>{...}; owned by the caller. */
static char *tree_of(const char *text, size_t len, struct errors *errors)
{
	struct scfg *tree;
	char *out = NULL;
	size_t size;
	FILE *to = open_memstream(&out, &size);

	memset(errors, 0, sizeof(*errors));
	assert_int_equal(scfg_parse(text, len, on_error, errors, &tree), 0);
	dump(scfg_first(tree), to);
	fclose(to);
	scfg_free(tree);
	return out;
}

static void good_text_becomes_a_tree(void **state)
{
	static const struct {
		const char *text, *tree;
	} cases[] = {
		{ "", "" },
		{ "\n\n  \t\n", "" },
		{ "# only a comment", "" },
		{ "a", "<a>;" },
		{ "a b\tc\n", "<a> <b> <c>;" },
		{ "a b # comment \"{\n", "<a> <b>;" },
		{ "a#b", "<a#b>;" },
		{ "a \"b c\" 'd e'", "<a> <b c> <d e>;" },
		{ "a \"\" ''", "<a> <> <>;" },
		{ "a \"x\\\"y\\\\z\"", "<a> <x\"y\\z>;" },
		{ "a 'x\\y'", "<a> <x\\y>;" },
		{ "a b\\ c\\{", "<a> <b c{>;" },
		{ "a '\"' \"'\"", "<a> <\"> <'>;" },
		{ "a {\n}\n", "<a>{};" },
		{ "a {\nb c\nd\n}\ne", "<a>{<b> <c>;<d>;};<e>;" },
		{ "a b{\nc\n}", "<a> <b>{<c>;};" },
		{ "a { b c }\nd", "<a>{<b> <c>;};<d>;" },
		{ "a { }\n", "<a>{};" },
		{ "a {}\n", "<a>{};" },
		{ "a b;c \"d;\" e\\;", "<a> <b;c> <d;> <e;>;" },
		{ "a { b { c } }\n", "<a>{<b>{<c>;};};" },
		{ "a { # why\n b\n}", "<a>{<b>;};" },
		{ "a {\n b\n} # end\n", "<a>{<b>;};" },
		{ "a \"{\" '}'\n", "<a> <{> <}>;" },
		{ "\xef\xbb\xbf" "a b", "<a> <b>;" },
		{ "a b\r\nc {\r\nd\r\n}\r\n", "<a> <b>;<c>{<d>;};" },
		{ "a {\n b {\n  c {\n  }\n }\n}", "<a>{<b>{<c>{};};};" },
		{ "a \xc3\xa4\xc3\xb6", "<a> <\xc3\xa4\xc3\xb6>;" },
	};
	struct errors errors;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *tree = tree_of(cases[i].text, strlen(cases[i].text), &errors);

		assert_string_equal(errors.text, "");
		assert_string_equal(tree, cases[i].tree);
		free(tree);
	}
}

static void every_error_has_its_place(void **state)
{
	static const struct {
		const char *text, *errors, *tree;
	} cases[] = {
		{ "a \"b", "1:3 this string is not closed\n", "<a>;" },
		{ "a 'b\nc", "1:3 this string is not closed\n", "<a>;<c>;" },
		{ "a \"b {\nc\n}\nd", "1:3 this string is not closed\n", "<a>{<c>;};<d>;" },
		{ "\"a {\nc\n}", "1:1 this string is not closed\n", "<>{<c>;};" },
		{ "a \"b\\\nc", "1:5 a backslash at the end of the line\n"
				"1:3 this string is not closed\n", "<a>;<c>;" },
		{ "a b\\", "1:4 a backslash at the end of the line\n", "<a> <b>;" },
		{ "a { b c; d }\ne;", "1:8 a ';' ends nothing here\n"
				      "2:2 a ';' ends nothing here\n",
		  "<a>{<b> <c;> <d>;};<e;>;" },
		{ "a b\"c\" d\ne", "1:4 a quote inside a word\n", "<a> <b>;<e>;" },
		{ "a \"b\"c", "1:6 a space is missing after the string\n", "<a> <b> <c>;" },
		{ "a {\nb", "1:3 this block is not closed\n", "<a>{<b>;};" },
		{ "a {\nb {\nc\n}\n", "1:3 this block is not closed\n", "<a>{<b>{<c>;};};" },
		{ "a {\n b {\n", "1:3 this block is not closed\n"
				 "2:4 this block is not closed\n", "<a>{<b>{};};" },
		{ "}\na", "1:1 '}' closes nothing\n", "<a>;" },
		{ "a {\n}\n  }\nb", "3:3 '}' closes nothing\n", "<a>{};<b>;" },
		{ "{\na\n}", "1:1 a block without a name before it\n", "<>{<a>;};" },
		{ "a {\nb }\nc", "2:3 '}' behind a directive\n", "<a>{<b>;};<c>;" },
		{ "a { b\nc\n}", "1:5 text behind '{'\n", "<a>{<b>;<c>;};" },
		{ "a { b } c\nd", "1:9 text behind '}'\n", "<a>{<b>;};<c>;<d>;" },
		{ "a b\x01" "c", "1:4 control character 0x01 in the text\n", "<a> <bc>;" },
		{ "a \x7f\x01\nb \x1b", "1:3 control character 0x7f in the text\n"
				       "2:3 control character 0x1b in the text\n",
		  "<a> <>;<b> <>;" },
		{ "a b\rc", "1:4 control character 0x0d in the text\n", "<a> <bc>;" },
		{ "\xff\xfe" "a", "1:1 the text is UTF-16\n", "" },
		{ "\xc3\xa4\xc3\xb6 \"x", "1:4 this string is not closed\n", "<\xc3\xa4\xc3\xb6>;" },
		{ "a \"x\nb \"y\nc 'z\n}", "1:3 this string is not closed\n"
					   "2:3 this string is not closed\n"
					   "3:3 this string is not closed\n"
					   "4:1 '}' closes nothing\n", "<a>;<b>;<c>;" },
	};
	struct errors errors;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *tree = tree_of(cases[i].text, strlen(cases[i].text), &errors);

		assert_string_equal(errors.text, cases[i].errors);
		assert_string_equal(tree, cases[i].tree);
		free(tree);
	}
}

static void nul_bytes_are_an_error_not_an_end(void **state)
{
	struct errors errors;
	char *tree = tree_of("a b\0c\nd \"e\"\0", 12, &errors);

	(void)state;
	assert_string_equal(errors.text, "1:4 control character 0x00 in the text\n"
					 "2:6 control character 0x00 in the text\n");
	assert_string_equal(tree, "<a> <bc>;<d> <e> <>;");
	free(tree);
}

static void places_of_words_are_kept(void **state)
{
	static const char text[] = "\xef\xbb\xbf" "a  \"b c\" {\r\n\td \xc3\xa4 'e'\r\n}\r\n";
	const struct scfg_node *a, *d;
	struct errors errors = { 0 };
	struct scfg *tree;

	(void)state;
	assert_int_equal(scfg_parse(text, strlen(text), on_error, &errors, &tree), 0);
	assert_int_equal(errors.count, 0);
	a = scfg_first(tree);
	d = a->child;
	assert_int_equal(a->words[0].line, 1);
	assert_int_equal(a->words[0].col, 1);
	assert_int_equal(a->words[1].col, 4);
	assert_int_equal(d->words[0].line, 2);
	assert_int_equal(d->words[0].col, 2);
	assert_int_equal(d->words[1].col, 4);
	assert_int_equal(d->words[2].col, 6);
	assert_false(a->bad || a->unclosed || d->bad);
	scfg_free(tree);
}

static void nodes_with_errors_are_marked(void **state)
{
	static const char text[] = "a \"x\nb {\nc 'y\n";
	const struct scfg_node *a;
	struct errors errors = { 0 };
	struct scfg *tree;

	(void)state;
	assert_int_equal(scfg_parse(text, strlen(text), on_error, &errors, &tree), 0);
	a = scfg_first(tree);
	assert_true(a->bad);
	assert_false(a->unclosed);
	assert_false(a->next->bad);
	assert_true(a->next->unclosed);
	assert_true(a->next->child->bad);
	scfg_free(tree);
}

/* Text of `count` times `piece`. */
static char *repeated(const char *piece, size_t count)
{
	size_t len = strlen(piece);
	char *text = malloc(count * len + 1);

	assert_non_null(text);
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * len, piece, len);
	text[count * len] = '\0';
	return text;
}

static void limits_are_errors(void **state)
{
	static const struct {
		const char *piece;
		size_t count;
		const char *error;
	} cases[] = {
		{ "a ", SCFG_WORDS_MAX - 1, "" },
		{ "a ", SCFG_WORDS_MAX, "1:511 more than 255 words in a line\n" },
		{ "a ", 100000, "1:511 more than 255 words in a line\n" },
		{ "a\n", SCFG_NODES_MAX, "" },
		{ "a\n", SCFG_NODES_MAX + 1, "65537:1 more than 65536 directives\n" },
		{ "a {\n", SCFG_DEPTH_MAX + 1, "9:3 blocks are nested deeper than 8\n" },
		{ "a{", 100000, "1:18 blocks are nested deeper than 8\n" },
		{ "a b c d\n", SCFG_BYTES_MAX / 8 + 1, "1:1 the text is longer than 4 MiB\n" },
	};
	struct errors errors;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text = repeated(cases[i].piece, cases[i].count);

		free(tree_of(text, strlen(text), &errors));
		assert_string_equal(errors.text, cases[i].error);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_text_becomes_a_tree),
		cmocka_unit_test(every_error_has_its_place),
		cmocka_unit_test(nul_bytes_are_an_error_not_an_end),
		cmocka_unit_test(places_of_words_are_kept),
		cmocka_unit_test(nodes_with_errors_are_marked),
		cmocka_unit_test(limits_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
