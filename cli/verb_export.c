/*
 * nameward history export: lookups or passive DNS for other programs, in a stream: memory
 * does not grow with the history. The daemon need not run.
 */
#include "cli/verbs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/log_request.h"
#include "cli/log_table.h"
#include "cli/source.h"
#include "cli/text_buf.h"
#include "conf/conf.h"
#include "db/report_pairs.h"
#include "lib/clock.h"

enum export_option { EXPORT_FORMAT = LOG_OPTION_END };

static const struct option_spec export_options[] = {
	{ 0, "format", "FORMAT", "ndjson (the default), csv or cof (passive DNS)",
	  EXPORT_FORMAT },
	{ 'S', "since", "TIME", "from a time on: today, -2h, \"2026-11-23 08:00\"", LOG_SINCE },
	{ 'U', "until", "TIME", "up to a time", LOG_UNTIL },
	{ 0, "client", "CLIENT", "of a device, by name or address", LOG_CLIENT },
	{ 0, "name", "PATTERN", "of a name; * stands for any characters", LOG_NAME },
	{ 0, "verdict", "VERDICT", "forwarded, cached, blocked, ...", LOG_VERDICT },
	{ 0, "list", "LIST", "blocked by a list", LOG_LIST },
	{ 0, "type", "TYPE", "of a type: A, HTTPS, ...", LOG_TYPE },
	{ 0, NULL, NULL, NULL, 0 },
};

/* The columns of report_pairs(), which are the keys of the format. */
enum cof_column { COF_RRNAME, COF_RRTYPE, COF_RDATA, COF_FIRST, COF_LAST, COF_COUNT,
		  COF_COLUMNS };

struct export_run {
	const struct command *command;
	struct table_style style;
	bool is_cof;
	struct log_request request;
	struct text_buf line;
	const char *keys[COF_COLUMNS]; /* borrowed from the answer under way */
	struct log_table table;
	int write_rc;
};

static int cof_columns(void *arg, const char *const *names, size_t count)
{
	static const char *const keys[COF_COLUMNS] = { "rrname",     "rrtype",	  "rdata",
						       "time_first", "time_last", "count" };
	struct export_run *run = arg;

	if (count != COF_COLUMNS)
		return -EPROTO;
	for (size_t i = 0; i < COF_COLUMNS; i++) {
		if (strcmp(names[i], keys[i]) != 0)
			return -EPROTO;
		run->keys[i] = keys[i];
	}
	return 0;
}

static int cof_row(void *arg, const struct report_value *values, size_t count)
{
	struct export_run *run = arg;
	struct text_buf *line = &run->line;

	text_reset(line);
	for (size_t i = 0; i < count; i++) {
		char number[32];

		text_add(line, i ? "," : "{", 1);
		text_add_json(line, run->keys[i]);
		text_add(line, ":", 1);
		snprintf(number, sizeof(number), "%" PRId64, values[i].integer);
		if (values[i].type == REPORT_TEXT)
			text_add_json(line, values[i].text);
		else
			text_add_string(line, number);
	}
	text_add(line, "}\n", 2);
	if (line->failed)
		return -ENOMEM;
	errno = 0;
	if (fwrite(line->bytes, 1, line->len, run->command->out) != line->len)
		run->write_rc = errno ? -errno : -EIO;
	return run->write_rc;
}

static int ask(struct export_run *run, struct report *report)
{
	const struct report_out rows = { log_table_columns, log_table_row, &run->table };
	const struct report_out pairs = { cof_columns, cof_row, run };
	const struct report_log query = {
		.filters = run->request.filters,
		.filter_count = run->request.filter_count,
		.since_us = run->request.since_us,
		.until_us = run->request.until_us,
	};
	int rc;

	if (run->is_cof)
		return report_pairs(report, &query, &pairs);
	rc = report_log(report, &query, &rows);
	if (rc == 0)
		rc = log_table_flush(&run->table);
	run->write_rc = run->table.write_rc;
	return rc;
}

static int run_opened(struct export_run *run)
{
	const struct command *c = run->command;
	struct report *report = NULL;
	struct conf *conf = NULL;
	int status = source_conf(c, NULL, &conf);
	int rc;

	if (status != COMMAND_DONE)
		return status;
	rc = report_open(conf->history.file, &report);
	if (rc == 0)
		rc = ask(run, report);
	if (run->write_rc < 0)
		status = command_write_failed(c, run->write_rc);
	else if (rc < 0)
		status = source_history_failed(c, conf, rc);
	report_close(report);
	conf_free(conf);
	return status;
}

static int set_format(struct export_run *run)
{
	const struct command *c = run->command;
	const char *format = "ndjson";

	for (size_t i = 0; i < c->choice_count; i++) {
		if (c->choices[i].id == EXPORT_FORMAT)
			format = c->choices[i].value;
	}
	run->is_cof = strcmp(format, "cof") == 0;
	run->style.format = strcmp(format, "csv") == 0 ? TABLE_CSV : TABLE_JSON;
	if (!run->is_cof && run->style.format != TABLE_CSV && strcmp(format, "ndjson") != 0)
		return command_usage(c, "--format takes ndjson, csv or cof");
	if (run->is_cof && run->request.filter_count > 0)
		return command_usage(c, "cof takes no filter: passive DNS does not know who asked");
	return COMMAND_DONE;
}

static int run_export(const struct command *c)
{
	struct export_run *run = calloc(1, sizeof(*run));
	int status;

	if (!run) {
		command_complain(c, "%s", strerror(ENOMEM));
		return COMMAND_FAILED;
	}
	run->command = c;
	run->table = (struct log_table){ .out = c->out, .style = &run->style };
	status = log_request_init(&run->request, c, clock_wall_us());
	if (status == COMMAND_DONE)
		status = set_format(run);
	if (status == COMMAND_DONE)
		status = run_opened(run);
	log_table_fini(&run->table);
	text_fini(&run->line);
	free(run);
	return status;
}

const struct verb verb_history_export = {
	.name = "history export",
	.operands = "",
	.summary = "all lookups, or passive DNS, for other programs",
	.examples = "  nameward history export >lookups.ndjson\n"
		    "  nameward history export --format csv -S 2026-11-01 -U 2026-12-01 >november.csv\n"
		    "  nameward history export --format cof >pdns.ndjson\n",
	.notes = "It streams, oldest first; ndjson and csv have the columns of the view lookups,\n"
		 "cof is the passive DNS common output format. Filters are those of nameward log.\n",
	.options = export_options,
	.run = run_export,
};
