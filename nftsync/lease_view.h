/* Looking into the ledger of leases: one, its claims, or all in slices. Changes nothing. */
#ifndef NFTSYNC_LEASE_VIEW_H
#define NFTSYNC_LEASE_VIEW_H

#include "nftsync/lease.h"

/** One lease as seen from outside. name is borrowed until the ledger changes. */
struct lease_view {
	struct lease_key key;
	uint64_t end_ms;
	const uint8_t *name; /* wire form, of the claim that ends last; NULL: unknown */
	size_t name_len;
};

/**
 * Walk the ledger in slices; *cursor 0 starts. A lease that comes or goes between the calls may
 * be seen or not; each that stays is seen once (lease_set_limits may break that).
 * @param room  at least LEASE_WALK_MIN: no bucket is ever that long
 * @return how many were filled in; 0: done
 */
size_t lease_walk(const struct lease_ledger *l, size_t *cursor, struct lease_view *views,
		  size_t room);
#define LEASE_WALK_MIN 64

/** A name that holds leases of a device. Borrowed until the ledger changes. */
struct lease_holder {
	struct msg_device device;
	struct msg_client client; /* that asked last */
	const uint8_t *name; /* wire form */
	size_t name_len;
	const uint8_t *chain; /* as MSG_CHAIN_MAX has it */
	size_t chain_len;
};

/** Walk them as lease_walk() does leases. */
size_t lease_walk_holders(const struct lease_ledger *l, size_t *cursor,
			  struct lease_holder *holders, size_t room);

struct lease_claim_view {
	const uint8_t *name; /* borrowed until the ledger changes; NULL: unknown */
	size_t name_len;
	uint64_t asked_ms; /* the last time; 0: unknown */
	uint64_t end_ms;
};

/** What holds a lease. @return how many; 0: there is no such lease */
size_t lease_claims(const struct lease_ledger *l, const struct lease_key *key,
		    struct lease_claim_view out[LEASE_CLAIMS + 1]);

/** Those in force. Borrowed until they change. */
const struct lease_limits *lease_limits(const struct lease_ledger *l);

size_t lease_count(const struct lease_ledger *l);

/** @return false: not there, out untouched */
bool lease_find(const struct lease_ledger *l, const struct lease_key *key,
		struct lease_view *out);

#endif
