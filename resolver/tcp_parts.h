/* The inside of TCP clients, shared by tcp.c and tcp_conn.c. Not for others. */
#ifndef RESOLVER_TCP_PARTS_H
#define RESOLVER_TCP_PARTS_H

#include "lib/log.h"
#include "resolver/tcp.h"

#define TCP_SOCKETS 64 /* listening ones */

struct bufferevent;
struct event;
struct tcp_socket;

struct tcp_conn {
	struct tcp *owner; /* NULL: tcp_free was called */
	struct tcp_conn *next, **link;
	struct bufferevent *be; /* owned; NULL: closed, waits for its last question */
	struct asker asker;
	struct addr who; /* as ops->admit says */
	unsigned pending;
	uint64_t asked_ms;   /* when its last question came; 0: none yet */
	uint64_t opened_ms;
	uint64_t partial_ms; /* since when the start of a message waits for its end; 0: none */
	bool ended; /* the client sends no more */
};

struct tcp {
	struct event_base *base; /* borrowed */
	const struct tcp_ops *ops;
	void *arg;
	struct tcp_socket *sockets[TCP_SOCKETS];
	unsigned count;
	struct tcp_conn *conns; /* all that are not freed */
	struct event *resume;
	unsigned most, most_of_client; /* connections */
	bool stopped;
	struct log_limit accept_limit;
	struct tcp_stats stats;
};

/** Serve one that was admitted, by its descriptor, which is its own then.
 *  @retval -ENOMEM the descriptor is the caller's still */
int tcp_conn_open(struct tcp *t, int fd, const struct asker *asker, const struct addr *who);

/** Close; freed now or with its last question. */
void tcp_conn_close(struct tcp_conn *c);

/** Its owner forgets it. */
void tcp_conn_unlink(struct tcp_conn *c);

#endif
