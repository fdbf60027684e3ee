/*
 * The head of one IP packet: who, where to, which protocol and port. Pure; the bytes are
 * hostile and may be cut short. RFC 791, RFC 8200.
 */
#ifndef FLOWS_PACKET_H
#define FLOWS_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

/** Extension headers of IPv6 that are walked before giving up on the port. */
#define PACKET_EXTENSIONS_MAX 8

struct packet {
	struct addr src, dst;
	uint8_t proto; /* IP protocol; of IPv6 the last header that could be read */
	uint16_t port; /* destination port; 0: none, a later fragment, or cut off */
};

/** Read the network header that data begins with.
 *  @retval -EBADMSG  neither IPv4 nor IPv6, or its fixed header is not whole; out untouched */
int packet_parse(const uint8_t *data, size_t len, struct packet *out);

#endif
