/*
 * From an argument vector to a verb, its options and operands; help and usage errors on
 * every level. Knows nothing of what a verb does.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/out_table.h"
#include "lib/util.h"

#define COMMAND_OPERANDS_MAX 8
#define COMMAND_CHOICES_MAX  64

enum command_exit {
	COMMAND_DONE = 0, /* or: yes */
	COMMAND_FAILED = 1, /* or: no */
	COMMAND_USAGE = 2,
	COMMAND_NOT_RUNNING = 3,
	COMMAND_PERMISSION = 4,
};

struct option_spec {
	char letter;	   /* 0: none */
	const char *name;  /* without the dashes */
	const char *value; /* its name in the help; NULL: takes none; "[X]": may be left out */
	const char *help;
	int id; /* unique within a verb, above 0 */
};

/** An option as it was given, in order. value is "" where none was. */
struct choice {
	int id;
	const char *value; /* borrowed from argv */
};

struct command;

struct verb {
	const char *name;     /* "log", or a group and its verb: "gate ls" */
	const char *operands; /* for the usage line; "" for none */
	const char *summary;  /* one line, no full stop */
	const char *examples; /* lines, each ended by \n */
	const char *notes;    /* likewise, or NULL */
	const struct option_spec *options; /* ended by a NULL name; or NULL */
	size_t operands_min, operands_max;
	bool hidden; /* from the help */
	bool pages;  /* its answer may be long: through a pager on a terminal */
	int unpaged; /* id of the option with which it does not; 0: none */
	int (*run)(const struct command *c);
};

struct command {
	const struct verb *verb;
	const char *conf_path; /* NULL: the default */
	struct table_style style;
	const char *operands[COMMAND_OPERANDS_MAX];
	size_t operand_count;
	struct choice choices[COMMAND_CHOICES_MAX];
	size_t choice_count;
	FILE *out; /* answers */
	FILE *err; /* all else */
};

/** Parse, run, and flush the answer.
 *  @param verbs  in the order of the help, ended by one without a name
 *  @return the exit status, enum command_exit */
int command_main(const struct verb *verbs, int argc, char **argv, FILE *out, FILE *err);

/** Print "nameward: text\n" to c->err. */
void command_complain(const struct command *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** Print what is wrong with the arguments and where help is; returns COMMAND_USAGE. */
int command_usage(const struct command *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** Exit status for a failure to write the answer: a reader that went away is not
 *  complained about. */
int command_write_failed(const struct command *c, int rc);

/** The candidate closest to a mistyped word, NULL if none is near.
 *  @param next  gives the i-th candidate, NULL behind the last */
const char *command_closest(const char *word, const char *(*next)(const void *arg, size_t i),
			    const void *arg);

#endif
