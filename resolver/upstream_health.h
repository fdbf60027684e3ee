/*
 * What is known of a server: how fast, whether up, when to ask it again. Pure; the time
 * is passed in. Knows nothing of packets.
 */
#ifndef RESOLVER_UPSTREAM_HEALTH_H
#define RESOLVER_UPSTREAM_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "conf/conf.h"

struct upstream_health {
	uint64_t sent, answered, timed_out, refused, errors; /* totals */
	uint64_t loops; /* questions that came back to us as a client's */
	uint32_t srtt_us;	  /* smoothed round trip; 0: not measured yet */
	uint32_t cost_us;	  /* the same, made worse by each try without a reply */
	unsigned misses;	  /* tries in a row without a reply in time */
	unsigned error_run;	  /* replies in a row that were errors */
	bool is_refusing;	  /* its port is closed, or no way leads there */
	bool is_probed;		  /* while is_refusing: one packet is on its way */
	uint64_t closed_until_ms; /* no packet before, while is_refusing */
	uint32_t closed_for_ms;
	uint64_t probe_at_ms; /* a copy of a real question may go to it then */
	uint32_t probe_after_ms;
};

void health_sent(struct upstream_health *h, uint64_t now_ms);

/** @param is_error  SERVFAIL, REFUSED and the like: it lives, but is of no use now */
void health_replied(struct upstream_health *h, uint32_t rtt_us, bool is_error);

/** A try got no reply in its time. */
void health_missed(struct upstream_health *h, uint64_t now_ms);

/** A packet was refused (ICMP) or could not leave. True if that is news: false for what
 *  was still under way when it was first noticed. */
bool health_refused(struct upstream_health *h, uint64_t now_ms);

/** What it was blamed for may have been the network, which has changed. */
void health_forgive(struct upstream_health *h);

/** Worth asking first. */
bool health_is_up(const struct upstream_health *h);

/** A packet may be sent now. While the server refuses that is one in 100 ms at first, in
 *  400 ms at last, whatever the number of questions. */
bool health_is_open(const struct upstream_health *h, uint64_t now_ms);

/** How long to wait for a reply to try number n (0 is the first): four round trips,
 * between 250 ms and 1.5 s, half as long again with each try; never more than a third of
 * the question's whole time. */
uint32_t health_wait_ms(const struct upstream_health *h, unsigned n, uint32_t timeout_ms);

/** True, and noted as done, if h should get a copy of a real question: a minute after the
 *  last one, so that its speed is known; sooner while it is down, to see it come back. */
bool health_take_probe(struct upstream_health *h, uint64_t now_ms);

/** One of count servers by the group's order, among those whose bit is set in mask;
 *  count (at most 64) if none is. A server not measured yet counts as slow: probes measure
 *  it. */
size_t health_choose(struct upstream_health *const *h, size_t count,
		     enum conf_order order, uint64_t mask, uint32_t random);

/** Append rows "upstream\tWHO KEY\tVALUE": its state ("up", "down", "refused") and totals. */
void health_status(const struct upstream_health *h, const char *who, FILE *to);

#endif
