/*
 * nfnetlink_log by libmnl: net/netfilter/nfnetlink_log.c is the other end. Knows nothing of
 * what a group means.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>

#include "flows/nflog.h"

#define COPY_BYTES    128
#define QUEUE_PACKETS 64  /* the kernel hands over after so many, or after ... */
#define FLUSH_CS      100 /* ... 1 s, in hundredths */
#define SOCKET_BYTES  (16 << 20)
#define READ_BYTES    (64 << 10)
#define READS_MAX     64 /* datagrams a call */
#define ETHER_HEAD    14

struct nflog {
	struct mnl_socket *sock;
	nflog_on_packet *fn; /* of the nflog_read that runs */
	void *arg;
	uint64_t buf[READ_BYTES / 8];
};

static struct nlmsghdr *config_head(void *buf, uint16_t group, uint32_t seq)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = seq;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_UNSPEC;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(group);
	return nlh;
}

/** Send one request and take its acknowledgement. The socket blocks until nflog_open is
 *  done; packets of groups bound before are skipped. */
static int request(struct nflog *n, const struct nlmsghdr *nlh)
{
	unsigned port = mnl_socket_get_portid(n->sock);

	if (mnl_socket_sendto(n->sock, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t got = mnl_socket_recvfrom(n->sock, n->buf, sizeof(n->buf));
		const struct nlmsghdr *reply = (const void *)n->buf;

		if (got < 0 && (errno == EINTR || errno == ENOBUFS))
			continue;
		if (got < 0)
			return -errno;
		if (mnl_nlmsg_ok(reply, (int)got) && reply->nlmsg_type != NLMSG_ERROR)
			continue;
		if (mnl_cb_run(n->buf, (size_t)got, nlh->nlmsg_seq, port, NULL, NULL) < 0)
			return -errno;
		return 0;
	}
}

static int bind_group(struct nflog *n, uint16_t group, uint32_t seq)
{
	struct nfulnl_msg_config_cmd cmd = { .command = NFULNL_CFG_CMD_BIND };
	struct nfulnl_msg_config_mode mode = { .copy_mode = NFULNL_COPY_PACKET };
	uint64_t buf[64];
	struct nlmsghdr *nlh = config_head(buf, group, seq);
	int rc;

	mnl_attr_put(nlh, NFULA_CFG_CMD, sizeof(cmd), &cmd);
	rc = request(n, nlh);
	if (rc)
		return rc;
	nlh = config_head(buf, group, seq + 1);
	mode.copy_range = htonl(COPY_BYTES);
	mnl_attr_put(nlh, NFULA_CFG_MODE, sizeof(mode), &mode);
	mnl_attr_put_u32(nlh, NFULA_CFG_TIMEOUT, htonl(FLUSH_CS));
	mnl_attr_put_u32(nlh, NFULA_CFG_QTHRESH, htonl(QUEUE_PACKETS));
	return request(n, nlh);
}

int nflog_open(const uint16_t *groups, size_t count, struct nflog **out)
{
	struct nflog *n = calloc(1, sizeof(*n));
	int bytes = SOCKET_BYTES, rc = 0;

	if (!n)
		return -ENOMEM;
	n->sock = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!n->sock || mnl_socket_bind(n->sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		rc = -errno;
		goto err;
	}
	/* What does not work here is found out by ENOBUFS, and counted. */
	(void)setsockopt(mnl_socket_get_fd(n->sock), SOL_SOCKET, SO_RCVBUFFORCE, &bytes,
			 sizeof(bytes));
	for (size_t i = 0; i < count && !rc; i++)
		rc = bind_group(n, groups[i], (uint32_t)(2 * i + 1));
	if (rc)
		goto err;
	*out = n;
	return 0;

err:
	nflog_close(n);
	return rc;
}

void nflog_close(struct nflog *n)
{
	if (!n)
		return;
	if (n->sock)
		mnl_socket_close(n->sock);
	free(n);
}

int nflog_fd(const struct nflog *n)
{
	return mnl_socket_get_fd(n->sock);
}

/** What of one message is of use; attributes borrowed from the read buffer. */
struct attrs {
	const struct nlattr *by_type[NFULA_MAX + 1];
};

static int on_attr(const struct nlattr *attr, void *arg)
{
	struct attrs *a = arg;

	if (mnl_attr_type_valid(attr, NFULA_MAX) > 0)
		a->by_type[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

/** The sender's address: of the parsed hardware address, else from the Ethernet header. */
static bool read_mac(const struct attrs *a, struct mac *out)
{
	const struct nlattr *hw = a->by_type[NFULA_HWADDR];
	const struct nlattr *head = a->by_type[NFULA_HWHEADER];
	const struct nlattr *type = a->by_type[NFULA_HWTYPE];

	if (type && (mnl_attr_get_payload_len(type) < 2 ||
		     ntohs(mnl_attr_get_u16(type)) != ARPHRD_ETHER))
		return false;
	if (hw && mnl_attr_get_payload_len(hw) >= sizeof(struct nfulnl_msg_packet_hw)) {
		const struct nfulnl_msg_packet_hw *p = mnl_attr_get_payload(hw);

		if (ntohs(p->hw_addrlen) == sizeof(out->bytes)) {
			memcpy(out->bytes, p->hw_addr, sizeof(out->bytes));
			return mac_is_unicast(out);
		}
	}
	if (type && head && mnl_attr_get_payload_len(head) >= ETHER_HEAD) {
		memcpy(out->bytes, (const uint8_t *)mnl_attr_get_payload(head) + 6,
		       sizeof(out->bytes));
		return mac_is_unicast(out);
	}
	return false;
}

static int on_nlmsg(const struct nlmsghdr *nlh, void *arg)
{
	struct nflog *n = arg;
	struct nflog_packet packet = { 0 };
	struct attrs a = { 0 };
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	if (nlh->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*nfg))
		return MNL_CB_OK;
	if (mnl_attr_parse(nlh, sizeof(*nfg), on_attr, &a) < MNL_CB_OK)
		return MNL_CB_ERROR;
	packet.group = ntohs(nfg->res_id);
	attr = a.by_type[NFULA_IFINDEX_INDEV];
	if (attr && mnl_attr_get_payload_len(attr) >= sizeof(uint32_t))
		packet.ifindex = ntohl(mnl_attr_get_u32(attr));
	attr = a.by_type[NFULA_PAYLOAD];
	if (attr) {
		packet.bytes = mnl_attr_get_payload(attr);
		packet.len = mnl_attr_get_payload_len(attr);
	}
	packet.has_mac = read_mac(&a, &packet.mac);
	n->fn(n->arg, &packet);
	return MNL_CB_OK;
}

int nflog_read(struct nflog *n, nflog_on_packet *fn, void *arg)
{
	n->fn = fn;
	n->arg = arg;
	for (int i = 0; i < READS_MAX; i++) {
		ssize_t got = recv(nflog_fd(n), n->buf, sizeof(n->buf), MSG_DONTWAIT);

		if (got < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		/* Not by the address of the sender: only the kernel may send to a netlink
		 * socket of this protocol (NETLINK_NETFILTER has no NL_CFG_F_NONROOT_SEND). */
		if (mnl_cb_run(n->buf, (size_t)got, 0, 0, on_nlmsg, n) < MNL_CB_STOP)
			return -EBADMSG;
	}
	return 0;
}
