/*
 * What an upstream's reply says: its chain of names, addresses, hints and lifetime. Knows
 * nothing of why they are wanted. RFC 1035, 2308, 6672, 9460.
 */
#include "resolver/wire_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/util.h"

#define ALIASES_MAX 32 /* CNAME and DNAME records in one answer */

enum svcb_key { SVCB_IPV4HINT = 4, SVCB_IPV6HINT = 6 };

/* What one walk over the whole reply gathers for the rest. */
struct reader {
	const uint8_t *packet;
	size_t len;
	const struct wire_question *q;
	struct wire_answer *out;
	struct wire_rr aliases[ALIASES_MAX];
	unsigned alias_count;
	uint32_t answer_ttl_s; /* lowest */
	uint32_t soa_ttl_s;    /* RFC 2308 §5; 0 without a SOA */
	bool has_soa, has_opt;
	bool has_data;	    /* a record of the type that was asked for */
	bool has_addresses; /* or services */
};

/* --- the walk ----------------------------------------------------------------------- */

static int scan_answer(struct reader *r, const struct wire_rr *rr)
{
	r->answer_ttl_s = MIN(r->answer_ttl_s, rr->ttl_s);
	if (rr->type == r->q->qtype || r->q->qtype == TYPE_ANY)
		r->has_data = true;
	if (rr->rrclass != CLASS_IN)
		return 0;
	switch (rr->type) {
	case TYPE_CNAME:
	case TYPE_DNAME:
		if (r->alias_count == ALIASES_MAX)
			return -EBADMSG;
		r->aliases[r->alias_count++] = *rr;
		return 0;
	case TYPE_A:
		r->out->addr_records++;
		r->has_addresses = true;
		return rr->rdata_len == 4 ? 0 : -EBADMSG;
	case TYPE_AAAA:
		r->out->addr_records++;
		r->has_addresses = true;
		return rr->rdata_len == 16 ? 0 : -EBADMSG;
	case TYPE_SVCB:
	case TYPE_HTTPS:
		r->out->addr_records++;
		r->has_addresses = true;
		return 0;
	default:
		return 0;
	}
}

/* Two names, then serial, refresh, retry, expire and minimum (RFC 1035 §3.3.13). */
static int scan_soa(struct reader *r, const struct wire_rr *rr)
{
	size_t end = rr->rdata_at + rr->rdata_len;
	size_t at = wire_skip_name(r->packet, end, rr->rdata_at, NULL);

	if (at)
		at = wire_skip_name(r->packet, end, at, NULL);
	if (!at || at + 20 != end)
		return -EBADMSG;
	if (!r->has_soa)
		r->soa_ttl_s = MIN(rr->ttl_s, load_be32(r->packet + at + 16));
	r->has_soa = true;
	return 0;
}

static int scan_opt(struct reader *r, const struct wire_rr *rr)
{
	if (rr->section != 3 || r->has_opt || r->packet[rr->name_at] != 0)
		return -EBADMSG;
	r->has_opt = true;
	r->out->rcode |= (uint16_t)(rr->ttl_s >> 24 << 4);
	return 0;
}

static int scan(struct reader *r, struct wire_walker *w)
{
	struct wire_rr rr;
	int rc;

	while ((rc = wire_walk(w, &rr)) > 0) {
		if (rr.type == TYPE_OPT)
			rc = scan_opt(r, &rr);
		else if (rr.section == 1)
			rc = scan_answer(r, &rr);
		else if (rr.section == 2 && rr.type == TYPE_SOA)
			rc = scan_soa(r, &rr);
		if (rc < 0)
			return rc;
	}
	return rc;
}

/* --- the chain ---------------------------------------------------------------------- */

/* The name in place of the RDATA, which it must fill. */
static int read_target(const struct reader *r, const struct wire_rr *rr,
		       struct dname *out)
{
	size_t next;

	if (dname_from_packet(r->packet, r->len, rr->rdata_at, out, &next) < 0 ||
	    next != rr->rdata_at + rr->rdata_len)
		return -EBADMSG;
	dname_lower(out);
	return 0;
}

/* RFC 6672 §2.2: the owner at the end of name is replaced by the target. A server adds
 * the CNAME that says the same; this is for one that did not.
 * @retval 1 replaced, 0 name does not lie below the owner */
static int read_dname(const struct reader *r, const struct wire_rr *rr,
		      const struct dname *name, struct dname *out)
{
	struct dname owner, target;
	size_t next, kept;

	if (dname_from_packet(r->packet, r->len, rr->name_at, &owner, &next) < 0)
		return -EBADMSG;
	if (owner.len >= name->len || !dname_is_under(name, &owner))
		return 0;
	kept = (size_t)name->len - owner.len;
	if (read_target(r, rr, &target) < 0 || kept + target.len > DNAME_MAX)
		return -EBADMSG;
	memcpy(out->wire, name->wire, kept);
	memcpy(out->wire + kept, target.wire, target.len);
	out->len = (uint8_t)(kept + target.len);
	return 1;
}

/* The name that name stands for. @retval 1 out is set, 0 it is no alias */
static int next_in_chain(const struct reader *r, const struct dname *name,
			 struct dname *out)
{
	for (unsigned i = 0; i < r->alias_count; i++) {
		const struct wire_rr *rr = &r->aliases[i];

		if (rr->type == TYPE_CNAME &&
		    wire_name_equal(r->packet, r->len, rr->name_at, name))
			return read_target(r, rr, out) < 0 ? -EBADMSG : 1;
	}
	for (unsigned i = 0; i < r->alias_count; i++) {
		int rc = 0;

		if (r->aliases[i].type == TYPE_DNAME)
			rc = read_dname(r, &r->aliases[i], name, out);
		if (rc)
			return rc;
	}
	return 0;
}

/* Records may stand in any order. A loop runs into the limit like a chain too long. */
static int follow_chain(struct reader *r)
{
	struct wire_answer *out = r->out;
	const struct dname *name = &r->q->qname;
	struct dname next;
	int rc;

	while ((rc = next_in_chain(r, name, &next)) > 0) {
		if (out->chain_count == WIRE_CHAIN_MAX)
			return -EBADMSG;
		out->chain[out->chain_count] = next;
		name = &out->chain[out->chain_count++];
	}
	return rc;
}

/* --- addresses ---------------------------------------------------------------------- */

static void add_addrs(struct reader *r, uint8_t family, const uint8_t *bytes, size_t len,
		      uint32_t ttl_s, bool hint)
{
	size_t step = family == AF_INET ? 4 : 16;

	for (size_t at = 0; at < len && r->out->addr_count < WIRE_ADDRS_MAX; at += step) {
		unsigned i = r->out->addr_count++;

		r->out->addrs[i].addr = addr_from_bytes(family, bytes + at);
		r->out->addrs[i].ttl_s = ttl_s;
		r->out->addrs[i].hint = hint;
	}
}

/* RFC 9460 §2.2: key, length, value; keys strictly ascending; hints are whole
 * addresses. */
static bool svc_params_are_valid(const uint8_t *params, size_t len)
{
	int last = -1;
	size_t at = 0;

	while (at + 4 <= len) {
		int key = load_be16(params + at);
		size_t value_len = load_be16(params + at + 2);

		if (key <= last)
			return false;
		if (key == SVCB_IPV4HINT && (!value_len || value_len % 4))
			return false;
		if (key == SVCB_IPV6HINT && (!value_len || value_len % 16))
			return false;
		last = key;
		at += 4 + value_len;
	}
	return at == len;
}

static void read_hints(struct reader *r, const uint8_t *params, size_t len,
		       uint32_t ttl_s)
{
	if (!svc_params_are_valid(params, len))
		return;
	for (size_t at = 0; at < len;) {
		unsigned key = load_be16(params + at);
		size_t value_len = load_be16(params + at + 2);

		at += 4;
		if (key == SVCB_IPV4HINT)
			add_addrs(r, AF_INET, params + at, value_len, ttl_s, true);
		else if (key == SVCB_IPV6HINT)
			add_addrs(r, AF_INET6, params + at, value_len, ttl_s, true);
		at += value_len;
	}
}

static int add_service_target(struct wire_answer *out, const struct dname *target)
{
	for (unsigned i = 0; i < out->chain_count; i++)
		if (dname_equal(&out->chain[i], target))
			return 0;
	if (out->chain_count == WIRE_CHAIN_MAX)
		return -EBADMSG; /* a name left out could be one that is blocked */
	out->chain[out->chain_count++] = *target;
	return 0;
}

/* RFC 9460 §2.2: priority, uncompressed target, parameters. A malformed one tells us
 * nothing; the client sees it as it is. Priority 0 is an alias, whose parameters are
 * ignored. */
static int read_service(struct reader *r, const struct wire_rr *rr)
{
	const uint8_t *rdata = r->packet + rr->rdata_at;
	size_t name_len =
		rr->rdata_len > 2 ? dname_wire_len(rdata + 2, rr->rdata_len - 2u) : 0;
	struct dname target;

	if (!name_len)
		return 0;
	if (load_be16(rdata) != 0)
		read_hints(r, rdata + 2 + name_len, rr->rdata_len - 2u - name_len,
			   rr->ttl_s);
	if (name_len == 1)
		return 0; /* "." is the owner itself */
	target.len = (uint8_t)name_len;
	memcpy(target.wire, rdata + 2, name_len);
	dname_lower(&target);
	return dname_equal(&target, &r->q->qname) ? 0
						  : add_service_target(r->out, &target);
}

/* Over the answer section again, now that the end of the chain is known. */
static int collect_addresses(struct reader *r, struct wire_walker *w)
{
	struct wire_answer *out = r->out;
	const struct dname *owner = &r->q->qname;
	struct dname end;
	struct wire_rr rr;
	int rc = 0;

	if (out->chain_count) {
		end = out->chain[out->chain_count - 1]; /* services add to the chain */
		owner = &end;
	}
	while (rc == 0 && wire_walk(w, &rr) > 0 && rr.section == 1) {
		const uint8_t *rdata = r->packet + rr.rdata_at;

		if (rr.rrclass != CLASS_IN ||
		    !wire_name_equal(r->packet, r->len, rr.name_at, owner))
			continue;
		if (rr.type == TYPE_A)
			add_addrs(r, AF_INET, rdata, 4, rr.ttl_s, false);
		else if (rr.type == TYPE_AAAA)
			add_addrs(r, AF_INET6, rdata, 16, rr.ttl_s, false);
		else if (rr.type == TYPE_SVCB || rr.type == TYPE_HTTPS)
			rc = read_service(r, &rr);
	}
	return rc;
}

/* --- the whole ---------------------------------------------------------------------- */

static bool is_question(const uint8_t *packet, size_t len, const struct wire_question *q)
{
	size_t at = WIRE_HEAD + q->qname.len;

	return load_be16(packet + AT_QDCOUNT) == 1 && at + 4 <= len &&
	       load_be16(packet + at) == q->qtype &&
	       load_be16(packet + at + 2) == q->qclass &&
	       wire_name_equal(packet, at, WIRE_HEAD, &q->qname);
}

static uint32_t cache_ttl(const struct reader *r)
{
	const struct wire_answer *out = r->out;

	if (out->truncated ||
	    (out->rcode != RCODE_NOERROR && out->rcode != RCODE_NXDOMAIN))
		return 0;
	if (!out->negative)
		return r->answer_ttl_s;
	/* a CNAME may stand before the nothing */
	return MIN(r->answer_ttl_s, r->soa_ttl_s);
}

int wire_parse_answer(const uint8_t *packet, size_t len, const struct wire_question *q,
		      struct wire_answer *out)
{
	struct wire_walker w = { .packet = packet, .len = len };
	struct reader r;
	unsigned flags;

	if (len < WIRE_HEAD)
		return -EBADMSG;
	flags = load_be16(packet + AT_FLAGS);
	if (!(flags & FLAG_QR) || flags & MASK_OPCODE)
		return -EBADMSG;
	if (!is_question(packet, len, q))
		return -EINVAL;

	out->rcode = flags & MASK_RCODE;
	out->truncated = flags & FLAG_TC;
	out->authentic = flags & FLAG_AD;
	out->aa = flags & FLAG_AA;
	out->chain_count = 0;
	out->addr_count = out->addr_records = 0;
	r.packet = packet;
	r.len = len;
	r.q = q;
	r.out = out;
	r.alias_count = 0;
	r.answer_ttl_s = WIRE_TTL_MAX;
	r.soa_ttl_s = 0;
	r.has_soa = r.has_opt = r.has_data = r.has_addresses = false;
	if (scan(&r, &w) < 0 || follow_chain(&r) < 0)
		return -EBADMSG;

	out->negative = out->rcode == RCODE_NXDOMAIN ||
			(out->rcode == RCODE_NOERROR && !r.has_data);
	out->cache_ttl_s = cache_ttl(&r);
	if (out->rcode != RCODE_NOERROR || !r.has_addresses)
		return 0;
	w = (struct wire_walker){ .packet = packet, .len = len };
	return collect_addresses(&r, &w);
}
