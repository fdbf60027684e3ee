/* Hours of policies; see schedule.h. */
#include "resolver/schedule.h"

#include <errno.h>
#include <event2/event.h>
#include <stddef.h>

#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/util.h"
#include "resolver/override.h"

#define LOOK_S 10 /* a step of the clock is noticed by then without any question */

static void set_timer(struct schedule *s, int64_t now_s)
{
	struct timeval wait = { .tv_sec = MIN(s->edge_s - now_s, LOOK_S) };

	if (s->edge_s == INT64_MAX)
		event_del(s->at);
	else
		event_add(s->at, &wait);
}

/* @return whether anything is otherwise */
static bool apply(struct schedule *s, int64_t now_s)
{
	bool changed;
	int64_t edge_s = conf_policies_apply(s->conf, now_s, &changed);

	s->edge_s = MIN(edge_s, overrides_apply(s->overrides, now_s, &changed));
	s->epoch += changed;
	return changed;
}

void schedule_look(struct schedule *s, int64_t now_s)
{
	bool is_due = now_s >= s->edge_s || now_s < s->applied_s;

	s->applied_s = now_s;
	if (!is_due || !s->conf)
		return;
	if (apply(s, now_s))
		s->on_change(s->arg);
	set_timer(s, now_s);
}

static void on_timer(evutil_socket_t fd, short events, void *arg)
{
	struct schedule *s = arg;
	int64_t now_s = clock_wall_us() / 1000000;

	(void)fd;
	(void)events;
	schedule_look(s, now_s);
	set_timer(s, now_s);
}

int schedule_init(struct schedule *s, struct event_base *base, void (*on_change)(void *arg),
		  void *arg)
{
	*s = (struct schedule){ .edge_s = INT64_MAX, .on_change = on_change, .arg = arg };
	s->at = event_new(base, -1, 0, on_timer, s);
	return s->at ? 0 : -ENOMEM;
}

void schedule_set(struct schedule *s, struct conf *conf, struct overrides *overrides,
		  int64_t now_s)
{
	s->conf = conf;
	s->overrides = overrides;
	s->applied_s = now_s;
	apply(s, now_s);
	s->epoch++;
	set_timer(s, now_s);
}

void schedule_fini(struct schedule *s)
{
	if (s->at)
		event_free(s->at);
	s->at = NULL;
}
