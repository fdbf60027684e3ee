/*
 * An upstream pool and scripted servers in one event loop, for tests. A step that fails
 * fails the test.
 */
#ifndef SUPPORT_UPSTREAM_RIG_H
#define SUPPORT_UPSTREAM_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "resolver/upstream.h"
#include "tests/support/scripted_upstream.h"

struct event_base;

#define RIG_SERVERS 3
#define RIG_ASKED   6000
#define RIG_QUERY   512

/** One question asked, and how it ended. */
struct asked {
	struct rig *rig;
	struct upstream_query *query;
	uint8_t wire[RIG_QUERY];
	size_t len, name_len;
	unsigned calls;
	int rc;
	unsigned rcode;
	bool truncated, right; /* right: the address is the one that stands for the name */
	bool asks_again;
	size_t reply_len;
	uint64_t begin_ms, took_ms;
};

/** A pool and its servers in one event loop. */
struct rig {
	struct event_base *base;
	struct scripted_upstream *servers[RIG_SERVERS];
	size_t server_count;
	struct conf_server addrs[RIG_SERVERS];
	char group_name[8];
	struct conf_upstream group;
	struct conf conf;
	struct upstream_pool *pool;
	bool is_sending;
	unsigned asked_count;
	struct asked asked[RIG_ASKED];
};

/** @param address     where the servers listen
 *  @param behaviours  of the servers, parted by spaces */
struct rig *rig_open(const char *address, const char *behaviours, uint32_t timeout_ms,
		     enum conf_order order);
void rig_close(struct rig *r);

/** Write a query with OPT; returns its length. */
size_t rig_write_query(const char *name, uint16_t type, uint8_t *buf, size_t *name_len);

/** Ask, and note how it ends in r->asked. again: ask once more from the callback.
 *  @retval of upstream_send */
int rig_try_ask(struct rig *r, const char *name, uint16_t type, bool again);

/** The same; it must succeed. */
void rig_ask(struct rig *r, const char *name, uint16_t type, bool again);

/** Ask for the addresses of count different names. */
void rig_ask_many(struct rig *r, unsigned count);

/** One turn of the event loop. */
void rig_turn(struct rig *r);

/** Turn until all that was asked is called back, which must be once each. */
void rig_run(struct rig *r);

/** Turn for some time. */
void rig_run_for(struct rig *r, unsigned ms);

/** How many got the address that stands for their name. */
unsigned rig_count_right(const struct rig *r);

#endif
