/*
 * The client's reply from an upstream's: prepared once, written for each client. Knows
 * nothing of where prepared replies are kept.
 *
 * A prepared reply is a head, one entry a record, and the message without its OPT.
 */
#include "resolver/wire_internal.h"

#include <string.h>

#include "lib/util.h"

#define EDE_BYTES 6 /* an option with a code alone */

struct prepared_head {
	uint32_t wire_at;
	uint16_t wire_len;
	uint16_t records; /* entries in use */
	uint16_t ede;	  /* the upstream's */
	uint8_t qname_len;
	bool has_ede;
};

/* What differs from client to client in one record. */
struct prepared_rr {
	uint16_t ttl_at;   /* offset in the message */
	uint8_t owner_len; /* bytes of the owner in place, just before type and class */
	uint8_t case_len;  /* its first bytes that repeat the question's name */
};

_Static_assert(sizeof(struct prepared_rr) == 4, "counted in WIRE_PREPARED_MAX");
_Static_assert(sizeof(struct prepared_head) + WIRE_MAX / WIRE_RR_MIN * 4 + WIRE_MAX <=
	       WIRE_PREPARED_MAX, "largest prepared form");

/* --- prepare ------------------------------------------------------------------------ */

struct preparer {
	const uint8_t *reply;
	size_t len;
	const struct wire_question *q;
	uint8_t *entries;
	unsigned entry_count;
	uint8_t *wire;
	size_t wire_len;
	size_t opt_at; /* 0: none so far */
	unsigned ext_rcode;
	int ede;	  /* -1: none */
	unsigned kept[4]; /* records of each section */
};

/* Behind a removed OPT all offsets change. An address moves safely if its owner points
 * before the OPT or nowhere; the other types may hold pointers in their RDATA. What
 * cannot move is left out: these records are additional, nobody misses them (RFC 2181
 * §9). */
static bool can_move(const struct preparer *p, const struct wire_rr *rr)
{
	size_t pointer;

	if (rr->type != TYPE_A && rr->type != TYPE_AAAA && rr->type != TYPE_RRSIG)
		return false;
	return wire_skip_name(p->reply, p->len, rr->name_at, &pointer) &&
	       pointer < p->opt_at;
}

/* How many bytes at the start of an owner repeat the question's name in the upstream's
 * case (0x20), which is none of the client's business. */
static size_t case_len(const struct preparer *p, const struct wire_rr *rr)
{
	size_t pointer;
	size_t next;

	if ((p->reply[rr->name_at] & 0xc0) == 0xc0 ||
	    !wire_name_equal(p->reply, p->len, rr->name_at, &p->q->qname))
		return 0;
	next = wire_skip_name(p->reply, p->len, rr->name_at, &pointer);
	return next - rr->name_at - (pointer ? 2 : 0);
}

/* How long nothing is to be kept for nothing: the lower of the SOA's TTL and its last field
 * (RFC 2308 §5). Who asks late in that time must not hear the whole of the other. */
static uint32_t ttl_of(const struct preparer *p, const struct wire_rr *rr)
{
	if (rr->type != TYPE_SOA || rr->section != 2 || rr->rdata_len < 4)
		return rr->ttl_s;
	return MIN(rr->ttl_s, load_be32(p->reply + rr->rdata_at + rr->rdata_len - 4));
}

static void keep(struct preparer *p, const struct wire_rr *rr)
{
	struct prepared_rr entry = {
		.ttl_at = (uint16_t)(p->wire_len + rr->ttl_at - rr->name_at),
		.owner_len = (uint8_t)(rr->ttl_at - 4 - rr->name_at),
		.case_len = (uint8_t)case_len(p, rr),
	};
	size_t bytes = rr->rdata_at + rr->rdata_len - rr->name_at;

	memcpy(p->wire + p->wire_len, p->reply + rr->name_at, bytes);
	store_be32(p->wire + entry.ttl_at, ttl_of(p, rr));
	memcpy(p->entries + p->entry_count++ * sizeof(entry), &entry, sizeof(entry));
	p->wire_len += bytes;
	p->kept[rr->section]++;
}

/* The first extended error among the options (RFC 8914 §2), -1: there is none. Its text, which is
 * anybody's, is left behind. */
static int read_ede(const uint8_t *options, size_t len)
{
	for (size_t at = 0; at + 4 <= len; at += 4u + load_be16(options + at + 2))
		if (load_be16(options + at) == OPTION_EDE && load_be16(options + at + 2) >= 2 &&
		    at + EDE_BYTES <= len)
			return load_be16(options + at + 4);
	return -1;
}

/* @return false if the reply is malformed */
static bool prepare_records(struct preparer *p, struct wire_walker *w)
{
	struct wire_rr rr;
	int rc;

	while ((rc = wire_walk(w, &rr)) > 0) {
		if (rr.type == TYPE_OPT) {
			if (rr.section != 3 || p->opt_at || p->reply[rr.name_at] != 0)
				return false;
			p->opt_at = rr.name_at;
			p->ext_rcode = rr.ttl_s >> 24;
			p->ede = read_ede(p->reply + rr.rdata_at, rr.rdata_len);
		} else if (!p->opt_at || can_move(p, &rr)) {
			keep(p, &rr);
		}
	}
	return rc == 0;
}

/* The flags that stay: TC, AD and the rcode. Those above 15 are between the upstream and
 * us (BADVERS, BADCOOKIE, TSIG's and TKEY's). */
static unsigned kept_flags(const struct preparer *p)
{
	unsigned flags =
		load_be16(p->reply + AT_FLAGS) & (FLAG_TC | FLAG_AD | MASK_RCODE);

	return p->ext_rcode ? (flags & ~MASK_RCODE) | RCODE_SERVFAIL : flags;
}

size_t wire_prepare(const struct wire_question *q, const uint8_t *reply, size_t len,
		    uint8_t *buf)
{
	size_t question_end = WIRE_HEAD + q->qname.len + 4u;
	struct prepared_head head = { .qname_len = q->qname.len };
	struct wire_walker w = { .packet = reply, .len = len };
	struct preparer p = { .reply = reply, .len = len, .q = q, .ede = -1 };
	size_t records = 0;

	if (len < question_end || len > WIRE_MAX || load_be16(reply + AT_QDCOUNT) != 1 ||
	    !wire_name_equal(reply, question_end - 4, WIRE_HEAD, &q->qname))
		return 0;
	for (unsigned i = AT_ANCOUNT; i <= AT_ARCOUNT; i += 2)
		records += load_be16(reply + i);
	if (records * WIRE_RR_MIN > len - question_end)
		return 0;
	head.wire_at = (uint32_t)(sizeof(head) + records * sizeof(struct prepared_rr));
	p.entries = buf + sizeof(head);
	p.wire = buf + head.wire_at;
	p.wire_len = question_end;
	memcpy(p.wire, reply, question_end);
	if (!prepare_records(&p, &w))
		return 0;

	store_be16(p.wire + AT_FLAGS, (uint16_t)kept_flags(&p));
	store_be16(p.wire + AT_ARCOUNT, (uint16_t)p.kept[3]);
	head.wire_len = (uint16_t)p.wire_len;
	head.records = (uint16_t)p.entry_count;
	head.has_ede = p.ede >= 0;
	head.ede = (uint16_t)p.ede;
	memcpy(buf, &head, sizeof(head));
	return head.wire_at + p.wire_len;
}

/* --- write -------------------------------------------------------------------------- */

/* How much of wire ends with a whole record within room; counts and TC in head are set.
 * TC says that answer or authority are cut; additional records may miss (RFC 2181 §9). */
static size_t cut(const uint8_t *wire, size_t len, size_t room, uint8_t *head)
{
	struct wire_walker w = { .packet = wire, .len = len };
	uint16_t counts[4] = { 0 };
	struct wire_rr rr = { .section = 1 };
	size_t end = room;

	while (wire_walk(&w, &rr) > 0) {
		if (w.at > room) {
			end = rr.name_at;
			break;
		}
		counts[rr.section]++;
	}
	if (rr.section < 3)
		head[AT_FLAGS] |= FLAG_TC >> 8;
	store_be16(head + AT_ANCOUNT, counts[1]);
	store_be16(head + AT_NSCOUNT, counts[2]);
	store_be16(head + AT_ARCOUNT, counts[3]);
	return end;
}

static void put_flags(const struct wire_question *q, uint8_t *buf)
{
	unsigned flags = load_be16(buf + AT_FLAGS);

	flags |= FLAG_QR | FLAG_RA;
	if (q->rd)
		flags |= FLAG_RD;
	if (q->cd)
		flags |= FLAG_CD;
	if (!q->ad && !q->dnssec_ok)
		flags &= ~(unsigned)FLAG_AD; /* RFC 6840 §5.8 */
	store_be16(buf + AT_FLAGS, (uint16_t)flags);
}

static uint32_t ttl_now(uint32_t ttl_s, uint32_t age_s, uint32_t ttl_max_s)
{
	if (ttl_s)
		ttl_s = ttl_s > age_s ? ttl_s - age_s : 1;
	return MIN(ttl_s, ttl_max_s);
}

static size_t opt_len(const struct wire_question *q, const struct prepared_head *head)
{
	return q->has_opt ? WIRE_OPT_BYTES + q->options_len + head->has_ede * EDE_BYTES : 0;
}

static size_t put_opt(const struct wire_question *q, const struct prepared_head *head, uint8_t *to)
{
	size_t more = head->has_ede * EDE_BYTES;
	size_t at = wire_put_reply_opt(q, RCODE_NOERROR, more, to);

	if (more) {
		store_be16(to + at, OPTION_EDE);
		store_be16(to + at + 2, EDE_BYTES - 4);
		store_be16(to + at + 4, head->ede);
	}
	return at + more;
}

size_t wire_write_prepared(const struct wire_question *q, const uint8_t *prepared,
			   size_t len, uint32_t age_s, uint32_t ttl_max_s, uint8_t *buf,
			   size_t max)
{
	struct prepared_head head;
	const uint8_t *wire;
	size_t room, end;

	if (len < sizeof(head) || max < WIRE_UDP_MIN)
		return 0;
	memcpy(&head, prepared, sizeof(head));
	if (head.wire_at + (size_t)head.wire_len != len || head.qname_len != q->qname.len)
		return 0;
	room = max - opt_len(q, &head);
	wire = prepared + head.wire_at;
	end = head.wire_len;
	memcpy(buf, wire, MIN(end, room));
	if (end > room)
		end = cut(wire, end, room, buf);

	store_be16(buf + AT_ID, q->id);
	put_flags(q, buf);
	memcpy(buf + WIRE_HEAD, q->qname.wire, q->qname.len);
	store_be16(buf + WIRE_HEAD + q->qname.len, q->qtype);
	store_be16(buf + WIRE_HEAD + q->qname.len + 2, q->qclass);
	for (unsigned i = 0; i < head.records; i++) {
		struct prepared_rr rr;
		uint8_t *ttl;

		memcpy(&rr, prepared + sizeof(head) + i * sizeof(rr), sizeof(rr));
		if (rr.ttl_at >= end)
			break;
		ttl = buf + rr.ttl_at;
		store_be32(ttl, ttl_now(load_be32(ttl), age_s, ttl_max_s));
		if (rr.case_len)
			memcpy(ttl - 4 - rr.owner_len, q->qname.wire, rr.case_len);
	}
	if (!q->has_opt)
		return end;
	store_be16(buf + AT_ARCOUNT, (uint16_t)(load_be16(buf + AT_ARCOUNT) + 1));
	return end + put_opt(q, &head, buf + end);
}

size_t wire_write_reply(const struct wire_question *q, const uint8_t *reply, size_t len,
			uint32_t age_s, uint32_t ttl_max_s, uint8_t *buf, size_t max)
{
	uint8_t prepared[WIRE_PREPARED_MAX];
	size_t prepared_len = wire_prepare(q, reply, len, prepared);

	if (!prepared_len)
		return 0;
	return wire_write_prepared(q, prepared, prepared_len, age_s, ttl_max_s, buf, max);
}
