/*
 * The user's own sets, filled by name: addresses of answers go into sets of tables that are not
 * ours, with timeouts. Never makes, empties or removes such a set. Knows nothing of leases.
 */
#ifndef NFTSYNC_FILL_H
#define NFTSYNC_FILL_H

#include <stdint.h>

#include "lib/msg.h"

struct conf;
struct fill;
struct netlink;
struct nl_buf;

struct fill_stats {
	uint64_t written; /* elements, new or refreshed */
	uint64_t failed;  /* elements that a set did not take, or that had none to go to */
};

int fill_new(struct fill **out);
void fill_free(struct fill *f);

/** Take the fill lines of a configuration, which is read only during the call.
 *  @retval -ENOMEM the old ones hold on */
int fill_load(struct fill *f, const struct conf *c);

/**
 * Put the addresses of one answer into the sets of the fill line for its name; when it returns
 * they are in force. A set of IPv4 addresses takes those, one of IPv6 addresses these. What
 * fails is counted, and logged once until the set takes something again.
 *
 * @param nl   NULL: nothing is done
 * @param buf  for the time of the call
 * @param m    a whole record: addresses, then the name
 */
void fill_write(struct fill *f, struct netlink *nl, struct nl_buf *buf,
		const struct msg_lease *m, uint64_t now_ms);

const struct fill_stats *fill_stats(const struct fill *f);

#endif
