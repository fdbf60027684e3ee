/*
 * Each list becomes a sorted run (list_run.h); the runs are merged name by name into the
 * encoder. See list_build.h.
 */
#include "blocklists/list_build.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blocklists/list_encode.h"
#include "blocklists/list_file.h"
#include "blocklists/list_image.h"
#include "blocklists/list_parser.h"
#include "blocklists/list_run.h"
#include "blocklists/list_side_build.h"
#include "blocklists/list_sides.h"
#include "blocklists/list_walk.h"
#include "lib/clock.h"
#include "lib/util.h"

/** The runs of all lists, and what was counted. */
struct build {
	struct list_run runs[LIST_INDEX_LISTS];
	struct list_stats stats[LIST_INDEX_LISTS];
	size_t count;
	struct list_side_build *sides; /* owned */
};

/** One list being read. */
struct taking {
	const struct list_source *s;
	unsigned list;
	struct list_stats *stats;
	struct list_collect names;
	struct list_side_build *sides; /* of all lists */
};

/** The places in all runs, as a binary heap by key: the smallest is first. */
struct merge {
	struct list_cursor cursors[LIST_INDEX_LISTS];
	unsigned heap[LIST_INDEX_LISTS]; /* lists */
	size_t len;
	struct list_holders holders; /* of the name at hand */
};

static void apply_subdomains(enum conf_subdomains subdomains, struct list_entry *e)
{
	if (subdomains == SUBDOMAINS_YES && e->scope == SCOPE_EXACT)
		e->scope = SCOPE_SUBTREE;
	else if (subdomains == SUBDOMAINS_NO)
		e->scope = SCOPE_EXACT;
}

/** Count what a line, whose number is stats->lines, holds. */
static void count_kind(struct list_stats *stats, enum list_line_kind kind)
{
	uint32_t line = (uint32_t)stats->lines;

	if (!stats->by_kind[kind]++)
		stats->first_line[kind] = line;
	if (kind < LINE_IGNORED)
		return;
	if (kind < LINE_UNSUPPORTED) {
		stats->ignored++;
	} else if (kind < LINE_BAD) {
		stats->unsupported++;
	} else {
		stats->invalid++;
		if (!stats->first_invalid_line)
			stats->first_invalid_line = line;
	}
}

static int take_entry(struct taking *t, struct list_entry *e, uint32_t where)
{
	apply_subdomains(t->s->subdomains, e);
	return list_collect_add(&t->names, e, where);
}

/** Take a rule that is more than a name.
 *  @param kind  set to why it cannot be taken */
static int take_side(struct taking *t, const struct list_side *side, uint32_t where,
		     enum list_line_kind *kind)
{
	int rc = list_side_build_add(t->sides, t->list, side, where);

	if (rc == -EINVAL || rc == -E2BIG) {
		*kind = rc == -EINVAL ? LINE_REGEX : LINE_TOO_MANY;
		return 0;
	}
	if (rc < 0)
		return rc;
	t->stats->duplicates += rc == 1;
	t->stats->by_side[side->kind] += !rc;
	t->stats->conditional += !rc && side->conds_len;
	return 0;
}

/** Take one line of a list's file, whose number is stats->lines. */
static int take_line(struct taking *t, struct list_parser *p, const char *text, size_t len)
{
	uint32_t where = (uint32_t)MIN(t->stats->lines, LIST_WHERE_LINE);
	enum list_line_kind kind;
	struct list_entry entry;

	list_parser_line(p, text, len);
	while ((kind = list_parser_next(p, &entry)) != LINE_END) {
		int rc = 0;

		if (kind == LINE_SIDE)
			rc = take_side(t, &p->side, where, &kind);
		else if (kind == LINE_ENTRY)
			rc = take_entry(t, &entry, where);
		if (rc)
			return rc;
		count_kind(t->stats, kind);
	}
	return 0;
}

/** Let the first lines say what the file is, then go back to its start. */
static int detect(struct list_reader *r, enum list_shape *out)
{
	struct list_detect d = { .lines = 0 };
	const char *text;
	size_t len;
	int rc;

	while ((rc = list_reader_next(r, &text, &len)) > 0) {
		if (text && !list_detect_line(&d, text, len))
			break;
	}
	*out = list_detect_result(&d);
	list_reader_rewind(r);
	return rc < 0 ? rc : 0;
}

static int take_lines(struct taking *t, struct list_reader *r, struct list_parser *p)
{
	const char *text;
	size_t len;
	int rc;

	while ((rc = list_reader_next(r, &text, &len)) > 0) {
		t->stats->lines++;
		if (!text) {
			count_kind(t->stats, LINE_BAD_LONG);
			continue;
		}
		rc = take_line(t, p, text, len);
		if (rc)
			return rc;
	}
	return rc;
}

static enum list_shape shape_of_format(enum conf_list_format format)
{
	static const enum list_shape shapes[] = {
		[LIST_AUTO] = SHAPE_NONE,	[LIST_HOSTS] = SHAPE_NAMES,
		[LIST_DOMAINS] = SHAPE_NAMES,	[LIST_ADBLOCK] = SHAPE_ADBLOCK,
		[LIST_DNSMASQ] = SHAPE_DNSMASQ, [LIST_UNBOUND] = SHAPE_UNBOUND,
		[LIST_RPZ] = SHAPE_RPZ,
	};

	return shapes[format];
}

/** Read a list whose reader is open, as what it is or is said to be. */
static int take_text(struct taking *t, struct list_reader *r)
{
	enum list_shape shape = shape_of_format(t->s->format);
	struct list_parser *p;
	int rc = shape == SHAPE_NONE ? detect(r, &shape) : 0;

	t->stats->shape = shape;
	if (rc)
		return rc;
	t->stats->read_as = shape;
	if (shape == SHAPE_NONE) /* nothing but comments; they are counted */
		shape = SHAPE_NAMES;
	if (!list_parser_reads(shape))
		return -EPROTONOSUPPORT;
	p = malloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	list_parser_init(p, shape);
	rc = take_lines(t, r, p);
	free(p);
	return rc;
}

/** Forget all of a list but its first names. */
static void take_back(struct taking *t, uint32_t names)
{
	list_collect_cut(&t->names, names);
	list_side_build_forget(t->sides, t->list);
	memset(t->stats->by_side, 0, sizeof(t->stats->by_side));
	t->stats->conditional = 0;
}

static uint32_t sides_taken(const struct list_stats *stats)
{
	uint32_t n = 0;

	for (unsigned k = 0; k < SIDE_KINDS; k++)
		n += stats->by_side[k];
	return n;
}

/** Take a list's file. All or nothing: what a failure left half-read is forgotten.
 *  @return 0, or why it cannot be used */
static int take_file(struct taking *t)
{
	const struct list_source *s = t->s;
	uint32_t before = t->names.count;
	struct list_reader r;
	int rc;

	if (s->rc || (s->fd < 0 && !s->len))
		return s->rc;
	rc = list_reader_init(&r, s->fd, s->bytes, s->len);
	if (rc)
		return rc;
	rc = take_text(t, &r);
	if (rc)
		take_back(t, before);
	else
		t->stats->read_s = clock_mono_us() / 1000000;
	list_reader_fini(&r);
	return rc;
}

/** Take the rules that are more than a name from an earlier index. */
static int keep_sides(struct taking *t, const struct list_index *old, unsigned list)
{
	struct list_side *side = malloc(sizeof(*side));
	enum list_line_kind kind;
	uint32_t where;
	int rc = side ? 0 : -ENOMEM, have;

	for (uint32_t i = 0; !rc; i++) {
		have = list_sides_rule(old, list, i, side, &where);
		if (have < 0)
			break;
		if (have)
			rc = take_side(t, side, where, &kind);
	}
	free(side);
	return rc;
}

/** Take what a list's file gave an earlier index, itself perhaps kept. All or nothing.
 *  @retval -ENOMEM, -E2BIG */
static int keep_old(struct taking *t)
{
	uint32_t before = t->names.count;
	struct list_walk walk;
	struct list_entry e;
	uint32_t where;
	int rc = 0;

	if (!t->s->old || !list_walk_start(&walk, t->s->old, t->s->name))
		return 0;
	while (!rc && list_walk_next(&walk, &e, &where)) {
		if (!(where & LIST_WHERE_CONF))
			rc = take_entry(t, &e, where);
	}
	if (!rc)
		rc = keep_sides(t, t->s->old, walk.list);
	if (rc) {
		take_back(t, before);
		return rc;
	}
	t->stats->kept = t->names.count - before + sides_taken(t->stats);
	t->stats->read_as = list_index_stats(t->s->old, walk.list)->read_as;
	t->stats->read_s = list_index_stats(t->s->old, walk.list)->read_s;
	return 0;
}

/** The names that stand in the configuration itself; its reader has checked them. */
static int take_conf_names(struct taking *t)
{
	for (size_t i = 0; i < t->s->name_count; i++) {
		const char *text = t->s->names[i].text;
		struct list_entry entry;
		struct list_line line;
		int rc;

		list_line_start(&line, text, strlen(text));
		if (list_line_next(&line, &entry) != LINE_ENTRY) {
			t->stats->invalid++;
			continue;
		}
		rc = take_entry(t, &entry, LIST_WHERE_CONF | (uint32_t)(i + 1));
		if (rc)
			return rc;
	}
	return 0;
}

static void count_run(struct list_stats *stats, const struct list_run *run)
{
	stats->entries = run->count + sides_taken(stats);
	for (unsigned r = 0; r < LIST_RULES; r++) {
		stats->by_rule[r] = run->by_rule[r];
		if (list_rule_scope(r) != SCOPE_EXACT)
			stats->subtrees += run->by_rule[r];
	}
	stats->duplicates += run->duplicates;
}

/** Read one list into its run, at most `limit` names.
 *  @retval -ENOMEM; all else is in its stats */
static int list_take(struct build *b, unsigned list, const struct list_source *s,
		     uint32_t limit)
{
	struct taking t = {
		.s = s,
		.list = list,
		.stats = &b->stats[list],
		.names = { .limit = limit },
		.sides = b->sides,
	};
	int rc, kept = 0;

	snprintf(t.stats->name, sizeof(t.stats->name), "%s", s->name);
	rc = take_conf_names(&t);
	if (!rc) {
		rc = take_file(&t);
		if (rc && rc != -ENOMEM)
			kept = keep_old(&t);
	}
	if (rc == -ENOMEM || kept == -ENOMEM) {
		list_collect_free(&t.names);
		return -ENOMEM;
	}
	t.stats->rc = rc;
	rc = list_run_build(&t.names, &b->runs[list]);
	if (!rc)
		count_run(t.stats, &b->runs[list]);
	return rc;
}

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
	struct list_encoder *e;
	uint64_t expected = 0;
	int rc;

	for (size_t i = 0; i < b->count; i++)
		expected += b->runs[i].count;
	rc = list_encoder_new(out_fd, expected, &e);
	if (rc)
		return rc;
	rc = merge_runs(b, e);
	runs_free(b);
	if (!rc)
		rc = list_side_build_finish(b->sides, &sides);
	if (!rc)
		rc = list_encoder_finish(e, &sides, b->stats, b->count);
	list_side_tables_free(&sides);
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
	rc = list_side_build_new(&b->sides);
	for (unsigned i = 0; !rc && i < count; i++) {
		rc = list_take(b, i, &sources[i], left);
		left -= b->runs[i].count;
	}
	if (!rc)
		rc = build_write(b, out_fd);
	runs_free(b);
	list_side_build_free(b->sides);
	free(b);
	return rc;
}
