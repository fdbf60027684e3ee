/* nameward history backup: a checked copy of the history, while the daemon goes on. */
#include "cli/verbs.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <unistd.h>

#include "cli/interrupt.h"
#include "cli/source.h"
#include "conf/conf.h"
#include "db/report_backup.h"
#include "db/store.h"
#include "lib/log.h"

struct backup_run {
	const struct command *command;
	struct interrupt interrupt;
	bool is_terminal;
	int percent; /* shown last */
};

static int on_progress(void *arg, int64_t bytes, int64_t of)
{
	struct backup_run *run = arg;
	int percent = of ? (int)(100 * bytes / of) : 100;

	if (run->is_terminal && percent != run->percent) {
		fprintf(run->command->err, "\r%3d %% of %lld MiB%s", percent,
			(long long)(of >> 20), percent == 100 ? ", checking\n" : "");
		fflush(run->command->err);
	}
	run->percent = percent;
	return interrupt_came(&run->interrupt, 0);
}

static int copy(const struct command *c, struct report *report, const char *path)
{
	struct backup_run run = { .command = c, .is_terminal = isatty(fileno(c->err)) };
	struct backup b = { .path = path, .progress = on_progress, .arg = &run };
	int rc = interrupt_init(&run.interrupt);

	if (rc)
		return rc;
	rc = report_backup(report, &b);
	interrupt_fini(&run.interrupt);
	return rc;
}

static int failed(const struct command *c, const char *path, int rc)
{
	char safe[4 * PATH_MAX];

	log_safe(path, safe, sizeof(safe));
	if (rc == -EEXIST)
		command_complain(c, "%s: it is there already, and stays as it is", safe);
	else if (rc == -EINTR)
		command_complain(c, "interrupted: no copy was made");
	else if (rc == -EUCLEAN)
		command_complain(c, "%s: the copy is damaged, and so is the history: no copy was "
				    "kept", safe);
	else
		command_complain(c, "%s: %s", safe, store_reason(rc));
	return rc == -EACCES ? COMMAND_PERMISSION : COMMAND_FAILED;
}

static int run_backup(const struct command *c)
{
	const char *path = c->operands[0];
	struct report *report = NULL;
	struct conf *conf;
	int status = source_conf(c, NULL, &conf);
	int rc;

	if (status != COMMAND_DONE)
		return status;
	rc = report_open(conf->history.file, &report);
	if (rc < 0) {
		status = source_history_failed(c, conf, rc);
	} else {
		rc = copy(c, report, path);
		if (rc < 0)
			status = failed(c, path, rc);
	}
	report_close(report);
	conf_free(conf);
	return status;
}

const struct verb verb_history_backup = {
	.name = "history backup",
	.operands = "FILE",
	.summary = "a checked copy of the history, while the daemon goes on",
	.examples = "  sudo nameward history backup /mnt/usb/history-2026-11-23.db\n"
		    "  sudo nameward history backup /root/history.db && "
		    "sudo sqlite3 /root/history.db\n",
	.notes = "The copy is as of one moment, and is checked whole before it gets its name; FILE must\n"
		 "not exist. Only its owner may read it. To go back to it: stop the daemon, put the\n"
		 "file in the history's place (and remove its -wal and -shm), give it to nameward-db\n"
		 "with the group adm and mode 640, and start.\n",
	.operands_min = 1,
	.operands_max = 1,
	.run = run_backup,
};
