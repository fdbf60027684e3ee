/*
 * Passive DNS: which names led to an address, whoever asked. A new pair is appended, then
 * its row is written again at most once a day. There is no index: a pair's row is found in
 * memory, where the newest are kept, and one that fell out of it gets a second row. So
 * writing costs bytes, not pages; questions read the whole table, which is small.
 */
#ifndef DB_RESOLVED_H
#define DB_RESOLVED_H

#include <stdint.h>

struct pending_row;
struct resolved;
struct store;

#define RESOLVED_ROWS_MAX   131072 /* above, the oldest eighth goes: some 12 MB */
#define RESOLVED_COMMIT_MAX 128	   /* new rows of a commit; others are noted when seen again */
#define RESOLVED_DAY_MAX    32768  /* new rows of a day: a flood leaves four days standing */
#define RESOLVED_NAMES_MAX  32	   /* new names of an address in a day */
#define RESOLVED_EVERY_US   86400000000ll

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
