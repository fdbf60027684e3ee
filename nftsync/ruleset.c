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
#include "nftsync/rule_build.h"

#define LOG_RATE      100
#define LOG_BURST     200
#define LOG_SNAPLEN   128 /* both headers and the first bytes of what follows */
#define LOG_THRESHOLD 32
#define TABLE_NAME_MAX 200

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
} set_rows[RULE_SETS] = {
	[RULE_DENY4] = { "deny4", KIND_IP4 },
	[RULE_DENY6] = { "deny6", KIND_IP6 },
	[RULE_LOCAL4] = { "local4", KIND_IP4 },
	[RULE_LOCAL6] = { "local6", KIND_IP6 },
	[RULE_ALLOW4] = { "allow4", KIND_IP4 },
	[RULE_ALLOW6] = { "allow6", KIND_IP6 },
	[RULE_TCP] = { "allow_tcp", KIND_SERVICE },
	[RULE_UDP] = { "allow_udp", KIND_SERVICE },
	[RULE_MAC] = { "allow_mac", KIND_MAC },
};

static int build_sets(struct ruleset *rs, const struct conf_gate *gate)
{
	int rc = 0;

	for (size_t i = 0; i < RULE_SETS; i++)
		rule_add_set(rs, set_rows[i].name, set_rows[i].kind, false);
	for (size_t i = 0; i < ARRAY_SIZE(local_nets) && !rc; i++) {
		struct addr_net net;

		rc = addr_net_from_text(local_nets[i], &net);
		if (!rc)
			rule_add_net(rs, &net, RULE_LOCAL4, RULE_LOCAL6);
	}
	for (size_t i = 0; i < gate->allow_count; i++)
		rule_add_allow(rs, &gate->allows[i], RULE_ALLOW4);
	for (size_t i = 0; i < gate->deny_count; i++)
		rule_add_net(rs, &gate->denies[i], RULE_DENY4, RULE_DENY6);
	return rc;
}

/* --- rules -------------------------------------------------------------------------- */

static void add_step(struct ruleset *rs, const char *chain, enum rule_op op, const char *name)
{
	rule_add(rs, &(struct rule){ chain, { { .op = op, .name = name } } });
}

/* Comes back where nothing opens the way: to what refuses, or to what only counts. */
static void build_leased(struct ruleset *rs)
{
	static const enum rule_field fields[SET_LEASE_OWN4] = {
		[SET_LEASE4] = FIELD_ETHER_IP,	   [SET_LEASE6] = FIELD_ETHER_IP6,
		[SET_LEASE_IP4] = FIELD_IP_IP,	   [SET_LEASE_IP6] = FIELD_IP6_IP6,
		[SET_LEASE_IF4] = FIELD_IIF_IP,	   [SET_LEASE_IF6] = FIELD_IIF_IP6,
	};

	rule_add_chain(rs, "leased", HOOK_NONE);
	rule_pass_sets(rs, "leased", RULE_DENY4, 2, OP_RETURN);
	rule_pass_sets(rs, "leased", RULE_LOCAL4, 2, OP_ACCEPT);
	rule_pass_sets(rs, "leased", RULE_ALLOW4, RULE_SETS - RULE_ALLOW4, OP_ACCEPT);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		rule_add(rs, &(struct rule){ "leased",
					     { { .op = OP_LOOKUP, .field = fields[i],
						 .name = lease_set_info(i)->name },
					       { .op = OP_ACCEPT } } });
}

static void add_log(struct ruleset *rs, const char *chain, const char *prefix, uint32_t group)
{
	rule_add(rs, &(struct rule){ chain,
				     { { .op = OP_LIMIT, .a = LOG_RATE, .b = LOG_BURST },
				       { .op = OP_LOG, .name = prefix, .a = group,
					 .b = LOG_SNAPLEN, .c = LOG_THRESHOLD } } });
}

static void build_modes(struct ruleset *rs)
{
	rule_add_chain(rs, "refuse", HOOK_NONE);
	add_step(rs, "refuse", OP_COUNTER, RULESET_REFUSED);
	add_log(rs, "refuse", "nameward-refused ", RULESET_GROUP_REFUSED);
	rule_add(rs, &(struct rule){ "refuse", { { .op = OP_IS_TCP }, { .op = OP_RESET } } });
	add_step(rs, "refuse", OP_PROHIBITED, NULL);

	rule_add_chain(rs, "enforce", HOOK_NONE);
	add_step(rs, "enforce", OP_JUMP, "leased");
	add_step(rs, "enforce", OP_GOTO, "refuse");

	rule_add_chain(rs, "pass", HOOK_NONE);
	add_step(rs, "pass", OP_COUNTER, RULESET_WOULD);
	add_log(rs, "pass", "nameward-would ", RULESET_GROUP_WOULD);
	add_step(rs, "pass", OP_ACCEPT, NULL);

	rule_add_chain(rs, "observe", HOOK_NONE);
	add_step(rs, "observe", OP_JUMP, "leased");
	add_step(rs, "observe", OP_GOTO, "pass");
}

static int build(struct ruleset *rs, const struct rule_scope *scope)
{
	int rc = build_sets(rs, &scope->conf->gate);

	build_leased(rs);
	build_modes(rs);
	rule_add_chain(rs, "forward", HOOK_FORWARD);
	rule_build_quarantine(rs, scope);
	rule_add(rs, &(struct rule){ "forward",
				     { { .op = OP_ESTABLISHED }, { .op = OP_ACCEPT } } });
	if (!rc)
		rc = rule_build_zones(rs, scope);
	if (!rc)
		rule_build_router(rs, scope);
	rule_finish_sets(rs);
	return rs->rc ? rs->rc : rc;
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

/* Whether a zone has rules that stay when the daemon is gone. */
static bool is_wanted_down(const struct conf *c)
{
	for (size_t i = 0; i < c->zone_count; i++) {
		const struct conf_zone *z = &c->zones[i];

		if (z->when_down == DOWN_CLOSED &&
		    (z->gate != GATE_OFF || z->refuse_dot || z->has_reach ||
		     z->refuse_lists))
			return true;
	}
	return false;
}

static int make(const struct rule_scope *scope, struct ruleset **out)
{
	const struct conf *c = scope->conf;
	struct ruleset *rs;
	int rc;

	if (!is_table_name(c->gate.table))
		return -EINVAL;
	rs = calloc(1, sizeof(*rs));
	if (!rs)
		return -ENOMEM;
	rs->wanted = scope->down ? is_wanted_down(c) : conf_wants_gate(c);
	rs->set_size = 2 * MIN(c->gate.max_leases, LEASE_LIMIT);
	rs->owned = c->gate.table_owner == SWITCH_ON;
	rs->table = strdup(c->gate.table);
	rc = rs->table ? build(rs, scope) : -ENOMEM;
	if (rc) {
		ruleset_free(rs);
		return rc;
	}
	*out = rs;
	return 0;
}

int ruleset_new(const struct conf *c, struct ruleset **out)
{
	return make(&(struct rule_scope){ .conf = c }, out);
}

int ruleset_new_down(const struct conf *c, struct ruleset **out)
{
	return make(&(struct rule_scope){ .conf = c, .down = true }, out);
}

void ruleset_free(struct ruleset *rs)
{
	if (!rs)
		return;
	for (size_t i = 0; i < rs->set_count; i++)
		free(rs->sets[i].elems);
	for (size_t i = 0; i < rs->name_count; i++)
		free(rs->names[i]);
	free(rs->names);
	free(rs->ranges);
	free(rs->sets);
	free(rs->chains);
	free(rs->rules);
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
	for (size_t i = 0; i < rs->chain_count; i++)
		if (!strcmp(rs->chains[i].name, name))
			return true;
	return false;
}
