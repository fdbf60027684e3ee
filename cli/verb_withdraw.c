/* nameward gate withdraw: what was opened is to be closed before its time. */
#include "cli/verbs.h"

#include "cli/source.h"
#include "lib/addr.h"
#include "lib/dname.h"
#include "lib/util.h"

enum withdraw_option { WITHDRAW_CLIENT = 1, WITHDRAW_KILL };

static const struct option_spec withdraw_options[] = {
	{ 0, "client", "CLIENT", "only of this device: its name, address or MAC address",
	  WITHDRAW_CLIENT },
	{ 0, "kill", NULL, "end the connections, too", WITHDRAW_KILL },
	{ 0, NULL, NULL, NULL, 0 },
};

static int run_withdraw(const struct command *c)
{
	char text[MAX(DNAME_TEXT_MAX, ADDR_TEXT_MAX)] = "*";
	const char *words[] = { "gate", "withdraw", text, "-", "kill" };
	struct dname name;
	struct addr addr;
	bool kill = false;

	for (size_t i = 0; i < c->choice_count; i++) {
		kill |= c->choices[i].id == WITHDRAW_KILL;
		if (c->choices[i].id == WITHDRAW_CLIENT)
			words[3] = c->choices[i].value;
	}
	if (!c->operand_count && words[3][0] == '-')
		return command_usage(c, "which name or address, or which --client?");
	if (c->operand_count && addr_from_text(c->operands[0], &addr) == 0) {
		addr_to_text(&addr, text);
	} else if (c->operand_count) {
		if (dname_from_text(c->operands[0], &name) < 0)
			return command_usage(c, "neither a domain name nor an address");
		dname_lower(&name);
		dname_to_text(&name, text);
	}
	return source_print(c, words, kill ? 5 : 4, NULL);
}

const struct verb verb_gate_withdraw = {
	.name = "gate withdraw",
	.operands = "[NAME|ADDRESS]",
	.summary = "close what a lookup opened, before its time",
	.examples = "  sudo nameward gate withdraw tracker.example.net\n"
		    "  sudo nameward gate withdraw 203.0.113.80 --client tv --kill\n"
		    "  sudo nameward gate withdraw --client tv       all that it looked up\n",
	.notes = "A name closes what only it opened, also as a CNAME of others; `kept` counts the\n"
		 "addresses that stay open because of another name. An address, or a client alone,\n"
		 "closes whatever opened it. A further lookup opens it again: to prevent that, block\n"
		 "the name. Connections go on without --kill.\n",
	.options = withdraw_options,
	.operands_max = 1,
	.run = run_withdraw,
};
