/* The ledger's inside, shared by lease*.c. Not for others.
 *
 * A device has leases; each is held by claims, one a name. A holder is a name as one device
 * asked it, and knows its claims, whichever lease they hold. */
#ifndef NFTSYNC_LEASE_PARTS_H
#define NFTSYNC_LEASE_PARTS_H

#include "lib/hash.h"
#include "nftsync/end_heap.h"
#include "nftsync/lease_view.h"

struct device {
	struct device *next;	 /* in its bucket */
	struct heap_node by_end; /* in ledger.devices_by_end; key: of the first in leases */
	struct end_heap leases;	 /* keyed by the kernel's end */
	struct msg_device id;
};

struct claim {
	struct claim *next_of_lease;
	struct claim *next_of_holder;
	struct lease *lease;   /* borrowed: owns us */
	struct holder *holder; /* borrowed; lives as long as it has claims */
	uint64_t asked_ms, end_ms;
};

struct holder {
	struct holder *next;   /* in its bucket */
	struct device *device; /* borrowed; has a lease as long as we have a claim */
	struct claim *claims;  /* borrowed, of leases */
	uint16_t count[2];     /* of them, by family: is_ip6() */
	struct msg_client client; /* that asked last */
	uint8_t *chain;		  /* owned or NULL: names its answers came over */
	uint16_t chain_len;
	uint8_t name_len;
	uint8_t name[]; /* wire form */
};

struct lease {
	struct lease *next;	 /* in its bucket */
	struct device *device;	 /* borrowed; lives as long as it has leases */
	struct heap_node by_end; /* in device->leases; key: kernel's end, promised if unsettled */
	uint64_t end_ms;	 /* the latest of all below */
	uint64_t undo_ms;	 /* unsettled refresh: the kernel's end before it */
	struct claim *claims;	 /* owned, at most LEASE_CLAIMS */
	uint64_t nameless_ms;	 /* end of claims without a name, and of those there is no room for */
	uint64_t kept_ms;	 /* end as the use of it has put it off */
	uint64_t asked_ms;	 /* the last claim */
	struct addr addr;
	uint32_t place;	   /* in the mirror */
	uint8_t claim_count;
	uint8_t unsettled; /* LEASE_INSERT or LEASE_REFRESH while the kernel has not said yes */
};

struct lease_ledger {
	struct lease_limits limits;
	struct hash_key hash;
	struct lease **buckets; /* owned; bucket_count is a power of two >= max_leases */
	struct device **device_buckets;
	struct holder **holder_buckets;
	size_t bucket_count, count;
	size_t claim_count; /* at most CLAIMS_A_LEASE * max_leases */
	struct end_heap devices_by_end;
	struct lease_mirror *mirror; /* borrowed, or NULL */
};

/** All claims together, for each lease that may be: keeps the memory in bounds. */
#define CLAIMS_A_LEASE 2

/* --- lease_table.c ------------------------------------------------------------------ */

struct lease_key lease_key_of(const struct lease *e);

/** NULL: not there. */
struct lease *lease_lookup(const struct lease_ledger *l, const struct lease_key *key);
struct device *lease_device(const struct lease_ledger *l, const struct msg_device *id);

/** A lease that was not there. NULL: out of memory, nothing changed. */
struct lease *lease_add(struct lease_ledger *l, const struct lease_key *key, uint64_t end_ms);

/** Free it, its claims, and its device if it was the last one. */
void lease_forget(struct lease_ledger *l, struct lease *e);

void lease_set_kernel_end(struct lease_ledger *l, struct lease *e, uint64_t end_ms);

/* --- lease_claims.c ----------------------------------------------------------------- */

struct holder **holder_bucket(const struct lease_ledger *l, const struct msg_device *device,
			      const uint8_t *name, size_t name_len);

/** NULL: this device holds nothing by this name. */
struct holder *holder_find(const struct lease_ledger *l, const struct msg_device *device,
			   const uint8_t *name, size_t name_len);

/** Note that this name holds e until end_ms; without room or memory it is noted without the
 *  name. Moves e->end_ms behind it. */
void claim_note(struct lease_ledger *l, struct lease *e, const uint8_t *name, size_t name_len,
		uint64_t now_ms, uint64_t end_ms);

/** The name lets this address go. @return false: it was the last that held the lease, which goes
 *  with it; key says which (lease_withdraw.c) */
bool lease_let_go(struct lease_ledger *l, struct claim *c, uint64_t now_ms,
		  struct lease_key *key);

/** Whether a name is among the names of a chain. */
bool lease_chain_has(const uint8_t *chain, size_t len, const uint8_t *name, size_t name_len);

/** Free a claim, and its holder if it was the last one. The lease's ends stay. */
void claim_drop(struct lease_ledger *l, struct claim *c);

/** When its lease ends without it; 0: nothing else holds it. */
uint64_t claim_end_without(const struct claim *c);

/** The claim that must go before this name may hold key, as its addresses are too many: the
 *  one that ends first and that nobody waits for. NULL: none. */
struct claim *claim_over_cap(const struct lease_ledger *l, const struct lease_key *key,
			     const uint8_t *name, size_t name_len);

#endif
