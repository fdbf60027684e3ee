/* Our table as text that `nft -f` reads; see ruleset.h. Knows nothing of netlink. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "nftsync/lease_set.h"
#include "nftsync/rule_desc.h"
#include "nftsync/ruleset.h"

static const char *const kind_types[KIND_COUNT] = {
	"ipv4_addr", "ipv6_addr", "inet_service", "ether_addr", "ifname",
};

static const char *const field_texts[FIELD_COUNT] = {
	[FIELD_IP_DADDR] = "ip daddr",
	[FIELD_IP6_DADDR] = "ip6 daddr",
	[FIELD_TCP_DPORT] = "tcp dport",
	[FIELD_UDP_DPORT] = "udp dport",
	[FIELD_ETHER_IP] = "ether saddr . ip daddr",
	[FIELD_ETHER_IP6] = "ether saddr . ip6 daddr",
	[FIELD_IP_IP] = "ip saddr . ip daddr",
	[FIELD_IP6_IP6] = "ip6 saddr . ip6 daddr",
	[FIELD_IIF_IP] = "iifname . ip daddr",
	[FIELD_IIF_IP6] = "iifname . ip6 daddr",
	[FIELD_ETHER] = "ether saddr",
	[FIELD_IP_SADDR] = "ip saddr",
	[FIELD_IP6_SADDR] = "ip6 saddr",
	[FIELD_IIFNAME] = "iifname",
	[FIELD_OIFNAME] = "oifname",
};

static void print_service(FILE *to, const struct rule_elem *r)
{
	fprintf(to, "%u", load_be16(r->first));
	if (memcmp(r->first, r->last, 2))
		fprintf(to, "-%u", load_be16(r->last));
}

/* Length of the prefix that is exactly this range, or -1. */
static int prefix_of(const struct rule_elem *r, unsigned bits)
{
	unsigned n = 0;

	while (n < bits && !((r->first[n / 8] ^ r->last[n / 8]) & (0x80 >> (n % 8))))
		n++;
	for (unsigned i = n; i < bits; i++)
		if (r->first[i / 8] & (0x80 >> (i % 8)) ||
		    !(r->last[i / 8] & (0x80 >> (i % 8))))
			return -1;
	return (int)n;
}

static void print_addrs(FILE *to, const struct rule_elem *r, enum rule_set_kind kind)
{
	uint8_t family = kind == KIND_IP4 ? AF_INET : AF_INET6;
	struct addr first = { .family = family }, last = { .family = family };
	int prefix = prefix_of(r, (unsigned)(8 * rule_kind_bytes(kind)));
	char a[ADDR_TEXT_MAX], b[ADDR_TEXT_MAX];

	memcpy(first.bytes, r->first, sizeof(first.bytes));
	memcpy(last.bytes, r->last, sizeof(last.bytes));
	fputs(addr_to_text(&first, a), to);
	if (prefix < 0)
		fprintf(to, "-%s", addr_to_text(&last, b));
	else if ((size_t)prefix < 8 * rule_kind_bytes(kind))
		fprintf(to, "/%d", prefix);
}

static void print_key(FILE *to, const struct rule_elem *e, enum rule_set_kind kind)
{
	struct addr a = { .family = kind == KIND_IP4 ? AF_INET : AF_INET6 };
	char text[MAX(ADDR_TEXT_MAX, MAC_TEXT_MAX)];
	struct mac mac;

	if (kind == KIND_IFNAME) {
		fprintf(to, "\"%s\"", (const char *)e->first);
		return;
	}
	memcpy(mac.bytes, e->first, sizeof(mac.bytes));
	memcpy(a.bytes, e->first, sizeof(a.bytes));
	fputs(kind == KIND_MAC ? mac_to_text(&mac, text) : addr_to_text(&a, text), to);
}

static void print_elem(FILE *to, const struct rule_set *set, const struct rule_elem *e)
{
	if (!rule_set_is_interval(set))
		print_key(to, e, set->kind);
	else if (set->kind == KIND_SERVICE)
		print_service(to, e);
	else
		print_addrs(to, e, set->kind);
	if (!set->is_map)
		return;
	if (e->verdict == OP_GOTO)
		fprintf(to, " : goto %s", e->chain);
	else
		fputs(e->verdict == OP_RETURN ? " : return" : " : accept", to);
}

static void print_set(FILE *to, const struct rule_set *set)
{
	fprintf(to, "\n\t%s %s {\n\t\ttype %s%s\n", set->is_map ? "map" : "set", set->name,
		kind_types[set->kind], set->is_map ? " : verdict" : "");
	if (rule_set_is_interval(set))
		fputs("\t\tflags interval\n", to);
	fputs("\t\telements = { ", to);
	for (size_t i = 0; i < set->count; i++) {
		if (i)
			fputs(",\n\t\t\t     ", to);
		print_elem(to, set, &set->elems[i]);
	}
	fputs(" }\n\t}\n", to);
}

static void print_lease_sets(FILE *to, uint32_t size)
{
	for (size_t i = 0; i < LEASE_SET_COUNT; i++) {
		const struct lease_set_info *info = lease_set_info(i);

		fprintf(to, "\n\tset %s {\n\t\ttype %s\n\t\tsize %u\n\t\tflags timeout\n\t}\n",
			info->name, info->type, size);
	}
}

static void print_dnat(FILE *to, const struct rule_step *s)
{
	struct addr a = addr_from_bytes((uint8_t)s->a, s->addr);
	char text[ADDR_TEXT_MAX];

	if (s->a == AF_INET)
		fprintf(to, "dnat ip to %s:%u", addr_to_text(&a, text), s->b);
	else
		fprintf(to, "dnat ip6 to [%s]:%u", addr_to_text(&a, text), s->b);
}

static void print_step(FILE *to, const struct rule_step *s)
{
	switch (s->op) {
	case OP_ESTABLISHED:
		fputs("ct state established,related", to);
		break;
	case OP_NOT_NEW:
		fputs("ct state established,related,untracked", to);
		break;
	case OP_LOOKUP:
		fprintf(to, "%s @%s", field_texts[s->field], s->name);
		break;
	case OP_LOOKUP_NOT:
		fprintf(to, "%s != @%s", field_texts[s->field], s->name);
		break;
	case OP_VMAP:
		fprintf(to, "%s vmap @%s", field_texts[s->field], s->name);
		break;
	case OP_IP_VERSION:
		fprintf(to, "meta nfproto %s", s->a == AF_INET ? "ipv4" : "ipv6");
		break;
	case OP_DPORT:
		fprintf(to, "%s dport %u", s->a == IPPROTO_TCP ? "tcp" : "udp", s->b);
		break;
	case OP_TO_ROUTER:
		fputs("fib daddr type local", to);
		break;
	case OP_TO_LOOPBACK:
		fputs("oifname \"lo\"", to);
		break;
	case OP_OWNER:
		fprintf(to, "meta skuid %u", s->a);
		break;
	case OP_DNAT:
		print_dnat(to, s);
		break;
	case OP_REDIRECT:
		fprintf(to, "redirect to :%u", s->b);
		break;
	case OP_COUNTER:
		fprintf(to, "counter name \"%s\"", s->name);
		break;
	case OP_LIMIT:
		fprintf(to, "limit rate %u/second burst %u packets", s->a, s->b);
		break;
	case OP_LOG:
		fprintf(to, "log prefix \"%s\" group %u snaplen %u queue-threshold %u", s->name,
			s->a, s->b, s->c);
		break;
	case OP_IS_TCP:
		fputs("meta l4proto tcp", to);
		break;
	case OP_RESET:
		fputs("reject with tcp reset", to);
		break;
	case OP_PROHIBITED:
		fputs("reject with icmpx type admin-prohibited", to);
		break;
	case OP_ACCEPT:
		fputs("accept", to);
		break;
	case OP_RETURN:
		fputs("return", to);
		break;
	case OP_JUMP:
		fprintf(to, "jump %s", s->name);
		break;
	case OP_GOTO:
		fprintf(to, "goto %s", s->name);
		break;
	case OP_NONE:
	case OP_COUNT:
		break;
	}
}

static void print_chain(FILE *to, const struct ruleset *rs, const struct rule_chain *chain)
{
	static const char *const hooks[] = {
		[HOOK_NONE] = "",
		[HOOK_FORWARD] = "\t\ttype filter hook forward priority filter; policy accept;\n",
		[HOOK_DSTNAT] = "\t\ttype nat hook prerouting priority dstnat; policy accept;\n",
		[HOOK_OUTPUT] = "\t\ttype filter hook output priority filter; policy accept;\n",
	};

	fprintf(to, "\n\tchain %s {\n%s", chain->name, hooks[chain->hook]);
	for (size_t i = 0; i < rs->rule_count; i++) {
		const struct rule *r = &rs->rules[i];

		if (strcmp(r->chain, chain->name) || rule_is_idle(r))
			continue;
		fputs("\t", to);
		for (size_t k = 0; k < RULE_STEPS && r->steps[k].op != OP_NONE; k++) {
			fputs(k ? " " : "\t", to);
			print_step(to, &r->steps[k]);
		}
		fputs("\n", to);
	}
	fputs("\t}\n", to);
}

/* Without their elements, which would be most of the text by far. */
static void print_range_sets(FILE *to, const struct ruleset *rs)
{
	for (size_t i = 0; i < rs->range_count; i++) {
		const struct rule_range *r = &rs->ranges[i];

		if (*r->name)
			fprintf(to, "\n\tset %s { # %zu ranges of list %s\n\t\ttype %s\n"
				    "\t\tflags interval\n\t}\n", r->name, r->count, r->list,
				kind_types[r->family == AF_INET ? KIND_IP4 : KIND_IP6]);
	}
}

static void print_table(FILE *to, const struct ruleset *rs)
{
	fprintf(to, "table inet %s {\n", rs->table);
	fputs("\tcounter " RULESET_REFUSED " {\n\t}\n\n\tcounter " RULESET_WOULD " {\n\t}\n", to);
	print_lease_sets(to, rs->set_size);
	for (size_t i = 0; i < rs->set_count; i++)
		if (rs->sets[i].count)
			print_set(to, &rs->sets[i]);
	print_range_sets(to, rs);
	for (size_t i = 0; i < rs->chain_count; i++)
		print_chain(to, rs, &rs->chains[i]);
	fputs("}\n", to);
}

int ruleset_text(const struct ruleset *rs, char **out)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return -ENOMEM;
	if (rs->wanted)
		print_table(to, rs);
	else
		fputs("# no gate is on: there is no table\n", to);
	if (fclose(to)) {
		free(text);
		return -ENOMEM;
	}
	*out = text;
	return 0;
}
