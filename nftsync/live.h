/*
 * Who is talking to whom: the kernel's connections, read in slices, each with the MAC address
 * that the neighbour table has for its beginner. Knows nothing of leases.
 *
 * The neighbour table says it rightly: whoever talks through us gets packets back, and those
 * need his entry.
 */
#ifndef NFTSYNC_LIVE_H
#define NFTSYNC_LIVE_H

#include <stdbool.h>

#include "lib/addr.h"

struct live;

/** Neighbours known at a time; connections of others count by their address alone. */
#define LIVE_NEIGHBOURS 32768

/** Datagrams that one live_read() takes, of some 150 connections each: 2 ms. */
#define LIVE_SLICE 16

/** A connection that was answered and is not being closed. */
struct live_flow {
	struct addr client; /* who began it, before any translation of addresses */
	struct addr dest;   /* whom he reaches, after it */
	struct mac mac;
	bool has_mac;
	uint32_t ifindex; /* of the link it is a neighbour on; 0: of none */
};

/** @retval negative errno */
int live_open(struct live **out);

/** NULL is allowed. */
void live_close(struct live *l);

/** Read the neighbours and begin with the connections, anew if need be.
 *  @retval negative errno: they cannot be had here */
int live_begin(struct live *l);

/**
 * Hand over a slice.
 *
 * @param on_flow  returns true to have the connection ended (one that is offloaded to a
 *                 flowtable cannot be)
 * @retval 1  there is more
 * @retval 0  that was all; negative errno: the rest is lost
 */
int live_read(struct live *l, bool (*on_flow)(void *arg, const struct live_flow *flow),
	      void *arg);

#endif
