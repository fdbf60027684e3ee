/* Which server is asked when, and what to make of what it says; see upstream_step.h. */
#include "resolver/upstream_step.h"

#include <errno.h>

#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/util.h"
#include "resolver/upstream_health.h"
#include "resolver/upstream_query.h"
#include "resolver/upstream_server.h"
#include "resolver/upstream_try.h"
#include "resolver/wire.h"

#define GIVE_UP_MS    900 /* when every server refuses */
#define BLOCKED_MS    32  /* between looks whether one takes questions again */
#define CASE_WAIT_MS  250 /* for the right case, before the server is asked again */
#define TCP_WAIT_MS   2000
#define TCP_TRIES     64 /* connections that answered others but not this */
#define PROBE_LIFE_MS 3000
#define START_MAX     4 /* servers asked at once while none is known, */
#define START_QUERIES 16 /* but not by more questions than that */

static size_t index_of(const struct upstream_query *q, const struct upstream_server *s)
{
	size_t i = 0;

	while (q->group->servers[i] != s)
		i++;
	return i;
}

static uint64_t all_servers(const struct upstream_group *g)
{
	return g->count == 64 ? UINT64_MAX : ((uint64_t)1 << g->count) - 1;
}

/** The server for the next try: one not asked yet before one that was, one that is up
 *  before one that is not; group->count if none may be asked now. */
static size_t choose(const struct upstream_query *q, uint64_t avoid, uint64_t now_ms)
{
	const struct upstream_group *g = q->group;
	uint64_t open = 0, up = 0, masks[4];
	uint32_t random = random_u32();

	for (size_t i = 0; i < g->count; i++) {
		open |= (uint64_t)health_is_open(g->health[i], now_ms) << i;
		up |= (uint64_t)health_is_up(g->health[i]) << i;
	}
	open &= ~(avoid | q->spent);
	masks[0] = open & ~q->tried & up;
	masks[1] = open & ~q->tried;
	masks[2] = open & up;
	masks[3] = open;
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++)
		if (masks[i])
			return health_choose(g->health, g->count, g->order, masks[i],
					     random);
	return g->count;
}

/** Make one try at server i. */
static int ask(struct upstream_query *q, size_t i, bool tcp, uint64_t now_us)
{
	struct upstream_server *s = q->group->servers[i];
	struct upstream_try *t = upstream_query_try_new(q);
	int rc;

	if (!t)
		return -ENOMEM;
	t->is_tcp = tcp;
	t->is_tls = upstream_server_is_tls(s);
	t->until_ms = now_us / 1000 + TCP_WAIT_MS;
	if (!tcp)
		t->until_ms = now_us / 1000 + health_wait_ms(q->group->health[i],
							     q->try_count,
							     q->group->timeout_ms);
	rc = upstream_server_ask(s, t, now_us);
	q->refs += t->in_ares;
	if (rc) {
		t->is_failed = true;
		q->hard_rc = rc;
		return rc;
	}
	q->tried |= (uint64_t)1 << i;
	if (t->is_tls) /* a stream loses nothing: not again unless it breaks */
		q->spent |= (uint64_t)1 << i;
	q->try_count += !tcp;
	return 0;
}

/** Note tries whose time has passed. Their replies stay welcome. */
static void note_late(struct upstream_query *q, uint64_t now_ms)
{
	struct upstream_try *t;

	SLIST_FOREACH (t, &q->tries, sibling) {
		if (!t->is_awaited || t->is_failed || t->is_late || now_ms < t->until_ms)
			continue;
		t->is_late = true;
		if (t->is_tcp || t->is_suspect)
			continue;
		health_missed(upstream_server_health(t->server), now_ms);
		if (!health_is_up(upstream_server_health(t->server)))
			upstream_server_renew(t->server, now_ms);
	}
}

/** When the youngest try that may still answer in time runs out; 0: there is none. */
static uint64_t pending_until(const struct upstream_query *q)
{
	const struct upstream_try *t;
	uint64_t until = 0;

	SLIST_FOREACH (t, &q->tries, sibling)
		if (t->is_awaited && !t->is_failed && !t->is_late)
			until = MAX(until, t->until_ms);
	return until;
}

static void wait_until(struct upstream_query *q, uint64_t at_ms)
{
	wheel_set(&q->desk->wheel, &q->timer, MIN(at_ms, q->end_ms));
}

/** Ask one more server that was not asked before. */
static bool ask_next_untried(struct upstream_query *q, uint64_t now_us)
{
	size_t i = choose(q, q->tried, now_us / 1000);

	return i < q->group->count && !ask(q, i, false, now_us);
}

/** Ask the next server that takes the question. */
static bool ask_next(struct upstream_query *q, uint64_t now_us)
{
	uint64_t avoid = 0;

	while (q->try_count < q->try_max) {
		size_t i = choose(q, avoid, now_us / 1000);

		if (i == q->group->count)
			return false;
		if (!ask(q, i, false, now_us))
			return true;
		avoid |= (uint64_t)1 << i; /* so at most once round */
	}
	return false;
}

static bool is_all_spent(const struct upstream_query *q)
{
	return !(all_servers(q->group) & ~q->spent) || q->try_count >= q->try_max;
}

/** Nobody can be asked now and nobody is awaited. */
static void wait_or_give_up(struct upstream_query *q, uint64_t now_ms)
{
	if (!q->hard_rc)
		q->hard_rc = -ECONNREFUSED; /* so each was found before */
	if (is_all_spent(q) || q->held.kind == HELD_ERROR ||
	    now_ms >= q->begin_us / 1000 + GIVE_UP_MS)
		upstream_query_end_held(q);
	else
		wait_until(q, now_ms + BLOCKED_MS);
}

/** A reply came in the wrong case, and no other one since: ask the same server again. */
static bool ask_suspect(struct upstream_query *q, uint64_t now_us)
{
	struct upstream_try *t;

	SLIST_FOREACH (t, &q->tries, sibling) {
		if (!t->is_suspect || t->is_failed || q->try_count >= q->try_max)
			continue;
		t->is_failed = true; /* once */
		return !ask(q, index_of(q, t->server), false, now_us);
	}
	return false;
}

static void query_step(struct upstream_query *q, uint64_t now_us)
{
	uint64_t now_ms = now_us / 1000, until;

	if (q->is_over)
		return;
	note_late(q, now_ms);
	if (now_ms >= q->end_ms) {
		upstream_query_end_held(q);
		return;
	}
	until = pending_until(q);
	if (!until) {
		/* an error that every server asked has given, or left unanswered */
		if (q->held.kind == HELD_ERROR &&
		    !(all_servers(q->group) & ~(q->tried | q->spent))) {
			upstream_query_end_held(q);
			return;
		}
		if (ask_suspect(q, now_us) || ask_next(q, now_us))
			until = pending_until(q);
	}
	if (until)
		wait_until(q, until);
	else if (upstream_query_awaits_any(q))
		wait_until(q, is_all_spent(q) ? q->end_ms : now_ms + BLOCKED_MS);
	else
		wait_or_give_up(q, now_ms);
}

/* --- what happens to a try ----------------------------------------------------- */

static void retry_by_tcp(struct upstream_query *q, struct upstream_try *t)
{
	size_t i = index_of(q, t->server);

	upstream_query_hold(q, t, HELD_TRUNCATED);
	q->spent |= (uint64_t)1 << i;
	ask(q, i, true, clock_mono_us()); /* if not, the step goes on */
}

static bool is_error(uint16_t rcode)
{
	return rcode == RCODE_SERVFAIL || rcode == RCODE_REFUSED ||
	       rcode == RCODE_NOTIMP || rcode == RCODE_FORMERR || rcode == RCODE_BADVERS;
}

void upstream_query_on_reply(struct upstream_try *t)
{
	struct upstream_query *q = t->query;
	uint64_t now_us = clock_mono_us();
	bool error = is_error(t->facts.rcode);

	health_replied(upstream_server_health(t->server),
		       (uint32_t)MIN(now_us - t->sent_us, (uint64_t)UINT32_MAX), error);
	t->is_failed = true; /* done with, whatever follows */
	if (t->facts.truncated && !t->is_tcp && !t->is_tls && !error) {
		retry_by_tcp(q, t);
	} else if (error) {
		upstream_query_hold(q, t, HELD_ERROR);
		q->spent |= (uint64_t)1 << index_of(q, t->server);
	} else {
		upstream_query_end_reply(q, t);
	}
	t->reply = NULL;
	query_step(q, now_us);
}

bool upstream_query_on_case(struct upstream_try *t)
{
	struct upstream_query *q = t->query;
	const struct upstream_try *other;

	SLIST_FOREACH (other, &q->tries, sibling)
		if (other != t && other->is_suspect && other->server == t->server)
			return true;
	upstream_query_hold(q, t, HELD_SUSPECT);
	t->until_ms = MIN(t->until_ms, clock_mono_ms() + CASE_WAIT_MS);
	wait_until(q, t->until_ms);
	return false;
}

void upstream_query_on_broken(struct upstream_try *t, bool has_answered)
{
	struct upstream_query *q = t->query;
	uint64_t now_us = clock_mono_us();

	t->is_failed = true;
	if (has_answered && !t->in_ares && q->tcp_tries++ < TCP_TRIES) {
		t->is_failed = upstream_server_ask(t->server, t, now_us) != 0;
		q->refs += t->in_ares;
	}
	if (t->is_failed && t->is_tls)
		q->spent &= ~((uint64_t)1 << index_of(q, t->server));
	query_step(q, now_us);
}

void upstream_query_on_unreachable(struct upstream_try *t, int rc)
{
	struct upstream_query *q = t->query;

	if (q->is_over)
		return;
	t->is_failed = true;
	q->hard_rc = rc;
	wheel_set(&q->desk->wheel, &q->timer, 0);
}

void upstream_query_on_let_go(struct upstream_try *t)
{
	upstream_query_unref(t->query);
}

/* --- public -------------------------------------------------------------------- */

/** As long as no server is known to answer, a question goes to several: nobody waits for
 *  the first in the list to be found dead. */
static void ask_at_start(struct upstream_query *q, uint64_t now_us)
{
	const struct upstream_group *g = q->group;

	if (g->order != ORDER_FASTEST)
		return;
	for (size_t i = 0; i < g->count; i++)
		if (g->health[i]->srtt_us || g->health[i]->sent >= START_QUERIES)
			return;
	for (unsigned n = 1; n < START_MAX && ask_next_untried(q, now_us); n++)
		;
}

/** Let a server that is down, or was not asked for long, have a copy of q, so that it is
 *  known how it does. At most one a minute and server while it is well. */
static void probe_others(const struct upstream_query *q, uint64_t now_us)
{
	struct upstream_group *g = q->group;
	struct upstream_query *probe;

	for (size_t i = 0; g->count > 1 && i < g->count; i++) {
		struct upstream_health *h = upstream_server_health(g->servers[i]);

		if (health_is_up(h) && g->order != ORDER_FASTEST)
			continue; /* its speed does not matter */
		if ((q->tried >> i & 1) || !health_take_probe(h, now_us / 1000))
			continue;
		if (upstream_query_new(q->desk, g, q->wire.bytes, q->wire.len, NULL, NULL,
				       &probe))
			return;
		probe->spent = ~((uint64_t)1 << i);
		probe->try_max = 1;
		probe->end_ms = now_us / 1000 + PROBE_LIFE_MS;
		query_step(probe, now_us);
	}
}

int upstream_query_begin(struct upstream_desk *d, struct upstream_group *g,
			 const uint8_t *wire, size_t len, upstream_done *done, void *arg,
			 struct upstream_query **out)
{
	struct upstream_query *q;
	int rc = upstream_query_new(d, g, wire, len, done, arg, &q);

	if (rc)
		return rc;
	query_step(q, q->begin_us);
	if (!q->tried && (q->hard_rc == -EAGAIN || q->hard_rc == -ENOMEM)) {
		rc = q->hard_rc;
		upstream_query_cancel(q);
		return rc;
	}
	ask_at_start(q, q->begin_us);
	probe_others(q, q->begin_us);
	*out = q;
	return 0;
}

bool upstream_desk_step(struct upstream_desk *d)
{
	uint64_t now_us = clock_mono_us();
	struct wheel_entry *e;
	bool any = false;

	while ((e = wheel_take(&d->wheel, now_us / 1000))) {
		query_step(CONTAINER_OF(e, struct upstream_query, timer), now_us);
		any = true;
	}
	return any;
}
