/* The watch on what other processes change in nf_tables; see netlink.h. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/util.h"
#include "nftsync/netlink.h"
#include "nftsync/netlink_socket.h"
#include "nftsync/nl_attr.h"

#define RECEIVE_BYTES	  (8 * 1024 * 1024)
#define NOTICE_BYTES	  (32 * 1024)
#define DATAGRAMS_A_CALL  1024

struct netlink_watch {
	int fd; /* owned */
	char table[NFT_TABLE_MAXNAMELEN];
	_Alignas(8) uint8_t notice[NOTICE_BYTES];
};

/* Drop what carries our own port: nlmsg_pid stands 12 bytes into the first message, and one
 * datagram is all of one committer. */
static int hide_own(int fd, uint32_t portid)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_pid)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __builtin_bswap32(portid), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog prog = { ARRAY_SIZE(code), code };

	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		code[1].k = portid; /* the load converts from network order */
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)))
		return -errno;
	return 0;
}

int netlink_watch_open(const struct netlink *nl, const char *table,
		       struct netlink_watch **out)
{
	struct netlink_watch *w;
	int group = NFNLGRP_NFTABLES, rc;
	uint32_t portid;

	if (strlen(table) >= sizeof(w->table))
		return -ENAMETOOLONG;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	strcpy(w->table, table);
	w->fd = netlink_socket(RECEIVE_BYTES, &portid);
	if (w->fd < 0) {
		rc = w->fd;
		goto err_free;
	}
	rc = hide_own(w->fd, netlink_portid(nl));
	if (rc)
		goto err_close;
	if (setsockopt(w->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group))) {
		rc = -errno;
		goto err_close;
	}
	*out = w;
	return 0;

err_close:
	close(w->fd);
err_free:
	free(w);
	return rc;
}

void netlink_watch_close(struct netlink_watch *w)
{
	if (!w)
		return;
	close(w->fd);
	free(w);
}

int netlink_watch_fd(const struct netlink_watch *w)
{
	return w->fd;
}

static bool is_delete(unsigned type)
{
	switch (type) {
	case NFT_MSG_DELTABLE:
	case NFT_MSG_DELCHAIN:
	case NFT_MSG_DELRULE:
	case NFT_MSG_DELSET:
	case NFT_MSG_DELSETELEM:
	case NFT_MSG_DELOBJ:
		return true;
	default:
		return false;
	}
}

/* The table's name is attribute 1 in messages of every kind. */
static bool is_about(const struct nlmsghdr *nlh, const char *table)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[NFTA_TABLE_NAME + 1];

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*nfg) || nfg->nfgen_family != NFPROTO_INET)
		return false;
	nl_attrs_of_message(nlh, attrs, ARRAY_SIZE(attrs));
	return !strcmp(nl_attr_text(attrs[NFTA_TABLE_NAME]), table);
}

static int read_notice(const struct netlink_watch *w, int left)
{
	int seen = SEEN_CHANGE;

	for (const struct nlmsghdr *h = (const void *)w->notice; mnl_nlmsg_ok(h, left);
	     h = mnl_nlmsg_next(h, &left))
		if (h->nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES &&
		    is_delete(h->nlmsg_type & 0xff) && is_about(h, w->table))
			seen |= SEEN_DELETED;
	return seen;
}

int netlink_watch_read(struct netlink_watch *w)
{
	int seen = 0;

	for (int i = 0; i < DATAGRAMS_A_CALL; i++) {
		ssize_t n = netlink_receive(w->fd, w->notice, sizeof(w->notice));

		if (n == -EAGAIN)
			break;
		if (n == -ENOBUFS || n == -EMSGSIZE)
			seen |= SEEN_LOST;
		else if (n < 0)
			return (int)n;
		else
			seen |= read_notice(w, (int)n);
	}
	return seen;
}
