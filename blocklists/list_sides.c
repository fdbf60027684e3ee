/*
 * Walks the octets of a name, three at a time, and tries the rules of their buckets; see
 * list_sides.h.
 */
#include "blocklists/list_sides.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blocklists/list_mask.h"
#include "blocklists/list_parts.h"
#include "blocklists/list_regex.h"
#include "blocklists/list_run.h"
#include "lib/util.h"

static bool record_check(const struct list_index *x, const struct list_side_record *r)
{
	uint64_t len = (uint64_t)r->text_len + r->conds_len + r->rule_len;
	unsigned rows = (unsigned)__builtin_popcountll(r->lists);

	if (r->at > x->head->side_texts || len > x->head->side_texts - r->at ||
	    r->row > x->head->side_rows || rows > x->head->side_rows - r->row ||
	    r->text_len > LIST_SIDE_TEXT || r->conds_len > LIST_SIDE_CONDS)
		return false;
	return r->kind < SIDE_KINDS && r->anchors <= ANCHORS_ALL && r->level < LEVELS &&
	       !((r->lists | r->off) & ~x->all) &&
	       list_conds_check((const uint8_t *)x->side_texts + r->at + r->text_len,
				r->conds_len);
}

static bool starts_check(const struct list_index *x)
{
	uint32_t n = (1u << x->head->side_bits) + 1;

	for (uint32_t i = 0; i < n; i++) {
		if (x->side_starts[i] > x->side_starts[i + 1])
			return false;
	}
	return !x->side_starts[0] && x->side_starts[n] == x->head->sides;
}

/** Compile all expressions. One that this machine's PCRE2 does not take fits nothing. */
static int regexes_open(struct list_index *x)
{
	unsigned count = 0;
	int rc = 0;

	for (uint32_t i = 0; i < x->head->sides; i++)
		count += x->sides[i].kind == SIDE_REGEX;
	if (!count)
		return 0;
	if (count > LIST_REGEXES_MAX)
		return -EBADMSG;
	rc = list_regexes_new(x->head->sides, &x->regexes);
	for (uint32_t i = 0; !rc && i < x->head->sides; i++) {
		const struct list_side_record *r = &x->sides[i];

		if (r->kind == SIDE_REGEX &&
		    list_regexes_add(x->regexes, i, x->side_texts + r->at, r->text_len) ==
			    -ENOMEM)
			rc = -ENOMEM;
	}
	return rc;
}

int list_sides_open(struct list_index *x)
{
	int rc;

	if (!starts_check(x))
		return -EBADMSG;
	for (uint32_t i = 0; i < x->head->sides; i++) {
		if (!record_check(x, &x->sides[i]))
			return -EBADMSG;
		x->side_lists |= x->sides[i].lists;
	}
	x->sides_given_up = calloc(1, sizeof(*x->sides_given_up));
	rc = x->sides_given_up ? regexes_open(x) : -ENOMEM;
	if (rc)
		list_sides_close(x);
	return rc;
}

void list_sides_close(struct list_index *x)
{
	list_regexes_free(x->regexes);
	free(x->sides_given_up);
	x->regexes = NULL;
	x->sides_given_up = NULL;
}

/** A name being asked for, and what is left of its bounds. */
struct trial {
	const struct list_index *x;
	const struct dname *qname;
	const struct list_asking *ask;
	uint64_t wanted;
	unsigned left, steps_left;
	size_t len;
	char text[DNAME_MAX + LIST_PIECE];
};

/** The name in lower case without its final dot; what no rule can hold is '?'. */
static void trial_start(struct trial *t)
{
	const uint8_t *w = t->qname->wire;

	t->left = LIST_SIDE_TRIES;
	t->steps_left = LIST_REGEX_STEPS;
	t->len = 0;
	for (size_t at = 0; at < t->qname->len && w[at]; at += 1u + w[at]) {
		if (t->len)
			t->text[t->len++] = '.';
		for (size_t i = 1; i <= w[at]; i++) {
			uint8_t c = list_line_octet[w[at + i]];

			t->text[t->len++] = (char)(c ? c : '?');
		}
	}
}

static bool fits(struct trial *t, uint32_t number)
{
	const struct list_side_record *r = &t->x->sides[number];
	const char *text = t->x->side_texts + r->at;
	unsigned cost = r->kind == SIDE_REGEX ? LIST_SIDE_REGEX_TRIES : 1;

	if (!(r->lists & t->wanted) || (r->off & t->wanted))
		return false;
	if (t->left < cost) {
		t->left = 0;
		return false;
	}
	t->left -= cost;
	if (r->kind == SIDE_MASK ?
		    !list_mask_match(r->anchors, text, r->text_len, t->text, t->len) :
		    !list_regexes_match(t->x->regexes, number, t->text, t->len,
					&t->steps_left))
		return false;
	return list_conds_hold((const uint8_t *)text + r->text_len, r->conds_len, t->qname,
			       t->ask);
}

/** The next rule that fits, at number or behind it in its bucket. @retval UINT32_MAX  none */
static uint32_t bucket_next(struct trial *t, uint32_t bucket, uint32_t number)
{
	uint32_t end = t->x->side_starts[bucket + 1];

	for (number = MAX(number, t->x->side_starts[bucket]); number < end; number++) {
		if (fits(t, number))
			return number;
	}
	return UINT32_MAX;
}

/** What is done with each rule that fits. */
typedef void on_fit(void *arg, const struct list_side_record *r);

static void bucket_try(struct trial *t, uint32_t bucket, on_fit *done, void *arg)
{
	uint32_t i = 0;

	while ((i = bucket_next(t, bucket, i)) != UINT32_MAX)
		done(arg, &t->x->sides[i++]);
}

static void all_try(struct trial *t, on_fit *done, void *arg)
{
	unsigned bits = t->x->head->side_bits;
	uint32_t last = 1u << bits;

	for (size_t i = 0; i + LIST_PIECE <= t->len; i++) {
		uint32_t bucket = list_side_bucket(t->text + i, bits);

		if (t->x->side_starts[bucket] != t->x->side_starts[bucket + 1])
			bucket_try(t, bucket, done, arg);
	}
	bucket_try(t, last, done, arg);
	if (!t->left)
		++*t->x->sides_given_up;
}

struct found {
	uint64_t *by_level, wanted, any;
};

static void found_add(void *arg, const struct list_side_record *r)
{
	struct found *f = arg;

	f->by_level[r->level] |= r->lists & f->wanted;
	f->any |= r->lists & f->wanted;
}

uint64_t list_sides_find(const struct list_index *x, const struct dname *qname,
			 const struct list_asking *ask, uint64_t wanted,
			 uint64_t by_level[LEVELS])
{
	struct found f = { by_level, wanted & x->all, 0 };
	struct trial t;

	if (!(x->side_lists & wanted))
		return 0;
	t.x = x;
	t.qname = qname;
	t.ask = ask;
	t.wanted = f.wanted;
	trial_start(&t);
	all_try(&t, found_add, &f);
	return f.any;
}

/** The best rule so far. */
struct best {
	const uint64_t *by_level;
	uint64_t wanted, lists;
	const struct list_side_record *r; /* NULL: none */
};

static void best_take(void *arg, const struct list_side_record *r)
{
	struct best *b = arg;
	uint64_t lists = r->lists & b->wanted & b->by_level[r->level];

	if (!lists || (b->r && (r->kind > b->r->kind || (r->kind == b->r->kind &&
							 r->text_len <= b->r->text_len))))
		return;
	b->r = r;
	b->lists = lists;
}

bool list_sides_explain(const struct list_index *x, const struct dname *qname,
			const struct list_asking *ask, uint64_t wanted,
			const uint64_t by_level[LEVELS], struct list_match *out)
{
	struct best b = { .by_level = by_level, .wanted = wanted & x->all };
	struct trial t;
	uint32_t where;
	unsigned list;

	if (!(x->side_lists & wanted))
		return false;
	t.x = x;
	t.qname = qname;
	t.ask = ask;
	t.wanted = b.wanted;
	trial_start(&t);
	all_try(&t, best_take, &b);
	if (!b.r)
		return false;
	list = (unsigned)__builtin_ctzll(b.lists);
	where = x->side_rows[b.r->row + (unsigned)__builtin_popcountll(
						b.r->lists & ((1ull << list) - 1))];
	*out = (struct list_match){
		.list = list,
		.level = b.r->level,
		.key = *qname,
		.line = where & LIST_WHERE_LINE,
		.from_conf = where & LIST_WHERE_CONF,
		.rule = x->side_texts + b.r->at + b.r->text_len + b.r->conds_len,
		.rule_len = b.r->rule_len,
	};
	return true;
}

uint64_t list_sides_given_up(const struct list_index *x)
{
	return *x->sides_given_up + list_regexes_given_up(x->regexes);
}

int list_sides_rule(const struct list_index *x, unsigned list, uint32_t number,
		    bool disables, struct list_side *out, uint32_t *where)
{
	const struct list_side_record *r = &x->sides[number];
	uint64_t bit = 1ull << list;
	const char *text;

	if (number >= x->head->sides)
		return -ENOENT;
	if (!((disables ? r->off : r->lists) & bit))
		return 0;
	text = x->side_texts + r->at;
	*where = 0;
	if (!disables)
		*where = x->side_rows[r->row + (unsigned)__builtin_popcountll(r->lists &
									      (bit - 1))];
	out->kind = r->kind;
	out->anchors = r->anchors;
	out->level = r->level;
	out->disables = disables;
	out->text_len = r->text_len;
	out->conds_len = r->conds_len;
	out->rule_len = r->rule_len;
	memcpy(out->text, text, r->text_len);
	memcpy(out->conds, text + r->text_len, r->conds_len);
	memcpy(out->rule, text + r->text_len + r->conds_len, r->rule_len);
	return 1;
}
