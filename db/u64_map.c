/* Open addressing, at most half full; see u64_map.h. */
#include "db/u64_map.h"

#include <errno.h>
#include <stdlib.h>

#define ROOM_MIN 1024

void u64_map_fini(struct u64_map *m)
{
	free(m->keys);
	free(m->values);
	*m = (struct u64_map){ 0 };
}

/* Where a key is, or would be. 0 marks what is free, so it stands for itself elsewhere. */
static size_t place_of(const struct u64_map *m, uint64_t key)
{
	size_t at = (size_t)((key * 0x9e3779b97f4a7c15ull) >> 20) & (m->room - 1);

	while (m->keys[at] && m->keys[at] != key)
		at = (at + 1) & (m->room - 1);
	return at;
}

static uint64_t without_zero(uint64_t key)
{
	return key ? key : UINT64_MAX;
}

uint32_t *u64_map_get(const struct u64_map *m, uint64_t key)
{
	size_t at;

	if (!m->room)
		return NULL;
	at = place_of(m, without_zero(key));
	return m->keys[at] ? &m->values[at] : NULL;
}

static int grow(struct u64_map *m)
{
	struct u64_map to = { .room = m->room ? m->room * 2 : ROOM_MIN, .count = m->count };

	to.keys = calloc(to.room, sizeof(*to.keys));
	to.values = calloc(to.room, sizeof(*to.values));
	if (!to.keys || !to.values) {
		u64_map_fini(&to);
		return -ENOMEM;
	}
	for (size_t i = 0; i < m->room; i++) {
		size_t at;

		if (!m->keys[i])
			continue;
		at = place_of(&to, m->keys[i]);
		to.keys[at] = m->keys[i];
		to.values[at] = m->values[i];
	}
	u64_map_fini(m);
	*m = to;
	return 0;
}

int u64_map_put(struct u64_map *m, uint64_t key, uint32_t value, bool *is_new)
{
	size_t at;

	if (m->count >= m->room / 2 && grow(m))
		return -ENOMEM;
	key = without_zero(key);
	at = place_of(m, key);
	*is_new = !m->keys[at];
	if (!*is_new)
		return 0;
	m->keys[at] = key;
	m->values[at] = value;
	m->count++;
	return 0;
}
