/*
 * What is recorded, written: one transaction from what waits in pending, refusals and
 * events. Knows nothing of when that is, of files, or of retention.
 */
#ifndef DB_HISTORY_H
#define DB_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct addr;
struct events;
struct fold;
struct history;
struct ids;
struct mac;
struct pending;
struct pending_row;
struct refusals;
struct store;

/** What waits for a commit. */
struct history_queue {
	struct pending *pending;   /* borrowed; outlives us */
	struct refusals *refusals; /* likewise */
	struct events *events;	   /* likewise */
};

/** Label of a device in the configuration, or NULL. mac may be NULL. */
struct history_labels {
	const char *(*label)(void *arg, const struct mac *mac, const struct addr *addr);
	void *arg;
};

struct history_stats {
	uint64_t rows;	  /* of lookups, written */
	uint64_t lookups; /* that they stand for */
	uint64_t clashed; /* given up: no free microsecond near theirs */
	uint64_t commits;
};

/** @param s       borrowed; outlives us
 *  @param labels  copied */
int history_open(struct store *s, const struct history_labels *labels, struct history **out);
void history_close(struct history *h);

/** Write the oldest batch of lookups and all refusals and events that wait, and commit.
 *  On failure (the values of store.h) nothing was written and all goes on waiting. */
int history_commit(struct history *h, struct history_queue *q);

/** Rows that another program recorded, in transactions of their own: begin, add, end. */
int history_past_begin(struct history *h);

/** @param row       its ts_us is where it belongs, and becomes where it stands
 *  @param is_there  it stood there before: same client, name and type
 *  @retval -EEXIST  there is no free microsecond near its own; and as store.h */
int history_past_add(struct history *h, struct pending_row *row, bool *is_there);

/** @param rc  0: commit; else roll back, and it is returned */
int history_past_end(struct history *h, int rc);

const struct history_stats *history_stats(const struct history *h);

/** Borrowed; for sweep.h and prune.h. */
struct ids *history_ids(struct history *h);
struct fold *history_fold(struct history *h);

/** Ids given out by the transaction under way are good, or void: for whoever else commits
 *  on this store. */
void history_settle(struct history *h, int rc);

#endif
