/* Transactions and requests on a netfilter socket; see netlink.h. Knows nothing of leases and
 * rules. */
#include "nftsync/netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/util.h"
#include "nftsync/netlink_socket.h"

#define SEND_BYTES     (64 * 1024 * 1024) /* a limit, not memory: one restore in one send */
#define RECEIVE_BYTES  (4 * 1024 * 1024)
#define ANSWER_BYTES   (64 * 1024)
#define COMMIT_TRIES   4
#define ANSWER_WAIT_MS 2000
#define STALE_MAX      65536 /* datagrams */

struct netlink {
	int fd; /* owned */
	uint32_t portid;
	_Alignas(8) uint8_t answer[ANSWER_BYTES];
};

/* Forced sizes need CAP_NET_ADMIN; without it nothing else would work either. */
static void set_buffer(int fd, int force, int plain, int bytes)
{
	if (setsockopt(fd, SOL_SOCKET, force, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, plain, &bytes, sizeof(bytes));
}

/* Bound, unless it is already, and with its options. */
static int prepare(int fd, int receive_bytes, uint32_t *portid)
{
	struct sockaddr_nl me = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(me);
	int one = 1;

	if (getsockname(fd, (struct sockaddr *)&me, &len) || me.nl_family != AF_NETLINK)
		return -EPROTOTYPE;
	if (!me.nl_pid && (bind(fd, (struct sockaddr *)&me, sizeof(me)) ||
			   getsockname(fd, (struct sockaddr *)&me, &len)))
		return -errno;
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, SEND_BYTES);
	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, receive_bytes);
	/* Errors without a copy of the message they are about: they never fill the buffer. */
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	*portid = me.nl_pid;
	return 0;
}

int netlink_socket(int receive_bytes, uint32_t *portid)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
	int rc;

	if (fd < 0)
		return -errno;
	rc = prepare(fd, receive_bytes, portid);
	if (rc) {
		close(fd);
		return rc;
	}
	return fd;
}

int netlink_open(struct netlink **out)
{
	struct netlink *nl = calloc(1, sizeof(*nl));
	int rc;

	if (!nl)
		return -ENOMEM;
	nl->fd = netlink_socket(RECEIVE_BYTES, &nl->portid);
	if (nl->fd < 0) {
		rc = nl->fd;
		free(nl);
		return rc;
	}
	*out = nl;
	return 0;
}

/* Answers that were for another; a dump that was under way is made while it is read. */
static void read_away(struct netlink *nl)
{
	ssize_t n;

	for (int i = 0; i < STALE_MAX; i++) {
		n = netlink_receive(nl->fd, nl->answer, sizeof(nl->answer));
		if (n < 0 && n != -ENOBUFS && n != -EMSGSIZE)
			return;
	}
}

int netlink_take(int fd, struct netlink **out)
{
	struct netlink *nl = calloc(1, sizeof(*nl));
	int rc = nl ? prepare(fd, RECEIVE_BYTES, &nl->portid) : -ENOMEM;

	if (rc) {
		close(fd);
		free(nl);
		return rc;
	}
	nl->fd = fd;
	read_away(nl);
	*out = nl;
	return 0;
}

void netlink_close(struct netlink *nl)
{
	if (!nl)
		return;
	close(nl->fd);
	free(nl);
}

uint32_t netlink_portid(const struct netlink *nl)
{
	return nl->portid;
}

ssize_t netlink_receive(int fd, void *buf, size_t size)
{
	struct sockaddr_nl from;
	struct iovec iov = { buf, size };
	ssize_t n;

	for (;;) {
		struct msghdr mh = {
			.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &iov,
			.msg_iovlen = 1,
		};

		n = recvmsg(fd, &mh, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (mh.msg_flags & MSG_TRUNC)
			return -EMSGSIZE;
		if (mh.msg_namelen == sizeof(from) && from.nl_pid)
			continue; /* not the kernel: anybody may send to a port */
		return n;
	}
}

static int send_all(struct netlink *nl, const struct nl_buf *b)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct iovec iov = { b->data, b->len };
	struct msghdr mh = {
		.msg_name = &kernel,
		.msg_namelen = sizeof(kernel),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};

	return sendmsg(nl->fd, &mh, 0) < 0 ? -errno : 0;
}

/* The error an answer reports: 0 for an acknowledgement, 1 for any other message. */
static int answer_error(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type != NLMSG_ERROR)
		return 1;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(err->error))
		return -EBADMSG;
	return err->error > 0 ? -EBADMSG : err->error;
}

/* Read until the socket is empty. Silence means committed: no acknowledgement was asked for,
 * and errors are queued before sendmsg returns. @return the first error */
static int read_errors(struct netlink *nl)
{
	int rc = 0;

	for (;;) {
		ssize_t n = netlink_receive(nl->fd, nl->answer, sizeof(nl->answer));
		int left = (int)n;

		if (n == -EAGAIN)
			return rc;
		if (n < 0) {
			rc = rc ? rc : (int)n;
			if (n == -ENOBUFS || n == -EMSGSIZE)
				continue; /* reported once; what follows is to be read */
			return rc;
		}
		for (struct nlmsghdr *h = (void *)nl->answer; mnl_nlmsg_ok(h, left);
		     h = mnl_nlmsg_next(h, &left)) {
			int error = answer_error(h);

			if (error < 0 && !rc)
				rc = error;
		}
	}
}

static bool is_passing(int rc)
{
	return rc == -EINTR || rc == -EAGAIN || rc == -ERESTART;
}

int netlink_commit(struct netlink *nl, const struct nl_buf *b)
{
	int rc = b->rc;

	for (int i = 0; i < COMMIT_TRIES; i++) {
		if (b->rc)
			return b->rc;
		rc = send_all(nl, b);
		if (!rc)
			rc = read_errors(nl);
		if (!is_passing(rc))
			break;
	}
	if (is_passing(rc))
		return -EAGAIN;
	return rc == -ENFILE ? -ENOSPC : rc;
}

/* One datagram of an answer. @return true: more is to come */
static bool read_answer(struct nlmsghdr *h, int left, uint32_t seq,
			int (*on_message)(const struct nlmsghdr *nlh, void *arg), void *arg,
			int *rc)
{
	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		int error = answer_error(h);

		if (h->nlmsg_seq != seq)
			continue; /* of an earlier request that was given up */
		if (h->nlmsg_flags & NLM_F_DUMP_INTR && !*rc)
			*rc = -EINTR;
		if (h->nlmsg_type == NLMSG_DONE)
			return false;
		if (error <= 0) {
			*rc = *rc ? *rc : error;
			return false;
		}
		if (!*rc)
			*rc = on_message(h, arg);
	}
	return true;
}

int netlink_ask(struct netlink *nl, const struct nl_buf *request,
		int (*on_message)(const struct nlmsghdr *nlh, void *arg), void *arg)
{
	bool more = true;
	int rc = request->rc ? request->rc : send_all(nl, request);

	if (rc)
		return rc;
	while (more) {
		struct pollfd p = { .fd = nl->fd, .events = POLLIN };
		ssize_t n = netlink_receive(nl->fd, nl->answer, sizeof(nl->answer));

		if (n == -EAGAIN) {
			if (poll(&p, 1, ANSWER_WAIT_MS) == 0)
				return -ETIMEDOUT;
			continue;
		}
		if (n < 0)
			return (int)n;
		more = read_answer((void *)nl->answer, (int)n, request->seq, on_message, arg,
				   &rc);
	}
	return rc;
}
