/* Finds the segment of an address by halving; see list_spans.h. */
#include "blocklists/list_spans.h"

#include <errno.h>
#include <string.h>

#include "blocklists/list_parts.h"
#include "blocklists/list_run.h"

static const struct list_segment *table_of(const struct list_index *x, unsigned table,
					   uint32_t *count)
{
	const struct list_segment *s = x->segments;

	for (unsigned i = 0; i < table; i++)
		s += x->head->segments[i];
	*count = x->head->segments[table];
	return s;
}

static unsigned class_rows(const uint64_t *class)
{
	unsigned n = 0;

	for (unsigned l = 0; l < LEVELS; l++)
		n += (unsigned)__builtin_popcountll(class[l]);
	return n;
}

static const uint64_t *class_of(const struct list_index *x, const struct list_segment *s)
{
	return x->span_classes + (size_t)s->class * LEVELS;
}

static bool segment_check(const struct list_index *x, const struct list_segment *s)
{
	const uint64_t *class;

	if (s->class >= x->head->span_classes || s->row > x->head->span_rows)
		return false;
	class = class_of(x, s);
	for (unsigned l = 0; l < LEVELS; l++) {
		if (class[l] & ~x->all)
			return false;
	}
	return class_rows(class) <= x->head->span_rows - s->row;
}

int list_spans_check(const struct list_index *x)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < LIST_TABLES; i++)
		n += x->head->segments[i];
	for (uint64_t i = 0; i < n; i++) {
		if (!segment_check(x, &x->segments[i]))
			return -EBADMSG;
	}
	return 0;
}

/** The last segment that begins at key or before; NULL: none. */
static const struct list_segment *segment_find(const struct list_index *x, unsigned table,
					       const uint8_t key[16])
{
	uint32_t lo = 0, hi;
	const struct list_segment *s = table_of(x, table, &hi);

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (memcmp(s[mid].start, key, 16) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &s[lo - 1] : NULL;
}

static unsigned table_for(const struct addr *a, bool is_client)
{
	unsigned table = a->family == AF_INET ? TABLE_ANSWER4 : TABLE_ANSWER6;

	return is_client ? table + TABLE_CLIENT4 : table;
}

static const struct list_segment *addr_find(const struct list_index *x, const struct addr *a,
					    bool is_client)
{
	uint8_t key[16];

	if (!a->family)
		return NULL;
	list_span_key(a, key);
	return segment_find(x, table_for(a, is_client), key);
}

uint64_t list_spans_find(const struct list_index *x, const struct addr *a, bool is_client,
			 uint64_t wanted, uint64_t by_level[LEVELS])
{
	const struct list_segment *s = addr_find(x, a, is_client);
	uint64_t any = 0;

	for (unsigned l = 0; l < LEVELS; l++) {
		by_level[l] = s ? class_of(x, s)[l] & wanted : 0;
		any |= by_level[l];
	}
	return any;
}

/** The segment's range: up to the next one, which stands behind it in the table. */
static void range_of(const struct list_index *x, const struct list_segment *s, unsigned table,
		     struct list_span *out)
{
	uint32_t count;
	const struct list_segment *first = table_of(x, table, &count);

	*out = (struct list_span){ .table = (uint8_t)table };
	memcpy(out->lo, s->start, 16);
	memset(out->hi, 0xff, 16);
	if (s + 1 == first + count)
		return;
	memcpy(out->hi, s[1].start, 16);
	for (unsigned i = 16; i-- && !out->hi[i]--;)
		;
}

static void where_split(uint32_t where, struct list_match *out)
{
	out->line = where & LIST_WHERE_LINE;
	out->from_conf = where & LIST_WHERE_CONF;
	out->action = (enum list_action)(where >> LIST_ACTION_SHIFT & LIST_ACTION_MASK);
}

bool list_spans_explain(const struct list_index *x, const struct addr *a, bool is_client,
			const uint64_t by_level[LEVELS], struct list_match *out)
{
	const struct list_segment *s = addr_find(x, a, is_client);
	const uint64_t *class;
	uint32_t row;

	if (!s)
		return false;
	class = class_of(x, s);
	row = s->row;
	for (unsigned l = 0; l < LEVELS; l++) {
		uint64_t lists = class[l] & by_level[l];
		unsigned list;

		if (!lists) {
			row += (unsigned)__builtin_popcountll(class[l]);
			continue;
		}
		list = (unsigned)__builtin_ctzll(lists);
		row += (unsigned)__builtin_popcountll(class[l] & ((1ull << list) - 1));
		*out = (struct list_match){ .list = list, .level = (enum list_level)l,
					    .is_span = true };
		range_of(x, s, table_for(a, is_client), &out->span);
		where_split(x->span_rows[row], out);
		return true;
	}
	return false;
}

bool list_spans_next(const struct list_index *x, unsigned list, uint64_t *at,
		     struct list_span *out, uint32_t *where)
{
	uint64_t n = 0, first = 0;

	for (unsigned table = 0; table < LIST_TABLES; table++, first = n) {
		n += x->head->segments[table];
		for (; *at < n * LEVELS && *at >= first * LEVELS; ++*at) {
			const struct list_segment *s = &x->segments[*at / LEVELS];
			const uint64_t *class = class_of(x, s);
			unsigned level = *at % LEVELS;
			uint32_t row = s->row;

			if (!(class[level] >> list & 1))
				continue;
			for (unsigned l = 0; l < level; l++)
				row += (unsigned)__builtin_popcountll(class[l]);
			row += (unsigned)__builtin_popcountll(class[level] &
							      ((1ull << list) - 1));
			range_of(x, s, table, out);
			out->level = (uint8_t)level;
			out->action = (uint8_t)(x->span_rows[row] >> LIST_ACTION_SHIFT &
						LIST_ACTION_MASK);
			*where = x->span_rows[row] &
				 (LIST_WHERE_CONF | LIST_WHERE_LINE);
			++*at;
			return true;
		}
	}
	return false;
}
