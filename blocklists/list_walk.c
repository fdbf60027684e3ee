/* Decodes block after block of an index; see list_walk.h. */
#include "blocklists/list_walk.h"

#include <string.h>

#include "blocklists/list_parts.h"
#include "blocklists/list_rule.h"
#include "blocklists/list_run.h"

/* --- names ---------------------------------------------------------------------------- */

void list_names_start(struct list_names *n, const struct list_index *x)
{
	*n = (struct list_names){ .x = x };
}

/** Begin the next block. @retval false  there is none */
static bool block_next(struct list_names *n)
{
	if (n->block == n->x->block_count)
		return false;
	n->at = list_part_block(n->x, n->block, &n->end);
	n->next_row = n->x->rows[n->block++];
	n->left = LIST_BLOCK;
	n->len = 0;
	return true;
}

/** Go to the block's next name. @retval false  no more of it, or it is damaged */
static bool name_next(struct list_names *n)
{
	struct list_block_name b;

	if (!n->left || !list_part_name(&n->at, n->end, &b) || b.shared > n->len ||
	    b.shared + b.len > LIST_KEY_MAX || b.class >= n->x->head->classes) {
		n->left = 0;
		return false;
	}
	n->left--;
	memcpy(n->key + b.shared, b.bytes, b.len);
	n->len = (uint8_t)(b.shared + b.len);
	n->rules = list_part_rules(n->x, b.class, &n->lists);
	n->row = n->next_row;
	for (unsigned i = 0, rules = n->rules; rules; rules &= rules - 1)
		n->next_row += (unsigned)__builtin_popcountll(n->lists[i++]);
	return true;
}

bool list_names_next(struct list_names *n)
{
	while (!name_next(n)) {
		if (!block_next(n))
			return false;
	}
	return true;
}

uint32_t list_names_line(const struct list_names *n, uint64_t row)
{
	return row < n->x->head->lines ? n->x->lines[row] : 0;
}

/* --- one list ------------------------------------------------------------------------- */

bool list_walk_start(struct list_walk *w, const struct list_index *x, const char *list)
{
	for (unsigned i = 0; i < list_index_list_count(x); i++) {
		if (strcmp(list_index_stats(x, i)->name, list))
			continue;
		*w = (struct list_walk){ .list = i };
		list_names_start(&w->names, x);
		return true;
	}
	return false;
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
	const struct list_names *n = &w->names;
	struct dname name;
	unsigned rule;
	uint32_t line;
	uint64_t row;

	for (;;) {
		while (!rule_next(w, &rule, &row)) {
			if (!list_names_next(&w->names))
				return false;
			w->rules = n->rules;
			w->lists = n->lists;
			w->row = n->row;
		}
		if (row < n->x->head->lines && !list_key_to_dname(n->key, n->len, &name))
			break;
	}
	line = list_names_line(n, row);
	*e = (struct list_entry){
		.name = name,
		.scope = list_rule_scope(rule),
		.level = list_rule_level(rule),
		.disables = list_rule_disables(rule),
		.action = (uint8_t)(line >> LIST_ACTION_SHIFT & LIST_ACTION_MASK),
	};
	*where = line & (LIST_WHERE_CONF | LIST_WHERE_LINE);
	return true;
}
