/*
 * DHCP leases as their files give them: each address once, by the entry written last. Pure;
 * knows nothing of files. Names in it were chosen by clients.
 */
#ifndef LOCAL_LEASE_SET_H
#define LOCAL_LEASE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

#define LEASE_NAME_MAX	63
#define LEASE_COUNT_MAX 65536 /* addresses in one file; those behind are left out */

struct lease {
	struct addr addr;
	struct mac mac;
	bool has_mac;
	bool is_active;		       /* bound; else the address is free again */
	char name[LEASE_NAME_MAX + 1]; /* of lease_name; "" none that can be used */
	uint64_t owner;		       /* of lease_owner; equal for the same client */
	int64_t until_s;	       /* wall clock; 0: it does not end */
	uint32_t line;
};

struct lease_set;

int lease_set_new(struct lease_set **out);

/** NULL is allowed. */
void lease_set_free(struct lease_set *s);

/** Put a lease in the place of an earlier one of its address.
 *  @retval 0 done, or more than LEASE_COUNT_MAX: left out and counted; -ENOMEM */
int lease_set_put(struct lease_set *s, const struct lease *l);

size_t lease_set_count(const struct lease_set *s);

/** In the order in which addresses were put first. */
const struct lease *lease_set_at(const struct lease_set *s, size_t i);

size_t lease_set_left_out(const struct lease_set *s);

/** The first label of what a client calls itself, in lower case, if it is one that a host may
 *  have: letters, digits, '-' and '_', no '-' at an end, and none of the names by which
 *  programs find a machine that they then trust (localhost, wpad, isatap).
 *  @return its length; 0: none, name is "" */
size_t lease_name(const char *text, size_t len, char name[LEASE_NAME_MAX + 1]);

/** A number for a client by its identifier, any bytes. Never 0. */
uint64_t lease_owner(const void *id, size_t len);

#endif
