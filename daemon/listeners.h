/*
 * The sockets on which clients are served. The supervisor holds them, so that they outlive
 * every resolver: what arrives while one is being replaced waits in their buffers.
 */
#ifndef DAEMON_LISTENERS_H
#define DAEMON_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/addr.h"

struct conf;
struct listeners;

#define LISTENERS_WHY_MAX 512

/** One bound socket; fd belongs to the set it is in. */
struct listener_socket {
	struct addr_port at;
	bool stream; /* TCP, listening; else UDP */
	bool kept;   /* it was in the old set too */
	int fd;
};

/**
 * UDP and TCP for every `listen` of conf whose interface, if it names one, is there. A socket
 * that `old` (or NULL) has already is kept: the new set holds a duplicate of it, with its queue.
 *
 * @param why  of LISTENERS_WHY_MAX bytes: on failure where, what, who holds the port, and a hint
 * @retval negative errno; old is untouched and nothing stays bound
 */
int listeners_open(const struct conf *conf, const struct listeners *old,
		   struct listeners **out, char *why);

/** Whether it has a socket for each `listen` that can have one now: interfaces come, and come
 *  back as others. */
bool listeners_are_all(const struct listeners *l, const struct conf *conf);

/** A set of these bound sockets, which become its own; others of them (not IP, not UDP nor
 *  listening TCP) are closed. @retval -ENOMEM then all are closed */
int listeners_from_fds(const int *fds, size_t count, struct listeners **out);

/** Close those that no `listen` of conf asks for; each is shown to see (with arg) before. */
void listeners_trim(struct listeners *l, const struct conf *conf,
		    void (*see)(void *arg, const struct listener_socket *s), void *arg);

/** Whether it has this one. */
bool listeners_have(const struct listeners *l, const struct listener_socket *s);

size_t listeners_count(const struct listeners *l);
const struct listener_socket *listeners_at(const struct listeners *l, size_t i);

/** Close and free; NULL is allowed. */
void listeners_close(struct listeners *l);

#endif
