/*
 * One generation of what the resolver serves by: configuration, list index, upstreams.
 * A question keeps the generation it began with.
 */
#ifndef RESOLVER_SETUP_H
#define RESOLVER_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "blocklists/list_index.h"
#include "conf/conf.h"
#include "resolver/upstream.h"

struct conf_overrides;
struct event_base;
struct overrides;

struct setup {
	struct conf *conf;	       /* owned */
	struct list_index *index;      /* owned; NULL: none could be built */
	struct upstream_pool *upstreams; /* owned */
	struct overrides *overrides;   /* owned; NULL: none */
	uint32_t generation;
	uint32_t asks; /* generations with the same number ask the same, and share the cache */
	unsigned refs; /* questions, and one while it is the current one */
	struct setup *next;
};

/** Build a generation. conf and index become its own, also on failure.
 *  @param index   may be NULL; one of other lists, or in another order, counts as none
 *  @param before  the one it follows, whose servers it goes on with; NULL: none */
int setup_new(struct event_base *base, struct conf *conf, struct list_index *index,
	      uint32_t generation, const struct setup *before, struct setup **out);

/** Have these overrides in force in place of those before. */
void setup_override(struct setup *s, const struct conf_overrides *wanted);

/** Whether each name is asked for at the same servers, so that what the cache holds is what
 *  they would say. Names of upstreams, their timeouts and their order of use do not matter. */
bool setup_asks_the_same(const struct conf *a, const struct conf *b);

/** Free at once; nothing may refer to it. NULL is allowed. */
void setup_free(struct setup *s);

#endif
