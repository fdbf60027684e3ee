/* What the files of the scripted upstream share. */
#ifndef SUPPORT_SCRIPTED_INTERNAL_H
#define SUPPORT_SCRIPTED_INTERNAL_H

#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "tests/support/scripted_reply.h"
#include "tests/support/scripted_upstream.h"

struct event;
struct scripted_connection;
struct scripted_delayed;

/** What one UDP query is answered with. */
struct scripted_turn {
	struct scripted_upstream *su;
	struct scripted_query q;
	struct sockaddr_storage from;
	socklen_t from_len;
	uint8_t reply[SCRIPTED_MAX]; /* the right one, to be changed */
	size_t len;
};

enum stream_way {
	STREAM_NONE, /* the port is closed */
	STREAM_OK,
	STREAM_SILENT,
	STREAM_HALF,
	STREAM_DRIP,
	STREAM_CLOSE,
};

struct scripted_behaviour {
	const char *name;
	void (*on_udp)(struct scripted_turn *t); /* NULL: the port is closed */
	enum stream_way stream;
	enum scripted_kind kind;
	unsigned rcode;
};

struct scripted_upstream {
	struct event_base *base;
	const struct scripted_behaviour *behaviour;
	struct addr_port at;
	int udp, stranger, listener;
	struct event *udp_event, *listen_event;
	LIST_HEAD(, scripted_connection) connections;
	LIST_HEAD(, scripted_delayed) delayed;
	struct scripted_counts counts;
	uint8_t ports_seen[65536 / 8];
};

/** NULL: no such one. */
const struct scripted_behaviour *scripted_find_behaviour(const char *name);

/** A reply whose time has not come is forgotten. */
void scripted_forget_delayed(struct scripted_upstream *su);

/** A client connected to the listener, which is the argument's. */
void scripted_on_connection(int fd, short events, void *arg);
void scripted_close_connections(struct scripted_upstream *su);

#endif
