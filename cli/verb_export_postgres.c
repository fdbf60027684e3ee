/*
 * nameward export postgres: copies the history to a PostgreSQL server, from where the last
 * call ended. The daemon knows nothing of it and never waits for it.
 */
#include "cli/verbs.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cli/source.h"
#include "conf/conf.h"
#include "db/report.h"
#include "export/pg_link.h"
#include "export/pg_push.h"
#include "lib/clock.h"
#include "lib/log.h"

#define SHOW_US 500000 /* progress is shown so often */

enum export_option { EXPORT_ROUTER = 1 };

static const struct option_spec export_options[] = {
	{ 0, "router", "NAME", "as what the rows stand there (default: the host's name)",
	  EXPORT_ROUTER },
	{ 0, NULL, NULL, NULL, 0 },
};

struct export {
	const struct command *c;
	const struct conf *conf; /* borrowed */
	struct pg_push push;
	char router[PG_ROUTER_MAX + 2];
	bool is_terminal;
	uint64_t began_us, shown_us; /* mono */
};

static void on_progress(void *arg, const struct pg_push *p)
{
	struct export *e = arg;
	uint64_t now_us = clock_mono_us();

	if (!e->is_terminal || now_us - e->shown_us < SHOW_US)
		return;
	e->shown_us = now_us;
	fprintf(e->c->err, "\r%" PRIu64 " rows, %" PRIu64 " a second\033[K", p->sent,
		p->sent * 1000000 / MAX(now_us - e->began_us, 1u));
	fflush(e->c->err);
}

static int print(const struct export *e)
{
	static const struct table_column columns[] = {
		{ "router", COLUMN_TEXT }, { "pushed", COLUMN_NUMBER }, { "there", COLUMN_NUMBER },
		{ "late", COLUMN_NUMBER }, { "last", COLUMN_MOMENT },
	};
	char pushed[24], there[24], late[24], up_to[24];
	const char *const cells[] = { e->router, pushed, there, late,
				      e->push.up_to_us ? up_to : NULL };
	struct table *table;
	int rc = table_new(e->c->out, &e->c->style, columns, ARRAY_SIZE(columns), &table);

	if (rc < 0)
		return rc;
	snprintf(pushed, sizeof(pushed), "%" PRIu64, e->push.written);
	snprintf(there, sizeof(there), "%" PRIu64, e->push.sent - e->push.written);
	snprintf(late, sizeof(late), "%" PRIu64, e->push.late_hours);
	snprintf(up_to, sizeof(up_to), "%" PRId64, e->push.up_to_us);
	rc = table_row(table, cells);
	if (rc == 0)
		rc = table_flush(table);
	table_free(table);
	return rc;
}

static int server_failed(const struct export *e, const struct pg_link *link, int rc)
{
	char safe[4 * PG_WHY_MAX];

	if (rc == -EPROTO)
		command_complain(e->c, "the server's tables are of a newer version of nameward");
	else if (rc == -EALREADY)
		command_complain(e->c, "another export of %s is under way", e->router);
	else if (link && *pg_why(link))
		command_complain(e->c, "the server: %s", log_safe(pg_why(link), safe, sizeof(safe)));
	else
		command_complain(e->c, "the server: %s", strerror(-rc));
	return COMMAND_FAILED;
}

static int history_failed(const struct export *e, int rc)
{
	if (rc != -ENOTSUP)
		return source_history_failed(e->c, e->conf, rc);
	command_complain(e->c, "%s is of an older version: start the daemon once",
			 e->conf->history.file);
	return COMMAND_FAILED;
}

static void say_what_is_odd(const struct export *e)
{
	if (e->push.is_other_history)
		command_complain(e->c, "%s has pushed from another history before: a new file, or "
				 "is another router called the same?", e->router);
	if (e->push.is_gap)
		command_complain(e->c, "lookups may have been deleted here before they were pushed: "
				 "`keep lookups` is shorter than the time without an export");
}

static int push(struct export *e, const char *conninfo)
{
	struct report *report = NULL;
	struct pg_link *link = NULL;
	int rc = report_open(e->conf->history.file, &report);
	int status = rc ? history_failed(e, rc) : COMMAND_DONE;

	if (rc == 0) {
		rc = pg_open(conninfo, &link);
		e->push.is_theirs = true;
	}
	if (rc == 0) {
		e->push.report = report;
		e->push.link = link;
		rc = pg_push(&e->push);
	}
	if (e->is_terminal)
		fputs("\r\033[K", e->c->err);
	if (rc && status == COMMAND_DONE)
		status = e->push.is_theirs ? server_failed(e, link, rc) : history_failed(e, rc);
	pg_close(link);
	report_close(report);
	if (e->push.sent || status == COMMAND_DONE)
		rc = print(e);
	say_what_is_odd(e);
	return status == COMMAND_DONE && rc < 0 ? command_write_failed(e->c, rc) : status;
}

/* The host's name, or what was asked for. */
static int choose_router(struct export *e)
{
	const struct command *c = e->c;

	gethostname(e->router, sizeof(e->router) - 1);
	for (size_t i = 0; i < c->choice_count; i++)
		snprintf(e->router, sizeof(e->router), "%s", c->choices[i].value);
	if (!pg_router_is_good(e->router))
		return command_usage(c, "--router takes letters, digits, '.', '-' and '_', %d at most",
				     PG_ROUTER_MAX);
	return COMMAND_DONE;
}

static int check_server(const struct command *c)
{
	int rc = c->operand_count ? pg_check(c->operands[0]) : 0;

	if (rc == -EPERM)
		return command_usage(c, "a password here is seen by all: use a service file or "
				     "PGPASSFILE");
	return rc ? command_usage(c, "not a connection string") : COMMAND_DONE;
}

static int run_export_postgres(const struct command *c)
{
	struct export e = { .c = c, .is_terminal = isatty(STDERR_FILENO),
			    .began_us = clock_mono_us() };
	struct conf *conf = NULL;
	int status = choose_router(&e);

	if (status == COMMAND_DONE)
		status = check_server(c);
	if (status == COMMAND_DONE)
		status = source_conf(c, NULL, &conf);
	if (status != COMMAND_DONE)
		return status;
	e.conf = conf;
	e.push.router = e.router;
	e.push.wall_us = clock_wall_us();
	e.push.progress = on_progress;
	e.push.arg = &e;
	status = push(&e, c->operand_count ? c->operands[0] : NULL);
	conf_free(conf);
	return status;
}

const struct verb verb_export_postgres = {
	.name = "export postgres",
	.operands = "[CONNECTION]",
	.summary = "copy the history to a PostgreSQL server",
	.examples = "  nameward export postgres service=nameward\n"
		    "  nameward export postgres 'host=db.example dbname=nameward sslmode=verify-full'\n"
		    "  PGSERVICE=nameward nameward export postgres --router lab\n",
	.notes = "It goes on where it ended: what fails is tried again by the next call, and no\n"
		 "row is lost or there twice. etc/nameward-export.timer calls it every ten minutes.\n"
		 "Lookups of the last two minutes wait for the next call. CONNECTION is libpq's; a\n"
		 "password stands in a service file or a file of passwords only.\n",
	.options = export_options,
	.operands_max = 1,
	.run = run_export_postgres,
};
