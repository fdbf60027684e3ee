/* Replies of our own: errors and the answers of blocked names. Knows nothing of
 * reasons. */
#include "resolver/wire_internal.h"

#include <string.h>

#include "lib/util.h"

#define SOA_TIMERS 20

/* MNAME of the SOA under a blocked name, so that who looks sees who said no. */
static const uint8_t soa_mname[] = "\010nameward\007invalid";

/* What fits into room, ending with a whole UTF-8 character. */
static size_t text_len(const char *text, size_t room)
{
	size_t len = text ? strlen(text) : 0;

	if (len <= room)
		return len;
	while (room && ((uint8_t)text[room] & 0xc0) == 0x80)
		room--;
	return room;
}

/* OPT with an extended error (RFC 8914 §2) behind the at bytes written so far, within
 * what the client takes. */
static size_t put_opt_ede(const struct wire_question *q, unsigned rcode,
			  enum wire_ede ede, const char *text, uint8_t *buf, size_t at)
{
	size_t max = MAX(q->udp_size, WIRE_UDP_MIN);
	size_t rdata_len = 0;
	uint8_t *option = buf + at + WIRE_OPT_BYTES + q->options_len;

	if (ede != EDE_NONE) {
		size_t n = text_len(text, max - at - WIRE_OPT_BYTES - q->options_len - 6);

		store_be16(option, OPTION_EDE);
		store_be16(option + 2, (uint16_t)(n + 2));
		store_be16(option + 4, (uint16_t)ede);
		if (n)
			memcpy(option + 6, text, n);
		rdata_len = n + 6;
	}
	store_be16(buf + AT_ARCOUNT, 1);
	return at + wire_put_reply_opt(q, rcode, rdata_len, buf + at) + rdata_len;
}

size_t wire_write_error(const struct wire_question *q, unsigned rcode, enum wire_ede ede,
			const char *text, uint8_t *buf)
{
	size_t at = wire_put_head(q, rcode & MASK_RCODE, buf);

	return q->has_opt ? put_opt_ede(q, rcode, ede, text, buf, at) : at;
}

size_t wire_write_truncated(const struct wire_question *q, uint8_t *buf)
{
	size_t len = wire_write_error(q, RCODE_NOERROR, EDE_NONE, NULL, buf);

	buf[AT_FLAGS] |= FLAG_TC >> 8;
	return len;
}

/* Fixed part of a record whose owner is a pointer to owner_at. */
static size_t put_rr(size_t owner_at, uint16_t type, uint32_t ttl_s, size_t rdata_len,
		     uint8_t *to)
{
	store_be16(to, (uint16_t)(0xc000 | owner_at));
	store_be16(to + 2, type);
	store_be16(to + 4, CLASS_IN);
	store_be32(to + 6, ttl_s);
	store_be16(to + 10, (uint16_t)rdata_len);
	return 12;
}

static size_t put_unspecified(const struct wire_question *q, uint32_t ttl_s, uint8_t *buf,
			      size_t at)
{
	size_t len = q->qtype == TYPE_A ? 4 : 16;

	store_be16(buf + AT_ANCOUNT, 1);
	at += put_rr(WIRE_HEAD, q->qtype, ttl_s, len, buf + at);
	memset(buf + at, 0, len);
	return at + len;
}

/* For a name that does not exist the zone's apex lies above it. */
static size_t put_soa(const struct wire_question *q, bool exists, uint32_t ttl_s,
		      uint8_t *buf, size_t at)
{
	static const uint32_t timers[] = { 1, 3600, 900, 604800 }; /* serial to expire */
	size_t owner_at = WIRE_HEAD;
	size_t rdata_len = sizeof(soa_mname) + 2 + SOA_TIMERS;

	if (!exists && q->qname.len > 1)
		owner_at += 1u + q->qname.wire[0];
	store_be16(buf + AT_NSCOUNT, 1);
	at += put_rr(owner_at, TYPE_SOA, ttl_s, rdata_len, buf + at);
	memcpy(buf + at, soa_mname, sizeof(soa_mname));
	store_be16(buf + at + sizeof(soa_mname), (uint16_t)(0xc000 | at)); /* RNAME */
	at += sizeof(soa_mname) + 2;
	for (unsigned i = 0; i < ARRAY_SIZE(timers); i++, at += 4)
		store_be32(buf + at, timers[i]);
	store_be32(buf + at, ttl_s);
	return at + 4;
}

size_t wire_write_blocked(const struct wire_question *q, enum wire_block how,
			  uint32_t ttl_s, enum wire_ede ede, const char *text,
			  uint8_t *buf)
{
	bool is_addr = q->qtype == TYPE_A || q->qtype == TYPE_AAAA;
	unsigned rcode = RCODE_NOERROR;
	size_t at;

	if (how == WIRE_BLOCK_NXDOMAIN)
		rcode = RCODE_NXDOMAIN;
	else if (how == WIRE_BLOCK_REFUSED)
		rcode = RCODE_REFUSED;
	at = wire_put_head(q, rcode, buf);
	if (how == WIRE_BLOCK_NULL && is_addr)
		at = put_unspecified(q, ttl_s, buf, at);
	else if (how != WIRE_BLOCK_REFUSED)
		at = put_soa(q, how != WIRE_BLOCK_NXDOMAIN, ttl_s, buf, at);
	return q->has_opt ? put_opt_ede(q, rcode, ede, text, buf, at) : at;
}
