/*
 * The pool: groups of servers from the configuration, the timer that drives their
 * questions, and the public functions; see upstream.h.
 */
#include "resolver/upstream.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/util.h"
#include "resolver/udp_pool.h"
#include "resolver/upstream_health.h"
#include "resolver/upstream_query.h"
#include "resolver/upstream_roster.h"
#include "resolver/upstream_server.h"
#include "resolver/upstream_step.h"
#include "resolver/upstream_trust.h"

#define TURN_ROUNDS 8 /* of sending and failing at once; the rest waits for the timer */

/* What the pools before and after a reload have in common. */
struct upstream_office {
	unsigned refs; /* pools */
	struct upstream_desk desk;
	struct upstream_roster roster;
	struct udp_rx *rx;   /* owned */
	struct event *timer; /* owned; runs while a question is open */
	bool is_running;
};

struct upstream_pool {
	struct upstream_office *office; /* a reference */
	struct upstream_group *groups;	/* owned */
	size_t count;
	struct upstream_trust *trust; /* a reference; NULL: no server is asked over TLS */
};

static void flush_servers(struct upstream_office *o)
{
	struct upstream_member *m;

	LIST_FOREACH (m, &o->roster.members, link)
		upstream_server_flush(m->server);
}

/** The wheel turns only while something is in it. */
static void set_timer(struct upstream_office *o)
{
	struct timeval tick = { .tv_usec = WHEEL_TICK_MS * 1000 };
	bool run = o->desk.wheel.count > 0;

	if (run && !o->is_running)
		event_add(o->timer, &tick);
	else if (!run && o->is_running)
		event_del(o->timer);
	o->is_running = run;
}

/** Call back what has ended, send what is queued, take due steps until none is. The
 *  replies that servers have lent are given back when it returns. */
static void turn(struct upstream_office *o)
{
	bool nested = o->desk.is_calling;

	for (unsigned i = 0; i < TURN_ROUNDS; i++) {
		upstream_desk_call_back(&o->desk);
		if (!nested)
			flush_servers(o);
		if (!upstream_desk_step(&o->desk))
			break;
	}
	upstream_desk_call_back(&o->desk);
	set_timer(o);
}

static void on_timer(evutil_socket_t fd, short events, void *arg)
{
	struct upstream_office *o = arg;
	uint64_t now_ms = clock_mono_ms();
	struct upstream_member *m;

	(void)fd;
	(void)events;
	LIST_FOREACH (m, &o->roster.members, link)
		upstream_server_tick(m->server, now_ms);
	turn(o);
}

/* --- what servers tell --------------------------------------------------------- */

static void on_reply(void *arg, struct upstream_try *t)
{
	(void)arg;
	upstream_query_on_reply(t);
}

static bool on_case(void *arg, struct upstream_try *t)
{
	(void)arg;
	return upstream_query_on_case(t);
}

static void on_broken(void *arg, struct upstream_try *t, bool has_answered)
{
	(void)arg;
	upstream_query_on_broken(t, has_answered);
}

static void on_unreachable(void *arg, struct upstream_try *t, int rc)
{
	(void)arg;
	upstream_query_on_unreachable(t, rc);
}

static void on_let_go(void *arg, struct upstream_try *t)
{
	(void)arg;
	upstream_query_on_let_go(t);
}

static void on_turn(void *arg)
{
	turn(arg);
}

static const struct upstream_server_ops server_ops = {
	.on_reply = on_reply,
	.on_case = on_case,
	.on_broken = on_broken,
	.on_unreachable = on_unreachable,
	.on_let_go = on_let_go,
	.on_turn = on_turn,
};

/* --- opening and closing ------------------------------------------------------- */

static void office_leave(struct upstream_office *o)
{
	if (!o || --o->refs)
		return;
	assert(LIST_EMPTY(&o->roster.members));
	if (o->timer)
		event_free(o->timer);
	udp_rx_free(o->rx);
	free(o);
}

static int office_open(struct event_base *base, struct upstream_office **out)
{
	struct upstream_office *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	o->refs = 1;
	upstream_desk_init(&o->desk, clock_mono_ms());
	o->rx = udp_rx_new();
	o->timer = event_new(base, -1, EV_PERSIST, on_timer, o);
	if (!o->rx || !o->timer) {
		office_leave(o);
		return -ENOMEM;
	}
	LIST_INIT(&o->roster.members);
	o->roster.base = base;
	o->roster.rx = o->rx;
	o->roster.ops = &server_ops;
	o->roster.arg = o;
	*out = o;
	return 0;
}

static int group_open(struct upstream_pool *pool, const struct conf_upstream *from,
		      struct upstream_group *g)
{
	size_t count = MIN(from->server_count, (size_t)UPSTREAM_GROUP_MAX);

	g->name = from->name;
	g->timeout_ms = from->timeout_ms;
	g->order = from->order;
	g->servers = calloc(count, sizeof(struct upstream_server *));
	g->health = calloc(count, sizeof(struct upstream_health *));
	if (!g->servers || !g->health)
		return -ENOMEM;
	for (; g->count < count; g->count++) {
		const struct conf_server *to = &from->servers[g->count];
		int rc = upstream_roster_take(&pool->office->roster, to, g->timeout_ms,
					      to->tls ? pool->trust : NULL,
					      &g->servers[g->count]);

		if (rc)
			return rc;
		g->health[g->count] = upstream_server_health(g->servers[g->count]);
	}
	return 0;
}

static void group_close(struct upstream_pool *pool, struct upstream_group *g)
{
	upstream_desk_cancel_all(&pool->office->desk, g);
	for (size_t i = 0; i < g->count; i++)
		upstream_roster_leave(&pool->office->roster, g->servers[i]);
	free(g->servers);
	free(g->health);
}

static bool is_any_tls(const struct conf *conf)
{
	for (size_t i = 0; i < conf->upstream_count; i++)
		for (size_t j = 0; j < conf->upstreams[i].server_count; j++)
			if (conf->upstreams[i].servers[j].tls)
				return true;
	return false;
}

/** Other authorities: who was believed may not be any more. */
static int set_trust(struct upstream_pool *pool, const struct conf *conf,
		     const struct upstream_pool *before)
{
	size_t len = conf->ca_text ? strlen(conf->ca_text) : 0;

	if (!is_any_tls(conf))
		return 0;
	if (!before || !before->trust ||
	    !upstream_trust_is_of(before->trust, conf->ca_text, len))
		return upstream_trust_new(conf->ca_text, len, &pool->trust);
	pool->trust = upstream_trust_ref(before->trust);
	return 0;
}

static int open_groups(struct upstream_pool *pool, const struct conf *conf)
{
	upstream_roster_begin(&pool->office->roster);
	pool->groups = calloc(conf->upstream_count, sizeof(*pool->groups));
	if (!pool->groups && conf->upstream_count)
		return -ENOMEM;
	for (; pool->count < conf->upstream_count; pool->count++) {
		struct upstream_group *g = &pool->groups[pool->count];
		int rc = group_open(pool, &conf->upstreams[pool->count], g);

		if (rc) {
			group_close(pool, g);
			return rc;
		}
	}
	return 0;
}

int upstream_pool_open(struct event_base *base, const struct conf *conf,
		       const struct upstream_pool *before, struct upstream_pool **out)
{
	struct upstream_pool *pool = calloc(1, sizeof(*pool));
	int rc = 0;

	if (!pool)
		return -ENOMEM;
	if (before) {
		pool->office = before->office;
		pool->office->refs++;
	} else {
		rc = office_open(base, &pool->office);
	}
	if (!rc)
		rc = set_trust(pool, conf, before);
	if (!rc)
		rc = open_groups(pool, conf);
	if (rc) {
		upstream_pool_close(pool);
		return rc;
	}
	*out = pool;
	return 0;
}

void upstream_pool_close(struct upstream_pool *pool)
{
	if (!pool)
		return;
	assert(!pool->office || !pool->office->desk.is_calling);
	for (size_t i = 0; i < pool->count; i++)
		group_close(pool, &pool->groups[i]);
	office_leave(pool->office);
	upstream_trust_free(pool->trust);
	free(pool->groups);
	free(pool);
}

/* --- questions ----------------------------------------------------------------- */

int upstream_send(struct upstream_pool *pool, size_t group, const uint8_t *wire,
		  size_t len, upstream_done *done, void *arg, struct upstream_query **out)
{
	int rc;

	assert(group < pool->count && done);
	rc = upstream_query_begin(&pool->office->desk, &pool->groups[group], wire, len, done,
				  arg, out);
	set_timer(pool->office);
	return rc;
}

void upstream_cancel(struct upstream_query *q)
{
	upstream_query_cancel(q);
}

void upstream_flush(struct upstream_pool *pool)
{
	turn(pool->office);
}

void upstream_network_changed(struct upstream_pool *pool)
{
	struct upstream_member *m;

	LIST_FOREACH (m, &pool->office->roster.members, link)
		upstream_server_network_changed(m->server);
	turn(pool->office);
}

static size_t count_waiting(const struct upstream_pool *pool)
{
	size_t count = 0;

	for (size_t i = 0; i < pool->count; i++)
		count += pool->groups[i].waiting;
	return count;
}

bool upstream_idle(const struct upstream_pool *pool)
{
	return count_waiting(pool) == 0;
}

void upstream_status(const struct upstream_pool *pool, FILE *to)
{
	uint64_t dropped[REPLY_VERDICTS] = { 0 };

	for (size_t i = 0; i < pool->count; i++) {
		const struct upstream_group *g = &pool->groups[i];

		for (size_t j = 0; j < g->count; j++) {
			upstream_server_status(g->servers[j], g->name, to);
			upstream_server_count(g->servers[j], dropped);
		}
	}
	fprintf(to, "upstream\tin_flight\t%zu\n", count_waiting(pool));
	for (size_t i = REPLY_OK + 1; i < REPLY_VERDICTS; i++)
		fprintf(to, "upstream\tdropped %s\t%" PRIu64 "\n",
			reply_verdict_name((enum reply_verdict)i), dropped[i]);
}
