/*
 * What a report page shows, as numbers and names: the busiest of everything in a range of
 * time, and its lookups in slots. Knows nothing of HTML.
 */
#ifndef CLI_PAGE_DATA_H
#define CLI_PAGE_DATA_H

#include <stddef.h>
#include <stdint.h>

struct report;

#define PAGE_RANKS_MAX 15
#define PAGE_SLOTS_MAX 32
#define PAGE_LABEL_MAX 256 /* longer is cut */

/** What became of lookups, as the page tells them apart. */
enum page_fate { FATE_ANSWERED, FATE_CACHED, FATE_BLOCKED, FATE_FAILED, PAGE_FATES };

/** One of the busiest. Which members count depends on the question. */
struct page_rank {
	char label[PAGE_LABEL_MAX];
	char more[PAGE_LABEL_MAX]; /* of a refused connection: where to */
	char name[PAGE_LABEL_MAX]; /* of a refused connection: the name that led there */
	int64_t n, blocked, clients;
	double p50, p95; /* milliseconds */
};

struct page_ranks {
	struct page_rank rows[PAGE_RANKS_MAX];
	size_t count;
	size_t all;	 /* rows there are, also those left out */
	int64_t total_n; /* of all */
};

struct page_data {
	int64_t since_us, until_us; /* unix time */
	int64_t slot_us;
	size_t slot_count;
	int64_t slots[PAGE_SLOTS_MAX][PAGE_FATES];
	int64_t totals[PAGE_FATES];
	struct page_ranks clients, names, blocked, lists, upstreams, refused;
};

/** The length of a slot, in whole hours, with which a range has at most PAGE_SLOTS_MAX - 1. */
int64_t page_slot_us(int64_t since_us, int64_t until_us);

/** Ask a history all that; d's range is given, the rest is filled.
 *  @retval -EINVAL  an empty range; else results of report_log() */
int page_gather(struct page_data *d, struct report *report);

#endif
