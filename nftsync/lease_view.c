/* Looking into the ledger, whole or in slices; see lease.h. Changes nothing. */
#include "lib/util.h"
#include "nftsync/lease_parts.h"

static struct lease_view view_of(const struct lease *e)
{
	struct lease_view v = { .key = lease_key_of(e), .end_ms = e->end_ms };
	const struct claim *longest = e->claims;

	for (const struct claim *c = longest; c; c = c->next_of_lease)
		if (c->end_ms > longest->end_ms)
			longest = c;
	if (longest) {
		v.name = longest->holder->name;
		v.name_len = longest->holder->name_len;
	}
	return v;
}

size_t lease_walk(const struct lease_ledger *l, size_t *cursor, struct lease_view *views,
		  size_t room)
{
	size_t n = 0;

	for (; *cursor < l->bucket_count && n + LEASE_WALK_MIN <= room; (*cursor)++) {
		const struct lease *e = l->buckets[*cursor];

		for (unsigned i = 0; e && i < LEASE_WALK_MIN; i++, e = e->next)
			views[n++] = view_of(e);
	}
	return n;
}

size_t lease_walk_holders(const struct lease_ledger *l, size_t *cursor,
			  struct lease_holder *holders, size_t room)
{
	size_t n = 0;

	for (; *cursor < l->bucket_count && n + LEASE_WALK_MIN <= room; (*cursor)++) {
		const struct holder *h = l->holder_buckets[*cursor];

		for (unsigned i = 0; h && i < LEASE_WALK_MIN; i++, h = h->next)
			holders[n++] = (struct lease_holder){
				h->device->id, h->client, h->name, h->name_len, h->chain,
				h->chain_len,
			};
	}
	return n;
}

const struct lease_limits *lease_limits(const struct lease_ledger *l)
{
	return &l->limits;
}

size_t lease_count(const struct lease_ledger *l)
{
	return l->count;
}

bool lease_find(const struct lease_ledger *l, const struct lease_key *key,
		struct lease_view *out)
{
	const struct lease *e = lease_lookup(l, key);

	if (!e)
		return false;
	*out = view_of(e);
	return true;
}

size_t lease_claims(const struct lease_ledger *l, const struct lease_key *key,
		    struct lease_claim_view out[LEASE_CLAIMS + 1])
{
	const struct lease *e = lease_lookup(l, key);
	size_t n = 0;

	if (!e)
		return 0;
	for (const struct claim *c = e->claims; c; c = c->next_of_lease)
		out[n++] = (struct lease_claim_view){ c->holder->name, c->holder->name_len,
						      c->asked_ms, c->end_ms };
	if (e->nameless_ms)
		out[n++] = (struct lease_claim_view){ .end_ms = e->nameless_ms };
	return n;
}
