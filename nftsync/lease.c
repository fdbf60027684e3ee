/* The ledger of leases: claims and ends; see lease.h. Pure: knows no clock, no set and no socket.
 * Its tables are in lease_table.c, the claims' names in lease_claims.c, withdrawals in
 * lease_withdraw.c. */
#include "nftsync/lease.h"

#include <errno.h>
#include <string.h>

#include "lib/util.h"
#include "nftsync/lease_parts.h"

/* --- claims ------------------------------------------------------------------------- */

/* The device's settled lease that ends first; usually the top of its heap. */
static struct lease *first_settled(const struct device *d)
{
	struct lease *first = NULL;

	for (size_t i = 0; i < d->leases.count; i++) {
		struct lease *e = CONTAINER_OF(d->leases.nodes[i], struct lease, by_end);

		if (!e->unsettled && (!first || e->by_end.key < first->by_end.key))
			first = e;
		if (first && !i)
			break; /* the top is settled: nothing ends before it */
	}
	return first;
}

static int claim_new(struct lease_ledger *l, const struct lease_key *key, uint64_t end_ms,
		     bool has_room, struct lease **added, struct lease_change *change)
{
	struct device *d = lease_device(l, &key->device);
	struct lease *evict = NULL;

	if (!has_room && d && d->leases.count >= l->limits.max_device_leases) {
		evict = first_settled(d);
		if (!evict)
			return -ENOSPC;
	} else if (!has_room && l->count >= l->limits.max_leases) {
		return -ENOSPC;
	}
	*added = lease_add(l, key, end_ms);
	if (!*added)
		return -ENOMEM;
	(*added)->unsettled = LEASE_INSERT;
	change->verdict = LEASE_INSERT;
	if (evict) {
		change->has_evicted = true;
		change->evicted = lease_key_of(evict);
		lease_forget(l, evict);
	}
	return 0;
}

/* Below half of a claim's own life, or below what the record itself promises? */
static bool must_refresh(const struct lease *e, uint64_t life_ms, uint64_t ttl_ms,
			 uint64_t now_ms)
{
	uint64_t left_ms = e->by_end.key > now_ms ? e->by_end.key - now_ms : 0;

	return left_ms < life_ms / 2 || left_ms < ttl_ms;
}

int lease_claim(struct lease_ledger *l, const struct lease_key *key, uint32_t ttl_s,
		const uint8_t *name, size_t name_len, uint64_t now_ms,
		struct lease_change *out)
{
	const struct lease_limits *lim = &l->limits;
	uint64_t ttl_ms = 1000ull * MIN(MAX(ttl_s, lim->min_s), lim->max_s);
	uint64_t life_ms = ttl_ms + 1000ull * lim->grace_s;
	uint64_t end_ms = now_ms + life_ms;
	struct lease_change change = { .verdict = LEASE_COVERED, .key = *key };
	struct claim *over;
	struct lease *e;
	bool frees; /* a lease of this device ends for it */
	int rc;

	if (!lease_key_is_gated(key)) {
		change.verdict = LEASE_REFUSED;
		*out = change;
		return 0;
	}
	e = lease_lookup(l, key);
	over = claim_over_cap(l, key, name, name_len);
	frees = over && claim_end_without(over) <= now_ms;
	if (over && !frees)
		lease_let_go(l, over, now_ms, &change.evicted);
	if (!e) {
		rc = claim_new(l, key, end_ms, frees, &e, &change);
		if (rc)
			return rc;
	}
	if (frees) {
		change.has_evicted = true;
		lease_let_go(l, over, now_ms, &change.evicted);
	}
	claim_note(l, e, name, name_len, now_ms, end_ms);
	if (e->unsettled) {
		change.verdict = e->unsettled;
		lease_set_kernel_end(l, e, e->end_ms);
	} else if (e->end_ms > e->by_end.key && must_refresh(e, life_ms, ttl_ms, now_ms)) {
		change.verdict = e->unsettled = LEASE_REFRESH;
		e->undo_ms = e->by_end.key;
		lease_set_kernel_end(l, e, e->end_ms);
	}
	change.end_ms = e->end_ms;
	*out = change;
	return 0;
}

void lease_settle(struct lease_ledger *l, const struct lease_key *key, int rc)
{
	struct lease *e = lease_lookup(l, key);

	if (!e || !e->unsettled)
		return;
	if (!rc) {
		e->unsettled = 0;
		return;
	}
	if (e->unsettled == LEASE_INSERT) {
		lease_forget(l, e);
		return;
	}
	e->unsettled = 0; /* its own end stays: written again when the kernel's comes */
	lease_set_kernel_end(l, e, MIN(e->undo_ms, e->end_ms));
}

/* --- ends --------------------------------------------------------------------------- */

bool lease_next_due(struct lease_ledger *l, uint64_t now_ms, struct lease_change *out)
{
	struct heap_node *first = heap_first(&l->devices_by_end);
	struct lease *e;

	if (!first || first->key > now_ms)
		return false;
	e = CONTAINER_OF(heap_first(&CONTAINER_OF(first, struct device, by_end)->leases),
			 struct lease, by_end);
	*out = (struct lease_change){ .verdict = LEASE_ENDED, .key = lease_key_of(e) };
	if (e->end_ms <= now_ms) {
		lease_forget(l, e);
		return true;
	}
	out->verdict = e->unsettled = LEASE_REFRESH;
	out->end_ms = e->end_ms;
	e->undo_ms = e->by_end.key;
	lease_set_kernel_end(l, e, e->end_ms);
	return true;
}

bool lease_ends_by(const struct lease_ledger *l, uint64_t then_ms)
{
	const struct heap_node *first = heap_first(&l->devices_by_end);

	return first && first->key <= then_ms;
}

bool lease_keep(struct lease_ledger *l, const struct lease_key *key, uint64_t until_ms)
{
	struct lease *e = lease_lookup(l, key);
	uint64_t last_ms;

	if (!e)
		return false;
	last_ms = e->asked_ms + 1000ull * ((uint64_t)l->limits.max_s + l->limits.grace_s);
	until_ms = MIN(until_ms, last_ms);
	if (until_ms <= e->end_ms)
		return false;
	e->end_ms = e->kept_ms = until_ms;
	return true;
}

int lease_adopt(struct lease_ledger *l, const struct lease_key *key, uint64_t left_ms,
		uint64_t now_ms)
{
	uint64_t end_ms = now_ms + left_ms;
	struct lease *e;

	if (!lease_key_is_gated(key))
		return -EINVAL;
	e = lease_lookup(l, key);
	if (!e) {
		if (l->count >= l->limits.max_leases)
			return -ENOSPC;
		e = lease_add(l, key, end_ms);
		if (!e)
			return -ENOMEM;
	}
	claim_note(l, e, NULL, 0, now_ms, end_ms);
	if (e->end_ms > e->by_end.key)
		lease_set_kernel_end(l, e, e->end_ms);
	return 0;
}

void lease_end_again(struct lease_ledger *l, const struct lease_key *key, uint64_t now_ms)
{
	if (!lease_lookup(l, key))
		lease_add(l, key, now_ms); /* asked_ms 0: lease_keep() finds it too old */
}
