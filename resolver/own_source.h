/*
 * Packets that come by wire from one of this machine's own addresses, which no machine there
 * has: the kernel itself keeps them from our sockets. Knows nothing of what is in them.
 */
#ifndef RESOLVER_OWN_SOURCE_H
#define RESOLVER_OWN_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

struct sock_filter;

#define OWN_SOURCES_MAX	    128 /* of one family; from further ones packets are taken */
#define OWN_SOURCE_PROGRAM  (13 + OWN_SOURCES_MAX * 11) /* instructions */

/** The addresses of all interfaces, link-local ones with their interface as scope: on another
 *  one somebody else may have the same. Zero it; the ports are none. */
struct own_sources {
	struct addr_port addrs[2 * OWN_SOURCES_MAX];
	size_t count;
};

/** Ask the kernel. A failure leaves those known before. */
void own_source_read(struct own_sources *o);

/**
 * Write the filter for packets of one family: what did not come over loopback, and has one of
 * these addresses as its source, is dropped.
 *
 * @param out  room of OWN_SOURCE_PROGRAM
 * @return its length
 */
size_t own_source_write(const struct own_sources *o, uint8_t family, struct sock_filter *out);

/** Have it in force for a UDP socket, in place of an earlier one. @retval negative errno */
int own_source_shield(const struct own_sources *o, uint8_t family, int fd);

#endif
