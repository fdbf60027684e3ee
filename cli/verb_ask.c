/* nameward status, gate and list: questions to the daemon whose answer is printed as it is. */
#include "cli/verbs.h"

#include "cli/source.h"
#include "lib/addr.h"
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
	char text[ADDR_TEXT_MAX];
	struct addr addr;

	if (c->operand_count == 0)
		return source_print(c, words, 2, NULL);
	if (addr_from_text(c->operands[0], &addr) < 0)
		return command_usage(c, "not an IP address");
	words[2] = addr_to_text(&addr, text);
	return source_print(c, words, 3, NULL);
}

const struct verb verb_gate_ls = {
	.name = "gate ls",
	.operands = "[ADDRESS]",
	.summary = "leases: which device may connect to which address, and for how long",
	.examples = "  nameward gate ls\n"
		    "  nameward gate ls 203.0.113.80     leases to, or of, that address\n"
		    "  nameward gate ls -o csv >leases.csv\n",
	.operands_max = 1,
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
	.run = run_gate_rules,
};

static int run_list_ls(const struct command *c)
{
	static const char *const words[] = { "list", "ls" };

	return source_print(c, words, ARRAY_SIZE(words), NULL);
}

const struct verb verb_list_ls = {
	.name = "list ls",
	.operands = "",
	.summary = "the lists, with what was counted in each",
	.examples = "  nameward list ls\n",
	.run = run_list_ls,
};

static int run_list_search(const struct command *c)
{
	char text[DNAME_TEXT_MAX];
	const char *words[] = { "list", "search", text };
	struct dname name;
	size_t rows = 0;
	int status;

	if (dname_from_text(c->operands[0], &name) < 0)
		return command_usage(c, "not a domain name");
	dname_to_text(&name, text);
	status = source_print(c, words, ARRAY_SIZE(words), &rows);
	return status == COMMAND_DONE && rows == 0 ? COMMAND_FAILED : status;
}

const struct verb verb_list_search = {
	.name = "list search",
	.operands = "NAME",
	.summary = "which lists hold a name, and by which entry",
	.examples = "  nameward list search ads.example.com\n"
		    "  nameward list search ads.example.com >/dev/null && echo listed\n",
	.notes = "Entries of a parent that take in all below it count too. Exit status 1: in\n"
		 "no list.\n",
	.operands_min = 1,
	.operands_max = 1,
	.run = run_list_search,
};
