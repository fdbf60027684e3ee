/* Batches in a queue, each with its own memory and fold table; see pending.h. */
#include "db/pending.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/msg.h"
#include "lib/util.h"

#define SLOTS	     (PENDING_BATCH_ROWS * 2)
#define ANSWER_BYTES 2048 /* of an answer that are kept */
/* no record can be longer than this; a batch with less room left is full */
#define RECORD_BYTES (sizeof(struct msg_lookup) + 4 * 255 + ANSWER_BYTES + 8)

struct batch {
	struct batch *next;
	size_t used; /* bytes of arena */
	size_t count;
	uint16_t slots[SLOTS]; /* row index + 1, or 0 */
	uint16_t order[PENDING_BATCH_ROWS];
	struct pending_row rows[PENDING_BATCH_ROWS];
	/* pages that were never written cost no memory */
	_Alignas(struct msg_lookup) uint8_t arena[PENDING_BATCH_BYTES];
};

struct pending {
	struct hash_key key;
	struct batch *head, *tail; /* owned; never NULL */
	size_t batches, count;
};

static struct batch *batch_new(void)
{
	return calloc(1, sizeof(struct batch));
}

struct pending *pending_new(void)
{
	struct pending *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	hash_key_init(&p->key);
	p->head = p->tail = batch_new();
	p->batches = 1;
	if (!p->head) {
		free(p);
		return NULL;
	}
	return p;
}

void pending_free(struct pending *p)
{
	if (!p)
		return;
	while (p->head) {
		struct batch *next = p->head->next;

		free(p->head);
		p->head = next;
	}
	free(p);
}

/* Length octets are below 'A', so a whole wire name can be lowered octet by octet. */
static void lower(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] |= 0x20;
}

/* Copy the answer's records up to the limits; adds to *hash what depends neither on their
 * order nor on their TTLs. Returns the bytes kept. */
static size_t copy_answer(const struct pending *p, const uint8_t *from, size_t len,
			  uint8_t *to, uint16_t *more, uint64_t *hash)
{
	uint8_t one[sizeof(struct msg_rr) + 256];
	size_t kept = 0;
	unsigned count = 0;

	while (len) {
		struct msg_rr rr;
		size_t bytes;

		memcpy(&rr, from, sizeof(rr));
		bytes = sizeof(rr) + rr.rdata_len;
		memcpy(one, &rr, sizeof(rr));
		memset(one + offsetof(struct msg_rr, ttl_s), 0, sizeof(rr.ttl_s));
		memcpy(one + sizeof(rr), from + sizeof(rr), rr.rdata_len);
		if (rr.type == 5)
			lower(one + sizeof(rr), rr.rdata_len);
		*hash += hash_bytes(&p->key, one, bytes);
		memcpy(one, &rr, sizeof(rr));
		if (++count <= PENDING_ANSWER_RRS && kept + bytes <= ANSWER_BYTES && !*more) {
			memcpy(to + kept, one, bytes);
			kept += bytes;
		} else if (*more < UINT16_MAX) {
			(*more)++;
		}
		from += bytes;
		len -= bytes;
	}
	return kept;
}

/* Copy a record to the end of the arena; row gets all but its place in the fold table. */
static size_t copy_record(const struct pending *p, struct batch *b,
			  const struct msg_lookup *m, struct pending_row *row)
{
	size_t texts = (size_t)m->qname_len + m->device_len + m->list_len + m->pattern_len;
	struct msg_lookup *copy = (struct msg_lookup *)(b->arena + b->used);
	uint64_t answer = 0;
	size_t kept;

	memcpy(copy, m, sizeof(*copy) + texts);
	lower(copy->data, m->qname_len);
	*row = (struct pending_row){
		.ts_us = m->ts_us, .n = 1, .rtt_us = m->rtt_us, .hold_us = m->hold_us,
		.lookup = copy,
	};
	kept = copy_answer(p, m->data + texts, m->answer_len, copy->data + texts,
			   &row->answer_more, &answer);
	/* what may differ between identical lookups does not go into the hash */
	copy->ts_us = 0;
	copy->rtt_us = copy->hold_us = 0;
	copy->size = 0;
	memset(&copy->upstream, 0, sizeof(copy->upstream));
	row->hash = answer + hash_bytes(&p->key, copy, sizeof(*copy) + texts);
	copy->upstream = m->upstream;
	copy->answer_len = (uint16_t)kept;
	return (sizeof(*copy) + texts + kept + 7) & ~(size_t)7;
}

static void fold(struct pending_row *into, const struct pending_row *row)
{
	if (into->n < UINT32_MAX)
		into->n++;
	into->ts_us = MIN(into->ts_us, row->ts_us);
	into->rtt_us = MAX(into->rtt_us, row->rtt_us);
	into->hold_us = MAX(into->hold_us, row->hold_us);
}

static struct batch *batch_with_room(struct pending *p)
{
	struct batch *b = p->tail;

	if (b->count < PENDING_BATCH_ROWS && b->used + RECORD_BYTES <= sizeof(b->arena))
		return b;
	if (p->batches == PENDING_BATCHES)
		return NULL;
	b = batch_new();
	if (!b)
		return NULL;
	p->tail->next = b;
	p->tail = b;
	p->batches++;
	return b;
}

int pending_add(struct pending *p, const struct msg_lookup *m)
{
	struct batch *b = batch_with_room(p);
	struct pending_row row;
	uint16_t *slot;
	size_t bytes;

	if (!b)
		return -ENOSPC;
	bytes = copy_record(p, b, m, &row);
	slot = &b->slots[row.hash % SLOTS];
	for (uint16_t i = *slot; i; i = b->rows[i - 1].chain) {
		if (b->rows[i - 1].hash == row.hash) {
			fold(&b->rows[i - 1], &row);
			return 1;
		}
	}
	row.chain = *slot;
	b->rows[b->count] = row;
	*slot = (uint16_t)++b->count;
	b->used += bytes;
	p->count++;
	return 0;
}

size_t pending_count(const struct pending *p)
{
	return p->count;
}

static int by_time(const void *a, const void *b, void *arg)
{
	const struct pending_row *rows = arg;
	int64_t x = rows[*(const uint16_t *)a].ts_us, y = rows[*(const uint16_t *)b].ts_us;

	return (x > y) - (x < y);
}

const struct pending_row *pending_head(struct pending *p, const uint16_t **order,
				       size_t *count)
{
	struct batch *b = p->head;

	if (!b->count)
		return NULL;
	for (size_t i = 0; i < b->count; i++)
		b->order[i] = (uint16_t)i;
	qsort_r(b->order, b->count, sizeof(b->order[0]), by_time, b->rows);
	*order = b->order;
	*count = b->count;
	return b->rows;
}

void pending_drop_head(struct pending *p)
{
	struct batch *b = p->head;

	p->count -= b->count;
	if (b->next) {
		p->head = b->next;
		p->batches--;
		free(b);
		return;
	}
	b->count = 0;
	b->used = 0;
	memset(b->slots, 0, sizeof(b->slots));
}
