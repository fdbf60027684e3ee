/* Builds DNS messages byte by byte for tests, well-formed or not. */
#ifndef TESTS_SUPPORT_DNS_MESSAGE_H
#define TESTS_SUPPORT_DNS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

struct dns_message {
	size_t len;
	uint8_t bytes[65535];
};

/** Empty it and write a head. */
void dns_start(struct dns_message *p, uint16_t id, uint16_t flags, uint16_t qd,
	       uint16_t an, uint16_t ns, uint16_t ar);

void dns_u8(struct dns_message *p, unsigned v);
void dns_u16(struct dns_message *p, unsigned v);
void dns_u32(struct dns_message *p, uint32_t v);
void dns_bytes(struct dns_message *p, const void *bytes, size_t len);

/** A name in full, "." for the root; with "@N" at its end a pointer to offset N instead
 *  ("www@12", "@12"). */
void dns_name(struct dns_message *p, const char *text);

/** Name, type and class IN. */
void dns_question(struct dns_message *p, const char *name, unsigned type);

/** Up to the TTL of class IN; RDATA of rdata_len follows. */
void dns_rr(struct dns_message *p, const char *name, unsigned type, uint32_t ttl_s,
	       size_t rdata_len);

/** Whole records. */
void dns_a(struct dns_message *p, const char *name, uint32_t ttl_s, const char *addr);
void dns_aaaa(struct dns_message *p, const char *name, uint32_t ttl_s, const char *addr);
void dns_cname(struct dns_message *p, const char *name, unsigned type, uint32_t ttl_s,
		  const char *target);
void dns_soa(struct dns_message *p, const char *name, uint32_t ttl_s, uint32_t minimum);
void dns_opt(struct dns_message *p, unsigned size, unsigned ext_rcode, unsigned version,
		unsigned flags, const void *rdata, size_t rdata_len);

#endif
