/*
 * Loads the configuration, which says where the daemon listens, and turns the daemon's
 * answers into tables. The daemon names its columns; a '#' behind a name marks integers.
 */
#include "cli/source.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/control_client.h"
#include "conf/conf.h"
#include "db/store.h"
#include "lib/log.h"

#define COLUMN_NAME_MAX 64

struct printer {
	const struct source_more *more;
	const struct command *command;
	struct table *table;
	size_t rows;
	int write_rc; /* a failure to write is not the daemon's */
};

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

/*
 * A user asks a daemon of their own, which has its socket and its history in the current
 * folder, where one runs there; else the system's. A history that an own daemon left behind
 * is read where no system's daemon runs.
 */
static int parse(struct conf_bundle *bundle, struct conf **out, struct conf_errors *errors)
{
	struct conf *systems;
	int rc = conf_parse(bundle, out, errors);

	if (rc < 0 || geteuid() == 0 || is_there((*out)->control))
		return rc;
	conf_bundle_set_root(bundle, true);
	rc = conf_parse(bundle, &systems, errors);
	if (rc == 0 && !is_there(systems->control) && is_there((*out)->history.file)) {
		conf_free(systems);
		return 0;
	}
	conf_free(*out);
	*out = rc == 0 ? systems : NULL;
	return rc;
}

int source_conf(const struct command *c, const char *path, struct conf **out)
{
	struct conf_errors *errors = conf_errors_new();
	struct conf_bundle *bundle = NULL;
	int rc = errors ? 0 : -ENOMEM;

	if (rc == 0)
		rc = conf_bundle_load(path ? path : c->conf_path, &bundle, errors);
	if (rc == 0)
		rc = parse(bundle, out, errors);
	if (rc < 0 && errors && conf_errors_count(errors) > 0)
		conf_errors_print(errors, c->err);
	else if (rc < 0)
		command_complain(c, "configuration: %s", strerror(-rc));
	conf_bundle_free(bundle);
	conf_errors_free(errors);
	return rc == 0 ? COMMAND_DONE : COMMAND_FAILED;
}

static int exit_status(int rc)
{
	switch (rc) {
	case 0:
		return COMMAND_DONE;
	case -ECONNREFUSED:
		return COMMAND_NOT_RUNNING;
	case -EACCES:
		return COMMAND_PERMISSION;
	default:
		return COMMAND_FAILED;
	}
}

int source_ask(const struct command *c, const char *const *words, size_t count,
	       const struct control_sink *sink, void *arg)
{
	char why[CONTROL_WHY_MAX] = "";
	char safe[4 * CONTROL_WHY_MAX];
	struct conf *conf;
	int rc = source_conf(c, NULL, &conf);

	if (rc != COMMAND_DONE)
		return rc;
	rc = control_ask(conf->control, words, count, sink, arg, why);
	conf_free(conf);
	if (rc == -EPROTO && !*why)
		command_complain(c, "the daemon's answer is not understood");
	else if (rc < 0 && *why)
		command_complain(c, "%s", log_safe(why, safe, sizeof(safe)));
	return exit_status(rc);
}

static enum table_kind kind_of(const char *name, bool number, size_t count)
{
	if (number)
		return COLUMN_NUMBER;
	if (count == 1 && strcmp(name, "rule") == 0)
		return COLUMN_LINE;
	return strcmp(name, "verdict") == 0 ? COLUMN_VERDICT : COLUMN_TEXT;
}

static int on_columns(void *arg, char *const *names, size_t count)
{
	struct table_column columns[CONTROL_COLUMNS_MAX + SOURCE_MORE_MAX];
	char bare[CONTROL_COLUMNS_MAX][COLUMN_NAME_MAX];
	struct printer *p = arg;

	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(names[i]);
		bool number = names[i][len - 1] == '#';

		len = MIN(len - number, (size_t)COLUMN_NAME_MAX - 1);
		memcpy(bare[i], names[i], len);
		bare[i][len] = '\0';
		columns[i].name = bare[i];
		columns[i].kind = kind_of(bare[i], number, count);
	}
	for (size_t i = 0; i < p->more->count; i++)
		columns[count + i] = p->more->columns[i];
	p->write_rc = table_new(p->command->out, &p->command->style, columns,
				count + p->more->count, &p->table);
	return p->write_rc;
}

static int on_row(void *arg, char *const *fields, size_t count)
{
	const char *cells[CONTROL_COLUMNS_MAX + SOURCE_MORE_MAX];
	struct printer *p = arg;

	p->rows++;
	memcpy(cells, fields, count * sizeof(*cells));
	if (p->more->count)
		p->more->fill(p->more->arg, fields, cells + count);
	p->write_rc = table_row(p->table, cells);
	return p->write_rc;
}

int source_print(const struct command *c, const char *const *words, size_t count,
		 size_t *rows)
{
	static const struct source_more nothing = { .count = 0 };

	return source_print_more(c, words, count, &nothing, rows);
}

int source_print_more(const struct command *c, const char *const *words, size_t count,
		      const struct source_more *more, size_t *rows)
{
	static const struct control_sink sink = { on_columns, on_row };
	struct printer p = { .command = c, .more = more };
	int status = source_ask(c, words, count, &sink, &p);

	if (p.table && p.write_rc == 0)
		p.write_rc = table_flush(p.table);
	table_free(p.table);
	if (p.write_rc < 0)
		return command_write_failed(c, p.write_rc);
	if (rows)
		*rows = p.rows;
	return status;
}

int source_history_failed(const struct command *c, const struct conf *conf, int rc)
{
	const char *path = conf ? conf->history.file : "history";

	if (rc == -ENOENT && conf && !conf->history.on)
		command_complain(c, "the history is off, and there is none at %s", path);
	else if (rc == -ENOENT)
		command_complain(c, "%s: no history yet: has namewardd run with this configuration?",
				 path);
	else if (rc == -EACCES)
		command_complain(c, "%s: not permitted: try sudo, or join the group adm", path);
	else if (rc == -ETIMEDOUT)
		command_complain(c, "%s: the question took too long: narrow it with -S", path);
	else if (rc == -E2BIG)
		command_complain(c, "%s: too much to count at once: narrow it with -S", path);
	else
		command_complain(c, "%s: %s", path, store_reason(rc));
	return rc == -EACCES ? COMMAND_PERMISSION : COMMAND_FAILED;
}
