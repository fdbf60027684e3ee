/*
 * One line of a hosts file or domain list -> names to put on the list, or the reason why
 * there are none. Knows nothing of files, lists or the other formats (list_parser.h), whose
 * lines it refuses rather than misreads; it has what their parsers share.
 */
#ifndef BLOCKLISTS_LIST_LINE_H
#define BLOCKLISTS_LIST_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blocklists/list_rule.h"

/** A longer line is not read at all; real lists have lines of 64 kB. */
#define LIST_LINE_MAX 65536

/** What was found in a line. From LINE_IGNORED on it is neither entry nor comment: rules
 *  that mean nothing to a DNS server, then what is not supported, then what is wrong. */
enum list_line_kind {
	LINE_END,     /* nothing more in this line */
	LINE_ENTRY,
	LINE_SIDE,    /* a rule that is more than a name: list_side.h */
	LINE_SPAN,    /* a range of addresses: list_span.h */
	LINE_EMPTY,
	LINE_NOT_WANTED, /* a row of an owner that nobody asks for */
	LINE_COMMENT,
	LINE_LOCAL,   /* "localhost" and its like behind an address: belongs in hosts files */
	LINE_HEADING, /* "server:", "$TTL", SOA, "[Adblock Plus]": belongs to the format */
	LINE_IGNORED,
	LINE_COSMETIC = LINE_IGNORED, /* hides parts of a page */
	LINE_URL_RULE,	/* an Adblock rule with a path, scheme or port */
	LINE_BROWSER,	/* a rule whose modifier only a browser can judge */
	LINE_ROUTING,	/* sends names to an upstream: "server=/x/192.0.2.1" */
	LINE_UNSUPPORTED,
	LINE_MODIFIER = LINE_UNSUPPORTED, /* an unknown modifier: the rule does not count */
	LINE_MASK,	/* a pattern that is too wide, or in a format without patterns */
	LINE_REGEX,	/* none, or over a limit */
	LINE_CONDITION,	/* a condition whose value is nothing, or too long */
	LINE_DNSTYPE,	/* holds for one query type, in a format without conditions */
	LINE_TOO_MANY,	/* over LIST_SIDES_MAX or LIST_REGEXES_MAX */
	LINE_DNSREWRITE,
	LINE_ADDRESS_RULE, /* about addresses, and not one: "||192.0.2." */
	LINE_NOT_PUBLIC, /* a range that holds private or special addresses */
	LINE_RPZ_NSDNAME, /* a forwarder never sees these two */
	LINE_RPZ_NSIP,
	LINE_DATA,	/* an answer of the list's own: never given */
	LINE_PROTECTED, /* blocks what a subscription may not block: list_guard.h */
	LINE_DIRECTIVE,	/* a setting, an include, a condition */
	LINE_BAD,
	LINE_BAD_CHARACTER = LINE_BAD, /* not a letter, digit, '-', '_' or '.' */
	LINE_BAD_UNICODE, /* octets above 127 that have no ASCII form, or stand in a pattern */
	LINE_BAD_ADDRESS, /* an address where a name belongs, or alone; a numeric last label */
	LINE_BAD_SINGLE,  /* one label, and not "*.label" */
	LINE_BAD_LABEL,	  /* an empty label, or one over 63 octets */
	LINE_BAD_LENGTH,  /* a name over 253 octets */
	LINE_BAD_URL,	  /* a scheme, port or path */
	LINE_BAD_PATTERN, /* '*' other than in a leading "*." */
	LINE_BAD_SYNTAX,  /* a rule of another format, or words */
	LINE_BAD_ZONE,	  /* an owner outside its zone */
	LINE_BAD_LONG,	  /* over LIST_LINE_MAX; said by the reader, not by this parser */
	LINE_KINDS,
};

/** "exact", "raw Unicode" and so on, for people. */
const char *list_line_kind_name(enum list_line_kind kind);

/** A line being read; its fields are private. */
struct list_line {
	const char *at;	 /* borrowed */
	const char *end;
	unsigned state;
	unsigned names;
	unsigned form;
};

/** Begin with a line, without its "\n". text is borrowed until the last list_line_next. */
void list_line_start(struct list_line *l, const char *text, size_t len);

/** The next thing in the line. A hosts line yields one for each of its names; another line
 *  yields one in all. "*.x" and ".x" stand for x and all below it. out is filled for
 *  LINE_ENTRY, else untouched. */
enum list_line_kind list_line_next(struct list_line *l, struct list_entry *out);

/** Text as a name by itself: no "*.", no final dot; one label is enough. out's name is set
 *  for LINE_ENTRY, else untouched; LINE_LOCAL: a name of the host itself. */
enum list_line_kind list_name_read(const char *text, size_t len, struct dname *out);

/** Whether text is an IPv4 or IPv6 address, the latter also with a scope ("fe80::1%lo0"). */
bool list_is_address(const char *text, size_t len);

/** Octets of the blank at p: ASCII blanks, or a no-break space (U+00A0). 0: none. */
size_t list_blank_len(const char *p, const char *end);

/** Copy a line without what is invisible in it (byte-order marks, soft hyphens, zero-width
 *  characters), blanks at either end and no-break spaces' width.
 *  @param out  len + 1 bytes; ends with NUL. @return its length */
size_t list_line_clean(const char *text, size_t len, char *out);

/** The octet as names in an index are written: a-z, 0-9, '-', '_' (upper case folded);
 *  0 for all others, which no entry can hold. */
extern const uint8_t list_line_octet[256];

#endif
