/* Reads what policies are for, and their lists. */
#include "conf/conf_parse.h"
#include "conf/conf_read.h"

void read_for(struct parser *p, const struct written *w)
{
	struct conf_policy *policy = w->block;

	for (size_t i = w->first; i < w->node->word_count; i++) {
		size_t group = parse_reference(p, CONF_GROUP, &w->node->words[i]),
		       *element;

		if (group == SIZE_MAX)
			continue;
		element = PARSE_GROW(p, policy->groups, policy->group_count);
		if (!element)
			return;
		*element = group;
	}
}

/* The policy's lists of these hours: one element a window. NULL: no memory, noted in p */
static struct conf_during *during(struct parser *p, struct conf_policy *policy, size_t window)
{
	struct conf_during *d;

	for (size_t i = 0; i < policy->during_count; i++)
		if (policy->durings[i].window == window)
			return &policy->durings[i];
	d = PARSE_GROW(p, policy->durings, policy->during_count);
	if (d)
		d->window = window;
	return d;
}

void read_policy_lists(struct parser *p, const struct written *w)
{
	bool is_block = w->option->at == offsetof(struct conf_policy, block_always);
	struct conf_policy *policy = w->block;
	uint64_t lists = 0;
	size_t window, count = parse_during(p, w, "as in: block games during school", &window);

	for (size_t i = w->first; i < count; i++) {
		size_t list = parse_reference(p, CONF_LIST, &w->node->words[i]);

		if (list != SIZE_MAX)
			lists |= UINT64_C(1) << list;
	}
	if (window == SIZE_MAX) {
		*(is_block ? &policy->block_always : &policy->allow_always) |= lists;
	} else {
		struct conf_during *d = during(p, policy, window);

		if (d)
			*(is_block ? &d->block : &d->allow) |= lists;
	}
}

void read_upstream(struct parser *p, const struct written *w)
{
	struct conf_policy *policy = w->block;

	if (!read_one_value(p, w))
		return;
	if (policy->has_upstream)
		parse_error(p, &w->node->words[0], NULL, "'upstream' is written twice");
	policy->has_upstream = true;
	policy->upstream = parse_reference(p, CONF_UPSTREAM, &w->node->words[w->first]);
}
