/*
 * The words that stand for numbers in the views: verdicts, response codes, record types and
 * protocols. The history puts them into tables by their numbers: only ever add.
 */
#ifndef LIB_WORDS_H
#define LIB_WORDS_H

#include <stddef.h>

struct word {
	unsigned id;
	const char *word;
};

struct word_list {
	const char *table; /* id, word */
	const struct word *words;
	size_t count;
};

/** Every list, ended by one whose table is NULL. */
const struct word_list *words_all(void);

/** The word of a number in the list for table, or NULL. */
const char *words_find(const char *table, unsigned id);

#endif
