/*
 * The TCP connection to one server: opened when first needed, pipelined (RFC 7766),
 * closed when idle or stuck. Framing and connecting are asked for by c-ares; the bytes
 * pass here.
 */
#ifndef RESOLVER_UPSTREAM_TCP_H
#define RESOLVER_UPSTREAM_TCP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "resolver/reply_check.h"

struct event_base;
struct upstream_tcp;
struct upstream_try;

#define UPSTREAM_TCP_IN_FLIGHT 256

/** As in struct upstream_server_ops. */
struct upstream_tcp_ops {
	void (*on_reply)(void *arg, struct upstream_try *t);
	void (*on_broken)(void *arg, struct upstream_try *t, bool has_answered);
	void (*on_let_go)(void *arg, struct upstream_try *t);
	void (*on_turn)(void *arg);
	void (*on_refused)(void *arg,
			   enum reply_verdict v); /* a reply that was dropped */
};

int upstream_tcp_open(struct event_base *base, const struct addr_port *to,
		      uint32_t timeout_ms, const struct upstream_tcp_ops *ops, void *arg,
		      struct upstream_tcp **out);
void upstream_tcp_close(struct upstream_tcp *tcp);

/** @retval -EAGAIN UPSTREAM_TCP_IN_FLIGHT are; -ECONNREFUSED the last connection brought
 *  nothing, and that less than a second ago; negative errno */
int upstream_tcp_ask(struct upstream_tcp *tcp, struct upstream_try *t, uint64_t now_ms);

void upstream_tcp_drop(struct upstream_tcp *tcp, struct upstream_try *t);

/** Let c-ares see what was dropped, send what is queued. */
void upstream_tcp_flush(struct upstream_tcp *tcp);

/** Break a connection on which nothing whole has come for too long. */
void upstream_tcp_tick(struct upstream_tcp *tcp, uint64_t now_ms);

#endif
