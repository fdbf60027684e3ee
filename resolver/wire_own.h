/*
 * Replies that are ours, and not an upstream's: records of our own, errors, blocked names, what
 * stands for all types, "ask by TCP". Pure; knows nothing of where they come from. RFC 1035,
 * 2308, 8020, 8482, 8914.
 */
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

/** Say in a finished reply that nobody vouches for it now. */
void wire_clear_authentic(uint8_t *reply);

/** Say in a finished reply that it is authoritative. */
void wire_set_authoritative(uint8_t *reply);

/** Write a reply without records from the upstream: head, question, and our OPT (if
 *  asked with one) with an EDE. text may be NULL. buf holds WIRE_UDP_MAX. Returns its
 *  length. */
size_t wire_write_error(const struct wire_question *q, unsigned rcode, enum wire_ede ede,
			const char *text, uint8_t *buf);

/** Add an extended error without a text to a reply that ends with an OPT record and has room
 *  for it within max bytes; others stay as they are. Returns the reply's length. */
size_t wire_add_ede(uint8_t *reply, size_t len, size_t max, enum wire_ede ede);

/** Write the answer of a question for all types: one record that says so (RFC 8482 §4.2). */
size_t wire_write_any(const struct wire_question *q, uint8_t *buf);

/** Write the NXDOMAIN of a name from that of a name above it (RFC 8020): its SOA and AD. In the
 *  form in which an upstream replies, for wire_prepare.
 *  @param buf  of WIRE_UDP_MAX bytes
 *  @return its length; 0 if reply has no SOA, or is malformed */
size_t wire_write_below(const struct wire_question *q, const uint8_t *reply, size_t len,
			uint8_t *buf);

/** How a blocked name is answered; matches enum conf_block_answer. */
enum wire_block { WIRE_BLOCK_NXDOMAIN, WIRE_BLOCK_NULL, WIRE_BLOCK_NODATA, WIRE_BLOCK_REFUSED };

/** Write a reply that says no more than: ask by TCP. As wire_write_error, with TC. */
size_t wire_write_truncated(const struct wire_question *q, uint8_t *buf);

/** Write the answer of a blocked name: 0.0.0.0 or :: for WIRE_BLOCK_NULL and A or AAAA,
 *  else no record; a SOA in authority whose MINIMUM is ttl_s (RFC 2308). */
size_t wire_write_blocked(const struct wire_question *q, enum wire_block how, uint32_t ttl_s,
			  enum wire_ede ede, const char *text, uint8_t *buf);

#endif
