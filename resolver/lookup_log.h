/*
 * Lookups on their way to dbwriter: many records a message, never waiting. Knows nothing of
 * SQLite.
 */
#ifndef RESOLVER_LOOKUP_LOG_H
#define RESOLVER_LOOKUP_LOG_H

#include <stdint.h>

#include "blocklists/list_index.h"
#include "lib/msg.h"
#include "resolver/note.h"

struct event_base;
struct lookup;
struct lookup_log;

struct lookup_log_stats {
	uint64_t sent; /* handed to the kernel for dbwriter */
	uint64_t dropped;
};

/** @param other, arg  as hold_new's: gets MSG_TELL */
int lookup_log_new(struct event_base *base, void (*other)(void *arg, const void *message),
		 void *arg, struct lookup_log **out);
void lookup_log_free(struct lookup_log *r);

/** Use a new channel to dbwriter (owned); -1: history is off or dbwriter is away. */
void lookup_log_set_channel(struct lookup_log *r, int fd);

/** True if records go anywhere; saves the work of making them. */
bool lookup_log_is_on(const struct lookup_log *r);

/** Add one finished lookup.
 *  @param list, match  name of the list that decided and its entry, or NULL
 *  @param note         the answer, or NULL */
void lookup_log_add(struct lookup_log *r, const struct lookup *l, const char *list,
		  const struct list_match *match, const struct note *note);

/** Send what was gathered if it is much or old; the rest follows by a timer. */
void lookup_log_flush(struct lookup_log *r);

/** Send all, wait for a slow dbwriter at most timeout_ms: for the end of the process. */
void lookup_log_drain(struct lookup_log *r, int timeout_ms);

/** Report something worth remembering; goes behind the records gathered so far. */
void lookup_log_event(struct lookup_log *r, const char *kind, const char *subject,
		    const char *detail);

/** Relay a question of the control socket. @retval -EPIPE */
int lookup_log_question(struct lookup_log *r, const struct msg_ask *ask);

void lookup_log_get_stats(const struct lookup_log *r, struct lookup_log_stats *out);

#endif
