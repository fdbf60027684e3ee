/*
 * DHCP leases as their files give them: each address once, by the entry written last. Pure;
 * knows nothing of files. Names in it were chosen by clients.
 */
#ifndef LOCAL_DHCP_LEASES_H
#define LOCAL_DHCP_LEASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

#define DHCP_NAME_MAX	63
#define DHCP_LEASES_MAX 65536 /* addresses in one file; those behind are left out */

struct dhcp_lease {
	struct addr addr;
	struct mac mac;
	bool has_mac;
	bool is_active;		       /* bound; else the address is free again */
	char name[DHCP_NAME_MAX + 1]; /* of dhcp_name; "" none that can be used */
	uint64_t owner;		       /* of dhcp_owner; equal for the same client */
	int64_t until_s;	       /* wall clock; 0: it does not end */
	uint32_t line;
};

struct dhcp_leases;

int dhcp_leases_new(struct dhcp_leases **out);

/** NULL is allowed. */
void dhcp_leases_free(struct dhcp_leases *s);

/** Put a lease in the place of an earlier one of its address.
 *  @retval 0 done, or more than DHCP_LEASES_MAX: left out and counted; -ENOMEM */
int dhcp_leases_put(struct dhcp_leases *s, const struct dhcp_lease *l);

size_t dhcp_leases_count(const struct dhcp_leases *s);

/** In the order in which addresses were put first. */
const struct dhcp_lease *dhcp_leases_at(const struct dhcp_leases *s, size_t i);

size_t dhcp_leases_left_out(const struct dhcp_leases *s);

/** The first label of what a client calls itself, in lower case, if it is one that a host may
 *  have: letters, digits, '-' and '_', no '-' at an end, and none of the names by which
 *  programs find a machine that they then trust (localhost, wpad, isatap).
 *  @return its length; 0: none, name is "" */
size_t dhcp_name(const char *text, size_t len, char name[DHCP_NAME_MAX + 1]);

/** A number for a client by its identifier, any bytes. Never 0. */
uint64_t dhcp_owner(const void *id, size_t len);

#endif
