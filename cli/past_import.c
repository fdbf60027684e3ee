/* Files of other programs into the history; see past_import.h. */
#include "cli/past_import.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/past_adguard.h"
#include "cli/past_pihole.h"
#include "cli/past_tally.h"
#include "cli/source.h"
#include "conf/conf.h"
#include "db/past.h"
#include "db/pihole_queries.h"
#include "lib/clock.h"
#include "lib/log.h"

#define SAFE_PATH_MAX 1024
#define SHOW_US	      500000 /* progress is shown so often */
#define SECOND_US     1000000ll
#define AHEAD_US      (86400 * SECOND_US) /* later than that is a wrong clock's */

struct import {
	const struct command *c;
	const struct conf *conf; /* borrowed */
	bool is_applied, is_terminal;
	int64_t now_us, keep_since_us;
	uint64_t began_us, shown_us; /* mono */
	struct past *past; /* owned; NULL without --apply */
	struct past_tally tally;
	struct past_lookup lookup;
	int past_rc; /* of writing the history */
};

/* --- rows ----------------------------------------------------------------------------- */

static void show_progress(struct import *m)
{
	uint64_t now_us = clock_mono_us();

	if (!m->is_terminal || now_us - m->shown_us < SHOW_US)
		return;
	m->shown_us = now_us;
	fprintf(m->c->err, "\r%" PRIu64 " rows, %" PRIu64 " a second\033[K", m->tally.read,
		m->tally.read * 1000000 / MAX(now_us - m->began_us, 1u));
	fflush(m->c->err);
}

static int take(struct import *m, int64_t row)
{
	if (m->lookup.ts_us > m->now_us + AHEAD_US)
		return past_tally_refuse(&m->tally, row, "its time is yet to come");
	past_tally_take(&m->tally, m->lookup.ts_us, m->keep_since_us);
	if (m->past)
		m->past_rc = past_add(m->past, &m->lookup);
	if (m->tally.read % 1024 == 0)
		show_progress(m);
	return m->past_rc;
}

static int on_query(void *arg, const struct pihole_query *q)
{
	struct import *m = arg;
	const char *why;

	if (past_pihole_query(q, &m->lookup, &why))
		return past_tally_refuse(&m->tally, q->id, why);
	return take(m, q->id);
}

static int take_line(struct import *m, const char *line, size_t len, int64_t row)
{
	const char *why = NULL;
	int rc = past_adguard_line(line, len, &m->lookup, &why);

	if (rc == -ENOMEM)
		return rc;
	return rc ? past_tally_refuse(&m->tally, row, why) : take(m, row);
}

/* --- files ---------------------------------------------------------------------------- */

/* What does not fit is read over, up to the end of its line. */
static bool read_line(FILE *f, char *line, size_t *len)
{
	int ch = EOF;

	*len = 0;
	while (*len < PAST_ADGUARD_LINE_MAX && (ch = getc_unlocked(f)) != EOF && ch != '\n')
		line[(*len)++] = (char)ch;
	if (*len < PAST_ADGUARD_LINE_MAX)
		return *len || ch == '\n';
	while ((ch = getc_unlocked(f)) != EOF && ch != '\n')
		(*len)++;
	return true;
}

static int take_lines(struct import *m, FILE *f)
{
	char *line = malloc(PAST_ADGUARD_LINE_MAX);
	size_t len;
	int rc = line ? 0 : -ENOMEM;

	for (int64_t row = 1; rc == 0 && read_line(f, line, &len); row++) {
		if (len > PAST_ADGUARD_LINE_MAX)
			rc = past_tally_refuse(&m->tally, row, "it is longer than 256 KiB");
		else if (len)
			rc = take_line(m, line, len, row);
	}
	if (rc == 0 && ferror(f))
		rc = -EIO;
	free(line);
	return rc;
}

/* A pipe cannot be read twice, and one that nobody writes to would be waited for. */
static int open_regular(const char *path, FILE **out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		rc = -errno;
	else if (!S_ISREG(st.st_mode))
		rc = S_ISDIR(st.st_mode) ? -EISDIR : -ENODEV;
	*out = rc ? NULL : fdopen(fd, "r");
	if (!rc && !*out)
		rc = -errno;
	if (rc)
		close(fd);
	return rc;
}

static int take_file(struct import *m, const char *path)
{
	static const char sqlite[] = "SQLite format 3"; /* and its NUL */
	char head[sizeof(sqlite)];
	FILE *f;
	size_t len;
	int rc = open_regular(path, &f);

	if (rc)
		return rc;
	m->tally.file = path;
	len = fread(head, 1, sizeof(head), f);
	if (len == sizeof(head) && memcmp(head, sqlite, sizeof(head)) == 0) {
		rc = pihole_queries_read(path, on_query, m);
	} else {
		rewind(f);
		rc = take_lines(m, f);
	}
	fclose(f);
	return rc;
}

/* --- the whole ------------------------------------------------------------------------ */

static int history_failed(struct import *m, int rc)
{
	if (rc != -EBUSY)
		return source_history_failed(m->c, m->conf, rc);
	command_complain(m->c, "%s: the daemon, or another program, is writing it: stop that and "
			 "try again", m->conf->history.file);
	return COMMAND_FAILED;
}

static int file_failed(struct import *m, const char *path, int rc)
{
	char safe[SAFE_PATH_MAX];

	if (m->past_rc)
		return history_failed(m, m->past_rc);
	if (m->tally.write_rc)
		return command_write_failed(m->c, m->tally.write_rc);
	log_safe(path, safe, sizeof(safe));
	if (rc == -EMEDIUMTYPE || rc == -EUCLEAN)
		command_complain(m->c, "%s: not Pi-hole's long-term database, or a damaged one",
				 safe);
	else if (rc == -ENODEV)
		command_complain(m->c, "%s: not a regular file", safe);
	else if (rc == -EROFS)
		command_complain(m->c, "%s: a change of it was cut off: open it once with Pi-hole or "
				 "sqlite3, which finish that", safe);
	else
		command_complain(m->c, "%s: %s", safe, strerror(-rc));
	return rc == -EACCES ? COMMAND_PERMISSION : COMMAND_FAILED;
}

static int take_all(struct import *m)
{
	const struct command *c = m->c;
	int status = COMMAND_DONE, rc = 0;

	if (m->is_applied)
		rc = past_open(&m->conf->history, &m->past);
	if (rc)
		return history_failed(m, rc);
	for (size_t i = 0; i < c->operand_count && status == COMMAND_DONE; i++) {
		rc = take_file(m, c->operands[i]);
		if (rc)
			status = file_failed(m, c->operands[i], rc);
	}
	if (m->past && !m->past_rc) { /* what was good before a file went wrong stays */
		rc = past_finish(m->past, c->operands[0]);
		if (rc)
			status = history_failed(m, rc);
	}
	if (m->is_terminal)
		fputs("\r\033[K", c->err);
	rc = past_tally_print(&m->tally, m->past ? past_stats(m->past) : NULL);
	if (rc == 0)
		rc = table_flush(m->tally.table);
	past_close(m->past);
	if (rc < 0)
		return command_write_failed(c, rc);
	if (!m->is_applied && status == COMMAND_DONE)
		command_complain(c, "nothing was written: --apply does that");
	return status;
}

static int run_import(struct import *m)
{
	static const struct table_column columns[] = {
		{ "file", COLUMN_TEXT },  { "row", COLUMN_NUMBER }, { "result", COLUMN_TEXT },
		{ "n", COLUMN_NUMBER },	  { "note", COLUMN_TEXT },
	};
	int rc = table_new(m->c->out, &m->c->style, columns, ARRAY_SIZE(columns),
			   &m->tally.table);
	int status;

	if (rc < 0)
		return command_write_failed(m->c, rc);
	status = take_all(m);
	table_free(m->tally.table);
	return status;
}

int past_import(const struct command *c, const struct conf *conf, bool is_applied)
{
	struct import *m = calloc(1, sizeof(*m));
	uint64_t keep_s = MIN(conf->history.keep_lookups_s, (uint64_t)INT64_MAX / 2000000);
	int status;

	if (!m) {
		command_complain(c, "%s", strerror(ENOMEM));
		return COMMAND_FAILED;
	}
	m->c = c;
	m->conf = conf;
	m->is_applied = is_applied;
	m->is_terminal = isatty(STDERR_FILENO);
	m->now_us = clock_wall_us();
	m->began_us = clock_mono_us();
	if (keep_s)
		m->keep_since_us = m->now_us - (int64_t)keep_s * SECOND_US;
	status = run_import(m);
	free(m);
	return status;
}
