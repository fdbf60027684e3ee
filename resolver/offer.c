/* Answers on offer; see offer.h. */
#include "resolver/offer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/util.h"
#include "resolver/cache.h"
#include "resolver/wire_own.h"

#define STALE_TTL_S    30 /* RFC 8767 §4 */
#define FAILED_PAUSE_S 30 /* before upstreams that failed for a name are asked for it (§5) */
#define TYPE_NONE      0  /* as a key: the name exists with no type */
#define PREFETCH_USES  3
#define PREFETCH_PART  10 /* the last tenth of its time */

struct offer_room {
	struct wire_answer answer;
	union {
		struct note note;
		uint64_t bytes[(NOTE_MAX + 7) / 8];
	} note;
	uint8_t prepared[WIRE_PREPARED_MAX];
};

int offer_room_new(struct offer_room **out)
{
	struct offer_room *room = malloc(sizeof(*room));

	if (!room)
		return -ENOMEM;
	*out = room;
	return 0;
}

void offer_room_free(struct offer_room *room)
{
	free(room);
}

static struct cache_key key_of(const struct wire_question *q)
{
	return (struct cache_key){
		.qname = &q->qname,
		.qtype = q->qtype,
		.qclass = q->qclass,
		.dnssec_ok = q->dnssec_ok,
		.cd = q->cd,
		.view = q->view,
	};
}

static void offer_hit(const struct cache_hit *hit, const struct conf_cache *limits,
		      struct offer *out)
{
	*out = (struct offer){
		.prepared = hit->wire,
		.len = hit->len,
		.note = hit->note,
		.age_s = hit->age_s,
		.ttl_max_s = MIN(hit->left_s, limits->ttl_max_s),
		.serial = hit->serial,
		.verdict = VERDICT_CACHED,
	};
	if (hit->left_s)
		return;
	/* Its records are young again for a moment. Leases that were given for the serial
	 * have ended with it. */
	out->age_s = 0;
	out->ttl_max_s = MIN(STALE_TTL_S, limits->ttl_max_s);
	out->serial = 0;
	out->is_stale = true;
	out->verdict = VERDICT_STALE;
}

static bool is_aging(const struct cache_hit *hit, const struct conf_cache *limits)
{
	return limits->prefetch == SWITCH_ON && hit->uses + 1 >= PREFETCH_USES &&
	       (uint64_t)hit->left_s * PREFETCH_PART <= hit->ttl_s &&
	       hit->failed_s >= FAILED_PAUSE_S;
}

enum offer_cached offer_from_cache(struct cache *cache, const struct wire_question *q,
				   const struct conf_cache *limits, uint64_t now_ms,
				   struct offer *out)
{
	struct cache_key key = key_of(q);
	struct cache_hit hit;

	if (!cache_find(cache, &key, limits->stale_s, now_ms, &hit)) {
		key.qtype = TYPE_NONE;
		if (!limits->stale_s || q->dnssec_ok ||
		    !cache_peek(cache, &key, limits->stale_s, now_ms, &hit) || hit.left_s)
			return CACHED_NONE;
	}
	if (!hit.left_s && hit.failed_s >= FAILED_PAUSE_S)
		return CACHED_ENDED;
	offer_hit(&hit, limits, out);
	if (out->is_stale)
		return CACHED_STALE;
	return is_aging(&hit, limits) ? CACHED_AGING : CACHED_FRESH;
}

bool offer_stale(const struct cache *cache, const struct wire_question *q,
		 const struct conf_cache *limits, uint64_t now_ms, struct offer *out)
{
	struct cache_key key = key_of(q);
	struct cache_hit hit;

	if (!limits->stale_s)
		return false;
	if (!cache_peek(cache, &key, limits->stale_s, now_ms, &hit)) {
		key.qtype = TYPE_NONE;
		if (!cache_peek(cache, &key, limits->stale_s, now_ms, &hit))
			return false;
	}
	offer_hit(&hit, limits, out);
	return true;
}

void offer_failed(struct cache *cache, const struct wire_question *q, uint64_t now_ms)
{
	struct cache_key key = key_of(q);

	cache_mark_failed(cache, &key, now_ms);
	key.qtype = TYPE_NONE;
	cache_mark_failed(cache, &key, now_ms);
}

/* The names from the question's upwards. What is found under one counts as used. */
static bool find_nxdomain(struct cache *cache, const struct wire_question *q,
			  const struct dname *suffix, uint64_t now_ms, struct dname *name,
			  struct cache_hit *out)
{
	struct cache_key key = key_of(q);

	*name = q->qname;
	key.qname = name;
	key.qtype = TYPE_NONE;
	while (name->len >= suffix->len && name->len > 1) {
		unsigned first = name->wire[0] + 1u;

		if (cache_peek(cache, &key, 0, now_ms, out))
			return cache_find(cache, &key, 0, now_ms, out);
		name->len = (uint8_t)(name->len - first);
		memmove(name->wire, name->wire + first, name->len);
	}
	return false;
}

bool offer_nxdomain(struct cache *cache, struct offer_room *room, const struct wire_question *q,
		    const struct dname *suffix, const struct conf_cache *limits, uint64_t now_ms,
		    struct offer *out)
{
	struct wire_question above = { .qtype = q->qtype, .qclass = q->qclass, .ad = true };
	uint8_t reply[WIRE_UDP_MAX], wire[WIRE_UDP_MAX];
	struct cache_hit hit;
	struct offer offer;
	size_t len;

	if (limits->nxdomain_below == NXDOMAIN_OFF || q->dnssec_ok ||
	    !find_nxdomain(cache, q, suffix, now_ms, &above.qname, &hit))
		return false;
	offer_hit(&hit, limits, &offer);
	if (above.qname.len < q->qname.len) {
		len = wire_write_prepared(&above, hit.wire, hit.len, 0, UINT32_MAX, reply,
					  sizeof(reply));
		len = wire_write_below(q, reply, len, wire);
		offer.len = len ? wire_prepare(q, wire, len, room->prepared) : 0;
		offer.prepared = room->prepared;
	}
	if (!offer.len)
		return false;
	*out = offer;
	return true;
}

/* With DO the proof is for one type, or for none below. */
static bool holds_for_all_types(const struct wire_answer *a, const struct wire_question *q,
				const struct conf_cache *limits)
{
	if (a->rcode != RCODE_NXDOMAIN || a->chain_count || a->truncated || q->dnssec_ok)
		return false;
	return limits->nxdomain_below == NXDOMAIN_ALL ||
	       (limits->nxdomain_below == NXDOMAIN_SECURE && a->authentic);
}

bool offer_from_reply(struct cache *cache, struct offer_room *room,
		      const struct wire_question *q, const struct conf_cache *limits,
		      const uint8_t *wire, size_t len, uint64_t now_ms, struct offer *out)
{
	const struct wire_answer *a = &room->answer;
	struct cache_key key = key_of(q);
	uint32_t ttl_max_s;
	size_t prepared_len, note_len;

	if (wire_parse_answer(wire, len, q, &room->answer))
		return false;
	prepared_len = wire_prepare(q, wire, len, room->prepared);
	if (!prepared_len)
		return false;
	note_len = note_write(a, &room->note.note);
	ttl_max_s = a->negative ? limits->negative_max_s : limits->ttl_max_s;
	*out = (struct offer){
		.prepared = room->prepared,
		.len = prepared_len,
		.note = &room->note.note,
		.ttl_max_s = ttl_max_s,
		.truncated = a->truncated,
		.verdict = VERDICT_FORWARDED,
	};
	if (cache && holds_for_all_types(a, q, limits)) {
		cache_remove(cache, &key);
		key.qtype = TYPE_NONE;
	}
	if (cache) /* out of memory: it is not kept */
		cache_put(cache, &key, room->prepared, prepared_len,
			  MIN(a->cache_ttl_s, ttl_max_s), &room->note, note_len, now_ms);
	return true;
}
