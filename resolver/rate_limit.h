/*
 * How often one client may ask: token buckets in a table of fixed size that strangers cannot
 * steer. Pure; the time is a parameter. Knows nothing of packets and of answers.
 */
#ifndef RESOLVER_RATE_LIMIT_H
#define RESOLVER_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

#define RATE_CLIENTS	 4096 /* remembered; then those go that have asked least lately */
#define RATE_SLIP_EVERY	 2    /* of the questions over the limit one in so many is RATE_SLIP */
#define RATE_PROVEN_MORE 4    /* times the limit where the address is proven */
#define RATE_TELL_S	 60   /* between two reports of one client; of all: one a second */

struct rate_limit;

enum rate_verdict {
	RATE_PASS,
	RATE_SLIP, /* over the limit: answer so that a client that is there asks by TCP */
	RATE_DROP,
};

/** Who shares one bucket: a device by its MAC address where it is known (NULL: it is not), else
 *  an IPv4 address, or the /64 of an IPv6 address, in which one machine has all it likes. */
struct addr rate_limit_key(const struct addr *client, const struct mac *mac);

/** @retval -ENOMEM */
int rate_limit_new(struct rate_limit **out);
void rate_limit_free(struct rate_limit *r);

/**
 * Take one token for one question.
 *
 * @param per_s   tokens a second, 1 to 1000000
 * @param burst   tokens of a full bucket, 1 to 1000000
 * @param proven  the source is no forged one (TCP, or a valid cookie): it has a bucket of
 *                RATE_PROVEN_MORE times the size, and is never told to slip
 * @param tell    set to true where a report is due that this client is over its limit; else
 *                untouched
 */
enum rate_verdict rate_limit_take(struct rate_limit *r, const struct addr *key, uint32_t per_s,
				  uint32_t burst, bool proven, uint64_t now_us, bool *tell);

#endif
