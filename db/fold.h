/*
 * Roll-ups: lookups by hour, lookups by day and name, names ever seen, and when each client
 * was first and last seen. They are not written with each lookup but from the lookups
 * themselves, a slice at a time, up to a mark in `meta`; what is above it is in no roll-up
 * yet, and the views unite both. A row that is recorded below the mark (a slow lookup, a
 * clock that was set back) goes into the roll-ups with its own transaction.
 *
 * A flood of random names must not fill the table of names: of one site (site.h) so many new
 * names a day are taken, of all sites together so many; the others stand as "*.site" or "*".
 */
#ifndef DB_FOLD_H
#define DB_FOLD_H

#include <stdbool.h>
#include <stdint.h>

struct fold;
struct store;

#define FOLD_SLICE_ROWS	 40000 /* folded in one transaction */
#define FOLD_EVERY_S	 14400 /* fewer rows than that wait at most so long */
#define FOLD_SETTLE_S	 60    /* rows younger than that are left: others may come before them */
#define FOLD_SITE_NAMES	 500   /* new names of one site in a day */
#define FOLD_DAY_NAMES	 50000 /* new names in a day */

/** @param s  borrowed; outlives us */
int fold_open(struct store *s, struct fold **out);
void fold_close(struct fold *f);

/** One slice, if one is due, in a transaction of its own.
 *  @param now_us  wall clock, as far as it is agreed (agreed_clock.h)
 *  @retval 1  there may be more
 *  @retval 0  nothing is due
 *  @return negative: as store.h */
int fold_step(struct fold *f, int64_t now_us, uint64_t mono_us);

/** A lookup was written at ts: count it if the mark has passed it. In a transaction. */
int fold_note(struct fold *f, int64_t ts);

/** Rows up to ts are going to be deleted: count them first. In a transaction. */
int fold_up_to(struct fold *f, int64_t ts);

/** The transaction ended: 0 committed, else rolled back. */
void fold_settle(struct fold *f, int rc);

#endif
