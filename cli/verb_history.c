/* nameward history forget: delete what was recorded of a client or a name. */
#include "cli/verbs.h"

#include <string.h>

#include "cli/source.h"
#include "lib/addr.h"
#include "lib/dname.h"
#include "lib/util.h"

enum forget_option { FORGET_CLIENT = 1, FORGET_NAME, FORGET_YES };

static const struct option_spec forget_options[] = {
	{ 0, "client", "CLIENT", "its address, MAC address, label, or hash as recorded",
	  FORGET_CLIENT },
	{ 0, "name", "NAME", "this name, also in answers; *.NAME: and all below", FORGET_NAME },
	{ 0, "yes", NULL, "do it", FORGET_YES },
	{ 0, NULL, NULL, NULL, 0 },
};

/* As names are recorded. */
static bool read_name(const char *from, char *to)
{
	bool below = strncmp(from, "*.", 2) == 0;
	struct dname name;

	if (dname_from_text(from + (below ? 2 : 0), &name) < 0)
		return false;
	dname_lower(&name);
	if (below)
		memcpy(to, "*.", 2);
	dname_to_text(&name, to + (below ? 2 : 0));
	return true;
}

/* Addresses in the form in which they are recorded; other words as they are. */
static bool read_client(const char *from, char *to, size_t size)
{
	struct addr addr;
	struct mac mac;

	if (addr_from_text(from, &addr) == 0)
		addr_to_text(&addr, to);
	else if (mac_from_text(from, &mac) == 0)
		mac_to_text(&mac, to);
	else if (*from && strlen(from) < size)
		strcpy(to, from);
	else
		return false;
	return true;
}

static int run_forget(const struct command *c)
{
	char text[DNAME_TEXT_MAX + 2] = "";
	const char *words[] = { "history", "forget", NULL, text };
	bool is_confirmed = false, is_good = true;
	unsigned given = 0;

	for (size_t i = 0; i < c->choice_count; i++) {
		const char *value = c->choices[i].value;

		if (c->choices[i].id == FORGET_YES) {
			is_confirmed = true;
			continue;
		}
		given++;
		words[2] = c->choices[i].id == FORGET_NAME ? "name" : "client";
		is_good = c->choices[i].id == FORGET_NAME ?
				  read_name(value, text) :
				  read_client(value, text, sizeof(text));
	}
	if (given != 1)
		return command_usage(c, "say which: --client CLIENT or --name NAME");
	if (!is_good)
		return command_usage(c, "not a client or a domain name");
	if (!is_confirmed)
		return command_usage(c, "this cannot be undone: say --yes");
	return source_print(c, words, ARRAY_SIZE(words), NULL);
}

const struct verb verb_history_forget = {
	.name = "history forget",
	.operands = "--client CLIENT | --name NAME",
	.summary = "delete what was recorded of a client or a name",
	.examples = "  sudo nameward history forget --client tv --yes\n"
		    "  sudo nameward history forget --client 192.168.1.77 --yes\n"
		    "  sudo nameward history forget --name '*.clinic.example' --yes\n",
	.notes = "Lookups, roll-ups, passive DNS and refused connections up to now; names that only\n"
		 "this client asked for go with it. It goes on in the background: `nameward status`\n"
		 "shows forgetting, then there is an event history-forgotten. To record nothing in\n"
		 "future see never-record in nameward.conf(5). Only root may do this.\n",
	.options = forget_options,
	.run = run_forget,
};
