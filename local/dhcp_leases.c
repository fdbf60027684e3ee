/* Leases by address; see dhcp_leases.h. */
#include "local/dhcp_leases.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/util.h"

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

static char host_char(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c + 32);
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')
		return c;
	return '\0';
}

size_t dhcp_name(const char *text, size_t len, char name[DHCP_NAME_MAX + 1])
{
	static const char *const refused[] = { "localhost", "wpad", "isatap" };
	const char *dot = len ? memchr(text, '.', len) : NULL;
	size_t n = dot ? (size_t)(dot - text) : len;

	name[0] = '\0';
	if (!n || n > DHCP_NAME_MAX || text[0] == '-' || text[n - 1] == '-')
		return 0;
	for (size_t i = 0; i < n; i++) {
		name[i] = host_char(text[i]);
		if (!name[i]) {
			name[0] = '\0';
			return 0;
		}
	}
	name[n] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		if (strcmp(name, refused[i]))
			continue;
		name[0] = '\0';
		return 0;
	}
	return n;
}

uint64_t dhcp_owner(const void *id, size_t len)
{
	const uint8_t *p = id;
	uint64_t h = 0xcbf29ce484222325ull; /* FNV-1a: only to tell clients apart */

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return h ? h : 1;
}
