/*
 * TCP clients: framing, pipelining, limits and idle times (RFC 7766). Answers go out in the
 * order they come. Knows nothing of DNS but the two length octets.
 */
#ifndef RESOLVER_TCP_H
#define RESOLVER_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolver/asker.h"

struct event_base;
struct tcp;

#define TCP_CONNECTIONS	       512 /* in all; for the next one the idlest is closed */
#define TCP_CLIENT_CONNECTIONS 32  /* of one client unless told; the next one is closed */
#define TCP_PENDING	       64  /* questions of one connection in flight; then reading waits */
#define TCP_IDLE_S	       10
#define TCP_IDLE_MANY_S	       2 /* where more than half of the connections are taken */
#define TCP_MUTE_MS	       500 /* who has not asked by then gives way first */
#define TCP_SPARE_FDS	       8 /* left to others once descriptors have run out */
#define TCP_OUTPUT_BYTES       (256 * 1024) /* unread answers; then reading waits */
#define TCP_OUTPUT_MAX	       (1024 * 1024) /* with those that were in flight; then it is closed */

/** One question, borrowed for the call. asker->tcp is to get one tcp_reply or tcp_forget. */
typedef void tcp_packet(void *arg, const struct asker *from, const uint8_t *packet,
			size_t len);

/** Somebody connects, who has cost nothing yet.
 *  @param who  set to whom its connections count for: one has so many
 *  @return false: it is turned away */
typedef bool tcp_admit(void *arg, const struct asker *from, struct addr *who);

struct tcp_ops {
	tcp_packet *packet;
	tcp_admit *admit;
};

struct tcp_stats {
	uint64_t accepted, refused, open;
	uint64_t evicted;     /* for the sake of new ones */
	uint64_t turned_away; /* not admitted */
};

/** @param ops, arg  borrowed, outlive it */
int tcp_new(struct event_base *base, const struct tcp_ops *ops, void *arg, struct tcp **out);

/** Close all; connections with questions in flight stay until those are answered or
 *  forgotten, but send nothing more. NULL is allowed. */
void tcp_free(struct tcp *t);

/** How many connections one client may have, and forget that descriptors ran out. */
void tcp_limit(struct tcp *t, unsigned client_connections);

/** Ask anew who is admitted; the connections of all others end. */
void tcp_review(struct tcp *t);

/** How long a connection may now be idle, for the client to be told (RFC 7828). */
unsigned tcp_idle_s(const struct tcp *t);

/** Accept from one listening socket (owned, also on failure: closed). */
int tcp_add(struct tcp *t, int fd, const struct addr_port *at);

/** As listener_mark and listener_sweep. */
void tcp_mark(struct tcp *t);
void tcp_sweep(struct tcp *t);

/** As listener_stop and listener_start; open connections stay. */
void tcp_stop(struct tcp *t);
void tcp_start(struct tcp *t);

/** Answer one of the connection's questions. */
void tcp_reply(struct tcp_conn *c, const uint8_t *wire, size_t len);

/** One of its questions gets no answer. */
void tcp_forget(struct tcp_conn *c);

/** What came was no question: it is forgotten, nothing more is read, and the connection ends
 *  once the questions before it are answered. */
void tcp_give_up(struct tcp_conn *c);

void tcp_get_stats(const struct tcp *t, struct tcp_stats *out);

#endif
