/* Reads one list, or keeps what an earlier index has of it; see list_take.h. */
#include "blocklists/list_take.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blocklists/list_file.h"
#include "blocklists/list_guard.h"
#include "blocklists/list_mmdb.h"
#include "blocklists/list_parser.h"
#include "blocklists/list_side_build.h"
#include "blocklists/list_sides.h"
#include "blocklists/list_spans.h"
#include "blocklists/list_walk.h"
#include "lib/clock.h"
#include "lib/util.h"

/** One list being read. */
struct taking {
	const struct list_source *s;
	unsigned list;
	struct list_stats *stats;
	struct list_collect names;
	struct list_pool *pool;
	size_t spans; /* the pool's before this list */
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

/** The same of a name in the list's file. @param kind  set to why it cannot be taken */
static int take_name(struct taking *t, struct list_entry *e, uint32_t where,
		     enum list_line_kind *kind)
{
	apply_subdomains(t->s->subdomains, e);
	if (t->s->guard && list_guard_covers(t->s->guard, e)) {
		*kind = LINE_PROTECTED;
		return 0;
	}
	return list_collect_add(&t->names, e, where);
}

/** Take a rule that is more than a name.
 *  @param kind  set to why it cannot be taken */
static int take_side(struct taking *t, const struct list_side *side, uint32_t where,
		     enum list_line_kind *kind)
{
	int rc;

	if (t->s->guard && list_guard_covers_side(t->s->guard, side)) {
		*kind = LINE_PROTECTED;
		return 0;
	}
	rc = list_side_build_add(t->pool->sides, t->list, side, where);
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

/** Take a range of addresses. @param kind  set to why it cannot be taken */
static int take_span(struct taking *t, const struct list_span *s, uint32_t where,
		     enum list_line_kind *kind)
{
	int rc = list_span_build_add(&t->pool->spans, t->list, s, where);

	if (rc == -E2BIG) {
		*kind = LINE_TOO_MANY;
		return 0;
	}
	t->stats->spans += !rc;
	return rc;
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
		else if (kind == LINE_SPAN)
			rc = take_span(t, &p->span, where, &kind);
		else if (kind == LINE_ENTRY)
			rc = take_name(t, &entry, where, &kind);
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
		[LIST_RPZ] = SHAPE_RPZ,		[LIST_IP] = SHAPE_ADDRESSES,
		[LIST_OWNERS] = SHAPE_OWNERS,
	};

	return shapes[format];
}

/** Networks of a table that is no text: those of one owner that follow one another are taken as
 *  one, for such a table cuts ranges at prefixes. */
struct networks {
	struct taking *t;
	struct list_span pending;
	bool is_pending;
};

static int take_pending(struct networks *n)
{
	enum list_line_kind kind = LINE_SPAN;
	int rc;

	if (!n->is_pending)
		return 0;
	n->is_pending = false;
	rc = take_span(n->t, &n->pending, 0, &kind);
	if (!rc && kind != LINE_SPAN)
		count_kind(n->t->stats, kind);
	return rc;
}

static int on_network(void *arg, enum list_line_kind kind, const struct list_span *span,
		      const struct list_owner *owner)
{
	struct networks *n = arg;
	const struct list_source *s = n->t->s;
	int rc = 0;

	n->t->stats->lines++;
	if (!list_owner_is_wanted(owner, s->owners, s->owner_count))
		kind = LINE_NOT_WANTED;
	count_kind(n->t->stats, kind);
	if (kind != LINE_SPAN)
		return 0;
	if (n->is_pending && list_span_follows(&n->pending, span)) {
		memcpy(n->pending.hi, span->hi, sizeof(span->hi));
		return 0;
	}
	rc = take_pending(n);
	n->pending = *span;
	n->is_pending = true;
	return rc;
}

static int take_mmdb(struct taking *t)
{
	struct networks n = { .t = t };
	const struct list_mmdb_sink sink = { on_network, &n };
	struct list_mmdb *m;
	int rc = list_mmdb_open(t->s->fd, t->s->bytes, t->s->len, &m);

	if (rc)
		return rc;
	rc = list_mmdb_walk(m, &sink);
	if (!rc)
		rc = take_pending(&n);
	list_mmdb_close(m);
	return rc;
}

/** A table of owners without a row is none: what is left of a file that was cut, say. */
static bool has_rows(const struct list_stats *s)
{
	return s->by_kind[LINE_SPAN] || s->by_kind[LINE_NOT_WANTED] ||
	       s->by_kind[LINE_NOT_PUBLIC] || !s->invalid;
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
	if (shape == SHAPE_OWNERS && list_mmdb_is(t->s->fd, t->s->bytes, t->s->len))
		return take_mmdb(t);
	if (shape == SHAPE_NONE) /* nothing but comments; they are counted */
		shape = SHAPE_NAMES;
	if (!list_parser_reads(shape))
		return -EPROTONOSUPPORT;
	p = malloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	list_parser_init(p, shape);
	p->owners = t->s->owners;
	p->owner_count = t->s->owner_count;
	rc = take_lines(t, r, p);
	free(p);
	if (!rc && shape == SHAPE_OWNERS && !has_rows(t->stats))
		return -ENODATA;
	return rc;
}

/** Forget all of a list but its first names. */
static void take_back(struct taking *t, uint32_t names)
{
	list_collect_cut(&t->names, names);
	list_side_build_forget(t->pool->sides, t->list);
	list_span_build_cut(&t->pool->spans, t->spans);
	t->stats->spans = 0;
	memset(t->stats->by_side, 0, sizeof(t->stats->by_side));
	t->stats->conditional = 0;
}

/** Entries that are no names. */
static uint32_t others_taken(const struct list_stats *stats)
{
	uint32_t n = stats->spans;

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
		t->stats->read_s = (uint64_t)clock_wall_us() / 1000000;
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

	for (uint32_t i = 0; !rc; i++) { /* each number twice: the rule, then its "$badfilter" */
		have = list_sides_rule(old, list, i / 2, i & 1, side, &where);
		if (have < 0)
			break;
		if (have)
			rc = take_side(t, side, where, &kind);
	}
	free(side);
	return rc;
}

static int keep_spans(struct taking *t, const struct list_index *old, unsigned list)
{
	enum list_line_kind kind;
	struct list_span s;
	uint64_t at = 0;
	uint32_t where;
	int rc = 0;

	while (!rc && list_spans_next(old, list, &at, &s, &where))
		rc = take_span(t, &s, where, &kind);
	return rc;
}

/** Take what a list's file gave an earlier index, itself perhaps kept. All or nothing.
 *  @retval -ENOMEM, -E2BIG */
static int keep_old(struct taking *t)
{
	uint32_t before = t->names.count;
	enum list_line_kind kind;
	struct list_walk walk;
	struct list_entry e;
	uint32_t where;
	int rc = 0;

	if (!t->s->old || !list_walk_start(&walk, t->s->old, t->s->name))
		return 0;
	while (!rc && list_walk_next(&walk, &e, &where)) {
		if (!(where & LIST_WHERE_CONF))
			rc = take_name(t, &e, where, &kind);
	}
	if (!rc)
		rc = keep_sides(t, t->s->old, walk.list);
	if (!rc)
		rc = keep_spans(t, t->s->old, walk.list);
	if (rc) {
		take_back(t, before);
		return rc;
	}
	t->stats->kept = t->names.count - before + others_taken(t->stats);
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
	stats->entries = run->count + others_taken(stats);
	for (unsigned r = 0; r < LIST_RULES; r++) {
		stats->by_rule[r] = run->by_rule[r];
		if (list_rule_scope(r) != SCOPE_EXACT)
			stats->subtrees += run->by_rule[r];
	}
	stats->duplicates += run->duplicates;
}

int list_take(const struct list_source *s, unsigned list, uint32_t limit,
	      struct list_pool *pool, struct list_stats *stats, struct list_run *run)
{
	struct taking t = {
		.s = s,
		.list = list,
		.stats = stats,
		.names = { .limit = limit },
		.pool = pool,
		.spans = list_span_build_mark(&pool->spans),
	};
	int rc, kept = 0;

	snprintf(stats->name, sizeof(stats->name), "%s", s->name);
	stats->source = s->source;
	stats->is_back = s->is_back;
	rc = take_conf_names(&t);
	if (!rc && s->is_back) {
		rc = keep_old(&t);
	} else if (!rc) {
		rc = take_file(&t);
		if (rc && rc != -ENOMEM)
			kept = keep_old(&t);
	}
	if (rc == -ENOMEM || kept == -ENOMEM) {
		list_collect_free(&t.names);
		return -ENOMEM;
	}
	stats->rc = rc;
	rc = list_run_build(&t.names, run);
	if (!rc)
		count_run(stats, run);
	return rc;
}

int list_take_again(const struct list_source *s, unsigned list, unsigned from,
		    struct list_pool *pool, struct list_stats *stats)
{
	const struct list_stats *was = list_index_stats(s->old, from);
	struct list_stats now = { .entries = 0 };
	struct taking t = { .s = s, .list = list, .stats = &now, .pool = pool };
	int rc = keep_sides(&t, s->old, from);

	if (!rc && memcmp(now.by_side, was->by_side, sizeof(now.by_side)))
		rc = -EAGAIN;
	if (rc)
		list_side_build_forget(pool->sides, list);
	else
		*stats = *was;
	return rc;
}
