/* Reads neighbours and connections; see live.h. Knows nothing of leases. */
#include "nftsync/live.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/util.h"
#include "nftsync/netlink_socket.h"
#include "nftsync/nl_attr.h"

#define RECEIVE_BYTES	(1024 * 1024)
#define ANSWER_BYTES	(64 * 1024)
#define DATAGRAMS_MAX	4096 /* of neighbours */
#define DELETE_BYTES	512

struct known {
	struct addr addr;
	struct mac mac;
	uint32_t ifindex;
};

struct live {
	int fd;		/* owned; connections */
	int route_fd;	/* owned; neighbours */
	uint32_t seq;	/* of the request under way */
	size_t count;
	struct known neighbours[LIVE_NEIGHBOURS]; /* sorted by address */
	_Alignas(8) uint8_t answer[ANSWER_BYTES];
};

int live_open(struct live **out)
{
	struct live *l = calloc(1, sizeof(*l));
	uint32_t portid;
	int rc;

	if (!l)
		return -ENOMEM;
	l->fd = netlink_socket(RECEIVE_BYTES, &portid);
	if (l->fd < 0) {
		rc = l->fd;
		goto err_free;
	}
	l->route_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			     NETLINK_ROUTE);
	if (l->route_fd < 0) {
		rc = -errno;
		goto err_close;
	}
	*out = l;
	return 0;

err_close:
	close(l->fd);
err_free:
	free(l);
	return rc;
}

void live_close(struct live *l)
{
	if (!l)
		return;
	close(l->fd);
	close(l->route_fd);
	free(l);
}

/* --- neighbours --------------------------------------------------------------------- */

static int compare_known(const void *a, const void *b)
{
	return addr_compare(&((const struct known *)a)->addr,
			    &((const struct known *)b)->addr);
}

static void take_neighbour(struct live *l, const struct nlmsghdr *h)
{
	const struct ndmsg *nd = mnl_nlmsg_get_payload(h);
	const struct nlattr *attrs[NDA_LLADDR + 1];
	struct known *k = &l->neighbours[l->count];

	if (h->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(h) < sizeof(*nd) ||
	    l->count == LIVE_NEIGHBOURS ||
	    (nd->ndm_family != AF_INET && nd->ndm_family != AF_INET6) ||
	    nd->ndm_state & (NUD_INCOMPLETE | NUD_FAILED | NUD_NOARP))
		return;
	nl_attrs_behind(h, sizeof(*nd), attrs, ARRAY_SIZE(attrs));
	if (!attrs[NDA_DST] || !attrs[NDA_LLADDR] ||
	    mnl_attr_get_payload_len(attrs[NDA_LLADDR]) != sizeof(k->mac) ||
	    mnl_attr_get_payload_len(attrs[NDA_DST]) != (nd->ndm_family == AF_INET ? 4 : 16))
		return;
	k->addr = addr_from_bytes(nd->ndm_family, mnl_attr_get_payload(attrs[NDA_DST]));
	memcpy(k->mac.bytes, mnl_attr_get_payload(attrs[NDA_LLADDR]), sizeof(k->mac));
	k->ifindex = (uint32_t)nd->ndm_ifindex;
	l->count++;
}

/* A dump is made while it is read: it never has to be waited for. */
static int read_neighbours(struct live *l)
{
	struct {
		struct nlmsghdr h;
		struct ndmsg nd;
	} req = {
		.h = { .nlmsg_len = sizeof(req), .nlmsg_type = RTM_GETNEIGH,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP, .nlmsg_seq = ++l->seq },
	};

	l->count = 0;
	if (send(l->route_fd, &req, sizeof(req), 0) < 0)
		return -errno;
	for (int i = 0; i < DATAGRAMS_MAX; i++) {
		ssize_t n = netlink_receive(l->route_fd, l->answer, sizeof(l->answer));
		int left = (int)n;

		if (n < 0)
			return (int)n;
		for (struct nlmsghdr *h = (void *)l->answer; mnl_nlmsg_ok(h, left);
		     h = mnl_nlmsg_next(h, &left)) {
			if (h->nlmsg_seq != l->seq)
				continue; /* of a dump that was given up */
			if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
				return 0;
			take_neighbour(l, h);
		}
	}
	return 0;
}

/* --- connections -------------------------------------------------------------------- */

int live_begin(struct live *l)
{
	struct {
		struct nlmsghdr h;
		struct nfgenmsg nfg;
	} req = {
		.h = { .nlmsg_len = sizeof(req),
		       .nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
	};
	int rc = read_neighbours(l);

	if (rc)
		return rc;
	qsort(l->neighbours, l->count, sizeof(l->neighbours[0]), compare_known);
	/* What is left of a dump that was given up is read away by its number. */
	req.h.nlmsg_seq = ++l->seq;
	return send(l->fd, &req, sizeof(req), 0) < 0 ? -errno : 0;
}

/* One address of a tuple. */
static bool read_addr(const struct nlattr *tuple, bool source, struct addr *out)
{
	const struct nlattr *parts[CTA_TUPLE_IP + 1], *ip[CTA_IP_V6_DST + 1], *a;

	nl_attrs_of_nest(tuple, parts, ARRAY_SIZE(parts));
	nl_attrs_of_nest(parts[CTA_TUPLE_IP], ip, ARRAY_SIZE(ip));
	a = ip[source ? CTA_IP_V4_SRC : CTA_IP_V4_DST];
	if (a && mnl_attr_get_payload_len(a) == 4) {
		*out = addr_from_bytes(AF_INET, mnl_attr_get_payload(a));
		return true;
	}
	a = ip[source ? CTA_IP_V6_SRC : CTA_IP_V6_DST];
	if (!a || mnl_attr_get_payload_len(a) != 16)
		return false;
	*out = addr_from_bytes(AF_INET6, mnl_attr_get_payload(a));
	return true;
}

/* Other protocols than TCP have no state here: that the entry is there says it. */
static bool is_closing(const struct nlattr *info)
{
	const struct nlattr *proto[CTA_PROTOINFO_TCP + 1], *tcp[CTA_PROTOINFO_TCP_STATE + 1];

	nl_attrs_of_nest(info, proto, ARRAY_SIZE(proto));
	nl_attrs_of_nest(proto[CTA_PROTOINFO_TCP], tcp, ARRAY_SIZE(tcp));
	if (!tcp[CTA_PROTOINFO_TCP_STATE] ||
	    mnl_attr_get_payload_len(tcp[CTA_PROTOINFO_TCP_STATE]) != 1)
		return false;
	return mnl_attr_get_u8(tcp[CTA_PROTOINFO_TCP_STATE]) >= TCP_CONNTRACK_LAST_ACK;
}

static void find_neighbour(const struct live *l, struct live_flow *flow)
{
	struct known key = { .addr = flow->client };
	const struct known *k = bsearch(&key, l->neighbours, l->count,
					sizeof(l->neighbours[0]), compare_known);

	flow->has_mac = k != NULL;
	if (!k)
		return;
	flow->mac = k->mac;
	flow->ifindex = k->ifindex;
}

static void put_copy(struct nlmsghdr *nlh, const struct nlattr *attr)
{
	if (attr)
		mnl_attr_put(nlh, attr->nla_type, mnl_attr_get_payload_len(attr),
			     mnl_attr_get_payload(attr));
}

/* Named by tuple and id, so that no later connection of the same ports is meant. An error, for
 * one that has ended by itself, comes with another number than the dump's. */
static void end_flow(const struct live *l, const struct nlmsghdr *h,
		     const struct nlattr *const *attrs)
{
	_Alignas(8) uint8_t bytes[DELETE_BYTES];
	const struct nfgenmsg *from = mnl_nlmsg_get_payload(h);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(bytes);
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));

	if (mnl_attr_get_payload_len(attrs[CTA_TUPLE_ORIG]) > DELETE_BYTES / 2)
		return;
	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = 0;
	nfg->nfgen_family = from->nfgen_family;
	nfg->version = NFNETLINK_V0;
	put_copy(nlh, attrs[CTA_TUPLE_ORIG]);
	put_copy(nlh, attrs[CTA_ZONE]);
	put_copy(nlh, attrs[CTA_ID]);
	/* Without waiting: if it does not go out, the connection ends by itself. */
	if (send(l->fd, nlh, nlh->nlmsg_len, MSG_DONTWAIT) < 0)
		return;
}

static void take_flow(struct live *l, const struct nlmsghdr *h,
		      bool (*on_flow)(void *arg, const struct live_flow *flow), void *arg)
{
	const struct nlattr *attrs[CTA_ZONE + 1];
	struct live_flow flow = { .has_mac = false };

	nl_attrs_of_message(h, attrs, ARRAY_SIZE(attrs));
	if (!(nl_attr_be32(attrs[CTA_STATUS]) & IPS_SEEN_REPLY) ||
	    is_closing(attrs[CTA_PROTOINFO]) ||
	    !read_addr(attrs[CTA_TUPLE_ORIG], true, &flow.client) ||
	    !read_addr(attrs[CTA_TUPLE_REPLY], true, &flow.dest))
		return;
	find_neighbour(l, &flow);
	if (on_flow(arg, &flow))
		end_flow(l, h, attrs);
}

int live_read(struct live *l, bool (*on_flow)(void *arg, const struct live_flow *flow),
	      void *arg)
{
	for (int i = 0; i < LIVE_SLICE; i++) {
		ssize_t n = netlink_receive(l->fd, l->answer, sizeof(l->answer));
		int left = (int)n;

		if (n < 0)
			return (int)n;
		for (struct nlmsghdr *h = (void *)l->answer; mnl_nlmsg_ok(h, left);
		     h = mnl_nlmsg_next(h, &left)) {
			const struct nlmsgerr *err = mnl_nlmsg_get_payload(h);

			if (h->nlmsg_seq != l->seq)
				continue;
			if (h->nlmsg_type == NLMSG_DONE)
				return 0;
			if (h->nlmsg_type == NLMSG_ERROR)
				return mnl_nlmsg_get_payload_len(h) >= sizeof(err->error) &&
				       err->error < 0 ? err->error : -EBADMSG;
			take_flow(l, h, on_flow, arg);
		}
	}
	return 1;
}
