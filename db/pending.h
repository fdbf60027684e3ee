/*
 * Lookups that wait for the next commit. Identical ones become one row with a count, so
 * that a flood of one name is a row. Bounded; knows nothing of SQL, of time or of texts.
 *
 * Identical means: same client (address, MAC, device), name, type, class, verdict, response
 * code, list entry, and the same answer records in whatever order. A folded row keeps the
 * first one's time and upstream and the longest round trip and hold time.
 */
#ifndef DB_PENDING_H
#define DB_PENDING_H

#include <stddef.h>
#include <stdint.h>

struct msg_lookup;
struct pending;

#define PENDING_BATCH_ROWS  8192
#define PENDING_BATCH_BYTES (2304 * 1024)
#define PENDING_BATCHES	    12	 /* in all 98,304 rows and 32 MiB */
#define PENDING_ANSWER_RRS  64	 /* records of an answer that are kept; the rest is counted */

struct pending_row {
	int64_t ts_us;
	uint64_t hash;
	uint32_t n;
	uint32_t rtt_us, hold_us;
	uint16_t answer_more;	/* records left out */
	uint16_t chain;		/* of the fold table */
	/** Copied; names in lower case. lookup->answer_len counts what is kept. */
	const struct msg_lookup *lookup;
};

/** @return NULL without memory */
struct pending *pending_new(void);
void pending_free(struct pending *p);

/** Add one checked record (copied).
 *  @retval 0        a new row
 *  @retval 1        folded into a row that waits
 *  @retval -ENOSPC  full: dropped
 *  @retval -ENOMEM  dropped */
int pending_add(struct pending *p, const struct msg_lookup *m);

/** Rows waiting. */
size_t pending_count(const struct pending *p);

/** The oldest batch: its rows by time through order[0..count), borrowed until the next call
 *  on p. NULL if nothing waits. */
const struct pending_row *pending_head(struct pending *p, const uint16_t **order,
				       size_t *count);

/** The oldest batch has been written (or is given up): drop it. */
void pending_drop_head(struct pending *p);

#endif
