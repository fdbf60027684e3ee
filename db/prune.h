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

/** Rows were deleted by someone else, and dictionaries with them: a sweep under way ends, and
 *  another one is due. */
void prune_sweep_again(struct prune *p);

const struct prune_stats *prune_stats(const struct prune *p);

#endif
