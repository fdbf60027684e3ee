/*
 * Each list becomes a sorted run (list_run.h); the runs are merged name by name into the
 * encoder. See list_build.h.
 */
#include "blocklists/list_build.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "blocklists/list_encode.h"
#include "blocklists/list_image.h"
#include "blocklists/list_run.h"
#include "blocklists/list_side_build.h"
#include "blocklists/list_span_build.h"
#include "blocklists/list_take.h"
#include "lib/util.h"

/** The runs of all lists, and what was counted. */
struct build {
	struct list_run runs[LIST_INDEX_LISTS];
	struct list_stats stats[LIST_INDEX_LISTS];
	size_t count;
	struct list_pool pool; /* owned */
};

/** The places in all runs, as a binary heap by key: the smallest is first. */
struct merge {
	struct list_cursor cursors[LIST_INDEX_LISTS];
	unsigned heap[LIST_INDEX_LISTS]; /* lists */
	size_t len;
	struct list_holders holders; /* of the name at hand */
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

static void merge_start(struct merge *m, const struct build *b)
{
	m->len = 0;
	for (unsigned i = 0; i < b->count; i++) {
		list_cursor_start(&m->cursors[i], &b->runs[i]);
		if (list_cursor_next(&m->cursors[i]))
			m->heap[m->len++] = i;
	}
	for (size_t i = m->len / 2; i--;)
		heap_sink(m, i);
}

/** Add the entry that a list's cursor is at. */
static void holders_add(struct list_holders *h, unsigned list, const struct list_cursor *c)
{
	if (!(h->rules & 1u << c->rule)) {
		h->rules |= 1u << c->rule;
		h->lists[c->rule] = 0;
	}
	h->lists[c->rule] |= 1ull << list;
	h->where[c->rule][list] = c->where;
}

/** Take the smallest name, of all lists that hold it, and encode it. */
static int merge_name(struct merge *m, struct list_encoder *e)
{
	struct list_cursor first = m->cursors[m->heap[0]];

	m->holders.rules = 0;
	while (m->len) {
		unsigned list = m->heap[0];
		struct list_cursor *c = &m->cursors[list];

		if (list_key_compare(c->key, c->len, first.key, first.len))
			break;
		holders_add(&m->holders, list, c);
		if (!list_cursor_next(c))
			m->heap[0] = m->heap[--m->len];
		heap_sink(m, 0);
	}
	return list_encoder_add(e, first.key, first.len, &m->holders);
}

static int merge_runs(const struct build *b, struct list_encoder *e)
{
	struct merge *m = malloc(sizeof(*m));
	int rc = 0;

	if (!m)
		return -ENOMEM;
	merge_start(m, b);
	while (!rc && m->len)
		rc = merge_name(m, e);
	free(m);
	return rc;
}

static void runs_free(struct build *b)
{
	for (size_t i = 0; i < b->count; i++)
		list_run_free(&b->runs[i]);
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
		expected += b->runs[i].count;
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
		rc = list_take(&sources[i], i, left, &b->pool, &b->stats[i], &b->runs[i]);
		left -= b->runs[i].count;
	}
	if (!rc)
		rc = build_write(b, out_fd);
	runs_free(b);
	list_side_build_free(b->pool.sides);
	list_span_build_free(&b->pool.spans);
	free(b);
	return rc;
}
