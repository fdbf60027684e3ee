/* An address being explained: what is known of it, for the files that tell it. */
#ifndef CLI_GATE_TELLING_H
#define CLI_GATE_TELLING_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/gate_facts.h"
#include "cli/gate_story.h"
#include "cli/story.h"

struct command;
struct conf;
struct report;

struct telling {
	const struct command *c;
	struct conf *conf;     /* owned */
	struct report *report; /* owned; NULL: not readable */
	int report_rc;
	const struct addr *dest; /* of to */
	const struct gate_target *to;
	char out[IF_NAMESIZE]; /* by which it leaves; "" not known */
	char dest_text[ADDR_TEXT_MAX];
	const char *client_text; /* NULL: anybody */
	struct gate_client client;
	struct gate_leases *leases; /* owned */
	int leases_rc;
	char why[CONTROL_WHY_MAX]; /* leases_rc */
	struct gate_listed listed; /* of lists that the client's zone, or any zone, refuses */
	int listed_rc;
	char listed_why[CONTROL_WHY_MAX];
	struct story story;
	size_t shown;	      /* of the rows being told */
	bool told_client;     /* the client was told this address */
	bool told_other;      /* so was another */
	enum gate_passes passes;
};

/** A device of leases and of the history by the name it has now, else by that it had then. */
const char *gate_telling_who(const struct telling *t, const char *device, const char *then);

/** Tell who looked up the address, who was refused there, and which names led to it.
 *  @return results of report.h */
int gate_tell_past(struct telling *t);

#endif
