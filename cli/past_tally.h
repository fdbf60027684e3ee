/*
 * What an import of lookups found: how many were taken, and which were not, why. Of each
 * reason the first rows are shown, and all are counted. Knows nothing of formats.
 */
#ifndef CLI_PAST_TALLY_H
#define CLI_PAST_TALLY_H

#include <stddef.h>
#include <stdint.h>

struct past_stats;
struct table;

#define PAST_REASONS_MAX 24
#define PAST_SHOWN_MAX	 10 /* rows of one reason */

struct past_tally {
	struct table *table; /* borrowed; file, row, result, n, note */
	const char *file;    /* of which rows come now; borrowed */
	uint64_t read, taken; /* rows found, and those that can be taken */
	uint64_t old;	      /* of these: older than `keep lookups` */
	int64_t first_us, last_us; /* times of those taken */
	struct {
		const char *why; /* a constant sentence */
		uint64_t n;
	} reasons[PAST_REASONS_MAX];
	size_t reason_count;
	int write_rc;
};

/** The row with this number was not taken. @return 0, or a failure to write */
int past_tally_refuse(struct past_tally *t, int64_t row, const char *why);

/** It was. */
void past_tally_take(struct past_tally *t, int64_t ts_us, int64_t keep_since_us);

/** The totals, as rows of the table.
 *  @param stats  NULL: nothing was written */
int past_tally_print(struct past_tally *t, const struct past_stats *stats);

#endif
