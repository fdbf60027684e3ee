/* Addresses of interfaces; see mdns_links.h. */
#include "local/mdns_links.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/addr.h"

#define DATAGRAMS_A_TURN 32
#define DATAGRAM_MAX	 32768

int mdns_links_open(void)
{
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK,
				  .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
					       RTMGRP_IPV6_IFADDR };
	int rc, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (!bind(fd, (struct sockaddr *)&sa, sizeof(sa)))
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

int mdns_links_ask(int fd, uint32_t serial)
{
	struct {
		struct nlmsghdr head;
		struct ifaddrmsg what;
	} ask = {
		.head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
			  .nlmsg_type = RTM_GETADDR,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			  .nlmsg_seq = serial },
		.what = { .ifa_family = AF_UNSPEC },
	};
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	return sendto(fd, &ask, ask.head.nlmsg_len, 0, (struct sockaddr *)&kernel,
		      sizeof(kernel)) < 0 ? -errno : 0;
}

/* The address of the interface itself: on a link with a peer that is not IFA_ADDRESS. */
static void take_address(struct nlmsghdr *m, mdns_links_take *take, void *arg)
{
	struct ifaddrmsg *ifa = NLMSG_DATA(m);
	size_t want = ifa->ifa_family == AF_INET ? 4 : ifa->ifa_family == AF_INET6 ? 16 : 0;
	int left = (int)m->nlmsg_len - (int)NLMSG_LENGTH(sizeof(*ifa));
	struct addr addr = { .family = 0 };
	bool is_local = false;

	for (struct rtattr *a = IFA_RTA(ifa); left > 0 && RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (!want || RTA_PAYLOAD(a) != want ||
		    (a->rta_type != IFA_LOCAL && (a->rta_type != IFA_ADDRESS || is_local)))
			continue;
		addr = addr_from_bytes(ifa->ifa_family, RTA_DATA(a));
		is_local = a->rta_type == IFA_LOCAL;
	}
	if (addr.family && ifa->ifa_prefixlen <= 8 * addr_len(&addr))
		take(arg, ifa->ifa_index, &addr, ifa->ifa_prefixlen);
}

static unsigned read_message(struct nlmsghdr *m, uint32_t serial, mdns_links_take *take,
			     void *arg)
{
	bool is_mine = m->nlmsg_seq == serial;

	if (m->nlmsg_type == NLMSG_ERROR)
		return is_mine ? LINKS_ALL | LINKS_CHANGED : LINKS_NOTHING;
	if (!(m->nlmsg_flags & NLM_F_MULTI)) /* events, with numbers of who caused them */
		return LINKS_CHANGED;
	if (!is_mine)
		return LINKS_NOTHING;
	if (m->nlmsg_type == NLMSG_DONE)
		return LINKS_ALL | (m->nlmsg_flags & NLM_F_DUMP_INTR ? LINKS_CHANGED : 0);
	if (m->nlmsg_type == RTM_NEWADDR && m->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifaddrmsg)))
		take_address(m, take, arg);
	return LINKS_NOTHING;
}

unsigned mdns_links_read(int fd, uint32_t serial, mdns_links_take *take, void *arg)
{
	_Alignas(struct nlmsghdr) char buf[DATAGRAM_MAX];
	unsigned said = LINKS_NOTHING;

	for (unsigned i = 0; i < DATAGRAMS_A_TURN; i++) {
		struct sockaddr_nl from = { .nl_pid = 1 };
		socklen_t from_len = sizeof(from);
		struct nlmsghdr *m = (struct nlmsghdr *)buf;
		ssize_t n = recvfrom(fd, buf, sizeof(buf), MSG_DONTWAIT,
				     (struct sockaddr *)&from, &from_len);
		unsigned left = n < 0 ? 0 : (unsigned)n;

		if (n < 0 && errno != ENOBUFS)
			return said;
		if (n < 0) /* some were lost, of an answer too: it is asked for anew */
			said |= LINKS_CHANGED | LINKS_ALL;
		for (; from.nl_pid == 0 && NLMSG_OK(m, left); m = NLMSG_NEXT(m, left))
			said |= read_message(m, serial, take, arg);
	}
	return said;
}
