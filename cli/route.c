/* One question to the kernel's routes; see route.h. */
#include "cli/route.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/addr.h"

#define ANSWER_BYTES 4096

struct question {
	struct nlmsghdr h;
	struct rtmsg rt;
	struct rtattr attr;
	uint8_t dest[16];
};

static int ask(int fd, const struct addr *dest, void *answer)
{
	struct question q = {
		.h = { .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST },
		.rt = { .rtm_family = dest->family, .rtm_dst_len = (uint8_t)(8 * addr_len(dest)) },
		.attr = { .rta_type = RTA_DST },
	};
	struct timeval patience = { 1, 0 };
	ssize_t n;

	memcpy(q.dest, dest->bytes, addr_len(dest));
	q.attr.rta_len = (uint16_t)RTA_LENGTH(addr_len(dest));
	q.h.nlmsg_len = (uint32_t)(NLMSG_LENGTH(sizeof(q.rt)) + q.attr.rta_len);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (send(fd, &q, q.h.nlmsg_len, 0) < 0)
		return -errno;
	n = recv(fd, answer, ANSWER_BYTES, 0);
	return n < 0 ? -errno : (int)n;
}

static int read_answer(struct nlmsghdr *h, int len, char name[IF_NAMESIZE])
{
	struct rtmsg *rt = NLMSG_DATA(h);
	struct rtattr *attr = RTM_RTA(rt);
	int left;

	if (!NLMSG_OK(h, (unsigned)len) || h->nlmsg_type != RTM_NEWROUTE ||
	    h->nlmsg_len < NLMSG_LENGTH(sizeof(*rt)) || rt->rtm_type != RTN_UNICAST)
		return -ENOENT;
	left = (int)RTM_PAYLOAD(h);
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		uint32_t ifindex;

		if (attr->rta_type != RTA_OIF || RTA_PAYLOAD(attr) != sizeof(ifindex))
			continue;
		memcpy(&ifindex, RTA_DATA(attr), sizeof(ifindex));
		return if_indextoname(ifindex, name) ? 0 : -errno;
	}
	return -ENOENT;
}

int route_interface(const struct addr *dest, char name[IF_NAMESIZE])
{
	_Alignas(struct nlmsghdr) char answer[ANSWER_BYTES];
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int rc;

	if (fd < 0)
		return -errno;
	rc = ask(fd, dest, answer);
	close(fd);
	return rc < 0 ? rc : read_answer((struct nlmsghdr *)answer, rc, name);
}
