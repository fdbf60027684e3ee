/* The table, its counters, sets, maps and chains as netlink messages; see ruleset.h. */
#include <endian.h>
#include <libmnl/libmnl.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/util.h"
#include "nftsync/lease_set.h"
#include "nftsync/nft_compat.h"
#include "nftsync/nl_buf.h"
#include "nftsync/rule_desc.h"
#include "nftsync/rule_expr.h"
#include "nftsync/ruleset.h"

/* nft's numbers of types and byte orders (nftables, include/datatype.h); for `nft list`. */
enum {
	TYPE_IPADDR = 7,
	TYPE_IP6ADDR = 8,
	TYPE_ETHERADDR = 9,
	TYPE_INET_SERVICE = 13,
	TYPE_IFNAME = 41,
};
enum { ORDER_NONE, ORDER_HOST, ORDER_BIG };

#define ELEMS_A_MESSAGE 400

static void put_be32(struct nlmsghdr *nlh, uint16_t type, uint32_t v)
{
	mnl_attr_put_u32(nlh, type, htobe32(v));
}

/* Without table_flags nothing is said of them: a table that is there keeps its own. */
static void render_table(const char *table, unsigned type, unsigned flags,
			 uint32_t table_flags, struct nl_buf *buf)
{
	struct nlmsghdr *nlh = nl_buf_open(buf, type, flags);

	if (!nlh)
		return;
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, table);
	if (table_flags)
		put_be32(nlh, NFTA_TABLE_FLAGS, table_flags);
	nl_buf_close(buf, nlh);
}

static void render_counter(const char *table, const char *name, struct nl_buf *buf)
{
	struct nlmsghdr *nlh = nl_buf_open(buf, NFT_MSG_NEWOBJ, NLM_F_CREATE);
	struct nlattr *data;

	if (!nlh)
		return;
	mnl_attr_put_strz(nlh, NFTA_OBJ_TABLE, table);
	mnl_attr_put_strz(nlh, NFTA_OBJ_NAME, name);
	put_be32(nlh, NFTA_OBJ_TYPE, NFT_OBJECT_COUNTER);
	data = mnl_attr_nest_start(nlh, NFTA_OBJ_DATA);
	mnl_attr_put_u64(nlh, NFTA_COUNTER_BYTES, 0);
	mnl_attr_put_u64(nlh, NFTA_COUNTER_PACKETS, 0);
	mnl_attr_nest_end(nlh, data);
	nl_buf_close(buf, nlh);
}

/* How a set is made. */
struct set_row {
	const char *name;
	uint32_t flags, key_type, key_len;
	uint32_t size;	/* 0: none stated */
	uint32_t order; /* of the key's bytes, for nft */
	bool is_new;	/* it must not be there */
};

static void put_userdata(struct nlmsghdr *nlh, uint32_t key_order, bool is_map)
{
	struct nftnl_udata_buf *ud = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);

	if (!ud)
		return; /* only `nft list` would miss it */
	nftnl_udata_put_u32(ud, NFTNL_UDATA_SET_KEYBYTEORDER, key_order);
	if (is_map)
		nftnl_udata_put_u32(ud, NFTNL_UDATA_SET_DATABYTEORDER, ORDER_NONE);
	mnl_attr_put(nlh, NFTA_SET_USERDATA, nftnl_udata_buf_len(ud), nftnl_udata_buf_data(ud));
	nftnl_udata_buf_free(ud);
}

static void render_set(const char *table, const struct set_row *row, struct nl_buf *buf)
{
	struct nlmsghdr *nlh = nl_buf_open(
		buf, NFT_MSG_NEWSET, NLM_F_CREATE | (row->is_new ? NLM_F_EXCL : 0));
	bool is_map = row->flags & NFT_SET_MAP;
	struct nlattr *desc;

	if (!nlh)
		return;
	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, table);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, row->name);
	put_be32(nlh, NFTA_SET_ID, buf->seq); /* any number, unique in the transaction */
	put_be32(nlh, NFTA_SET_FLAGS, row->flags);
	put_be32(nlh, NFTA_SET_KEY_TYPE, row->key_type);
	put_be32(nlh, NFTA_SET_KEY_LEN, row->key_len);
	if (is_map) {
		put_be32(nlh, NFTA_SET_DATA_TYPE, NFT_DATA_VERDICT);
		put_be32(nlh, NFTA_SET_DATA_LEN, 0);
	}
	if (row->size) {
		desc = mnl_attr_nest_start(nlh, NFTA_SET_DESC);
		put_be32(nlh, NFTA_SET_DESC_SIZE, row->size);
		mnl_attr_nest_end(nlh, desc);
	}
	put_userdata(nlh, row->order, is_map);
	nl_buf_close(buf, nlh);
}

uint32_t ruleset_table_flags(const struct ruleset *rs)
{
	return rs->owned ? NFT_TABLE_F_OWNER | COMPAT_TABLE_F_PERSIST : 0;
}

void ruleset_render_base(const struct ruleset *rs, struct nl_buf *buf)
{
	render_table(rs->table, NFT_MSG_NEWTABLE, NLM_F_CREATE, ruleset_table_flags(rs), buf);
	render_counter(rs->table, RULESET_REFUSED, buf);
	render_counter(rs->table, RULESET_WOULD, buf);
	for (unsigned i = 0; i < LEASE_SET_COUNT; i++) {
		const struct lease_set_info *info = lease_set_info(i);
		struct set_row row = {
			.name = info->name,
			.flags = NFT_SET_TIMEOUT,
			.key_type = info->key_type,
			.key_len = info->key_len,
			.size = rs->set_size,
			.order = info->is_pair ? ORDER_NONE : ORDER_BIG,
		};

		render_set(rs->table, &row, buf);
	}
}

void ruleset_render_removal(const char *table, struct nl_buf *buf)
{
	/* Made first if it is missing, so that deleting it cannot fail. */
	render_table(table, NFT_MSG_NEWTABLE, NLM_F_CREATE, 0, buf);
	render_table(table, NFT_MSG_DELTABLE, 0, 0, buf);
}

/* --- elements ----------------------------------------------------------------------- */

static bool is_all(const uint8_t *p, size_t bytes, uint8_t value)
{
	for (size_t i = 0; i < bytes; i++)
		if (p[i] != value)
			return false;
	return true;
}

static void put_bound(struct nlmsghdr *nlh, const uint8_t *key, size_t bytes, uint32_t flags,
		      bool is_open)
{
	/* nft's mark on a range that reaches to the end and so has no end element. */
	static const uint8_t open_mark[] = { NFTNL_UDATA_SET_ELEM_FLAGS, 4,
					     NFTNL_SET_ELEM_F_INTERVAL_OPEN, 0, 0, 0 };
	struct nlattr *elem = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	struct nlattr *nest;

	if (flags)
		put_be32(nlh, NFTA_SET_ELEM_FLAGS, flags);
	nest = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);
	mnl_attr_put(nlh, NFTA_DATA_VALUE, bytes, key);
	mnl_attr_nest_end(nlh, nest);
	if (is_open)
		mnl_attr_put(nlh, NFTA_SET_ELEM_USERDATA, sizeof(open_mark), open_mark);
	mnl_attr_nest_end(nlh, elem);
}

/* A range is its first key and, as an end, the key behind its last one. */
static void put_range(struct nlmsghdr *nlh, const struct rule_elem *r, size_t bytes)
{
	bool is_open = is_all(r->last, bytes, 0xff);
	uint8_t behind[16];

	put_bound(nlh, r->first, bytes, 0, is_open);
	if (is_open)
		return;
	memcpy(behind, r->last, sizeof(behind));
	for (size_t i = bytes; i-- && ++behind[i] == 0;)
		;
	put_bound(nlh, behind, bytes, NFT_SET_ELEM_INTERVAL_END, false);
}

static struct nlmsghdr *open_elems(const char *table, const char *set, struct nlattr **list,
				   struct nl_buf *buf)
{
	struct nlmsghdr *nlh = nl_buf_open(buf, NFT_MSG_NEWSETELEM, NLM_F_CREATE);

	if (!nlh)
		return NULL;
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
	*list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	return nlh;
}

static void close_elems(struct nlmsghdr *nlh, struct nlattr *list, struct nl_buf *buf)
{
	mnl_attr_nest_end(nlh, list);
	nl_buf_close(buf, nlh);
}

static void render_ranges(const char *table, const struct rule_set *set, struct nl_buf *buf)
{
	static const uint8_t zero[16];
	size_t bytes = rule_kind_bytes(set->kind), at = 0;

	while (at < set->count) {
		struct nlattr *list;
		struct nlmsghdr *nlh = open_elems(table, set->name, &list, buf);
		size_t to = MIN(at + ELEMS_A_MESSAGE / 2, set->count);

		if (!nlh)
			return;
		if (!at && !is_all(set->elems[0].first, bytes, 0))
			put_bound(nlh, zero, bytes, NFT_SET_ELEM_INTERVAL_END, false);
		for (; at < to; at++)
			put_range(nlh, &set->elems[at], bytes);
		close_elems(nlh, list, buf);
	}
}

static enum rule_set_kind kind_of(uint8_t family)
{
	return family == AF_INET ? KIND_IP4 : KIND_IP6;
}

void ruleset_render_ranges(const struct ruleset *rs, const char *name, uint8_t family,
			   const uint8_t *ranges, size_t at, size_t to, struct nl_buf *buf)
{
	static const uint8_t zero[16];
	size_t bytes = rule_kind_bytes(kind_of(family));

	while (at < to) {
		struct nlattr *list;
		struct nlmsghdr *nlh = open_elems(rs->table, name, &list, buf);

		if (!nlh)
			return;
		if (!at) /* no public range begins there */
			put_bound(nlh, zero, bytes, NFT_SET_ELEM_INTERVAL_END, false);
		for (size_t n = 0; n < ELEMS_A_MESSAGE / 2 && at < to; n++, at++) {
			struct rule_elem e = { .first = { 0 } };

			memcpy(e.first, ranges + at * 2 * bytes, bytes);
			memcpy(e.last, ranges + at * 2 * bytes + bytes, bytes);
			put_range(nlh, &e, bytes);
		}
		close_elems(nlh, list, buf);
	}
}

static void put_verdict(struct nlmsghdr *nlh, const struct rule_elem *e)
{
	uint32_t code = e->verdict == OP_GOTO	? (uint32_t)NFT_GOTO :
			e->verdict == OP_RETURN ? (uint32_t)NFT_RETURN : NF_ACCEPT;
	struct nlattr *nest = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_DATA);
	struct nlattr *verdict = mnl_attr_nest_start(nlh, NFTA_DATA_VERDICT);

	put_be32(nlh, NFTA_VERDICT_CODE, code);
	if (e->chain)
		mnl_attr_put_strz(nlh, NFTA_VERDICT_CHAIN, e->chain);
	mnl_attr_nest_end(nlh, verdict);
	mnl_attr_nest_end(nlh, nest);
}

static void put_key(struct nlmsghdr *nlh, const struct rule_elem *e, size_t bytes, bool in_map)
{
	struct nlattr *elem = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	struct nlattr *nest = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);

	mnl_attr_put(nlh, NFTA_DATA_VALUE, bytes, e->first);
	mnl_attr_nest_end(nlh, nest);
	if (in_map)
		put_verdict(nlh, e);
	mnl_attr_nest_end(nlh, elem);
}

static void render_keys(const char *table, const struct rule_set *set, struct nl_buf *buf)
{
	size_t bytes = rule_kind_bytes(set->kind), at = 0;

	while (at < set->count) {
		struct nlattr *list;
		struct nlmsghdr *nlh = open_elems(table, set->name, &list, buf);

		if (!nlh)
			return;
		for (size_t n = 0; n < ELEMS_A_MESSAGE && at < set->count; n++)
			put_key(nlh, &set->elems[at++], bytes, set->is_map);
		close_elems(nlh, list, buf);
	}
}

static const struct {
	uint8_t type, order;
} kinds[KIND_COUNT] = {
	[KIND_IP4] = { TYPE_IPADDR, ORDER_BIG },
	[KIND_IP6] = { TYPE_IP6ADDR, ORDER_BIG },
	[KIND_SERVICE] = { TYPE_INET_SERVICE, ORDER_BIG },
	[KIND_MAC] = { TYPE_ETHERADDR, ORDER_BIG },
	[KIND_IFNAME] = { TYPE_IFNAME, ORDER_HOST },
};

void ruleset_render_range_set(const struct ruleset *rs, const char *name, uint8_t family,
			      struct nl_buf *buf)
{
	enum rule_set_kind kind = kind_of(family);
	struct set_row row = {
		.name = name,
		.flags = NFT_SET_INTERVAL,
		.key_type = kinds[kind].type,
		.key_len = (uint32_t)rule_kind_bytes(kind),
		.order = kinds[kind].order,
		.is_new = true,
	};

	render_set(rs->table, &row, buf);
}

static void render_rule_set(const char *table, const struct rule_set *set, struct nl_buf *buf)
{
	bool interval = rule_set_is_interval(set);
	struct set_row row = {
		.name = set->name,
		.flags = set->is_map ? NFT_SET_MAP : interval ? NFT_SET_INTERVAL : 0,
		.key_type = kinds[set->kind].type,
		.key_len = (uint32_t)rule_kind_bytes(set->kind),
		.order = kinds[set->kind].order,
	};

	if (!set->count)
		return;
	render_set(table, &row, buf);
	if (interval)
		render_ranges(table, set, buf);
	else
		render_keys(table, set, buf);
}

/* --- chains ------------------------------------------------------------------------- */

static void put_hook(struct nlmsghdr *nlh, enum rule_hook hook)
{
	static const struct {
		const char *type;
		uint32_t number;
		int32_t priority; /* nft's words filter and dstnat */
	} hooks[] = {
		[HOOK_OUTPUT] = { "filter", NF_INET_LOCAL_OUT, 0 },
		[HOOK_FORWARD] = { "filter", NF_INET_FORWARD, 0 },
		[HOOK_DSTNAT] = { "nat", NF_INET_PRE_ROUTING, -100 },
	};
	struct nlattr *nest;

	mnl_attr_put_strz(nlh, NFTA_CHAIN_TYPE, hooks[hook].type);
	nest = mnl_attr_nest_start(nlh, NFTA_CHAIN_HOOK);
	put_be32(nlh, NFTA_HOOK_HOOKNUM, hooks[hook].number);
	put_be32(nlh, NFTA_HOOK_PRIORITY, (uint32_t)hooks[hook].priority);
	mnl_attr_nest_end(nlh, nest);
	put_be32(nlh, NFTA_CHAIN_POLICY, NF_ACCEPT);
}

static void render_chain(const char *table, const struct rule_chain *chain, struct nl_buf *buf)
{
	struct nlmsghdr *nlh = nl_buf_open(buf, NFT_MSG_NEWCHAIN, NLM_F_CREATE);

	if (!nlh)
		return;
	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, table);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, chain->name);
	if (chain->hook != HOOK_NONE)
		put_hook(nlh, chain->hook);
	nl_buf_close(buf, nlh);
}

void ruleset_render_rules(const struct ruleset *rs, struct nl_buf *buf)
{
	for (size_t i = 0; i < rs->chain_count; i++)
		render_chain(rs->table, &rs->chains[i], buf);
	for (size_t i = 0; i < rs->set_count; i++)
		render_rule_set(rs->table, &rs->sets[i], buf);
	for (size_t i = 0; i < rs->rule_count; i++)
		if (!rule_is_idle(&rs->rules[i]))
			rule_expr_render(&rs->rules[i], rs->table, buf);
}
