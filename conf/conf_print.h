/* Between the conf_print*.c files only: what is being printed, and the words of a line. */
#ifndef CONF_CONF_PRINT_H
#define CONF_CONF_PRINT_H

#include <stddef.h>
#include <stdio.h>

struct conf;
struct conf_option;

struct printer {
	const struct conf *conf;
	const struct conf_option *option;
	const void *block; /* the struct the option stands in */
	FILE *to;
};

typedef void print_option(const struct printer *p);

/** A space and a word as the grammar reads it back. */
void print_word(FILE *to, const char *text);

/** Begin the option's line. */
void print_name(const struct printer *p);

/** Those of lists, policies and windows (conf_print_policy.c). */
print_option print_lists, print_policy_lists, print_hours, print_for;

/** " during school", or nothing where window is SIZE_MAX. */
void print_during(const struct printer *p, size_t window);
#endif
