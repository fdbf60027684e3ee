/* Arguments become a verb with its options, or an error that helps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/command.h"

#define ARGS_MAX 12

/* Prints what it was given, so that a case can compare. */
static int run_echo(const struct command *c)
{
	fprintf(c->out, "%s", c->verb->name);
	if (c->conf_path)
		fprintf(c->out, " conf=%s", c->conf_path);
	if (c->style.format != TABLE_ALIGNED)
		fprintf(c->out, " format=%d", c->style.format);
	if (c->style.colour)
		fprintf(c->out, " colour");
	for (size_t i = 0; i < c->choice_count; i++)
		fprintf(c->out, " %d=%s", c->choices[i].id, c->choices[i].value);
	for (size_t i = 0; i < c->operand_count; i++)
		fprintf(c->out, " [%s]", c->operands[i]);
	return COMMAND_DONE;
}

static const struct option_spec log_options[] = {
	{ 'n', "lines", "N", "how many", 1 },
	{ 'f', "follow", NULL, "go on", 2 },
	{ 'r', "reverse", NULL, "newest first", 3 },
	{ 0, "client", "CLIENT", "who", 4 },
	{ 0, NULL, NULL, NULL, 0 },
};

static const struct verb verbs[] = {
	{ .name = "log", .operands = "", .summary = "lookups", .examples = "  nameward log\n",
	  .options = log_options, .run = run_echo },
	{ .name = "gate ls", .operands = "[ADDRESS]", .summary = "leases",
	  .examples = "  nameward gate ls\n", .operands_max = 1, .run = run_echo },
	{ .name = "gate rules", .operands = "", .summary = "rules",
	  .examples = "  nameward gate rules\n", .run = run_echo },
	{ .name = "why", .operands = "NAME", .summary = "why", .examples = "  nameward why x\n",
	  .operands_min = 1, .operands_max = 1, .run = run_echo },
	{ .name = "secret", .operands = "", .summary = "hush", .examples = "",
	  .hidden = true, .run = run_echo },
	{ .name = NULL },
};

/* Run a command line given as words; out and err are the caller's to free. */
static int run(const char *line, char **out, char **err)
{
	char words[256];
	char *argv[ARGS_MAX] = { (char *)"nameward" };
	int argc = 1;
	size_t out_len, err_len;
	FILE *out_file = open_memstream(out, &out_len);
	FILE *err_file = open_memstream(err, &err_len);
	int status;

	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok(words, " "); w && argc < ARGS_MAX; w = strtok(NULL, " "))
		argv[argc++] = w;
	status = command_main(verbs, argc, argv, out_file, err_file);
	fclose(out_file);
	fclose(err_file);
	return status;
}

static void good_lines_reach_their_verb(void **state)
{
	static const struct {
		const char *line, *out;
	} cases[] = {
		{ "log", "log" },
		{ "log -n 5 -f", "log 1=5 2=" },
		{ "log -fn5", "log 2= 1=5" },
		{ "log -rf", "log 3= 2=" },
		{ "log --lines=5 --client tv --client !pc", "log 1=5 4=tv 4=!pc" },
		{ "log --client -x", "log 4=-x" },
		{ "-c a.conf log --json", "log conf=a.conf format=1" },
		{ "log -o csv -ca.conf", "log conf=a.conf format=2" },
		{ "log --json -o table", "log" },
		{ "--color log", "log colour" },
		{ "log --color=always", "log colour" },
		{ "log --color --color=never", "log" },
		{ "gate ls", "gate ls" },
		{ "gate --json ls ::1", "gate ls format=1 [::1]" },
		{ "gate ls -- -x", "gate ls [-x]" },
		{ "why -", "why [-]" },
		{ "secret", "secret" },
		{ "--version", "nameward " VERSION "\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *out, *err;

		assert_int_equal(run(cases[i].line, &out, &err), COMMAND_DONE);
		assert_string_equal(out, cases[i].out);
		assert_string_equal(err, "");
		free(out);
		free(err);
	}
}

static void bad_lines_are_usage_errors_that_help(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{ "", "Examples:" },
		{ "lgo", "did you mean 'log'?" },
		{ "gate rulse", "did you mean 'gate rules'?" },
		{ "gate", "nameward gate ls" },
		{ "frobnicate", "no such verb: 'frobnicate'\n" },
		{ "gat ls", "no such verb: 'gat'" },
		{ "secre", "no such verb: 'secre'\n" },
		{ "x\033[2J", "x\\027[2J" },
		{ "log --folow", "did you mean '--follow'?" },
		{ "log -x", "no such option of log: -x" },
		{ "gate ls -f", "no such option of gate ls: -f" },
		{ "-f log", "no such option before a verb: -f" },
		{ "log --zzz=1", "no such option of log: --zzz\n" },
		{ "log -n", "--lines needs a value: N" },
		{ "log --follow=yes", "--follow takes no value" },
		{ "log x", "too many arguments" },
		{ "gate ls a b", "too many arguments" },
		{ "why", "nameward why needs NAME" },
		{ "log -o xml", "-o takes table, json or csv" },
		{ "log --color=maybe", "--color takes" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *out, *err;

		assert_int_equal(run(cases[i].line, &out, &err), COMMAND_USAGE);
		assert_string_equal(out, "");
		if (!strstr(err, cases[i].says))
			fail_msg("'%s' says: %s", cases[i].line, err);
		free(out);
		free(err);
	}
}

static void help_is_on_every_level_with_examples_first(void **state)
{
	static const struct {
		const char *line, *has, *lacks;
	} cases[] = {
		{ "-h", "gate rules", "secret" },
		{ "gate -h", "gate rules", "why" },
		{ "log -h", "--follow", "gate" },
		{ "why -h", "nameward why x", "--follow" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *out, *err, *examples, *options;

		assert_int_equal(run(cases[i].line, &out, &err), COMMAND_DONE);
		assert_string_equal(err, "");
		examples = strstr(out, "Examples:");
		options = strstr(out, "\nOptions");
		assert_non_null(examples);
		assert_true(!options || examples < options);
		assert_non_null(strstr(out, cases[i].has));
		assert_null(strstr(out, cases[i].lacks));
		free(out);
		free(err);
	}
}

static void too_many_options_are_refused(void **state)
{
	char *argv[2 + COMMAND_CHOICES_MAX + 1] = { (char *)"nameward", (char *)"log" };
	char *err;
	size_t err_len;
	FILE *err_file = open_memstream(&err, &err_len);
	int argc = 2;

	(void)state;
	while (argc < 2 + COMMAND_CHOICES_MAX + 1)
		argv[argc++] = (char *)"-f";
	assert_int_equal(command_main(verbs, argc, argv, stdout, err_file), COMMAND_USAGE);
	fclose(err_file);
	assert_non_null(strstr(err, "more than 64 options"));
	free(err);
}

static void an_answer_that_cannot_be_written_fails(void **state)
{
	char *argv[] = { (char *)"nameward", (char *)"log" };
	FILE *full = fopen("/dev/full", "w");
	char *err;
	size_t err_len;
	FILE *err_file = open_memstream(&err, &err_len);

	(void)state;
	assert_non_null(full);
	assert_int_equal(command_main(verbs, 2, argv, full, err_file), COMMAND_FAILED);
	fclose(full);
	fclose(err_file);
	assert_non_null(strstr(err, "No space left"));
	free(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines_reach_their_verb),
		cmocka_unit_test(bad_lines_are_usage_errors_that_help),
		cmocka_unit_test(help_is_on_every_level_with_examples_first),
		cmocka_unit_test(too_many_options_are_refused),
		cmocka_unit_test(an_answer_that_cannot_be_written_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
