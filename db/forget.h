/*
 * Deletes on request what was recorded of one client, or of one name, up to now: lookups,
 * roll-ups, names, passive DNS, refused connections, dictionary rows. In slices that fit
 * between two commits, and with what was deleted overwritten. Knows nothing of who may ask.
 */
#ifndef DB_FORGET_H
#define DB_FORGET_H

#include <stdbool.h>
#include <stdint.h>

struct forget;
struct history;
struct store;

#define FORGET_SLICE_ROWS 50000 /* looked at in one transaction */
#define FORGET_TEXT_MAX	  255

enum forget_kind {
	FORGET_CLIENT, /* its address, its label then, or its MAC address */
	FORGET_NAME,   /* a name, also in answers; "*.x.example": and all below */
};

/** Begin. What was taken so far must have been committed.
 *  @param s, h  borrowed; outlive it
 *  @param what  copied
 *  @retval -EINVAL  empty, or too long; and as store.h */
int forget_new(struct store *s, struct history *h, enum forget_kind kind, const char *what,
	       struct forget **out);

/** One slice. *done: nothing is left; then forget_free, and begin a new sweep (prune.h). */
int forget_step(struct forget *f, bool *done);

/** Rows deleted so far. */
uint64_t forget_deleted(const struct forget *f);

/** At any time. NULL is allowed. */
void forget_free(struct forget *f);

#endif
