/* What this kernel's nf_tables can do, found out by doing it; see kernel_table.h. */
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

#include "lib/util.h"
#include "nftsync/netlink.h"
#include "nftsync/netlink_socket.h"
#include "nftsync/nft_compat.h"
#include "nftsync/nl_attr.h"
#include "nftsync/nl_buf.h"
#include "nftsync/kernel_table.h"

#define SET	 "probe"
#define SHORT_MS 60000
#define LONG_MS	 3600000

struct probe {
	struct netlink *nl; /* owned: the table is its socket's and ends with it */
	struct nl_buf buf;
	char table[32];
	uint64_t timeout_ms; /* as read back */
};

static void render_set(struct probe *p)
{
	struct nlmsghdr *nlh = nl_buf_open(&p->buf, NFT_MSG_NEWSET, NLM_F_CREATE);

	if (!nlh)
		return;
	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, p->table);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, SET);
	mnl_attr_put_u32(nlh, NFTA_SET_ID, htobe32(1));
	mnl_attr_put_u32(nlh, NFTA_SET_FLAGS, htobe32(NFT_SET_TIMEOUT));
	mnl_attr_put_u32(nlh, NFTA_SET_KEY_LEN, htobe32(sizeof(uint32_t)));
	nl_buf_close(&p->buf, nlh);
}

static void render_elem(struct probe *p, unsigned type, uint32_t key, uint64_t timeout_ms,
			uint64_t expiration_ms)
{
	struct nlmsghdr *nlh = nl_buf_open(
		&p->buf, type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0);
	struct nlattr *list, *elem, *nest;

	if (!nlh)
		return;
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, p->table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, SET);
	list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	elem = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	nest = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);
	mnl_attr_put_u32(nlh, NFTA_DATA_VALUE, key);
	mnl_attr_nest_end(nlh, nest);
	if (timeout_ms)
		mnl_attr_put_u64(nlh, NFTA_SET_ELEM_TIMEOUT, htobe64(timeout_ms));
	if (expiration_ms)
		mnl_attr_put_u64(nlh, NFTA_SET_ELEM_EXPIRATION, htobe64(expiration_ms));
	mnl_attr_nest_end(nlh, elem);
	mnl_attr_nest_end(nlh, list);
	nl_buf_close(&p->buf, nlh);
}

static int commit(struct probe *p)
{
	nl_buf_end(&p->buf);
	return netlink_commit(p->nl, &p->buf);
}

static int make_table(struct probe *p)
{
	struct nlmsghdr *nlh;

	snprintf(p->table, sizeof(p->table), "nameward-probe-%u", netlink_portid(p->nl));
	nl_buf_begin(&p->buf);
	nlh = nl_buf_open(&p->buf, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	if (nlh) {
		mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, p->table);
		mnl_attr_put_u32(nlh, NFTA_TABLE_FLAGS, htobe32(NFT_TABLE_F_OWNER));
		nl_buf_close(&p->buf, nlh);
	}
	render_set(p);
	render_elem(p, NFT_MSG_NEWSETELEM, 1, SHORT_MS, 0);
	return commit(p);
}

static int on_elem(const struct nlattr *nested, void *arg)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_EXPIRATION + 1];

	nl_attrs_of_nest(nested, attrs, ARRAY_SIZE(attrs));
	((struct probe *)arg)->timeout_ms = nl_attr_be64(attrs[NFTA_SET_ELEM_EXPIRATION]);
	return 0;
}

static int on_elems(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_LIST_ELEMENTS + 1];

	nl_attrs_of_message(nlh, attrs, ARRAY_SIZE(attrs));
	return nl_attr_each(attrs[NFTA_SET_ELEM_LIST_ELEMENTS], on_elem, arg);
}

static bool can_update(struct probe *p)
{
	struct nlmsghdr *nlh;

	nl_buf_begin(&p->buf);
	render_elem(p, NFT_MSG_NEWSETELEM, 1, LONG_MS, LONG_MS);
	if (commit(p))
		return false;
	nl_buf_reset(&p->buf);
	nlh = nl_buf_open(&p->buf, NFT_MSG_GETSETELEM, NLM_F_DUMP);
	if (!nlh)
		return false;
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, p->table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, SET);
	nl_buf_close(&p->buf, nlh);
	if (netlink_ask(p->nl, &p->buf, on_elems, p))
		return false;
	return p->timeout_ms > SHORT_MS;
}

static bool can_destroy(struct probe *p)
{
	nl_buf_begin(&p->buf);
	render_elem(p, COMPAT_MSG_DESTROYSETELEM, 2, 0, 0);
	return commit(p) == 0;
}

/* Made and deleted in one transaction: nothing may outlive us. */
static bool can_persist(struct probe *p)
{
	struct nlmsghdr *nlh;

	p->table[0] = 'N'; /* the other one is still there */
	nl_buf_begin(&p->buf);
	nlh = nl_buf_open(&p->buf, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	if (nlh) {
		mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, p->table);
		mnl_attr_put_u32(nlh, NFTA_TABLE_FLAGS,
				 htobe32(NFT_TABLE_F_OWNER | COMPAT_TABLE_F_PERSIST));
		nl_buf_close(&p->buf, nlh);
	}
	nlh = nl_buf_open(&p->buf, NFT_MSG_DELTABLE, 0);
	if (nlh) {
		mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, p->table);
		nl_buf_close(&p->buf, nlh);
	}
	return commit(p) == 0;
}

int table_probe(struct batch_forms *out, bool *can_own)
{
	struct probe p = { 0 };
	int rc = netlink_open(&p.nl);

	if (rc)
		return rc;
	rc = make_table(&p);
	if (!rc) {
		out->update = can_update(&p);
		out->destroy = can_destroy(&p);
		*can_own = can_persist(&p);
	}
	netlink_close(p.nl);
	nl_buf_fini(&p.buf);
	return rc;
}
