/* Claims by name: who holds a lease, and what a name holds; see lease_parts.h. Knows nothing of
 * the kernel's ends. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/dname.h"
#include "lib/util.h"
#include "nftsync/lease_parts.h"

static unsigned is_ip6(const struct addr *a)
{
	return a->family == AF_INET6;
}

struct holder **holder_bucket(const struct lease_ledger *l, const struct msg_device *device,
			      const uint8_t *name, size_t name_len)
{
	uint8_t key[sizeof(*device) + UINT8_MAX];

	memcpy(key, device, sizeof(*device));
	memcpy(key + sizeof(*device), name, name_len);
	return &l->holder_buckets[hash_bytes(&l->hash, key, sizeof(*device) + name_len) &
				  (l->bucket_count - 1)];
}

struct holder *holder_find(const struct lease_ledger *l, const struct msg_device *device,
			   const uint8_t *name, size_t name_len)
{
	struct holder *h = *holder_bucket(l, device, name, name_len);

	while (h && (h->name_len != name_len || memcmp(h->name, name, name_len) ||
		     memcmp(&h->device->id, device, sizeof(*device))))
		h = h->next;
	return h;
}

static struct holder *get_holder(struct lease_ledger *l, struct device *d,
				 const uint8_t *name, size_t name_len)
{
	struct holder *h = holder_find(l, &d->id, name, name_len), **at;

	if (h)
		return h;
	h = calloc(1, sizeof(*h) + name_len);
	if (!h)
		return NULL;
	h->device = d;
	h->name_len = (uint8_t)name_len;
	memcpy(h->name, name, name_len);
	at = holder_bucket(l, &d->id, name, name_len);
	h->next = *at;
	*at = h;
	return h;
}

static void put_holder(struct lease_ledger *l, struct holder *h)
{
	struct holder **at;

	if (h->claims)
		return;
	for (at = holder_bucket(l, &h->device->id, h->name, h->name_len); *at != h;
	     at = &(*at)->next)
		;
	*at = h->next;
	free(h->chain);
	free(h);
}

void claim_drop(struct lease_ledger *l, struct claim *c)
{
	struct claim **at;

	for (at = &c->lease->claims; *at != c; at = &(*at)->next_of_lease)
		;
	*at = c->next_of_lease;
	for (at = &c->holder->claims; *at != c; at = &(*at)->next_of_holder)
		;
	*at = c->next_of_holder;
	c->lease->claim_count--;
	c->holder->count[is_ip6(&c->lease->addr)]--;
	l->claim_count--;
	put_holder(l, c->holder);
	free(c);
}

/* Its end stays in force, but nobody knows any more whose it was. */
static void make_nameless(struct lease_ledger *l, struct claim *c)
{
	c->lease->nameless_ms = MAX(c->lease->nameless_ms, c->end_ms);
	claim_drop(l, c);
}

static struct claim *first_to_end(const struct lease *e)
{
	struct claim *first = e->claims;

	for (struct claim *c = first; c; c = c->next_of_lease)
		if (c->end_ms < first->end_ms)
			first = c;
	return first;
}

static struct claim *add_claim(struct lease_ledger *l, struct lease *e, const uint8_t *name,
			       size_t name_len)
{
	struct holder *h;
	struct claim *c;

	if (!name_len || name_len > UINT8_MAX)
		return NULL;
	if (e->claim_count == LEASE_CLAIMS)
		make_nameless(l, first_to_end(e));
	if (l->claim_count >= (size_t)CLAIMS_A_LEASE * l->limits.max_leases)
		return NULL;
	c = calloc(1, sizeof(*c));
	h = c ? get_holder(l, e->device, name, name_len) : NULL;
	if (!h) {
		free(c);
		return NULL;
	}
	*c = (struct claim){
		.next_of_lease = e->claims, .next_of_holder = h->claims, .lease = e, .holder = h,
	};
	e->claims = h->claims = c;
	e->claim_count++;
	h->count[is_ip6(&e->addr)]++;
	l->claim_count++;
	return c;
}

static struct claim *find_claim(const struct lease *e, const uint8_t *name, size_t name_len)
{
	for (struct claim *c = e->claims; c; c = c->next_of_lease)
		if (c->holder->name_len == name_len && !memcmp(c->holder->name, name, name_len))
			return c;
	return NULL;
}

void claim_note(struct lease_ledger *l, struct lease *e, const uint8_t *name, size_t name_len,
		uint64_t now_ms, uint64_t end_ms)
{
	struct claim *c = find_claim(e, name, name_len);

	if (!c)
		c = add_claim(l, e, name, name_len);
	if (c) {
		c->asked_ms = now_ms;
		c->end_ms = MAX(c->end_ms, end_ms);
	} else {
		e->nameless_ms = MAX(e->nameless_ms, end_ms);
	}
	e->asked_ms = now_ms;
	e->end_ms = MAX(e->end_ms, end_ms);
}

/* --- where answers came from --------------------------------------------------------- */

bool lease_chain_has(const uint8_t *chain, size_t len, const uint8_t *name, size_t name_len)
{
	for (size_t at = 0, n; at < len; at += n) {
		n = dname_wire_len(chain + at, len - at);
		if (n == name_len && !memcmp(chain + at, name, n))
			return true;
	}
	return false;
}

/* Add to a chain the names that it has not, while there is room. @return its length */
static size_t merge(uint8_t *to, size_t len, const uint8_t *chain, size_t chain_len)
{
	for (size_t at = 0, n; at < chain_len; at += n) {
		n = dname_wire_len(chain + at, chain_len - at);
		if (len + n > MSG_CHAIN_MAX || lease_chain_has(to, len, chain + at, n))
			continue;
		memcpy(to + len, chain + at, n);
		len += n;
	}
	return len;
}

/* The newest names first: what leases were given over before may still be open. */
static void note_chain(struct holder *h, const uint8_t *chain, size_t chain_len)
{
	uint8_t merged[MSG_CHAIN_MAX], *copy;
	size_t len = merge(merged, 0, chain, chain_len);

	len = merge(merged, len, h->chain, h->chain_len);
	if (!len || (len == h->chain_len && !memcmp(merged, h->chain, len)))
		return;
	copy = realloc(h->chain, len);
	if (!copy)
		return;
	memcpy(copy, merged, len);
	h->chain = copy;
	h->chain_len = (uint16_t)len;
}

void lease_note_origin(struct lease_ledger *l, const struct msg_device *device,
		       const uint8_t *name, size_t name_len, const struct lease_origin *origin)
{
	struct holder *h = holder_find(l, device, name, name_len);

	if (!h)
		return;
	h->client = origin->client;
	note_chain(h, origin->chain, origin->chain_len);
}

uint64_t claim_end_without(const struct claim *c)
{
	const struct lease *e = c->lease;
	uint64_t end_ms = e->nameless_ms;

	for (const struct claim *other = e->claims; other; other = other->next_of_lease)
		if (other != c)
			end_ms = MAX(end_ms, other->end_ms);
	return end_ms ? MAX(end_ms, e->kept_ms) : 0;
}

struct claim *claim_over_cap(const struct lease_ledger *l, const struct lease_key *key,
			     const uint8_t *name, size_t name_len)
{
	struct holder *h = name_len ? holder_find(l, &key->device, name, name_len) : NULL;
	struct claim *first = NULL;

	if (!h || h->count[is_ip6(&key->addr)] < LEASE_NAME_ADDRS)
		return NULL;
	for (struct claim *c = h->claims; c; c = c->next_of_holder) {
		if (addr_equal(&c->lease->addr, &key->addr))
			return NULL; /* it holds this one already: no further address */
		if (is_ip6(&c->lease->addr) == is_ip6(&key->addr) && !c->lease->unsettled &&
		    (!first || c->end_ms < first->end_ms))
			first = c;
	}
	return first;
}
