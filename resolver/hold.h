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

/* What is held at once; a further answer fails at once. Those over TCP may have 64 KiB. */
#define HOLD_MAX   32768	      /* answers */
#define HOLD_BYTES (64u * 1024 * 1024) /* of theirs, as hold_wish says */

struct hold_wish;

struct hold_ops {
	/** rc 0: in force. -ETIMEDOUT: late; -EPIPE: there is no nftsync; else its error.
	 *  Called from the event loop, never inside hold_ask. */
	void (*done)(void *arg, void *ticket, int rc);
	/** nftsync was restarted: say again what was wished for this ticket. What out borrows
	 *  lives for the call; its serial and times are not looked at. */
	void (*again)(void *arg, void *ticket, struct hold_wish *out);
	/** Whether this name, or one of the chain by which its answers came, must not open
	 *  anything any more to this client, which asked it last. For hold_review(). */
	bool (*is_blocked)(void *arg, const struct msg_client *client, const struct dname *name,
			   const uint8_t *chain, size_t chain_len);
	/** Whether this client is to hold no lease at all, nor any connection. Likewise. */
	bool (*is_quarantined)(void *arg, const struct msg_client *client);
	/** A message that is not about leases (MSG_TELL), borrowed. */
	void (*other)(void *arg, const void *message);
};

struct hold_stats {
	uint64_t asked, done, late, covered, held;
	uint64_t failed;    /* also those that could not be asked */
	uint64_t too_many;  /* of them: more than HOLD_MAX or HOLD_BYTES */
	uint64_t bytes;	    /* held now */
	uint64_t withdrawn; /* names of devices */
};

/** @param ops, arg  borrowed, outlive it */
int hold_new(struct event_base *base, const struct hold_ops *ops, void *arg,
	     struct hold **out);
void hold_free(struct hold *h);

/** Use a new channel to nftsync (owned), and ask there for all that is held. Between the
 *  death of nftsync and its return answers are held on, until their deadlines. -1: there is
 *  no nftsync; what is held fails. */
void hold_set_channel(struct hold *h, int fd);

/** How many whole seconds the leases last that this device got for just this cached answer
 *  (its serial): nothing is to be asked. 0: it got none, or they may have ended. */
uint32_t hold_covered(struct hold *h, const struct msg_device *device, uint64_t serial,
		      uint64_t now_ms);

/** One wish. */
struct hold_wish {
	const struct msg_device *device;
	const struct msg_client *client; /* that asks */
	const struct dname *qname;
	const struct note *note; /* its public addresses, at most MSG_LEASE_ADDRS */
	uint32_t age_s;		 /* since the answer came from its upstream */
	uint32_t ttl_max_s;	 /* of what is left to its records: a stale answer's are old */
	uint64_t serial;	 /* of the cached answer; 0: not cached */
	uint32_t covered_s;	 /* the longest lease: then it is asked for anew */
	uint32_t deadline_ms;
	size_t bytes; /* that the caller keeps until it is called back */
};

/** Ask, and call back with ticket later.
 *  @retval 0 asked; -EPIPE nftsync is not there; -ENOBUFS too much is held */
int hold_ask(struct hold *h, const struct hold_wish *wish, void *ticket, uint64_t now_ms);

/** Send what this turn gathered. */
void hold_flush(struct hold *h);

/** Lists or policies have changed: have nftsync tell all names that hold leases, and withdraw
 *  those that is_blocked says yes to. An nftsync that comes later is asked as well. */
void hold_review(struct hold *h);

/** Have leases withdrawn: all records of buf, a message of MSG_WITHDRAW. @retval -EPIPE */
int hold_withdraw(struct hold *h, struct msg_buf *buf);

/** Relay a question of the control socket. @retval -EPIPE */
int hold_question(struct hold *h, const struct msg_ask *ask);

void hold_get_stats(const struct hold *h, struct hold_stats *out);

#endif
