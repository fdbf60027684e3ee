/* Replies of our own: errors, the answers of blocked names, local records. Knows nothing of
 * reasons. */
#include "resolver/wire_own.h"

#include <string.h>

#include "lib/util.h"
#include "resolver/wire_internal.h"

#define SOA_TIMERS 20
#define ANY_TTL_S  3600

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

size_t wire_add_ede(uint8_t *reply, size_t len, size_t max, enum wire_ede ede)
{
	struct wire_walker w = { .packet = reply, .len = len };
	struct wire_rr rr = { 0 };

	while (wire_walk(&w, &rr) > 0)
		;
	if (rr.type != TYPE_OPT || rr.rdata_at + rr.rdata_len != len || max - len < 6 || max < len)
		return len;
	store_be16(reply + rr.rdata_at - 2, (uint16_t)(rr.rdata_len + 6));
	store_be16(reply + len, OPTION_EDE);
	store_be16(reply + len + 2, 2);
	store_be16(reply + len + 4, (uint16_t)ede);
	return len + 6;
}

size_t wire_write_truncated(const struct wire_question *q, uint8_t *buf)
{
	size_t at = wire_put_head(q, RCODE_NOERROR, buf);

	buf[AT_FLAGS] |= FLAG_TC >> 8;
	return q->has_opt ? put_opt_ede(q, RCODE_NOERROR, EDE_NONE, NULL, buf, at) : at;
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

size_t wire_write_any(const struct wire_question *q, uint8_t *buf)
{
	static const uint8_t hinfo[] = "\007RFC8482"; /* the NUL is the second, empty string */
	size_t at = wire_put_head(q, RCODE_NOERROR, buf);

	store_be16(buf + AT_ANCOUNT, 1);
	at += put_rr(WIRE_HEAD, TYPE_HINFO, ANY_TTL_S, sizeof(hinfo), buf + at);
	memcpy(buf + at, hinfo, sizeof(hinfo));
	at += sizeof(hinfo);
	return q->has_opt ? put_opt_ede(q, RCODE_NOERROR, EDE_NONE, NULL, buf, at) : at;
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

/* @param owner_at  offset of the zone's apex in the message */
static size_t put_soa(size_t owner_at, uint32_t ttl_s, uint8_t *buf, size_t at)
{
	static const uint32_t timers[] = { 1, 3600, 900, 604800 }; /* serial to expire */
	size_t rdata_len = sizeof(soa_mname) + 2 + SOA_TIMERS;

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

/* The name at at, in full. @return the offset behind it; 0 if malformed */
static size_t copy_name(const uint8_t *from, size_t len, size_t at, uint8_t *buf, size_t *end)
{
	struct dname name;
	size_t next;

	if (dname_from_packet(from, len, at, &name, &next) < 0)
		return 0;
	memcpy(buf + *end, name.wire, name.len);
	*end += name.len;
	return next;
}

/* The SOA in full, so that it can stand behind a longer question. @return its end; 0 if it
 * is malformed */
static size_t copy_soa(const uint8_t *from, size_t len, const struct wire_rr *rr, uint8_t *buf,
		       size_t at)
{
	size_t rdata_len_at, next;

	if (!copy_name(from, len, rr->name_at, buf, &at))
		return 0;
	memcpy(buf + at, from + rr->ttl_at - 4, 8); /* type, class, TTL */
	rdata_len_at = at + 8;
	at += 10;
	next = copy_name(from, len, rr->rdata_at, buf, &at);
	if (next)
		next = copy_name(from, len, next, buf, &at);
	if (!next || next + SOA_TIMERS != rr->rdata_at + rr->rdata_len)
		return 0;
	memcpy(buf + at, from + next, SOA_TIMERS);
	at += SOA_TIMERS;
	store_be16(buf + rdata_len_at, (uint16_t)(at - rdata_len_at - 2));
	return at;
}

size_t wire_write_below(const struct wire_question *q, const uint8_t *reply, size_t len,
			uint8_t *buf)
{
	struct wire_walker w = { .packet = reply, .len = len };
	struct wire_rr rr;
	size_t at;

	while (wire_walk(&w, &rr) > 0) {
		if (rr.section != 2 || rr.type != TYPE_SOA)
			continue;
		at = wire_put_head(q, RCODE_NXDOMAIN | (load_be16(reply + AT_FLAGS) & FLAG_AD),
				   buf);
		store_be16(buf + AT_NSCOUNT, 1);
		return copy_soa(reply, len, &rr, buf, at);
	}
	return 0;
}

size_t wire_write_blocked(const struct wire_question *q, enum wire_block how,
			  uint32_t ttl_s, enum wire_ede ede, const char *text,
			  uint8_t *buf)
{
	/* For a name that does not exist the zone's apex lies above it. */
	size_t above = how == WIRE_BLOCK_NXDOMAIN && q->qname.len > 1 ? 1u + q->qname.wire[0] : 0;
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
		at = put_soa(WIRE_HEAD + above, ttl_s, buf, at);
	return q->has_opt ? put_opt_ede(q, rcode, ede, text, buf, at) : at;
}

size_t wire_write_empty(const struct wire_question *q, unsigned rcode, size_t apex_at,
			uint32_t ttl_s, uint8_t *buf)
{
	size_t at = wire_put_head(q, rcode | FLAG_AA, buf);

	at = put_soa(WIRE_HEAD + apex_at, ttl_s, buf, at);
	return q->has_opt ? put_opt_ede(q, rcode, EDE_NONE, NULL, buf, at) : at;
}

size_t wire_write_own(const struct wire_question *q, const struct wire_own_rr *rrs, size_t count,
		      uint8_t *buf, size_t max)
{
	size_t at = WIRE_HEAD + q->qname.len + 4u, target_at = WIRE_HEAD;

	if (at > max)
		return 0;
	at = wire_put_head(q, FLAG_AA, buf);
	for (size_t i = 0; i < count; i++) {
		const struct wire_own_rr *rr = &rrs[i];

		if (at + 12 + rr->len > max)
			return 0;
		at += put_rr(rr->is_target ? target_at : WIRE_HEAD, rr->type, rr->ttl_s, rr->len,
			     buf + at);
		memcpy(buf + at, rr->data, rr->len);
		if (rr->type == TYPE_CNAME)
			target_at = at;
		at += rr->len;
	}
	store_be16(buf + AT_ANCOUNT, (uint16_t)count);
	return at;
}

void wire_clear_authentic(uint8_t *reply)
{
	reply[AT_FLAGS + 1] &= (uint8_t)~FLAG_AD;
}

void wire_set_authoritative(uint8_t *reply)
{
	reply[AT_FLAGS] |= FLAG_AA >> 8;
}
