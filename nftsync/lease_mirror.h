/*
 * A copy of the ledger's leases in memory that outlives the process: who is killed while
 * somebody flushes the table finds there what the kernel held. Knows nothing of claims.
 *
 * A lease is written there before it is in the kernel, and is gone from there before it goes
 * there. What is read is checked like a message of another process.
 */
#ifndef NFTSYNC_LEASE_MIRROR_H
#define NFTSYNC_LEASE_MIRROR_H

#include "nftsync/lease.h"

struct lease_mirror;

/** What has no place in it, and is not copied. */
#define LEASE_NOT_MIRRORED 0

/** @param fd  a memfd that cannot shrink; stays the caller's
 *  @retval -EINVAL  no such memory, or too small @retval negative errno */
int lease_mirror_open(int fd, struct lease_mirror **out);

/** The copy stays in the memory. NULL is allowed, here and below. */
void lease_mirror_close(struct lease_mirror *m);

/** The leases of a former process; *cursor 0 starts. @return false: that was all */
bool lease_mirror_next(const struct lease_mirror *m, size_t *cursor, struct lease_key *key,
		       uint64_t *end_ms);

/** @return a place, or LEASE_NOT_MIRRORED where there is none left */
uint32_t lease_mirror_add(struct lease_mirror *m, const struct lease_key *key, uint64_t end_ms);
void lease_mirror_set(struct lease_mirror *m, uint32_t place, uint64_t end_ms);
void lease_mirror_remove(struct lease_mirror *m, uint32_t place);

void lease_mirror_clear(struct lease_mirror *m);

/** From now on m is a copy of the ledger, and nothing else. @param m  borrowed */
void lease_set_mirror(struct lease_ledger *l, struct lease_mirror *m);

#endif
