/*
 * The life of one child process: start by fork and exec of our own binary, its channel,
 * liveness by ping, end, and coming back after a pause that grows while it keeps dying.
 * Knows nothing of what a child does or is told.
 */
#ifndef DAEMON_PROCESS_H
#define DAEMON_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/msg.h"

struct event_base;
struct process;

/** Period of process_ping. */
#define PROCESS_PING_S 3

struct process_ops {
	/** It runs and its channel is open: send it what it needs. */
	void (*on_up)(void *arg, struct process *p);
	/** It has ended and its channel is closed; it comes back by itself if it is wanted. */
	void (*on_down)(void *arg, struct process *p);
	/** A checked message other than PONG with its first record; fd (or -1) is owned by the
	 *  callee. READY and FAILED have been noted already (process_is_settled). */
	void (*on_message)(void *arg, struct process *p, enum msg_type type,
			   const void *record, int fd);
	/** It answered a ping. */
	void (*on_alive)(void *arg, struct process *p);
};

/** Not running yet. base, ops and arg are borrowed and outlive it. @retval -ENOMEM */
int process_new(struct event_base *base, enum msg_role role, const struct process_ops *ops,
		void *arg, struct process **out);

/** Kills it if it runs. NULL is allowed. */
void process_free(struct process *p);

/** It is to run from now on (the compiler: once). Does nothing if it does. */
void process_start(struct process *p);

/** It is to run no more: MSG_STOP, and SIGKILL when its time is over (process.c). */
void process_stop(struct process *p);

/** SIGKILL; it comes back if it is wanted. */
void process_kill(struct process *p);

/** After SIGCHLD: see whether it was this one. */
void process_reap(struct process *p);

/** Every PROCESS_PING_S: ask whether it lives, and kill it when it has been silent too long.
 *  Unanswered pings are counted, not seconds: after a suspend everybody is given time. */
void process_ping(struct process *p);

/** Send one message; fd (or -1) stays the caller's. A child that cannot take it (not running,
 *  or its queue is full: it hangs) is not worth an error: it will be outfitted anew. */
void process_send(struct process *p, enum msg_type type, const void *record, size_t bytes,
		  int fd);

/** Send MSG_START; until READY or FAILED comes back it is not settled. */
void process_send_start(struct process *p, uint32_t generation);

enum msg_role process_role(const struct process *p);
bool process_is_up(const struct process *p);
bool process_is_wanted(const struct process *p);

/** Has answered the last START, or died since; a process not wanted is settled. */
bool process_is_settled(const struct process *p);

/** Last generation it answered READY to in this life; 0: none. */
uint32_t process_ready_generation(const struct process *p);

/** Fill a MSG_CHILD record about it. */
void process_describe(const struct process *p, struct msg_child *out);

#endif
