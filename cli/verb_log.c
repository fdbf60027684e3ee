/* nameward log: lookups from the history, read from its file: the daemon need not run. */
#include "cli/verbs.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/control_client.h"
#include "cli/log_request.h"
#include "cli/log_table.h"
#include "cli/source.h"
#include "cli/watch.h"
#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/util.h"

/* A lookup is recorded at most so long after it began: those are not news to a follower. */
#define RECENT_US 21000000

#define ASK_EVERY_MS 2000  /* the daemon commits sooner for some seconds after each */
#define ASK_LATER_MS 30000 /* where it cannot be asked */

#define READS_MAX 5 /* of a broken file in a row, WATCH_QUIET_MS or less apart */

static const struct option_spec log_options[] = {
	{ 'f', "follow", NULL, "go on with new lookups until interrupted", LOG_FOLLOW },
	{ 'n', "lines", "N", "at most the newest N", LOG_LINES },
	{ 'r', "reverse", NULL, "the newest first", LOG_REVERSE },
	{ 'S', "since", "TIME", "from a time on: today, -2h, \"2026-11-23 08:00\"", LOG_SINCE },
	{ 'U', "until", "TIME", "up to a time", LOG_UNTIL },
	{ 0, "client", "CLIENT", "of a device, by name or address", LOG_CLIENT },
	{ 0, "name", "PATTERN", "of a name; * stands for any characters", LOG_NAME },
	{ 0, "verdict", "VERDICT", "forwarded, cached, blocked, ...", LOG_VERDICT },
	{ 0, "list", "LIST", "blocked by a list", LOG_LIST },
	{ 0, "type", "TYPE", "of a type: A, HTTPS, ...", LOG_TYPE },
	{ 0, NULL, NULL, NULL, 0 },
};

struct log_run {
	const struct command *command;
	const struct log_request *request;
	const char *path; /* of the database */
	const char *control; /* the daemon's socket */
	uint64_t ask_at_ms;
	unsigned failed; /* attempts in a row to read what others may be replacing just now */
	struct report *report;
	struct report_follow *follow; /* NULL: not following */
	struct log_table table;
};

static int discard_row(void *arg, const struct report_value *values, size_t count)
{
	(void)arg;
	(void)values;
	(void)count;
	return 0;
}

static struct report_log query_of(const struct log_run *run)
{
	const struct log_request *r = run->request;

	return (struct report_log){
		.filters = r->filters,
		.filter_count = r->filter_count,
		.since_us = r->since_us,
		.until_us = r->until_us,
		.limit = r->lines == UINT64_MAX ? 0 : r->lines,
		.reverse = r->reverse,
		.follow = run->follow,
	};
}

/* With -n, older lookups than those shown must not come up as news: see them first. */
static int see_recent(struct log_run *run)
{
	const struct report_out out = { log_table_columns, discard_row, &run->table };
	struct report_log recent = query_of(run);

	recent.since_us = clock_wall_us() - RECENT_US;
	recent.limit = 0;
	return report_log(run->report, &recent, &out);
}

static int show_past(struct log_run *run)
{
	const struct report_out out = { log_table_columns, log_table_row, &run->table };
	struct report_log query = query_of(run);
	int rc = run->follow ? see_recent(run) : 0;

	if (rc == 0 && run->request->lines > 0)
		rc = report_log(run->report, &query, &out);
	return rc ? rc : log_table_flush(&run->table);
}

static int show_news(struct log_run *run)
{
	const struct report_out out = { log_table_columns, log_table_row, &run->table };
	struct report_log query = query_of(run);
	int rc = report_log_new(run->report, &query, clock_wall_us(), &out);

	/* the next commit will show it: the history waits for a lock, or is being changed */
	if (rc == -EBUSY || rc == -ETIMEDOUT)
		rc = 0;
	return rc ? rc : log_table_flush(&run->table);
}

static int reopen(struct log_run *run)
{
	report_close(run->report);
	run->report = NULL;
	return report_open(run->path, &run->report);
}

static int ignore_columns(void *arg, char *const *names, size_t count)
{
	(void)arg;
	(void)names;
	(void)count;
	return 0;
}

/* Tell the daemon that somebody watches, so that lookups come sooner. It need not run. */
static void ask_for_haste(struct log_run *run)
{
	static const struct control_sink sink = { ignore_columns, ignore_columns };
	const char *const words[] = { "history", "follow" };
	char why[CONTROL_WHY_MAX];
	int rc;

	if (clock_mono_ms() < run->ask_at_ms)
		return;
	rc = control_ask(run->control, words, ARRAY_SIZE(words), &sink, NULL, why);
	run->ask_at_ms = clock_mono_ms() + (rc ? ASK_LATER_MS : ASK_EVERY_MS);
}

/* A file that is just being replaced, its WAL not yet, looks broken for a moment. */
static bool may_pass(struct log_run *run, int rc)
{
	return (rc == -EIO || rc == -EUCLEAN || rc == -ENOENT) && run->failed++ < READS_MAX;
}

static int follow(struct log_run *run)
{
	struct watch *watch;
	enum watch_event event = WATCH_CHANGED;
	int rc = watch_new(run->path, &watch);

	if (rc < 0)
		return rc;
	while (rc == 0) {
		ask_for_haste(run);
		event = watch_wait(watch);
		if (event == WATCH_INTERRUPTED)
			break;
		if (event == WATCH_QUIET && !run->failed)
			continue;
		if (event == WATCH_REPLACED || run->failed)
			rc = reopen(run);
		if (rc == 0)
			rc = show_news(run);
		if (rc == 0)
			run->failed = 0;
		else if (may_pass(run, rc))
			rc = 0;
	}
	watch_free(watch);
	return rc;
}

static int run_opened(struct log_run *run)
{
	int rc;

	if (run->request->follow) {
		run->follow = report_follow_new();
		if (!run->follow)
			return -ENOMEM;
		run->table.endless = true;
	}
	rc = show_past(run);
	if (rc == 0 && run->follow)
		rc = follow(run);
	return rc;
}

static int run_log(const struct command *c)
{
	struct log_run run = { .command = c, .table = { .out = c->out, .style = &c->style } };
	struct log_request *request = calloc(1, sizeof(*request));
	struct conf *conf = NULL;
	int status, rc = 0;

	if (!request)
		return source_history_failed(c, NULL, -ENOMEM);
	run.request = request;
	status = log_request_init(request, c, clock_wall_us());
	if (status == COMMAND_DONE)
		status = source_conf(c, NULL, &conf);
	if (status == COMMAND_DONE) {
		run.path = conf->history.file;
		run.control = conf->control;
		rc = report_open(run.path, &run.report);
	}
	if (status == COMMAND_DONE && rc == 0)
		rc = run_opened(&run);
	if (run.table.write_rc < 0)
		status = command_write_failed(c, run.table.write_rc);
	else if (rc < 0)
		status = source_history_failed(c, conf, rc);
	log_table_fini(&run.table);
	report_follow_free(run.follow);
	report_close(run.report);
	conf_free(conf);
	free(request);
	return status;
}

const struct verb verb_log = {
	.name = "log",
	.operands = "",
	.summary = "lookups from the history",
	.examples = "  nameward log                                 the last 50\n"
		    "  nameward log -f --client tv                  follow one device\n"
		    "  nameward log -S today --verdict 'blocked*'\n"
		    "  nameward log -S -2h --name '*.example.com' --client '!192.168.1.10'\n"
		    "  nameward log -S yesterday -U today -o csv >yesterday.csv\n",
	.notes = "Filters repeat: one of the values of an option has to fit. A value that begins\n"
		 "with ! must not fit. N counts identical lookups that were asked close together.\n",
	.options = log_options,
	.pages = true,
	.unpaged = LOG_FOLLOW,
	.run = run_log,
};
