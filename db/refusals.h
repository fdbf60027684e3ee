/*
 * Refused connections, one row a minute for each (client, destination, port, protocol):
 * a flood is a row. Bounded, in memory; knows nothing of SQL.
 */
#ifndef DB_REFUSALS_H
#define DB_REFUSALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

struct msg_refused;
struct refusals;

#define REFUSALS_MAX 4096 /* rows of the current minute and those not yet written */

struct refusal {
	struct addr client, dest;
	struct mac mac;
	uint8_t has_mac, proto, observed;
	uint16_t port;
	char interface[16];
	int64_t minute;		 /* ts / 60 s: part of the key */
	int64_t first_us, last_us;
	uint64_t n;		 /* in all */
	uint64_t unwritten;	 /* of n; 0: nothing to do */
	int64_t row;		 /* key of its row in the table; 0: none yet */
	int64_t row_in_commit;	 /* the same, if the commit under way succeeds */
	uint16_t chain;
};

/** @return NULL without memory */
struct refusals *refusals_new(void);
void refusals_free(struct refusals *r);

/** Count one checked record. @retval -ENOSPC full: dropped */
int refusals_add(struct refusals *r, const struct msg_refused *m);

/** Rows with something to write. */
size_t refusals_waiting(const struct refusals *r);

/** Walk all rows: NULL starts, NULL ends. */
struct refusal *refusals_next(struct refusals *r, const struct refusal *after);

/** All has been written: what is of an earlier minute than the newest is forgotten. */
void refusals_committed(struct refusals *r);

/** The rows written so far are in a database that is gone: write them anew from now. */
void refusals_detach(struct refusals *r);

#endif
