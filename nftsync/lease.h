/*
 * The ledger of leases: which device may reach which address, until when, and what the kernel
 * has to be told about it. Pure: the time is a parameter, there is no I/O. Knows nothing of
 * sets and netlink.
 *
 * A lease has two ends. Its own is the latest of all claims on it; the kernel's is the one of
 * the element as last written there, never later than its own. Claims between the two cost
 * nothing. When the kernel's end comes first, lease_next_due() has it written again.
 *
 * A claim is a name that the device asked, when, and until when that opens the address. A lease
 * remembers up to LEASE_CLAIMS of them, all leases together twice as many as there may be
 * leases; what has no room counts without its name. A stale answer comes with TTL 0: min_s.
 *
 * Memory: 130 bytes a lease, 70 a claim, 80, the name and its chain a name of a device, 100 a device, 24 a
 * bucket: with names of 20 octets 270 bytes for the usual lease, at most 600.
 */
#ifndef NFTSYNC_LEASE_H
#define NFTSYNC_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/msg.h"

struct lease_ledger;

/** The element's timeout in the kernel is what is left plus this, because we end leases
 *  ourselves; it only serves if we are gone. */
#define LEASE_SLACK_MS 90000

/** At most this many leases, whatever the configuration says. */
#define LEASE_LIMIT (4u * 1024 * 1024)

/** Claims that a lease remembers by name. */
#define LEASE_CLAIMS 8

/** Addresses of each family that one name opens for one device; the claim that ends first goes
 *  for a further one. */
#define LEASE_NAME_ADDRS 64

struct lease_limits {
	uint32_t min_s, max_s, grace_s; /* a claim lives clamp(TTL, min, max) + grace */
	uint32_t max_leases, max_device_leases; /* in all, of one device */
};

/** What one lease opens. Unused bytes are zero, so memcmp compares. */
struct lease_key {
	struct msg_device device;
	struct addr addr;
};

enum lease_verdict {
	LEASE_COVERED, /* in force for long enough: no work */
	LEASE_INSERT,  /* new: write it, then lease_settle() */
	LEASE_REFRESH, /* known: write its new end, then lease_settle() */
	LEASE_REFUSED, /* not to be leased (not public, or a v4-only device and a v6 address) */
	LEASE_ENDED,   /* is over: delete it; the ledger has forgotten it */
};

struct lease_change {
	enum lease_verdict verdict;
	struct lease_key key;
	uint64_t end_ms;	  /* INSERT, REFRESH: what to write, on the caller's clock */
	bool has_evicted;	  /* with any of them: a cap made this one go: */
	struct lease_key evicted; /* delete it; the ledger has forgotten it */
};

/** The key of what `device` may reach at an address of 4 or 16 network-order bytes. Bytes that
 *  the device's kind does not use are cleared; an IPv4-mapped address becomes IPv4. */
struct lease_key lease_key_make(const struct msg_device *device, uint8_t family,
				const void *addr);

/** Whether such a lease can be: a public address, of the family of an address-keyed device. */
bool lease_key_is_gated(const struct lease_key *key);

/** @param limits  copied */
int lease_ledger_new(const struct lease_limits *limits, struct lease_ledger **out);
void lease_ledger_free(struct lease_ledger *l);

/** From now on; leases that are there stay as they are. */
void lease_set_limits(struct lease_ledger *l, const struct lease_limits *limits);

/**
 * The device has heard this address.
 *
 * After INSERT or REFRESH the lease is unsettled until lease_settle(); until then further
 * claims on it get that verdict again, with the later end.
 *
 * One lease at most goes for it: of the device, if that has its most, or the one that only this
 * name held, if that has its most.
 *
 * @param ttl_s  remaining lifetime of the record; any value
 * @param name   wire form of the asked name, copied; NULL with 0: unknown
 * @retval 0        see out->verdict
 * @retval -ENOSPC  the ledger is full, or all of the device's leases are unsettled
 * @retval -ENOMEM  nothing changed; out untouched in both cases
 */
int lease_claim(struct lease_ledger *l, const struct lease_key *key, uint32_t ttl_s,
		const uint8_t *name, size_t name_len, uint64_t now_ms,
		struct lease_change *out);

/** By whom, and over which names, an answer came: for lease_walk_holders() and withdrawals. */
struct lease_origin {
	struct msg_client client;
	const uint8_t *chain; /* as MSG_CHAIN_MAX has it; copied */
	size_t chain_len;
};

/** Of a claim just made. Earlier names of the chain stay while there is room. Ignored for a name
 *  that holds nothing; without memory the chain is not noted. */
void lease_note_origin(struct lease_ledger *l, const struct msg_device *device,
		       const uint8_t *name, size_t name_len, const struct lease_origin *origin);

/** What the kernel said to an INSERT or REFRESH: 0 is in force. Otherwise a new lease is
 *  forgotten, and a refreshed one becomes due again at the end that the kernel still has.
 *  Unknown or settled keys are ignored. */
void lease_settle(struct lease_ledger *l, const struct lease_key *key, int rc);

/** The next lease whose end in the kernel has come: ENDED, or REFRESH where its own end is
 *  later. @return false: none is due */
bool lease_next_due(struct lease_ledger *l, uint64_t now_ms, struct lease_change *out);

/** Whether some lease comes to an end by then, in the kernel at least. */
bool lease_ends_by(const struct lease_ledger *l, uint64_t then_ms);

/** It is in use: do not let it end before until_ms, nor later than the longest lease of its last
 *  claim. @return false: unknown, or nothing changed */
bool lease_keep(struct lease_ledger *l, const struct lease_key *key, uint64_t until_ms);

/** The kernel did not let it go: due again at once, unless it was claimed meanwhile. */
void lease_end_again(struct lease_ledger *l, const struct lease_key *key, uint64_t now_ms);

/** Enter an element found in the kernel with `left_ms` to live (without slack). Longer known
 *  leases are kept. Caps of devices do not count here.
 *  @retval -ENOSPC, -ENOMEM, -EINVAL not an address we lease */
int lease_adopt(struct lease_ledger *l, const struct lease_key *key, uint64_t left_ms,
		uint64_t now_ms);

/** The kernel holds all of the ledger again, up to each lease's own end. */
void lease_settle_all(struct lease_ledger *l);
/** Forget everything. */
void lease_clear(struct lease_ledger *l);

#endif
