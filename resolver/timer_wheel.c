/* A hashed timer wheel (Varghese, Lauck 1987, scheme 6); see timer_wheel.h. */
#include "resolver/timer_wheel.h"

#include "lib/util.h"

static struct wheel_slot *slot_of(struct timer_wheel *w, uint64_t tick)
{
	return &w->slots[tick % WHEEL_SLOTS];
}

void wheel_init(struct timer_wheel *w, uint64_t now_ms)
{
	for (size_t i = 0; i < WHEEL_SLOTS; i++)
		TAILQ_INIT(&w->slots[i]);
	w->tick = now_ms / WHEEL_TICK_MS;
	w->count = 0;
}

void wheel_clear(struct timer_wheel *w, struct wheel_entry *e)
{
	if (!e->is_set)
		return;
	TAILQ_REMOVE(slot_of(w, e->due_tick), e, link);
	e->is_set = false;
	w->count--;
}

void wheel_set(struct timer_wheel *w, struct wheel_entry *e, uint64_t at_ms)
{
	wheel_clear(w, e);
	e->due_tick = MAX((at_ms + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS, w->tick);
	TAILQ_INSERT_TAIL(slot_of(w, e->due_tick), e, link);
	e->is_set = true;
	w->count++;
}

struct wheel_entry *wheel_take(struct timer_wheel *w, uint64_t now_ms)
{
	uint64_t now = now_ms / WHEEL_TICK_MS;
	struct wheel_entry *e;

	/* after a suspend one round finds all: what is due stays due */
	if (now > w->tick + WHEEL_SLOTS)
		w->tick = now - WHEEL_SLOTS;
	for (;;) {
		TAILQ_FOREACH (e, slot_of(w, w->tick), link) {
			if (e->due_tick <= now) {
				wheel_clear(w, e);
				return e;
			}
		}
		if (w->tick >= now)
			return NULL;
		w->tick++;
	}
}
