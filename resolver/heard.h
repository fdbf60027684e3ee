/*
 * What clients call themselves by mDNS, as long as it holds: labels for people, and nothing
 * that anything is decided by. Pure; the time is a parameter.
 *
 * Whoever is on the link may say anything. So a name is kept for the address that said so
 * itself, or for one that the kernel knows at the same MAC address, and holds for what has that
 * MAC address then. Of two that have one name, only the first is called by it.
 */
#ifndef RESOLVER_HEARD_H
#define RESOLVER_HEARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/host_label.h"

/** Names; further ones are left out until some have ended, but those of known MAC addresses
 *  take the place of others. */
#define HEARD_MAX 512

/** Nobody here asks, so it may not be said again for long: what is known by its MAC address
 *  holds this long at least, else as long as the TTL says. Nothing holds longer than a day. */
#define HEARD_MIN_S 3600
#define HEARD_MAX_S 86400

struct heard;

/** @retval -ENOMEM */
int heard_new(struct heard **out);

/** NULL is allowed. */
void heard_free(struct heard *h);

/** One saying. */
struct heard_say {
	const struct addr *from, *addr;
	const struct mac *from_mac, *mac; /* as far as they are known; NULL */
	const char *name;	    /* as of host_label() */
	uint32_t ttl_s;		    /* 0: it is called that no more */
};

/** Take it, if it may be believed. A name that is said of an address stays until it ends. */
void heard_put(struct heard *h, const struct heard_say *say, uint64_t now_ms);

/** What a client is called. An address that is heard of is taken for the MAC address that it
 *  has when it is first asked for.
 *  @param mac  NULL: unknown
 *  @param of   gets the address that was said to have the name, as a pointer that is borrowed
 *              like the name; untouched for unknown. May be NULL
 *  @return "" for unknown; borrowed until the next call of any kind */
const char *heard_find(struct heard *h, const struct mac *mac, const struct addr *addr,
		       uint64_t now_ms, const struct addr **of);

/** Forget all. */
void heard_clear(struct heard *h);

/** Each that holds. i is below HEARD_MAX. @return false: none is there */
struct heard_row {
	struct addr addr;
	struct mac mac;
	bool has_mac;
	const char *name;
	uint64_t left_ms;
};
bool heard_at(const struct heard *h, size_t i, uint64_t now_ms, struct heard_row *out);

struct heard_stats {
	uint64_t said, believed;
	uint64_t foreign; /* of another's address */
	uint64_t full;	  /* no room */
};
void heard_get_stats(const struct heard *h, struct heard_stats *out);

#endif
