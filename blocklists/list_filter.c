/*
 * Building peels a random 3-uniform hypergraph: each hash owns one of its three places, and
 * the byte there is set so that the three together give the hash's fingerprint. A seed that
 * does not peel is thrown away for another. See list_filter.h.
 */
#include "blocklists/list_filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/util.h"

#define SHARD_HASHES	131072 /* aimed at */
#define SEGMENT_LOG_MAX 16
#define TRIES		200 /* one in ten fails; growth makes the later ones safe */
#define TRIES_PLAIN	3   /* before equal hashes are looked for */

struct places {
	uint32_t at[3];
};

static inline uint64_t mix(uint64_t h, uint64_t seed)
{
	unsigned __int128 p = (unsigned __int128)(h ^ seed) * 0x9e3779b97f4a7c15ull;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static inline uint8_t fingerprint(uint64_t x)
{
	return (uint8_t)((x * 0x243f6a8885a308d3ull) >> 56);
}

/** One place in each of three segments that follow one another. */
static inline struct places places_of(const struct list_shard *s, uint64_t x)
{
	uint32_t mask = s->segment - 1;
	uint64_t range = (uint64_t)s->segment * s->segments;
	uint32_t first = (uint32_t)(((x >> 32) * range) >> 32);

	return (struct places){ {
		first,
		(first + s->segment) ^ ((uint32_t)x & mask),
		(first + 2 * s->segment) ^ ((uint32_t)(x >> 16) & mask),
	} };
}

static inline size_t shard_of(unsigned bits, uint64_t hash)
{
	return bits ? (size_t)(hash >> (64 - bits)) : 0;
}

static size_t shard_bytes(const struct list_shard *s)
{
	return s->segment ? ((size_t)s->segments + 2) * s->segment : 0;
}

bool list_filter_has(const struct list_filter *f, uint64_t hash)
{
	const struct list_shard *s = &f->shards[shard_of(f->bits, hash)];
	uint64_t x = mix(hash, s->seed);
	const uint8_t *bytes;
	struct places p;

	if (!s->segment)
		return false;
	bytes = f->bytes + s->at;
	p = places_of(s, x);
	return (bytes[p.at[0]] ^ bytes[p.at[1]] ^ bytes[p.at[2]]) == fingerprint(x);
}

bool list_filter_check(const struct list_filter *f, size_t bytes_len)
{
	for (size_t i = 0; i < (size_t)1 << f->bits; i++) {
		const struct list_shard *s = &f->shards[i];

		if (!s->segment)
			continue;
		if ((s->segment & (s->segment - 1)) || s->segment > 1u << SEGMENT_LOG_MAX ||
		    !s->segments || s->segments > 1u << 16)
			return false;
		if (s->at > bytes_len || shard_bytes(s) > bytes_len - s->at)
			return false;
	}
	return true;
}

int list_filter_init(struct list_filter_build *b, uint64_t expected)
{
	b->bits = 0;
	while (b->bits < LIST_SHARD_BITS_MAX && expected >> b->bits > SHARD_HASHES)
		b->bits++;
	b->hashes = calloc((size_t)1 << b->bits, sizeof(*b->hashes));
	return b->hashes ? 0 : -ENOMEM;
}

int list_filter_add(struct list_filter_build *b, uint64_t hash)
{
	uint64_t *p = list_buf_add(&b->hashes[shard_of(b->bits, hash)], sizeof(hash));

	if (!p)
		return -ENOMEM;
	*p = hash;
	return 0;
}

static int compare_hashes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/** Sort, and keep one of each: equal hashes never peel. Returns how many are left. */
static size_t hashes_unique(uint64_t *h, size_t n)
{
	size_t kept = 0;

	qsort(h, n, sizeof(*h), compare_hashes);
	for (size_t i = 0; i < n; i++) {
		if (!kept || h[kept - 1] != h[i])
			h[kept++] = h[i];
	}
	return kept;
}

/** Size a shard for n hashes. The segment is about 4.8 * n^0.58, the whole 1.125 n and
 *  more for fewer (both from the paper, in whole numbers, rounded to the safe side), and
 *  grows with each failed try. */
static void shard_size(struct list_shard *s, size_t n, unsigned failed)
{
	unsigned lg = 1;
	size_t places, segments;

	while (n >> (lg + 1))
		lg++;
	s->segment = 1u << MIN(SEGMENT_LOG_MAX, (lg * 590 + 2304) / 1024);
	places = MAX(n * 9 / 8, n * 875 / 1000 + n * 4983 / (1000 * lg));
	places += places * failed / 50;
	segments = (places + s->segment - 1) / s->segment;
	s->segments = (uint32_t)(segments > 3 ? segments - 2 : 1);
}

/** Scratch of one try. For each place: how many hashes are left there, and their XOR. */
struct peel {
	uint32_t *count;
	uint64_t *xor;
	uint32_t *queue; /* places that may hold one hash; each comes here once at most */
	uint64_t *order; /* peeled hashes, mixed, and the place that each owns */
	uint32_t *owned;
};

static int peel_init(struct peel *p, size_t places, size_t n)
{
	p->count = calloc(places, sizeof(*p->count));
	p->xor = calloc(places, sizeof(*p->xor));
	p->queue = malloc(places * sizeof(*p->queue));
	p->order = malloc(n * sizeof(*p->order));
	p->owned = malloc(n * sizeof(*p->owned));
	return p->count && p->xor && p->queue && p->order && p->owned ? 0 : -ENOMEM;
}

static void peel_fini(struct peel *p)
{
	free(p->count);
	free(p->xor);
	free(p->queue);
	free(p->order);
	free(p->owned);
}

/** Take hashes away one by one, each from a place it has for itself. Returns how many went. */
static size_t peel_all(struct peel *p, const struct list_shard *s, size_t places,
		       const uint64_t *hashes, size_t n)
{
	size_t done = 0, queued = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t x = mix(hashes[i], s->seed);
		struct places at = places_of(s, x);

		for (unsigned k = 0; k < 3; k++) {
			p->count[at.at[k]]++;
			p->xor[at.at[k]] ^= x;
		}
	}
	for (size_t i = 0; i < places; i++) {
		if (p->count[i] == 1)
			p->queue[queued++] = (uint32_t)i;
	}
	while (queued) {
		uint32_t own = p->queue[--queued];
		uint64_t x = p->xor[own];
		struct places at;

		if (p->count[own] != 1)
			continue;
		at = places_of(s, x);
		p->order[done] = x;
		p->owned[done++] = own;
		for (unsigned k = 0; k < 3; k++) {
			p->xor[at.at[k]] ^= x;
			if (--p->count[at.at[k]] == 1)
				p->queue[queued++] = at.at[k];
		}
	}
	return done;
}

/** The last hash peeled is set first: its owned place is touched by no later one. */
static void peel_assign(const struct peel *p, const struct list_shard *s, size_t n,
			uint8_t *bytes)
{
	while (n--) {
		uint64_t x = p->order[n];
		struct places at = places_of(s, x);

		bytes[p->owned[n]] = 0;
		bytes[p->owned[n]] = (uint8_t)(fingerprint(x) ^ bytes[at.at[0]] ^
					       bytes[at.at[1]] ^ bytes[at.at[2]]);
	}
}

/** One try. @retval -EAGAIN this seed does not peel; -ENOMEM */
static int shard_try(const struct list_shard *s, const uint64_t *hashes, size_t n,
		     uint8_t *bytes)
{
	size_t places = shard_bytes(s);
	struct peel p;
	int rc = peel_init(&p, places, n);

	if (!rc && peel_all(&p, s, places, hashes, n) < n)
		rc = -EAGAIN;
	if (!rc)
		peel_assign(&p, s, n, bytes);
	peel_fini(&p);
	return rc;
}

/** Build one shard behind `bytes`. */
static int shard_build(struct list_shard *s, uint64_t *hashes, size_t n,
		       struct list_buf *bytes)
{
	size_t start = bytes->len;
	int rc = -EAGAIN;

	s->at = (uint32_t)start;
	for (unsigned i = 0; rc == -EAGAIN && i < TRIES; i++) {
		uint8_t *p;

		if (i == TRIES_PLAIN)
			n = hashes_unique(hashes, n);
		shard_size(s, n, i);
		random_bytes(&s->seed, sizeof(s->seed));
		bytes->len = start;
		p = list_buf_add(bytes, shard_bytes(s));
		if (!p)
			return -ENOMEM;
		memset(p, 0, shard_bytes(s));
		rc = shard_try(s, hashes, n, p);
	}
	return rc;
}

int list_filter_finish(struct list_filter_build *b, struct list_buf *shards,
		       struct list_buf *bytes)
{
	for (size_t i = 0; i < (size_t)1 << b->bits; i++) {
		struct list_buf *h = &b->hashes[i];
		struct list_shard s = { .seed = 0 };
		struct list_shard *slot = list_buf_add(shards, sizeof(s));
		int rc = 0;

		if (!slot)
			return -ENOMEM;
		if (h->len)
			rc = shard_build(&s, (uint64_t *)h->bytes, h->len / 8, bytes);
		if (rc)
			return rc;
		memcpy(shards->bytes + i * sizeof(s), &s, sizeof(s));
		list_buf_free(h);
	}
	return 0;
}

void list_filter_fini(struct list_filter_build *b)
{
	for (size_t i = 0; b->hashes && i < (size_t)1 << b->bits; i++)
		list_buf_free(&b->hashes[i]);
	free(b->hashes);
	b->hashes = NULL;
}
