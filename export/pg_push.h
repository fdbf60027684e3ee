/*
 * Copies a history to a server, row by row in order of time, each batch in one transaction
 * with the place where the next one goes on: so whatever is interrupted, no row is lost and
 * none is there twice. Hours with late rows (db/late.h) are read once more. The history is
 * read in short transactions between those of the server. Knows nothing of output.
 */
#ifndef EXPORT_PG_PUSH_H
#define EXPORT_PG_PUSH_H

#include <stdbool.h>
#include <stdint.h>

struct pg_link;
struct report;

#define PG_BATCH_ROWS  5000
#define PG_BATCH_BYTES (4 << 20)
#define PG_ROUTER_MAX  63

struct pg_push {
	struct pg_link *link;	/* borrowed */
	struct report *report;	/* borrowed */
	const char *router;	/* borrowed; see pg_router_is_good() */
	int64_t wall_us;	/* now */
	/** After each batch; NULL: nobody wants to know. */
	void (*progress)(void *arg, const struct pg_push *p);
	void *arg;
	/* results */
	uint64_t sent, written; /* rows; the others were there */
	uint64_t late_hours;	/* read once more */
	int64_t up_to_us;	/* all settled rows up to here are there; 0: none */
	bool is_other_history;	/* the router has pushed from another one before */
	bool is_gap;		/* rows were deleted before they were pushed, perhaps */
	bool is_theirs;		/* what failed is the server's matter, not the history's */
};

/** A name of 1 to PG_ROUTER_MAX letters, digits, '.', '-' and '_'. */
bool pg_router_is_good(const char *name);

/** Make or check the tables, then copy what there is.
 *  @retval -EPROTO  a newer version made the tables; -EALREADY another export of this router
 *		     is under way; as pg_link.h (is_theirs), or as report_copy.h */
int pg_push(struct pg_push *p);

#endif
