/* What the router sends itself: a chain in output, beside the one in forward that zones have;
 * see rule_build.h.
 *
 * There is no device to tell by a packet, so leases are by destination alone. What nameward
 * itself sends is known by its accounts: its upstreams would be refused else, and with them
 * every lease. */
#include "lib/util.h"
#include "nftsync/lease_set.h"
#include "nftsync/rule_build.h"
#include "nftsync/ruleset.h"

static void pass(struct ruleset *rs, const struct rule_step *what)
{
	rule_add(rs, &(struct rule){ "output", { *what, { .op = OP_ACCEPT } } });
}

/* Likewise chain `leased`, without what needs a frame that came in. */
static void build_leased(struct ruleset *rs)
{
	static const struct {
		enum rule_field field;
		enum lease_set set;
	} rows[] = {
		{ FIELD_IP_DADDR, SET_LEASE_OWN4 }, { FIELD_IP6_DADDR, SET_LEASE_OWN6 },
	};

	rule_add_chain(rs, "own_leased", HOOK_NONE);
	rule_pass_sets(rs, "own_leased", RULE_DENY4, 2, OP_RETURN);
	rule_pass_sets(rs, "own_leased", RULE_LOCAL4, 2, OP_ACCEPT);
	rule_pass_sets(rs, "own_leased", RULE_ALLOW4, RULE_MAC - RULE_ALLOW4, OP_ACCEPT);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		rule_add(rs, &(struct rule){ "own_leased",
					     { { .op = OP_LOOKUP, .field = rows[i].field,
						 .name = lease_set_info(rows[i].set)->name },
					       { .op = OP_ACCEPT } } });
}

/* Not when the daemon is gone: a router that can look up nothing has to be mended. */
void rule_build_router(struct ruleset *rs, const struct rule_scope *scope)
{
	const struct conf_gate *gate = &scope->conf->gate;
	const char *mode = gate->router == GATE_ENFORCE ? "refuse" : "pass";

	if (scope->down || gate->router == GATE_OFF)
		return;
	build_leased(rs);
	rule_add_chain(rs, "output", HOOK_OUTPUT);
	pass(rs, &(struct rule_step){ .op = OP_NOT_NEW });
	pass(rs, &(struct rule_step){ .op = OP_TO_LOOPBACK });
	pass(rs, &(struct rule_step){ .op = OP_TO_ROUTER });
	for (size_t i = 0; i < gate->account_count; i++)
		pass(rs, &(struct rule_step){ .op = OP_OWNER, .a = gate->accounts[i] });
	rule_add(rs, &(struct rule){ "output", { { .op = OP_JUMP, .name = "own_leased" } } });
	rule_add(rs, &(struct rule){ "output", { { .op = OP_GOTO, .name = mode } } });
}
