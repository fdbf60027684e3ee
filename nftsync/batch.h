/*
 * The elements that one turn of the event loop wants written or deleted, duplicates merged,
 * and their rendering as one transaction. Knows nothing of sockets and of the ledger's rules.
 */
#ifndef NFTSYNC_BATCH_H
#define NFTSYNC_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nftsync/lease_set.h"

struct batch;
struct nl_buf;

/** Elements in one message: a longer list would wrap its 16-bit length. */
#define BATCH_MESSAGE_ELEMS 500

/** What this kernel understands; all false works everywhere. */
struct batch_forms {
	bool update;  /* NEWSETELEM with an expiration updates a live element (6.12) */
	bool destroy; /* DESTROYSETELEM deletes what may be absent (6.3) */
};

struct batch_elem {
	struct lease_key key;
	struct lease_elem elem;
	uint64_t timeout_ms; /* 0: delete */
	int rc;		     /* what became of it; the committer's */
};

enum batch_ops { BATCH_DELETES = 1, BATCH_PUTS = 2, BATCH_ALL = 3 };

/** What of a batch goes into one transaction. */
struct batch_part {
	size_t from, to;    /* indices, to excluded */
	unsigned sets;	    /* bit i: enum lease_set i */
	enum batch_ops ops;
	bool fresh;	    /* none of them is in the kernel: the short form will do */
};

/** @param room  elements it can hold at most; the memory (100 bytes each) is taken at once */
int batch_new(size_t room, struct batch **out);
void batch_free(struct batch *b);

/**
 * Write this element, whether it is there or not. An element that is already queued gets the
 * longer timeout, a queued delete turns into a write.
 *
 * @param timeout_ms  more than 0
 * @param index       where it is; stays until batch_reset
 * @retval -ENOSPC  full: commit, reset, then add again
 */
int batch_put(struct batch *b, const struct lease_key *key, uint64_t timeout_ms,
	      size_t *index);

/** Delete this element if it is there; a queued write is replaced. @retval -ENOSPC full */
int batch_delete(struct batch *b, const struct lease_key *key);

bool batch_has(const struct batch *b, const struct lease_key *key);

size_t batch_count(const struct batch *b);

/** Borrowed until batch_reset. */
struct batch_elem *batch_at(struct batch *b, size_t index);

void batch_reset(struct batch *b);

/**
 * Render a part as a whole transaction. Nothing in it fails because an element is absent, live
 * or expired: an abort stalls every committer of the machine for milliseconds. Deletes come
 * first, so that they make room.
 *
 * @param table  name of our table in family inet
 * @return number of elements rendered (0: buf is empty), or buf->rc
 */
int batch_render(const struct batch *b, const struct batch_part *part,
		 const struct batch_forms *forms, const char *table, struct nl_buf *buf);

/** The same, added to an open transaction: among the messages of a table that is made anew.
 *  @return number of elements rendered; failures stay in buf->rc */
int batch_append(const struct batch *b, const struct batch_part *part,
		 const struct batch_forms *forms, const char *table, struct nl_buf *buf);

#endif
