/*
 * The frame of every child process: its event loop, its channel to the supervisor, liveness
 * and the order of configuration, start and stop. Knows nothing of what a child does.
 */
#ifndef LIB_CHILD_H
#define LIB_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/msg.h"

struct child;
struct event_base;

/** Descriptor on which a child finds its channel to the supervisor. */
#define CHILD_FD 3

struct child_ops {
	/** MSG_PEER: fd is owned by the callee; it replaces an older channel to that role. */
	void (*on_peer)(void *arg, enum msg_role role, int fd);
	/** Any other message with its first record (or NULL); fd (or -1) owned by the callee.
	 *  MSG_CONF among them. */
	void (*on_message)(void *arg, enum msg_type type, const void *record, int fd);
	/** All of this generation has arrived: build, swap. 0: READY is sent; else the reason
	 *  is put in why (MSG_TEXT_MAX bytes) and the old generation goes on. */
	int (*on_start)(void *arg, uint32_t generation, char *why);
	/** Asked to stop: finish, then call child_exit; NULL: exit at once. */
	void (*on_stop)(void *arg);
	/** After each turn of the event loop, when all its events have been handled: flush
	 *  what was gathered. NULL: nothing. */
	void (*on_turn)(void *arg);
};

/** Serve until child_exit, or until the supervisor is gone (then on_stop is called too).
 *  @param base  borrowed; the process file makes it
 *  @param ops, arg  borrowed
 *  @return the process's exit status */
int child_run(struct event_base *base, enum msg_role role, const struct child_ops *ops,
	      void *arg, struct child **out);

/** The channel to the supervisor. */
struct chan *child_supervisor(struct child *c);

/** Leave the loop after this turn. */
void child_exit(struct child *c, int status);

#endif
