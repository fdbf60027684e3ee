/*
 * Deadlines of many things at the cost of a list operation each: 512 slots of 16 ms.
 * Pure; the time is passed in. Knows nothing of what the deadlines are for.
 */
#ifndef RESOLVER_TIMER_WHEEL_H
#define RESOLVER_TIMER_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define WHEEL_SLOTS   512
#define WHEEL_TICK_MS 16

/** Embedded in what has a deadline; zeroed at start. */
struct wheel_entry {
	TAILQ_ENTRY(wheel_entry) link;
	uint64_t due_tick;
	bool is_set;
};

TAILQ_HEAD(wheel_slot, wheel_entry);

struct timer_wheel {
	struct wheel_slot slots[WHEEL_SLOTS];
	uint64_t tick; /* all before this one is done */
	size_t count;
};

void wheel_init(struct timer_wheel *w, uint64_t now_ms);

/** Set or move e's deadline; the wheel borrows e until it is taken or cleared. It comes
 * up to WHEEL_TICK_MS late; one in the past (0) is taken next. */
void wheel_set(struct timer_wheel *w, struct wheel_entry *e, uint64_t at_ms);

/** No deadline any more; an entry without one is left as it is. */
void wheel_clear(struct timer_wheel *w, struct wheel_entry *e);

/** Take one entry whose deadline has come; NULL: none is left. */
struct wheel_entry *wheel_take(struct timer_wheel *w, uint64_t now_ms);

#endif
