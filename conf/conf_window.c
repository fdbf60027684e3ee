/* What holds now of that which has hours; see conf.h. Pure: the time is a parameter. */
#include "conf/conf.h"
#include "lib/util.h"

static void apply(const struct conf *c, struct conf_gate_allow *allows, size_t count,
		  int64_t now_s, bool *changed)
{
	for (size_t i = 0; i < count; i++) {
		struct conf_gate_allow *a = &allows[i];
		bool closed;

		if (a->window == SIZE_MAX)
			continue;
		closed = !conf_hours_has(&c->windows[a->window].hours, now_s);
		*changed |= closed != a->closed;
		a->closed = closed;
	}
}

int64_t conf_windows_apply(struct conf *c, int64_t now_s, bool *changed)
{
	int64_t next_s = INT64_MAX;

	*changed = false;
	apply(c, c->gate.allows, c->gate.allow_count, now_s, changed);
	for (size_t i = 0; i < c->zone_count; i++)
		apply(c, c->zones[i].allows, c->zones[i].allow_count, now_s, changed);
	for (size_t i = 0; i < c->window_count; i++)
		next_s = MIN(next_s, conf_hours_next(&c->windows[i].hours, now_s));
	return next_s;
}

uint64_t conf_policy_lists(const struct conf_policy *p, bool block)
{
	uint64_t lists = block ? p->block_always : p->allow_always;

	for (size_t i = 0; i < p->during_count; i++)
		lists |= block ? p->durings[i].block : p->durings[i].allow;
	return lists;
}

static void apply_lists(const struct conf *c, struct conf_policy *p, int64_t now_s, bool *changed)
{
	uint64_t block = p->block_always, allow = p->allow_always;

	for (size_t i = 0; i < p->during_count; i++) {
		const struct conf_during *d = &p->durings[i];

		if (!conf_hours_has(&c->windows[d->window].hours, now_s))
			continue;
		block |= d->block;
		allow |= d->allow;
	}
	*changed |= block != p->block || allow != p->allow;
	p->block = block;
	p->allow = allow;
}

static int64_t apply_hours(struct conf_policy *p, int64_t now_s, bool *changed)
{
	bool closed = p->hours.count && !conf_hours_has(&p->hours, now_s);

	*changed |= closed != p->closed;
	p->closed = closed;
	return p->hours.count ? conf_hours_next(&p->hours, now_s) : INT64_MAX;
}

int64_t conf_policies_apply(struct conf *c, int64_t now_s, bool *changed)
{
	int64_t next_s = INT64_MAX;

	*changed = false;
	for (size_t i = 0; i < c->policy_count; i++) {
		struct conf_policy *p = &c->policies[i];

		apply_lists(c, p, now_s, changed);
		next_s = MIN(next_s, apply_hours(p, now_s, changed));
		for (size_t k = 0; k < p->during_count; k++)
			next_s = MIN(next_s, conf_hours_next(
						     &c->windows[p->durings[k].window].hours,
						     now_s));
	}
	return next_s;
}
