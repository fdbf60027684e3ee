/* Builds the description of our table from the configuration; see ruleset.h and rule_desc.h.
 * Knows nothing of nft's syntax and of netlink. */
#include "nftsync/ruleset.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "nftsync/lease_set.h"
#include "nftsync/rule_desc.h"

#define LOG_RATE      100
#define LOG_BURST     200
#define LOG_SNAPLEN   128 /* both headers and the first bytes of what follows */
#define LOG_THRESHOLD 32
#define TABLE_NAME_MAX 200

const char *const rule_chains[] = { "leased", "refuse", "enforce", "observe", "forward", NULL };

/* Never gated: what addr_is_public() says no to. The daemon leases only the rest, so every
 * destination is either one or the other (a test compares them). */
static const char *const local_nets[] = {
	"0.0.0.0/8",	  "10.0.0.0/8",	 "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
	"172.16.0.0/12",  "192.168.0.0/16", "224.0.0.0/3", "::/127",	  "fc00::/7",
	"fe80::/10",	  "fec0::/10",	 "ff00::/8",
};

static const struct {
	const char *name;
	enum rule_set_kind kind;
	enum rule_field field;
} set_rows[RULE_SETS] = {
	[RULE_LOCAL4] = { "local4", KIND_IP4, FIELD_IP_DADDR },
	[RULE_LOCAL6] = { "local6", KIND_IP6, FIELD_IP6_DADDR },
	[RULE_ALLOW4] = { "allow4", KIND_IP4, FIELD_IP_DADDR },
	[RULE_ALLOW6] = { "allow6", KIND_IP6, FIELD_IP6_DADDR },
	[RULE_TCP] = { "allow_tcp", KIND_SERVICE, FIELD_TCP_DPORT },
	[RULE_UDP] = { "allow_udp", KIND_SERVICE, FIELD_UDP_DPORT },
};

size_t rule_kind_bytes(enum rule_set_kind kind)
{
	static const uint8_t bytes[KIND_COUNT] = { 4, 16, 2 };

	return bytes[kind];
}

/* --- interval sets ------------------------------------------------------------------ */

static int add_range(struct rule_set *set, const struct rule_range *range)
{
	struct rule_range *more = realloc(set->ranges, (set->count + 1) * sizeof(more[0]));

	if (!more)
		return -ENOMEM;
	set->ranges = more;
	set->ranges[set->count++] = *range;
	return 0;
}

static int add_net(struct ruleset *rs, const struct addr_net *net, size_t set4, size_t set6)
{
	struct rule_range r = { { 0 }, { 0 } };
	size_t bits = 8 * addr_len(&net->addr);

	memcpy(r.first, net->addr.bytes, sizeof(r.first));
	memcpy(r.last, net->addr.bytes, sizeof(r.last));
	for (size_t i = net->prefix; i < bits; i++)
		r.last[i / 8] |= (uint8_t)(0x80 >> (i % 8));
	return add_range(&rs->sets[net->addr.family == AF_INET ? set4 : set6], &r);
}

static int add_allow(struct ruleset *rs, const struct conf_gate_allow *a)
{
	struct rule_range r = { { 0 }, { 0 } };

	if (a->net.addr.family)
		return add_net(rs, &a->net, RULE_ALLOW4, RULE_ALLOW6);
	store_be16(r.first, a->port_first);
	store_be16(r.last, a->port_last);
	return add_range(&rs->sets[a->proto == IPPROTO_TCP ? RULE_TCP : RULE_UDP], &r);
}

static int compare_ranges(const void *a, const void *b)
{
	return memcmp(((const struct rule_range *)a)->first,
		      ((const struct rule_range *)b)->first, sizeof(((struct rule_range *)0)->first));
}

/* Whether next begins inside r or right behind it. */
static bool touches(const struct rule_range *r, const struct rule_range *next, size_t bytes)
{
	uint8_t behind[16];
	size_t i = bytes;

	memcpy(behind, r->last, sizeof(behind));
	while (i-- && ++behind[i] == 0)
		;
	if (i == SIZE_MAX)
		return true; /* r reaches to the end of all */
	return memcmp(next->first, behind, bytes) <= 0;
}

/* The kernel refuses ranges that overlap, and lists those that touch as they were given. */
static void merge_ranges(struct rule_set *set)
{
	size_t bytes = rule_kind_bytes(set->kind), n = 0;

	if (!set->count)
		return;
	qsort(set->ranges, set->count, sizeof(set->ranges[0]), compare_ranges);
	for (size_t i = 1; i < set->count; i++) {
		struct rule_range *r = &set->ranges[n];

		if (!touches(r, &set->ranges[i], bytes))
			set->ranges[++n] = set->ranges[i];
		else if (memcmp(set->ranges[i].last, r->last, bytes) > 0)
			memcpy(r->last, set->ranges[i].last, sizeof(r->last));
	}
	set->count = n + 1;
}

static int build_sets(struct ruleset *rs, const struct conf_gate *gate)
{
	int rc = 0;

	for (size_t i = 0; i < RULE_SETS; i++) {
		rs->sets[i].name = set_rows[i].name;
		rs->sets[i].kind = set_rows[i].kind;
	}
	for (size_t i = 0; i < ARRAY_SIZE(local_nets) && !rc; i++) {
		struct addr_net net;

		rc = addr_net_from_text(local_nets[i], &net);
		if (!rc)
			rc = add_net(rs, &net, RULE_LOCAL4, RULE_LOCAL6);
	}
	for (size_t i = 0; i < gate->allow_count && !rc; i++)
		rc = add_allow(rs, &gate->allows[i]);
	for (size_t i = 0; i < RULE_SETS; i++)
		merge_ranges(&rs->sets[i]);
	return rc;
}

/* --- zones -------------------------------------------------------------------------- */

/* As the kernel's dev_valid_name(), and nothing that would need quoting in nft's text. */
static bool is_interface_name(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > 15 || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (; *name; name++)
		if (!isgraph((unsigned char)*name) || strchr("/:\"\\*", *name))
			return false;
	return true;
}

static int add_zone(struct ruleset *rs, const char *interface, enum conf_gate_mode mode)
{
	struct rule_zone *more;

	if (!is_interface_name(interface))
		return -EINVAL;
	for (size_t i = 0; i < rs->zone_count; i++)
		if (!strcmp(rs->zones[i].interface, interface))
			return -EINVAL;
	more = realloc(rs->zones, (rs->zone_count + 1) * sizeof(more[0]));
	if (!more)
		return -ENOMEM;
	rs->zones = more;
	more[rs->zone_count] = (struct rule_zone){ .mode = mode };
	strcpy(more[rs->zone_count++].interface, interface);
	return 0;
}

/* @param rest  set to the mode of the zone `*`: of all interfaces that no zone names */
static int build_zones(struct ruleset *rs, const struct conf *c, enum conf_gate_mode *rest)
{
	*rest = GATE_OFF;
	for (size_t i = 0; i < c->zone_count; i++) {
		const struct conf_zone *z = &c->zones[i];

		if (z->gate != GATE_OFF)
			rs->wanted = true;
		for (size_t k = 0; k < z->interface_count; k++) {
			int rc = 0;

			if (strcmp(z->interfaces[k], "*"))
				rc = add_zone(rs, z->interfaces[k], z->gate);
			else
				*rest = z->gate;
			if (rc)
				return rc;
		}
	}
	return 0;
}

/* --- rules -------------------------------------------------------------------------- */

static void add_rule(struct ruleset *rs, struct rule rule)
{
	rs->rules[rs->rule_count++] = rule;
}

static void add_pass(struct ruleset *rs, enum rule_field field, const char *set)
{
	add_rule(rs, (struct rule){ "leased",
				    { { .op = OP_LOOKUP, .field = field, .name = set },
				      { .op = OP_ACCEPT } } });
}

static void build_leased(struct ruleset *rs)
{
	static const enum rule_field fields[LEASE_SET_COUNT] = {
		FIELD_ETHER_IP, FIELD_ETHER_IP6, FIELD_IP_IP, FIELD_IP6_IP6,
	};

	for (size_t i = 0; i < RULE_SETS; i++)
		if (rs->sets[i].count)
			add_pass(rs, set_rows[i].field, set_rows[i].name);
	for (size_t i = 0; i < LEASE_SET_COUNT; i++)
		add_pass(rs, fields[i], lease_set_info(i)->name);
}

static void build_log(struct ruleset *rs, const char *chain, const char *prefix,
		      uint32_t group)
{
	add_rule(rs, (struct rule){ chain,
				    { { .op = OP_LIMIT, .a = LOG_RATE, .b = LOG_BURST },
				      { .op = OP_LOG, .name = prefix, .a = group,
					.b = LOG_SNAPLEN, .c = LOG_THRESHOLD } } });
}

static void build_step(struct ruleset *rs, const char *chain, enum rule_op op,
		       const char *name)
{
	add_rule(rs, (struct rule){ chain, { { .op = op, .name = name } } });
}

static void build_rules(struct ruleset *rs, enum conf_gate_mode rest)
{
	build_leased(rs);

	build_step(rs, "refuse", OP_COUNTER, RULESET_REFUSED);
	build_log(rs, "refuse", "nameward-refused ", RULESET_GROUP_REFUSED);
	add_rule(rs, (struct rule){ "refuse", { { .op = OP_IS_TCP }, { .op = OP_RESET } } });
	build_step(rs, "refuse", OP_PROHIBITED, NULL);

	build_step(rs, "enforce", OP_JUMP, "leased");
	build_step(rs, "enforce", OP_GOTO, "refuse");

	build_step(rs, "observe", OP_JUMP, "leased");
	build_step(rs, "observe", OP_COUNTER, RULESET_WOULD);
	build_log(rs, "observe", "nameward-would ", RULESET_GROUP_WOULD);
	build_step(rs, "observe", OP_ACCEPT, NULL);

	add_rule(rs, (struct rule){ "forward", { { .op = OP_ESTABLISHED }, { .op = OP_ACCEPT } } });
	if (rs->zone_count)
		build_step(rs, "forward", OP_ZONE_MAP, ZONE_MAP);
	if (rest != GATE_OFF)
		build_step(rs, "forward", OP_GOTO, rest == GATE_ENFORCE ? "enforce" : "observe");
}

/* What nft takes as a bare word, and no word of its own grammar can begin like. */
static bool is_table_name(const char *name)
{
	if (!isalpha((unsigned char)*name) || strlen(name) > TABLE_NAME_MAX)
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("_.-", *name))
			return false;
	return true;
}

int ruleset_new(const struct conf *c, struct ruleset **out)
{
	struct ruleset *rs;
	enum conf_gate_mode rest;
	int rc;

	if (!is_table_name(c->gate.table))
		return -EINVAL;
	rs = calloc(1, sizeof(*rs));
	if (!rs)
		return -ENOMEM;
	rs->set_size = 2 * MIN(c->gate.max_leases, LEASE_LIMIT);
	rs->owned = c->gate.table_owner == SWITCH_ON;
	rs->table = strdup(c->gate.table);
	rc = rs->table ? build_sets(rs, &c->gate) : -ENOMEM;
	if (!rc)
		rc = build_zones(rs, c, &rest);
	if (rc) {
		ruleset_free(rs);
		return rc;
	}
	build_rules(rs, rest);
	*out = rs;
	return 0;
}

void ruleset_free(struct ruleset *rs)
{
	if (!rs)
		return;
	for (size_t i = 0; i < RULE_SETS; i++)
		free(rs->sets[i].ranges);
	free(rs->zones);
	free(rs->table);
	free(rs);
}

bool ruleset_is_wanted(const struct ruleset *rs)
{
	return rs->wanted;
}

const char *ruleset_table(const struct ruleset *rs)
{
	return rs->table;
}

void ruleset_disown(struct ruleset *rs)
{
	rs->owned = false;
}

uint32_t ruleset_set_size(const struct ruleset *rs)
{
	return rs->set_size;
}

void ruleset_widen_sets(struct ruleset *rs, uint32_t size)
{
	rs->set_size = MAX(rs->set_size, size);
}

bool ruleset_has_chain(const struct ruleset *rs, const char *name)
{
	(void)rs;
	for (const char *const *chain = rule_chains; *chain; chain++)
		if (!strcmp(*chain, name))
			return true;
	return false;
}
