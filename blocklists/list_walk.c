/* Decodes block after block of an index; see list_walk.h. */
#include "blocklists/list_walk.h"

#include <string.h>

#include "blocklists/list_parts.h"
#include "blocklists/list_rule.h"
#include "blocklists/list_run.h"

bool list_walk_start(struct list_walk *w, const struct list_index *x, const char *list)
{
	for (unsigned i = 0; i < list_index_list_count(x); i++) {
		if (strcmp(list_index_stats(x, i)->name, list))
			continue;
		*w = (struct list_walk){ .x = x, .list = i };
		return true;
	}
	return false;
}

/** Begin the next block. @retval false  there is none */
static bool block_next(struct list_walk *w)
{
	if (w->block == w->x->block_count)
		return false;
	w->at = list_part_block(w->x, w->block, &w->end);
	w->row = w->x->rows[w->block++];
	w->left = LIST_BLOCK;
	w->len = 0;
	return true;
}

/** Go to the block's next name. @retval false  no more of it, or it is damaged */
static bool name_next(struct list_walk *w)
{
	struct list_block_name n;

	if (!w->left || !list_part_name(&w->at, w->end, &n) || n.shared > w->len ||
	    n.shared + n.len > LIST_KEY_MAX || n.class >= w->x->head->classes) {
		w->left = 0;
		return false;
	}
	w->left--;
	memcpy(w->key + n.shared, n.bytes, n.len);
	w->len = (uint8_t)(n.shared + n.len);
	w->rules = list_part_rules(w->x, n.class, &w->lists);
	return true;
}

/** Go to the name's next rule that our list has, and to its line.
 *  @retval false  there is none */
static bool rule_next(struct list_walk *w, unsigned *rule, uint64_t *row)
{
	while (w->rules) {
		uint64_t lists = *w->lists++, first = w->row;

		*rule = (unsigned)__builtin_ctz(w->rules);
		w->rules &= w->rules - 1;
		w->row += (unsigned)__builtin_popcountll(lists);
		if (!(lists >> w->list & 1))
			continue;
		*row = first + (unsigned)__builtin_popcountll(lists &
							      ((1ull << w->list) - 1));
		return true;
	}
	return false;
}

bool list_walk_next(struct list_walk *w, struct list_entry *e, uint32_t *where)
{
	struct dname name;
	unsigned rule;
	uint64_t row;

	for (;;) {
		while (!rule_next(w, &rule, &row)) {
			while (!name_next(w)) {
				if (!block_next(w))
					return false;
			}
		}
		if (row < w->x->head->lines && !list_key_to_dname(w->key, w->len, &name))
			break;
	}
	*e = (struct list_entry){
		.name = name,
		.scope = list_rule_scope(rule),
		.level = list_rule_level(rule),
		.disables = list_rule_disables(rule),
		.action = (uint8_t)(w->x->lines[row] >> LIST_ACTION_SHIFT & LIST_ACTION_MASK),
	};
	*where = w->x->lines[row] & (LIST_WHERE_CONF | LIST_WHERE_LINE);
	return true;
}
