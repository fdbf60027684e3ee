/* nameward status, gate and local: questions to the daemon whose answer is printed as it is. */
#include "cli/verbs.h"

#include "cli/gate_conf.h"
#include "cli/source.h"
#include "conf/conf.h"
#include "lib/addr.h"
#include "lib/util.h"
#include "lib/dname.h"

static int run_status(const struct command *c)
{
	static const char *const words[] = { "status" };

	return source_print(c, words, ARRAY_SIZE(words), NULL);
}

const struct verb verb_status = {
	.name = "status",
	.operands = "",
	.summary = "how the daemon is: processes, upstreams, cache, gate, history",
	.examples = "  nameward status\n"
		    "  nameward status --json | jq -r 'select(.part==\"cache\")'\n",
	.run = run_status,
};

static int run_gate_ls(const struct command *c)
{
	const char *words[] = { "gate", "ls", NULL };
	char text[MAX(ADDR_TEXT_MAX, MAC_TEXT_MAX)];
	struct conf *conf = NULL;
	struct addr addr;
	struct mac mac;
	size_t zone;

	if (c->operand_count == 0)
		return source_print(c, words, 2, NULL);
	words[2] = c->operands[0];
	if (addr_from_text(words[2], &addr) == 0) {
		words[2] = addr_to_text(&addr, text);
	} else if (mac_from_text(words[2], &mac) == 0) {
		words[2] = mac_to_text(&mac, text);
	} else if (strcmp(words[2], "router") != 0) {
		if (source_conf(c, NULL, &conf) != COMMAND_DONE)
			return COMMAND_FAILED;
		zone = gate_conf_zone_of(conf, words[2]);
		conf_free(conf);
		if (zone == GATE_CONF_NONE)
			return command_usage(c, "neither an address nor an interface of a zone");
	}
	return source_print(c, words, 3, NULL);
}

const struct verb verb_gate_ls = {
	.name = "gate ls",
	.operands = "[ADDRESS|MAC|INTERFACE|router]",
	.summary = "leases: which device may connect to which address, and for how long",
	.examples = "  nameward gate ls\n"
		    "  nameward gate ls 203.0.113.80     leases to, or of, that address\n"
		    "  nameward gate ls br-iot           of a zone that shares them (lease-for zone)\n"
		    "  nameward gate ls -o csv >leases.csv\n",
	.operands_max = 1,
	.pages = true,
	.run = run_gate_ls,
};

static int run_gate_rules(const struct command *c)
{
	static const char *const words[] = { "gate", "rules" };

	return source_print(c, words, ARRAY_SIZE(words), NULL);
}

const struct verb verb_gate_rules = {
	.name = "gate rules",
	.operands = "",
	.summary = "the nftables ruleset that the daemon has loaded, without the leases",
	.examples = "  nameward gate rules\n"
		    "  nameward gate rules | sudo unshare -n nft -c -f -   check it against this kernel\n",
	.pages = true,
	.run = run_gate_rules,
};

static int run_local_ls(const struct command *c)
{
	const char *words[] = { "local", "ls", NULL };
	char text[DNAME_TEXT_MAX];
	struct dname name;

	if (c->operand_count == 0)
		return source_print(c, words, 2, NULL);
	if (dname_from_text(c->operands[0], &name) < 0)
		return command_usage(c, "not a domain name");
	words[2] = dname_to_text(&name, text);
	return source_print(c, words, 3, NULL);
}

const struct verb verb_local_ls = {
	.name = "local ls",
	.operands = "[NAME]",
	.summary = "names at home, by lines, hosts files and leases, and clients named by these",
	.examples = "  nameward local ls\n"
		    "  nameward local ls nas.home.arpa\n",
	.operands_max = 1,
	.pages = true,
	.run = run_local_ls,
};
