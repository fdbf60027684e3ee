/*
 * Questions from a client whose MAC address the kernel is about to find out; see
 * query_parts.h. By it the client's policy and its leases go, so the question waits before
 * anything is decided. That costs next to nothing: the answer could not be sent either
 * before the kernel knows where to.
 */
#include <errno.h>
#include <event2/event.h>

#include "lib/clock.h"
#include "resolver/neighbour.h"
#include "resolver/neighbour_table.h"
#include "resolver/query_parts.h"

#define PARKED_MAX 1024 /* a further one goes by its client's address */

static void append(struct queries *qs, struct query *q)
{
	q->next = NULL;
	*qs->parked_end = q;
	qs->parked_end = &q->next;
	qs->parked_count++;
}

static void take_all(struct queries *qs, struct query **out)
{
	*out = qs->parked;
	qs->parked = NULL;
	qs->parked_end = &qs->parked;
	qs->parked_count = 0;
}

static void set_timer(struct queries *qs, uint64_t now_ms)
{
	uint64_t due_ms = qs->parked->parked_until_ms;
	uint64_t left_ms = due_ms > now_ms ? due_ms - now_ms : 1;
	struct timeval tv = { .tv_usec = (suseconds_t)(left_ms * 1000) };

	event_add(qs->on_park_end, &tv);
}

/* Let those go on whose client is known now, or whose time is over. */
static void look_again(struct queries *qs)
{
	uint64_t now_ms = clock_mono_ms();
	struct resolver *r = qs->r;
	struct query *q, *next;

	qs->added = neighbour_added(r->neighbours);
	for (take_all(qs, &q); q; q = next) {
		next = q->next;
		clients_find(r->clients, q->l.setup, &q->l.asker, now_ms, &q->l.client);
		if (q->l.client.is_awaited && now_ms < q->parked_until_ms) {
			append(qs, q);
			continue;
		}
		if (!q->l.client.has_mac)
			r->stats.waited_in_vain++;
		query_judge(r, &q->l);
		query_free(r, q);
	}
	if (qs->parked)
		set_timer(qs, now_ms);
	else
		event_del(qs->on_park_end);
}

static void on_park_end(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	look_again(arg);
}

void queries_turn(struct queries *qs)
{
	if (qs->parked && neighbour_added(qs->r->neighbours) != qs->added)
		look_again(qs);
}

bool query_park(struct resolver *r, struct lookup *l)
{
	struct queries *qs = r->queries;
	struct query *q = qs->parked_count < PARKED_MAX ? query_new(r, l) : NULL;
	uint64_t now_ms = clock_mono_ms();

	if (!q)
		return false;
	r->stats.waited++;
	q->parked_until_ms = now_ms + NEIGHBOUR_AWAIT_MS;
	append(qs, q);
	if (qs->parked == q) {
		qs->added = neighbour_added(r->neighbours);
		set_timer(qs, now_ms);
	}
	return true;
}

int query_park_init(struct queries *qs)
{
	qs->parked_end = &qs->parked;
	qs->on_park_end = event_new(qs->r->base, -1, 0, on_park_end, qs);
	return qs->on_park_end ? 0 : -ENOMEM;
}

void query_park_fini(struct queries *qs)
{
	struct query *q, *next;

	if (!qs->on_park_end)
		return;
	for (take_all(qs, &q); q; q = next) {
		next = q->next;
		query_drop(qs->r, q);
	}
	event_free(qs->on_park_end);
}
