/*
 * UDP sockets to one server: many, each connected and on a random port, replaced after
 * some hundred packets or a second, so that a household asks from another port nearly each
 * time. Packets go out and come in by batches. Knows nothing of DNS; what it sends and
 * receives are bytes.
 *
 * All packets of one turn of the event loop (up to UDP_POOL_BATCH of them) share a
 * socket, so that one sendmmsg and one recvmmsg move them. The next turn takes another at
 * random. To one who forges replies this is as good as a port of its own for each packet:
 * he has to match port, id and question together, and knows none of them; that two
 * questions share a port helps him with neither.
 */
#ifndef RESOLVER_UDP_POOL_H
#define RESOLVER_UDP_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

struct event_base;
struct udp_pool;
struct udp_rx;
struct udp_socket;

#define UDP_POOL_SOCKETS   64  /* in use at a time; opened when first picked */
#define UDP_POOL_RETIRING  256 /* waiting for late replies; with more, ports are kept */
#define UDP_POOL_BATCH	   32  /* packets a turn and socket, and packets a read */
#define UDP_POOL_PACKETS   512 /* a socket's packets before it is replaced */
#define UDP_POOL_AGE_MS	   1000
#define UDP_POOL_QUERY_MAX 512	/* longest packet out */
#define UDP_POOL_REPLY_MAX 4096 /* longest packet in; longer ones come as len > this */

struct udp_pool_ops {
	/** A packet came in on s. Borrowed until on_batch of this batch returns. */
	void (*on_packet)(void *arg, const struct udp_socket *s, const uint8_t *packet,
			  size_t len);
	/** All packets of one read were delivered. */
	void (*on_batch)(void *arg);
	/** Packets do not reach the server: negative errno, -ECONNREFUSED for a closed port.
	 *  renewed: all sockets were replaced for it, so to try again may do.
	 *  May be called inside udp_pool_put and udp_pool_flush: only take note. */
	void (*on_unreachable)(void *arg, int rc, bool renewed);
};

/** Memory for one read, shared by pools of one event base. NULL: out of memory. */
struct udp_rx *udp_rx_new(void);
void udp_rx_free(struct udp_rx *rx);

/** @param rx, ops, arg  borrowed, outlive the pool
 *  @retval -ENOMEM */
int udp_pool_open(struct event_base *base, const struct addr_port *to, struct udp_rx *rx,
		  const struct udp_pool_ops *ops, void *arg, struct udp_pool **out);

/** NULL is allowed. Not to be called from its callbacks. */
void udp_pool_close(struct udp_pool *pool);

/** Queue one packet of len (at most UDP_POOL_QUERY_MAX) bytes; nothing is sent before
 *  udp_pool_flush unless UDP_POOL_BATCH are waiting.
 *
 * @param socket  the socket it leaves by; stays until udp_socket_release
 * @param bytes   where the caller writes the packet, now
 * @retval negative errno: no socket could be opened */
int udp_pool_put(struct udp_pool *pool, size_t len, uint64_t now_ms,
		 struct udp_socket **socket, uint8_t **bytes);

/** No reply is awaited any more. */
void udp_socket_release(struct udp_socket *socket);

/** Send what is queued. */
void udp_pool_flush(struct udp_pool *pool);

/** Replace all sockets, for the address we send from may be gone; every 2 s at most.
 *  False: not again yet. */
bool udp_pool_renew(struct udp_pool *pool, uint64_t now_ms);

/** Replace them now, for that address is gone. */
void udp_pool_renew_now(struct udp_pool *pool, uint64_t now_ms);

#endif
