/* Withdrawals from the ledger; see lease_withdraw.h. Pure: knows no set and no socket. */
#include "nftsync/lease_withdraw.h"

#include <string.h>

#include "lib/util.h"
#include "nftsync/lease_parts.h"

bool lease_let_go(struct lease_ledger *l, struct claim *c, uint64_t now_ms,
		  struct lease_key *key)
{
	struct lease *e = c->lease;
	uint64_t end_ms = claim_end_without(c);

	*key = lease_key_of(e);
	if (end_ms <= now_ms) {
		lease_forget(l, e);
		return false;
	}
	claim_drop(l, c);
	e->end_ms = end_ms;
	if (e->by_end.key > end_ms)
		lease_set_kernel_end(l, e, end_ms);
	return true;
}

/* --- by name ------------------------------------------------------------------------ */

static bool is_meant(const struct holder *h, const struct lease_withdrawal *w)
{
	if (w->device && memcmp(&h->device->id, w->device, sizeof(*w->device)) != 0)
		return false;
	if (h->name_len == w->name_len && !memcmp(h->name, w->name, w->name_len))
		return true;
	return w->deep && lease_chain_has(h->chain, h->chain_len, w->name, w->name_len);
}

static struct claim *claim_to(const struct holder *h, const struct addr *dest)
{
	struct claim *c = h->claims;

	while (c && dest && !addr_equal(&c->lease->addr, dest))
		c = c->next_of_holder;
	return c;
}

/* From the cursor on, a claim of a name that is meant. */
static struct claim *next_claim(const struct lease_ledger *l, struct lease_withdrawal *w)
{
	if (w->device && !w->deep) { /* there is one holder at most */
		struct holder *h = holder_find(l, w->device, w->name, w->name_len);

		return h ? claim_to(h, w->dest) : NULL;
	}
	for (; w->cursor < l->bucket_count; w->cursor++) {
		for (struct holder *h = l->holder_buckets[w->cursor]; h; h = h->next) {
			struct claim *c = is_meant(h, w) ? claim_to(h, w->dest) : NULL;

			if (c)
				return c;
		}
	}
	return NULL;
}

/* --- whole leases ------------------------------------------------------------------- */

static struct lease *next_lease(const struct lease_ledger *l, struct lease_withdrawal *w)
{
	const struct device *d = w->device ? lease_device(l, w->device) : NULL;

	if (w->device) {
		for (size_t i = 0; d && i < d->leases.count; i++) {
			struct lease *e = CONTAINER_OF(d->leases.nodes[i], struct lease, by_end);

			if (!w->dest || addr_equal(&e->addr, w->dest))
				return e;
		}
		return NULL;
	}
	for (; w->cursor < l->bucket_count; w->cursor++)
		for (struct lease *e = l->buckets[w->cursor]; e; e = e->next)
			if (!w->dest || addr_equal(&e->addr, w->dest))
				return e;
	return NULL;
}

bool lease_withdraw_next(struct lease_ledger *l, struct lease_withdrawal *w, uint64_t now_ms,
			 struct lease_key *ended)
{
	struct lease *e;
	struct claim *c;

	/* What has been found goes, so the search always gets on. */
	while (w->name_len && (c = next_claim(l, w))) {
		if (!lease_let_go(l, c, now_ms, ended))
			return true;
		w->kept++;
	}
	e = w->name_len ? NULL : next_lease(l, w);
	if (!e)
		return false;
	*ended = lease_key_of(e);
	lease_forget(l, e);
	return true;
}
