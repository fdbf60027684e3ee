/*
 * One question: what it holds, how it is made and how it ends. Knows nothing of sockets,
 * c-ares or clients, nor of which server is asked when (upstream_step.h).
 */
#ifndef RESOLVER_UPSTREAM_QUERY_H
#define RESOLVER_UPSTREAM_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "conf/conf.h"
#include "resolver/timer_wheel.h"
#include "resolver/upstream.h"
#include "resolver/upstream_try.h"

struct upstream_health;

#define UPSTREAM_GROUP_MAX 64 /* servers of a group; a bit each in a question's masks */
#define UPSTREAM_TRIES_MAX 10 /* packets by UDP for one question, to all servers */

struct upstream_group {
	const char *name;		  /* borrowed from the configuration */
	struct upstream_server **servers; /* owned */
	struct upstream_health **health;  /* owned; of servers, in the same order */
	size_t count;
	uint32_t timeout_ms;
	enum conf_order order;
	size_t waiting; /* questions whose callers wait */
};

TAILQ_HEAD(upstream_query_list, upstream_query);

/** What all questions share. */
struct upstream_desk {
	struct timer_wheel wheel; /* the next step of each */
	struct upstream_query_list open;
	struct upstream_query_list ended; /* to be called back */
	bool is_calling;
};

/** The best reply so far that is not good enough to end the question at once. */
enum held { HELD_NONE, HELD_ERROR, HELD_SUSPECT, HELD_TRUNCATED };

struct held_reply {
	enum held kind;
	uint8_t *bytes; /* owned */
	size_t len;
	struct addr_port from;
	uint32_t rtt_us;
};

struct upstream_query {
	TAILQ_ENTRY(upstream_query) link; /* in the desk's open or ended */
	struct wheel_entry timer;
	struct upstream_desk *desk;	    /* borrowed; outlives us */
	struct upstream_group *group; /* borrowed; outlives us but for what c-ares holds */
	upstream_done *done; /* NULL: nobody waits (a probe, or cancelled) */
	void *arg;
	SLIST_HEAD(, upstream_try) tries; /* owned; the first is part of us */
	struct upstream_try first;
	uint64_t begin_us, end_ms;
	uint64_t tried;		     /* bit i: group->servers[i] was asked */
	uint64_t spent;		     /* it has given all it can, or must not be asked */
	unsigned try_count, try_max; /* by UDP */
	unsigned tcp_tries;
	unsigned refs; /* the desk's, and one for each try in c-ares */
	bool is_over;
	int hard_rc; /* why the last try could not reach its server */
	struct held_reply held;
	struct upstream_reply result; /* once is_over; wire is borrowed or held.bytes */
	struct upstream_wire wire;    /* ends us */
};

void upstream_desk_init(struct upstream_desk *d, uint64_t now_ms);

/** Call back what has ended. Does nothing inside one of these calls. */
void upstream_desk_call_back(struct upstream_desk *d);

/** End all of this group without calling back. */
void upstream_desk_cancel_all(struct upstream_desk *d, const struct upstream_group *g);

/** A question of which no try is made yet, owned by the desk. done may be NULL.
 *  @retval -EINVAL not one question, or longer than UDP_POOL_QUERY_MAX; -ENOMEM */
int upstream_query_new(struct upstream_desk *d, struct upstream_group *g,
		       const uint8_t *wire, size_t len, upstream_done *done, void *arg,
		       struct upstream_query **out);

/** Another try, zero but for query and wire; owned by q. NULL: out of memory. */
struct upstream_try *upstream_query_try_new(struct upstream_query *q);

/** Forget it; it may live on until c-ares has let go of its tries. */
void upstream_query_cancel(struct upstream_query *q);

/** One reference less; the last one frees. */
void upstream_query_unref(struct upstream_query *q);

/** Keep a copy of t's reply unless a better one is there. Of a truncated reply that ends
 *  inside a record, head and question are kept. */
void upstream_query_hold(struct upstream_query *q, const struct upstream_try *t,
			 enum held kind);

/** A reply to some try may still come. */
bool upstream_query_awaits_any(const struct upstream_query *q);

/** End with t's reply, borrowed until the call back. */
void upstream_query_end_reply(struct upstream_query *q, const struct upstream_try *t);

/** End with the best there is: what is held, or why there is nothing. */
void upstream_query_end_held(struct upstream_query *q);

#endif
