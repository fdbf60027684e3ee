/*
 * Which addresses are at home: private ones, this machine's, and those of its LANs. Pure but for
 * home_refresh. Knows nothing of who wants to go there.
 */
#ifndef LIB_HOME_H
#define LIB_HOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

#define HOME_NETS_MAX	  256  /* further ones are not looked for */
#define HOME_REFRESH_MS 5000 /* the machine's addresses are read anew after this */

/** What is ours besides private addresses: this machine's public addresses, and the networks
 *  of its interfaces to a LAN, which are those that have a private address. Zero it. */
struct home {
	struct addr_net nets[HOME_NETS_MAX];
	size_t count;
	uint64_t read_ms; /* 0: never */
};

/** Read the machine's addresses from the kernel, unless that was done a moment ago. A failure
 *  leaves those known before. */
void home_refresh(struct home *h, uint64_t now_ms);

/** Add the network of one address of an interface.
 *  @param is_lan  the interface has a private address */
void home_add(struct home *h, const struct addr *a, unsigned prefix, bool is_lan);

/** Whether an address is at home: not public, an IPv6 form of one that is not (RFC 6052,
 *  3056), or among the nets. */
bool home_has(const struct home *h, const struct addr *a);

#endif
