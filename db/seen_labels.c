/* Labels that lookups had; see seen_labels.h. */
#include "db/seen_labels.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/hash.h"

#define SLOTS 4096 /* a power of two; a clash replaces the older client */

/* Without padding: compared and hashed as bytes. */
struct key {
	uint8_t has_mac;
	uint8_t family;
	uint8_t id[16];
};

struct slot {
	struct key key;
	char text[SEEN_LABEL_MAX + 1]; /* "": free */
};

struct seen_labels {
	struct hash_key hash;
	struct slot slots[SLOTS];
};

struct seen_labels *seen_labels_new(void)
{
	struct seen_labels *s = calloc(1, sizeof(*s));

	if (s)
		hash_key_init(&s->hash);
	return s;
}

void seen_labels_free(struct seen_labels *s)
{
	free(s);
}

static struct key key_of(const struct mac *mac, const struct addr *addr)
{
	struct key k = { .has_mac = mac != NULL };

	if (mac) {
		memcpy(k.id, mac->bytes, sizeof(mac->bytes));
		return k;
	}
	k.family = addr->family;
	memcpy(k.id, addr->bytes, sizeof(k.id));
	return k;
}

static size_t slot_of(const struct seen_labels *s, const struct key *k)
{
	return hash_bytes(&s->hash, k, sizeof(*k)) & (SLOTS - 1);
}

void seen_labels_put(struct seen_labels *s, const struct mac *mac, const struct addr *addr,
		     const char *text, size_t len)
{
	struct key k = key_of(mac, addr);
	struct slot *at = &s->slots[slot_of(s, &k)];
	bool is_its = !memcmp(&at->key, &k, sizeof(k));

	if (len > SEEN_LABEL_MAX || memchr(text, '\0', len))
		len = 0;
	if (!len && !is_its)
		return; /* another's stays */
	at->key = k;
	memcpy(at->text, text, len);
	at->text[len] = '\0';
}

const char *seen_labels_find(const struct seen_labels *s, const struct mac *mac,
			     const struct addr *addr)
{
	struct key k = key_of(mac, addr);
	const struct slot *at = &s->slots[slot_of(s, &k)];

	return *at->text && !memcmp(&at->key, &k, sizeof(k)) ? at->text : NULL;
}
