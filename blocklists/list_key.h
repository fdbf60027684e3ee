/*
 * Names as the index sorts and finds them: labels from the right, in lower case, parted by
 * dots ("www.example.org" is "org.example.www"), so that all below a name stand together.
 * Knows nothing of lists.
 */
#ifndef BLOCKLISTS_LIST_KEY_H
#define BLOCKLISTS_LIST_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/dname.h"

#define LIST_KEY_MAX 253

struct list_key {
	uint8_t len;
	uint8_t labels;
	bool is_whole; /* all of the name is in text */
	uint8_t end[DNAME_LABELS]; /* length of the first 1, 2, ... labels */
	char text[LIST_KEY_MAX + 8]; /* what stands behind len may be read, not used */
};

/** The rightmost labels of d, at most `labels` of them, up to the first that no entry can
 *  hold. The root gives no label at all. */
void list_key_from_dname(const struct dname *d, unsigned labels, struct list_key *out);

/** Back to a name. @retval -EBADMSG  not a key; out untouched */
int list_key_to_dname(const char *text, size_t len, struct dname *out);

/** Carry a hash on over one label: h is the seed before the first label of a key. At least
 *  8 bytes behind label may be read. */
uint64_t list_key_hash(uint64_t h, const char *label, size_t len);

/** Eight octets of a key behind the first `skip`, zeroes behind its end, as a number: of keys that
 *  share those first octets, the one with the smaller number stands before. At least 8 bytes
 *  behind the key may be read. */
uint64_t list_key_word(const char *key, size_t len, size_t skip);

/** memcmp order, the shorter first. */
int list_key_compare(const char *a, size_t a_len, const char *b, size_t b_len);

#endif
