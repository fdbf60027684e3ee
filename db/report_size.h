/* What the file of the history is full of. */
#ifndef DB_REPORT_SIZE_H
#define DB_REPORT_SIZE_H

#include <stdint.h>

#include "db/report.h"

enum size_kind {
	SIZE_LOOKUPS,
	SIZE_REFUSALS,
	SIZE_EVENTS,
	SIZE_PASSIVE_DNS,
	SIZE_DICTIONARIES, /* texts that rows refer to */
	SIZE_HOURLY,
	SIZE_DAILY, /* and the names ever seen */
	SIZE_INDEXES,
	SIZE_OTHER,
	SIZE_FREE, /* used again by new rows */
	SIZE_WAL,
	SIZE_KINDS,
};

#define SIZE_UNKNOWN (-1)

struct size_row {
	const char *name; /* static */
	int64_t bytes;
	int64_t rows;	   /* SIZE_UNKNOWN: not counted, or of no meaning */
	int64_t oldest_us; /* 0: none, or of no meaning */
};

struct size {
	struct size_row kinds[SIZE_KINDS];
	int64_t bytes;	       /* of all, with the WAL */
	double growth_bytes;   /* of lookups in a day, by those of the last week; 0: none */
};

/** Measure. Each table but that of the lookups, whose bytes are the rest, is read whole.
 *  @param now_us  unix time
 *  @return results of report_log() */
int report_size(struct report *r, const char *path, int64_t now_us, struct size *out);

#endif
