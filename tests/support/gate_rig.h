/* A gate on the real kernel, and what tests do to it. */
#ifndef TESTS_SUPPORT_GATE_RIG_H
#define TESTS_SUPPORT_GATE_RIG_H

#include <stdint.h>

#include "nftsync/lease_view.h"

struct conf;
struct gate;

/** What the gate told of itself. */
struct told {
	unsigned events, lost;
	char kind[32], detail[200];
};

/** Fail the test if they cannot. The gate is the caller's. */
struct gate *gate_rig_make(struct told *told);
struct gate *gate_rig_load(struct told *told, const struct conf *c);

/** Of device 02:00:00:00:00:01, or that as an address; 203.0.113.n or 2001::n. */
struct lease_key gate_rig_key(unsigned kind, uint8_t family, uint32_t n);

/** A claim in a turn of its own. @return GATE_DONE, GATE_WAIT or an error */
int gate_rig_claim(struct gate *g, const struct lease_key *key, uint32_t ttl_s);

/** count leases over all kinds of devices, in batches, for an hour. */
void gate_rig_fill(struct gate *g, uint32_t count);

/** Elements in the kernel's sets of table inet nameward. */
long gate_rig_elements(void);

#endif
