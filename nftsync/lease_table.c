/* The ledger's tables: leases and devices by their keys, and the order of their ends; see
 * lease.h and lease_parts.h.
 *
 * Two levels of heaps keep the order of ending: each device has one of its leases, the ledger
 * has one of the devices by their first lease. So the next lease to end, and the next of one
 * device, are both at a top. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "nftsync/lease_mirror.h"
#include "nftsync/lease_parts.h"

#define BUCKETS_MIN 1024

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

struct lease_key lease_key_of(const struct lease *e)
{
	return (struct lease_key){ .device = e->device->id, .addr = e->addr };
}

struct lease *lease_lookup(const struct lease_ledger *l, const struct lease_key *key)
{
	for (struct lease *e = *lease_bucket(l, key); e; e = e->next)
		if (!memcmp(&e->addr, &key->addr, sizeof(e->addr)) &&
		    !memcmp(&e->device->id, &key->device, sizeof(key->device)))
			return e;
	return NULL;
}

struct device *lease_device(const struct lease_ledger *l, const struct msg_device *id)
{
	for (struct device *d = *device_bucket(l, id); d; d = d->next)
		if (!memcmp(&d->id, id, sizeof(*id)))
			return d;
	return NULL;
}

/* All arrays of the new size, filled from the old ones. */
static int resize(struct lease_ledger *l, size_t bucket_count)
{
	struct lease_ledger n = *l;

	n.bucket_count = bucket_count;
	n.buckets = calloc(bucket_count, sizeof(n.buckets[0]));
	n.device_buckets = calloc(bucket_count, sizeof(n.device_buckets[0]));
	n.holder_buckets = calloc(bucket_count, sizeof(n.holder_buckets[0]));
	if (!n.buckets || !n.device_buckets || !n.holder_buckets) {
		free(n.buckets);
		free(n.device_buckets);
		free(n.holder_buckets);
		return -ENOMEM;
	}
	for (size_t i = 0; i < l->bucket_count; i++) {
		for (struct lease *e = l->buckets[i], *next; e; e = next) {
			struct lease_key key = lease_key_of(e);
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
		for (struct holder *h = l->holder_buckets[i], *next; h; h = next) {
			struct holder **at = holder_bucket(&n, &h->device->id, h->name,
							   h->name_len);

			next = h->next;
			h->next = *at;
			*at = h;
		}
	}
	free(l->buckets);
	free(l->device_buckets);
	free(l->holder_buckets);
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
	struct device *d = lease_device(l, id);
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

void lease_forget(struct lease_ledger *l, struct lease *e)
{
	struct lease_key key = lease_key_of(e);
	struct device *d = e->device;
	struct lease **at;

	lease_mirror_remove(l->mirror, e->place);
	while (e->claims)
		claim_drop(l, e->claims);
	for (at = lease_bucket(l, &key); *at != e; at = &(*at)->next)
		;
	*at = e->next;
	l->count--;
	heap_remove(&d->leases, &e->by_end);
	device_changed(l, d);
	free(e);
}

struct lease *lease_add(struct lease_ledger *l, const struct lease_key *key, uint64_t end_ms)
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
	e->place = lease_mirror_add(l->mirror, key, end_ms);
	return e;
}

void lease_set_kernel_end(struct lease_ledger *l, struct lease *e, uint64_t end_ms)
{
	lease_mirror_set(l->mirror, e->place, end_ms);
	heap_change(&e->device->leases, &e->by_end, end_ms);
	device_changed(l, e->device);
}

/* --- the whole ---------------------------------------------------------------------- */

void lease_settle_all(struct lease_ledger *l)
{
	for (size_t i = 0; i < l->bucket_count; i++) {
		for (struct lease *e = l->buckets[i]; e; e = e->next) {
			e->unsettled = 0;
			lease_set_kernel_end(l, e, e->end_ms);
		}
	}
}

void lease_clear(struct lease_ledger *l)
{
	for (size_t i = 0; i < l->bucket_count; i++)
		while (l->buckets[i])
			lease_forget(l, l->buckets[i]);
}

void lease_ledger_free(struct lease_ledger *l)
{
	if (!l)
		return;
	l->mirror = NULL; /* it is for the next process */
	lease_clear(l);
	heap_fini(&l->devices_by_end);
	free(l->buckets);
	free(l->device_buckets);
	free(l->holder_buckets);
	free(l);
}
