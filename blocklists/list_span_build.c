/*
 * Each list's ranges are painted on the line of all addresses, the narrowest first, so that
 * pieces come out which do not overlap; then one sweep over the ends of all lists' pieces
 * gives the segments. See list_span_build.h.
 */
#include "blocklists/list_span_build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blocklists/list_image.h"
#include "blocklists/list_run.h"
#include "lib/util.h"

#define NO_OWNER UINT32_MAX

struct list_placed {
	struct list_span s;
	uint8_t list;
	uint32_t where;
};

int list_span_build_add(struct list_span_build *b, unsigned list, const struct list_span *s,
			uint32_t where)
{
	struct list_placed *p;

	if (b->of_list >= LIST_SPANS_MAX)
		return -E2BIG;
	p = list_buf_add(&b->spans, sizeof(*p));
	if (!p)
		return -ENOMEM;
	*p = (struct list_placed){ *s, (uint8_t)list, where };
	b->of_list++;
	return 0;
}

size_t list_span_build_mark(struct list_span_build *b)
{
	b->of_list = 0;
	return b->spans.len;
}

void list_span_build_cut(struct list_span_build *b, size_t mark)
{
	b->spans.len = mark;
}

void list_span_build_free(struct list_span_build *b)
{
	list_buf_free(&b->spans);
}

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

/** The key behind; false: there is none. */
static bool key_next(uint8_t key[16])
{
	for (unsigned i = 16; i--;) {
		if (++key[i])
			return true;
	}
	return false;
}

/** Order in which ranges are painted: of one table, list and level (in zones: list alone)
 *  together; the narrowest first; of equal ones the first line. */
static bool is_zone(const struct list_placed *p, uint64_t zones)
{
	return zones >> p->list & 1;
}

static void width_of(const struct list_span *s, uint8_t out[16])
{
	int borrow = 0;

	for (unsigned i = 16; i--;) {
		int v = s->hi[i] - s->lo[i] - borrow;

		borrow = v < 0;
		out[i] = (uint8_t)v;
	}
}

static int compare_placed(const void *a, const void *b, void *arg)
{
	const struct list_placed *x = a, *y = b;
	uint64_t zones = *(const uint64_t *)arg;
	uint8_t xw[16], yw[16];
	int c;

	if (x->s.table != y->s.table)
		return x->s.table < y->s.table ? -1 : 1;
	if (x->list != y->list)
		return x->list < y->list ? -1 : 1;
	if (!is_zone(x, zones) && x->s.level != y->s.level)
		return x->s.level < y->s.level ? -1 : 1;
	width_of(&x->s, xw);
	width_of(&y->s, yw);
	c = memcmp(xw, yw, 16);
	return c ? c : (x->where > y->where) - (x->where < y->where);
}

/** Ranges that are painted together: how many from p on. */
static size_t layer_len(const struct list_placed *p, size_t n, uint64_t zones)
{
	size_t i = 1;

	while (i < n && p[i].s.table == p->s.table && p[i].list == p->list &&
	       (is_zone(p, zones) || p[i].s.level == p->s.level))
		i++;
	return i;
}

/** The line of addresses cut at all ends of a layer's ranges. */
struct canvas {
	uint8_t (*cuts)[16]; /* where each part begins; the last is open */
	uint32_t *owner;     /* of each part, NO_OWNER: nobody */
	uint32_t *skip;	     /* the next part that may be free */
	size_t parts;
};

static void canvas_fini(struct canvas *c)
{
	free(c->cuts);
	free(c->owner);
	free(c->skip);
}

static int canvas_init(struct canvas *c, const struct list_placed *p, size_t n)
{
	size_t kept = 0;

	c->cuts = malloc((2 * n + 1) * sizeof(*c->cuts));
	c->owner = malloc((2 * n + 1) * sizeof(*c->owner));
	c->skip = malloc((2 * n + 2) * sizeof(*c->skip));
	c->parts = 0;
	if (!c->cuts || !c->owner || !c->skip)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		memcpy(c->cuts[c->parts++], p[i].s.lo, 16);
		memcpy(c->cuts[c->parts], p[i].s.hi, 16);
		c->parts += key_next(c->cuts[c->parts]);
	}
	qsort(c->cuts, c->parts, sizeof(*c->cuts), compare_keys);
	for (size_t i = 0; i < c->parts; i++) {
		if (!kept || memcmp(c->cuts[kept - 1], c->cuts[i], 16) != 0)
			memmove(c->cuts[kept++], c->cuts[i], 16);
	}
	c->parts = kept;
	for (size_t i = 0; i <= c->parts; i++) {
		c->skip[i] = (uint32_t)i;
		if (i < c->parts)
			c->owner[i] = NO_OWNER;
	}
	return 0;
}

/** The first free part at i or behind; halves the way for the next time. */
static uint32_t free_part(struct canvas *c, uint32_t i)
{
	while (c->skip[i] != i) {
		c->skip[i] = c->skip[c->skip[i]];
		i = c->skip[i];
	}
	return i;
}

static size_t part_at(const struct canvas *c, const uint8_t key[16])
{
	return (size_t)((uint8_t(*)[16])bsearch(key, c->cuts, c->parts, 16, compare_keys) -
			c->cuts);
}

static void paint(struct canvas *c, const struct list_placed *p, uint32_t number)
{
	uint32_t i = free_part(c, (uint32_t)part_at(c, p->s.lo));

	while (i < c->parts && memcmp(c->cuts[i], p->s.hi, 16) <= 0) {
		c->owner[i] = number;
		c->skip[i] = i + 1;
		i = free_part(c, i);
	}
}

/** An end of a piece: from `at` on its lists' line is that of the piece, or none. */
struct end {
	uint8_t at[16];
	uint32_t where;
	uint8_t table, list, level;
	bool is_start;
};

static int add_end(struct list_buf *ends, const struct list_placed *p, const uint8_t at[16],
		   bool is_start)
{
	struct end *e = list_buf_add(ends, sizeof(*e));

	if (!e)
		return -ENOMEM;
	*e = (struct end){
		.where = p->where | (uint32_t)p->s.action << LIST_ACTION_SHIFT,
		.table = p->s.table,
		.list = p->list,
		.level = p->s.level,
		.is_start = is_start,
	};
	memcpy(e->at, at, 16);
	return 0;
}

/** Paint one layer, and add the ends of its pieces. */
static int layer_ends(const struct list_placed *p, size_t n, struct list_buf *ends)
{
	struct canvas c = { .parts = 0 };
	int rc = canvas_init(&c, p, n);

	for (size_t i = 0; !rc && i < n; i++)
		paint(&c, &p[i], (uint32_t)i);
	for (size_t i = 0; !rc && i < c.parts; i++) {
		uint32_t before = i ? c.owner[i - 1] : NO_OWNER;

		if (c.owner[i] == before)
			continue;
		if (before != NO_OWNER)
			rc = add_end(ends, &p[before], c.cuts[i], false);
		if (!rc && c.owner[i] != NO_OWNER)
			rc = add_end(ends, &p[c.owner[i]], c.cuts[i], true);
	}
	canvas_fini(&c);
	return rc;
}

/** By table and address; where one piece ends and another begins, the end first. */
static int compare_ends(const void *a, const void *b)
{
	const struct end *x = a, *y = b;
	int c;

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	c = memcmp(x->at, y->at, 16);
	return c ? c : (int)x->is_start - (int)y->is_start;
}

/** What holds at the place of the sweep. */
struct sweep {
	uint64_t lists[LEVELS];
	uint32_t where[LEVELS][LIST_INDEX_LISTS];
};

/** The number of a class; few are different, and the last ones are most likely. */
static int class_number(struct list_span_tables *t, const uint64_t lists[LEVELS],
			uint32_t *out)
{
	const size_t size = sizeof(uint64_t) * LEVELS;
	size_t n = t->classes.len / size;
	void *to;

	for (size_t i = n; i-- && n - i < 256;) {
		if (!memcmp(t->classes.bytes + i * size, lists, size)) {
			*out = (uint32_t)i;
			return 0;
		}
	}
	to = list_buf_add(&t->classes, size);
	if (!to)
		return -ENOMEM;
	memcpy(to, lists, size);
	*out = (uint32_t)n;
	return 0;
}

static int add_segment(struct list_span_tables *t, const struct sweep *w, const uint8_t at[16],
		       unsigned table)
{
	struct list_segment *s = list_buf_add(&t->segments, sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	memcpy(s->start, at, 16);
	s->row = (uint32_t)(t->rows.len / sizeof(uint32_t));
	rc = class_number(t, w->lists, &s->class);
	t->counts[table]++;
	for (unsigned l = 0; !rc && l < LEVELS; l++) {
		for (uint64_t lists = w->lists[l]; lists; lists &= lists - 1) {
			uint32_t *row = list_buf_add(&t->rows, sizeof(*row));

			if (!row)
				return -ENOMEM;
			*row = w->where[l][__builtin_ctzll(lists)];
		}
	}
	return rc;
}

static int sweep_ends(struct list_span_tables *t, struct end *e, size_t n)
{
	struct sweep *w = calloc(1, sizeof(*w));
	int rc = w ? 0 : -ENOMEM;

	if (n)
		qsort(e, n, sizeof(*e), compare_ends);
	for (size_t i = 0; !rc && i < n;) {
		const struct end *first = &e[i];

		if (i && e[i - 1].table != first->table)
			memset(w->lists, 0, sizeof(w->lists));
		do {
			w->lists[e[i].level] &= ~(1ull << e[i].list);
			if (e[i].is_start) {
				w->lists[e[i].level] |= 1ull << e[i].list;
				w->where[e[i].level][e[i].list] = e[i].where;
			}
		} while (++i < n && e[i].table == first->table &&
			 !memcmp(e[i].at, first->at, 16));
		rc = add_segment(t, w, first->at, first->table);
	}
	free(w);
	return rc;
}

int list_span_build_finish(struct list_span_build *b, uint64_t zones,
			   struct list_span_tables *out)
{
	struct list_placed *p = (struct list_placed *)b->spans.bytes;
	size_t n = b->spans.len / sizeof(*p);
	struct list_span_tables t = { .counts = { 0 } };
	struct list_buf ends = { .len = 0 };
	int rc = 0;

	if (n)
		qsort_r(p, n, sizeof(*p), compare_placed, &zones);
	for (size_t i = 0, len; !rc && i < n; i += len) {
		len = layer_len(p + i, n - i, zones);
		rc = layer_ends(p + i, len, &ends);
	}
	list_buf_free(&b->spans);
	if (!rc)
		rc = sweep_ends(&t, (struct end *)ends.bytes, ends.len / sizeof(struct end));
	list_buf_free(&ends);
	if (rc)
		list_span_tables_free(&t);
	else
		*out = t;
	return rc;
}

void list_span_tables_free(struct list_span_tables *t)
{
	list_buf_free(&t->segments);
	list_buf_free(&t->classes);
	list_buf_free(&t->rows);
}
