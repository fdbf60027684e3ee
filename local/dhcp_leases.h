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
#include "lib/host_label.h"

#define DHCP_LEASES_MAX 65536 /* addresses in one file; those behind are left out */

struct dhcp_lease {
	struct addr addr;
	struct mac mac;
	bool has_mac;
	bool is_active;		       /* bound; else the address is free again */
	char name[HOST_LABEL_MAX + 1]; /* of host_label; "" none that can be used */
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

/** A number for a client by its identifier, any bytes. Never 0. */
uint64_t dhcp_owner(const void *id, size_t len);

#endif
