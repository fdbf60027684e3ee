/*
 * A probe of a neighbour; see neighbour_probe.h. RTM_NEWNEIGH with NTF_USE would need no
 * datagram, but CAP_NET_ADMIN. Over IPv6 the datagram has no checksum, so that the client's
 * kernel drops it unseen (RFC 8200, 8.1); over IPv4, where most clients have asked for our
 * address first, its kernel may say that nobody listens there.
 */
#include "resolver/neighbour_probe.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/addr.h"

#define DISCARD_PORT 9
#define ANSWERS_READ 8 /* of which one is ours */
#define ROUTE_ATTRS  (RTA_VIA + 1)

struct neighbour_probe {
	struct mnl_socket *routes;
	uint32_t seq;
	int ip4, ip6; /* owned; -1: the kernel has no such family */
};

/* --- is it on this link? ---------------------------------------------------------------- */

static int on_attr(const struct nlattr *attr, void *arg)
{
	const struct nlattr **attrs = arg;

	if (mnl_attr_get_type(attr) < ROUTE_ATTRS)
		attrs[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

/* A route without a router. */
static bool is_direct(const struct nlmsghdr *msg, uint32_t ifindex)
{
	const struct nlattr *attrs[ROUTE_ATTRS] = { NULL };
	const struct rtmsg *route = mnl_nlmsg_get_payload(msg);

	if (msg->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(msg) < sizeof(*route) ||
	    route->rtm_type != RTN_UNICAST)
		return false;
	mnl_attr_parse(msg, sizeof(*route), on_attr, attrs);
	return !attrs[RTA_GATEWAY] && !attrs[RTA_VIA] && attrs[RTA_OIF] &&
	       mnl_attr_get_payload_len(attrs[RTA_OIF]) == sizeof(ifindex) &&
	       mnl_attr_get_u32(attrs[RTA_OIF]) == ifindex;
}

/* The answer to the question just sent, which was made within the send. */
static bool read_route(struct neighbour_probe *p, uint32_t ifindex)
{
	_Alignas(struct nlmsghdr) char buf[4096];

	for (unsigned i = 0; i < ANSWERS_READ; i++) {
		const struct nlmsghdr *msg = (const struct nlmsghdr *)buf;
		ssize_t len = mnl_socket_recvfrom(p->routes, buf, sizeof(buf));

		if (len < 0)
			return false;
		if (mnl_nlmsg_ok(msg, (int)len) && msg->nlmsg_seq == p->seq)
			return is_direct(msg, ifindex);
	}
	return false;
}

static bool is_link_local(const struct addr *a)
{
	return a->family == AF_INET6 && a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

static bool is_on_link(struct neighbour_probe *p, const struct addr *a, uint32_t ifindex)
{
	_Alignas(struct nlmsghdr) char request[MNL_NLMSG_HDRLEN + 128];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(request);
	struct rtmsg *route;

	msg->nlmsg_type = RTM_GETROUTE;
	msg->nlmsg_flags = NLM_F_REQUEST;
	msg->nlmsg_seq = ++p->seq;
	route = mnl_nlmsg_put_extra_header(msg, sizeof(*route));
	route->rtm_family = (unsigned char)a->family;
	route->rtm_dst_len = (unsigned char)(addr_len(a) * 8);
	mnl_attr_put(msg, RTA_DST, addr_len(a), a->bytes);
	if (is_link_local(a)) /* elsewhere IPv4 would take a given interface for the answer */
		mnl_attr_put_u32(msg, RTA_OIF, ifindex);
	return mnl_socket_sendto(p->routes, msg, msg->nlmsg_len) >= 0 && read_route(p, ifindex);
}

/* --- the datagram ----------------------------------------------------------------------- */

/* Nothing is ever read from it. */
static int open_udp(int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, tiny = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &tiny, sizeof(tiny));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_UDP, UDP_NO_CHECK6_TX, &on, sizeof(on));
	return fd;
}

bool neighbour_probe_send(struct neighbour_probe *p, const struct addr *a, uint32_t ifindex)
{
	struct addr_port to = { .addr = *a, .port = DISCARD_PORT };
	int fd = a->family == AF_INET ? p->ip4 : p->ip6;
	struct sockaddr_storage ss;
	socklen_t len;

	if (fd < 0 || !is_on_link(p, a, ifindex))
		return false;
	len = addr_port_to_sockaddr(&to, &ss);
	if (is_link_local(a))
		((struct sockaddr_in6 *)&ss)->sin6_scope_id = ifindex;
	return sendto(fd, "", 0, MSG_DONTROUTE, (struct sockaddr *)&ss, len) == 0;
}

int neighbour_probe_open(struct neighbour_probe **out)
{
	struct neighbour_probe *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return -ENOMEM;
	p->routes = mnl_socket_open2(NETLINK_ROUTE, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (!p->routes || mnl_socket_bind(p->routes, 0, MNL_SOCKET_AUTOPID) < 0) {
		rc = -errno;
		if (p->routes)
			mnl_socket_close(p->routes);
		free(p);
		return rc;
	}
	p->ip4 = open_udp(AF_INET);
	p->ip6 = open_udp(AF_INET6);
	*out = p;
	return 0;
}

void neighbour_probe_close(struct neighbour_probe *p)
{
	if (!p)
		return;
	mnl_socket_close(p->routes);
	if (p->ip4 >= 0)
		close(p->ip4);
	if (p->ip6 >= 0)
		close(p->ip6);
	free(p);
}
