/*
 * Who is behind an address: the kernel's neighbour table (ARP, ND) and interface names,
 * followed over rtnetlink. Needs no right and changes nothing. Knows nothing of devices,
 * zones or leases.
 */
#ifndef RESOLVER_NEIGHBOUR_H
#define RESOLVER_NEIGHBOUR_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

struct neighbour;

/** Join the kernel's events, then read both its tables.
 *  @retval negative errno */
int neighbour_open(struct neighbour **out);

/** NULL is allowed. */
void neighbour_close(struct neighbour *n);

/** Readable when the kernel has events; close-on-exec, non-blocking. */
int neighbour_fd(const struct neighbour *n);

/** Read a bounded number of events; what is left keeps the descriptor readable. Events
 *  lost in between are made good by reading the tables again. */
void neighbour_on_readable(struct neighbour *n, uint64_t now_ms);

enum neighbour_found {
	NEIGHBOUR_NONE,	   /* not on this link, unreachable, or without an Ethernet address */
	NEIGHBOUR_KNOWN,
	NEIGHBOUR_AWAITED, /* the kernel was made to look for it */
};

/**
 * The MAC address of a neighbour. On a miss the kernel is asked once, which waits for no
 * packet (but for the lock of its network configuration); if it does not know one that is
 * on this link it is made to look for it (neighbour_probe.h), which it has the next
 * NEIGHBOUR_AWAIT_MS for. That there is none is remembered for a second. At most 1,000
 * such questions a second, and no more probes than that.
 *
 * @param ifindex  interface that the neighbour's packet came in by
 * @param out      untouched but for NEIGHBOUR_KNOWN
 */
enum neighbour_found neighbour_lookup(struct neighbour *n, const struct addr *a,
				      uint32_t ifindex, uint64_t now_ms, struct mac *out);

/** The same of what is known now, without asking or probing. */
bool neighbour_known(struct neighbour *n, const struct addr *a, uint32_t ifindex,
		     struct mac *out);

/** Grows whenever a neighbour becomes known: one awaited may be among them. */
uint64_t neighbour_added(const struct neighbour *n);

/** A client by its address or (a: NULL) its MAC address, on whatever link, among the
 *  neighbours known now. Walks all of them: for reports only.
 *  @param interface  gets a borrowed name as below, or NULL */
bool neighbour_search(struct neighbour *n, const struct addr *a, const struct mac *mac,
		      uint64_t now_ms, struct addr *addr_out, struct mac *mac_out,
		      const char **interface);

/** Name of an interface, NULL if there is none. Borrowed until this is called again. */
const char *neighbour_interface(struct neighbour *n, uint32_t ifindex, uint64_t now_ms);

struct neighbour_stats {
	uint64_t neighbours, interfaces; /* now */
	uint64_t events;
	uint64_t asked, asked_in_vain, not_asked; /* misses; the last: over the limit */
	uint64_t probed;			  /* of those asked in vain */
	uint64_t overruns;			  /* times that events were lost */
	uint64_t dumps;				  /* times that the tables were read */
	uint64_t evicted;			  /* neighbours that found no room */
};
void neighbour_get_stats(const struct neighbour *n, struct neighbour_stats *out);

#endif
