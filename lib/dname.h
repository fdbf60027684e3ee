/*
 * Domain names in uncompressed wire form (RFC 1035 §3.1). Names that come from a packet
 * keep their case; comparing and hashing ignore it (RFC 4343).
 */
#ifndef LIB_DNAME_H
#define LIB_DNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNAME_MAX      255
#define DNAME_TEXT_MAX 1024 /* 253 octets, each up to \DDD, and the end */
#define DNAME_LABELS   127

/** wire[0..len) is a whole name with its root label; len is 1 for the root, 0 for none. */
struct dname {
	uint8_t len;
	uint8_t wire[DNAME_MAX];
};

/** Parse presentation form (\. and \DDD understood; final dot optional; "." is the root).
 *  @retval -EINVAL        empty label, bad escape, empty text; out untouched
 *  @retval -ENAMETOOLONG  a label over 63 or a name over 255 octets; out untouched */
int dname_from_text(const char *text, struct dname *out);

/** Presentation form without the final dot ("." for the root) in buf of DNAME_TEXT_MAX
 *  bytes: what is not a letter, digit, '-', '_', '*' or '/' is \DDD, so the text holds no
 *  space, quote, tab or control character. Returns buf. */
const char *dname_to_text(const struct dname *d, char *buf);

/** The same for len octets of uncompressed wire form, that were checked before. */
const char *dname_wire_to_text(const uint8_t *wire, size_t len, char *buf);

/** Read a possibly compressed name at packet[at] (RFC 1035 §4.1.4): pointers only go
 *  backwards, each before all that was read so far, and there are at most 32.
 *  @param next  set to the offset behind the name in place
 *  @retval -EBADMSG  cut short, bad label type, more pointers, or too long; next untouched, out
 *                    undefined */
int dname_from_packet(const uint8_t *packet, size_t len, size_t at, struct dname *out,
		      size_t *next);

/** Length of a well-formed uncompressed name at wire, at most max bytes; 0 if none is there. */
size_t dname_wire_len(const uint8_t *wire, size_t max);

/** ASCII letters to lower case, in place. */
void dname_lower(struct dname *d);

/** Ignores ASCII case. */
bool dname_equal(const struct dname *a, const struct dname *b);

/** True if name is suffix or lies below it; the root covers all. Ignores case. */
bool dname_is_under(const struct dname *name, const struct dname *suffix);

/** Number of labels without the root: 0 for the root. */
unsigned dname_labels(const struct dname *d);

/** Fill at[] (DNAME_LABELS entries) with the offset of each label from the left; returns
 *  their number. */
unsigned dname_label_offsets(const struct dname *d, uint8_t at[DNAME_LABELS]);

#endif
