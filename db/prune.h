/*
 * Retention: rolls up (fold.h), deletes what is too old or too much, in slices that fit
 * between two commits, and gives the space back. No lookup goes before it is rolled up. Knows nothing of timers: the process calls prune_step() again
 * and again, and says what time it is.
 *
 * What it deletes: what is past its days by the agreed clock: lookups, and pairs of address
 * and name as these; refusals; events past the longer of both; roll-ups by hour; roll-ups by
 * day, and names not asked for since. Above max_bytes the oldest lookups, then roll-ups by
 * day, and so on (first_to_go in prune.c). Then dictionary rows that nothing uses any more.
 */
#ifndef DB_PRUNE_H
#define DB_PRUNE_H

#include <stdbool.h>
#include <stdint.h>

#include "db/prune_request.h"

struct fold;
struct ids;
struct prune;
struct store;

#define PRUNE_EVERY_S	   60	 /* how often what is old is looked for */
#define PRUNE_SLICE_ROWS   10000 /* deleted in one step: some milliseconds */
#define PRUNE_VACUUM_PAGES 2000	 /* given back in one step */

struct prune_limits {
	int64_t keep_lookups_us;  /* 0: for ever */
	int64_t keep_refusals_us; /* 0: for ever */
	int64_t keep_hourly_us;	  /* 0: for ever */
	int64_t keep_daily_us;	  /* 0: for ever */
	int64_t max_bytes;	  /* of the file without its WAL; 0: no limit */
};

struct prune_stats {
	/* rows deleted */
	uint64_t lookups, refusals, events, hours, days, names, resolved, dictionary;
	bool is_clock_doubted;
};

/** How far a request is. */
struct prune_progress {
	bool is_active;		     /* there is more to do */
	struct prune_stats deleted;  /* since it was made */
	int64_t bytes_before, bytes; /* of the file: then, and now */
};

/** @param s, ids, fold  borrowed; outlive us
 *  @param limits  copied */
int prune_open(struct store *s, struct ids *ids, struct fold *fold,
	       const struct prune_limits *limits, struct prune **out);
void prune_close(struct prune *p);

void prune_set_limits(struct prune *p, const struct prune_limits *limits);

/** Do one slice of what is due.
 *  @retval 1  there is more: call again soon
 *  @retval 0  nothing to do before PRUNE_EVERY_S, or a commit that made the file grow
 *  @return negative: as store.h; call again later */
int prune_step(struct prune *p, int64_t wall_us, uint64_t mono_us);

/** From the next step on, do what is due at once, and delete what the request says, too; then
 *  dictionary rows without use, and give all free pages back. Times of a request are believed
 *  whatever the clock does.
 *  @retval -EALREADY  one is under way; negative: as store.h */
int prune_ask(struct prune *p, const struct prune_request *request);

/** Of the last request, zeroes before the first. */
int prune_asked(struct prune *p, struct prune_progress *out);

/** Rows were deleted by someone else, and dictionaries with them: a sweep under way ends, and
 *  another one is due. */
void prune_sweep_again(struct prune *p);

const struct prune_stats *prune_stats(const struct prune *p);

/** Rows of all kinds. */
uint64_t prune_rows(const struct prune_stats *s);

#endif
