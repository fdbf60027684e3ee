/* nameward top: the busiest names, clients, lists and so on, counted from the history. */
#include "cli/verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/question.h"
#include "cli/log_request.h"
#include "db/report_top.h"
#include "lib/clock.h"

#define TOP_LINES 20
#define DAY_US	  86400000000LL

static const struct option_spec top_options[] = {
	{ 'n', "lines", "N", "at most N (default 20)", LOG_LINES },
	{ 'S', "since", "TIME", "from a time on (default: the last 24 hours)", LOG_SINCE },
	{ 'U', "until", "TIME", "up to a time", LOG_UNTIL },
	{ 0, "client", "CLIENT", "of a device, by name or address", LOG_CLIENT },
	{ 0, "name", "PATTERN", "of a name; * stands for any characters", LOG_NAME },
	{ 0, "verdict", "VERDICT", "forwarded, cached, blocked, ...", LOG_VERDICT },
	{ 0, "list", "LIST", "blocked by a list", LOG_LIST },
	{ 0, "type", "TYPE", "of a type: A, HTTPS, ...", LOG_TYPE },
	{ 0, NULL, NULL, NULL, 0 },
};

static const char *const topics[] = {
	[REPORT_TOP_NAMES] = "names",	      [REPORT_TOP_SITES] = "sites",
	[REPORT_TOP_CLIENTS] = "clients",     [REPORT_TOP_LISTS] = "lists",
	[REPORT_TOP_UPSTREAMS] = "upstreams", [REPORT_TOP_TYPES] = "types",
	[REPORT_TOP_VERDICTS] = "verdicts",
};

static const char *topic_at(const void *arg, size_t i)
{
	(void)arg;
	return i < ARRAY_SIZE(topics) ? topics[i] : NULL;
}

struct top_run {
	enum report_top what;
	struct report_log query;
};

static int ask(struct report *r, const struct report_out *out, void *arg)
{
	const struct top_run *run = arg;

	return report_top(r, run->what, &run->query, out);
}

static int read_topic(const struct command *c, enum report_top *out)
{
	const char *word = c->operands[0];
	const char *near;

	for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
		if (strcmp(topics[i], word) == 0) {
			*out = (enum report_top)i;
			return COMMAND_DONE;
		}
	}
	near = command_closest(word, topic_at, NULL);
	if (near)
		return command_usage(c, "nothing to count by that name: did you mean '%s'?",
				     near);
	return command_usage(c, "names, sites, clients, lists, upstreams, types or verdicts?");
}

static int run_top(const struct command *c)
{
	struct log_request *request = calloc(1, sizeof(*request));
	int64_t now_us = clock_wall_us();
	struct top_run run = { .what = REPORT_TOP_NAMES };
	int status;

	if (!request) {
		command_complain(c, "%s", strerror(ENOMEM));
		return COMMAND_FAILED;
	}
	status = read_topic(c, &run.what);
	if (status == COMMAND_DONE)
		status = log_request_init(request, c, now_us);
	if (status == COMMAND_DONE && !log_request_has(c, LOG_LINES))
		request->lines = TOP_LINES;
	if (status == COMMAND_DONE && request->lines == 0)
		status = command_usage(c, "-n takes 1 or more");
	if (status == COMMAND_DONE) {
		run.query = (struct report_log){
			.filters = request->filters,
			.filter_count = request->filter_count,
			.since_us = request->since_us,
			.until_us = request->until_us,
			.limit = request->lines,
		};
		if (!request->since_us && !request->until_us)
			run.query.since_us = now_us - DAY_US;
		status = question_print(c, ask, &run);
	}
	free(request);
	return status;
}

const struct verb verb_top = {
	.name = "top",
	.operands = "WHAT",
	.summary = "the busiest names, sites, clients, lists, upstreams, types or verdicts",
	.examples = "  nameward top names                           of the last 24 hours\n"
		    "  nameward top sites -S -7d --client tv\n"
		    "  nameward top names -S today --verdict 'blocked*' -n 50\n"
		    "  nameward top upstreams                       and how fast they were\n",
	.notes = "WHAT is names, sites (registrable domains), clients, lists, upstreams, types\n"
		 "or verdicts. Filters are those of nameward log. PERCENT is the share of all\n"
		 "lookups that pass them; P50 and P95 are milliseconds.\n",
	.options = top_options,
	.operands_min = 1,
	.operands_max = 1,
	.pages = true,
	.run = run_top,
};
