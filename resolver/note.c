/* Notes on answers; see note.h. */
#include "resolver/note.h"

#include <string.h>

static void put(struct note *n, uint16_t type, uint32_t ttl_s, const void *rdata, size_t len)
{
	struct msg_rr rr = { .type = type, .rdata_len = (uint16_t)len, .ttl_s = ttl_s };

	memcpy(n->rrs + n->len, &rr, sizeof(rr));
	memcpy(n->rrs + n->len + sizeof(rr), rdata, len);
	n->len += (uint32_t)(sizeof(rr) + len);
}

/* Some record was passed over, or it is a service, whose addresses are hints. */
static bool has_others(const struct wire_answer *a)
{
	unsigned gathered = 0;

	for (unsigned i = 0; i < a->addr_count; i++)
		gathered += !a->addrs[i].hint;
	return gathered != a->addr_records;
}

size_t note_write(const struct wire_answer *a, struct note *buf)
{
	*buf = (struct note){ .rcode = a->rcode, .has_chain = a->chain_count > 0 };
	for (unsigned i = 0; i < a->chain_count; i++)
		put(buf, TYPE_CNAME, a->cache_ttl_s, a->chain[i].wire, a->chain[i].len);
	buf->has_others = a->addr_count == WIRE_ADDRS_MAX || has_others(a);
	for (unsigned i = 0; i < a->addr_count; i++) {
		const struct addr *addr = &a->addrs[i].addr;

		put(buf, addr->family == AF_INET ? TYPE_A : TYPE_AAAA, a->addrs[i].ttl_s,
		    addr->bytes, addr_len(addr));
		buf->has_public |= addr_is_public(addr);
	}
	return sizeof(*buf) + buf->len;
}

bool note_next(const struct note *n, size_t *at, struct msg_rr *rr, const uint8_t **rdata)
{
	if (*at >= n->len)
		return false;
	memcpy(rr, n->rrs + *at, sizeof(*rr));
	*rdata = n->rrs + *at + sizeof(*rr);
	*at += sizeof(*rr) + rr->rdata_len;
	return true;
}

bool note_has_addr(const struct note *n, const struct addr *a)
{
	unsigned type = a->family == AF_INET ? TYPE_A : TYPE_AAAA;
	const uint8_t *rdata;
	struct msg_rr rr;
	size_t at = 0;

	while (note_next(n, &at, &rr, &rdata))
		if (rr.type == type && !memcmp(rdata, a->bytes, addr_len(a)))
			return true;
	return false;
}
