/* Pieces of the description of our table: names, chains, sets and rules in arrays that grow;
 * see rule_build.h. Knows nothing of what they mean. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "nftsync/rule_build.h"

size_t rule_kind_bytes(enum rule_set_kind kind)
{
	static const uint8_t bytes[KIND_COUNT] = { 4, 16, 2, 6, 16 };

	return bytes[kind];
}

bool rule_set_is_interval(const struct rule_set *set)
{
	return !set->is_map && set->kind <= KIND_SERVICE;
}

/* Room for one more of an array; NULL: no memory, noted. */
static void *grow(struct ruleset *rs, void **array, size_t *count, size_t size)
{
	char *more = rs->rc ? NULL : realloc(*array, (*count + 1) * size);

	if (!more) {
		rs->rc = -ENOMEM;
		return NULL;
	}
	*array = more;
	memset(more + *count * size, 0, size);
	return more + (*count)++ * size;
}

#define GROW(rs, array, count) grow(rs, (void **)&(array), &(count), sizeof((array)[0]))

char *rule_room(struct ruleset *rs, size_t bytes)
{
	char **name = GROW(rs, rs->names, rs->name_count);

	if (!name)
		return NULL;
	*name = calloc(1, bytes);
	if (!*name)
		rs->rc = -ENOMEM;
	return *name;
}

const char *rule_name(struct ruleset *rs, const char *prefix, const char *suffix)
{
	char *name = rule_room(rs, strlen(prefix) + strlen(suffix) + 1);

	if (!name)
		return "";
	strcpy(name, prefix);
	strcat(name, suffix);
	return name;
}

struct rule_range *rule_add_range_row(struct ruleset *rs)
{
	return GROW(rs, rs->ranges, rs->range_count);
}

void rule_add_chain(struct ruleset *rs, const char *name, enum rule_hook hook)
{
	struct rule_chain *c = GROW(rs, rs->chains, rs->chain_count);

	if (c)
		*c = (struct rule_chain){ name, hook };
}

void rule_add(struct ruleset *rs, const struct rule *rule)
{
	struct rule *r = GROW(rs, rs->rules, rs->rule_count);

	if (r)
		*r = *rule;
}

/* --- sets --------------------------------------------------------------------------- */

size_t rule_add_set(struct ruleset *rs, const char *name, enum rule_set_kind kind, bool is_map)
{
	struct rule_set *s = GROW(rs, rs->sets, rs->set_count);

	if (!s)
		return 0;
	s->name = name;
	s->kind = kind;
	s->is_map = is_map;
	return rs->set_count - 1;
}

static struct rule_elem *add_elem(struct ruleset *rs, size_t set, const void *key)
{
	struct rule_set *s = rs->rc ? NULL : &rs->sets[set];
	struct rule_elem *e = s ? GROW(rs, s->elems, s->count) : NULL;

	if (e)
		memcpy(e->first, key, rule_kind_bytes(s->kind));
	return e;
}

void rule_add_key(struct ruleset *rs, size_t set, const void *key)
{
	add_elem(rs, set, key);
}

void rule_add_range(struct ruleset *rs, size_t set, const void *first, const void *last)
{
	struct rule_elem *e = add_elem(rs, set, first);

	if (e)
		memcpy(e->last, last, rule_kind_bytes(rs->sets[set].kind));
}

void rule_add_verdict(struct ruleset *rs, size_t map, const void *key, enum rule_op verdict,
		      const char *chain)
{
	struct rule_elem *e = add_elem(rs, map, key);

	if (!e)
		return;
	e->verdict = verdict;
	e->chain = chain;
}

void rule_add_net(struct ruleset *rs, const struct addr_net *net, size_t set4, size_t set6)
{
	size_t bits = 8 * addr_len(&net->addr);
	uint8_t last[16];

	memcpy(last, net->addr.bytes, sizeof(last));
	for (size_t i = net->prefix; i < bits; i++)
		last[i / 8] |= (uint8_t)(0x80 >> (i % 8));
	rule_add_range(rs, net->addr.family == AF_INET ? set4 : set6, net->addr.bytes, last);
}

static int compare_elems(const void *a, const void *b)
{
	return memcmp(((const struct rule_elem *)a)->first,
		      ((const struct rule_elem *)b)->first,
		      sizeof(((struct rule_elem *)0)->first));
}

/* Whether next begins inside r or right behind it. */
static bool touches(const struct rule_elem *r, const struct rule_elem *next, size_t bytes)
{
	uint8_t behind[16];
	size_t i = bytes;

	memcpy(behind, r->last, sizeof(behind));
	while (i-- && ++behind[i] == 0)
		;
	if (i == SIZE_MAX)
		return true; /* r reaches to the end of all */
	return memcmp(next->first, behind, bytes) <= 0;
}

/* The kernel refuses ranges that overlap, and lists those that touch as they were given. */
static void merge_ranges(struct rule_set *set)
{
	size_t bytes = rule_kind_bytes(set->kind), n = 0;

	for (size_t i = 1; i < set->count; i++) {
		struct rule_elem *r = &set->elems[n];

		if (!touches(r, &set->elems[i], bytes))
			set->elems[++n] = set->elems[i];
		else if (memcmp(set->elems[i].last, r->last, bytes) > 0)
			memcpy(r->last, set->elems[i].last, sizeof(r->last));
	}
	set->count = n + 1;
}

static void drop_repeats(struct rule_set *set)
{
	size_t n = 0;

	for (size_t i = 1; i < set->count; i++)
		if (compare_elems(&set->elems[n], &set->elems[i]))
			set->elems[++n] = set->elems[i];
	set->count = n + 1;
}

void rule_finish_sets(struct ruleset *rs)
{
	for (size_t i = 0; i < rs->set_count; i++) {
		struct rule_set *set = &rs->sets[i];

		if (set->is_map || !set->count)
			continue;
		qsort(set->elems, set->count, sizeof(set->elems[0]), compare_elems);
		if (rule_set_is_interval(set))
			merge_ranges(set);
		else
			drop_repeats(set);
	}
}
