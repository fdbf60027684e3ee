/*
 * Questions to upstream servers through c-ares: groups of servers, their health, fail-over,
 * 0x20, random ports and ids, every reply checked before c-ares sees it. Knows nothing of
 * clients, policy or the cache.
 */
#ifndef RESOLVER_UPSTREAM_H
#define RESOLVER_UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/addr.h"

struct conf;
struct dname;
struct event_base;
struct upstream_pool;
struct upstream_query;

/** How a question ended. wire is borrowed for the callback. */
struct upstream_reply {
	int rc;		     /* 0: a reply; -ETIMEDOUT: no server answered in time;
				-ECONNREFUSED, -ENETUNREACH: none could be reached; -ENOMEM */
	const uint8_t *wire; /* whole reply, its question's name in 0x20 case; NULL unless rc 0 */
	size_t len;
	struct addr_port from;
	uint32_t rtt_us; /* from the first packet sent to this reply */
};

typedef void upstream_done(void *arg, const struct upstream_reply *reply);

/** Open channels to all servers of all groups in conf (borrowed, outlives the pool).
 *
 * @param before  a pool of another configuration, of the same base; NULL: none. A server that
 *    has the same settings in both is shared: with what is known of it, its sockets, its
 *    connection and session. So are the authorities, read once for the same text
 * @retval -EBADMSG  of the authorities none can be read; -ENOMEM */
int upstream_pool_open(struct event_base *base, const struct conf *conf,
		       const struct upstream_pool *before, struct upstream_pool **out);

/** Close; its queries in flight end without their callbacks, those of pools that share its
 *  servers go on. NULL is allowed. Not to be called from a callback. */
void upstream_pool_close(struct upstream_pool *pool);

/** Ask one of the group's servers, and others when it fails, within the group's timeout.
 *
 * @param group  index in conf->upstreams
 * @param wire   query with one question and an OPT record; copied. Its id and its name's
 *               case are replaced on the way out
 * @param done   called exactly once, never inside this call, unless cancelled
 * @retval 0        out is valid until done is called or upstream_cancel
 * @retval -EAGAIN  too many in flight; -ENOMEM; -EINVAL not one question, or longer than
 *                  512 bytes; done is not called */
int upstream_send(struct upstream_pool *pool, size_t group, const uint8_t *wire, size_t len,
		  upstream_done *done, void *arg, struct upstream_query **out);

/** Forget a question; its callback is not called. */
void upstream_cancel(struct upstream_query *q);

/** Whether a client's question is q itself come back: an upstream forwards to us, by one way
 *  or another. Only its name tells, by the case that was drawn for q (0x20), so that short
 *  names never do. True is counted and logged for the servers that were asked. */
bool upstream_is_echo(struct upstream_query *q, const struct dname *name);

/** Hand queued packets to the kernel and call back what is finished, for all pools that came
 *  one out of the other; the resolver calls it at the end of each turn of the event loop. */
void upstream_flush(struct upstream_pool *pool);

/** Addresses or routes of this host have changed: servers that were found to be out of
 *  reach get another chance at once, and what was opened from an address that is not
 *  ours any more is opened anew; for all these pools. */
void upstream_network_changed(struct upstream_pool *pool);

/** True if nothing is in flight. */
bool upstream_idle(const struct upstream_pool *pool);

/** Append "upstream\tKEY\tVALUE" rows: for each server its state, rtt, sent, answered,
 *  timed out; totals of refused replies by reason. */
void upstream_status(const struct upstream_pool *pool, FILE *to);

#endif
