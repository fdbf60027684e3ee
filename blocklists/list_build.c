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
#include "blocklists/list_walk.h"
#include "lib/clock.h"
#include "lib/util.h"

/** The runs of all lists, and what was counted. */
struct build {
	struct list_run runs[LIST_INDEX_LISTS];
	struct list_stats stats[LIST_INDEX_LISTS];
	size_t count;
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

/** Take one line of a list's file, whose number is stats->lines. */
static int take_line(const struct list_source *s, struct list_parser *p, const char *text,
		     size_t len, struct list_stats *stats, struct list_collect *c)
{
	enum list_line_kind kind;
	struct list_entry entry;

	list_parser_line(p, text, len);
	while ((kind = list_parser_next(p, &entry)) != LINE_END) {
		int rc;

		count_kind(stats, kind);
		if (kind != LINE_ENTRY)
			continue;
		apply_subdomains(s->subdomains, &entry);
		rc = list_collect_add(c, &entry,
				      (uint32_t)MIN(stats->lines, LIST_WHERE_LINE));
		if (rc)
			return rc;
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

static int take_lines(const struct list_source *s, struct list_reader *r,
		      struct list_parser *p, struct list_stats *stats,
		      struct list_collect *c)
{
	const char *text;
	size_t len;
	int rc;

	while ((rc = list_reader_next(r, &text, &len)) > 0) {
		stats->lines++;
		if (!text) {
			count_kind(stats, LINE_BAD_LONG);
			continue;
		}
		rc = take_line(s, p, text, len, stats, c);
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
static int take_text(const struct list_source *s, struct list_reader *r,
		     struct list_stats *stats, struct list_collect *c)
{
	enum list_shape shape = shape_of_format(s->format);
	struct list_parser *p;
	int rc = shape == SHAPE_NONE ? detect(r, &shape) : 0;

	stats->shape = shape;
	if (rc)
		return rc;
	stats->read_as = shape;
	if (shape == SHAPE_NONE) /* nothing but comments; they are counted */
		shape = SHAPE_NAMES;
	if (!list_parser_reads(shape))
		return -EPROTONOSUPPORT;
	p = malloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	list_parser_init(p, shape);
	rc = take_lines(s, r, p, stats, c);
	free(p);
	return rc;
}

/** Take a list's file. All or nothing: what a failure left half-read is forgotten.
 *  @return 0, or why it cannot be used */
static int take_file(const struct list_source *s, struct list_stats *stats,
		     struct list_collect *c)
{
	uint32_t before = c->count;
	struct list_reader r;
	int rc;

	if (s->rc || (s->fd < 0 && !s->len))
		return s->rc;
	rc = list_reader_init(&r, s->fd, s->bytes, s->len);
	if (rc)
		return rc;
	rc = take_text(s, &r, stats, c);
	if (rc)
		list_collect_cut(c, before);
	else
		stats->read_s = clock_mono_us() / 1000000;
	list_reader_fini(&r);
	return rc;
}

/** Take what a list's file gave an earlier index, itself perhaps kept. All or nothing.
 *  @retval -ENOMEM, -E2BIG */
static int keep_old(const struct list_source *s, struct list_stats *stats,
		    struct list_collect *c)
{
	uint32_t before = c->count;
	struct list_walk walk;
	struct list_entry e;
	uint32_t where;
	int rc = 0;

	if (!s->old || !list_walk_start(&walk, s->old, s->name))
		return 0;
	while (!rc && list_walk_next(&walk, &e, &where)) {
		if (where & LIST_WHERE_CONF)
			continue;
		apply_subdomains(s->subdomains, &e);
		rc = list_collect_add(c, &e, where);
	}
	if (rc) {
		list_collect_cut(c, before);
		return rc;
	}
	stats->kept = c->count - before;
	stats->read_as = list_index_stats(s->old, walk.list)->read_as;
	stats->read_s = list_index_stats(s->old, walk.list)->read_s;
	return 0;
}

/** The names that stand in the configuration itself; its reader has checked them. */
static int take_conf_names(const struct list_source *s, struct list_stats *stats,
			   struct list_collect *c)
{
	for (size_t i = 0; i < s->name_count; i++) {
		const char *text = s->names[i].text;
		struct list_entry entry;
		struct list_line line;
		int rc;

		list_line_start(&line, text, strlen(text));
		if (list_line_next(&line, &entry) != LINE_ENTRY) {
			stats->invalid++;
			continue;
		}
		apply_subdomains(s->subdomains, &entry);
		rc = list_collect_add(c, &entry, LIST_WHERE_CONF | (uint32_t)(i + 1));
		if (rc)
			return rc;
	}
	return 0;
}

/** Read one list into its run, at most `limit` names.
 *  @retval -ENOMEM; all else is in its stats */
static int list_take(const struct list_source *s, uint32_t limit,
		     struct list_stats *stats, struct list_run *run)
{
	struct list_collect c = { .limit = limit };
	int rc, kept = 0;

	snprintf(stats->name, sizeof(stats->name), "%s", s->name);
	rc = take_conf_names(s, stats, &c);
	if (!rc) {
		rc = take_file(s, stats, &c);
		if (rc && rc != -ENOMEM)
			kept = keep_old(s, stats, &c);
	}
	if (rc == -ENOMEM || kept == -ENOMEM) {
		list_collect_free(&c);
		return -ENOMEM;
	}
	stats->rc = rc;
	rc = list_run_build(&c, run);
	if (rc)
		return rc;
	stats->entries = run->count;
	for (unsigned r = 0; r < LIST_RULES; r++) {
		stats->by_rule[r] = run->by_rule[r];
		if (list_rule_scope(r) != SCOPE_EXACT)
			stats->subtrees += run->by_rule[r];
	}
	stats->duplicates = run->duplicates;
	return 0;
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
		rc = list_encoder_finish(e, b->stats, b->count);
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
	for (size_t i = 0; !rc && i < count; i++) {
		rc = list_take(&sources[i], left, &b->stats[i], &b->runs[i]);
		left -= b->runs[i].count;
	}
	if (!rc)
		rc = build_write(b, out_fd);
	runs_free(b);
	free(b);
	return rc;
}
