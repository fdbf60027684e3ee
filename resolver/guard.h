/*
 * What stands before a question: is its source a client of ours, and does it ask no more than
 * it may. What is not let in is answered or dropped here, and counted.
 */
#ifndef RESOLVER_GUARD_H
#define RESOLVER_GUARD_H

#include <stdbool.h>
#include <stdint.h>

struct addr;
struct asker;
struct guard;
struct hash_key;
struct lookup;
struct resolver;

struct guard_stats {
	uint64_t forged;    /* sources that no client has: dropped */
	uint64_t strangers; /* refused, not heard, or turned away when they connect */
	uint64_t slipped;   /* over the limit: told to come by TCP, or with our cookie */
	uint64_t limited;   /* over the limit: dropped; by TCP refused */
	uint64_t cookies;   /* questions with a cookie of ours */
};

/** @retval -ENOMEM */
int guard_new(struct guard **out);
void guard_free(struct guard *g);

/** What cookies are made of, the same for every resolver of one supervisor; copied. Until then,
 *  something of its own. */
void guard_set_secret(struct guard *g, const struct hash_key *root);

/** Judge one question, find its client (l->client), and have its answer carry a cookie if it has one.
 *  @return false: it has been dealt with; l is done */
bool guard_admit(struct resolver *r, struct lookup *l);

/** tcp_admit, of a struct resolver: only clients are let in. A device counts as one, by which
 *  of its addresses it may come. */
bool guard_admit_connection(void *arg, const struct asker *from, struct addr *who);

void guard_get_stats(const struct guard *g, struct guard_stats *out);

#endif
