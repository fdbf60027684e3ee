/* Gathers, sorts and front-codes the names of one list; see list_run.h. */
#include "blocklists/list_run.h"

#include <errno.h>
#include <string.h>

#include "blocklists/list_sort.h"
#include "lib/util.h"

/* A tag is LIST_WHERE_CONF, the rule, the action, and the line. */
#define RULE_SHIFT 26
#define RULE_MASK  0x1fu

int list_collect_add(struct list_collect *c, const struct list_entry *e, uint32_t where)
{
	struct list_record *r;
	struct list_key key;
	uint8_t *p;
	size_t at = c->arena.len;

	if (c->count >= MIN(c->limit, LIST_ENTRIES_MAX))
		return -E2BIG;
	list_key_from_dname(&e->name, DNAME_LABELS, &key);
	p = list_buf_add(&c->arena, 1u + key.len);
	if (!p)
		return -ENOMEM;
	p[0] = key.len;
	memcpy(p + 1, key.text, key.len);
	r = list_buf_add(&c->records, sizeof(*r));
	if (!r)
		return -ENOMEM;
	*r = (struct list_record){
		.at = (uint32_t)at,
		.tag = where | list_rule_of(e) << RULE_SHIFT |
		       (uint32_t)e->action << LIST_ACTION_SHIFT,
	};
	c->count++;
	return 0;
}

void list_collect_cut(struct list_collect *c, uint32_t count)
{
	struct list_record *r = (struct list_record *)c->records.bytes;

	if (count >= c->count)
		return;
	c->arena.len = r[count].at;
	c->records.len = count * sizeof(*r);
	c->count = count;
}

void list_collect_free(struct list_collect *c)
{
	list_buf_free(&c->arena);
	list_buf_free(&c->records);
	c->count = 0;
}

static uint8_t *put_varint(uint8_t *p, uint32_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	return p;
}

static uint8_t shared_len(const uint8_t *a, const uint8_t *b)
{
	uint8_t max = MIN(a[0], b[0]), n = 0;

	while (n < max && a[1 + n] == b[1 + n])
		n++;
	return n;
}

/** Octets shared with the key before, octets that follow, these, and the tag turned left
 *  so that small line numbers stay short. */
static int run_add(struct list_run *run, const uint8_t *before, const uint8_t *key,
		   uint32_t tag)
{
	uint8_t shared = before ? shared_len(before, key) : 0;
	size_t len = key[0] - (size_t)shared;
	uint8_t *p = list_buf_add(&run->bytes, 2 + len + 5);
	uint8_t *end;

	if (!p)
		return -ENOMEM;
	p[0] = shared;
	p[1] = (uint8_t)len;
	memcpy(p + 2, key + 1 + shared, len);
	end = put_varint(p + 2 + len, (tag << 6) | (tag >> RULE_SHIFT));
	run->bytes.len = (size_t)(end - run->bytes.bytes);
	run->count++;
	run->by_rule[tag >> RULE_SHIFT & RULE_MASK]++;
	return 0;
}

/** What one key's entries say: a tag for each of the rules, which are bits. */
struct group {
	uint32_t rules;
	uint32_t tags[LIST_RULES]; /* set where the rule's bit is */
};

/** The entries of one key, from the first of n records on; returns how many there are.
 *  Of those that say the same the earliest line stays, the file's before the
 *  configuration's. */
static size_t group_take(struct list_run *run, const struct list_record *r, size_t n,
			 const uint8_t *arena, struct group *g)
{
	const uint8_t *key = arena + r[0].at;
	size_t i = 0;

	g->rules = 0;
	do {
		unsigned rule = r[i].tag >> RULE_SHIFT & RULE_MASK;
		bool is_new = !(g->rules >> rule & 1);

		g->tags[rule] = is_new ? r[i].tag : MIN(g->tags[rule], r[i].tag);
		g->rules |= 1u << rule;
		run->duplicates += !is_new;
	} while (++i < n && !memcmp(key, arena + r[i].at, 1u + key[0]));
	return i;
}

static int run_fill(struct list_run *run, const struct list_record *r, size_t n,
		    const uint8_t *arena)
{
	const uint8_t *before = NULL;
	struct group g;

	for (size_t i = 0; i < n;) {
		const uint8_t *key = arena + r[i].at;

		i += group_take(run, r + i, n - i, arena, &g);
		for (uint32_t rules = g.rules; rules; rules &= rules - 1) {
			int rc = run_add(run, before, key, g.tags[__builtin_ctz(rules)]);

			if (rc)
				return rc;
			before = key;
		}
	}
	return 0;
}

int list_run_build(struct list_collect *c, struct list_run *out)
{
	struct list_record *r;
	struct list_run run = { .count = 0 };
	int rc = -ENOMEM;

	if (!list_buf_add(&c->arena, LIST_SORT_SLACK))
		goto out;
	r = (struct list_record *)c->records.bytes;
	if (c->count)
		list_sort(r, c->count, c->arena.bytes);
	rc = run_fill(&run, r, c->count, c->arena.bytes);
	if (rc)
		list_run_free(&run);
	else
		*out = run;
out:
	list_collect_free(c);
	return rc;
}

void list_run_free(struct list_run *run)
{
	list_buf_free(&run->bytes);
}

void list_cursor_start(struct list_cursor *c, const struct list_run *run)
{
	c->at = run->bytes.bytes;
	c->end = run->count ? c->at + run->bytes.len : c->at;
	c->len = 0;
}

bool list_cursor_next(struct list_cursor *c)
{
	uint32_t v = 0;
	uint8_t shared, len;

	if (c->at == c->end)
		return false;
	shared = c->at[0];
	len = c->at[1];
	memcpy(c->key + shared, c->at + 2, len);
	c->len = (uint8_t)(shared + len);
	c->at += 2 + len;
	for (unsigned shift = 0; ; shift += 7) {
		v |= (uint32_t)(*c->at & 0x7f) << shift;
		if (!(*c->at++ & 0x80))
			break;
	}
	v = (v >> 6) | (v << RULE_SHIFT);
	c->rule = v >> RULE_SHIFT & RULE_MASK;
	c->where = v & ~(RULE_MASK << RULE_SHIFT);
	return true;
}
