/* Sockets that hear mDNS; see mdns_sockets.h. */
#include "local/mdns_sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GROUP4 0xe00000fbu /* 224.0.0.251 */

static const struct in6_addr group6 = { { { 0xff, 2, [15] = 0xfb } } };

static int set_on(int fd, int level, int option)
{
	const int on = 1;

	return setsockopt(fd, level, option, &on, sizeof(on));
}

/* Not what other sockets' memberships bring in. Linux 4.20 for IPv6; before that the networks of
 * the interface, by which senders are judged, keep it out. */
static void set_own_groups_only(int fd, int level, int option)
{
	const int off = 0;

	(void)setsockopt(fd, level, option, &off, sizeof(off));
}

static int open_one(int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc;

	if (fd < 0)
		return -errno;
	if (set_on(fd, SOL_SOCKET, SO_REUSEADDR) ||
	    (family == AF_INET ? set_on(fd, IPPROTO_IP, IP_PKTINFO) :
				 set_on(fd, IPPROTO_IPV6, IPV6_V6ONLY) ||
					 set_on(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO))) {
		rc = -errno;
		close(fd);
		return rc;
	}
	if (family == AF_INET)
		set_own_groups_only(fd, IPPROTO_IP, IP_MULTICAST_ALL);
	else
		set_own_groups_only(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL);
	/* It says ENOTCONN, and nothing can be sent any more: EPIPE. */
	(void)shutdown(fd, SHUT_WR);
	return fd;
}

static int bind4(int fd)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(MDNS_PORT),
				  .sin_addr.s_addr = htonl(GROUP4) };

	return bind(fd, (struct sockaddr *)&sa, sizeof(sa)) ? -errno : 0;
}

static int bind6(int fd, uint32_t ifindex)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons(MDNS_PORT),
				   .sin6_addr = group6, .sin6_scope_id = ifindex };

	return bind(fd, (struct sockaddr *)&sa, sizeof(sa)) ? -errno : 0;
}

int mdns_sockets_open(struct mdns_sockets *out)
{
	int rc;

	memset(out->bound, 0, sizeof(out->bound));
	for (int i = 0; i < MDNS_SOCKETS_MAX; i++)
		out->fds[i] = -1;
	rc = out->fds[0] = open_one(AF_INET);
	if (rc >= 0)
		rc = bind4(out->fds[0]);
	if (rc) {
		mdns_sockets_close(out);
		return rc;
	}
	for (int i = 1; i < MDNS_SOCKETS_MAX; i++)
		out->fds[i] = open_one(AF_INET6);
	return 0;
}

void mdns_sockets_close(struct mdns_sockets *s)
{
	for (int i = 0; i < MDNS_SOCKETS_MAX; i++) {
		if (s->fds[i] >= 0)
			close(s->fds[i]);
		s->fds[i] = -1;
	}
}

static int join4(int fd, uint32_t ifindex, int option)
{
	struct ip_mreqn m = { .imr_multiaddr.s_addr = htonl(GROUP4), .imr_ifindex = (int)ifindex };

	if (setsockopt(fd, IPPROTO_IP, option, &m, sizeof(m)) && errno != EADDRINUSE)
		return -errno;
	return 0;
}

static int join6(int fd, uint32_t ifindex, int option)
{
	struct ipv6_mreq m = { .ipv6mr_multiaddr = group6, .ipv6mr_interface = ifindex };

	if (setsockopt(fd, IPPROTO_IPV6, option, &m, sizeof(m)) && errno != EADDRINUSE)
		return -errno;
	return 0;
}

/* The interface's socket, or one that can become it. @retval 0 there is none */
static int find6(const struct mdns_sockets *s, uint32_t ifindex)
{
	for (int i = 1; i < MDNS_SOCKETS_MAX; i++)
		if (s->bound[i] == ifindex)
			return i;
	for (int i = 1; i < MDNS_SOCKETS_MAX; i++)
		if (!s->bound[i] && s->fds[i] >= 0)
			return i;
	return 0;
}

int mdns_sockets_join(struct mdns_sockets *s, uint32_t ifindex)
{
	int rc4 = join4(s->fds[0], ifindex, IP_ADD_MEMBERSHIP), rc6 = 0;
	int i = find6(s, ifindex);

	if (!i)
		return s->fds[1] >= 0 ? -ENOSPC : rc4;
	if (s->bound[i] != ifindex)
		rc6 = bind6(s->fds[i], ifindex);
	if (!rc6) {
		s->bound[i] = ifindex;
		rc6 = join6(s->fds[i], ifindex, IPV6_ADD_MEMBERSHIP);
	}
	return rc4 ? rc6 : 0;
}

void mdns_sockets_leave(struct mdns_sockets *s, uint32_t ifindex)
{
	join4(s->fds[0], ifindex, IP_DROP_MEMBERSHIP);
	for (int i = 1; i < MDNS_SOCKETS_MAX; i++)
		if (s->bound[i] == ifindex)
			join6(s->fds[i], ifindex, IPV6_DROP_MEMBERSHIP);
}

/* @return the interface that it came in by; 0: not said */
static uint32_t interface_of(struct msghdr *h)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			return (uint32_t)info.ipi_ifindex;
		}
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			return info.ipi6_ifindex;
		}
	}
	return 0;
}

int mdns_sockets_receive(int fd, uint8_t *buf, size_t room, struct addr_port *from,
			 uint32_t *ifindex)
{
	_Alignas(struct cmsghdr) char control[256];
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };
	struct iovec iov = { buf, room };
	struct msghdr h = { .msg_name = &sa, .msg_namelen = sizeof(sa), .msg_iov = &iov,
			    .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &h, MSG_DONTWAIT);

	if (n < 0)
		return -errno;
	*ifindex = interface_of(&h);
	if (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC) || !*ifindex ||
	    addr_port_from_sockaddr((struct sockaddr *)&sa, from))
		return -EBADMSG;
	return (int)n;
}
