/*
 * Answers on their way to a client: written, sent, counted, recorded. Knows nothing of where
 * they come from nor of waiting.
 */
#ifndef RESOLVER_REPLY_H
#define RESOLVER_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blocklists/list_index.h"
#include "lib/msg.h"
#include "resolver/note.h"
#include "resolver/policy.h"
#include "resolver/wire.h"

struct lookup;
struct offer;
struct resolver;

/** Room of at least WIRE_UDP_MAX bytes (WIRE_MAX for TCP) for one answer: for UDP straight in
 *  the socket's outgoing batch. Valid until reply_write. */
uint8_t *reply_room(struct resolver *r, const struct lookup *l);

/** Send what was written to the room. */
void reply_write(const struct lookup *l, const uint8_t *wire, size_t len);

/** Write the client's form of an offer to room. @return its length, 0 if that cannot be */
size_t reply_render(const struct lookup *l, const struct offer *o, uint8_t *room);

/** What the lists of this client say of a name that it asked for, or is led to.
 *  @param match  as policy_decide */
enum policy_action reply_judge(const struct lookup *l, const struct dname *name,
			       struct list_match *match);

/** True if a name that the answer leads to is blocked for this client (CNAME cloaking). */
bool reply_chain_blocked(const struct lookup *l, const struct note *note,
			  struct list_match *match);

/** Count and record a lookup whose answer has been sent. list, match and note may be NULL. */
void reply_finish(struct resolver *r, struct lookup *l, enum msg_verdict verdict,
		   const char *list, const struct list_match *match,
		   const struct note *note);

/** Send an answer without records. text may be NULL. */
void reply_error(struct resolver *r, struct lookup *l, unsigned rcode, enum wire_ede ede,
		  const char *text, enum msg_verdict verdict);

/** Send the configured answer for a blocked name. */
void reply_blocked(struct resolver *r, struct lookup *l, const struct list_match *match,
		    enum msg_verdict verdict);

/** Say that a name has no such records, where all of them lead home. */
void reply_rebind(struct resolver *r, struct lookup *l, const struct note *note);

/** Send an offer as it stands. */
void reply_send(struct resolver *r, struct lookup *l, const struct offer *o);

#endif
