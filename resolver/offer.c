/* Answers on offer; see offer.h. */
#include "resolver/offer.h"

#include <errno.h>
#include <stdlib.h>

#include "conf/conf.h"
#include "lib/util.h"
#include "resolver/cache.h"
#include "resolver/wire.h"

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
	};
}

bool offer_from_cache(struct cache *cache, const struct wire_question *q,
		      const struct conf_cache *limits, uint64_t now_ms, struct offer *out)
{
	struct cache_key key = key_of(q);
	struct cache_hit hit;

	if (!cache_find(cache, &key, 0, now_ms, &hit))
		return false;
	*out = (struct offer){
		.prepared = hit.wire,
		.len = hit.len,
		.note = hit.note,
		.age_s = hit.age_s,
		.ttl_max_s = MIN(hit.left_s, limits->ttl_max_s),
		.serial = hit.serial,
		.verdict = VERDICT_CACHED,
	};
	return true;
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
	if (cache) /* out of memory: it is not kept */
		cache_put(cache, &key, room->prepared, prepared_len,
			  MIN(a->cache_ttl_s, ttl_max_s), &room->note, note_len, now_ms);
	return true;
}
