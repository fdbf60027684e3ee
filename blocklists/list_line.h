/*
 * One line of a hosts file or domain list -> names to put on the list, or the reason why
 * there are none. Knows nothing of files, lists or the other formats, whose lines it
 * refuses rather than misreads.
 */
#ifndef BLOCKLISTS_LIST_LINE_H
#define BLOCKLISTS_LIST_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/dname.h"

/** A longer line is not read at all; real lists have lines of 64 kB. */
#define LIST_LINE_MAX 65536

/** What list_line_next found. Those from LINE_BAD on are neither entry nor comment. */
enum list_line_kind {
	LINE_END,     /* nothing more in this line */
	LINE_ENTRY,
	LINE_EMPTY,
	LINE_COMMENT,
	LINE_LOCAL,   /* "localhost" and its like behind an address: belongs in hosts files */
	LINE_BAD,
	LINE_BAD_CHARACTER = LINE_BAD, /* not a letter, digit, '-', '_' or '.' */
	LINE_BAD_UNICODE, /* a name in other than its ASCII form */
	LINE_BAD_ADDRESS, /* an address where a name belongs, or alone; a numeric last label */
	LINE_BAD_SINGLE,  /* one label, and not "*.label" */
	LINE_BAD_LABEL,	  /* an empty label, or one over 63 octets */
	LINE_BAD_LENGTH,  /* a name over 253 octets */
	LINE_BAD_URL,	  /* a scheme, port or path */
	LINE_BAD_PATTERN, /* '*' other than in a leading "*." */
	LINE_BAD_SYNTAX,  /* a rule of another format, or words */
	LINE_BAD_LONG,	  /* over LIST_LINE_MAX; said by the reader, not by this parser */
	LINE_KINDS,
};

/** "exact", "raw Unicode" and so on, for people. */
const char *list_line_kind_name(enum list_line_kind kind);

/** One name of a list. "*.x" and ".x" stand for x and all below it. */
struct list_entry {
	struct dname name; /* lower case, without the "*." */
	bool subtree;
};

/** A line being read; its fields are private. */
struct list_line {
	const char *at;	 /* borrowed */
	const char *end;
	unsigned state;
	unsigned names;
};

/** Begin with a line, without its "\n". text is borrowed until the last list_line_next. */
void list_line_start(struct list_line *l, const char *text, size_t len);

/** The next thing in the line. A hosts line yields one for each of its names; another line
 *  yields one in all. out is filled for LINE_ENTRY, else untouched. */
enum list_line_kind list_line_next(struct list_line *l, struct list_entry *out);

/** The octet as names in an index are written: a-z, 0-9, '-', '_' (upper case folded);
 *  0 for all others, which no entry can hold. */
extern const uint8_t list_line_octet[256];

#endif
