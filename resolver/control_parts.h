/* The inside of the control sockets, shared by control.c (connections) and control_verbs.c (what
 * is asked). Not for others. */
#ifndef RESOLVER_CONTROL_PARTS_H
#define RESOLVER_CONTROL_PARTS_H

#include "lib/msg.h"
#include "resolver/control.h"
#include "resolver/report_cache.h"

struct bufferevent;
struct control_conn;
struct evconnlistener;
struct event;

/** A listening socket, and what may be asked by it. */
struct control_door {
	struct control *owner;
	struct evconnlistener *listener; /* owned; NULL: not there */
	unsigned count; /* of its connections: those of another crowd none of them out */
	bool is_reading; /* nothing can be changed by it, by nobody */
};

struct control {
	struct resolver *r; /* borrowed */
	struct control_door doors[CONTROL_KINDS];
	struct control_conn *conns;
	uint32_t serial;
	struct msg_buf withdrawals; /* filled and sent within one request */
};

/** A client's connection, which is one request. */
struct control_conn {
	struct control_conn *next, **link;
	struct control *owner;
	struct control_door *door;	/* by which it came */
	struct bufferevent *be; /* owned */
	struct event *late;	/* owned; runs while other processes are asked */
	uint32_t serial;	/* upper part of its questions' txid */
	unsigned asked;		/* questions to other processes without their last answer */
	int rc;
	bool is_trusted;	    /* may change things: root, or who runs us */
	struct cache_filter filter; /* of `cache ls` */
	uint64_t at;		    /* how far it got */
};

/** Do what a line asks for, and answer it, at once or by and by. */
void control_run(struct control_conn *c, char *line);

/** The answer is over: ".ok", or ".err" and the text of c->rc. */
void control_end_answer(struct control_conn *c);

/** Another process is to answer: the next piece has CONTROL_ANSWER_S. */
void control_await_answer(struct control_conn *c);

/** End it by ".err" and this text. */
void control_refuse(struct control_conn *c, const char *why);

/** Have then called when all that is in the output has gone out. */
void control_go_on(struct control_conn *c, void (*then)(struct bufferevent *be, void *arg));

#endif
