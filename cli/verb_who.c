/* nameward who: which clients had to do with a name or an address, from the history. */
#include "cli/verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/question.h"
#include "cli/log_request.h"
#include "db/report_who.h"
#include "lib/addr.h"
#include "lib/clock.h"

#define NAME_MAX_TEXT 1000

static const struct option_spec who_options[] = {
	{ 'n', "lines", "N", "at most N (default 50)", LOG_LINES },
	{ 'S', "since", "TIME", "from a time on: today, -2h, \"2026-11-23 08:00\"", LOG_SINCE },
	{ 'U', "until", "TIME", "up to a time", LOG_UNTIL },
	{ 0, NULL, NULL, NULL, 0 },
};

struct who_run {
	const char *name; /* NULL: addr */
	char addr[ADDR_TEXT_MAX];
	struct report_log range;
};

static int ask(struct report *r, const struct report_out *out, void *arg)
{
	const struct who_run *run = arg;

	if (run->name)
		return report_who_name(r, run->name, &run->range, out);
	return report_who_addr(r, run->addr, &run->range, out);
}

static int run_who(const struct command *c)
{
	struct log_request *request = calloc(1, sizeof(*request));
	struct question_owners owned = { .column = "port" };
	struct who_run run = { .name = NULL };
	struct addr addr;
	int status;

	if (!request) {
		command_complain(c, "%s", strerror(ENOMEM));
		return COMMAND_FAILED;
	}
	status = log_request_init(request, c, clock_wall_us());
	run.range = (struct report_log){
		.since_us = request->since_us,
		.until_us = request->until_us,
		.limit = log_request_has(c, LOG_LINES) ? request->lines : LOG_LINES_DEFAULT,
	};
	free(request);
	if (status != COMMAND_DONE)
		return status;
	if (run.range.limit == 0)
		return command_usage(c, "-n takes 1 or more");
	if (addr_from_text(c->operands[0], &addr) == 0)
		addr_to_text(&addr, run.addr);
	else if (!*c->operands[0] || strlen(c->operands[0]) > NAME_MAX_TEXT)
		return command_usage(c, "neither a domain name nor an address");
	else
		run.name = c->operands[0];
	owned.addr = run.name ? NULL : run.addr;
	return question_print_owned(c, ask, &run, &owned);
}

const struct verb verb_who = {
	.name = "who",
	.operands = "NAME|ADDRESS",
	.summary = "who asked for a name; who was told an address, or connected to it",
	.examples = "  nameward who tracker.example.net\n"
		    "  nameward who '*.example.net' -S -7d\n"
		    "  nameward who 203.0.113.80\n",
	.notes = "HOW is asked or blocked, for an address told; and refused or observed for\n"
		 "connections to it that the gate refused, or would have. OWNER is there where\n"
		 "the configuration has a table of owners.\n",
	.options = who_options,
	.operands_min = 1,
	.operands_max = 1,
	.pages = true,
	.run = run_who,
};
