/*
 * Regular expressions of lists, by PCRE2. Interpreted, not compiled to machine code: that
 * needs memory that can be written and then executed, which the resolver's system call filter
 * and MemoryDenyWriteExecute= in its unit rightly refuse. Knows nothing of lists.
 *
 * Expressions and names are hostile. An expression has at most LIST_SIDE_TEXT octets, few
 * parentheses and little code; a match has a number of steps and of bytes. What goes over is
 * no match, and is counted.
 */
#ifndef BLOCKLISTS_LIST_REGEX_H
#define BLOCKLISTS_LIST_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Expressions under numbers from 0 on. */
struct list_regexes;

/** A step is an item of an expression that is tried at a place of the name: some 20 ns. All
 *  expressions of one question have these together, and one of them at most so many. */
#define LIST_REGEX_STEPS     10000
#define LIST_REGEX_STEPS_ONE 3000

/** @param count  expressions at most. @retval -ENOMEM */
int list_regexes_new(size_t count, struct list_regexes **out);
void list_regexes_free(struct list_regexes *set);

/** Put in an expression, replacing none.
 *  @retval -EINVAL  no expression; -E2BIG  over a limit; -ENOMEM */
int list_regexes_add(struct list_regexes *set, size_t number, const char *text, size_t len);

/** Whether an expression fits somewhere in a name. One that was not put in does not.
 *  @param steps_left  steps left to this question; counted down. Without any nothing fits */
bool list_regexes_match(struct list_regexes *set, size_t number, const char *name,
			size_t len, unsigned *steps_left);

/** Matches given up at a limit. */
uint64_t list_regexes_given_up(const struct list_regexes *set);

/** 0: the text can be put in; else as list_regexes_add. */
int list_regex_check(const char *text, size_t len);

/** A run of octets that stands in every name that an expression fits, in lower case, in buf
 *  of LIST_SIDE_TEXT bytes. @return its length; 0: none is known */
size_t list_regex_literal(const char *text, size_t len, char *buf);

#endif
