/* Brings a batch into the kernel and finds out what became of each element. Knows nothing of
 * the ledger. */
#ifndef NFTSYNC_BATCH_COMMIT_H
#define NFTSYNC_BATCH_COMMIT_H

#include "nftsync/batch.h"

struct netlink;
struct nl_buf;

/** Transactions that may fail for one batch; each costs all committers some milliseconds. */
#define BATCH_ABORTS_MAX 12

/**
 * Commit all of b in one transaction. If the kernel refuses it, in smaller and smaller parts,
 * so that one bad element does not fail the others, until BATCH_ABORTS_MAX parts have failed.
 *
 * @retval 0        each element's rc is set: 0 in force, else a negative errno (-ENOSPC: its
 *                  set is full)
 * @retval -ENOENT  our table or a set of it is gone; no rc is set
 */
int batch_commit(struct batch *b, struct netlink *nl, const struct batch_forms *forms,
		 const char *table, struct nl_buf *buf);

#endif
