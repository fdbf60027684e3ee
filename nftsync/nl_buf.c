/* Netlink messages in a growing buffer; see nl_buf.h. Knows nothing of sockets. */
#include "nftsync/nl_buf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

/* mnl attributes need the buffer to start aligned; realloc sees to that. */
static int reserve(struct nl_buf *b)
{
	size_t need = b->len + NL_MESSAGE_MAX;
	size_t room = b->room ? b->room : 2 * NL_MESSAGE_MAX;
	uint8_t *data;

	if (b->rc)
		return b->rc;
	if (need <= b->room)
		return 0;
	while (room < need)
		room *= 2;
	if (room > NL_BUF_MAX) {
		b->rc = -EMSGSIZE;
		return b->rc;
	}
	data = realloc(b->data, room);
	if (!data) {
		b->rc = -ENOMEM;
		return b->rc;
	}
	b->data = data;
	b->room = room;
	return 0;
}

static struct nlmsghdr *put(struct nl_buf *b, uint16_t type, unsigned flags, uint8_t family,
			    uint16_t res_id)
{
	struct nlmsghdr *nlh;
	struct nfgenmsg *nfg;

	if (reserve(b))
		return NULL;
	nlh = mnl_nlmsg_put_header(b->data + b->len);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	nlh->nlmsg_seq = ++b->seq;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(res_id);
	return nlh;
}

void nl_buf_reset(struct nl_buf *b)
{
	b->len = 0;
	b->rc = 0;
	b->seq = 0;
}

void nl_buf_begin(struct nl_buf *b)
{
	struct nlmsghdr *nlh;

	nl_buf_reset(b);
	nlh = put(b, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	if (nlh)
		nl_buf_close(b, nlh);
}

int nl_buf_end(struct nl_buf *b)
{
	struct nlmsghdr *nlh = put(b, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);

	if (nlh)
		nl_buf_close(b, nlh);
	return b->rc;
}

struct nlmsghdr *nl_buf_open(struct nl_buf *b, unsigned nft_type, unsigned flags)
{
	return put(b, (uint16_t)((NFNL_SUBSYS_NFTABLES << 8) | nft_type), flags, NFPROTO_INET,
		   0);
}

void nl_buf_close(struct nl_buf *b, const struct nlmsghdr *nlh)
{
	b->len += MNL_ALIGN(nlh->nlmsg_len);
}

void nl_buf_fail(struct nl_buf *b, int rc)
{
	if (!b->rc)
		b->rc = rc;
}

void nl_buf_fini(struct nl_buf *b)
{
	free(b->data);
	*b = (struct nl_buf){ 0 };
}
