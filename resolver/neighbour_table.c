/* See neighbour_table.h. Knows nothing of netlink. */
#include "resolver/neighbour_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/util.h"

#define BUCKETS	 65536
#define ABSENTS	 4096
#define NONE	 UINT32_MAX

struct key {
	uint32_t ifindex;
	struct addr addr;
};

/* Links are indices, so that an entry is small; NONE ends a chain. */
struct entry {
	struct key key;
	struct mac mac;
	uint32_t generation;
	uint32_t next;		  /* in the bucket's chain, or of the free entries */
	uint32_t newer, older;	  /* by use */
};

struct absent {
	struct key key;
	uint64_t awaited_until_ms;
	uint64_t until_ms; /* 0: unused */
};

struct interface {
	uint32_t ifindex;
	uint32_t generation;
	bool resolves;
	char name[INTERFACE_NAME_BYTES];
};

struct neighbour_table {
	struct hash_key hash_key;
	uint32_t generation;
	uint32_t count;
	uint32_t touched; /* entries at and behind it were never used */
	uint32_t free;
	uint32_t newest, oldest;
	uint64_t added, evicted;
	uint32_t interface_count;
	uint32_t buckets[BUCKETS]; /* index + 1; 0: empty */
	struct absent absents[ABSENTS];
	struct interface interfaces[INTERFACES_MAX]; /* ascending */
	struct entry entries[NEIGHBOURS_MAX];
};

/* All bytes of a key, the padding too, are compared and hashed. */
static struct key make_key(const struct addr *a, uint32_t ifindex)
{
	struct key key;

	memset(&key, 0, sizeof(key));
	key.ifindex = ifindex;
	memcpy(&key.addr, a, sizeof(*a));
	return key;
}

static bool key_equal(const struct key *a, const struct key *b)
{
	return a->ifindex == b->ifindex && addr_equal(&a->addr, &b->addr);
}

static uint64_t hash_of(const struct neighbour_table *t, const struct key *key)
{
	return hash_bytes(&t->hash_key, key, sizeof(*key));
}

/* --- neighbours --------------------------------------------------------------------- */

static void unlink_use(struct neighbour_table *t, const struct entry *e)
{
	if (e->newer == NONE)
		t->newest = e->older;
	else
		t->entries[e->newer].older = e->older;
	if (e->older == NONE)
		t->oldest = e->newer;
	else
		t->entries[e->older].newer = e->newer;
}

static void link_use(struct neighbour_table *t, uint32_t i)
{
	struct entry *e = &t->entries[i];

	e->newer = NONE;
	e->older = t->newest;
	if (t->newest == NONE)
		t->oldest = i;
	else
		t->entries[t->newest].newer = i;
	t->newest = i;
}

static uint32_t find_entry(const struct neighbour_table *t, const struct key *key,
			   uint64_t hash)
{
	uint32_t i = t->buckets[hash % BUCKETS] - 1;

	while (i != NONE && !key_equal(&t->entries[i].key, key))
		i = t->entries[i].next;
	return i;
}

static void remove_entry(struct neighbour_table *t, uint32_t i)
{
	struct entry *e = &t->entries[i];
	uint64_t hash = hash_of(t, &e->key);
	uint32_t at = t->buckets[hash % BUCKETS] - 1;

	if (at == i) {
		t->buckets[hash % BUCKETS] = e->next + 1;
	} else {
		while (t->entries[at].next != i)
			at = t->entries[at].next;
		t->entries[at].next = e->next;
	}
	unlink_use(t, e);
	e->next = t->free;
	t->free = i;
	t->count--;
}

/* An unused entry; where all are in use the least recently used. */
static uint32_t take_entry(struct neighbour_table *t)
{
	uint32_t i;

	if (t->count == NEIGHBOURS_MAX) {
		remove_entry(t, t->oldest);
		t->evicted++;
	}
	t->count++;
	t->added++;
	if (t->free == NONE)
		return t->touched++;
	i = t->free;
	t->free = t->entries[i].next;
	return i;
}

void neighbour_table_set(struct neighbour_table *t, const struct addr *a,
			 uint32_t ifindex, const struct mac *mac)
{
	struct key key = make_key(a, ifindex);
	uint64_t hash = hash_of(t, &key);
	uint32_t i = find_entry(t, &key, hash);
	struct absent *absent = &t->absents[hash % ABSENTS];

	if (key_equal(&absent->key, &key))
		absent->until_ms = 0;
	if (i == NONE) {
		i = take_entry(t);
		t->entries[i].key = key;
		t->entries[i].next = t->buckets[hash % BUCKETS] - 1;
		t->buckets[hash % BUCKETS] = i + 1;
		link_use(t, i);
	}
	t->entries[i].mac = *mac;
	t->entries[i].generation = t->generation;
}

void neighbour_table_remove(struct neighbour_table *t, const struct addr *a,
			    uint32_t ifindex)
{
	struct key key = make_key(a, ifindex);
	uint32_t i = find_entry(t, &key, hash_of(t, &key));

	if (i != NONE)
		remove_entry(t, i);
}

bool neighbour_table_find(struct neighbour_table *t, const struct addr *a,
			  uint32_t ifindex, struct mac *out)
{
	struct key key = make_key(a, ifindex);
	uint32_t i = find_entry(t, &key, hash_of(t, &key));

	if (i == NONE)
		return false;
	if (i != t->newest) {
		unlink_use(t, &t->entries[i]);
		link_use(t, i);
	}
	*out = t->entries[i].mac;
	return true;
}

bool neighbour_table_search(const struct neighbour_table *t, const struct addr *a,
			    const struct mac *mac, struct neighbour_entry *out)
{
	for (uint32_t i = t->newest; i != NONE; i = t->entries[i].older) {
		const struct entry *e = &t->entries[i];

		if (a ? !addr_equal(&e->key.addr, a) : memcmp(&e->mac, mac, sizeof(*mac)) != 0)
			continue;
		out->addr = e->key.addr;
		out->mac = e->mac;
		out->ifindex = e->key.ifindex;
		return true;
	}
	return false;
}

void neighbour_table_note_absent(struct neighbour_table *t, const struct addr *a,
				 uint32_t ifindex, bool is_awaited, uint64_t now_ms)
{
	struct key key = make_key(a, ifindex);
	struct absent *absent = &t->absents[hash_of(t, &key) % ABSENTS];

	absent->key = key;
	absent->awaited_until_ms = is_awaited ? now_ms + NEIGHBOUR_AWAIT_MS : 0;
	absent->until_ms = now_ms + NEIGHBOUR_ABSENT_MS;
}

enum neighbour_absence neighbour_table_absence(const struct neighbour_table *t,
					       const struct addr *a, uint32_t ifindex,
					       uint64_t now_ms)
{
	struct key key = make_key(a, ifindex);
	const struct absent *absent = &t->absents[hash_of(t, &key) % ABSENTS];

	if (now_ms >= absent->until_ms || !key_equal(&absent->key, &key))
		return NEIGHBOUR_NOT_SOUGHT;
	return now_ms < absent->awaited_until_ms ? NEIGHBOUR_IS_AWAITED : NEIGHBOUR_IS_ABSENT;
}

/* --- interfaces --------------------------------------------------------------------- */

/* Where ifindex stands, or would. */
static uint32_t interface_at(const struct neighbour_table *t, uint32_t ifindex)
{
	uint32_t from = 0, to = t->interface_count;

	while (from < to) {
		uint32_t middle = (from + to) / 2;

		if (t->interfaces[middle].ifindex < ifindex)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static bool interface_is_at(const struct neighbour_table *t, uint32_t at,
			    uint32_t ifindex)
{
	return at < t->interface_count && t->interfaces[at].ifindex == ifindex;
}

void neighbour_table_set_interface(struct neighbour_table *t, uint32_t ifindex,
				   const char *name, bool resolves)
{
	uint32_t at = interface_at(t, ifindex);
	struct interface *i = &t->interfaces[at];

	if (!interface_is_at(t, at, ifindex)) {
		if (t->interface_count == INTERFACES_MAX)
			return;
		memmove(i + 1, i, (t->interface_count - at) * sizeof(*i));
		t->interface_count++;
	}
	memset(i, 0, sizeof(*i));
	i->ifindex = ifindex;
	i->generation = t->generation;
	i->resolves = resolves;
	memcpy(i->name, name, strnlen(name, sizeof(i->name) - 1));
}

void neighbour_table_remove_interface(struct neighbour_table *t, uint32_t ifindex)
{
	uint32_t at = interface_at(t, ifindex);
	struct interface *i = &t->interfaces[at];

	if (!interface_is_at(t, at, ifindex))
		return;
	t->interface_count--;
	memmove(i, i + 1, (t->interface_count - at) * sizeof(*i));
}

const char *neighbour_table_interface(const struct neighbour_table *t, uint32_t ifindex)
{
	uint32_t at = interface_at(t, ifindex);

	return interface_is_at(t, at, ifindex) ? t->interfaces[at].name : NULL;
}

bool neighbour_table_resolves(const struct neighbour_table *t, uint32_t ifindex)
{
	uint32_t at = interface_at(t, ifindex);

	return interface_is_at(t, at, ifindex) && t->interfaces[at].resolves;
}

/* --- the whole ---------------------------------------------------------------------- */

void neighbour_table_refresh_begin(struct neighbour_table *t)
{
	t->generation++;
}

void neighbour_table_refresh_end(struct neighbour_table *t)
{
	uint32_t kept = 0;

	for (uint32_t i = t->newest; i != NONE;) {
		uint32_t older = t->entries[i].older;

		if (t->entries[i].generation != t->generation)
			remove_entry(t, i);
		i = older;
	}
	for (uint32_t i = 0; i < t->interface_count; i++)
		if (t->interfaces[i].generation == t->generation)
			t->interfaces[kept++] = t->interfaces[i];
	t->interface_count = kept;
}

int neighbour_table_new(struct neighbour_table **out)
{
	struct neighbour_table *t = calloc(1, sizeof(*t)); /* 4 MiB, most never touched */

	if (!t)
		return -ENOMEM;
	hash_key_init(&t->hash_key);
	t->free = t->newest = t->oldest = NONE;
	*out = t;
	return 0;
}

void neighbour_table_free(struct neighbour_table *t)
{
	free(t);
}

size_t neighbour_table_count(const struct neighbour_table *t)
{
	return t->count;
}

size_t neighbour_table_interface_count(const struct neighbour_table *t)
{
	return t->interface_count;
}

uint64_t neighbour_table_added(const struct neighbour_table *t)
{
	return t->added;
}

uint64_t neighbour_table_evicted(const struct neighbour_table *t)
{
	return t->evicted;
}
