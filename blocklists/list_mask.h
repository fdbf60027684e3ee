/*
 * Masks: text with '*' for any octets, bound to the start, a label or the end of a name.
 * Pure; each match costs at most the product of both lengths.
 */
#ifndef BLOCKLISTS_LIST_MASK_H
#define BLOCKLISTS_LIST_MASK_H

#include <stdbool.h>
#include <stddef.h>

/** Whether a name, in lower case without its final dot, fits.
 *  @param anchors  of enum list_anchor; with an empty text or at a '*' they say nothing */
bool list_mask_match(unsigned anchors, const char *mask, size_t mask_len, const char *name,
		     size_t len);

/** The longest run of a mask that is not '*'. @return its length; *at is set */
size_t list_mask_literal(const char *mask, size_t len, size_t *at);

#endif
