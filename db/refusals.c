/* One array, one fold table; see refusals.h. */
#include "db/refusals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/msg.h"
#include "lib/util.h"

#define SLOTS	  (REFUSALS_MAX * 2)
#define MINUTE_US 60000000

struct refusals {
	struct hash_key key;
	size_t count, waiting;
	int64_t newest_minute;
	int64_t full_minute; /* in which there was nothing to forget; 0: none */
	uint16_t slots[SLOTS]; /* row index + 1, or 0 */
	struct refusal rows[REFUSALS_MAX];
};

struct refusals *refusals_new(void)
{
	struct refusals *r = calloc(1, sizeof(*r));

	if (r)
		hash_key_init(&r->key);
	return r;
}

void refusals_free(struct refusals *r)
{
	free(r);
}

static uint16_t *slot_of(struct refusals *r, const struct refusal *row)
{
	uint8_t key[64] = { 0 };
	uint8_t *p = key;

	p = mempcpy(p, &row->client, sizeof(row->client));
	p = mempcpy(p, &row->dest, sizeof(row->dest));
	p = mempcpy(p, &row->mac, sizeof(row->mac));
	p = mempcpy(p, &row->minute, sizeof(row->minute));
	p = mempcpy(p, &row->port, sizeof(row->port));
	*p++ = row->has_mac;
	*p++ = row->proto;
	*p++ = row->observed;
	return &r->slots[hash_bytes(&r->key, key, (size_t)(p - key)) % SLOTS];
}

static bool is_same(const struct refusal *a, const struct refusal *b)
{
	return a->minute == b->minute && a->port == b->port && a->proto == b->proto &&
	       a->observed == b->observed && a->has_mac == b->has_mac &&
	       addr_equal(&a->client, &b->client) && addr_equal(&a->dest, &b->dest) &&
	       !memcmp(&a->mac, &b->mac, sizeof(a->mac));
}

static void count_into(struct refusals *r, struct refusal *row, const struct msg_refused *m)
{
	if (!row->unwritten)
		r->waiting++;
	row->n += m->n;
	row->unwritten += m->n;
	row->first_us = MIN(row->first_us, m->ts_us);
	row->last_us = MAX(row->last_us, m->ts_us);
}

/* Forget rows of earlier minutes that have been written. */
static void forget_old(struct refusals *r)
{
	size_t kept = 0;

	memset(r->slots, 0, sizeof(r->slots));
	for (size_t i = 0; i < r->count; i++) {
		struct refusal row = r->rows[i];
		uint16_t *slot;

		if (row.minute != r->newest_minute && !row.unwritten)
			continue;
		slot = slot_of(r, &row);
		row.chain = *slot;
		r->rows[kept] = row;
		*slot = (uint16_t)++kept;
	}
	r->count = kept;
}

int refusals_add(struct refusals *r, const struct msg_refused *m)
{
	struct refusal new = {
		.client = m->client, .dest = m->dest, .has_mac = m->has_mac, .proto = m->proto,
		.observed = m->would, .port = m->port, .minute = m->ts_us / MINUTE_US,
		.first_us = m->ts_us, .last_us = m->ts_us,
	};
	uint16_t *slot;

	if (m->has_mac)
		new.mac = m->mac;
	slot = slot_of(r, &new);
	for (uint16_t i = *slot; i; i = r->rows[i - 1].chain) {
		if (is_same(&r->rows[i - 1], &new)) {
			count_into(r, &r->rows[i - 1], m);
			return 0;
		}
	}
	r->newest_minute = new.minute;
	if (r->count == REFUSALS_MAX && r->full_minute != new.minute) {
		r->full_minute = new.minute; /* a flood pays for this once a minute */
		forget_old(r);
	}
	if (r->count == REFUSALS_MAX)
		return -ENOSPC;
	memcpy(new.interface, m->interface, sizeof(new.interface) - 1);
	new.chain = *slot;
	r->rows[r->count] = new;
	*slot = (uint16_t)++r->count;
	count_into(r, &r->rows[r->count - 1], m);
	return 0;
}

size_t refusals_waiting(const struct refusals *r)
{
	return r->waiting;
}

struct refusal *refusals_next(struct refusals *r, const struct refusal *after)
{
	size_t at = after ? (size_t)(after - r->rows) + 1 : 0;

	return at < r->count ? &r->rows[at] : NULL;
}

void refusals_committed(struct refusals *r)
{
	for (size_t i = 0; i < r->count; i++) {
		if (r->rows[i].unwritten)
			r->rows[i].row = r->rows[i].row_in_commit;
		r->rows[i].unwritten = 0;
	}
	r->waiting = 0;
	forget_old(r);
}

void refusals_detach(struct refusals *r)
{
	for (size_t i = 0; i < r->count; i++)
		r->rows[i].row = 0;
}
