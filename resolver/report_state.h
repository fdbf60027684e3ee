/* What the resolver says of itself to the control socket, as rows of tables. */
#ifndef RESOLVER_REPORT_STATE_H
#define RESOLVER_REPORT_STATE_H

#include <stdio.h>

struct resolver;

/* All have the same shape, so that one table of verbs calls them; words may be NULL. Rows
 * are fields parted by tabs; what comes from outside is escaped. */

/** Rows "part key value": processes, resolver, cache, upstreams. No header. */
void report_status(struct resolver *r, FILE *to, const char *unused1, const char *unused2);

/** Who a client (address, MAC address or device) is, and what its zone's gate does: at most
 *  one row address, mac, device, interface, zone, gate; "-" where something is not known. */
void report_client(struct resolver *r, FILE *to, const char *text, const char *unused);

/** Header "step result where" and the ladder that a name goes down.
 *  @param client  an address, a device's name, or NULL: a client without a group */
void report_why(struct resolver *r, FILE *to, const char *name, const char *client);

#endif
