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
#include "resolver/upstream_server.h"
#include "resolver/upstream_step.h"
#include "resolver/upstream_trust.h"

#define TURN_ROUNDS 8 /* of sending and failing at once; the rest waits for the timer */

struct upstream_pool {
	struct upstream_desk desk;
	struct upstream_group *groups; /* owned */
	size_t count;
	struct upstream_shared shared; /* its rx and trust are owned */
	struct event *timer; /* owned; runs while a question is open */
	bool is_running;
};

static void flush_servers(struct upstream_pool *pool)
{
	for (size_t i = 0; i < pool->count; i++)
		for (size_t j = 0; j < pool->groups[i].count; j++)
			upstream_server_flush(pool->groups[i].servers[j]);
}

/** The wheel turns only while something is in it. */
static void set_timer(struct upstream_pool *pool)
{
	struct timeval tick = { .tv_usec = WHEEL_TICK_MS * 1000 };
	bool run = pool->desk.wheel.count > 0;

	if (run && !pool->is_running)
		event_add(pool->timer, &tick);
	else if (!run && pool->is_running)
		event_del(pool->timer);
	pool->is_running = run;
}

/** Call back what has ended, send what is queued, take due steps until none is. The
 *  replies that servers have lent are given back when it returns. */
static void turn(struct upstream_pool *pool)
{
	bool nested = pool->desk.is_calling;

	for (unsigned i = 0; i < TURN_ROUNDS; i++) {
		upstream_desk_call_back(&pool->desk);
		if (!nested)
			flush_servers(pool);
		if (!upstream_desk_step(&pool->desk))
			break;
	}
	upstream_desk_call_back(&pool->desk);
	set_timer(pool);
}

static void on_timer(evutil_socket_t fd, short events, void *arg)
{
	struct upstream_pool *pool = arg;
	uint64_t now_ms = clock_mono_ms();

	(void)fd;
	(void)events;
	for (size_t i = 0; i < pool->count; i++)
		for (size_t j = 0; j < pool->groups[i].count; j++)
			upstream_server_tick(pool->groups[i].servers[j], now_ms);
	turn(pool);
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

static int group_open(struct upstream_pool *pool, const struct conf_upstream *from,
		      struct upstream_group *g)
{
	size_t count = MIN(from->server_count, (size_t)UPSTREAM_GROUP_MAX);
	int rc;

	g->name = from->name;
	g->timeout_ms = from->timeout_ms;
	g->order = from->order;
	g->servers = calloc(count, sizeof(struct upstream_server *));
	g->health = calloc(count, sizeof(struct upstream_health *));
	if (!g->servers || !g->health)
		return -ENOMEM;
	for (; g->count < count; g->count++) {
		rc = upstream_server_open(&pool->shared, &from->servers[g->count],
					  from->timeout_ms, &server_ops, pool,
					  &g->servers[g->count]);
		if (rc)
			return rc;
		g->health[g->count] = upstream_server_health(g->servers[g->count]);
	}
	return 0;
}

static void group_close(struct upstream_group *g)
{
	for (size_t i = 0; i < g->count; i++)
		upstream_server_close(g->servers[i]);
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

static int shared_open(struct upstream_shared *shared, struct event_base *base,
		       const struct conf *conf)
{
	shared->base = base;
	shared->rx = udp_rx_new();
	if (!shared->rx)
		return -ENOMEM;
	if (!is_any_tls(conf))
		return 0;
	return upstream_trust_new(conf->ca_text, conf->ca_text ? strlen(conf->ca_text) : 0,
				  &shared->trust);
}

int upstream_pool_open(struct event_base *base, const struct conf *conf,
		       struct upstream_pool **out)
{
	struct upstream_pool *pool = calloc(1, sizeof(*pool));
	int rc;

	if (!pool)
		return -ENOMEM;
	upstream_desk_init(&pool->desk, clock_mono_ms());
	rc = shared_open(&pool->shared, base, conf);
	if (rc)
		goto err_close;
	rc = -ENOMEM;
	pool->timer = event_new(base, -1, EV_PERSIST, on_timer, pool);
	pool->groups = calloc(conf->upstream_count, sizeof(*pool->groups));
	if (!pool->timer || (!pool->groups && conf->upstream_count))
		goto err_close;
	for (; pool->count < conf->upstream_count; pool->count++) {
		struct upstream_group *g = &pool->groups[pool->count];

		rc = group_open(pool, &conf->upstreams[pool->count], g);
		if (rc) {
			group_close(g);
			goto err_close;
		}
	}
	*out = pool;
	return 0;

err_close:
	upstream_pool_close(pool);
	return rc;
}

void upstream_pool_close(struct upstream_pool *pool)
{
	if (!pool)
		return;
	assert(!pool->desk.is_calling);
	upstream_desk_cancel_all(&pool->desk);
	for (size_t i = 0; i < pool->count; i++)
		group_close(&pool->groups[i]);
	if (pool->timer)
		event_free(pool->timer);
	udp_rx_free(pool->shared.rx);
	upstream_trust_free(pool->shared.trust);
	free(pool->groups);
	free(pool);
}

/* --- questions ----------------------------------------------------------------- */

int upstream_send(struct upstream_pool *pool, size_t group, const uint8_t *wire,
		  size_t len, upstream_done *done, void *arg, struct upstream_query **out)
{
	int rc;

	assert(group < pool->count && done);
	rc = upstream_query_begin(&pool->desk, &pool->groups[group], wire, len, done, arg,
				  out);
	set_timer(pool);
	return rc;
}

void upstream_cancel(struct upstream_query *q)
{
	upstream_query_cancel(q);
}

void upstream_flush(struct upstream_pool *pool)
{
	turn(pool);
}

void upstream_network_changed(struct upstream_pool *pool)
{
	for (size_t i = 0; i < pool->count; i++)
		for (size_t j = 0; j < pool->groups[i].count; j++)
			upstream_server_network_changed(pool->groups[i].servers[j]);
	turn(pool);
}

bool upstream_idle(const struct upstream_pool *pool)
{
	return pool->desk.count == 0;
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
	fprintf(to, "upstream\tin_flight\t%zu\n", pool->desk.count);
	for (size_t i = REPLY_OK + 1; i < REPLY_VERDICTS; i++)
		fprintf(to, "upstream\tdropped %s\t%" PRIu64 "\n",
			reply_verdict_name((enum reply_verdict)i), dropped[i]);
}
