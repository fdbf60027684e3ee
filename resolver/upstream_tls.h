/*
 * The TLS connection to one server (RFC 7858): opened when first needed, pipelined, its
 * session resumed by the next one, closed when idle or stuck. Queries are padded (RFC
 * 8467). Nothing is ever sent to a server that upstream_trust.h refuses. Knows nothing of
 * other servers and retries.
 */
#ifndef RESOLVER_UPSTREAM_TLS_H
#define RESOLVER_UPSTREAM_TLS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/addr.h"
#include "resolver/reply_check.h"

struct conf_server;
struct event_base;
struct upstream_tls;
struct upstream_trust;
struct upstream_try;

#define UPSTREAM_TLS_IN_FLIGHT 2048
#define UPSTREAM_TLS_WHY_MAX   96

/** As in struct upstream_server_ops; only on_reply and on_broken may ask. */
struct upstream_tls_ops {
	void (*on_reply)(void *arg, struct upstream_try *t);
	void (*on_broken)(void *arg, struct upstream_try *t, bool has_answered);
	void (*on_turn)(void *arg);
	void (*on_refused)(void *arg, enum reply_verdict v); /* a reply was dropped */
	/** A connection came to an end that had brought nothing: it could not be made, or
	 *  the server is not believed. is_news: another reason than the last time. */
	void (*on_failed)(void *arg, const char *why, bool is_news);
};

/** @param to          its tls is set; borrowed, outlives us, as trust, ops and arg
 *  @param timeout_ms  longest life of a question
 *  @retval -ENOMEM */
int upstream_tls_open(struct event_base *base, const struct conf_server *to,
		      uint32_t timeout_ms, struct upstream_trust *trust,
		      const struct upstream_tls_ops *ops, void *arg,
		      struct upstream_tls **out);

/** NULL is allowed. Not to be called from its callbacks. */
void upstream_tls_close(struct upstream_tls *tls);

/** Queue t, of which t->query and t->wire are set.
 *  @retval -EAGAIN  UPSTREAM_TLS_IN_FLIGHT are, or the queue out is full
 *  @retval -ECONNREFUSED  the last connections brought nothing: not again yet
 *  @retval negative errno */
int upstream_tls_ask(struct upstream_tls *tls, struct upstream_try *t, uint64_t now_ms);

/** t is no longer awaited. */
void upstream_tls_drop(struct upstream_tls *tls, struct upstream_try *t);

/** Send what is queued. */
void upstream_tls_flush(struct upstream_tls *tls);

/** Break a connection on which nothing whole has come for too long. */
void upstream_tls_tick(struct upstream_tls *tls, uint64_t now_ms);

/** The network has changed: a connection may be tried at once. moved: the one there is was
 *  made from an address that is no more used; what is awaited is asked for on another. */
void upstream_tls_network_changed(struct upstream_tls *tls, bool moved);

/** Append rows "upstream\tWHO in_flight\tVALUE" and "upstream\tWHO tls...\tVALUE". */
void upstream_tls_status(const struct upstream_tls *tls, const char *who, FILE *to);

#endif
