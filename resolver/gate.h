/*
 * The resolver's side of the held answer: asks nftsync for leases, a message a turn, and
 * calls back when they are in force, refused, or late. Knows nothing of the firewall.
 */
#ifndef RESOLVER_GATE_H
#define RESOLVER_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/dname.h"
#include "lib/msg.h"
#include "resolver/note.h"

struct event_base;
struct gate;

#define GATE_HELD_MAX 32768 /* answers held at once; a further one fails at once */

/** rc 0: in force. -ETIMEDOUT: late; -EPIPE: nftsync is gone; else nftsync's error.
 *  Called from the event loop, never inside gate_ask. */
typedef void gate_done(void *arg, void *ticket, int rc);

/** Messages that are not about leases (MSG_TELL), borrowed. */
typedef void gate_other(void *arg, const void *message);

struct gate_stats {
	uint64_t asked, done, failed, late, covered, held;
};

/** @param done, other, arg  borrowed, outlive the gate */
int gate_new(struct event_base *base, gate_done *done, gate_other *other, void *arg,
	     struct gate **out);
void gate_free(struct gate *g);

/** Use a new channel to nftsync (owned); -1 closes. What is held on the old one fails. */
void gate_set_channel(struct gate *g, int fd);

/** True if this device got leases for just this cached answer (its serial) before, and they
 *  cannot have ended: nothing is to be asked. */
bool gate_covered(struct gate *g, const struct msg_device *device, uint64_t serial,
		  uint64_t now_ms);

/** One wish. */
struct gate_wish {
	const struct msg_device *device;
	const struct dname *qname;
	const struct note *note; /* its public addresses, at most MSG_LEASE_ADDRS */
	uint32_t age_s;		 /* since the answer came from its upstream */
	uint64_t serial;	 /* of the cached answer; 0: not cached */
	uint32_t covered_s;	 /* how long the answer stays covered */
	uint32_t deadline_ms;
};

/** Ask, and call back with ticket later.
 *  @retval 0 asked; -EPIPE nftsync is not there; -ENOBUFS too many held */
int gate_ask(struct gate *g, const struct gate_wish *wish, void *ticket, uint64_t now_ms);

/** Send what this turn gathered. */
void gate_flush(struct gate *g);

/** Relay a question of the control socket. @retval -EPIPE */
int gate_question(struct gate *g, const struct msg_ask *ask);

void gate_get_stats(const struct gate *g, struct gate_stats *out);

#endif
