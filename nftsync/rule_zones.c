/* What zones and devices add to the description of our table: their modes, and each zone's
 * own exceptions, reach, refusal of DNS over TLS and redirection of DNS; see rule_build.h.
 *
 * Chain forward asks, in this order: chain zones (what a zone refuses or allows itself), the
 * maps of devices, the map of zones, and the mode of the zone `*`. */
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/util.h"
#include "nftsync/rule_build.h"

#define PORT_DNS 53
#define PORT_DOT 853

/* --- names -------------------------------------------------------------------------- */

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

/* The key of an interface: its name, padded with zeros. */
struct ifname_key {
	char text[16];
};

static struct ifname_key ifname_key(const char *name)
{
	struct ifname_key key = { { 0 } };

	strncpy(key.text, name, sizeof(key.text) - 1);
	return key;
}

static bool is_rest(const struct conf_zone *z)
{
	return z->interface_count && !strcmp(z->interfaces[0], "*");
}

static const struct conf_zone *find_rest(const struct conf *c)
{
	for (size_t i = 0; i < c->zone_count; i++)
		if (is_rest(&c->zones[i]))
			return &c->zones[i];
	return NULL;
}

static int check_interfaces(const struct conf *c)
{
	for (size_t i = 0; i < c->zone_count; i++)
		for (size_t k = 0; k < c->zones[i].interface_count; k++)
			if (strcmp(c->zones[i].interfaces[k], "*") &&
			    !is_interface_name(c->zones[i].interfaces[k]))
				return -EINVAL;
	return 0;
}

/* --- maps of zones ------------------------------------------------------------------ */

static bool map_has(const struct rule_set *map, const struct ifname_key *key)
{
	for (size_t i = 0; i < map->count; i++)
		if (!memcmp(map->elems[i].first, key, sizeof(*key)))
			return true;
	return false;
}

static int add_interfaces(struct ruleset *rs, size_t map, const struct conf_zone *z,
			  enum rule_op verdict, const char *chain)
{
	for (size_t i = 0; i < z->interface_count && !is_rest(z); i++) {
		struct ifname_key key = ifname_key(z->interfaces[i]);

		if (!rs->rc && map_has(&rs->sets[map], &key))
			return -EINVAL;
		rule_add_verdict(rs, map, &key, verdict, chain);
	}
	return 0;
}

static void add_vmap(struct ruleset *rs, const char *chain, enum rule_field field, size_t map)
{
	if (rs->rc || !rs->sets[map].count)
		return;
	rule_add(rs, &(struct rule){ chain, { { .op = OP_VMAP, .field = field,
						.name = rs->sets[map].name } } });
}

static void add_step(struct ruleset *rs, const char *chain, enum rule_op op, const char *name)
{
	rule_add(rs, &(struct rule){ chain, { { .op = op, .name = name } } });
}

/* What a mode does with a packet, as a verdict. */
static enum rule_op mode_verdict(enum conf_gate_mode mode, const char **chain)
{
	static const char *const chains[] = { NULL, "observe", "enforce" };

	*chain = chains[mode];
	return mode == GATE_OFF ? OP_ACCEPT : OP_GOTO;
}

static bool is_in_scope(const struct rule_scope *scope, const struct conf_zone *z)
{
	return !scope->down || z->when_down == DOWN_CLOSED;
}

static enum conf_gate_mode zone_mode(const struct rule_scope *scope, const struct conf_zone *z)
{
	return is_in_scope(scope, z) ? z->gate : GATE_OFF;
}

static int build_modes(struct ruleset *rs, const struct rule_scope *scope)
{
	const struct conf_zone *rest = find_rest(scope->conf);
	size_t map = rule_add_set(rs, ZONE_MAP, KIND_IFNAME, true);
	const char *chain;
	enum rule_op op;
	int rc = 0;

	for (size_t i = 0; i < scope->conf->zone_count && !rc; i++) {
		const struct conf_zone *z = &scope->conf->zones[i];

		op = mode_verdict(zone_mode(scope, z), &chain);
		rc = add_interfaces(rs, map, z, op, chain);
	}
	add_vmap(rs, "forward", FIELD_IIFNAME, map);
	if (rest && mode_verdict(zone_mode(scope, rest), &chain) == OP_GOTO)
		add_step(rs, "forward", OP_GOTO, chain);
	return rc;
}

/* --- devices ------------------------------------------------------------------------ */

/* The daemon gone, only an exemption is of use: what to enforce is its zone's choice. */
static bool device_is_in_scope(const struct rule_scope *scope, const struct conf_device *d)
{
	bool is_gated = d->gate == DEVICE_OBSERVE || d->gate == DEVICE_ENFORCE;

	return d->gate == DEVICE_OFF || (is_gated && !scope->down);
}

static void add_device(struct ruleset *rs, const struct conf_device *d, const size_t maps[3])
{
	const char *chain;
	enum rule_op op = mode_verdict((enum conf_gate_mode)(d->gate - DEVICE_OFF), &chain);

	for (size_t i = 0; i < d->mac_count; i++)
		rule_add_verdict(rs, maps[0], d->macs[i].bytes, op, chain);
	for (size_t i = 0; i < d->addr_count; i++)
		rule_add_verdict(rs, maps[d->addrs[i].family == AF_INET ? 1 : 2],
				 d->addrs[i].bytes, op, chain);
}

static void build_devices(struct ruleset *rs, const struct rule_scope *scope)
{
	size_t maps[] = {
		rule_add_set(rs, DEVICE_MAP, KIND_MAC, true),
		rule_add_set(rs, DEVICE_MAP4, KIND_IP4, true),
		rule_add_set(rs, DEVICE_MAP6, KIND_IP6, true),
	};

	for (size_t i = 0; i < scope->conf->device_count; i++)
		if (device_is_in_scope(scope, &scope->conf->devices[i]))
			add_device(rs, &scope->conf->devices[i], maps);
	add_vmap(rs, "forward", FIELD_ETHER, maps[0]);
	add_vmap(rs, "forward", FIELD_IP_SADDR, maps[1]);
	add_vmap(rs, "forward", FIELD_IP6_SADDR, maps[2]);
}

/* --- exceptions --------------------------------------------------------------------- */

void rule_add_allow(struct ruleset *rs, const struct conf_gate_allow *a, size_t first_set)
{
	size_t to = first_set - RULE_ALLOW4;
	uint8_t first[2], last[2];

	if (a->closed)
		return;
	if (a->has_mac) {
		rule_add_key(rs, to + RULE_MAC, a->mac.bytes);
		return;
	}
	if (a->net.addr.family) {
		rule_add_net(rs, &a->net, to + RULE_ALLOW4, to + RULE_ALLOW6);
		return;
	}
	store_be16(first, a->port_first);
	store_be16(last, a->port_last);
	rule_add_range(rs, to + (a->proto == IPPROTO_TCP ? RULE_TCP : RULE_UDP), first, last);
}

void rule_pass_sets(struct ruleset *rs, const char *chain, size_t first_set, size_t count,
		    enum rule_op op)
{
	static const enum rule_field fields[] = {
		FIELD_IP_DADDR, FIELD_IP6_DADDR, FIELD_TCP_DPORT, FIELD_UDP_DPORT, FIELD_ETHER,
	};

	for (size_t i = 0; i < count && !rs->rc; i++) {
		const struct rule_set *set = &rs->sets[first_set + i];

		if (set->count)
			rule_add(rs, &(struct rule){ chain,
						     { { .op = OP_LOOKUP, .field = fields[i],
							 .name = set->name },
						       { .op = op } } });
	}
}

static void build_allows(struct ruleset *rs, const struct conf_zone *z, const char *chain)
{
	static const struct {
		const char *prefix;
		enum rule_set_kind kind;
	} rows[] = {
		{ "allow4_", KIND_IP4 },	{ "allow6_", KIND_IP6 },
		{ "allow_tcp_", KIND_SERVICE }, { "allow_udp_", KIND_SERVICE },
		{ "allow_mac_", KIND_MAC },
	};
	size_t first = rs->set_count;

	if (!z->allow_count)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		rule_add_set(rs, rule_name(rs, rows[i].prefix, z->name), rows[i].kind, false);
	for (size_t i = 0; i < z->allow_count; i++)
		rule_add_allow(rs, &z->allows[i], first);
	/* Denied is denied, whatever a zone allows. */
	rule_pass_sets(rs, chain, RULE_DENY4, 2, OP_RETURN);
	rule_pass_sets(rs, chain, first, ARRAY_SIZE(rows), OP_ACCEPT);
}

/* --- reach -------------------------------------------------------------------------- */

static bool reaches(const struct conf *c, const struct conf_zone *from,
		    const struct conf_zone *to)
{
	if (from == to)
		return true;
	for (size_t i = 0; i < from->reach_count; i++)
		if (&c->zones[from->reach[i]] == to)
			return true;
	return false;
}

/* With the internet: not out by what another zone names and is not to be reached. Without it:
 * not out by anything but what is to be reached. */
static void build_reach(struct ruleset *rs, const struct conf *c, const struct conf_zone *z,
			const char *chain)
{
	enum rule_op op = z->reach_internet ? OP_LOOKUP : OP_LOOKUP_NOT;
	size_t set;

	if (!z->has_reach)
		return;
	set = rule_add_set(rs, rule_name(rs, z->reach_internet ? "shut_" : "reach_", z->name),
			   KIND_IFNAME, false);
	for (size_t i = 0; i < c->zone_count; i++) {
		const struct conf_zone *to = &c->zones[i];

		if (is_rest(to) || reaches(c, z, to) == z->reach_internet)
			continue;
		for (size_t k = 0; k < to->interface_count; k++) {
			struct ifname_key key = ifname_key(to->interfaces[k]);

			rule_add_key(rs, set, &key);
		}
	}
	if (!rs->rc && rs->sets[set].count)
		rule_add(rs, &(struct rule){ chain,
					     { { .op = op, .field = FIELD_OIFNAME,
						 .name = rs->sets[set].name },
					       { .op = OP_GOTO, .name = "refuse" } } });
}

/* --- refused lists ------------------------------------------------------------------ */

/* Of what the gate itself never refuses and of what somebody allows by its address, nothing is
 * refused by a list either; services and devices that are allowed are no reason. */
static void spare_allowed(struct ruleset *rs, const char *chain)
{
	rule_pass_sets(rs, chain, RULE_LOCAL4, 2, OP_RETURN);
	rule_pass_sets(rs, chain, RULE_ALLOW4, 2, OP_RETURN);
}

static void spare_zone(struct ruleset *rs, const struct conf_zone *z, const char *chain)
{
	size_t first = rs->set_count;

	rule_add_set(rs, rule_name(rs, "spare4_", z->name), KIND_IP4, false);
	rule_add_set(rs, rule_name(rs, "spare6_", z->name), KIND_IP6, false);
	for (size_t i = 0; i < z->allow_count; i++)
		if (z->allows[i].net.addr.family && !z->allows[i].has_mac &&
		    !z->allows[i].closed)
			rule_add_net(rs, &z->allows[i].net, first, first + 1);
	rule_pass_sets(rs, chain, first, 2, OP_RETURN);
}

static void build_refused_lists(struct ruleset *rs, const struct conf *c,
				const struct conf_zone *z, const char *zone_chain)
{
	static const struct {
		uint8_t family;
		enum rule_field field;
	} families[] = { { AF_INET, FIELD_IP_DADDR }, { AF_INET6, FIELD_IP6_DADDR } };
	const char *chain;

	if (!z->refuse_lists)
		return;
	chain = rule_name(rs, "lists_", z->name);
	rule_add_chain(rs, chain, HOOK_NONE);
	spare_allowed(rs, chain);
	spare_zone(rs, z, chain);
	for (uint64_t lists = z->refuse_lists; lists; lists &= lists - 1) {
		const char *list = c->lists[__builtin_ctzll(lists)].name;

		for (size_t i = 0; i < ARRAY_SIZE(families); i++)
			rule_add(rs, &(struct rule){
				chain, { { .op = OP_LOOKUP, .field = families[i].field,
					   .name = rule_add_range_set(rs, list,
								      families[i].family) },
					 { .op = OP_GOTO, .name = "refuse" } } });
	}
	add_step(rs, zone_chain, OP_JUMP, chain);
}

/* --- what a zone has of its own ----------------------------------------------------- */

static bool has_own_rules(const struct rule_scope *scope, const struct conf_zone *z)
{
	return is_in_scope(scope, z) && (z->has_reach || z->refuse_dot || z->allow_count ||
					   z->refuse_lists);
}

static void refuse_port(struct ruleset *rs, const char *chain, uint32_t proto, uint32_t port)
{
	rule_add(rs, &(struct rule){ chain,
				     { { .op = OP_DPORT, .a = proto, .b = port },
				       { .op = OP_GOTO, .name = "refuse" } } });
}

static const char *build_zone_chain(struct ruleset *rs, const struct conf *c,
				    const struct conf_zone *z)
{
	const char *chain = rule_name(rs, "zone_", z->name);

	rule_add_chain(rs, chain, HOOK_NONE);
	build_reach(rs, c, z, chain);
	if (z->refuse_dot) {
		refuse_port(rs, chain, IPPROTO_TCP, PORT_DOT);
		refuse_port(rs, chain, IPPROTO_UDP, PORT_DOT);
	}
	build_refused_lists(rs, c, z, chain);
	build_allows(rs, z, chain);
	return chain;
}

/* A chain that sends the interfaces of some zones to chains of theirs, and what no zone names
 * to the chain of the zone `*`; chains[i] NULL: that zone has none. */
static void build_dispatch(struct ruleset *rs, const struct conf *c, const char *from,
			   const char *map_name, const char *const *chains)
{
	size_t map = rule_add_set(rs, map_name, KIND_IFNAME, true);
	const char *rest = NULL;

	for (size_t i = 0; i < c->zone_count; i++)
		if (is_rest(&c->zones[i]))
			rest = chains[i];
	for (size_t i = 0; i < c->zone_count; i++) {
		if (chains[i])
			add_interfaces(rs, map, &c->zones[i], OP_GOTO, chains[i]);
		else if (rest)
			add_interfaces(rs, map, &c->zones[i], OP_RETURN, NULL);
	}
	add_vmap(rs, from, FIELD_IIFNAME, map);
	if (rest)
		add_step(rs, from, OP_GOTO, rest);
}

#define ZONES_MAX 256 /* as the configuration has it */

static void build_own_rules(struct ruleset *rs, const struct rule_scope *scope)
{
	const struct conf *c = scope->conf;
	const char *chains[ZONES_MAX] = { NULL };
	bool any = false;

	for (size_t i = 0; i < c->zone_count; i++) {
		if (!has_own_rules(scope, &c->zones[i]))
			continue;
		chains[i] = build_zone_chain(rs, c, &c->zones[i]);
		any = true;
	}
	if (!any)
		return;
	rule_add_chain(rs, "zones", HOOK_NONE);
	build_dispatch(rs, c, "zones", ZONE_RULES, chains);
	add_step(rs, "forward", OP_JUMP, "zones");
}

/* --- redirection of DNS ------------------------------------------------------------- */

static void redirect_port(struct ruleset *rs, const char *chain, uint32_t proto,
			  const struct addr_port *to)
{
	static const uint8_t any[16];
	bool is_any = !memcmp(to->addr.bytes, any, sizeof(any));
	struct rule rule = { chain,
			     { { .op = OP_IP_VERSION, .a = to->addr.family },
			       { .op = OP_DPORT, .a = proto, .b = PORT_DNS },
			       { .op = is_any ? OP_REDIRECT : OP_DNAT, .a = to->addr.family,
				 .b = PORT_DNS } } };

	memcpy(rule.steps[2].addr, to->addr.bytes, sizeof(rule.steps[2].addr));
	rule_add(rs, &rule);
}

static const char *build_dns_chain(struct ruleset *rs, const struct conf *c,
				   const struct conf_zone *z)
{
	static const int families[] = { AF_INET, AF_INET6 };
	const char *chain = rule_name(rs, "dns_", z->name);

	rule_add_chain(rs, chain, HOOK_NONE);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const struct conf_listen *to = conf_redirect_target(c, z, families[i]);

		if (!to)
			continue; /* the configuration's check has said so */
		redirect_port(rs, chain, IPPROTO_UDP, &to->at);
		redirect_port(rs, chain, IPPROTO_TCP, &to->at);
	}
	return chain;
}

/* Not when the daemon is gone: nobody would answer. */
static void build_dns(struct ruleset *rs, const struct rule_scope *scope)
{
	const struct conf *c = scope->conf;
	const char *chains[ZONES_MAX] = { NULL };
	bool any = false;

	for (size_t i = 0; i < c->zone_count && !scope->down; i++) {
		if (!c->zones[i].redirect_dns)
			continue;
		chains[i] = build_dns_chain(rs, c, &c->zones[i]);
		any = true;
	}
	if (!any)
		return;
	rule_add_chain(rs, "redirect_dns", HOOK_DSTNAT);
	rule_add(rs, &(struct rule){ "redirect_dns",
				     { { .op = OP_TO_ROUTER }, { .op = OP_ACCEPT } } });
	build_dispatch(rs, c, "redirect_dns", ZONE_DNS, chains);
}

int rule_build_zones(struct ruleset *rs, const struct rule_scope *scope)
{
	int rc = check_interfaces(scope->conf);

	if (rc || scope->conf->zone_count > ZONES_MAX)
		return -EINVAL;
	build_own_rules(rs, scope);
	build_devices(rs, scope);
	rc = build_modes(rs, scope);
	build_dns(rs, scope);
	return rc;
}
