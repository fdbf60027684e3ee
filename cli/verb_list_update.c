/*
 * nameward list update: fetch the lists that have a url. Root's call does it in a child
 * with the rights of account nameward-list: what strangers send is not for root to read.
 */
#include "cli/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/daemon_lock.h"
#include "cli/source.h"
#include "conf/conf.h"
#include "fetch/fetch_get.h"
#include "fetch/fetch_hosts.h"
#include "fetch/fetch_list.h"
#include "lib/clock.h"
#include "lib/sandbox.h"

#define ACCOUNT	    "nameward-list"
#define FOLDER_MODE 0755
#define SHOW_US	    200000 /* progress is shown so often */

/* The child's exit status: bits. */
#define CHILD_CHANGED 16
#define CHILD_FAILED  32

static const struct sandbox rights = {
	.user = ACCOUNT,
	.capabilities = 0,
	.calls = SANDBOX_NETWORK | SANDBOX_FILES,
};

enum update_option { UPDATE_ACCEPT = 1, UPDATE_ALL };

static const struct option_spec update_options[] = {
	{0, "all", NULL, "also those that are fresh enough", UPDATE_ALL},
	{0, "accept", NULL, "take what was held: shrunken lists and the like",
	 UPDATE_ACCEPT},
	{0, NULL, NULL, NULL, 0},
};

struct update {
	const struct command *c;
	struct conf *conf;
	uint64_t wanted; /* a bit a list */
	bool all, accept;
	struct fetch_hosts *hosts;
	struct table *table;
	bool is_terminal; /* stderr: progress is shown */
	const char *name; /* of the list under way */
	uint64_t shown_us;
	int status;
};

/* --- the child ------------------------------------------------------------------------
 */

static void on_progress(void *arg, uint64_t bytes, uint64_t total)
{
	struct update *u = arg;
	uint64_t now_us = clock_mono_us();

	if (!u->is_terminal || now_us - u->shown_us < SHOW_US)
		return;
	u->shown_us = now_us;
	fprintf(u->c->err, "\r%s  %" PRIu64 " KiB", u->name, bytes >> 10);
	if (total)
		fprintf(u->c->err, " of %" PRIu64, total >> 10);
	fputs("\033[K", u->c->err);
	fflush(u->c->err);
}

static int add_row(struct update *u, const struct fetch_report *r)
{
	char entries[24], change[24], kib[24];
	const char *const cells[] = {
		u->name, fetch_outcome_word(r->outcome), entries, change, kib, r->detail,
	};

	snprintf(entries, sizeof(entries), "%" PRIu64, r->entries);
	snprintf(change, sizeof(change), "%+" PRId64, (int64_t)(r->entries - r->before));
	snprintf(kib, sizeof(kib), "%" PRIu64, r->bytes >> 10);
	return table_row(u->table, cells);
}

static int update_one(struct update *u, size_t list, int64_t now_s)
{
	struct fetch_list f = {
		.conf = u->conf,
		.list = list,
		.hosts = u->hosts,
		.now_s = now_s,
		.is_forced = u->all,
		.is_accepted = u->accept,
		.progress = on_progress,
		.arg = u,
	};
	struct fetch_report report;

	u->name = u->conf->lists[list].name;
	u->shown_us = clock_mono_us();
	fetch_list(&f, &report);
	if (u->is_terminal)
		fputs("\r\033[K", u->c->err);
	if (report.outcome == FETCH_UPDATED)
		u->status |= CHILD_CHANGED;
	if (report.outcome == FETCH_FAILED || report.outcome == FETCH_HELD)
		u->status |= CHILD_FAILED;
	return add_row(u, &report);
}

static int update_all(struct update *u)
{
	static const struct table_column columns[] = {
		{"list", COLUMN_TEXT},	    {"result", COLUMN_VERDICT},
		{"entries", COLUMN_NUMBER}, {"change", COLUMN_NUMBER},
		{"kib", COLUMN_NUMBER},	    {"detail", COLUMN_TEXT},
	};
	int rc = table_new(u->c->out, &u->c->style, columns, ARRAY_SIZE(columns),
			   &u->table);

	for (size_t i = 0; i < u->conf->list_count && rc == 0; i++)
		if (u->wanted >> i & 1)
			rc = update_one(u, i, clock_wall_us() / 1000000);
	if (rc == 0)
		rc = table_flush(u->table);
	table_free(u->table);
	return rc < 0 ? command_write_failed(u->c, rc) : u->status;
}

/** One update at a time; the lock goes with the process. */
static int lock_folder(struct update *u)
{
	int fd = open(u->conf->lists_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	command_complain(u->c, "%s: %s", u->conf->lists_folder,
			 fd < 0			? strerror(errno)
			 : errno == EWOULDBLOCK ? "another update is under way"
						: strerror(errno));
	return -1;
}

static int run_child(struct update *u)
{
	const char *why;
	int rc = fetch_global_init();

	if (rc == 0 && sandbox_enter(&rights, &why)) {
		command_complain(u->c, "sandbox: %s", why);
		return COMMAND_FAILED;
	}
	if (lock_folder(u))
		return COMMAND_FAILED;
	if (rc == 0)
		rc = fetch_hosts_open(u->conf, &u->hosts);
	if (rc) {
		command_complain(u->c, "cannot begin: %s", strerror(-rc));
		return COMMAND_FAILED;
	}
	rc = update_all(u);
	fetch_hosts_close(u->hosts);
	return fflush(u->c->out) ? COMMAND_FAILED : rc;
}

/* --- the parent -----------------------------------------------------------------------
 */

/** The folder of the copies, which the account owns. */
static int make_folder(const struct update *u)
{
	const char *path = u->conf->lists_folder;
	const struct passwd *pw = geteuid() == 0 ? getpwnam(ACCOUNT) : NULL;
	bool made = mkdir(path, FOLDER_MODE) == 0;

	if (!made && errno != EEXIST) {
		command_complain(u->c, "%s: %s", path, strerror(errno));
		return errno == EACCES ? COMMAND_PERMISSION : COMMAND_FAILED;
	}
	if (made && pw && chown(path, pw->pw_uid, pw->pw_gid) < 0) {
		command_complain(u->c, "%s: %s", path, strerror(errno));
		return COMMAND_FAILED;
	}
	if (geteuid() != 0 && access(path, W_OK) < 0) {
		command_complain(u->c, "%s: %s: try sudo", path, strerror(errno));
		return COMMAND_PERMISSION;
	}
	return COMMAND_DONE;
}

static void tell_daemon(const struct update *u)
{
	pid_t pid = daemon_lock_pid(u->conf->control);

	if (!pid)
		return; /* it will read the copies when it starts */
	if (kill(pid, SIGHUP) < 0)
		command_complain(u->c, "the daemon was not told (%s): reload it",
				 strerror(errno));
	else if (u->is_terminal)
		command_complain(u->c, "the daemon reads its lists again");
}

static int run_both(struct update *u)
{
	int status;
	pid_t pid;

	fflush(u->c->out);
	fflush(u->c->err);
	pid = fork();
	if (pid < 0) {
		command_complain(u->c, "%s", strerror(errno));
		return COMMAND_FAILED;
	}
	if (pid == 0)
		_exit(run_child(u));
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return COMMAND_FAILED;
	}
	if (!WIFEXITED(status)) {
		command_complain(u->c,
				 "ended by signal %d: what was fetched before is kept",
				 WTERMSIG(status));
		return COMMAND_FAILED;
	}
	status = WEXITSTATUS(status);
	if (status & CHILD_CHANGED)
		tell_daemon(u);
	return status & CHILD_FAILED ? COMMAND_FAILED
				     : status & ~(CHILD_CHANGED | CHILD_FAILED);
}

static int choose_lists(struct update *u)
{
	const struct command *c = u->c;

	for (size_t i = 0; i < c->choice_count; i++) {
		u->all |= c->choices[i].id == UPDATE_ALL;
		u->accept |= c->choices[i].id == UPDATE_ACCEPT;
	}
	u->all |= c->operand_count || u->accept;
	for (size_t i = 0; i < u->conf->list_count; i++)
		if (u->conf->lists[i].url && !c->operand_count)
			u->wanted |= UINT64_C(1) << i;
	for (size_t k = 0; k < c->operand_count; k++) {
		size_t i = 0;

		while (i < u->conf->list_count &&
		       strcmp(u->conf->lists[i].name, c->operands[k]))
			i++;
		if (i == u->conf->list_count || !u->conf->lists[i].url)
			return command_usage(c,
					     i == u->conf->list_count
						     ? "the configuration has no list %s"
						     : "list %s has no url",
					     c->operands[k]);
		u->wanted |= UINT64_C(1) << i;
	}
	return COMMAND_DONE;
}

static int run_list_update(const struct command *c)
{
	struct update u = {.c = c, .is_terminal = isatty(STDERR_FILENO)};
	int status = source_conf(c, NULL, &u.conf);

	if (status == COMMAND_DONE)
		status = choose_lists(&u);
	if (status == COMMAND_DONE && !u.wanted)
		command_complain(c, "no list has a url: nothing to fetch");
	else if (status == COMMAND_DONE && (status = make_folder(&u)) == COMMAND_DONE)
		status = run_both(&u);
	conf_free(u.conf);
	return status;
}

const struct verb verb_list_update = {
	.name = "list update",
	.operands = "[LIST ...]",
	.summary = "fetch the lists that have a url",
	.examples = "  sudo nameward list update             those that are older than "
		    "their refresh\n"
		    "  sudo nameward list update ads         this one now\n"
		    "  sudo nameward list update ads --accept\n",
	.notes = "What fails leaves the last good copy in force. A list that lost half "
		 "of its\n"
		 "entries, or that blocks where lists come from, is held (FILE.held) "
		 "until\n"
		 "--accept. The daemon is told to read its lists again when one has "
		 "changed.\n"
		 "Exit status 1: one at least failed or is held.\n",
	.options = update_options,
	.operands_max = COMMAND_OPERANDS_MAX,
	.run = run_list_update,
};
