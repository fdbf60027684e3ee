/* Sets of eight entries, most recently used first; see idcache.h. */
#include "db/idcache.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 8

struct entry {
	uint64_t hash; /* 0: free; free entries are the last of their set */
	int64_t id;
};

struct idcache {
	size_t mask; /* sets - 1 */
	struct entry *sets; /* owned */
};

struct idcache *idcache_new(size_t entries)
{
	struct idcache *c = calloc(1, sizeof(*c));
	size_t sets = 1;

	if (!c)
		return NULL;
	while (sets * WAYS < entries)
		sets *= 2;
	c->mask = sets - 1;
	c->sets = calloc(sets * WAYS, sizeof(*c->sets));
	if (!c->sets) {
		free(c);
		return NULL;
	}
	return c;
}

void idcache_free(struct idcache *c)
{
	if (!c)
		return;
	free(c->sets);
	free(c);
}

static uint64_t usable(uint64_t hash)
{
	return hash ? hash : 1;
}

static struct entry *set_of(struct idcache *c, uint64_t hash)
{
	return &c->sets[(hash & c->mask) * WAYS];
}

/* Index in the set, or WAYS. */
static unsigned find(const struct entry *set, uint64_t hash)
{
	unsigned i = 0;

	while (i < WAYS && set[i].hash != hash)
		i++;
	return i;
}

static void move_to_front(struct entry *set, unsigned i, struct entry e)
{
	memmove(&set[1], &set[0], i * sizeof(*set));
	set[0] = e;
}

static unsigned victim(const struct entry *set)
{
	for (unsigned i = WAYS; i-- > 0;)
		if (!set[i].hash || !set[i].id)
			return i;
	return WAYS - 1;
}

bool idcache_find(struct idcache *c, uint64_t hash, int64_t *id)
{
	struct entry *set = set_of(c, usable(hash));
	unsigned i = find(set, usable(hash));

	if (i == WAYS)
		return false;
	*id = set[i].id;
	if (i)
		move_to_front(set, i, set[i]);
	return true;
}

void idcache_put(struct idcache *c, uint64_t hash, int64_t id)
{
	struct entry e = { .hash = usable(hash), .id = id };
	struct entry *set = set_of(c, e.hash);
	unsigned i = find(set, e.hash);

	if (i == WAYS)
		i = victim(set);
	move_to_front(set, i, e);
}

static void remove_at(struct entry *set, unsigned i)
{
	memmove(&set[i], &set[i + 1], (WAYS - 1 - i) * sizeof(*set));
	set[WAYS - 1] = (struct entry){ 0 };
}

void idcache_remove(struct idcache *c, uint64_t hash)
{
	struct entry *set = set_of(c, usable(hash));
	unsigned i = find(set, usable(hash));

	if (i < WAYS)
		remove_at(set, i);
}

void idcache_forget_above(struct idcache *c, int64_t last)
{
	for (size_t s = 0; s <= c->mask; s++) {
		struct entry *set = &c->sets[s * WAYS];

		for (unsigned i = WAYS; i-- > 0;)
			if (set[i].id > last)
				remove_at(set, i);
	}
}

void idcache_clear(struct idcache *c)
{
	memset(c->sets, 0, (c->mask + 1) * WAYS * sizeof(*c->sets));
}
