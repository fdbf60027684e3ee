/* Clients' queries and our own to upstreams. Knows nothing of answers. */
#include "resolver/wire_internal.h"

#include <errno.h>
#include <string.h>

#include "lib/util.h"

/* Meta types: they ask for something else than records of a zone (RFC 6895 §3.1). ANY is
 * not among them: upstreams have their own answer to it (RFC 8482). */
static bool is_refused_type(uint16_t qtype)
{
	return qtype == 0 || qtype == TYPE_OPT || (qtype >= 128 && qtype < TYPE_ANY);
}

/* A client's cookie is 8 octets, a server's 8 to 32; of several options the first counts
 * (RFC 7873 §5.2). @return false: of another length */
static bool read_cookie(const uint8_t *data, size_t len, struct wire_question *out)
{
	if (out->cookie_len)
		return true;
	if (len != WIRE_COOKIE_MIN && (len < 2 * WIRE_COOKIE_MIN || len > WIRE_COOKIE_MAX))
		return false;
	memcpy(out->cookie, data, len);
	out->cookie_len = (uint8_t)len;
	return true;
}

/* Options are code, length, value up to the exact end (RFC 6891 §6.1.2).
 * @return false: malformed */
static bool read_options(const uint8_t *rdata, size_t len, struct wire_question *out)
{
	size_t at = 0;

	while (at + 4 <= len) {
		size_t option = at;
		size_t option_len = load_be16(rdata + at + 2);
		unsigned code = load_be16(rdata + at);

		at += 4u + option_len;
		if (at > len)
			return false;
		if (code == OPTION_COOKIE && !read_cookie(rdata + option + 4, option_len, out))
			return false;
		if (code == OPTION_KEEPALIVE && !option_len)
			out->keepalive = true;
	}
	return at == len;
}

static enum wire_verdict read_opt(const uint8_t *packet, const struct wire_rr *rr,
				  struct wire_question *out)
{
	if (out->has_opt || packet[rr->name_at] != 0)
		return WIRE_FORMERR;
	out->has_opt = true;
	out->udp_size = MAX(WIRE_UDP_MIN, MIN(rr->rrclass, WIRE_UDP_MAX));
	out->edns_version = (uint8_t)(rr->ttl_s >> 16);
	out->dnssec_ok = rr->ttl_s & OPT_DO;
	if (!out->edns_version &&
	    !read_options(packet + rr->rdata_at, rr->rdata_len, out))
		return WIRE_FORMERR;
	return WIRE_OK;
}

/* Only the OPT counts; other additional records (a TSIG that we have no key for, RFC 8945
 * §5.2, or padding of old) are stepped over. */
static enum wire_verdict read_additional(struct wire_walker *w, struct wire_question *out)
{
	struct wire_rr rr;
	int rc;

	while ((rc = wire_walk(w, &rr)) > 0)
		if (rr.type == TYPE_OPT && read_opt(w->packet, &rr, out) != WIRE_OK)
			return WIRE_FORMERR;
	return rc < 0 ? WIRE_FORMERR : WIRE_OK;
}

/* A packet without a question: it may ask for a cookie. */
static enum wire_verdict read_no_question(struct wire_walker *w, struct wire_question *out)
{
	w->at = WIRE_HEAD;
	w->left[3] = load_be16(w->packet + AT_ARCOUNT);
	if (read_additional(w, out) != WIRE_OK || !out->cookie_len)
		return WIRE_FORMERR;
	return WIRE_COOKIE;
}

enum wire_verdict wire_parse_question(const uint8_t *packet, size_t len,
				      struct wire_question *out)
{
	struct wire_walker w = { .packet = packet, .len = len, .section = 3 };
	const uint8_t *fixed;
	unsigned flags;
	size_t name_len;

	if (len < WIRE_HEAD || len > WIRE_QUERY_MAX)
		return WIRE_DROP;
	flags = load_be16(packet + AT_FLAGS);
	if (flags & FLAG_QR)
		return WIRE_DROP;
	*out = (struct wire_question){
		.id = load_be16(packet + AT_ID),
		.opcode = (uint8_t)((flags & MASK_OPCODE) >> SHIFT_OPCODE),
		.rd = flags & FLAG_RD,
		.cd = flags & FLAG_CD,
		.ad = flags & FLAG_AD,
		.udp_size = WIRE_UDP_MIN,
		.qname = { .len = 1 },
	};
	if (out->opcode)
		return WIRE_NOTIMP;
	if (load_be16(packet + AT_QDCOUNT) > 1 || load_be16(packet + AT_ANCOUNT) ||
	    load_be16(packet + AT_NSCOUNT))
		return WIRE_FORMERR;
	if (!load_be16(packet + AT_QDCOUNT))
		return read_no_question(&w, out);
	name_len = dname_wire_len(packet + WIRE_HEAD, len - WIRE_HEAD);
	if (!name_len || WIRE_HEAD + name_len + 4 > len)
		return WIRE_FORMERR;
	memcpy(out->qname.wire, packet + WIRE_HEAD, name_len);
	out->qname.len = (uint8_t)name_len;
	fixed = packet + WIRE_HEAD + name_len;
	out->qtype = load_be16(fixed);
	out->qclass = load_be16(fixed + 2);

	w.at = WIRE_HEAD + name_len + 4;
	w.left[3] = load_be16(packet + AT_ARCOUNT);
	if (read_additional(&w, out) != WIRE_OK)
		return WIRE_FORMERR;
	if (out->edns_version)
		return WIRE_BADVERS;
	if (is_refused_type(out->qtype) || out->qclass != CLASS_IN)
		return WIRE_REFUSED;
	return WIRE_OK;
}

size_t wire_write_query(const struct wire_question *q, uint8_t *buf)
{
	size_t at = WIRE_HEAD;

	memset(buf, 0, WIRE_HEAD);
	store_be16(buf + AT_FLAGS, (uint16_t)(FLAG_RD | FLAG_AD | (q->cd ? FLAG_CD : 0)));
	store_be16(buf + AT_QDCOUNT, 1);
	store_be16(buf + AT_ARCOUNT, 1);
	memcpy(buf + at, q->qname.wire, q->qname.len);
	at += q->qname.len;
	store_be16(buf + at, q->qtype);
	store_be16(buf + at + 2, q->qclass);
	at += 4;
	return at + wire_put_opt(q->dnssec_ok, RCODE_NOERROR, 0, buf + at);
}
