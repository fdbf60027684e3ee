/*
 * A question's life: parsed, its client identified, judged, found in the cache or asked for, held for the gate,
 * answered, recorded. One state machine; query.c owns it.
 */
#ifndef RESOLVER_QUERY_H
#define RESOLVER_QUERY_H

#include <stddef.h>
#include <stdint.h>

#include "resolver/asker.h"
#include "resolver/clients.h"
#include "resolver/wire.h"

struct hold_wish;
struct note;
struct queries;
struct resolver;

#define QUERIES_MAX 20000 /* in flight; a further question gets SERVFAIL at once */

/** What is known of one question. */
struct lookup {
	struct asker asker;
	struct wire_question question;
	struct client client;
	struct setup *setup; /* a reference while it is in flight */
	int64_t ts_us;	     /* wall clock at arrival */
	uint64_t start_us;   /* the same moment on the other clock */
	uint32_t rtt_us, hold_us;
	struct addr upstream; /* family 0: none */
	uint8_t verdict;      /* enum msg_verdict */
	uint8_t rcode;
	bool allowed;	/* an allow list holds the name */
	uint32_t epoch; /* of the schedule by which it was judged */
};

/** @param r  borrowed, outlives it */
int queries_new(struct resolver *r, struct queries **out);

/** What is in flight ends without an answer; nothing may be held for the gate any more. The
 *  parts of r that questions refer to must still be there. */
void queries_free(struct queries *q);

/** Take one packet from a client; answers now or later. */
void query_take(struct resolver *r, const struct asker *from, const uint8_t *packet,
		size_t len);

/** hold_ops.done: a held answer's leases are in force, or failed. */
void query_on_leased(void *arg, void *ticket, int rc);

/** hold_ops.again. */
void query_on_lease_again(void *arg, void *ticket, struct hold_wish *out);

/** Once a turn: questions go on whose client's MAC address came in it. */
void queries_turn(struct queries *q);

/** Questions that are not answered yet. */
unsigned queries_in_flight(const struct queries *q);

#endif
