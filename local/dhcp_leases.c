/* Leases by address; see dhcp_leases.h. */
#include "local/dhcp_leases.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"

#define SLOTS (DHCP_LEASES_MAX * 2) /* a power of two */

struct dhcp_leases {
	struct hash_key hash;
	struct dhcp_lease *leases; /* owned */
	size_t count, room, left_out;
	uint32_t slots[SLOTS]; /* index + 1; 0: free */
};

int dhcp_leases_new(struct dhcp_leases **out)
{
	struct dhcp_leases *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	hash_key_init(&s->hash);
	*out = s;
	return 0;
}

void dhcp_leases_free(struct dhcp_leases *s)
{
	if (!s)
		return;
	free(s->leases);
	free(s);
}

static int grow(struct dhcp_leases *s)
{
	size_t room = s->room ? s->room * 2 : 64;
	struct dhcp_lease *more;

	if (s->count < s->room)
		return 0;
	more = reallocarray(s->leases, room, sizeof(*more));
	if (!more)
		return -ENOMEM;
	s->leases = more;
	s->room = room;
	return 0;
}

int dhcp_leases_put(struct dhcp_leases *s, const struct dhcp_lease *l)
{
	size_t at = hash_bytes(&s->hash, &l->addr, sizeof(l->addr)) % SLOTS;

	for (; s->slots[at]; at = (at + 1) % SLOTS) {
		struct dhcp_lease *old = &s->leases[s->slots[at] - 1];

		if (!addr_equal(&old->addr, &l->addr))
			continue;
		*old = *l;
		return 0;
	}
	if (s->count == DHCP_LEASES_MAX) {
		s->left_out++;
		return 0;
	}
	if (grow(s))
		return -ENOMEM;
	s->leases[s->count++] = *l;
	s->slots[at] = (uint32_t)s->count;
	return 0;
}

size_t dhcp_leases_count(const struct dhcp_leases *s)
{
	return s->count;
}

const struct dhcp_lease *dhcp_leases_at(const struct dhcp_leases *s, size_t i)
{
	return &s->leases[i];
}

size_t dhcp_leases_left_out(const struct dhcp_leases *s)
{
	return s->left_out;
}

uint64_t dhcp_owner(const void *id, size_t len)
{
	const uint8_t *p = id;
	uint64_t h = 0xcbf29ce484222325ull; /* FNV-1a: only to tell clients apart */

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return h ? h : 1;
}
