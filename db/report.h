/*
 * Questions to the history, read-only, with the daemon running or not. Answers come as
 * columns and rows through two callbacks, so that one table, CSV or JSON printer shows them
 * all. No transaction is open while a callback runs: a slow terminal never holds the WAL.
 * Knows nothing of output.
 */
#ifndef DB_REPORT_H
#define DB_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct report;
struct report_follow;

#define REPORT_FILTERS_MAX 64
#define REPORT_STATEMENT_S 20 /* a single statement may take this long */

enum report_type { REPORT_NULL, REPORT_INTEGER, REPORT_REAL, REPORT_TEXT };

struct report_value {
	enum report_type type;
	int64_t integer;
	double real;
	const char *text; /* borrowed for the call; may hold hostile bytes */
};

/** Callbacks return 0 to go on; anything else ends the question, which returns it. */
struct report_out {
	int (*columns)(void *arg, const char *const *names, size_t count); /* once */
	int (*row)(void *arg, const struct report_value *values, size_t count);
	void *arg;
};

/** Open the file at path.
 *  An older version is read too; what it does not have yet is -ENOTSUP later.
 *  @retval -ENOENT not there; -EACCES; -EPROTO, -EMEDIUMTYPE, -EUCLEAN as store.h, whose
 *          store_reason() has the words */
int report_open(const char *path, struct report **out);
void report_close(struct report *r);

/** Make the question under way return -EINTR. May be called from a signal handler. */
void report_cancel(struct report *r);

enum report_field {
	REPORT_NAME,	 /* of the lookup */
	REPORT_CLIENT,	 /* label of the device or address */
	REPORT_VERDICT,	 /* "blocked" */
	REPORT_TYPE,	 /* "AAAA", "TYPE65280" */
	REPORT_LIST,
	REPORT_RCODE,	 /* "NXDOMAIN" */
	REPORT_UPSTREAM, /* address */
	REPORT_FIELD_COUNT,
};

/** "x", "*.x", "!x": `*` stands for any characters; letter case is ignored; "!" negates.
 *  A row passes if for each field one of the plain values matches (where there are any)
 *  and none of the negated ones does. */
struct report_filter {
	enum report_field field;
	const char *value;
};

struct report_log {
	const struct report_filter *filters;
	size_t filter_count;	       /* at most REPORT_FILTERS_MAX */
	int64_t since_us, until_us;    /* since <= ts < until; 0: no bound */
	uint64_t limit;		       /* the newest so many; 0: all */
	bool reverse;		       /* newest first */
	struct report_follow *follow;  /* gets to know what was shown, or NULL */
};

/** Rows of the view `lookups` (its columns, nameward-history(5)), oldest first.
 *  @retval -EINVAL     too many filters
 *  @retval -EINTR      cancelled
 *  @retval -ETIMEDOUT  a statement took longer than REPORT_STATEMENT_S */
int report_log(struct report *r, const struct report_log *q, const struct report_out *out);

/** Follow what is recorded: what was shown is remembered for a while, because a slow lookup
 *  is recorded later than faster ones that began after it.
 *  @return NULL without memory */
struct report_follow *report_follow_new(void);
void report_follow_free(struct report_follow *f);

/** Rows that are new since the last call with this q->follow (without any: recorded in the
 *  last seconds), oldest first; of q only the filters and follow count. */
int report_log_new(struct report *r, const struct report_log *q, int64_t wall_us,
		   const struct report_out *out);

/** Who asked for a name since then: columns who, n, last (time); busiest first. */
int report_asked(struct report *r, const char *name, int64_t since_us,
		 const struct report_out *out);

/** The newest refused connections since then, newest first: view `refusals`. */
int report_refusals(struct report *r, int64_t since_us, uint64_t limit,
		    const struct report_out *out);

/** The newest events since then, newest first: view `events`. */
int report_events(struct report *r, int64_t since_us, uint64_t limit,
		  const struct report_out *out);

#endif
