/*
 * Wire answers by question, bounded in bytes. Pure: time comes as a parameter. Knows
 * nothing of how answers are made or sent.
 */
#ifndef RESOLVER_CACHE_H
#define RESOLVER_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/dname.h"

struct cache;

/** What answers differ by. qname in any case; dnssec_ok and cd change the answer's
 *  content, as does who was asked: view, at most CACHE_VIEW_MAX. */
#define CACHE_VIEW_MAX 63
struct cache_key {
	const struct dname *qname;
	uint16_t qtype, qclass;
	bool dnssec_ok, cd;
	uint8_t view;
};

/** One entry as found; wire is borrowed until the next cache call. */
struct cache_hit {
	const uint8_t *wire;
	size_t len;
	uint32_t age_s;	 /* whole seconds since it was put */
	uint32_t left_s; /* 0: ended */
	uint32_t ttl_s;	 /* as it was put */
	uint32_t uses;	 /* how often it was found before; from 255 on it is not counted */
	uint32_t failed_s; /* since cache_mark_failed; UINT32_MAX: it was not called */
	uint64_t serial; /* differs for every cache_put */
	const void *note; /* the caller's bytes, note_len of them, 8-aligned */
	size_t note_len;
};

/** @param size_bytes  bound of all memory the cache holds, its table included; below
 *    4096: caches nothing. @retval -ENOMEM */
int cache_new(uint64_t size_bytes, struct cache **out);
void cache_free(struct cache *c);

/** Store a copy, replacing an older answer to the same question. What does not fit into
 *  an eighth of the size is not stored. Eviction is such that a flood of names asked
 *  once does not push out names asked again and again.
 *  @param ttl_s  its lifetime; 0 is not stored
 *  @param note   caller's bytes kept with it (a parsed summary), may be NULL
 *  @retval 0 stored; -ENOSPC too large; -ENOMEM */
int cache_put(struct cache *c, const struct cache_key *key, const uint8_t *wire,
	      size_t len, uint32_t ttl_s, const void *note, size_t note_len,
	      uint64_t now_ms);

/** @param stale_s  also return entries that ended at most so long ago (left_s is 0); they
 *    count as misses */
bool cache_find(struct cache *c, const struct cache_key *key, uint32_t stale_s,
		uint64_t now_ms, struct cache_hit *out);

/** The same, but the look is not a use: nothing is counted or protected. */
bool cache_peek(const struct cache *c, const struct cache_key *key, uint32_t stale_s,
		uint64_t now_ms, struct cache_hit *out);

/** Note that this answer could not be had anew, for hits to tell. Forgotten with the next
 *  cache_put; does nothing where there is no entry. */
void cache_mark_failed(struct cache *c, const struct cache_key *key, uint64_t now_ms);

/** Forget one answer, if it is there. */
void cache_remove(struct cache *c, const struct cache_key *key);

void cache_flush(struct cache *c);

/** Make it another size, of which what fits is kept, the least used left out. On failure it
 *  stays as it is. @retval -ENOMEM */
int cache_resize(struct cache *c, uint64_t size_bytes);

/** An entry on a walk; its names and bytes are borrowed for the call. */
struct cache_item {
	struct dname qname; /* lower case */
	uint16_t qtype, qclass;
	bool dnssec_ok, cd;
	uint32_t age_s, ttl_s; /* an age of the TTL or above: it has ended */
	uint32_t bytes;	       /* of the allocator */
	const void *note;
};

/** @return true to forget the entry */
typedef bool cache_visit(void *arg, const struct cache_item *item);

/** Visit about count entries, in no order, ended ones among them. Between calls the cache may
 *  change; what was there all the time is visited once, unless it was resized.
 *  @param at  0 at first, then as the last call left it
 *  @return false if that was the last of them */
bool cache_walk(struct cache *c, uint64_t *at, unsigned count, cache_visit *visit, void *arg,
		uint64_t now_ms);

struct cache_stats {
	uint64_t entries; /* ended ones among them: they go when their room is needed */
	uint64_t bytes, size_bytes;
	uint64_t hits, misses, puts;
	uint64_t evicted;    /* to make room */
	uint64_t expired;    /* misses that met an ended entry */
};
void cache_get_stats(const struct cache *c, struct cache_stats *out);

#endif
