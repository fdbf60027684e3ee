/*
 * nameward history import: lookups that Pi-hole or AdGuard Home recorded. Without --apply it
 * only says what would come of each. Root's call does it in a child with the rights of the
 * account that writes the history: what strangers wrote is not for root to read.
 */
#include "cli/verbs.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/past_import.h"
#include "cli/source.h"
#include "conf/conf.h"
#include "lib/capability.h"
#include "lib/sandbox.h"

#define HISTORY_UMASK 0027

static const struct sandbox rights = {
	.user = "nameward-db",
	.capabilities = CAPABILITY(CAP_DAC_READ_SEARCH), /* another program's files */
	.calls = SANDBOX_FILES,
	.keep_group_adm = true, /* who reads the file, where it is made here */
};

enum import_option { IMPORT_APPLY = 1 };

static const struct option_spec import_options[] = {
	{ 0, "apply", NULL, "write them into the history", IMPORT_APPLY },
	{ 0, NULL, NULL, NULL, 0 },
};

static int run_child(const struct command *c, const struct conf *conf)
{
	const char *why;
	int status;

	umask(HISTORY_UMASK);
	if (sandbox_enter(&rights, &why)) {
		command_complain(c, "sandbox: %s", why);
		return COMMAND_FAILED;
	}
	status = past_import(c, conf, c->choice_count > 0);
	return fflush(c->out) ? COMMAND_FAILED : status;
}

static int run_as_writer(const struct command *c, const struct conf *conf)
{
	int status;
	pid_t pid;

	fflush(c->out);
	fflush(c->err);
	pid = fork();
	if (pid == 0)
		_exit(run_child(c, conf));
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0) {
		command_complain(c, "%s", strerror(errno));
		return COMMAND_FAILED;
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	command_complain(c, "ended by signal %d: what was committed is kept, and the same again "
			 "goes on from there", WTERMSIG(status));
	return COMMAND_FAILED;
}

static int run_history_import(const struct command *c)
{
	struct conf *conf = NULL;
	int status = source_conf(c, NULL, &conf);

	if (status == COMMAND_DONE && geteuid() == 0)
		status = run_as_writer(c, conf);
	else if (status == COMMAND_DONE)
		status = past_import(c, conf, c->choice_count > 0);
	conf_free(conf);
	return status;
}

const struct verb verb_history_import = {
	.name = "history import",
	.operands = "FILE ...",
	.summary = "take over what Pi-hole or AdGuard Home recorded",
	.examples = "  nameward history import /etc/pihole/pihole-FTL.db\n"
		    "  nameward history import querylog.json.1 querylog.json\n"
		    "  sudo systemctl stop nameward\n"
		    "  sudo nameward history import --apply pihole-FTL.db; sudo systemctl start nameward\n",
	.notes = "FILE is Pi-hole's long-term database, or a query log of AdGuard Home, the older\n"
		 "file first. Without --apply nothing is written. With it the daemon must not run.\n"
		 "What is there already is not written again. The configuration's privacy and\n"
		 "never-record hold.\n",
	.options = import_options,
	.operands_min = 1,
	.operands_max = COMMAND_OPERANDS_MAX,
	.run = run_history_import,
};
