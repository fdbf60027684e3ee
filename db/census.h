/*
 * Counts many rows by a text, in memory: how many, how many blocked, the last, and how many
 * different clients and names came with each; one pass, no sorting of rows. SQLite, which
 * has no table of hashes, sorts them all: three seconds for a million. Knows nothing of SQL.
 */
#ifndef DB_CENSUS_H
#define DB_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct census;

#define CENSUS_KEYS_MAX	  (1u << 20) /* usual; what comes beyond is counted as CENSUS_OTHERS */
#define CENSUS_PAIRS_MAX	  (1u << 23) /* of a key and a client or name */
#define CENSUS_WAITS_MAX	  (1u << 22) /* of one key; beyond, every second one, and so on */
#define CENSUS_OTHERS	  "*"

enum census_with { CENSUS_CLIENT, CENSUS_NAME, CENSUS_WITH };

struct census_entry {
	const char *text; /* NULL: rows without one; borrowed from the census */
	int64_t n, blocked, last_us;
	uint32_t with[CENSUS_WITH]; /* how many different ones */
	double p50_us, p95_us;	   /* of the waits; below 0: none */
};

/** One row, or several that are alike. */
struct census_row {
	uint32_t key;		   /* of census_key() */
	uint64_t with[CENSUS_WITH]; /* of census_hash(); 0: not counted */
	int64_t n, ts_us;
	bool is_blocked;
	int64_t wait_us; /* below 0: none */
};

/** @param keys_max  at most so many, see above
 *  @return NULL without memory */
struct census *census_new(size_t keys_max);
void census_free(struct census *t);

/** A number that stands for a text, different for different texts but by a one in 2^64. */
uint64_t census_hash(const struct census *t, const char *text);

/** The key of a text (copied), or of none (NULL).
 *  @retval -ENOMEM */
int census_key(struct census *t, const char *text, uint32_t *key);

/** @retval -E2BIG   more than CENSUS_PAIRS_MAX
 *  @retval -ENOMEM */
int census_add(struct census *t, const struct census_row *row);

size_t census_count(const struct census *t);

/** Of all rows. */
int64_t census_total(const struct census *t);

/** Put in order: the busiest first, ties by text; or all by text. Then census_at() gives them.
 *  @retval -ENOMEM */
int census_sort(struct census *t, bool by_text);
void census_at(struct census *t, size_t i, struct census_entry *out);

#endif
