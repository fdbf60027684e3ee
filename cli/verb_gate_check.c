/* nameward gate check: may this device connect there? The exit status is the answer. */
#include "cli/verbs.h"

#include "cli/gate_story.h"
#include "lib/addr.h"

enum check_option { CHECK_CLIENT = 1 };

static const struct option_spec check_options[] = {
	{ 0, "client", "CLIENT", "the device: its name, address or MAC address, or `router`", CHECK_CLIENT },
	{ 0, NULL, NULL, NULL, 0 },
};

static int run_gate_check(const struct command *c)
{
	enum gate_passes passes = GATE_UNKNOWN;
	const char *client = NULL;
	struct gate_target to;
	int status;

	for (size_t i = 0; i < c->choice_count; i++)
		client = c->choices[i].value;
	if (gate_target_read(c->operands[0], &to) < 0)
		return command_usage(c, "not an IP address, with or without a port");
	if (!client)
		return command_usage(c, "--client is needed");
	status = gate_story(c, &to, client, &passes);
	if (status != COMMAND_DONE)
		return status;
	switch (passes) {
	case GATE_REFUSED:
		return COMMAND_FAILED;
	case GATE_UNKNOWN:
		command_complain(c, "the leases are not known while the daemon cannot be asked");
		return COMMAND_NOT_RUNNING;
	default:
		return COMMAND_DONE;
	}
}

const struct verb verb_gate_check = {
	.name = "gate check",
	.operands = "ADDRESS[:PORT[/udp]]",
	.summary = "may a device connect to an address now, and why",
	.examples = "  nameward gate check 203.0.113.80 --client tv\n"
		    "  nameward gate check 203.0.113.80:123/udp --client tv\n"
		    "  nameward gate check 203.0.113.80 --client 192.168.1.20 >/dev/null || echo no\n",
	.notes = "Exit status 0: it passes, 1: it is refused, 3: the daemon, which holds the\n"
		 "leases and the lists, is not running. Without a port neither exceptions for services\n"
		 "(allow udp 123) nor refuse-dot count. What a zone may reach goes by the route from\n"
		 "here.\n",
	.options = check_options,
	.operands_min = 1,
	.operands_max = 1,
	.run = run_gate_check,
};
