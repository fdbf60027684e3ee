/* The sets that hold leases, and the bytes of their elements. Knows nothing of time and of
 * messages. */
#ifndef NFTSYNC_LEASE_SET_H
#define NFTSYNC_LEASE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nftsync/lease.h"

enum lease_set {
	SET_LEASE4,    /* MAC . IPv4 */
	SET_LEASE6,    /* MAC . IPv6 */
	SET_LEASE_IP4, /* IPv4 . IPv4 */
	SET_LEASE_IP6, /* IPv6 . IPv6 */
	SET_LEASE_IF4, /* interface . IPv4 */
	SET_LEASE_IF6, /* interface . IPv6 */
	SET_LEASE_OWN4, /* IPv4: of the router itself */
	SET_LEASE_OWN6, /* IPv6 */
	LEASE_SET_COUNT,
};

#define LEASE_ELEM_MAX 32

/** The key of an element: fields in network order, each padded to 4 bytes as the kernel's
 *  registers are. Unused bytes are zero. */
struct lease_elem {
	uint8_t set; /* enum lease_set */
	uint8_t len;
	uint8_t key[LEASE_ELEM_MAX];
};

/** How a set is declared. */
struct lease_set_info {
	const char *name; /* "lease4" */
	const char *type; /* "ether_addr . ipv4_addr" */
	uint32_t key_type; /* nft's number for it, so that `nft list` can read the set */
	bool is_pair; /* device and address; else the address alone */
	uint8_t key_len;
};

const struct lease_set_info *lease_set_info(enum lease_set set);

/** @return -1: not one of ours */
int lease_set_by_name(const char *name);

/** Of a key for which lease_key_is_gated() holds. */
struct lease_elem lease_elem_make(const struct lease_key *key);

/** Back again. @retval -EINVAL wrong length */
int lease_elem_read(enum lease_set set, const void *bytes, size_t len, struct lease_key *out);

#endif
