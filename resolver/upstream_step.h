/*
 * The steps of a question: which server is asked when, what to make of each reply, when
 * to give up. Knows nothing of sockets, c-ares or clients.
 */
#ifndef RESOLVER_UPSTREAM_STEP_H
#define RESOLVER_UPSTREAM_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolver/upstream.h"

struct upstream_desk;
struct upstream_group;
struct upstream_try;

/** Take a question and make its first try. Same results as upstream_send. */
int upstream_query_begin(struct upstream_desk *d, struct upstream_group *g,
			 const uint8_t *wire, size_t len, upstream_done *done, void *arg,
			 struct upstream_query **out);

/** Take all steps that are due. False if none was. */
bool upstream_desk_step(struct upstream_desk *d);

/** What happened to a try; see struct upstream_server_ops. */
void upstream_query_on_reply(struct upstream_try *t);
bool upstream_query_on_case(struct upstream_try *t);
void upstream_query_on_broken(struct upstream_try *t, bool has_answered);
void upstream_query_on_unreachable(struct upstream_try *t, int rc);
void upstream_query_on_let_go(struct upstream_try *t);

#endif
