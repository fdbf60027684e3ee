/*
 * Records taken out of a finished reply. Knows nothing of why.
 *
 * What stands behind them moves up, and a name that points there would then say something
 * else: a record moves only if its names point before the first gap or nowhere.
 */
#include "resolver/wire_internal.h"

#include <string.h>

#include "lib/util.h"

/* @param gap  where the first record was left out: nothing before it moves */
static bool points_before(const uint8_t *reply, size_t len, size_t name_at, size_t gap)
{
	size_t pointer;

	return wire_skip_name(reply, len, name_at, &pointer) && pointer < gap;
}

static bool can_move(const uint8_t *reply, size_t len, const struct wire_rr *rr, size_t gap)
{
	if (!points_before(reply, len, rr->name_at, gap))
		return false;
	switch (rr->type) {
	case TYPE_CNAME:
	case TYPE_DNAME:
	case TYPE_NS:
	case TYPE_PTR:
		return points_before(reply, len, rr->rdata_at, gap);
	case TYPE_A:
	case TYPE_AAAA:
	case TYPE_TXT:
	case TYPE_OPT:
	case TYPE_RRSIG: /* its names and the services' are never compressed: RFC 4034 §3.1.7, */
	case TYPE_SVCB:	 /* RFC 9460 §2.2 */
	case TYPE_HTTPS:
		return true;
	default:
		return false;
	}
}

size_t wire_leave_out(uint8_t *reply, size_t len,
		      bool (*leave_out)(const void *arg, const uint8_t *reply,
					const struct wire_rr *rr),
		      const void *arg)
{
	struct wire_walker w = { .packet = reply, .len = len };
	uint16_t kept[4] = { 0 };
	size_t gap = 0, end = 0;
	bool is_less = false;
	struct wire_rr rr;

	/* The walker looks only at what stands behind the record that moved last. */
	while (wire_walk(&w, &rr) > 0) {
		size_t bytes = w.at - rr.name_at;

		if (leave_out(arg, reply, &rr) || (gap && !can_move(reply, len, &rr, gap))) {
			if (!gap)
				gap = end = rr.name_at;
			is_less = is_less || rr.section < 3;
			continue;
		}
		if (gap) {
			memmove(reply + end, reply + rr.name_at, bytes);
			end += bytes;
		}
		kept[rr.section]++;
	}
	if (!gap)
		return len;
	if (is_less) /* what is left of a set of records was never signed (RFC 4035 §3.2.3) */
		reply[AT_FLAGS + 1] &= (uint8_t)~FLAG_AD;
	store_be16(reply + AT_ANCOUNT, kept[1]);
	store_be16(reply + AT_NSCOUNT, kept[2]);
	store_be16(reply + AT_ARCOUNT, kept[3]);
	return end;
}
