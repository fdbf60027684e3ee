/*
 * Passive DNS: which names led to an address, whoever asked. Notes each pair at most once an
 * hour and remembers in memory which it has noted, so that the hot names of a household cost
 * no writing. Bounded in rows, in names an address and in rows a commit. Knows nothing of
 * who asked, or of when a commit happens.
 */
#ifndef DB_RESOLVED_H
#define DB_RESOLVED_H

#include <stdint.h>

struct pending_row;
struct resolved;
struct store;

#define RESOLVED_ROWS_MAX   131072 /* above, the eighth that was longest not seen goes */
#define RESOLVED_NAMES_MAX  16	   /* of one address: the last seen */
#define RESOLVED_COMMIT_MAX 512	   /* rows of one commit; others are noted when seen again */
#define RESOLVED_EVERY_US   3600000000ll

/** @param s  borrowed; outlives us */
int resolved_open(struct store *s, struct resolved **out);
void resolved_close(struct resolved *r);

/** Note the addresses of a row's answer; inside a transaction.
 *  @param name    of the lookup, as text
 *  @param answer  where the row's records begin
 *  @return as store.h */
int resolved_note(struct resolved *r, const struct pending_row *row, const char *name,
		  const uint8_t *answer);

/** The transaction ended: 0 committed, else rolled back. */
void resolved_settle(struct resolved *r, int rc);

#endif
