/* The texts of -h: built from the tables of verbs and options, examples first. */
#ifndef CLI_COMMAND_HELP_H
#define CLI_COMMAND_HELP_H

#include <stdio.h>

struct option_spec;
struct verb;

/** All verbs. */
void help_print_all(FILE *to, const struct verb *verbs, const struct option_spec *common);

/** The verbs of one group ("gate"). */
void help_print_group(FILE *to, const struct verb *verbs, const char *group);

/** One verb. */
void help_print_verb(FILE *to, const struct verb *verb, const struct option_spec *common);

#endif
