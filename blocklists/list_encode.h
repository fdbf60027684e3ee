/*
 * Writes an index: names go in in key order, the image comes out. Knows nothing of list
 * files; list_image.h says what it writes.
 */
#ifndef BLOCKLISTS_LIST_ENCODE_H
#define BLOCKLISTS_LIST_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "blocklists/list_index.h"

struct list_encoder;
struct list_side_tables;
struct list_span_tables;

/** What all lists say of one name. */
struct list_holders {
	uint32_t rules; /* as bits; the fields of others are not looked at */
	uint64_t lists[LIST_RULES]; /* not 0 */
	uint32_t where[LIST_RULES][LIST_INDEX_LISTS]; /* LIST_WHERE_CONF and the line */
};

/** @param fd  empty, open for reading and writing; stays the caller's
 *  @param expected  names to come, at most. @retval -ENOMEM  */
int list_encoder_new(int fd, uint64_t expected, struct list_encoder **out);

/** Add the next name.
 *  @param key    as list_key.h has it, behind the one before; 8 bytes behind may be read
 *  @param h      with at least one rule
 *  @retval -ENOMEM, -E2BIG, -EBADMSG (no key), negative errno of write(2) */
int list_encoder_add(struct list_encoder *e, const char *key, size_t len,
		     const struct list_holders *h);

/** Write all that is left. stats: one for each list. @retval -ENOMEM, negative errno */
int list_encoder_finish(struct list_encoder *e, const struct list_side_tables *sides,
			const struct list_span_tables *spans,
			const struct list_stats *stats, size_t lists);

/** NULL is allowed. */
void list_encoder_free(struct list_encoder *e);

#endif
