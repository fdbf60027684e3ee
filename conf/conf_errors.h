/* How errors of the configuration are gathered. Knows places in texts, not what they
 * mean. */
#ifndef CONF_CONF_ERRORS_H
#define CONF_CONF_ERRORS_H

#include <stdarg.h>
#include <stdint.h>

#include "lib/util.h"

struct conf_errors;
struct conf_file;

/** Errors kept; further ones are only counted. */
#define CONF_ERRORS_MAX 1000

/** Bytes of an error's text and of its hint; longer ones are cut. */
#define CONF_ERROR_TEXT_MAX 512

/** Where an error is. file NULL: in no file; line 0: the file as a whole. */
struct conf_spot {
	const struct conf_file *file;
	uint32_t line;
	uint32_t col;
};

/** Add one error. Without memory it is counted but not kept. Errors are printed in the
 * order of the files and places; at one place, in the order they came.
 *
 * @param hint  a sentence that helps, or NULL or "": none. Copied */
void conf_errors_add(struct conf_errors *e, const struct conf_spot *at, const char *hint,
		     const char *fmt, ...) PRINTF_LIKE(4, 5);
void conf_errors_vadd(struct conf_errors *e, const struct conf_spot *at, const char *hint,
		      const char *fmt, va_list args) PRINTF_LIKE(4, 0);

/** The candidate a mistyped word most likely meant. */
struct conf_guess {
	const char *word; /* what was written; borrowed */
	const char *best; /* borrowed from the candidates; NULL: none is near */
	unsigned distance;
};

/** Offer one candidate; NULL is ignored. The nearest by edit distance (insert, delete,
 *  replace, swap) is kept if no more than a third of the word had to change. */
void conf_guess_offer(struct conf_guess *g, const char *candidate);

/** "did you mean 'ads'?" in buf, or "" when nothing is near. Returns buf. */
const char *conf_guess_hint(const struct conf_guess *g, char *buf, size_t size);

#endif
