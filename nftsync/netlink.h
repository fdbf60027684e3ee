/*
 * The socket edge: transactions in, answers out, and the watch on what others change. Knows
 * nothing of leases and rules.
 *
 * The kernel checks CAP_NET_ADMIN of the opener and of the sender at every message, so whoever
 * uses such a socket must keep the capability, and have it from one that had it.
 */
#ifndef NFTSYNC_NETLINK_H
#define NFTSYNC_NETLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "nftsync/nl_buf.h"

struct netlink;
struct nlmsghdr;

/** @retval negative errno */
int netlink_open(struct netlink **out);

/** The same, with a netfilter socket that was opened elsewhere and may have served a process
 *  before us, which was killed: what it had not read is read away.
 *  @param fd  owned from now on, also on failure */
int netlink_take(int fd, struct netlink **out);

/** NULL is allowed. */
void netlink_close(struct netlink *nl);

/**
 * Commit one transaction (nl_buf_begin to nl_buf_end). The kernel applies it inside the call:
 * when 0 is returned, everything in it is in force; otherwise nothing is.
 *
 * @retval 0
 * @retval -EPERM     no CAP_NET_ADMIN, or the table has another owner
 * @retval -ENOENT    our table, or a set or chain in it, is not there
 * @retval -ENOSPC    a set is full (the kernel says ENFILE, which here is no lack of
 *                    descriptors)
 * @retval -ENOBUFS   more errors came than the socket holds: nothing was applied
 * @retval -EAGAIN    disturbed by others several times; try later
 * @retval negative errno, anything else the kernel says of the first bad message
 */
int netlink_commit(struct netlink *nl, const struct nl_buf *b);

/**
 * Ask (one request; NLM_F_DUMP, or NLM_F_ACK for a single object) and hand each answer over.
 *
 * @param on_message  non-zero stops and is returned, after the rest has been read away
 * @retval -EINTR     the dump was disturbed by a change: ask again
 * @retval -ETIMEDOUT no answer for two seconds
 * @retval negative errno of the kernel
 */
int netlink_ask(struct netlink *nl, const struct nl_buf *request,
		int (*on_message)(const struct nlmsghdr *nlh, void *arg), void *arg);

/* --- the watch ---------------------------------------------------------------------- */

struct netlink_watch;

/** What others did since the last look. */
enum netlink_seen {
	SEEN_CHANGE = 1,  /* somebody committed something */
	SEEN_DELETED = 2, /* something of our table was deleted */
	SEEN_LOST = 4,	  /* notifications were lost: anything may have happened */
};

/** Watch all tables; what nl commits is filtered out in the kernel.
 *  @param table  of ours, in family inet; copied */
int netlink_watch_open(const struct netlink *nl, const char *table,
		       struct netlink_watch **out);

void netlink_watch_close(struct netlink_watch *w);

/** Readable when something was seen. Stays the watch's. */
int netlink_watch_fd(const struct netlink_watch *w);

/** Read what is there, at most some thousand messages a call.
 *  @return bits of enum netlink_seen, or negative errno */
int netlink_watch_read(struct netlink_watch *w);

#endif
