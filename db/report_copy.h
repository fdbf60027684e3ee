/*
 * The history row by row for a copy elsewhere: what there is to copy, the next rows by time,
 * and the hours in which rows came late (late.h). Knows nothing of where they go.
 */
#ifndef DB_REPORT_COPY_H
#define DB_REPORT_COPY_H

#include <stddef.h>
#include <stdint.h>

#include "db/report.h"

struct report_mark {
	int64_t history_id; /* of the file, whatever its name */
	int64_t oldest_us, newest_us; /* ts of lookups; 0: there are none */
	int64_t late_seq;   /* the newest number of a late hour; 0: there is none */
};

/** @retval -ENOTSUP  the daemon has not brought the file up to date yet; else as report_log() */
int report_mark(struct report *r, struct report_mark *out);

/** Rows with after_us < ts <= up_to_us by time, at most `most`, as one short transaction. Columns:
 *  ts (microseconds), who, client, name, site, type, verdict, rcode, ms, hold_ms, upstream,
 *  list, pattern, answer, n.
 *  @return results of report_log() */
int report_copy(struct report *r, int64_t after_us, int64_t up_to_us, size_t most,
		const struct report_out *out);

/** The first hour with a number above after_seq.
 *  @param hour_us  gets its beginning
 *  @param seq	    gets its number
 *  @retval 1  there is one; 0 there is none; as report_log() */
int report_late(struct report *r, int64_t after_seq, int64_t *hour_us, int64_t *seq);

#endif
