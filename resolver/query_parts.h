/* A waiting question's inside, shared by query.c, query_park.c, query_flight.c and
 * query_gate.c. Not for others. */
#ifndef RESOLVER_QUERY_PARTS_H
#define RESOLVER_QUERY_PARTS_H

#include "lib/hash.h"
#include "resolver/offer.h"
#include "resolver/query.h"
#include "resolver/state.h"

#define FLIGHT_BUCKETS 4096 /* a power of two */
#define REFRESH_MAX    256  /* in flight for nobody */

struct event;
struct flight;

/** A question that waits for its client's MAC address, for an upstream or for the gate. */
struct query {
	struct lookup l;
	struct query *next; /* parked, in its flight, or free */
	uint64_t parked_until_ms;
	/* while held for the gate */
	uint8_t *reply; /* owned */
	size_t reply_len;
	uint64_t held_us;
	uint32_t age_s;	   /* of the answer, when it was held */
	uint32_t ttl_max_s; /* as hold_wish says */
	struct note *note; /* owned */
};

struct queries {
	struct resolver *r; /* borrowed */
	struct hash_key hash;
	unsigned in_flight;
	unsigned refreshing; /* flights that began for nobody */
	struct query *free;
	struct flight *flights[FLIGHT_BUCKETS];
	struct offer_room *room; /* owned */
	/* parked, by their deadlines */
	struct query *parked, **parked_end;
	unsigned parked_count;
	uint64_t added; /* neighbour_added when they were last looked at */
	struct event *on_park_end; /* owned */
};

/** A waiting question with a copy of l; it keeps l's setup and socket.
 *  @return NULL: too many, or no memory */
struct query *query_new(struct resolver *r, const struct lookup *l);
void query_free(struct resolver *r, struct query *q);

/** The same where the question gets no answer. */
void query_drop(struct resolver *r, struct query *q);

/** The client is known, or will not be better known: policy, cache, upstream (query.c). */
void query_judge(struct resolver *r, struct lookup *l);

/**
 * Keep a question until its client's MAC address is known, at most NEIGHBOUR_AWAIT_MS; then
 * it is judged (query_park.c).
 *
 * @return false: too many wait; it goes on as it is
 */
bool query_park(struct resolver *r, struct lookup *l);

/** @retval -ENOMEM */
int query_park_init(struct queries *qs);

/** What is parked ends without an answer; a half-built qs is allowed. */
void query_park_fini(struct queries *qs);

/** Judge the name asked for by what holds now, and answer if it is blocked. */
bool query_is_blocked(struct resolver *r, struct lookup *l);

/** Answer a question on the stack by local data or as a special name (query_local.c).
 *  @return false: it is neither */
bool query_answer_local(struct resolver *r, struct lookup *l);

/** Ask upstreams, or join the same question in flight; answers later, or at once by SERVFAIL
 *  (query_flight.c).
 *  @param has_stale  the cache holds an answer for when they fail, or are slow */
void query_forward(struct resolver *r, struct lookup *l, bool has_stale);

/** Ask anew for an answer that was given from the cache; nobody waits for it. At most
 *  REFRESH_MAX at once; further ones are not asked. */
void query_refresh(struct resolver *r, const struct lookup *l);

/** End all flights without an answer: the process ends. */
void query_drop_flights(struct queries *qs);

/**
 * Judge an answer by the client's lists and gate, and send it now or when its leases are in
 * force (query_gate.c).
 *
 * @param q  the waiting query l belongs to, or NULL: then l is on the stack
 * @return true if the query waits on
 */
bool query_offer(struct resolver *r, struct lookup *l, struct query *q, const struct offer *o);

#endif
