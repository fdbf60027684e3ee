/*
 * Whether a device may connect to an address, and why: zone, exception, lease, the names it
 * was told, refusals. Knows nothing of verbs.
 */
#ifndef CLI_GATE_STORY_H
#define CLI_GATE_STORY_H

#include <stdint.h>

#include "lib/addr.h"

struct command;

enum gate_passes {
	GATE_PASSES,	/* by a lease or an exception */
	GATE_NOT_GATED, /* the gate has no say: private destination, no zone, mode off */
	GATE_OBSERVED,	/* it passes, but would not if the zone were enforced */
	GATE_REFUSED,
	GATE_UNKNOWN,	/* the daemon, which knows the leases, cannot be asked */
	GATE_ANYBODY,	/* no client was named: there is no verdict */
};

/** Where to. */
struct gate_target {
	struct addr addr;
	uint16_t port; /* 0: any */
	uint8_t proto; /* IPPROTO_TCP or IPPROTO_UDP; 0 with port 0 */
};

/** "192.0.2.1", "192.0.2.1:443", "[2001:db8::1]:443", the last two with "/udp" or "/tcp", which
 *  is meant without. @retval -EINVAL */
int gate_target_read(const char *text, struct gate_target *out);

/**
 * Gather what is known, and print it to c->out in c's format.
 *
 * @param client  address, MAC address or device; NULL: whoever has a lease there
 * @param passes  the verdict, with COMMAND_DONE
 * @return an exit status: COMMAND_DONE, or why there is no answer
 */
int gate_story(const struct command *c, const struct gate_target *to, const char *client,
	       enum gate_passes *passes);

#endif
