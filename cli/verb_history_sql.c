/*
 * nameward history sql: a statement over the history that can only read; without one, the
 * shell of sqlite3 on its file. The daemon need not run.
 */
#include "cli/verbs.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/source.h"
#include "conf/conf.h"
#include "db/report_query.h"
#include "lib/log.h"

#define SHELL	   "/usr/bin/sqlite3"
#define CELL_MAX   40
#define NAME_MAX_BYTES 64
#define SECONDS	   20
#define LIST_VIEWS                                                                            \
	"SELECT v.name AS view, group_concat(c.name, ' ') AS columns FROM sqlite_schema v,"    \
	" pragma_table_info(v.name) c WHERE v.type = 'view' GROUP BY v.name ORDER BY v.name"

enum sql_option { SQL_SECONDS = 1, SQL_VIEWS };

static const struct option_spec sql_options[] = {
	{ 0, "seconds", "N", "the statement may take N seconds (default 20, at most 3600)",
	  SQL_SECONDS },
	{ 0, "views", NULL, "which views there are, and their columns", SQL_VIEWS },
	{ 0, NULL, NULL, NULL, 0 },
};

struct sql_run {
	const struct command *command;
	struct query query;
	struct table *table; /* owned */
	int write_rc;
};

/* A column without a name of its own has the text of its expression, lines and all. */
static void copy_name(char *to, const char *from)
{
	size_t i;

	for (i = 0; i < NAME_MAX_BYTES - 1 && from[i]; i++)
		to[i] = (unsigned char)from[i] < ' ' || from[i] == 0x7f ? ' ' : from[i];
	to[i] = '\0';
}

static int on_columns(void *arg, const char *const *names, size_t count)
{
	struct table_column columns[TABLE_COLUMNS_MAX];
	char bare[TABLE_COLUMNS_MAX][NAME_MAX_BYTES];
	struct sql_run *run = arg;

	for (size_t i = 0; i < count; i++) {
		copy_name(bare[i], names[i]);
		columns[i] = (struct table_column){
			.name = bare[i],
			.kind = run->query.is_number[i] ? COLUMN_NUMBER : COLUMN_TEXT,
		};
	}
	return table_new(run->command->out, &run->command->style, columns, count, &run->table);
}

static int on_row(void *arg, const struct report_value *values, size_t count)
{
	char numbers[TABLE_COLUMNS_MAX][CELL_MAX];
	const char *cells[TABLE_COLUMNS_MAX] = { NULL };
	struct sql_run *run = arg;

	for (size_t i = 0; i < count; i++) {
		const struct report_value *v = &values[i];

		cells[i] = numbers[i];
		if (v->type == REPORT_TEXT)
			cells[i] = v->text;
		else if (v->type == REPORT_INTEGER)
			snprintf(numbers[i], CELL_MAX, "%" PRId64, v->integer);
		else if (v->type == REPORT_REAL && isfinite(v->real))
			snprintf(numbers[i], CELL_MAX, "%.15g", v->real);
		else
			cells[i] = NULL;
	}
	run->write_rc = table_row(run->table, cells);
	return run->write_rc;
}

/* Say what is wrong with the statement; other failures are those of every question. */
static int failed(struct sql_run *run, const struct conf *conf, int rc)
{
	const struct command *c = run->command;
	char safe[4 * QUERY_WHY_MAX];

	if (run->write_rc < 0)
		return command_write_failed(c, run->write_rc);
	if (rc == -EINVAL && *run->query.why)
		command_complain(c, "%s", log_safe(run->query.why, safe, sizeof(safe)));
	else if (rc == -EPERM)
		command_complain(c, "this statement would do more than read");
	else if (rc == -E2BIG)
		command_complain(c, "the answer is too large (%d rows, %d columns): use LIMIT, or "
				    "nameward history export",
				 QUERY_ROWS_MAX, QUERY_COLUMNS_MAX);
	else if (rc == -ETIMEDOUT)
		command_complain(c, "the statement took longer than %u s: narrow it, or give it "
				    "--seconds",
				 run->query.seconds);
	else
		return source_history_failed(c, conf, rc);
	return COMMAND_FAILED;
}

static int run_statement(struct sql_run *run, struct report *report)
{
	const struct report_out out = { on_columns, on_row, run };
	int rc = report_query(report, &run->query, &out);

	if (rc == 0 && run->table)
		run->write_rc = rc = table_flush(run->table);
	return rc;
}

/*
 * Whoever may run this as root by sudo is lent its rights for reading the history, not for
 * the shell's own commands, which start programs and write files.
 */
static int run_shell(const struct command *c, const char *path)
{
	char *argv[10] = { (char *)"sqlite3", (char *)"-readonly" };
	size_t n = 2;

	if (geteuid() == 0) {
		argv[n++] = (char *)"-safe";
		argv[n++] = (char *)"-init";
		argv[n++] = (char *)"/dev/null";
	}
	argv[n++] = (char *)"-cmd";
	argv[n++] = (char *)".timeout 2000";
	argv[n++] = (char *)path;
	fflush(c->out);
	execv(SHELL, argv);
	command_complain(c, "%s: %s: install sqlite3, or give a statement", SHELL,
			 strerror(errno));
	return COMMAND_FAILED;
}

static int read_options(struct sql_run *run)
{
	const struct command *c = run->command;

	run->query.seconds = SECONDS;
	run->query.sql = c->operand_count ? c->operands[0] : NULL;
	for (size_t i = 0; i < c->choice_count; i++) {
		char *end;
		unsigned long seconds;

		if (c->choices[i].id == SQL_VIEWS) {
			if (run->query.sql)
				return command_usage(c, "either a statement or --views");
			run->query.sql = LIST_VIEWS;
			continue;
		}
		seconds = strtoul(c->choices[i].value, &end, 10);
		if (*end || end == c->choices[i].value || seconds < 1 ||
		    seconds > QUERY_SECONDS_MAX)
			return command_usage(c, "--seconds takes 1 to %d", QUERY_SECONDS_MAX);
		run->query.seconds = (unsigned)seconds;
	}
	return COMMAND_DONE;
}

static int run_sql(const struct command *c)
{
	struct sql_run run = { .command = c };
	struct report *report = NULL;
	struct conf *conf = NULL;
	int status = read_options(&run);
	int rc;

	if (status == COMMAND_DONE)
		status = source_conf(c, NULL, &conf);
	if (status != COMMAND_DONE)
		return status;
	rc = report_open(conf->history.file, &report);
	if (rc == 0 && run.query.sql)
		rc = run_statement(&run, report);
	report_close(report);
	if (rc < 0)
		status = failed(&run, conf, rc);
	else if (!run.query.sql)
		status = run_shell(c, conf->history.file);
	table_free(run.table);
	conf_free(conf);
	return status;
}

const struct verb verb_history_sql = {
	.name = "history sql",
	.operands = "[QUERY]",
	.summary = "ask the history in SQL, reading only",
	.examples = "  nameward history sql --views\n"
		    "  nameward history sql 'SELECT who, sum(n) FROM hourly GROUP BY who' -o csv\n"
		    "  nameward history sql                         the shell of sqlite3, if installed\n",
	.notes = "QUERY is one statement; nameward-history(5) has the views and more examples. It can\n"
		 "change nothing, ends after --seconds, and gives at most 100,000 rows; larger answers\n"
		 "are for nameward history export.\n",
	.options = sql_options,
	.operands_max = 1,
	.pages = true,
	.run = run_sql,
};
