/*
 * UDP sockets towards clients: packets in by recvmmsg, answers out by one sendmmsg a turn,
 * each from the address that was asked. Knows nothing of DNS.
 */
#ifndef RESOLVER_LISTENER_H
#define RESOLVER_LISTENER_H

#include <stddef.h>
#include <stdint.h>

#include "resolver/asker.h"

struct event_base;
struct listener;

#define LISTENER_SOCKETS 64   /* of one listener */
#define LISTENER_REPLY	 1232 /* bytes of the largest answer */

/** One datagram, borrowed for the call. */
typedef void listener_packet(void *arg, const struct asker *from, const uint8_t *packet,
			     size_t len);

struct listener_stats {
	uint64_t received, sent, send_failed;
	uint64_t dropped; /* too long, sent to many at once, or from IPv4 in an IPv6 packet */
};

/** @param on_packet, arg  borrowed, outlive the listener */
int listener_new(struct event_base *base, listener_packet *on_packet, void *arg,
		 struct listener **out);

/** Closes every socket; answers not yet flushed are lost. NULL is allowed. */
void listener_free(struct listener *l);

/** Serve one bound UDP socket (owned, also on failure: closed) with packet information
 *  switched on. One more for an address that is served already is closed.
 *  @retval -ENOSPC too many sockets; -ENOMEM */
int listener_add(struct listener *l, int fd, const struct addr_port *at);

/** Take no packet by wire that says it comes from this machine. The addresses are read from the
 *  kernel; to be called when they or the sockets have changed.
 *  @retval negative errno: some socket goes without */
int listener_shield(struct listener *l);

/** Stop reading, also from sockets that are added later; answers can still be sent. What comes
 *  waits in the sockets: for the next process, or for listener_start. */
void listener_stop(struct listener *l);
void listener_start(struct listener *l);

/** For a reload: mark all, add those that stay once more, sweep away the others. */
void listener_mark(struct listener *l);
void listener_sweep(struct listener *l);

/** Room of LISTENER_REPLY bytes in which to write an answer; valid until udp_commit. */
uint8_t *udp_reserve(struct udp_socket *s);

/** Send what was written there to the asker, at the end of this turn. */
void udp_commit(const struct asker *to, size_t len);

/** A question keeps its socket: one hold a question that is not answered at once. A socket
 *  that a reload closed lives on until its last release. */
void udp_hold(struct udp_socket *s);
void udp_release(struct udp_socket *s);

/** Hand all answers to the kernel. */
void listener_flush(struct listener *l);

void listener_get_stats(const struct listener *l, struct listener_stats *out);

#endif
