/* From the configuration's history to a printed table; see question.h. */
#include "cli/question.h"

#include <stddef.h>

#include "cli/command.h"
#include "cli/log_table.h"
#include "cli/owners.h"
#include "cli/source.h"
#include "conf/conf.h"
#include "db/report.h"

int question_print(const struct command *c, question_ask *ask, void *arg)
{
	return question_print_owned(c, ask, arg, NULL);
}

int question_print_owned(const struct command *c, question_ask *ask, void *arg,
			 const struct question_owners *owned)
{
	struct log_table table = { .out = c->out, .style = &c->style, .whole = true };
	const struct report_out out = { log_table_columns, log_table_row, &table };
	struct report *report = NULL;
	struct conf *conf;
	int status = source_conf(c, NULL, &conf);
	int rc;

	if (status != COMMAND_DONE)
		return status;
	if (owned && (owners_are_known(conf) || c->style.format != TABLE_ALIGNED)) {
		table.owners = owners_open(conf);
		table.owned = owned->column;
		table.addr = owned->addr;
	}
	rc = report_open(conf->history.file, &report);
	if (rc == 0)
		rc = ask(report, &out, arg);
	if (rc == 0)
		rc = log_table_flush(&table);
	if (table.write_rc < 0)
		status = command_write_failed(c, table.write_rc);
	else if (rc < 0)
		status = source_history_failed(c, conf, rc);
	log_table_fini(&table);
	owners_close(table.owners);
	report_close(report);
	conf_free(conf);
	return status;
}
