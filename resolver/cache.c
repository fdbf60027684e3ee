/*
 * The cache of wire answers. Knows nothing of what the bytes mean.
 *
 * A chained hash table of entries, each one allocation, under a keyed hash. Segmented
 * LRU: an entry starts on probation and is protected from its second use on; what must
 * go is the least recently used on probation. Names that are asked once only push out
 * one another.
 */
#include "resolver/cache.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/util.h"

#define KEY_TAIL	   5 /* behind the name: type, class, flags */
#define KEY_MAX		   (DNAME_MAX + KEY_TAIL)
#define SIZE_MIN	   4096 /* below it nothing is cached */
#define BUCKETS_MIN	   16
#define BUCKETS_MAX	   (1u << 24)
#define BYTES_PER_BUCKET   512 /* about one small answer with its summary */
#define PROTECTED_PERCENT  80
#define MALLOC_HEAD	   8 /* glibc's own, before each block */

enum segment { PROBATION, PROTECTED };

struct list {
	struct list *prev, *next;
};

/* data: key, padded to 8 bytes, note, wire. */
struct entry {
	struct list lru; /* first: a list pointer is an entry pointer */
	struct entry *next;
	uint64_t hash;
	uint64_t put_ms;
	uint64_t serial;
	uint32_t ttl_s;
	uint32_t bytes; /* as the allocator counts */
	uint32_t wire_len;
	uint32_t note_len;
	uint16_t key_len;
	uint8_t segment;      /* enum segment */
	uint8_t uses;	      /* found so often since it was put; 255: or oftener */
	uint32_t failed_at_s; /* its age when it could not be had anew, and 1; 0: none of it */
	_Alignas(8) uint8_t data[];
};

struct cache {
	struct hash_key hash_key;
	struct entry **buckets; /* owned; NULL where nothing is cached */
	uint64_t mask;
	struct list segments[2]; /* newest first */
	uint64_t segment_bytes[2];
	uint64_t fixed_bytes; /* this struct and the table */
	uint64_t serial;
	struct cache_stats stats;
};

/* A question as bytes: lower-case name, type, class, flags. */
struct key {
	size_t len;
	uint64_t hash;
	uint8_t bytes[KEY_MAX];
};

static void make_key(const struct cache *c, const struct cache_key *from, struct key *to)
{
	size_t len = from->qname->len;

	for (size_t i = 0; i < len; i++) {
		uint8_t b = from->qname->wire[i];

		to->bytes[i] = (uint8_t)(b >= 'A' && b <= 'Z' ? b + 32 : b);
	}
	store_be16(to->bytes + len, from->qtype);
	store_be16(to->bytes + len + 2, from->qclass);
	to->bytes[len + 4] = (uint8_t)(from->dnssec_ok | from->cd << 1 | from->view << 2);
	to->len = len + KEY_TAIL;
	to->hash = hash_bytes(&c->hash_key, to->bytes, to->len);
}

static inline size_t note_at(const struct entry *e)
{
	return (e->key_len + 7u) & ~7u;
}

/* --- the lists ---------------------------------------------------------------------- */

static void list_init(struct list *l)
{
	l->prev = l->next = l;
}

static void unlink_entry(struct cache *c, struct entry *e)
{
	e->lru.prev->next = e->lru.next;
	e->lru.next->prev = e->lru.prev;
	c->segment_bytes[e->segment] -= e->bytes;
}

static void link_entry(struct cache *c, struct entry *e, enum segment segment)
{
	struct list *head = &c->segments[segment];

	e->segment = (uint8_t)segment;
	e->lru.prev = head;
	e->lru.next = head->next;
	head->next->prev = &e->lru;
	head->next = &e->lru;
	c->segment_bytes[segment] += e->bytes;
}

static struct entry *oldest(const struct cache *c, enum segment segment)
{
	struct list *last = c->segments[segment].prev;

	return last == &c->segments[segment] ? NULL : (struct entry *)last;
}

/* The oldest of the protected go back on probation. */
static void keep_protected_small(struct cache *c)
{
	uint64_t limit = (c->stats.size_bytes - c->fixed_bytes) / 100 * PROTECTED_PERCENT;

	while (c->segment_bytes[PROTECTED] > limit) {
		struct entry *old = oldest(c, PROTECTED);

		unlink_entry(c, old);
		link_entry(c, old, PROBATION);
	}
}

/* Used again: to the front of the protected. */
static void promote(struct cache *c, struct entry *e)
{
	if (c->segments[PROTECTED].next == &e->lru)
		return;
	unlink_entry(c, e);
	link_entry(c, e, PROTECTED);
	keep_protected_small(c);
}

/* --- the table ---------------------------------------------------------------------- */

/* The link that points to key's entry, or to the NULL at the end of its chain. */
static struct entry **find_link(const struct cache *c, const struct key *key)
{
	struct entry **link = &c->buckets[key->hash & c->mask];

	for (; *link; link = &(*link)->next) {
		const struct entry *e = *link;

		if (e->hash == key->hash && e->key_len == key->len &&
		    !memcmp(e->data, key->bytes, key->len))
			break;
	}
	return link;
}

static struct entry *find_entry(const struct cache *c, const struct cache_key *key)
{
	struct key k;

	if (!c->buckets)
		return NULL;
	make_key(c, key, &k);
	return *find_link(c, &k);
}

static uint64_t age_ms(const struct entry *e, uint64_t now_ms)
{
	return now_ms > e->put_ms ? now_ms - e->put_ms : 0; /* a clock may step back */
}

static uint32_t age_s(const struct entry *e, uint64_t now_ms)
{
	return (uint32_t)MIN(age_ms(e, now_ms) / 1000, UINT32_MAX - 1);
}

/* @return false if it ended, and the time for stale answers too */
static bool read_entry(const struct entry *e, uint32_t stale_s, uint64_t now_ms,
		       struct cache_hit *out)
{
	uint64_t elapsed_ms = age_ms(e, now_ms), ttl_ms = (uint64_t)e->ttl_s * 1000;
	uint32_t age = age_s(e, now_ms);

	if (elapsed_ms >= ttl_ms &&
	    (!stale_s || elapsed_ms - ttl_ms > (uint64_t)stale_s * 1000))
		return false;
	*out = (struct cache_hit){
		.wire = e->data + note_at(e) + e->note_len,
		.len = e->wire_len,
		.age_s = age,
		.left_s = elapsed_ms < ttl_ms ? e->ttl_s - age : 0,
		.ttl_s = e->ttl_s,
		.uses = e->uses,
		.failed_s = e->failed_at_s ? age - MIN(age, e->failed_at_s - 1) : UINT32_MAX,
		.serial = e->serial,
		.note = e->data + note_at(e),
		.note_len = e->note_len,
	};
	return true;
}

static void remove_entry(struct cache *c, struct entry **link)
{
	struct entry *e = *link;

	*link = e->next;
	unlink_entry(c, e);
	c->stats.entries--;
	c->stats.bytes -= e->bytes;
	free(e);
}

static void evict_one(struct cache *c)
{
	struct entry *e = oldest(c, PROBATION);
	struct entry **link;

	if (!e)
		e = oldest(c, PROTECTED);
	link = &c->buckets[e->hash & c->mask];
	while (*link != e)
		link = &(*link)->next;
	remove_entry(c, link);
	c->stats.evicted++;
}

/* --- public ------------------------------------------------------------------------- */

/* An empty table for so many bytes. @return false if there is no memory */
static bool make_table(uint64_t size_bytes, struct entry ***out, uint64_t *count)
{
	uint64_t buckets = BUCKETS_MIN;

	while (buckets < size_bytes / BYTES_PER_BUCKET && buckets < BUCKETS_MAX)
		buckets *= 2;
	*count = buckets;
	*out = NULL;
	if (size_bytes < SIZE_MIN)
		return true;
	*out = calloc(buckets, sizeof(**out));
	return *out;
}

static void set_table(struct cache *c, uint64_t size_bytes, struct entry **table, uint64_t count)
{
	free(c->buckets);
	c->buckets = table;
	c->mask = count - 1;
	c->stats.size_bytes = size_bytes;
	c->stats.bytes -= c->fixed_bytes;
	c->fixed_bytes = sizeof(*c) + MALLOC_HEAD +
			 (table ? count * sizeof(struct entry *) + MALLOC_HEAD : 0);
	c->stats.bytes += c->fixed_bytes;
}

int cache_new(uint64_t size_bytes, struct cache **out)
{
	struct cache *c = calloc(1, sizeof(*c));
	struct entry **table;
	uint64_t count;

	if (!c)
		return -ENOMEM;
	hash_key_init(&c->hash_key);
	list_init(&c->segments[PROBATION]);
	list_init(&c->segments[PROTECTED]);
	if (!make_table(size_bytes, &table, &count)) {
		free(c);
		return -ENOMEM;
	}
	set_table(c, size_bytes, table, count);
	*out = c;
	return 0;
}

static void put_into_table(struct cache *c, struct entry *e)
{
	e->next = c->buckets[e->hash & c->mask];
	c->buckets[e->hash & c->mask] = e;
}

int cache_resize(struct cache *c, uint64_t size_bytes)
{
	struct entry **table;
	uint64_t count;

	if (!make_table(size_bytes, &table, &count))
		return -ENOMEM;
	if (!table)
		cache_flush(c);
	set_table(c, size_bytes, table, count);
	for (enum segment s = PROBATION; s <= PROTECTED; s++)
		for (struct list *l = c->segments[s].next; l != &c->segments[s]; l = l->next)
			put_into_table(c, (struct entry *)l);
	while (c->stats.bytes > size_bytes && c->stats.entries)
		evict_one(c);
	keep_protected_small(c);
	return 0;
}

void cache_free(struct cache *c)
{
	if (!c)
		return;
	cache_flush(c);
	free(c->buckets);
	free(c);
}

void cache_flush(struct cache *c)
{
	for (enum segment s = PROBATION; s <= PROTECTED; s++) {
		struct entry *e;

		while ((e = oldest(c, s))) {
			unlink_entry(c, e);
			c->stats.entries--;
			c->stats.bytes -= e->bytes;
			free(e);
		}
	}
	if (c->buckets)
		memset(c->buckets, 0, (c->mask + 1) * sizeof(*c->buckets));
}

int cache_put(struct cache *c, const struct cache_key *key, const uint8_t *wire,
	      size_t len, uint32_t ttl_s, const void *note, size_t note_len,
	      uint64_t now_ms)
{
	uint64_t most = c->stats.size_bytes / 8;
	enum segment segment = PROBATION;
	struct entry **link, *e;
	size_t bytes;
	struct key k;

	if (!ttl_s)
		return 0;
	if (!c->buckets || len > most || note_len > most ||
	    len + note_len > UINT32_MAX / 2)
		return -ENOSPC;
	make_key(c, key, &k);
	bytes = sizeof(*e) + k.len + 7 + note_len + len;
	if (bytes + 2 * MALLOC_HEAD > most)
		return -ENOSPC;

	link = find_link(c, &k);
	if (*link) { /* asked for again, or it would not be put again */
		segment = PROTECTED;
		remove_entry(c, link);
	}
	e = malloc(bytes);
	if (!e)
		return -ENOMEM;
	e->bytes = (uint32_t)(malloc_usable_size(e) + MALLOC_HEAD);
	while (c->stats.bytes + e->bytes > c->stats.size_bytes)
		evict_one(c); /* an eighth fits beside the table, so there is one */

	e->hash = k.hash;
	e->put_ms = now_ms;
	e->serial = ++c->serial;
	e->ttl_s = ttl_s;
	e->wire_len = (uint32_t)len;
	e->note_len = (uint32_t)note_len;
	e->key_len = (uint16_t)k.len;
	e->uses = 0;
	e->failed_at_s = 0;
	memcpy(e->data, k.bytes, k.len);
	if (note_len)
		memcpy(e->data + note_at(e), note, note_len);
	memcpy(e->data + note_at(e) + note_len, wire, len);
	put_into_table(c, e);
	link_entry(c, e, PROBATION);
	c->stats.entries++;
	c->stats.bytes += e->bytes;
	c->stats.puts++;
	if (segment == PROTECTED)
		promote(c, e);
	return 0;
}

bool cache_peek(const struct cache *c, const struct cache_key *key, uint32_t stale_s,
		uint64_t now_ms, struct cache_hit *out)
{
	const struct entry *e = find_entry(c, key);

	return e && read_entry(e, stale_s, now_ms, out);
}

bool cache_find(struct cache *c, const struct cache_key *key, uint32_t stale_s,
		uint64_t now_ms, struct cache_hit *out)
{
	struct entry *e = find_entry(c, key);
	bool found = e && read_entry(e, stale_s, now_ms, out);

	if (found && out->left_s)
		c->stats.hits++;
	else
		c->stats.misses++;
	if (e && !(found && out->left_s))
		c->stats.expired++;
	if (!found)
		return false;
	if (e->uses < UINT8_MAX)
		e->uses++;
	promote(c, e);
	return true;
}

void cache_remove(struct cache *c, const struct cache_key *key)
{
	struct entry **link;
	struct key k;

	if (!c->buckets)
		return;
	make_key(c, key, &k);
	link = find_link(c, &k);
	if (*link)
		remove_entry(c, link);
}

void cache_mark_failed(struct cache *c, const struct cache_key *key, uint64_t now_ms)
{
	struct entry *e = find_entry(c, key);

	if (e)
		e->failed_at_s = age_s(e, now_ms) + 1;
}

static bool visit_entry(const struct entry *e, cache_visit *visit, void *arg, uint64_t now_ms)
{
	size_t len = e->key_len - KEY_TAIL;
	struct cache_item item = {
		.qname.len = (uint8_t)len,
		.qtype = load_be16(e->data + len),
		.qclass = load_be16(e->data + len + 2),
		.dnssec_ok = e->data[len + 4] & 1,
		.cd = e->data[len + 4] & 2,
		.age_s = age_s(e, now_ms),
		.ttl_s = e->ttl_s,
		.bytes = e->bytes,
		.note = e->data + note_at(e),
	};

	memcpy(item.qname.wire, e->data, len);
	return visit(arg, &item);
}

bool cache_walk(struct cache *c, uint64_t *at, unsigned count, cache_visit *visit, void *arg,
		uint64_t now_ms)
{
	unsigned visited = 0;

	for (; c->buckets && *at <= c->mask; ++*at) {
		struct entry **link = &c->buckets[*at];

		if (visited >= count)
			return true;
		while (*link) {
			visited++;
			if (visit_entry(*link, visit, arg, now_ms))
				remove_entry(c, link);
			else
				link = &(*link)->next;
		}
	}
	return false;
}

void cache_get_stats(const struct cache *c, struct cache_stats *out)
{
	*out = c->stats;
}
