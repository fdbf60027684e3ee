/*
 * Whether a device may connect to an address, and why: zone, exception, lease, the names it
 * was told, refusals. Knows nothing of verbs.
 */
#ifndef CLI_GATE_STORY_H
#define CLI_GATE_STORY_H

struct addr;
struct command;

enum gate_passes {
	GATE_PASSES,	/* by a lease or an exception */
	GATE_NOT_GATED, /* the gate has no say: private destination, no zone, mode off */
	GATE_OBSERVED,	/* it passes, but would not if the zone were enforced */
	GATE_REFUSED,
	GATE_UNKNOWN,	/* the daemon, which knows the leases, cannot be asked */
	GATE_ANYBODY,	/* no client was named: there is no verdict */
};

/**
 * Gather what is known, and print it to c->out in c's format.
 *
 * @param client  address, MAC address or device; NULL: whoever has a lease there
 * @param passes  the verdict, with COMMAND_DONE
 * @return an exit status: COMMAND_DONE, or why there is no answer
 */
int gate_story(const struct command *c, const struct addr *dest, const char *client,
	       enum gate_passes *passes);

#endif
