/*
 * The sockets of the neighbour table: events, dumps and single questions. Knows nothing
 * of what the messages say (neighbour_parse does).
 */
#include "resolver/neighbour.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/neighbour_parse.h"
#include "resolver/neighbour_probe.h"
#include "resolver/neighbour_table.h"

#define EVENT_BUFFER_BYTES (1 << 20) /* the kernel cuts it to its own limit */
#define DATAGRAMS_A_TURN   64
#define DUMP_TRIES	   3
#define DUMP_DATAGRAMS	   65536 /* more than any table needs */
#define DUMP_EVERY_MS	   100
#define ASKS_A_SECOND	   1000

struct neighbour {
	struct mnl_socket *events;
	struct mnl_socket *asks; /* dumps and questions */
	uint32_t seq;
	struct neighbour_table *table;
	struct neighbour_probe *probe; /* owned */
	bool is_behind;		/* events were lost since the last dump */
	bool is_interrupted;	/* the table changed under the dump */
	uint64_t next_dump_ms;	/* not before */
	uint64_t asks_since_ms; /* the second that is counted */
	unsigned asks_in_it;
	struct neighbour_stats stats;
	char name[INTERFACE_NAME_BYTES]; /* last returned */
	_Alignas(struct nlmsghdr) char buf[32768]; /* the most the kernel puts into one */
};

static uint32_t next_seq(struct neighbour *n)
{
	n->seq = n->seq == UINT32_MAX ? 1 : n->seq + 1; /* 0 is that of events */
	return n->seq;
}

/* --- receiving ---------------------------------------------------------------------- */

/* One datagram from the kernel into buf; those of other processes are passed over.
 * @return its length; -EAGAIN none is there, -ENOBUFS events were lost, negative errno */
static ssize_t receive(struct neighbour *n, struct mnl_socket *from)
{
	struct sockaddr_nl sa;
	socklen_t sa_len;
	ssize_t len;

	do {
		sa_len = sizeof(sa);
		len = recvfrom(mnl_socket_get_fd(from), n->buf, sizeof(n->buf),
			       MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&sa, &sa_len);
		if (len < 0 && errno != EINTR)
			return -errno;
	} while (len < 0 || sa_len != sizeof(sa) || sa.nl_pid != 0);
	return (size_t)len > sizeof(n->buf) ? -ENOBUFS : len;
}

/* Take over what the messages in buf say.
 * @param seq  only answers to this question; 0: all
 * @retval 1 the answer is complete, 0 more to come, negative errno as the kernel says
 * it */
static int apply_messages(struct neighbour *n, size_t bytes, uint32_t seq)
{
	const struct nlmsghdr *msg = (const struct nlmsghdr *)n->buf;
	struct neighbour_change change;
	int left = (int)bytes;

	for (; mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left)) {
		if (seq && msg->nlmsg_seq != seq)
			continue;
		if (msg->nlmsg_flags & NLM_F_DUMP_INTR)
			n->is_interrupted = true;
		if (msg->nlmsg_type == NLMSG_DONE)
			return 1;
		if (msg->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(msg);

			return mnl_nlmsg_get_payload_len(msg) < sizeof(*e) ? -EBADMSG
									   : e->error;
		}
		neighbour_parse(msg, &change);
		neighbour_apply(n->table, &change);
		if (seq && !(msg->nlmsg_flags & NLM_F_MULTI))
			return 1;
	}
	return 0;
}

/* --- dumps -------------------------------------------------------------------------- */

/* A table's dump is ready to be read as soon as it is asked for: nothing waits here.
 * @retval -EINTR  the table changed meanwhile: once more */
static int dump_one(struct neighbour *n, uint16_t type, uint8_t family)
{
	_Alignas(struct nlmsghdr) char request[MNL_NLMSG_HDRLEN + 64];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(request);
	int rc = 0;

	for (unsigned i = 0; i < DUMP_DATAGRAMS; i++)
		if (receive(n, n->asks) == -EAGAIN) /* what an earlier failure left */
			break;
	n->is_interrupted = false;
	msg->nlmsg_type = type;
	msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	msg->nlmsg_seq = next_seq(n);
	if (type == RTM_GETLINK) {
		mnl_nlmsg_put_extra_header(msg, sizeof(struct ifinfomsg));
		mnl_attr_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	} else {
		struct ndmsg *nd = mnl_nlmsg_put_extra_header(msg, sizeof(*nd));

		nd->ndm_family = family;
	}
	if (mnl_socket_sendto(n->asks, msg, msg->nlmsg_len) < 0)
		return -errno;
	for (unsigned i = 0; rc == 0 && i < DUMP_DATAGRAMS; i++) {
		ssize_t len = receive(n, n->asks);

		rc = len < 0 ? (int)len : apply_messages(n, (size_t)len, n->seq);
	}
	if (rc < 0)
		return rc;
	return n->is_interrupted ? -EINTR : 0;
}

/* Read both tables; what is in them no more is forgotten only if all was read whole. */
static int dump(struct neighbour *n)
{
	int rc = -EINTR;

	n->is_behind = false;
	n->stats.dumps++;
	for (unsigned i = 0; rc == -EINTR && i < DUMP_TRIES; i++) {
		neighbour_table_refresh_begin(n->table);
		rc = dump_one(n, RTM_GETLINK, AF_UNSPEC);
		if (rc == 0)
			rc = dump_one(n, RTM_GETNEIGH, AF_INET);
		if (rc == 0)
			rc = dump_one(n, RTM_GETNEIGH, AF_INET6);
	}
	if (rc == 0)
		neighbour_table_refresh_end(n->table);
	else
		n->is_behind = true;
	return rc;
}

static void catch_up(struct neighbour *n, uint64_t now_ms)
{
	if (!n->is_behind || now_ms < n->next_dump_ms)
		return;
	n->next_dump_ms = now_ms + DUMP_EVERY_MS;
	dump(n);
}

/* --- questions ---------------------------------------------------------------------- */

/* The kernel's answer, if any, is in the table afterwards.
 * @retval false  over the limit: not asked */
static bool ask(struct neighbour *n, const struct addr *a, uint32_t ifindex,
		uint64_t now_ms)
{
	_Alignas(struct nlmsghdr) char request[MNL_NLMSG_HDRLEN + 64];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(request);
	struct ndmsg *nd;

	if (now_ms - n->asks_since_ms >= 1000) {
		n->asks_since_ms = now_ms;
		n->asks_in_it = 0;
	}
	if (n->asks_in_it++ >= ASKS_A_SECOND) {
		n->stats.not_asked++;
		return false;
	}
	n->stats.asked++;
	msg->nlmsg_type = RTM_GETNEIGH;
	msg->nlmsg_flags = NLM_F_REQUEST;
	msg->nlmsg_seq = next_seq(n);
	nd = mnl_nlmsg_put_extra_header(msg, sizeof(*nd));
	nd->ndm_family = a->family;
	nd->ndm_ifindex = (int)ifindex;
	mnl_attr_put(msg, NDA_DST, addr_len(a), a->bytes);
	if (mnl_socket_sendto(n->asks, msg, msg->nlmsg_len) < 0)
		return true;
	for (unsigned i = 0; i < DATAGRAMS_A_TURN; i++) {
		ssize_t len = receive(n, n->asks);

		if (len < 0 || apply_messages(n, (size_t)len, n->seq) != 0)
			break; /* it was answered within the send */
	}
	return true;
}

/* --- public ------------------------------------------------------------------------- */

static int open_socket(unsigned groups, struct mnl_socket **out)
{
	struct mnl_socket *s =
		mnl_socket_open2(NETLINK_ROUTE, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int rc;

	if (!s)
		return -errno;
	if (mnl_socket_bind(s, groups, MNL_SOCKET_AUTOPID) < 0) {
		rc = -errno;
		mnl_socket_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

int neighbour_open(struct neighbour **out)
{
	struct neighbour *n = calloc(1, sizeof(*n));
	int size = EVENT_BUFFER_BYTES;
	int rc;

	if (!n)
		return -ENOMEM;
	rc = neighbour_table_new(&n->table);
	if (rc < 0)
		goto err_free;
	rc = open_socket(RTMGRP_NEIGH | RTMGRP_LINK, &n->events);
	if (rc < 0)
		goto err_table;
	setsockopt(mnl_socket_get_fd(n->events), SOL_SOCKET, SO_RCVBUF, &size,
		   sizeof(size));
	rc = open_socket(0, &n->asks);
	if (rc < 0)
		goto err_events;
	rc = neighbour_probe_open(&n->probe);
	if (rc < 0)
		goto err_asks;
	rc = dump(n);
	if (rc < 0 && rc != -EINTR) /* a table that never rests is read later */
		goto err_probe;
	*out = n;
	return 0;

err_probe:
	neighbour_probe_close(n->probe);
err_asks:
	mnl_socket_close(n->asks);
err_events:
	mnl_socket_close(n->events);
err_table:
	neighbour_table_free(n->table);
err_free:
	free(n);
	return rc;
}

void neighbour_close(struct neighbour *n)
{
	if (!n)
		return;
	neighbour_probe_close(n->probe);
	mnl_socket_close(n->asks);
	mnl_socket_close(n->events);
	neighbour_table_free(n->table);
	free(n);
}

int neighbour_fd(const struct neighbour *n)
{
	return mnl_socket_get_fd(n->events);
}

void neighbour_on_readable(struct neighbour *n, uint64_t now_ms)
{
	for (unsigned i = 0; i < DATAGRAMS_A_TURN; i++) {
		ssize_t len = receive(n, n->events);

		if (len == -ENOBUFS) {
			n->stats.overruns++;
			n->is_behind = true;
			continue;
		}
		if (len < 0)
			break;
		n->stats.events++;
		apply_messages(n, (size_t)len, 0);
	}
	catch_up(n, now_ms);
}

/* The kernel does not know it: let it look, if that can help. */
static enum neighbour_found probe(struct neighbour *n, const struct addr *a, uint32_t ifindex,
				  uint64_t now_ms)
{
	bool is_awaited = neighbour_table_resolves(n->table, ifindex) &&
			  neighbour_probe_send(n->probe, a, ifindex);

	neighbour_table_note_absent(n->table, a, ifindex, is_awaited, now_ms);
	if (!is_awaited)
		return NEIGHBOUR_NONE;
	n->stats.probed++;
	return NEIGHBOUR_AWAITED;
}

enum neighbour_found neighbour_lookup(struct neighbour *n, const struct addr *a,
				      uint32_t ifindex, uint64_t now_ms, struct mac *out)
{
	enum neighbour_absence absence;

	if (neighbour_table_find(n->table, a, ifindex, out))
		return NEIGHBOUR_KNOWN;
	if (!addr_len(a) || !ifindex)
		return NEIGHBOUR_NONE;
	absence = neighbour_table_absence(n->table, a, ifindex, now_ms);
	if (absence != NEIGHBOUR_NOT_SOUGHT)
		return absence == NEIGHBOUR_IS_AWAITED ? NEIGHBOUR_AWAITED : NEIGHBOUR_NONE;
	neighbour_on_readable(n, now_ms); /* the packet may have overtaken its event */
	if (neighbour_table_find(n->table, a, ifindex, out))
		return NEIGHBOUR_KNOWN;
	if (!ask(n, a, ifindex, now_ms))
		return NEIGHBOUR_NONE;
	if (neighbour_table_find(n->table, a, ifindex, out))
		return NEIGHBOUR_KNOWN;
	n->stats.asked_in_vain++;
	return probe(n, a, ifindex, now_ms);
}

bool neighbour_known(struct neighbour *n, const struct addr *a, uint32_t ifindex,
		     struct mac *out)
{
	return neighbour_table_find(n->table, a, ifindex, out);
}

uint64_t neighbour_added(const struct neighbour *n)
{
	return neighbour_table_added(n->table);
}

const char *neighbour_interface(struct neighbour *n, uint32_t ifindex, uint64_t now_ms)
{
	const char *name = neighbour_table_interface(n->table, ifindex);

	if (!name) {
		neighbour_on_readable(n, now_ms);
		name = neighbour_table_interface(n->table, ifindex);
	}
	if (!name)
		return NULL;
	memcpy(n->name, name, sizeof(n->name)); /* the table moves under a later lookup */
	return n->name;
}

bool neighbour_search(struct neighbour *n, const struct addr *a, const struct mac *mac,
		      uint64_t now_ms, struct addr *addr_out, struct mac *mac_out,
		      const char **interface)
{
	struct neighbour_entry e;

	neighbour_on_readable(n, now_ms);
	if (!neighbour_table_search(n->table, a, mac, &e))
		return false;
	*addr_out = e.addr;
	*mac_out = e.mac;
	*interface = neighbour_interface(n, e.ifindex, now_ms);
	return true;
}

void neighbour_get_stats(const struct neighbour *n, struct neighbour_stats *out)
{
	*out = n->stats;
	out->neighbours = neighbour_table_count(n->table);
	out->interfaces = neighbour_table_interface_count(n->table);
	out->evicted = neighbour_table_evicted(n->table);
}
