/*
 * The dictionaries: small tables that give a text, or a few values together, an id. Writes
 * them and keeps their ids in memory, so that what is asked often never touches SQLite.
 * Knows nothing of lookups. Only inside a transaction (store.h).
 */
#ifndef DB_DICT_H
#define DB_DICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dict;
struct sqlite3_stmt;
struct store;

enum dict_kind {
	DICT_NAME,     /* name */
	DICT_ANSWER,   /* text */
	DICT_UPSTREAM, /* addr */
	DICT_RULE,     /* list, pattern */
	DICT_DEVICE,   /* mac or null, label or null */
	DICT_CLIENT,   /* addr, device_id or null */
	DICT_OUTCOME,  /* qtype, verdict, rcode, upstream_id or null, rule_id or null */
	DICT_COUNT,
};

#define DICT_COLUMNS_MAX 5
#define DICT_TEXT_MAX	 3072 /* bytes of all texts of one row; longer is cut */

/** One column: text (borrowed, len bytes), or number, or null where text is NULL and
 *  number DICT_NULL. */
struct dict_value {
	const char *text;
	size_t len;
	int64_t number;
};
#define DICT_NULL INT64_MIN

/** Open one dictionary and load the ids of its newest rows. */
int dict_open(struct store *s, enum dict_kind kind, struct dict **out);
void dict_close(struct dict *d);

/** The id of these values, adding a row if there is none that is remembered. */
int dict_id(struct dict *d, const struct dict_value *values, int64_t *id);

/** The same, but values met for the first time get no row: *id is 0. */
int dict_id_if_known(struct dict *d, const struct dict_value *values, int64_t *id);

/** The transaction was committed, or rolled back: ids given in it are good, or void. */
void dict_committed(struct dict *d);
void dict_rolled_back(struct dict *d);

/** Forget everything and load again: rows were deleted. */
int dict_reload(struct dict *d);

/* Deleting rows that nothing refers to any more (sweep.h). */

/** Begin to note which ids are used, from the oldest on, at most max_ids of them. */
int dict_sweep_begin(struct dict *d, size_t max_ids);
/** This id is used. Ids that are given out meanwhile note themselves. */
void dict_sweep_use(struct dict *d, int64_t id);
/** Delete up to `most` rows that were not used. *done: all were looked at, notes are gone. */
int dict_sweep_delete(struct dict *d, unsigned most, uint64_t *deleted, bool *done);
void dict_sweep_end(struct dict *d);

#endif
