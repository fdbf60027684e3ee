/*
 * The resolver's side of the held answer: asks nftsync for leases, a message a turn, and
 * calls back when they are in force, refused, or late. Knows nothing of the firewall.
 */
#ifndef RESOLVER_HOLD_H
#define RESOLVER_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/dname.h"
#include "lib/msg.h"
#include "resolver/note.h"

struct event_base;
struct hold;

#define HOLD_MAX 32768 /* answers held at once; a further one fails at once */

/** rc 0: in force. -ETIMEDOUT: late; -EPIPE: nftsync is gone; else nftsync's error.
 *  Called from the event loop, never inside hold_ask. */
typedef void hold_done(void *arg, void *ticket, int rc);

/** Messages that are not about leases (MSG_TELL), borrowed. */
typedef void hold_other(void *arg, const void *message);

/** Whether this name must not open anything to this device (any more). client: the address
 *  that asked it, family 0: unknown. */
typedef bool hold_judge(void *arg, const struct msg_device *device, const struct addr *client,
			const struct dname *name);

struct hold_stats {
	uint64_t asked, done, failed, late, covered, held;
	uint64_t withdrawn; /* names of devices */
};

/** @param done, other, arg  borrowed, outlive the gate */
int hold_new(struct event_base *base, hold_done *done, hold_other *other, void *arg,
	     struct hold **out);
void hold_free(struct hold *h);

/** Use a new channel to nftsync (owned); -1 closes. What is held on the old one fails. */
void hold_set_channel(struct hold *h, int fd);

/** True if this device got leases for just this cached answer (its serial) before, and they
 *  cannot have ended: nothing is to be asked. */
bool hold_covered(struct hold *h, const struct msg_device *device, uint64_t serial,
		  uint64_t now_ms);

/** One wish. */
struct hold_wish {
	const struct msg_device *device;
	const struct addr *client; /* that asks */
	const struct dname *qname;
	const struct note *note; /* its public addresses, at most MSG_LEASE_ADDRS */
	uint32_t age_s;		 /* since the answer came from its upstream */
	uint64_t serial;	 /* of the cached answer; 0: not cached */
	uint32_t covered_s;	 /* how long the answer stays covered */
	uint32_t deadline_ms;
};

/** Ask, and call back with ticket later.
 *  @retval 0 asked; -EPIPE nftsync is not there; -ENOBUFS too many held */
int hold_ask(struct hold *h, const struct hold_wish *wish, void *ticket, uint64_t now_ms);

/** Send what this turn gathered. */
void hold_flush(struct hold *h);

/** Lists or policies have changed: have nftsync tell all names that hold leases, and withdraw
 *  what judge, called from the event loop with hold_new()'s arg, says yes to. Without an nftsync
 *  there is nothing to review: the next one is asked when its channel comes. */
void hold_review(struct hold *h, hold_judge *judge);

/** Relay a question of the control socket. @retval -EPIPE */
int hold_question(struct hold *h, const struct msg_ask *ask);

void hold_get_stats(const struct hold *h, struct hold_stats *out);

#endif
