/*
 * Makes the kernel look for a neighbour that it does not know, without a right to write into
 * its table. Knows nothing of what comes of it.
 */
#ifndef RESOLVER_NEIGHBOUR_PROBE_H
#define RESOLVER_NEIGHBOUR_PROBE_H

#include <stdbool.h>
#include <stdint.h>

struct addr;
struct neighbour_probe;

/** @retval negative errno */
int neighbour_probe_open(struct neighbour_probe **out);

/** NULL is allowed. */
void neighbour_probe_close(struct neighbour_probe *p);

/**
 * One empty datagram to the discard port (RFC 863), for which the kernel must resolve the
 * address by ARP or ND. Only if its routes lead there by this interface without a router in
 * between: nothing is sent towards a client that is farther away.
 *
 * @param ifindex  of an interface whose neighbours are resolved
 * @return false   nothing was sent, and no answer is to be waited for
 */
bool neighbour_probe_send(struct neighbour_probe *p, const struct addr *a, uint32_t ifindex);

#endif
