/* Names of clients in policies; see policy_name.h. */
#include "resolver/policy_name.h"

#include <string.h>

#include "resolver/policy.h"

static size_t find_named(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->device_count; i++)
		for (size_t k = 0; k < conf->devices[i].dhcp_name_count; k++)
			if (!strcmp(conf->devices[i].dhcp_names[k], name))
				return i;
	return POLICY_NONE;
}

/* The lists that a policy blocks or allows by at all times and in a window, at the least. */
static uint64_t lists_in(const struct conf_policy *p, size_t window, bool block)
{
	uint64_t lists = block ? p->block_always : p->allow_always;

	for (size_t i = 0; i < p->during_count; i++)
		if (p->durings[i].window == window)
			lists |= block ? p->durings[i].block : p->durings[i].allow;
	return lists;
}

/* Whether, at any time, every list by which `less` blocks or allows is one of `more`. */
static bool is_within(const struct conf_policy *less, const struct conf_policy *more, bool block)
{
	uint64_t always = block ? less->block_always : less->allow_always;

	if (always & ~lists_in(more, SIZE_MAX, block))
		return false;
	for (size_t i = 0; i < less->during_count; i++) {
		const struct conf_during *d = &less->durings[i];

		if ((block ? d->block : d->allow) & ~lists_in(more, d->window, block))
			return false;
	}
	return true;
}

static bool has_same_hours(const struct conf_policy *a, const struct conf_policy *b)
{
	if (a->hours.count != b->hours.count)
		return false;
	for (size_t i = 0; i < a->hours.count; i++) {
		const struct conf_span *x = &a->hours.spans[i], *y = &b->hours.spans[i];

		if (x->days != y->days || x->from_min != y->from_min || x->to_min != y->to_min)
			return false;
	}
	return true;
}

/* Whether a keeps its clients from all that b keeps its own from. Another upstream may know
 * names that b's does not tell of. */
static bool is_as_strict(const struct conf *conf, size_t a, size_t b)
{
	const struct conf_policy *pa, *pb;

	if (a == b || b == POLICY_NONE)
		return true;
	if (a == POLICY_NONE)
		return false;
	pa = &conf->policies[a];
	pb = &conf->policies[b];
	return is_within(pb, pa, true) && is_within(pa, pb, false) &&
	       (!pb->hours.count || has_same_hours(pa, pb)) &&
	       pa->has_upstream == pb->has_upstream &&
	       (!pa->has_upstream || pa->upstream == pb->upstream);
}

void policy_name_apply(const struct conf *conf, const struct addr *addr, const char *name,
		       struct policy_client *c)
{
	struct policy_client named = *c;

	if (!*name || c->device != POLICY_NONE)
		return;
	named.device = find_named(conf, name);
	if (named.device == POLICY_NONE)
		return;
	named.by_name = true;
	named.is_weak = conf->devices[named.device].trust_name != SWITCH_ON;
	policy_place(conf, addr, &named);
	if (named.is_weak && !is_as_strict(conf, named.policy, c->policy))
		c->namesake = named.device;
	else
		*c = named;
}
