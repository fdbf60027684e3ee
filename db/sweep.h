/*
 * Takes out of the dictionaries what no row refers to any more: notes in slices which ids
 * the rows use, then deletes the others in slices. Rows may be written and deleted between
 * the slices. Knows nothing of when it is worth it.
 */
#ifndef DB_SWEEP_H
#define DB_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

struct ids;
struct store;
struct sweep;

#define SWEEP_NOTE_ROWS	  20000	   /* rows read in a slice: some milliseconds */
#define SWEEP_DELETE_ROWS 1000	   /* dictionary rows deleted in a slice */
#define SWEEP_IDS_MAX	  16777216 /* ids noted in one sweep, oldest first: 2 MiB */

/** Begin. @param s, ids  borrowed; outlive the sweep */
int sweep_begin(struct store *s, struct ids *ids, struct sweep **out);

/** One slice. @param done  set when there is nothing left; then sweep_end */
int sweep_step(struct sweep *w, bool *done);

/** Dictionary rows deleted so far. */
uint64_t sweep_deleted(const struct sweep *w);

/** End, at any time. NULL is allowed. */
void sweep_end(struct sweep *w);

#endif
