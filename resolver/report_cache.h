/*
 * What the cache holds, for the control socket: rows, and forgetting. Knows nothing of who
 * asks.
 */
#ifndef RESOLVER_REPORT_CACHE_H
#define RESOLVER_REPORT_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/dname.h"

struct resolver;

/** Which names: one, or with it all below ("*.x.example"). */
struct cache_filter {
	struct dname name; /* the root with below: every name */
	bool below;
};

/** @param text  NAME, *.NAME, or NULL: every name. @retval -EINVAL */
int cache_filter_from_text(const char *text, struct cache_filter *out);

void report_cache_head(FILE *to);

/** A piece of the rows.
 *  @param at  0 at first
 *  @return false if that was the last piece */
bool report_cache_rows(struct resolver *r, FILE *to, const struct cache_filter *f, uint64_t *at);

/** Forget these names, and what says that a name above does not exist. One look at every entry.
 *  @return how many answers that were */
uint64_t report_cache_flush(struct resolver *r, const struct cache_filter *f);

#endif
