/* Our table as netlink messages, the rules as the kernel's expressions; see ruleset.h.
 *
 * The expressions are the ones that nft makes of the text, with the checks of the protocol
 * that it puts before a lookup, so that `nft list` shows that text again. */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <string.h>

#include "lib/util.h"
#include "nftsync/nl_buf.h"
#include "nftsync/rule_desc.h"
#include "nftsync/rule_expr.h"

/* A rule being built; rc keeps the first failure. */
struct builder {
	struct nftnl_rule *rule; /* owned */
	int rc;
};

static struct nftnl_expr *add_expr(struct builder *b, const char *name)
{
	struct nftnl_expr *e = b->rc ? NULL : nftnl_expr_alloc(name);

	if (!e) {
		b->rc = -ENOMEM;
		return NULL;
	}
	nftnl_rule_add_expr(b->rule, e);
	return e;
}

static void set_text(struct builder *b, struct nftnl_expr *e, uint16_t attr, const char *text)
{
	if (nftnl_expr_set_str(e, attr, text))
		b->rc = -ENOMEM;
}

static void add_meta(struct builder *b, uint32_t key)
{
	struct nftnl_expr *e = add_expr(b, "meta");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, NFT_REG_1);
}

static void add_compare(struct builder *b, uint32_t op, const void *data, uint32_t len)
{
	struct nftnl_expr *e = add_expr(b, "cmp");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
	if (nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, data, len))
		b->rc = -ENOMEM;
}

static void add_payload(struct builder *b, uint32_t base, uint32_t offset, uint32_t len,
			uint32_t reg)
{
	struct nftnl_expr *e = add_expr(b, "payload");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, reg);
}

static void require_byte(struct builder *b, uint32_t meta, uint8_t value)
{
	add_meta(b, meta);
	add_compare(b, NFT_CMP_EQ, &value, sizeof(value));
}

/* Received as an Ethernet frame: only then the link header is one. */
static void require_frame(struct builder *b)
{
	uint16_t arphrd = ARPHRD_ETHER;

	add_meta(b, NFT_META_IIFTYPE);
	add_compare(b, NFT_CMP_EQ, &arphrd, sizeof(arphrd));
}

static void require_ether(struct builder *b, uint16_t ethertype)
{
	uint16_t type = htons(ethertype);

	require_frame(b);
	add_payload(b, NFT_PAYLOAD_LL_HEADER, offsetof(struct ethhdr, h_proto), sizeof(type),
		    NFT_REG_1);
	add_compare(b, NFT_CMP_EQ, &type, sizeof(type));
}

/* What is loaded for a field: offset and length in its header, or what is known of the packet
 * beside it; up to two parts. Registers count 4 bytes each, so a part begins where the one
 * before, padded, ended. */
#define BASE_META UINT8_MAX
struct part {
	uint8_t base, offset, len;
};

enum need { NEED_NONE, NEED_IP4, NEED_IP6, NEED_TCP, NEED_UDP, NEED_ETHER4, NEED_ETHER6,
	    NEED_FRAME };

static const struct {
	enum need need;
	struct part parts[2];
} fields[FIELD_COUNT] = {
	[FIELD_IP_DADDR] = { NEED_IP4, { { NFT_PAYLOAD_NETWORK_HEADER, 16, 4 } } },
	[FIELD_IP6_DADDR] = { NEED_IP6, { { NFT_PAYLOAD_NETWORK_HEADER, 24, 16 } } },
	[FIELD_TCP_DPORT] = { NEED_TCP, { { NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2 } } },
	[FIELD_UDP_DPORT] = { NEED_UDP, { { NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2 } } },
	[FIELD_ETHER_IP] = { NEED_ETHER4,
			     { { NFT_PAYLOAD_LL_HEADER, 6, 6 },
			       { NFT_PAYLOAD_NETWORK_HEADER, 16, 4 } } },
	[FIELD_ETHER_IP6] = { NEED_ETHER6,
			      { { NFT_PAYLOAD_LL_HEADER, 6, 6 },
				{ NFT_PAYLOAD_NETWORK_HEADER, 24, 16 } } },
	[FIELD_IP_IP] = { NEED_IP4,
			  { { NFT_PAYLOAD_NETWORK_HEADER, 12, 4 },
			    { NFT_PAYLOAD_NETWORK_HEADER, 16, 4 } } },
	[FIELD_IP6_IP6] = { NEED_IP6,
			    { { NFT_PAYLOAD_NETWORK_HEADER, 8, 16 },
			      { NFT_PAYLOAD_NETWORK_HEADER, 24, 16 } } },
	[FIELD_ETHER] = { NEED_FRAME, { { NFT_PAYLOAD_LL_HEADER, 6, 6 } } },
	[FIELD_IP_SADDR] = { NEED_IP4, { { NFT_PAYLOAD_NETWORK_HEADER, 12, 4 } } },
	[FIELD_IP6_SADDR] = { NEED_IP6, { { NFT_PAYLOAD_NETWORK_HEADER, 8, 16 } } },
	[FIELD_IIF_IP] = { NEED_IP4,
			   { { BASE_META, NFT_META_IIFNAME, IFNAMSIZ },
			     { NFT_PAYLOAD_NETWORK_HEADER, 16, 4 } } },
	[FIELD_IIF_IP6] = { NEED_IP6,
			    { { BASE_META, NFT_META_IIFNAME, IFNAMSIZ },
			      { NFT_PAYLOAD_NETWORK_HEADER, 24, 16 } } },
	[FIELD_IIFNAME] = { NEED_NONE, { { BASE_META, NFT_META_IIFNAME, IFNAMSIZ } } },
	[FIELD_OIFNAME] = { NEED_NONE, { { BASE_META, NFT_META_OIFNAME, IFNAMSIZ } } },
};

static void require(struct builder *b, enum need need)
{
	switch (need) {
	case NEED_NONE:
		break;
	case NEED_FRAME:
		require_frame(b);
		break;
	case NEED_IP4:
		require_byte(b, NFT_META_NFPROTO, NFPROTO_IPV4);
		break;
	case NEED_IP6:
		require_byte(b, NFT_META_NFPROTO, NFPROTO_IPV6);
		break;
	case NEED_TCP:
		require_byte(b, NFT_META_L4PROTO, IPPROTO_TCP);
		break;
	case NEED_UDP:
		require_byte(b, NFT_META_L4PROTO, IPPROTO_UDP);
		break;
	case NEED_ETHER4:
		require_ether(b, ETH_P_IP);
		break;
	case NEED_ETHER6:
		require_ether(b, ETH_P_IPV6);
		break;
	}
}

/* @param dreg  NFT_REG_VERDICT for a map of verdicts, -1 for a set */
static void add_lookup(struct builder *b, const char *set, int dreg, uint32_t flags)
{
	struct nftnl_expr *e = add_expr(b, "lookup");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	if (dreg >= 0)
		nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_DREG, (uint32_t)dreg);
	if (flags)
		nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, flags);
	set_text(b, e, NFTNL_EXPR_LOOKUP_SET, set);
}

static void load_field(struct builder *b, enum rule_field field)
{
	uint32_t reg = 0; /* in units of 4 bytes */

	require(b, fields[field].need);
	for (size_t i = 0; i < 2 && fields[field].parts[i].len; i++) {
		const struct part *p = &fields[field].parts[i];

		/* The old names of 16-byte registers where they fit, as nft does. */
		if (p->base == BASE_META)
			add_meta(b, p->offset); /* always the first */
		else
			add_payload(b, p->base, p->offset, p->len,
				    reg % 4 ? NFT_REG32_00 + reg : NFT_REG_1 + reg / 4);
		reg += (p->len + 3u) / 4;
	}
}

static void build_lookup(struct builder *b, const struct rule_step *s)
{
	load_field(b, s->field);
	add_lookup(b, s->name, -1, s->op == OP_LOOKUP_NOT ? NFT_LOOKUP_F_INV : 0);
}

static void build_vmap(struct builder *b, const struct rule_step *s)
{
	load_field(b, s->field);
	add_lookup(b, s->name, NFT_REG_VERDICT, 0);
}

static void build_ip_version(struct builder *b, const struct rule_step *s)
{
	require_byte(b, NFT_META_NFPROTO, (uint8_t)s->a);
}

static void build_dport(struct builder *b, const struct rule_step *s)
{
	uint16_t port = htons((uint16_t)s->b);

	require_byte(b, NFT_META_L4PROTO, (uint8_t)s->a);
	add_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, 2, sizeof(port), NFT_REG_1);
	add_compare(b, NFT_CMP_EQ, &port, sizeof(port));
}

static void build_to_router(struct builder *b, const struct rule_step *s)
{
	uint32_t local = RTN_LOCAL;
	struct nftnl_expr *e = add_expr(b, "fib");

	(void)s;
	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
	add_compare(b, NFT_CMP_EQ, &local, sizeof(local));
}

static void build_to_loopback(struct builder *b, const struct rule_step *s)
{
	static const char loopback[IFNAMSIZ] = "lo"; /* padded: the whole name is compared */

	(void)s;
	add_meta(b, NFT_META_OIFNAME);
	add_compare(b, NFT_CMP_EQ, loopback, sizeof(loopback));
}

static void build_owner(struct builder *b, const struct rule_step *s)
{
	add_meta(b, NFT_META_SKUID);
	add_compare(b, NFT_CMP_EQ, &s->a, sizeof(s->a));
}

static void add_immediate(struct builder *b, uint32_t reg, const void *data, uint32_t len)
{
	struct nftnl_expr *e = add_expr(b, "immediate");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, reg);
	if (nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, data, len))
		b->rc = -ENOMEM;
}

static void build_dnat(struct builder *b, const struct rule_step *s)
{
	uint16_t port = htons((uint16_t)s->b);
	struct nftnl_expr *e;

	add_immediate(b, NFT_REG_1, s->addr, s->a == NFPROTO_IPV4 ? 4 : 16);
	add_immediate(b, NFT_REG_2, &port, sizeof(port));
	e = add_expr(b, "nat");
	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_FAMILY, s->a);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_ADDR_MIN, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_PROTO_MIN, NFT_REG_2);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_FLAGS, NF_NAT_RANGE_PROTO_SPECIFIED);
}

static void build_redirect(struct builder *b, const struct rule_step *s)
{
	uint16_t port = htons((uint16_t)s->b);
	struct nftnl_expr *e;

	add_immediate(b, NFT_REG_1, &port, sizeof(port));
	e = add_expr(b, "redir");
	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_REDIR_REG_PROTO_MIN, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_REDIR_FLAGS, NF_NAT_RANGE_PROTO_SPECIFIED);
}

/* ct state established,related: state & 6 != 0; and untracked, if that is asked for */
static void build_established(struct builder *b, const struct rule_step *s)
{
	uint32_t mask = NF_CT_STATE_BIT(IP_CT_ESTABLISHED) |
			NF_CT_STATE_BIT(IP_CT_RELATED), none = 0;
	struct nftnl_expr *e = add_expr(b, "ct");

	if (!e)
		return;
	if (s->op == OP_NOT_NEW)
		mask |= NF_CT_STATE_UNTRACKED_BIT;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, NFT_CT_STATE);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, NFT_REG_1);
	e = add_expr(b, "bitwise");
	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, sizeof(mask));
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, &mask, sizeof(mask));
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, &none, sizeof(none));
	add_compare(b, NFT_CMP_NEQ, &none, sizeof(none));
}

static void build_counter(struct builder *b, const struct rule_step *s)
{
	struct nftnl_expr *e = add_expr(b, "objref");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	set_text(b, e, NFTNL_EXPR_OBJREF_IMM_NAME, s->name);
}

static void build_limit(struct builder *b, const struct rule_step *s)
{
	struct nftnl_expr *e = add_expr(b, "limit");

	if (!e)
		return;
	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_RATE, s->a);
	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_UNIT, 1); /* a second */
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_BURST, s->b);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_FLAGS, 0);
}

static void build_log(struct builder *b, const struct rule_step *s)
{
	struct nftnl_expr *e = add_expr(b, "log");

	if (!e)
		return;
	set_text(b, e, NFTNL_EXPR_LOG_PREFIX, s->name);
	nftnl_expr_set_u16(e, NFTNL_EXPR_LOG_GROUP, (uint16_t)s->a);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOG_SNAPLEN, s->b);
	nftnl_expr_set_u16(e, NFTNL_EXPR_LOG_QTHRESHOLD, (uint16_t)s->c);
}

static void build_is_tcp(struct builder *b, const struct rule_step *s)
{
	(void)s;
	require_byte(b, NFT_META_L4PROTO, IPPROTO_TCP);
}

static void add_reject(struct builder *b, uint32_t type, uint8_t code)
{
	struct nftnl_expr *e = add_expr(b, "reject");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_REJECT_TYPE, type);
	nftnl_expr_set_u8(e, NFTNL_EXPR_REJECT_CODE, code);
}

static void build_reset(struct builder *b, const struct rule_step *s)
{
	(void)s;
	add_reject(b, NFT_REJECT_TCP_RST, 0);
}

static void build_prohibited(struct builder *b, const struct rule_step *s)
{
	(void)s;
	add_reject(b, NFT_REJECT_ICMPX_UNREACH, NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
}

static void build_verdict(struct builder *b, const struct rule_step *s)
{
	struct nftnl_expr *e = add_expr(b, "immediate");
	uint32_t verdict = s->op == OP_JUMP ? (uint32_t)NFT_JUMP :
			   s->op == OP_GOTO ? (uint32_t)NFT_GOTO :
			   s->op == OP_RETURN ? (uint32_t)NFT_RETURN : NF_ACCEPT;

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, verdict);
	if (s->op == OP_JUMP || s->op == OP_GOTO)
		set_text(b, e, NFTNL_EXPR_IMM_CHAIN, s->name);
}

static void (*const builders[OP_COUNT])(struct builder *b, const struct rule_step *s) = {
	[OP_ESTABLISHED] = build_established,
	[OP_NOT_NEW] = build_established,
	[OP_LOOKUP] = build_lookup,
	[OP_LOOKUP_NOT] = build_lookup,
	[OP_VMAP] = build_vmap,
	[OP_IP_VERSION] = build_ip_version,
	[OP_DPORT] = build_dport,
	[OP_TO_ROUTER] = build_to_router,
	[OP_TO_LOOPBACK] = build_to_loopback,
	[OP_OWNER] = build_owner,
	[OP_DNAT] = build_dnat,
	[OP_REDIRECT] = build_redirect,
	[OP_RETURN] = build_verdict,
	[OP_COUNTER] = build_counter,
	[OP_LIMIT] = build_limit,
	[OP_LOG] = build_log,
	[OP_IS_TCP] = build_is_tcp,
	[OP_RESET] = build_reset,
	[OP_PROHIBITED] = build_prohibited,
	[OP_ACCEPT] = build_verdict,
	[OP_JUMP] = build_verdict,
	[OP_GOTO] = build_verdict,
};

void rule_expr_render(const struct rule *rule, const char *table, struct nl_buf *buf)
{
	struct builder b = { .rule = nftnl_rule_alloc() };
	struct nlmsghdr *nlh;

	if (!b.rule) {
		nl_buf_fail(buf, -ENOMEM);
		return;
	}
	nftnl_rule_set_u32(b.rule, NFTNL_RULE_FAMILY, NFPROTO_INET);
	if (nftnl_rule_set_str(b.rule, NFTNL_RULE_TABLE, table) ||
	    nftnl_rule_set_str(b.rule, NFTNL_RULE_CHAIN, rule->chain))
		b.rc = -ENOMEM;
	for (size_t i = 0; i < RULE_STEPS && rule->steps[i].op != OP_NONE; i++)
		builders[rule->steps[i].op](&b, &rule->steps[i]);
	if (b.rc)
		nl_buf_fail(buf, b.rc);
	nlh = nl_buf_open(buf, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	if (nlh) {
		nftnl_rule_nlmsg_build_payload(nlh, b.rule);
		nl_buf_close(buf, nlh);
	}
	nftnl_rule_free(b.rule);
}
