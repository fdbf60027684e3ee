/*
 * Each list that changed becomes a sorted run (list_run.h); the runs, and the index before with
 * all lists that did not, are merged name by name into the encoder. See list_build.h.
 */
#include "blocklists/list_build.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "blocklists/list_encode.h"
#include "blocklists/list_image.h"
#include "blocklists/list_parts.h"
#include "blocklists/list_reuse.h"
#include "blocklists/list_run.h"
#include "blocklists/list_side_build.h"
#include "blocklists/list_span_build.h"
#include "blocklists/list_take.h"
#include "blocklists/list_walk.h"
#include "lib/util.h"

/** The runs of all lists, and what was counted. */
struct build {
	struct list_run runs[LIST_INDEX_LISTS];
	struct list_stats stats[LIST_INDEX_LISTS];
	size_t count;
	struct list_pool pool; /* owned */
	const struct list_index *old; /* borrowed; NULL: none */
	uint64_t again;		      /* lists of old that are taken as they stand */
	uint8_t to[LIST_INDEX_LISTS]; /* what number each of them has now */
};

/** The place in the index before. */
struct old_names {
	const struct build *b; /* borrowed */
	struct list_names at;
	bool is_there; /* at a name of ours; else behind the last */
};

/** The places in all runs, as a binary heap by key: the smallest is first. */
struct merge {
	struct list_cursor cursors[LIST_INDEX_LISTS];
	unsigned heap[LIST_INDEX_LISTS]; /* lists */
	size_t len;
	struct old_names old;
	struct list_holders holders; /* of the name at hand */
	uint8_t key_len;
	char key[LIST_KEY_MAX + 8]; /* the name at hand */
};

static bool heap_before(const struct merge *m, size_t a, size_t b)
{
	const struct list_cursor *x = &m->cursors[m->heap[a]];
	const struct list_cursor *y = &m->cursors[m->heap[b]];

	return list_key_compare(x->key, x->len, y->key, y->len) < 0;
}

/** Let the list at i sink to where it belongs. */
static void heap_sink(struct merge *m, size_t i)
{
	for (;;) {
		size_t least = i, child = 2 * i + 1;
		unsigned t;

		if (child < m->len && heap_before(m, child, least))
			least = child;
		if (child + 1 < m->len && heap_before(m, child + 1, least))
			least = child + 1;
		if (least == i)
			return;
		t = m->heap[i];
		m->heap[i] = m->heap[least];
		m->heap[least] = t;
		i = least;
	}
}

/** Whether a list of ours has anything to say of the name. */
static bool is_ours(const struct list_names *n, uint64_t again)
{
	const uint64_t *lists = n->lists;
	uint64_t any = 0;

	for (uint32_t rules = n->rules; rules; rules &= rules - 1)
		any |= *lists++;
	return any & again;
}

/** Go to the next name of ours. @retval -EBADMSG  it is not behind the one before */
static int old_next(struct old_names *o)
{
	struct list_names *n = &o->at;
	char before[LIST_KEY_MAX];
	bool is_first = !o->is_there;
	uint8_t len = n->len;

	memcpy(before, n->key, len);
	do {
		o->is_there = list_names_next(n);
	} while (o->is_there && !is_ours(n, o->b->again));
	if (!o->is_there || is_first)
		return 0;
	return list_key_compare(before, len, n->key, n->len) < 0 ? 0 : -EBADMSG;
}

static int merge_start(struct merge *m, const struct build *b)
{
	m->len = 0;
	for (unsigned i = 0; i < b->count; i++) {
		list_cursor_start(&m->cursors[i], &b->runs[i]);
		if (list_cursor_next(&m->cursors[i]))
			m->heap[m->len++] = i;
	}
	for (size_t i = m->len / 2; i--;)
		heap_sink(m, i);
	m->old = (struct old_names){ .b = b };
	if (!b->again)
		return 0;
	list_names_start(&m->old.at, b->old);
	return old_next(&m->old);
}

/** Add that a list's entry of a rule is in a line. */
static void holders_add(struct list_holders *h, unsigned list, unsigned rule, uint32_t where)
{
	if (!(h->rules & 1u << rule)) {
		h->rules |= 1u << rule;
		h->lists[rule] = 0;
	}
	h->lists[rule] |= 1ull << list;
	h->where[rule][list] = where;
}

/** Add what our lists say of the name at hand in the index before. */
static void holders_add_old(struct list_holders *h, const struct old_names *o)
{
	const uint64_t *at = o->at.lists;
	uint64_t row = o->at.row;

	for (uint32_t rules = o->at.rules; rules; rules &= rules - 1, at++) {
		unsigned rule = (unsigned)__builtin_ctz(rules);

		for (uint64_t lists = *at; lists; lists &= lists - 1, row++) {
			unsigned list = (unsigned)__builtin_ctzll(lists);

			if (o->b->again >> list & 1)
				holders_add(h, o->b->to[list], rule,
					    list_names_line(&o->at, row));
		}
	}
}

/** Which name comes next. */
static void merge_key(struct merge *m)
{
	const struct list_cursor *c = &m->cursors[m->heap[0]];
	const struct list_names *o = &m->old.at;

	if (m->len && (!m->old.is_there ||
		       list_key_compare(c->key, c->len, o->key, o->len) < 0)) {
		m->key_len = c->len;
		memcpy(m->key, c->key, c->len);
	} else {
		m->key_len = o->len;
		memcpy(m->key, o->key, o->len);
	}
}

/** Take the smallest name, of all lists that hold it, and encode it. */
static int merge_name(struct merge *m, struct list_encoder *e)
{
	struct old_names *o = &m->old;
	int rc = 0;

	merge_key(m);
	m->holders.rules = 0;
	if (o->is_there && !list_key_compare(m->key, m->key_len, o->at.key, o->at.len)) {
		holders_add_old(&m->holders, o);
		rc = old_next(o);
	}
	while (m->len) {
		unsigned list = m->heap[0];
		struct list_cursor *c = &m->cursors[list];

		if (list_key_compare(c->key, c->len, m->key, m->key_len))
			break;
		holders_add(&m->holders, list, c->rule, c->where);
		if (!list_cursor_next(c))
			m->heap[0] = m->heap[--m->len];
		heap_sink(m, 0);
	}
	return rc ? rc : list_encoder_add(e, m->key, m->key_len, &m->holders);
}

static int merge_runs(const struct build *b, struct list_encoder *e)
{
	struct merge *m = malloc(sizeof(*m));
	int rc;

	if (!m)
		return -ENOMEM;
	rc = merge_start(m, b);
	while (!rc && (m->len || m->old.is_there))
		rc = merge_name(m, e);
	free(m);
	return rc;
}

static void runs_free(struct build *b)
{
	for (size_t i = 0; i < b->count; i++)
		list_run_free(&b->runs[i]);
}

/** Entries of a list that are names. */
static uint32_t names_of(const struct list_stats *stats)
{
	uint32_t n = 0;

	for (unsigned r = 0; r < LIST_RULES; r++)
		n += stats->by_rule[r];
	return n;
}

static int build_write(struct build *b, int out_fd)
{
	struct list_side_tables sides = { .bits = 0 };
	struct list_span_tables spans = { .counts = { 0 } };
	uint64_t zones = 0;
	struct list_encoder *e;
	uint64_t expected = 0;
	int rc;

	for (size_t i = 0; i < b->count; i++) {
		expected += names_of(&b->stats[i]);
		if (list_shape_is_zone(b->stats[i].read_as))
			zones |= 1ull << i;
	}
	rc = list_encoder_new(out_fd, expected, &e);
	if (rc)
		return rc;
	rc = merge_runs(b, e);
	runs_free(b);
	if (!rc)
		rc = list_side_build_finish(b->pool.sides, &sides);
	if (!rc)
		rc = list_span_build_finish(&b->pool.spans, zones, &spans);
	if (!rc)
		rc = list_encoder_finish(e, &sides, &spans, b->stats, b->count);
	list_side_tables_free(&sides);
	list_span_tables_free(&spans);
	list_encoder_free(e);
	return rc;
}

/** Take a list out of the index before, which is merged in, or read it.
 *  @param left  names that it may have */
static int build_list(struct build *b, const struct list_source *s, unsigned i, uint32_t left)
{
	unsigned from;
	int rc;

	if (list_reuse_find(s, &from) && (!b->old || b->old == s->old) &&
	    names_of(list_index_stats(s->old, from)) <= left) {
		rc = list_take_again(s, i, from, &b->pool, &b->stats[i]);
		if (!rc) {
			b->old = s->old;
			b->again |= 1ull << from;
			b->to[from] = (uint8_t)i;
		}
		if (rc != -EAGAIN)
			return rc;
	}
	return list_take(s, i, left, &b->pool, &b->stats[i], &b->runs[i]);
}

int list_build(const struct list_source *sources, size_t count, int out_fd)
{
	uint32_t left = LIST_NAMES_MAX;
	struct build *b;
	int rc = 0;

	if (count > LIST_INDEX_LISTS)
		return -E2BIG;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->count = count;
	rc = list_side_build_new(&b->pool.sides);
	for (unsigned i = 0; !rc && i < count; i++) {
		rc = build_list(b, &sources[i], i, left);
		left -= rc ? 0 : names_of(&b->stats[i]);
	}
	if (!rc)
		rc = build_write(b, out_fd);
	runs_free(b);
	list_side_build_free(b->pool.sides);
	list_span_build_free(&b->pool.spans);
	free(b);
	return rc;
}
