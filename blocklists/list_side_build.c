/*
 * Equal rules are found by a hash table of their fields. At the end each gets the bucket of
 * one of the three-octet pieces of its literal, the least used one, or the last bucket if it
 * has no such piece. See list_side_build.h.
 */
#include "blocklists/list_side_build.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "blocklists/list_image.h"
#include "blocklists/list_mask.h"
#include "blocklists/list_regex.h"
#include "lib/hash.h"
#include "lib/util.h"

/** Who says it, and where. */
struct place {
	uint32_t side; /* number of its record */
	uint32_t where;
	uint8_t list;
	bool disables;
};

struct list_side_build {
	struct list_buf records; /* struct list_side_record; row is the bucket at the end */
	struct list_buf texts;
	struct list_buf places;
	uint32_t count, regexes;
	uint32_t *slots; /* owned; number of the record + 1, 0: free */
	uint32_t slot_count;
	uint64_t seed[2];
};

int list_side_build_new(struct list_side_build **out)
{
	struct list_side_build *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->slot_count = 64;
	b->slots = calloc(b->slot_count, sizeof(*b->slots));
	if (!b->slots) {
		free(b);
		return -ENOMEM;
	}
	random_bytes(b->seed, sizeof(b->seed));
	*out = b;
	return 0;
}

void list_side_build_free(struct list_side_build *b)
{
	if (!b)
		return;
	list_buf_free(&b->records);
	list_buf_free(&b->texts);
	list_buf_free(&b->places);
	free(b->slots);
	free(b);
}

static struct list_side_record *record_at(const struct list_side_build *b, uint32_t i)
{
	return (struct list_side_record *)b->records.bytes + i;
}

static struct list_side_record record_of(const struct list_side *s)
{
	return (struct list_side_record){
		.kind = s->kind,
		.anchors = s->anchors,
		.level = s->level,
		.text_len = s->text_len,
		.conds_len = s->conds_len,
		.rule_len = s->rule_len,
	};
}

static bool is_same(const struct list_side_build *b, const struct list_side_record *r,
		    const struct list_side *s)
{
	const uint8_t *text = b->texts.bytes + r->at;

	return r->kind == s->kind && r->anchors == s->anchors && r->level == s->level &&
	       r->text_len == s->text_len && r->conds_len == s->conds_len &&
	       !memcmp(text, s->text, s->text_len) &&
	       !memcmp(text + r->text_len, s->conds, s->conds_len);
}

static uint64_t side_hash(const struct list_side_build *b, const void *text, size_t text_len,
			  const void *conds, size_t conds_len)
{
	const struct hash_key key = { { b->seed[0], b->seed[1] } };

	return hash_bytes(&key, text, text_len) * 3 + hash_bytes(&key, conds, conds_len);
}

static uint32_t *slot_of(const struct list_side_build *b, const struct list_side *s)
{
	uint64_t h = side_hash(b, s->text, s->text_len, s->conds, s->conds_len);

	for (;; h++) {
		uint32_t *slot = &b->slots[h & (b->slot_count - 1)];

		if (!*slot || is_same(b, record_at(b, *slot - 1), s))
			return slot;
	}
}

static int slots_grow(struct list_side_build *b)
{
	uint32_t n = b->slot_count * 2, *slots = calloc(n, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < b->count; i++) {
		const struct list_side_record *r = record_at(b, i);
		const uint8_t *text = b->texts.bytes + r->at;
		uint64_t h = side_hash(b, text, r->text_len, text + r->text_len,
				       r->conds_len);

		while (slots[h & (n - 1)])
			h++;
		slots[h & (n - 1)] = i + 1;
	}
	free(b->slots);
	b->slots = slots;
	b->slot_count = n;
	return 0;
}

/** A rule that no list had before: its texts one behind the other, and its record. */
static int record_add(struct list_side_build *b, const struct list_side *s)
{
	struct list_side_record r = record_of(s), *to;
	size_t len = (size_t)s->text_len + s->conds_len + s->rule_len;
	uint8_t *text;
	int rc;

	if (b->count >= LIST_SIDES_MAX || b->texts.len + len > LIST_SIDE_TEXTS_MAX ||
	    (s->kind == SIDE_REGEX && b->regexes >= LIST_REGEXES_MAX))
		return -E2BIG;
	rc = s->kind == SIDE_REGEX ? list_regex_check(s->text, s->text_len) : 0;
	if (rc)
		return rc;
	r.at = (uint32_t)b->texts.len;
	text = list_buf_add(&b->texts, len ? len : 1);
	to = text ? list_buf_add(&b->records, sizeof(r)) : NULL;
	if (!to)
		return -ENOMEM;
	memcpy(text, s->text, s->text_len);
	memcpy(text + s->text_len, s->conds, s->conds_len);
	memcpy(text + s->text_len + s->conds_len, s->rule, s->rule_len);
	*to = r;
	b->count++;
	b->regexes += s->kind == SIDE_REGEX;
	return 0;
}

int list_side_build_add(struct list_side_build *b, unsigned list, const struct list_side *s,
			uint32_t where)
{
	uint32_t *slot = slot_of(b, s);
	struct list_side_record *r;
	uint64_t bit = 1ull << list;
	struct place *p;
	int rc;

	if (!*slot) {
		rc = record_add(b, s);
		if (rc)
			return rc;
		*slot = b->count;
	}
	r = record_at(b, *slot - 1);
	if ((s->disables ? r->off : r->lists) & bit)
		return 1;
	p = list_buf_add(&b->places, sizeof(*p));
	if (!p)
		return -ENOMEM;
	*p = (struct place){ *slot - 1, where, (uint8_t)list, s->disables };
	if (s->disables)
		r->off |= bit;
	else
		r->lists |= bit;
	return b->count * 2 > b->slot_count ? slots_grow(b) : 0;
}

void list_side_build_forget(struct list_side_build *b, unsigned list)
{
	struct place *p = (struct place *)b->places.bytes;
	size_t n = b->places.len / sizeof(*p), kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i].list != list)
			p[kept++] = p[i];
	}
	b->places.len = kept * sizeof(*p);
	for (uint32_t i = 0; i < b->count; i++) {
		record_at(b, i)->lists &= ~(1ull << list);
		record_at(b, i)->off &= ~(1ull << list);
	}
}

/* --- buckets ------------------------------------------------------------------------------ */

/** The least used bucket of a record's pieces; the last one if it has none. */
static uint32_t bucket_of(const struct list_side_build *b, const struct list_side_record *r,
			  unsigned bits, const uint32_t *used)
{
	const char *text = (const char *)b->texts.bytes + r->at, *literal = text;
	uint32_t best = 1u << bits;
	char buf[LIST_SIDE_TEXT];
	size_t len, at = 0;

	if (r->kind == SIDE_MASK) {
		len = list_mask_literal(text, r->text_len, &at);
		literal = text + at;
	} else {
		len = list_regex_literal(text, r->text_len, buf);
		literal = buf;
	}
	for (size_t i = 0; i + LIST_PIECE <= len; i++) {
		uint32_t bucket = list_side_bucket(literal + i, bits);

		if (best == 1u << bits || used[bucket] < used[best])
			best = bucket;
	}
	return best;
}

/** Give each record a bucket, and count these: starts[k + 1] is how many bucket k has. */
static void buckets_fill(struct list_side_build *b, unsigned bits, uint32_t *starts)
{
	for (uint32_t i = 0; i < b->count; i++) {
		struct list_side_record *r = record_at(b, i);

		if (!(r->lists | r->off))
			continue; /* forgotten */
		r->row = bucket_of(b, r, bits, starts + 1);
		starts[r->row + 1]++;
	}
	for (uint32_t k = 0; k < (1u << bits) + 1; k++)
		starts[k + 1] += starts[k];
}

/** Records in the order of their buckets; order[i]: the new number of record i. */
static void records_order(const struct list_side_build *b, const uint32_t *starts,
			  uint32_t *next, struct list_side_record *to, uint32_t *order)
{
	for (uint32_t i = 0; i < b->count; i++) {
		const struct list_side_record *r = record_at(b, i);

		if (!(r->lists | r->off)) {
			order[i] = UINT32_MAX;
			continue;
		}
		order[i] = starts[r->row] + next[r->row]++;
		to[order[i]] = *r;
	}
}

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->side != y->side)
		return x->side < y->side ? -1 : 1;
	return (int)x->list - (int)y->list;
}

/** A line for each list of each record, in order. */
static int rows_fill(struct list_side_build *b, const uint32_t *order,
		     struct list_side_record *records, struct list_buf *rows)
{
	struct place *p = (struct place *)b->places.bytes;
	size_t n = b->places.len / sizeof(*p);
	uint32_t *to;

	for (size_t i = 0; i < n; i++)
		p[i].side = order[p[i].side];
	if (n)
		qsort(p, n, sizeof(*p), compare_places);
	for (size_t i = 0; i < n; i++) {
		uint32_t row = (uint32_t)(rows->len / sizeof(*to));

		if (!i || p[i].side != p[i - 1].side)
			records[p[i].side].row = row;
		if (p[i].disables)
			continue;
		to = list_buf_add(rows, sizeof(*to));
		if (!to)
			return -ENOMEM;
		*to = p[i].where;
	}
	return 0;
}

int list_side_build_finish(struct list_side_build *b, struct list_side_tables *out)
{
	struct list_side_tables t = { .bits = LIST_SIDE_BITS_MIN };
	uint32_t *starts, *order, *next;
	void *records;
	size_t bytes;
	int rc = -ENOMEM;

	while (t.bits < LIST_SIDE_BITS_MAX && b->count * 2 > 1u << t.bits)
		t.bits++;
	bytes = ((1u << t.bits) + 2) * sizeof(*starts);
	starts = list_buf_add(&t.starts, bytes);
	order = calloc(b->count + 1, sizeof(*order));
	next = calloc(1, bytes);
	if (starts && order && next) {
		memset(starts, 0, bytes);
		buckets_fill(b, t.bits, starts);
		records = list_buf_add(&t.records, (starts[(1u << t.bits) + 1] + 1ul) *
							   sizeof(struct list_side_record));
		t.records.len -= records ? sizeof(struct list_side_record) : 0;
		if (records) {
			records_order(b, starts, next, records, order);
			rc = rows_fill(b, order, records, &t.rows);
		}
	}
	free(order);
	free(next);
	if (rc) {
		list_side_tables_free(&t);
		return rc;
	}
	t.texts = b->texts;
	b->texts = (struct list_buf){ .len = 0 };
	*out = t;
	return 0;
}

void list_side_tables_free(struct list_side_tables *t)
{
	list_buf_free(&t->records);
	list_buf_free(&t->starts);
	list_buf_free(&t->texts);
	list_buf_free(&t->rows);
}
