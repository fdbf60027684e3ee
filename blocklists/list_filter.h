/*
 * A binary fuse filter (Graf, Lemire 2022): says "not there" for all but 1 in 256 of the
 * hashes that are not there, at nine to ten bits each. In shards, so that building needs
 * little memory. Knows nothing of what was hashed.
 */
#ifndef BLOCKLISTS_LIST_FILTER_H
#define BLOCKLISTS_LIST_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blocklists/list_buf.h"

#define LIST_SHARD_BITS_MAX 12

/** One shard as it stands in the index: (segments + 2) * segment bytes from `at` on. */
struct list_shard {
	uint64_t seed;
	uint32_t at;
	uint32_t segment; /* a power of two; 0: the shard is empty */
	uint32_t segments;
	uint32_t zero;
};

/** A finished filter, borrowed: 1 << bits shards, and their bytes. */
struct list_filter {
	const struct list_shard *shards;
	const uint8_t *bytes;
	unsigned bits;
};

/** Whether every shard lies within bytes_len bytes. Only then may list_filter_has be used. */
bool list_filter_check(const struct list_filter *f, size_t bytes_len);

/** False: hash was not put in. True: it was, or 1 in 256 chance. */
bool list_filter_has(const struct list_filter *f, uint64_t hash);

/** A filter being built. */
struct list_filter_build {
	unsigned bits;
	struct list_buf *hashes; /* owned; one for each shard */
};

/** @param expected  at least the hashes to come, roughly; -ENOMEM */
int list_filter_init(struct list_filter_build *b, uint64_t expected);

/** Put in. The same hash may come twice. @retval -ENOMEM */
int list_filter_add(struct list_filter_build *b, uint64_t hash);

/** Build all shards, and free the hashes of each as it is done.
 *  @param shards, bytes  appended to; owned by the caller
 *  @retval -ENOMEM  */
int list_filter_finish(struct list_filter_build *b, struct list_buf *shards,
		       struct list_buf *bytes);

void list_filter_fini(struct list_filter_build *b);

#endif
