/* What is to open nothing any more goes from the ledger, before its time. */
#ifndef NFTSYNC_LEASE_WITHDRAW_H
#define NFTSYNC_LEASE_WITHDRAW_H

#include "nftsync/lease.h"

/** Which leases. Without a name whole ones, whatever holds them. All is borrowed. */
struct lease_withdrawal {
	const struct msg_device *device; /* NULL: of all devices */
	const struct addr *dest;	 /* NULL: to any address */
	const uint8_t *name;		 /* wire form; only what this name holds */
	size_t name_len;		 /* 0: no name */
	bool deep; /* also what names hold whose answers came over this one (CNAME) */
	size_t cursor; /* 0 at first */
	size_t kept;   /* 0 at first; grows by the leases that other names still hold */
};

/**
 * Call again until it is false: each call yields one lease that nothing else held, to be
 * deleted; the ledger has forgotten it. Leases that other claims hold end with those.
 */
bool lease_withdraw_next(struct lease_ledger *l, struct lease_withdrawal *w, uint64_t now_ms,
			 struct lease_key *ended);

#endif
