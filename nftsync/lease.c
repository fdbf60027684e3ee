/* The ledger of leases; see lease.h. Pure: knows no clock, no set and no socket.
 *
 * Two levels of heaps keep the order of ending: each device has one of its leases, the ledger
 * has one of the devices by their first lease. So the next lease to end, and the next of one
 * device, are both at a top. */
#include "nftsync/lease.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/util.h"
#include "nftsync/end_heap.h"

#define BUCKETS_MIN 1024

struct device {
	struct device *next;	 /* in its bucket */
	struct heap_node by_end; /* in ledger.devices_by_end; key: of the first in leases */
	struct end_heap leases;	 /* keyed by the kernel's end */
	struct msg_device id;
};

struct lease {
	struct lease *next;	 /* in its bucket */
	struct device *device;	 /* borrowed; lives as long as it has leases */
	struct heap_node by_end; /* in device->leases; key: kernel's end, promised if unsettled */
	uint64_t end_ms;	 /* the latest of all claims */
	uint64_t undo_ms;	 /* unsettled refresh: the kernel's end before it */
	uint8_t *name;		 /* owned; NULL: unknown */
	struct addr addr;
	uint8_t name_len;
	uint8_t unsettled; /* LEASE_INSERT or LEASE_REFRESH while the kernel has not said yes */
};

struct lease_ledger {
	struct lease_limits limits;
	struct hash_key hash;
	struct lease **buckets; /* owned; bucket_count is a power of two >= max_leases */
	struct device **device_buckets;
	size_t bucket_count, count;
	struct end_heap devices_by_end;
};

/* --- tables ------------------------------------------------------------------------- */

static size_t buckets_for(uint32_t max_leases)
{
	size_t n = BUCKETS_MIN;

	while (n < max_leases)
		n *= 2;
	return n;
}

static struct lease **lease_bucket(const struct lease_ledger *l, const struct lease_key *key)
{
	return &l->buckets[hash_bytes(&l->hash, key, sizeof(*key)) & (l->bucket_count - 1)];
}

static struct device **device_bucket(const struct lease_ledger *l,
				     const struct msg_device *id)
{
	uint64_t h = hash_bytes(&l->hash, id, sizeof(*id));

	return &l->device_buckets[h & (l->bucket_count - 1)];
}

static struct lease_key key_of(const struct lease *e)
{
	return (struct lease_key){ .device = e->device->id, .addr = e->addr };
}

static struct lease *find(const struct lease_ledger *l, const struct lease_key *key)
{
	for (struct lease *e = *lease_bucket(l, key); e; e = e->next)
		if (!memcmp(&e->addr, &key->addr, sizeof(e->addr)) &&
		    !memcmp(&e->device->id, &key->device, sizeof(key->device)))
			return e;
	return NULL;
}

static struct device *find_device(const struct lease_ledger *l, const struct msg_device *id)
{
	for (struct device *d = *device_bucket(l, id); d; d = d->next)
		if (!memcmp(&d->id, id, sizeof(*id)))
			return d;
	return NULL;
}

/* Both arrays of the new size, filled from the old ones. */
static int resize(struct lease_ledger *l, size_t bucket_count)
{
	struct lease_ledger n = *l;

	n.bucket_count = bucket_count;
	n.buckets = calloc(bucket_count, sizeof(n.buckets[0]));
	n.device_buckets = calloc(bucket_count, sizeof(n.device_buckets[0]));
	if (!n.buckets || !n.device_buckets) {
		free(n.buckets);
		free(n.device_buckets);
		return -ENOMEM;
	}
	for (size_t i = 0; i < l->bucket_count; i++) {
		for (struct lease *e = l->buckets[i], *next; e; e = next) {
			struct lease_key key = key_of(e);
			struct lease **at = lease_bucket(&n, &key);

			next = e->next;
			e->next = *at;
			*at = e;
		}
		for (struct device *d = l->device_buckets[i], *next; d; d = next) {
			struct device **at = device_bucket(&n, &d->id);

			next = d->next;
			d->next = *at;
			*at = d;
		}
	}
	free(l->buckets);
	free(l->device_buckets);
	*l = n;
	return 0;
}

int lease_ledger_new(const struct lease_limits *limits, struct lease_ledger **out)
{
	struct lease_ledger *l = calloc(1, sizeof(*l));
	int rc;

	if (!l)
		return -ENOMEM;
	hash_key_init(&l->hash);
	rc = resize(l, buckets_for(MIN(limits->max_leases, LEASE_LIMIT)));
	if (rc) {
		free(l);
		return rc;
	}
	lease_set_limits(l, limits);
	*out = l;
	return 0;
}

void lease_set_limits(struct lease_ledger *l, const struct lease_limits *limits)
{
	size_t wanted;

	l->limits = *limits;
	l->limits.max_leases = MIN(limits->max_leases, LEASE_LIMIT);
	wanted = buckets_for(l->limits.max_leases);
	if (wanted > l->bucket_count)
		resize(l, wanted); /* without memory: longer buckets, nothing else */
}

/* --- devices and leases ------------------------------------------------------------- */

/* After any change in a device's heap: its place among the devices; gone with its last lease. */
static void device_changed(struct lease_ledger *l, struct device *d)
{
	struct heap_node *first = heap_first(&d->leases);
	struct device **at;

	if (first) {
		if (first->key != d->by_end.key)
			heap_change(&l->devices_by_end, &d->by_end, first->key);
		return;
	}
	for (at = device_bucket(l, &d->id); *at != d; at = &(*at)->next)
		;
	*at = d->next;
	heap_remove(&l->devices_by_end, &d->by_end);
	heap_fini(&d->leases);
	free(d);
}

/* The device, made if it was unknown. NULL without memory. */
static struct device *get_device(struct lease_ledger *l, const struct msg_device *id)
{
	struct device *d = find_device(l, id);
	struct device **at;

	if (d)
		return d;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->id = *id;
	d->by_end.key = UINT64_MAX;
	if (heap_add(&l->devices_by_end, &d->by_end)) {
		free(d);
		return NULL;
	}
	at = device_bucket(l, id);
	d->next = *at;
	*at = d;
	return d;
}

static void forget(struct lease_ledger *l, struct lease *e)
{
	struct lease_key key = key_of(e);
	struct device *d = e->device;
	struct lease **at;

	for (at = lease_bucket(l, &key); *at != e; at = &(*at)->next)
		;
	*at = e->next;
	l->count--;
	heap_remove(&d->leases, &e->by_end);
	device_changed(l, d);
	free(e->name);
	free(e);
}

static struct lease *add(struct lease_ledger *l, const struct lease_key *key, uint64_t end_ms)
{
	struct device *d = get_device(l, &key->device);
	struct lease *e = d ? calloc(1, sizeof(*e)) : NULL;
	struct lease **at;

	if (!d)
		return NULL;
	if (e) {
		e->device = d;
		e->addr = key->addr;
		e->end_ms = e->by_end.key = end_ms;
	}
	if (!e || heap_add(&d->leases, &e->by_end)) {
		free(e);
		device_changed(l, d);
		return NULL;
	}
	device_changed(l, d);
	at = lease_bucket(l, key);
	e->next = *at;
	*at = e;
	l->count++;
	return e;
}

static void set_kernel_end(struct lease_ledger *l, struct lease *e, uint64_t end_ms)
{
	heap_change(&e->device->leases, &e->by_end, end_ms);
	device_changed(l, e->device);
}

/* Of the claim that ends last. Without memory the old name stays: it only informs. */
static void set_name(struct lease *e, const uint8_t *name, size_t name_len)
{
	uint8_t *copy;

	if (!name_len || name_len > UINT8_MAX ||
	    (name_len == e->name_len && !memcmp(name, e->name, name_len)))
		return;
	copy = malloc(name_len);
	if (!copy)
		return;
	memcpy(copy, name, name_len);
	free(e->name);
	e->name = copy;
	e->name_len = (uint8_t)name_len;
}

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
		     struct lease **added, struct lease_change *change)
{
	struct device *d = find_device(l, &key->device);
	struct lease *evict = NULL;

	if (d && d->leases.count >= l->limits.max_device_leases) {
		evict = first_settled(d);
		if (!evict)
			return -ENOSPC;
	} else if (l->count >= l->limits.max_leases) {
		return -ENOSPC;
	}
	*added = add(l, key, end_ms);
	if (!*added)
		return -ENOMEM;
	(*added)->unsettled = LEASE_INSERT;
	change->verdict = LEASE_INSERT;
	if (evict) {
		change->has_evicted = true;
		change->evicted = key_of(evict);
		forget(l, evict);
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
	struct lease *e;
	int rc;

	if (!lease_key_is_gated(key)) {
		change.verdict = LEASE_REFUSED;
		*out = change;
		return 0;
	}
	e = find(l, key);
	if (!e) {
		rc = claim_new(l, key, end_ms, &e, &change);
		if (rc)
			return rc;
		set_name(e, name, name_len);
	} else if (end_ms > e->end_ms) {
		e->end_ms = end_ms;
		set_name(e, name, name_len);
	}
	if (e->unsettled) {
		change.verdict = e->unsettled;
		set_kernel_end(l, e, e->end_ms);
	} else if (e->end_ms > e->by_end.key && must_refresh(e, life_ms, ttl_ms, now_ms)) {
		change.verdict = e->unsettled = LEASE_REFRESH;
		e->undo_ms = e->by_end.key;
		set_kernel_end(l, e, e->end_ms);
	}
	change.end_ms = e->end_ms;
	*out = change;
	return 0;
}

void lease_settle(struct lease_ledger *l, const struct lease_key *key, int rc)
{
	struct lease *e = find(l, key);

	if (!e || !e->unsettled)
		return;
	if (!rc) {
		e->unsettled = 0;
		return;
	}
	if (e->unsettled == LEASE_INSERT) {
		forget(l, e);
		return;
	}
	e->unsettled = 0; /* its own end stays: written again when the kernel's comes */
	set_kernel_end(l, e, e->undo_ms);
}

bool lease_next_due(struct lease_ledger *l, uint64_t now_ms, struct lease_change *out)
{
	struct heap_node *first = heap_first(&l->devices_by_end);
	struct lease *e;

	if (!first || first->key > now_ms)
		return false;
	e = CONTAINER_OF(heap_first(&CONTAINER_OF(first, struct device, by_end)->leases),
			 struct lease, by_end);
	*out = (struct lease_change){ .verdict = LEASE_ENDED, .key = key_of(e) };
	if (e->end_ms <= now_ms) {
		forget(l, e);
		return true;
	}
	out->verdict = e->unsettled = LEASE_REFRESH;
	out->end_ms = e->end_ms;
	e->undo_ms = e->by_end.key;
	set_kernel_end(l, e, e->end_ms);
	return true;
}

int lease_adopt(struct lease_ledger *l, const struct lease_key *key, uint64_t left_ms,
		uint64_t now_ms)
{
	uint64_t end_ms = now_ms + left_ms;
	struct lease *e;

	if (!lease_key_is_gated(key))
		return -EINVAL;
	e = find(l, key);
	if (!e) {
		if (l->count >= l->limits.max_leases)
			return -ENOSPC;
		return add(l, key, end_ms) ? 0 : -ENOMEM;
	}
	if (end_ms > e->end_ms) {
		e->end_ms = end_ms;
		set_kernel_end(l, e, end_ms);
	}
	return 0;
}

/* --- the whole ---------------------------------------------------------------------- */

void lease_settle_all(struct lease_ledger *l)
{
	for (size_t i = 0; i < l->bucket_count; i++) {
		for (struct lease *e = l->buckets[i]; e; e = e->next) {
			e->unsettled = 0;
			set_kernel_end(l, e, e->end_ms);
		}
	}
}

void lease_clear(struct lease_ledger *l)
{
	for (size_t i = 0; i < l->bucket_count; i++)
		while (l->buckets[i])
			forget(l, l->buckets[i]);
}

static struct lease_view view_of(const struct lease *e)
{
	return (struct lease_view){
		.key = key_of(e),
		.end_ms = e->end_ms,
		.name = e->name,
		.name_len = e->name_len,
	};
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

size_t lease_count(const struct lease_ledger *l)
{
	return l->count;
}

bool lease_find(const struct lease_ledger *l, const struct lease_key *key,
		struct lease_view *out)
{
	const struct lease *e = find(l, key);

	if (!e)
		return false;
	*out = view_of(e);
	return true;
}

void lease_ledger_free(struct lease_ledger *l)
{
	if (!l)
		return;
	lease_clear(l);
	heap_fini(&l->devices_by_end);
	free(l->buckets);
	free(l->device_buckets);
	free(l);
}
