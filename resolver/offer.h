/*
 * Answers as they are offered to clients: found in the cache, or read from an upstream's
 * reply and put there. Knows nothing of clients.
 */
#ifndef RESOLVER_OFFER_H
#define RESOLVER_OFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/msg.h"
#include "resolver/note.h"

struct cache;
struct conf_cache;
struct dname;
struct offer_room;
struct home;
struct wire_question;

/** An answer as it is offered to a client; everything is borrowed. */
struct offer {
	const uint8_t *prepared; /* of wire_prepare */
	size_t len;
	const struct note *note;
	uint32_t age_s;
	uint32_t ttl_max_s; /* no TTL is told above it: a client keeps nothing longer than we */
	uint64_t serial; /* in the cache; 0: not there */
	bool truncated;	 /* a part of the answer only */
	bool is_stale;	 /* its time has ended */
	const struct home *rebind; /* leave out what leads home by it; NULL: nothing */
	bool authoritative; /* of our own data */
	enum msg_verdict verdict;
};

/** Room in which one reply at a time is read. */
int offer_room_new(struct offer_room **out);
void offer_room_free(struct offer_room *room);

enum offer_cached {
	CACHED_NONE,
	CACHED_FRESH,
	CACHED_AGING, /* fresh; in use, and soon to end: ask for it anew */
	CACHED_STALE, /* ended; upstreams failed for it a moment ago: give it */
	CACHED_ENDED, /* ended; to be given if they fail now: offer_stale() has it */
};

/** What the cache holds for a question; borrowed until the next cache call. out is set but for
 *  CACHED_NONE and CACHED_ENDED. */
enum offer_cached offer_from_cache(struct cache *cache, const struct wire_question *q,
				   const struct conf_cache *limits, uint64_t now_ms,
				   struct offer *out);

/** What a name that does not exist, which is the question's or lies above it, says about it
 *  (RFC 8020); borrowed as above, and from room. out is set if there is one.
 *  @param suffix  names above it are asked elsewhere and say nothing */
bool offer_nxdomain(struct cache *cache, struct offer_room *room, const struct wire_question *q,
		    const struct dname *suffix, const struct conf_cache *limits, uint64_t now_ms,
		    struct offer *out);

/** The answer for when upstreams fail (RFC 8767), ended or not; borrowed as above. */
bool offer_stale(const struct cache *cache, const struct wire_question *q,
		 const struct conf_cache *limits, uint64_t now_ms, struct offer *out);

/** Upstreams gave no answer: for a while what is stale is given without asking them. */
void offer_failed(struct cache *cache, const struct wire_question *q, uint64_t now_ms);

/** What an upstream says; borrowed from room until its next use. It is put in the cache.
 *  @param cache    NULL: not kept
 *  @retval false  the reply is no use */
bool offer_from_reply(struct cache *cache, struct offer_room *room,
		      const struct wire_question *q, const struct conf_cache *limits,
		      const uint8_t *wire, size_t len, uint64_t now_ms, struct offer *out);

#endif
