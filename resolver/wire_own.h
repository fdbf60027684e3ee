/* Answers with records of our own, and of our own that there are none. Pure; knows nothing
 * of where they come from. */
#ifndef RESOLVER_WIRE_OWN_H
#define RESOLVER_WIRE_OWN_H

#include <stddef.h>
#include <stdint.h>

#include "resolver/wire.h"

/** A record; its owner is the question's name, or the name that the CNAME before it leads to. */
struct wire_own_rr {
	uint16_t type;
	uint16_t len;
	uint32_t ttl_s;
	const uint8_t *data; /* names are uncompressed; borrowed */
	uint8_t is_target;   /* 1: owned by the last CNAME's target */
};

/** Write an authoritative answer with these records, without an OPT: it is the form in which
 *  an upstream's reply is read (wire_parse_answer), to be brought into the client's.
 *  @return its length; 0: it is longer than max */
size_t wire_write_own(const struct wire_question *q, const struct wire_own_rr *rrs, size_t count,
		      uint8_t *buf, size_t max);

/** Write the answer that there are no such records (rcode NOERROR), or no such name
 *  (NXDOMAIN): authoritative, with the zone's SOA (RFC 2308).
 *  @param apex_at  offset of the zone's name in the question's
 *  @param buf      of WIRE_UDP_MAX bytes. @return its length */
size_t wire_write_empty(const struct wire_question *q, unsigned rcode, size_t apex_at,
			uint32_t ttl_s, uint8_t *buf);

/** Say in a finished reply that it is authoritative. */
void wire_set_authoritative(uint8_t *reply);

#endif
