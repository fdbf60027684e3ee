/*
 * nameward list rollback: the lists as they were before the last change. The wish is a file
 * beside the builds (blocklists/list_store.h), for it is the compiler that goes back, between
 * two builds, and without the daemon a later one does.
 */
#include "cli/verbs.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "blocklists/list_store.h"
#include "cli/daemon_lock.h"
#include "cli/source.h"
#include "conf/conf.h"
#include "lib/clock.h"

#define SECOND_US INT64_C(1000000)
#define LOOK_MS	  50
#define PATIENCE_MS 60000 /* a build may be under way, on a slow disk */

enum rollback_option { ROLLBACK_UNDO = 1 };

static const struct option_spec rollback_options[] = {
	{ 0, "undo", NULL, "go back to the lists as they are", ROLLBACK_UNDO },
	{ 0, NULL, NULL, NULL, 0 },
};

/** Take back a wish that no compiler has seen yet. @retval false  there is none */
static bool take_back(const struct command *c, const char *folder, int *status)
{
	int rc;

	if (!list_store_is_wished(folder))
		return false;
	rc = list_store_end_wish(folder);
	if (rc)
		command_complain(c, "%s: %s%s", folder, strerror(-rc),
				 rc == -EACCES ? ": try sudo" : "");
	*status = !rc ? COMMAND_DONE : rc == -EACCES ? COMMAND_PERMISSION : COMMAND_FAILED;
	return true;
}

/** Whether what is asked for can be, and may be. */
static int check(const struct command *c, const char *folder, bool undo)
{
	struct list_build_id id;
	bool is_back = list_store_peek(folder, STORED_REFUSED, &id) != -ENOENT;
	int rc = undo || is_back ? 0 : list_store_peek(folder, STORED_BEFORE, &id);

	if (access(folder, W_OK)) {
		command_complain(c, "%s: %s%s", folder, strerror(errno),
				 errno == EACCES ? ": try sudo" : "");
		return errno == EACCES ? COMMAND_PERMISSION : COMMAND_FAILED;
	}
	if (undo && !is_back)
		command_complain(c, "nothing is rolled back");
	else if (!undo && is_back)
		command_complain(c, "rolled back already; --undo ends that");
	else if (rc)
		command_complain(c, "the build before the last: %s", rc == -ENOENT ?
			"none is kept" : rc == -EBADMSG ? "damaged" : strerror(-rc));
	else
		return COMMAND_DONE;
	return COMMAND_FAILED;
}

/** Leave the wish. @retval negative errno */
static int wish(const char *folder, bool undo)
{
	return undo ? list_store_forget_refused(folder) : list_store_wish(folder);
}

/** Until the compiler has taken the wish. @retval false  it has not in time */
static bool wait_taken(const char *folder)
{
	static const struct timespec step = { .tv_nsec = LOOK_MS * 1000000 };
	uint64_t end_ms = clock_mono_ms() + PATIENCE_MS;

	while (list_store_is_wished(folder)) {
		if (clock_mono_ms() >= end_ms)
			return false;
		nanosleep(&step, NULL);
	}
	return true;
}

static int add_build(struct table *t, const char *folder, enum list_stored which,
		     const char *word)
{
	char id[24], built[24], names[24];
	const char *const cells[] = { word, id, built, names };
	struct list_build_id b;

	if (list_store_peek(folder, which, &b))
		return 0;
	snprintf(id, sizeof(id), "%016" PRIx64, b.id);
	snprintf(built, sizeof(built), "%" PRId64, b.built_s * SECOND_US);
	snprintf(names, sizeof(names), "%" PRIu64, b.names);
	return table_row(t, cells);
}

/** The builds as they are kept now. */
static int print_builds(const struct command *c, const char *folder)
{
	static const struct table_column columns[] = {
		{ "kept_as", COLUMN_TEXT },
		{ "build", COLUMN_TEXT },
		{ "built", COLUMN_MOMENT },
		{ "names", COLUMN_NUMBER },
	};
	struct table *t;
	int rc = table_new(c->out, &c->style, columns, ARRAY_SIZE(columns), &t);

	if (rc)
		return command_write_failed(c, rc);
	rc = add_build(t, folder, STORED_LAST, "last");
	if (!rc)
		rc = add_build(t, folder, STORED_BEFORE, "before");
	if (!rc)
		rc = add_build(t, folder, STORED_REFUSED, "rolled back");
	if (!rc)
		rc = table_flush(t);
	table_free(t);
	return rc ? command_write_failed(c, rc) : COMMAND_DONE;
}

static int roll_back(const struct command *c, const struct conf *conf, bool undo)
{
	const char *folder = conf->lists_folder;
	pid_t pid = daemon_lock_pid(conf->control);
	struct list_build_id id;
	int rc = wish(folder, undo);

	if (!rc && pid && kill(pid, SIGHUP) < 0)
		rc = -errno;
	if (rc) {
		command_complain(c, "%s: %s", pid ? "the daemon was not told" : folder,
				 strerror(-rc));
		return COMMAND_FAILED;
	}
	if (!pid) {
		command_complain(c, "the daemon does not run: its next start does it");
		return COMMAND_DONE;
	}
	if (undo)
		return COMMAND_DONE;
	if (!wait_taken(folder)) {
		command_complain(c, "the daemon has not done it yet; a reload does it, and its "
				    "log says what is in the way");
		return COMMAND_FAILED;
	}
	if (list_store_peek(folder, STORED_REFUSED, &id)) {
		command_complain(c, "the daemon could not do it; its log says why");
		return COMMAND_FAILED;
	}
	return print_builds(c, folder);
}

static int run_list_rollback(const struct command *c)
{
	bool undo = c->choice_count != 0; /* there is one option */
	struct conf *conf;
	int status = source_conf(c, NULL, &conf);

	if (status != COMMAND_DONE)
		return status;
	if (!undo || !take_back(c, conf->lists_folder, &status)) {
		status = check(c, conf->lists_folder, undo);
		if (status == COMMAND_DONE)
			status = roll_back(c, conf, undo);
	}
	conf_free(conf);
	return status;
}

const struct verb verb_list_rollback = {
	.name = "list rollback",
	.operands = "[--undo]",
	.summary = "the lists as they were before their last change",
	.examples = "  sudo nameward list rollback\n"
		    "  sudo nameward list rollback --undo    the lists as they are, after all\n",
	.notes = "A list that is rolled back stays what it was until its file changes again,\n"
		 "or --undo; lists that change meanwhile are read as ever. Exit status 1: no\n"
		 "build before the last is kept, or it is rolled back already.\n",
	.options = rollback_options,
	.run = run_list_rollback,
};
