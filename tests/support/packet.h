/* Builds DNS messages byte by byte for tests, well-formed or not. */
#ifndef TESTS_SUPPORT_PACKET_H
#define TESTS_SUPPORT_PACKET_H

#include <stddef.h>
#include <stdint.h>

struct packet {
	size_t len;
	uint8_t bytes[65535];
};

/** Empty it and write a head. */
void packet_start(struct packet *p, uint16_t id, uint16_t flags, uint16_t qd, uint16_t an,
		  uint16_t ns, uint16_t ar);

void packet_u8(struct packet *p, unsigned v);
void packet_u16(struct packet *p, unsigned v);
void packet_u32(struct packet *p, uint32_t v);
void packet_bytes(struct packet *p, const void *bytes, size_t len);

/** A name in full, "." for the root; with "@N" at its end a pointer to offset N instead
 *  ("www@12", "@12"). */
void packet_name(struct packet *p, const char *text);

/** Name, type and class IN. */
void packet_question(struct packet *p, const char *name, unsigned type);

/** Up to the TTL of class IN; RDATA of rdata_len follows. */
void packet_rr(struct packet *p, const char *name, unsigned type, uint32_t ttl_s,
	       size_t rdata_len);

/** Whole records. */
void packet_a(struct packet *p, const char *name, uint32_t ttl_s, const char *addr);
void packet_aaaa(struct packet *p, const char *name, uint32_t ttl_s, const char *addr);
void packet_cname(struct packet *p, const char *name, unsigned type, uint32_t ttl_s,
		  const char *target);
void packet_soa(struct packet *p, const char *name, uint32_t ttl_s, uint32_t minimum);
void packet_opt(struct packet *p, unsigned size, unsigned ext_rcode, unsigned version,
		unsigned flags, const void *rdata, size_t rdata_len);

#endif
