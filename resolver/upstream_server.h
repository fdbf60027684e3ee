/*
 * One upstream server: sends tries by UDP and TCP or by TLS, checks every reply, remembers what the
 * server cannot do (EDNS, the case of names). Knows nothing of groups, retries or
 * deadlines.
 */
#ifndef RESOLVER_UPSTREAM_SERVER_H
#define RESOLVER_UPSTREAM_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/addr.h"

struct conf_server;
struct event_base;
struct udp_rx;
struct upstream_health;
struct upstream_server;
struct upstream_trust;
struct upstream_try;

#define UPSTREAM_IN_FLIGHT 5000 /* tries of one server */

/** Only on_reply, on_case and on_broken may ask; none may close. */
struct upstream_server_ops {
	/** t has its reply: checked, and borrowed until on_turn returns. */
	void (*on_reply)(void *arg, struct upstream_try *t);
	/** t->reply is right but for its case (borrowed for the call). True: take it. */
	bool (*on_case)(void *arg, struct upstream_try *t);
	/** The TCP or TLS connection broke before t's reply. has_answered: it had answered
	 * before, so another one may do better. */
	void (*on_broken)(void *arg, struct upstream_try *t, bool has_answered);
	/** t, still awaited, cannot reach its server. Only take note. */
	void (*on_unreachable)(void *arg, struct upstream_try *t, int rc);
	/** c-ares is done with t, which may be freed. Only take note. */
	void (*on_let_go)(void *arg, struct upstream_try *t);
	/** The end of what one event brought. */
	void (*on_turn)(void *arg);
};

/** What servers use; borrowed, outlives them. */
struct upstream_shared {
	struct event_base *base;
	struct udp_rx *rx;
	struct upstream_trust *trust; /* NULL where no server is asked over TLS */
};

/** @param to            asked by UDP and TCP, or by TLS alone; borrowed, outlives the server
 *  @param shared        borrowed for the call
 *  @param ops, arg      borrowed, outlive the server
 *  @param timeout_ms    longest life of a question
 *  @retval -ENOMEM */
int upstream_server_open(const struct upstream_shared *shared, const struct conf_server *to,
			 uint32_t timeout_ms, const struct upstream_server_ops *ops,
			 void *arg, struct upstream_server **out);

/** Lets go of all tries. NULL is allowed. */
void upstream_server_close(struct upstream_server *s);

/** It is asked over TLS, and nothing else. */
bool upstream_server_is_tls(const struct upstream_server *s);

/** Send t by UDP, TCP (t->is_tcp) or TLS (t->is_tls); t->query and t->wire are set, all else is zero.
 *  on_let_go will be called once if t->in_ares is set afterwards, whatever the result.
 *  @retval 0        t is awaited
 *  @retval -EAGAIN  UPSTREAM_IN_FLIGHT are
 *  @retval negative errno: it could not be sent */
int upstream_server_ask(struct upstream_server *s, struct upstream_try *t,
			uint64_t now_us);

/** t is no longer awaited; nothing but on_let_go will be called for it. */
void upstream_server_drop(struct upstream_try *t);

/** Send what is queued and hand on what came. */
void upstream_server_flush(struct upstream_server *s);

/** Look for TCP connections that hang; once a tick while questions are in flight. */
void upstream_server_tick(struct upstream_server *s, uint64_t now_ms);

/** Its packets get no answers: take new sockets, the address we have may be gone. */
void upstream_server_renew(struct upstream_server *s, uint64_t now_ms);

/** Addresses or routes of this host have changed; see upstream.h. */
void upstream_server_network_changed(struct upstream_server *s);

/** Borrowed; kept by the caller's calls of health_*. */
struct upstream_health *upstream_server_health(struct upstream_server *s);

/** Borrowed. */
const struct addr_port *upstream_server_addr(const struct upstream_server *s);

/** Add this server's refused replies to counts[REPLY_VERDICTS]. */
void upstream_server_count(const struct upstream_server *s, uint64_t *counts);

/** Append its rows. */
void upstream_server_status(const struct upstream_server *s, const char *group, FILE *to);

#endif
