/* Which answers go through a pager, and what becomes of one whose user leaves; on a real
 * pseudo-terminal. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/command.h"
#include "lib/util.h"

enum { OPTION_FOLLOW = 1 };

static bool is_interrupt_ignored(void)
{
	struct sigaction action;

	sigaction(SIGINT, NULL, &action);
	return action.sa_handler == SIG_IGN;
}

static int say(const struct command *c)
{
	fputs("one\ntwo\n", c->out);
	return COMMAND_DONE;
}

/* More than any pipe holds, so that a reader who leaves is noticed. */
static int say_much(const struct command *c)
{
	for (int i = 0; i < 100000; i++) {
		if (fputs("0123456789012345678\n", c->out) == EOF)
			return command_write_failed(c, -EPIPE);
	}
	return COMMAND_DONE;
}

static int say_failed(const struct command *c)
{
	fputs("no\n", c->out);
	return COMMAND_FAILED;
}

static const struct option_spec options[] = {
	{ 'f', "follow", NULL, "", OPTION_FOLLOW },
	{ 0, NULL, NULL, NULL, 0 },
};

static const struct verb verbs[] = {
	{ .name = "long", .operands = "", .pages = true, .unpaged = OPTION_FOLLOW,
	  .options = options, .run = say },
	{ .name = "short", .operands = "", .run = say },
	{ .name = "much", .operands = "", .pages = true, .run = say_much },
	{ .name = "bad", .operands = "", .pages = true, .run = say_failed },
	{ .name = NULL },
};

/* Run on a terminal; what came out of it is in text. */
static int run(const char *pager, const char *line, char *text, size_t size)
{
	char *argv[8] = { (char *)"nameward" };
	struct termios raw = { .c_cflag = CS8 };
	int master, slave, status, argc = 1;
	char words[80];
	ssize_t len = 0, n;
	FILE *out;

	assert_int_equal(openpty(&master, &slave, NULL, &raw, NULL), 0);
	out = fdopen(slave, "w");
	assert_non_null(out);
	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	setenv("PAGER", pager, 1);
	status = command_main(verbs, argc, argv, out, stderr);
	fcntl(master, F_SETFL, O_NONBLOCK);
	while ((n = read(master, text + len, size - 1 - (size_t)len)) > 0)
		len += n;
	text[len] = '\0';
	fclose(out);
	close(master);
	return status;
}

static void long_tables_only_and_only_if_wanted(void **state)
{
	static const struct {
		const char *pager, *line, *text;
	} cases[] = {
		{ "sed s/^/P/", "long", "Pone\nPtwo\n" },
		{ "sed s/^/P/", "long --color=never", "Pone\nPtwo\n" },
		{ "sed s/^/P/", "short", "one\ntwo\n" },
		{ "sed s/^/P/", "long --no-pager", "one\ntwo\n" },
		{ "sed s/^/P/", "--no-pager long", "one\ntwo\n" },
		{ "sed s/^/P/", "long -f", "one\ntwo\n" },
		{ "sed s/^/P/", "long --json", "one\ntwo\n" },
		{ "sed s/^/P/", "long -o csv", "one\ntwo\n" },
		{ "", "long", "one\ntwo\n" },
		{ "cat", "long", "one\ntwo\n" },
		{ "echo $LESS; cat", "long", "FRSX\none\ntwo\n" },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(run(cases[i].pager, cases[i].line, text, sizeof(text)),
				 COMMAND_DONE);
		assert_string_equal(text, cases[i].text);
	}
}

static void leaving_a_pager_is_no_failure(void **state)
{
	char text[256];

	(void)state;
	assert_int_equal(run("head -n 1", "much", text, sizeof(text)), COMMAND_DONE);
	assert_string_equal(text, "0123456789012345678\n");
	assert_int_equal(run("sed s/^/P/", "bad", text, sizeof(text)), COMMAND_FAILED);
	assert_string_equal(text, "Pno\n");
	assert_false(is_interrupt_ignored());
}

/* A user who may run only this as root gets less in its safe mode, whatever PAGER says. */
static void root_by_sudo_starts_nothing_else(void **state)
{
	char text[256];

	(void)state;
	if (geteuid() != 0 || access("/usr/bin/less", X_OK) != 0)
		skip();
	setenv("SUDO_UID", "1000", 1);
	setenv("TERM", "xterm", 1);
	assert_int_equal(run("echo stolen", "long", text, sizeof(text)), COMMAND_DONE);
	unsetenv("SUDO_UID");
	assert_null(strstr(text, "stolen"));
	assert_non_null(strstr(text, "two"));
}

/* less would ask on such a terminal, and wait. */
static void terminal_of_no_name_gets_the_table_itself(void **state)
{
	static const char *const terms[] = { NULL, "", "dumb" };
	char text[256];

	(void)state;
	setenv("SUDO_UID", "1000", 1); /* where root runs this: whatever PAGER says */
	for (size_t i = 0; i < ARRAY_SIZE(terms); i++) {
		unsetenv("TERM");
		if (terms[i])
			setenv("TERM", terms[i], 1);
		assert_int_equal(run(geteuid() ? "" : "less", "long", text, sizeof(text)),
				 COMMAND_DONE);
		assert_string_equal(text, "one\ntwo\n");
	}
	unsetenv("SUDO_UID");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(long_tables_only_and_only_if_wanted),
		cmocka_unit_test(leaving_a_pager_is_no_failure),
		cmocka_unit_test(root_by_sudo_starts_nothing_else),
		cmocka_unit_test(terminal_of_no_name_gets_the_table_itself),
	};

	signal(SIGPIPE, SIG_IGN);
	unsetenv("LESS");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
