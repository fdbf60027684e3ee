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
#include "blocklists/list_run.h"
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
};

static void apply_subdomains(enum conf_subdomains subdomains, struct list_entry *e)
{
	if (subdomains == SUBDOMAINS_YES)
		e->subtree = true;
	else if (subdomains == SUBDOMAINS_NO)
		e->subtree = false;
}

static void count_bad(struct list_stats *stats, enum list_line_kind kind)
{
	stats->by_kind[kind]++;
	stats->invalid++;
	if (!stats->first_invalid_line)
		stats->first_invalid_line = (uint32_t)stats->lines;
}

/** Take one line of a list's file, whose number is stats->lines. */
static int take_line(const struct list_source *s, const char *text, size_t len,
		     struct list_stats *stats, struct list_collect *c)
{
	enum list_line_kind kind;
	struct list_entry entry;
	struct list_line line;

	list_line_start(&line, text, len);
	while ((kind = list_line_next(&line, &entry)) != LINE_END) {
		int rc;

		if (kind >= LINE_BAD) {
			count_bad(stats, kind);
			continue;
		}
		stats->by_kind[kind]++;
		if (kind != LINE_ENTRY)
			continue;
		apply_subdomains(s->subdomains, &entry);
		rc = list_collect_add(c, &entry, (uint32_t)stats->lines);
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
		      struct list_stats *stats, struct list_collect *c)
{
	const char *text;
	size_t len;
	int rc;

	while ((rc = list_reader_next(r, &text, &len)) > 0) {
		stats->lines++;
		if (!text) {
			count_bad(stats, LINE_BAD_LONG);
			continue;
		}
		rc = take_line(s, text, len, stats, c);
		if (rc)
			return rc;
	}
	return rc;
}

/** Take a list's file. All or nothing: what a failure left half-read is forgotten.
 *  @return 0, or why it cannot be used */
static int take_file(const struct list_source *s, struct list_stats *stats,
		     struct list_collect *c)
{
	enum list_shape shape = SHAPE_NONE;
	uint32_t before = c->count;
	struct list_reader r;
	int rc;

	if (s->rc || (s->fd < 0 && !s->len))
		return s->rc;
	rc = list_reader_init(&r, s->fd, s->bytes, s->len);
	if (rc)
		return rc;
	if (s->format == LIST_AUTO)
		rc = detect(&r, &shape);
	stats->shape = shape;
	if (!rc && shape != SHAPE_NONE && shape != SHAPE_NAMES)
		rc = -EPROTONOSUPPORT;
	if (!rc)
		rc = take_lines(s, &r, stats, c);
	if (rc)
		list_collect_cut(c, before);
	list_reader_fini(&r);
	return rc;
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
	int rc;

	snprintf(stats->name, sizeof(stats->name), "%s", s->name);
	rc = take_conf_names(s, stats, &c);
	if (!rc)
		rc = take_file(s, stats, &c);
	if (rc == -ENOMEM) {
		list_collect_free(&c);
		return rc;
	}
	stats->rc = rc;
	rc = list_run_build(&c, run);
	if (rc)
		return rc;
	stats->entries = run->count;
	stats->subtrees = run->subtrees;
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

/** Take the smallest name, of all lists that hold it, and encode it. */
static int merge_name(struct merge *m, struct list_encoder *e)
{
	struct list_cursor first = m->cursors[m->heap[0]];
	uint32_t where[LIST_INDEX_LISTS];
	uint64_t exact = 0, subtree = 0;

	while (m->len) {
		unsigned list = m->heap[0];
		struct list_cursor *c = &m->cursors[list];

		if (list_key_compare(c->key, c->len, first.key, first.len))
			break;
		if (c->subtree)
			subtree |= 1ull << list;
		else
			exact |= 1ull << list;
		where[list] = c->where;
		if (!list_cursor_next(c))
			m->heap[0] = m->heap[--m->len];
		heap_sink(m, 0);
	}
	return list_encoder_add(e, first.key, first.len, exact, subtree, where);
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
