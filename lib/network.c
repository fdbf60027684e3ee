/* Changes of interfaces, addresses and routes; see network.h. */
#include "lib/network.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/util.h"

#define DATAGRAMS_A_TURN 64

struct network {
	network_changed *on_changed;
	void *arg;
	int fd;
	struct event *readable, *timer; /* owned */
	bool is_pending;
	uint64_t told_ms;
};

/** Tell soon, or as soon as it may be told again. */
static void note_change(struct network *n)
{
	uint64_t now_ms = clock_mono_ms(), at_ms = now_ms + NETWORK_SETTLE_MS;
	struct timeval wait;

	if (n->is_pending)
		return;
	if (n->told_ms)
		at_ms = MAX(at_ms, n->told_ms + NETWORK_EVERY_MS);
	wait.tv_sec = (time_t)((at_ms - now_ms) / 1000);
	wait.tv_usec = (suseconds_t)((at_ms - now_ms) % 1000 * 1000);
	n->is_pending = !event_add(n->timer, &wait);
}

/** What the messages say is not read: the kernel sends none but of the groups. That some
 *  were lost (ENOBUFS) is a change too. */
static void on_readable(evutil_socket_t fd, short events, void *arg)
{
	struct network *n = arg;

	(void)events;
	for (unsigned i = 0; i < DATAGRAMS_A_TURN; i++) {
		struct sockaddr_nl from = { 0 };
		socklen_t len = sizeof(from);
		char head; /* the rest is cut off */

		if (recvfrom(fd, &head, sizeof(head), MSG_DONTWAIT,
			     (struct sockaddr *)&from, &len) < 0) {
			if (errno != ENOBUFS)
				return;
			from.nl_pid = 0;
		}
		if (from.nl_pid == 0) /* the kernel */
			note_change(n);
	}
}

static void on_timer(evutil_socket_t fd, short events, void *arg)
{
	struct network *n = arg;

	(void)fd;
	(void)events;
	n->is_pending = false;
	n->told_ms = clock_mono_ms();
	n->on_changed(n->arg);
}

static int open_socket(uint32_t groups, int *out)
{
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK,
				  .nl_groups = groups };
	int rc, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			    NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		rc = -errno;
		close(fd);
		return rc;
	}
	*out = fd;
	return 0;
}

int network_open(struct event_base *base, enum network_of of, network_changed *on_changed,
		 void *arg, struct network **out)
{
	static const uint32_t groups[] = {
		[NETWORK_ADDRESSES] = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
				      RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
		[NETWORK_LINKS] = RTMGRP_LINK,
	};
	struct network *n = calloc(1, sizeof(*n));
	int rc;

	if (!n)
		return -ENOMEM;
	n->on_changed = on_changed;
	n->arg = arg;
	n->fd = -1;
	rc = open_socket(groups[of], &n->fd);
	if (rc)
		goto err_close;
	n->readable = event_new(base, n->fd, EV_READ | EV_PERSIST, on_readable, n);
	n->timer = event_new(base, -1, 0, on_timer, n);
	rc = -ENOMEM;
	if (!n->readable || !n->timer || event_add(n->readable, NULL))
		goto err_close;
	*out = n;
	return 0;

err_close:
	network_close(n);
	return rc;
}

void network_close(struct network *n)
{
	if (!n)
		return;
	if (n->readable)
		event_free(n->readable);
	if (n->timer)
		event_free(n->timer);
	if (n->fd >= 0)
		close(n->fd);
	free(n);
}
