/*
 * The servers that pools ask, those of a configuration before a reload and of the one after
 * it. A server that stands in both is one: what is known of it, its sockets, its connection
 * and session outlive the reload. Knows nothing of groups and questions.
 */
#ifndef RESOLVER_UPSTREAM_ROSTER_H
#define RESOLVER_UPSTREAM_ROSTER_H

#include <stdint.h>
#include <sys/queue.h>

#include "conf/conf.h"
#include "resolver/upstream_server.h"

struct upstream_trust;

struct upstream_member {
	LIST_ENTRY(upstream_member) link;
	struct conf_server to; /* owned; the configuration that named it may end before it */
	uint32_t timeout_ms;
	struct upstream_trust *trust;	/* a reference; NULL: it is asked in the clear */
	struct upstream_server *server; /* owned */
	unsigned refs;			/* pools */
	unsigned round;			/* of the last pool that took it */
};

struct upstream_roster {
	LIST_HEAD(, upstream_member) members;
	unsigned round;
	struct event_base *base;	       /* borrowed, as all that follows */
	struct udp_rx *rx;
	const struct upstream_server_ops *ops;
	void *arg;
};

/** A new pool begins to take. */
void upstream_roster_begin(struct upstream_roster *r);

/** The server with these settings, each once a pool; a new one where there is none.
 *
 * @param to     copied
 * @param trust  whom to believe; it gets a reference. NULL where to->tls is
 * @param out    until upstream_roster_leave, once for each time it was taken
 * @retval -ENOMEM */
int upstream_roster_take(struct upstream_roster *r, const struct conf_server *to,
			 uint32_t timeout_ms, struct upstream_trust *trust,
			 struct upstream_server **out);

/** The last one to leave it closes it. */
void upstream_roster_leave(struct upstream_roster *r, const struct upstream_server *s);

#endif
