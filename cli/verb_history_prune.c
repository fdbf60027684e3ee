/*
 * nameward history prune: delete at once what the configuration or --before says, and give
 * the space back. The process dbwriter does it between its commits; where no daemon runs, a
 * child of ours does, with that process's rights.
 */
#include "cli/verbs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/control_client.h"
#include "cli/daemon_lock.h"
#include "cli/interrupt.h"
#include "cli/source.h"
#include "cli/when.h"
#include "conf/conf.h"
#include "db/prune_offline.h"
#include "db/store.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/sandbox.h"
#include "lib/util.h"

#define LOOK_MS	 250
#define CELL_MAX 24

enum prune_option { PRUNE_BEFORE = 1, PRUNE_KIND, PRUNE_YES };

static const struct option_spec prune_options[] = {
	{ 0, "before", "TIME", "also what is older: -90d, \"2026-11-01\"", PRUNE_BEFORE },
	{ 0, "kind", "KIND", "--before of these alone: lookups, refusals, events, hourly, daily",
	  PRUNE_KIND },
	{ 0, "yes", NULL, "do it; --before needs it", PRUNE_YES },
	{ 0, NULL, NULL, NULL, 0 },
};

/* What was deleted so far, in the order in which it is shown. */
static const char *const kinds[] = { "lookups", "refusals", "events",	   "hourly",	  "daily",
				     "names",	"passive-dns", "dictionaries" };

struct counts {
	bool is_known, is_active;
	int64_t rows[ARRAY_SIZE(kinds)];
	int64_t bytes; /* given back */
};

struct prune_run {
	const struct command *c;
	struct conf *conf; /* owned */
	struct prune_request request;
	struct interrupt interrupt;
	struct counts counts;
	bool is_terminal, has_shown;
};

/* --- output --------------------------------------------------------------------------- */

static void show_progress(struct prune_run *run)
{
	int64_t rows = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		rows += run->counts.rows[i];
	if (!run->is_terminal)
		return;
	fprintf(run->c->err, "\r%" PRId64 " rows deleted, %" PRId64 " MiB given back", rows,
		run->counts.bytes >> 20);
	run->has_shown = true;
	fflush(run->c->err);
}

static int print_row(struct table *table, const char *kind, int64_t rows, int64_t bytes)
{
	char texts[2][CELL_MAX];
	const char *cells[] = { kind, rows < 0 ? NULL : texts[0], bytes < 0 ? NULL : texts[1] };

	snprintf(texts[0], CELL_MAX, "%" PRId64, rows);
	snprintf(texts[1], CELL_MAX, "%" PRId64, bytes);
	return table_row(table, cells);
}

static int print_counts(struct prune_run *run)
{
	static const struct table_column columns[] = {
		{ "kind", COLUMN_TEXT }, { "rows", COLUMN_NUMBER }, { "bytes", COLUMN_NUMBER }
	};
	struct table *table = NULL;
	int rc;

	if (run->has_shown)
		fputc('\n', run->c->err);
	rc = table_new(run->c->out, &run->c->style, columns, ARRAY_SIZE(columns), &table);
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && rc == 0; i++)
		rc = print_row(table, kinds[i], run->counts.rows[i], -1);
	if (rc == 0)
		rc = print_row(table, "given-back", -1, MAX(run->counts.bytes, 0));
	if (rc == 0)
		rc = table_flush(table);
	table_free(table);
	return rc < 0 ? command_write_failed(run->c, rc) : COMMAND_DONE;
}

/* --- by the daemon -------------------------------------------------------------------- */

static int on_columns(void *arg, char *const *names, size_t count)
{
	(void)arg;
	(void)names;
	return count <= 2 ? 0 : -EPROTO;
}

static int on_begun(void *arg, char *const *fields, size_t count)
{
	(void)arg;
	(void)fields;
	(void)count;
	return 0;
}

/* A key that is not known yet is left out. */
static int on_count(void *arg, char *const *fields, size_t count)
{
	struct counts *counts = arg;
	int64_t number;

	if (count != 2)
		return -EPROTO;
	number = strtoll(fields[1], NULL, 10);
	if (strcmp(fields[0], "active") == 0) {
		counts->is_known = true;
		counts->is_active = number != 0;
	}
	if (strcmp(fields[0], "bytes") == 0)
		counts->bytes = number;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(fields[0], kinds[i]) == 0)
			counts->rows[i] = number;
	return 0;
}

static int say_why(const struct command *c, int rc, const char *why)
{
	char safe[4 * CONTROL_WHY_MAX];

	command_complain(c, "%s", *why ? log_safe(why, safe, sizeof(safe)) : strerror(-rc));
	if (rc == -ECONNREFUSED)
		return COMMAND_NOT_RUNNING;
	return rc == -EACCES ? COMMAND_PERMISSION : COMMAND_FAILED;
}

static int await(struct prune_run *run)
{
	static const struct control_sink sink = { on_columns, on_count };
	const char *const words[] = { "history", "pruning" };
	char why[CONTROL_WHY_MAX] = "";
	int rc = interrupt_init(&run->interrupt);
	bool is_left = false;

	if (rc)
		return say_why(run->c, rc, why);
	do {
		run->counts = (struct counts){ 0 };
		rc = control_ask(run->conf->control, words, ARRAY_SIZE(words), &sink, &run->counts,
				 why);
		if (rc == 0)
			show_progress(run);
		is_left = rc == 0 && run->counts.is_active &&
			  interrupt_came(&run->interrupt, LOOK_MS);
	} while (rc == 0 && run->counts.is_active && !is_left);
	interrupt_fini(&run->interrupt);
	if (rc < 0)
		return say_why(run->c, rc, why);
	if (!run->counts.is_known)
		return say_why(run->c, -EIO, "the daemon opened the history anew meanwhile: ask again");
	if (!is_left)
		return print_counts(run);
	command_complain(run->c, "the daemon goes on with it: nameward status shows pruning");
	return COMMAND_FAILED;
}

/* Begin. -ECONNREFUSED: there is no daemon. */
static int ask(struct prune_run *run, char *why)
{
	static const struct control_sink sink = { on_columns, on_begun };
	char text[PRUNE_REQUEST_MAX], *rest = text;
	const char *words[5] = { "history", "prune" };
	size_t count = 2;

	prune_request_text(&run->request, text);
	while (*text && count < ARRAY_SIZE(words) && (words[count] = strsep(&rest, " ")))
		count++;
	return control_ask(run->conf->control, words, count, &sink, NULL, why);
}

/* --- without a daemon ----------------------------------------------------------------- */

static int on_slice(void *arg, const struct prune_progress *p)
{
	struct prune_run *run = arg;
	const uint64_t rows[ARRAY_SIZE(kinds)] = {
		p->deleted.lookups, p->deleted.refusals, p->deleted.events,   p->deleted.hours,
		p->deleted.days,    p->deleted.names,	 p->deleted.resolved, p->deleted.dictionary,
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		run->counts.rows[i] = (int64_t)rows[i];
	run->counts.bytes = p->bytes_before - p->bytes;
	show_progress(run);
	return interrupt_came(&run->interrupt, 0);
}

static int run_child(struct prune_run *run)
{
	static const struct sandbox rights = {
		.user = "nameward-db",
		.calls = SANDBOX_FILES,
		.keep_group_adm = true,
	};
	const char *why = "";
	int status, rc;

	if (sandbox_enter(&rights, &why)) {
		command_complain(run->c, "sandbox: %s", why);
		return COMMAND_FAILED;
	}
	umask(0027);
	rc = interrupt_init(&run->interrupt);
	if (rc == 0)
		rc = prune_offline(&run->conf->history, &run->request, on_slice, run);
	if (rc == 0)
		status = print_counts(run);
	else if (rc == -EINTR)
		status = say_why(run->c, rc, "interrupted: what was deleted is deleted");
	else
		status = source_history_failed(run->c, run->conf, rc);
	return fflush(run->c->out) ? COMMAND_FAILED : status;
}

static int run_offline(struct prune_run *run)
{
	int status;
	pid_t pid;

	/* it would be made */
	if (access(run->conf->history.file, F_OK) < 0)
		return source_history_failed(run->c, run->conf, errno == EACCES ? -EACCES : -ENOENT);
	fflush(run->c->out);
	fflush(run->c->err);
	pid = fork();
	if (pid < 0)
		return say_why(run->c, -errno, "");
	if (pid == 0)
		_exit(run_child(run));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return COMMAND_FAILED;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	command_complain(run->c, "ended by signal %d: what was deleted is deleted",
			 WTERMSIG(status));
	return COMMAND_FAILED;
}

/* --- the verb ------------------------------------------------------------------------- */

static int read_before(struct prune_run *run, const char *value)
{
	if (when_parse(value, clock_wall_us(), &run->request.before_us) == 0 &&
	    run->request.before_us > 0)
		return COMMAND_DONE;
	return command_usage(run->c, "not a time: '%s'", value);
}

static int read_kind(struct prune_run *run, const char *value)
{
	enum prune_kind kind;

	if (prune_kind_from_text(value, &kind))
		return command_usage(run->c, "--kind takes lookups, refusals, events, hourly or "
					     "daily");
	run->request.kinds |= 1u << kind;
	return COMMAND_DONE;
}

static int read_options(struct prune_run *run)
{
	const struct command *c = run->c;
	bool is_confirmed = false;
	int status = COMMAND_DONE;

	for (size_t i = 0; i < c->choice_count && status == COMMAND_DONE; i++) {
		if (c->choices[i].id == PRUNE_BEFORE)
			status = read_before(run, c->choices[i].value);
		else if (c->choices[i].id == PRUNE_KIND)
			status = read_kind(run, c->choices[i].value);
		else
			is_confirmed = true;
	}
	if (status != COMMAND_DONE)
		return status;
	if (run->request.kinds && !run->request.before_us)
		return command_usage(c, "--kind is for --before");
	if (run->request.before_us && !is_confirmed)
		return command_usage(c, "this cannot be undone: say --yes");
	if (run->request.before_us && !run->request.kinds)
		run->request.kinds = (1u << PRUNE_KINDS) - 1;
	return COMMAND_DONE;
}

static int run_opened(struct prune_run *run)
{
	char why[CONTROL_WHY_MAX] = "";
	int rc = ask(run, why);

	if (rc == 0)
		return await(run);
	if (rc != -ECONNREFUSED)
		return say_why(run->c, rc, why);
	if (daemon_lock_pid(run->conf->control))
		return say_why(run->c, rc, "the daemon is starting or stopping: try again");
	return run_offline(run);
}

static int run_prune(const struct command *c)
{
	struct prune_run run = { .c = c, .is_terminal = isatty(fileno(c->err)) };
	int status = read_options(&run);

	if (status == COMMAND_DONE)
		status = source_conf(c, NULL, &run.conf);
	if (status == COMMAND_DONE)
		status = run_opened(&run);
	conf_free(run.conf);
	return status;
}

const struct verb verb_history_prune = {
	.name = "history prune",
	.operands = "",
	.summary = "delete at once what is due, and give the space back",
	.examples = "  sudo nameward history prune                  what the configuration says\n"
		    "  sudo nameward history prune --before -30d --yes\n"
		    "  sudo nameward history prune --before 2026-11-01 --kind lookups --yes\n",
	.notes = "The daemon does it in slices between its commits, so that DNS and recording go on; it\n"
		 "goes on when you leave. Without the daemon it is done by the command. Lookups are in\n"
		 "the roll-ups (hourly, daily) before they go. Only root may do this.\n",
	.options = prune_options,
	.run = run_prune,
};
