/*
 * What policies and overrides hold by the clock: kept true between the edges of their hours, and whatever
 * is done to the clock. Knows nothing of questions and leases.
 */
#ifndef RESOLVER_SCHEDULE_H
#define RESOLVER_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct conf;
struct event;
struct event_base;
struct overrides;

/** All times are wall time, seconds since 1970. */
struct schedule {
	struct event *at;  /* owned; runs at edge_s */
	struct conf *conf; /* borrowed; NULL: none yet */
	struct overrides *overrides; /* borrowed; NULL: none */
	int64_t applied_s; /* the last look */
	int64_t edge_s;	   /* until then all stays; INT64_MAX: for ever */
	uint32_t epoch;	   /* another one after each change of what holds */
	void (*on_change)(void *arg);
	void *arg;
};

/** @param on_change  what holds has changed; called inside schedule_look() and from the event
 *                    loop. @retval -ENOMEM */
int schedule_init(struct schedule *s, struct event_base *base, void (*on_change)(void *arg),
		  void *arg);

/** Take the place of what was before, by the hours of now_s; on_change is not called.
 *  @param conf, overrides  borrowed until the next call; what they hold changes with the
 *                          hours. overrides may be NULL */
void schedule_set(struct schedule *s, struct conf *conf, struct overrides *overrides,
		  int64_t now_s);

/** See to what holds at now_s, if it is past the edge or the clock was set back. Cheap
 *  otherwise. */
void schedule_look(struct schedule *s, int64_t now_s);

void schedule_fini(struct schedule *s);

#endif
