/*
 * Lookups on their way to dbwriter: many records a message, never waiting. Knows nothing of
 * SQLite.
 */
#ifndef RESOLVER_RECORDER_H
#define RESOLVER_RECORDER_H

#include <stdint.h>

#include "blocklists/list_index.h"
#include "lib/msg.h"
#include "resolver/note.h"

struct event_base;
struct lookup;
struct recorder;

struct recorder_stats {
	uint64_t sent, dropped;
};

/** @param other, arg  as hold_new's: gets MSG_TELL */
int recorder_new(struct event_base *base, void (*other)(void *arg, const void *message),
		 void *arg, struct recorder **out);
void recorder_free(struct recorder *r);

/** Use a new channel to dbwriter (owned); -1: history is off or dbwriter is away. */
void recorder_set_channel(struct recorder *r, int fd);

/** True if records go anywhere; saves the work of making them. */
bool recorder_is_on(const struct recorder *r);

/** Add one finished lookup.
 *  @param list, match  name of the list that decided and its entry, or NULL
 *  @param note         the answer, or NULL */
void recorder_add(struct recorder *r, const struct lookup *l, const char *list,
		  const struct list_match *match, const struct note *note);

/** Send what was gathered if it is much or old; the rest follows by a timer. */
void recorder_flush(struct recorder *r);

/** Send all, wait for a slow dbwriter at most timeout_ms: for the end of the process. */
void recorder_drain(struct recorder *r, int timeout_ms);

/** Report something worth remembering; goes behind the records gathered so far. */
void recorder_event(struct recorder *r, const char *kind, const char *subject,
		    const char *detail);

/** Relay a question of the control socket. @retval -EPIPE */
int recorder_question(struct recorder *r, const struct msg_ask *ask);

void recorder_get_stats(const struct recorder *r, struct recorder_stats *out);

#endif
