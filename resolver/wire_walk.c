/*
 * Walking and writing the parts that all DNS messages share: names in place, records,
 * head and OPT. Knows nothing of what a message is for.
 */
#include "resolver/wire_internal.h"

#include <errno.h>
#include <string.h>

#include "lib/util.h"

#define POINTERS_MAX 32 /* more jumps than any honest name has */

size_t wire_skip_name(const uint8_t *packet, size_t len, size_t at, size_t *pointer)
{
	size_t start = at;
	size_t to;

	for (;;) {
		uint8_t c;

		if (at >= len || at - start >= DNAME_MAX)
			return 0;
		c = packet[at];
		if ((c & 0xc0) == 0xc0)
			break;
		if (c & 0xc0)
			return 0;
		at += c + 1u;
		if (!c) {
			if (pointer)
				*pointer = 0;
			return at;
		}
	}
	if (at + 2 > len)
		return 0;
	to = load_be16(packet + at) & 0x3fff;
	if (to < WIRE_HEAD || to >= start)
		return 0;
	if (pointer)
		*pointer = to;
	return at + 2;
}

/* name is well-formed and each label is compared with its length, so used stays in it. */
bool wire_name_equal(const uint8_t *packet, size_t len, size_t at,
		     const struct dname *name)
{
	size_t limit = at, used = 0;
	unsigned jumps = 0;

	for (;;) {
		const uint8_t *a, *b;

		if (at >= len)
			return false;
		if ((packet[at] & 0xc0) == 0xc0) {
			if (at + 2 > len || ++jumps > POINTERS_MAX)
				return false;
			at = load_be16(packet + at) & 0x3fff;
			if (at >= limit)
				return false;
			limit = at;
			continue;
		}
		a = packet + at;
		b = name->wire + used;
		if (a[0] != b[0] || at + 1 + a[0] > len)
			return false;
		if (!a[0])
			return true;
		for (unsigned i = 1; i <= a[0]; i++)
			if (a[i] != b[i] && wire_lower(a[i]) != wire_lower(b[i]))
				return false;
		at += a[0] + 1u;
		used += a[0] + 1u;
	}
}

static int walk_start(struct wire_walker *w)
{
	size_t records = 0;

	if (w->len < WIRE_HEAD || w->len > WIRE_MAX)
		return -EBADMSG;
	for (unsigned i = 0; i < 4; i++)
		w->left[i] = load_be16(w->packet + AT_QDCOUNT + 2 * i);
	w->at = WIRE_HEAD;
	w->section = 1;
	if (w->left[0] > 1)
		return -EBADMSG;
	if (w->left[0]) {
		size_t next = wire_skip_name(w->packet, w->len, w->at, NULL);

		if (!next || next + 4 > w->len)
			return -EBADMSG;
		w->at = next + 4;
	}
	for (unsigned i = 1; i < 4; i++)
		records += w->left[i];
	return records * WIRE_RR_MIN > w->len - w->at ? -EBADMSG : 0;
}

int wire_walk(struct wire_walker *w, struct wire_rr *out)
{
	const uint8_t *fixed;
	size_t next;

	if (!w->at && walk_start(w) < 0)
		return -EBADMSG;
	while (w->section < 4 && !w->left[w->section])
		w->section++;
	if (w->section == 4)
		return w->at == w->len ? 0 : -EBADMSG;

	next = wire_skip_name(w->packet, w->len, w->at, NULL);
	if (!next || next + 10 > w->len)
		return -EBADMSG;
	fixed = w->packet + next;
	out->type = load_be16(fixed);
	out->rrclass = load_be16(fixed + 2);
	out->ttl_s = load_be32(fixed + 4);
	if (out->ttl_s > WIRE_TTL_MAX && out->type != TYPE_OPT)
		out->ttl_s = 0;
	out->rdata_len = load_be16(fixed + 8);
	out->name_at = w->at;
	out->ttl_at = next + 4;
	out->rdata_at = next + 10;
	out->section = w->section;
	if (out->rdata_at + out->rdata_len > w->len)
		return -EBADMSG;
	w->at = out->rdata_at + out->rdata_len;
	w->left[w->section]--;
	return 1;
}

size_t wire_put_head(const struct wire_question *q, unsigned flags, uint8_t *buf)
{
	size_t at = WIRE_HEAD;

	flags |= FLAG_QR | FLAG_RA | (unsigned)q->opcode << SHIFT_OPCODE;
	if (q->rd)
		flags |= FLAG_RD;
	if (q->cd)
		flags |= FLAG_CD;
	memset(buf, 0, WIRE_HEAD);
	store_be16(buf + AT_ID, q->id);
	store_be16(buf + AT_FLAGS, (uint16_t)flags);
	if (!q->qtype && !q->qclass)
		return at;
	store_be16(buf + AT_QDCOUNT, 1);
	memcpy(buf + at, q->qname.wire, q->qname.len);
	at += q->qname.len;
	store_be16(buf + at, q->qtype);
	store_be16(buf + at + 2, q->qclass);
	return at + 4;
}

size_t wire_put_opt(bool dnssec_ok, unsigned rcode, size_t rdata_len, uint8_t *to)
{
	to[0] = 0; /* root */
	store_be16(to + 1, TYPE_OPT);
	store_be16(to + 3, WIRE_UDP_MAX);
	to[5] = (uint8_t)(rcode >> 4);
	to[6] = 0; /* version */
	store_be16(to + 7, dnssec_ok ? OPT_DO : 0);
	store_be16(to + 9, (uint16_t)rdata_len);
	return WIRE_OPT_BYTES;
}

size_t wire_put_reply_opt(const struct wire_question *q, unsigned rcode, size_t more_len,
			  uint8_t *to)
{
	size_t len = wire_put_opt(q->dnssec_ok, rcode, q->options_len + more_len, to);

	memcpy(to + len, q->options, q->options_len);
	return len + q->options_len;
}

void wire_add_option(struct wire_question *q, uint16_t code, const void *data, size_t len)
{
	uint8_t *option = q->options + q->options_len;

	if (len + 4 > sizeof(q->options) - q->options_len)
		return;
	store_be16(option, code);
	store_be16(option + 2, (uint16_t)len);
	memcpy(option + 4, data, len);
	q->options_len = (uint8_t)(q->options_len + len + 4);
}
