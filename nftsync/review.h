/*
 * Telling the resolver which names hold leases (MSG_REVIEW, MSG_HOLDER), a message at a time as
 * fast as it reads. Knows nothing of what it does with them.
 */
#ifndef NFTSYNC_REVIEW_H
#define NFTSYNC_REVIEW_H

#include <stdbool.h>

struct chan;
struct lease_ledger;
struct review;

/** @param ledger  borrowed; outlives it */
int review_new(const struct lease_ledger *ledger, struct review **out);
void review_free(struct review *r);

/** Tell all from the start, also when some has been told. */
void review_begin(struct review *r);

/** Send the next pieces. @return true: more is to come, call again soon */
bool review_pump(struct review *r, struct chan *to);

/** The asker is gone. */
void review_drop(struct review *r);

#endif
