/*
 * Notes the hours in which lookups were recorded behind newer ones: a slow lookup that
 * waited for a locked file, a clock that was set back, an import. Who copies the history
 * row by row in order of time (report_copy.h) reads those hours again. Knows nothing of
 * who that is.
 *
 * Ordinary lateness is not noted, for it would cost a page with each commit: up to
 * LATE_ORDINARY_S behind the newest row, while that is as new. A copy leaves rows alone
 * until they are LATE_SETTLED_S old, so it cannot have passed such a one.
 */
#ifndef DB_LATE_H
#define DB_LATE_H

#include <stdint.h>

struct late;
struct store;

#define LATE_ORDINARY_S 60
#define LATE_SETTLED_S	120

/** Now, by both clocks: whether the newest row is new is told by both. */
struct late_now {
	int64_t wall_us;
	uint64_t mono_us;
};

/** @param s  borrowed; outlives us */
int late_open(struct store *s, struct late **out);
void late_close(struct late *l);

/** A lookup was written at ts: note its hour if it came late. In a transaction. */
int late_note(struct late *l, int64_t ts, struct late_now now);

/** The transaction ended: 0 committed, else rolled back. */
void late_settle(struct late *l, int rc, struct late_now now);

#endif
