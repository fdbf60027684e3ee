/*
 * The scfg grammar: text to a tree of directives, every word with its line and column.
 *All errors of one run are reported. Knows nothing of what the directives mean.
 *
 *	name param "quoted \"param\"" 'as it is'	# comment
 *	name param {
 *		child param
 *	}
 *	name { child param }
 *
 * One directive a line. `\x` is the character x, not in single quotes. Beyond strict
 *scfg: a comment may follow the words of a line, and a block that holds one directive (or
 *none) may open and close on one line. CR LF and an UTF-8 byte-order mark are tolerated.
 */
#ifndef LIB_SCFG_H
#define LIB_SCFG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCFG_BYTES_MAX 4194304
#define SCFG_NODES_MAX 65536
#define SCFG_WORDS_MAX 256 /* of one directive */
#define SCFG_DEPTH_MAX 8

/** line and col count from 1; col counts characters, a tab is one. */
struct scfg_word {
	const char *text; /* borrowed from the tree; no control characters in it */
	uint32_t line;
	uint32_t col;
};

/** A directive: words[0] is its name. */
struct scfg_node {
	struct scfg_node *next;	 /* the following directive of the same block, or NULL */
	struct scfg_node *child; /* first directive of its block, or NULL */
	bool has_block;
	bool unclosed; /* its block had no end: what follows it may be in it by mistake */
	bool bad;      /* an error was reported in its line: words may be missing */
	size_t word_count;
	struct scfg_word words[];
};

struct scfg;

/** One error. text and hint (or NULL) are borrowed for the call. */
struct scfg_error {
	uint32_t line;
	uint32_t col;
	const char *text;
	const char *hint;
};

typedef void scfg_on_error(void *arg, const struct scfg_error *error);

/** Parse len bytes of text. A tree is returned also when errors were reported: it holds
 *  what could be read.
 *
 * @param text      copied as needed; not needed afterwards
 * @param on_error  called for each error; blocks without an end come last
 * @param out       owned by the caller, freed with scfg_free
 * @retval 0, -ENOMEM; out untouched on failure */
int scfg_parse(const char *text, size_t len, scfg_on_error *on_error, void *arg,
	       struct scfg **out);

/** First directive outside any block, or NULL. Borrowed. */
const struct scfg_node *scfg_first(const struct scfg *s);

void scfg_free(struct scfg *s);

#endif
