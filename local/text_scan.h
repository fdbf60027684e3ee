/* Lines and words of a text that need not end with NUL and may hold any bytes. Pure. */
#ifndef LOCAL_TEXT_SCAN_H
#define LOCAL_TEXT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A piece of a text; borrowed from it. */
struct span {
	const char *at;
	size_t len;
};

/** Walks a text's lines: set text, then call text_line. */
struct text_scan {
	struct span text; /* what is left */
	uint32_t line;	  /* number of the last one, from 1 */
};

/** The next line without its end (LF or CR LF). @return false behind the last one */
bool text_line(struct text_scan *s, struct span *out);

/** Take the next word, parted by spaces and tabs, off the front of rest.
 *  @return false: there is none */
bool text_word(struct span *rest, struct span *out);

/** Take what stands before the next separator, and that, off the front of rest; quotes (")
 *  around a whole field are taken away. @return false: nothing was left */
bool text_field(struct span *rest, char separator, struct span *out);

bool span_is(const struct span *s, const char *text);

/** A decimal number. @return false: it is none, or above max */
bool span_number(const struct span *s, uint64_t max, uint64_t *out);

/** Copy with a NUL into buf of size bytes, for parsers that want one.
 *  @return false: it is longer, or has a NUL inside */
bool span_copy(const struct span *s, char *buf, size_t size);

#endif
