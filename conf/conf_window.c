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
