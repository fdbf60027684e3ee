/* Prints lists, policies and their hours; see conf_print.h. */
#include "conf/conf_print.h"

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "conf/conf_option.h"

void print_during(const struct printer *p, size_t window)
{
	if (window == SIZE_MAX)
		return;
	fputs(" during", p->to);
	print_word(p->to, p->conf->windows[window].name);
}

static void print_some_lists(const struct printer *p, uint64_t lists, size_t window)
{
	for (size_t i = 0; i < p->conf->list_count; i++) {
		if (!(lists & UINT64_C(1) << i))
			continue;
		print_name(p);
		print_word(p->to, p->conf->lists[i].name);
		print_during(p, window);
		fputc('\n', p->to);
	}
}

void print_lists(const struct printer *p)
{
	print_some_lists(p, *(const uint64_t *)((const char *)p->block + p->option->at), SIZE_MAX);
}

void print_policy_lists(const struct printer *p)
{
	const struct conf_policy *policy = p->block;
	bool is_block = p->option->at == offsetof(struct conf_policy, block_always);

	print_some_lists(p, is_block ? policy->block_always : policy->allow_always, SIZE_MAX);
	for (size_t i = 0; i < policy->during_count; i++) {
		print_some_lists(p, is_block ? policy->durings[i].block : policy->durings[i].allow,
				 policy->durings[i].window);
	}
}

void print_hours(const struct printer *p)
{
	const struct conf_hours *h = (const void *)((const char *)p->block + p->option->at);
	char text[CONF_SPAN_TEXT_MAX];

	for (size_t i = 0; i < h->count; i++) {
		print_name(p);
		fprintf(p->to, " %s\n", conf_span_text(&h->spans[i], text));
	}
}

void print_for(const struct printer *p)
{
	const struct conf_policy *policy = p->block;

	for (size_t i = 0; i < policy->group_count; i++) {
		print_name(p);
		print_word(p->to, p->conf->groups[policy->groups[i]].name);
		fputc('\n', p->to);
	}
}
