/*
 * A growing text, and the ways our output escapes what strangers wrote: for a terminal, for
 * JSON (RFC 8259) and for CSV (RFC 4180). Knows nothing of tables.
 */
#ifndef CLI_TEXT_BUF_H
#define CLI_TEXT_BUF_H

#include <stdbool.h>
#include <stddef.h>

/** Zeroed at start. Once `failed` (no memory), adding does nothing more. */
struct text_buf {
	char *bytes; /* owned; not ended by NUL */
	size_t len, size;
	bool failed;
};

/** Empty it, keep its memory. */
void text_reset(struct text_buf *b);

void text_fini(struct text_buf *b);

void text_add(struct text_buf *b, const char *bytes, size_t len);
void text_add_string(struct text_buf *b, const char *s);

/** Safe to print: control characters (C0, DEL, C1), characters that change the direction
 *  of writing, and what is not UTF-8 become \DDD, byte by byte. `keep_tabs` lets a tab
 *  through. */
void text_add_escaped(struct text_buf *b, const char *s, bool keep_tabs);

/** A JSON string with its quotes: always valid UTF-8, no character is lost. */
void text_add_json(struct text_buf *b, const char *s);

/** A CSV cell, escaped as for a terminal, in quotes where it must be. What a spreadsheet
 *  would take for a formula (= + - @ first) gets a ' in front. */
void text_add_csv(struct text_buf *b, const char *s);

/** Text of an HTML page, also in an attribute: escaped as for a terminal, then & < > \" '.
 *  Longer than `most` characters is cut, with an ellipsis. */
void text_add_html(struct text_buf *b, const char *s, size_t most);

/** Columns that escaped text fills on a terminal: its code points. */
size_t text_width(const char *s);

/** Bytes of the first `width` code points of s. */
size_t text_prefix(const char *s, size_t width);

/** An integer or decimal as JSON writes them (no exponent): can be printed without quotes. */
bool text_is_number(const char *s);

#endif
