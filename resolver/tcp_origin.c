/* Where a connection came in; see tcp_origin.h. */
#include "resolver/tcp_origin.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* The interface a connection came in on: the kernel keeps it from the SYN and tells it as
 * packet options (net/ipv4/ip_sockglue.c, net/ipv6/ipv6_sockglue.c). */
static uint32_t incoming_interface(int fd, uint8_t family)
{
	_Alignas(struct cmsghdr) char control[256];
	socklen_t len = sizeof(control);
	struct msghdr mh = { .msg_control = control };
	int on = 1, rc;

	if (family == AF_INET)
		rc = setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) ||
		     getsockopt(fd, IPPROTO_IP, IP_PKTOPTIONS, control, &len);
	else
		rc = setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) ||
		     getsockopt(fd, IPPROTO_IPV6, IPV6_2292PKTOPTIONS, control, &len);
	if (rc)
		return 0;
	mh.msg_controllen = len;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&mh); c; c = CMSG_NXTHDR(&mh, c)) {
		struct in_pktinfo v4;
		struct in6_pktinfo v6;

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&v4, CMSG_DATA(c), sizeof(v4));
			return (uint32_t)v4.ipi_ifindex;
		}
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&v6, CMSG_DATA(c), sizeof(v6));
			return v6.ipi6_ifindex;
		}
	}
	return 0;
}

int tcp_origin(int fd, struct asker *a)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct addr_port local;

	if (getsockname(fd, (struct sockaddr *)&ss, &len) ||
	    addr_port_from_sockaddr((struct sockaddr *)&ss, &local))
		return -EINVAL;
	a->to = local.addr;
	a->ifindex = incoming_interface(fd, (uint8_t)ss.ss_family);
	return 0;
}
