/*
 * nameward list test: what a list would newly block of the names asked lately, before it is
 * taken into the configuration. The daemon need not run.
 */
#include "cli/verbs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blocklists/list_build.h"
#include "blocklists/list_file.h"
#include "blocklists/list_match.h"
#include "blocklists/list_why.h"
#include "cli/list_apart.h"
#include "cli/list_trial.h"
#include "cli/source.h"
#include "cli/when.h"
#include "conf/conf.h"
#include "db/report_seen.h"
#include "lib/clock.h"

#define SINCE "-7d"

enum test_option { TEST_SINCE = 1 };
enum seen_column { SEEN_NAME, SEEN_CLIENT, SEEN_ANSWER, SEEN_BLOCKED, SEEN_N, SEEN_COLUMNS };

static const struct option_spec test_options[] = {
	{ 'S', "since", "TIME", "names asked from a time on; 7 days ago without it", TEST_SINCE },
	{ 0, NULL, NULL, NULL, 0 },
};

struct test {
	const struct command *c;
	int64_t since_us;
	struct list_index *index; /* owned */
	struct list_trial *trial; /* owned */
	struct table *table;	  /* owned */
};

/* --- the list ------------------------------------------------------------------------- */

static int compile(struct test *t, const char *path)
{
	struct list_source s = { .name = "test", .format = LIST_AUTO };
	char text[LIST_WHY_MAX];
	const struct list_stats *stats;
	const char *why;
	int rc = list_file_open(path, &s.fd);

	if (rc < 0) {
		command_complain(t->c, "%s: %s", path, list_rc_text(rc));
		return rc == -EACCES ? COMMAND_PERMISSION : COMMAND_FAILED;
	}
	rc = list_apart(&s, &t->index, &why);
	close(s.fd);
	if (rc < 0) {
		command_complain(t->c, "%s: %s", path, why);
		return COMMAND_FAILED;
	}
	stats = list_index_stats(t->index, 0);
	if (stats->rc || !stats->entries) {
		command_complain(t->c, "%s: %s", path, stats->rc ? list_why_text(stats, text) :
				 "no entry in it");
		return COMMAND_FAILED;
	}
	return COMMAND_DONE;
}

/* --- the history ---------------------------------------------------------------------- */

static int on_columns(void *arg, const char *const *names, size_t count)
{
	(void)arg;
	return count == SEEN_COLUMNS && strcmp(names[SEEN_N], "n") == 0 ? 0 : -EPROTO;
}

static int on_row(void *arg, const struct report_value *v, size_t count)
{
	struct test *t = arg;
	const char *client = v[SEEN_CLIENT].type == REPORT_TEXT ? v[SEEN_CLIENT].text : "";

	(void)count;
	return list_trial_add(t->trial, v[SEEN_NAME].text, client,
			      v[SEEN_ANSWER].type == REPORT_TEXT ? v[SEEN_ANSWER].text : NULL,
			      v[SEEN_BLOCKED].integer, (uint64_t)v[SEEN_N].integer);
}

static int read_history(struct test *t)
{
	const struct report_out out = { on_columns, on_row, t };
	struct report *report = NULL;
	struct conf *conf = NULL;
	int status = source_conf(t->c, NULL, &conf);
	int rc;

	if (status != COMMAND_DONE)
		return status;
	rc = report_open(conf->history.file, &report);
	if (rc == 0)
		rc = report_seen(report, t->since_us, &out);
	if (rc == -E2BIG) {
		command_complain(t->c, "too many different names: narrow it with -S");
		status = COMMAND_FAILED;
	} else if (rc < 0) {
		status = source_history_failed(t->c, conf, rc);
	}
	report_close(report);
	conf_free(conf);
	return status;
}

/* --- the answer ----------------------------------------------------------------------- */

enum column { C_NAME, C_N, C_CLIENTS, C_ALREADY, C_BY, C_ENTRY, C_LINE, C_COLUMNS };

static int print_name(struct test *t, const struct list_trial_name *n)
{
	char count[24], clients[24], already[24], line[16], entry[LIST_MATCH_TEXT];
	const char *cells[C_COLUMNS] = {
		[C_NAME] = n->name, [C_N] = count, [C_CLIENTS] = clients, [C_ALREADY] = already,
		[C_BY] = n->by_answer ? "answer" : "name",
		[C_ENTRY] = list_match_text(&n->match, entry), [C_LINE] = line,
	};

	snprintf(count, sizeof(count), "%" PRIu64, n->n);
	snprintf(clients, sizeof(clients), "%" PRIu32, n->clients);
	snprintf(already, sizeof(already), "%" PRIu64, n->already);
	snprintf(line, sizeof(line), "%" PRIu32, n->match.line);
	return table_row(t->table, cells);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void print_totals(const struct test *t, const struct list_trial_name *names, size_t count)
{
	uint64_t lookups, n = 0, new_names = 0, already = 0;
	size_t seen = list_trial_seen(t->trial, &lookups);
	char since[WHEN_TEXT_MAX];

	for (size_t i = 0; i < count; i++) {
		n += names[i].n;
		new_names += names[i].n > 0;
		already += names[i].n == 0;
	}
	fprintf(t->c->out, "Since %s: %zu name%s asked for in %" PRIu64 " lookup%s. The list would "
			   "newly block %" PRIu64 " name%s in %" PRIu64 " lookup%s; %" PRIu64
			   " more that it holds %s blocked already.\n",
		when_text(t->since_us, since), seen, plural(seen), lookups, plural(lookups),
		new_names, plural(new_names), n, plural(n), already, already == 1 ? "is" : "are");
}

/* People see what would be new; programs also what is blocked already, with n 0. */
static int print(struct test *t)
{
	static const struct table_column columns[C_COLUMNS] = {
		[C_NAME] = { "name", COLUMN_TEXT },	  [C_N] = { "n", COLUMN_NUMBER },
		[C_CLIENTS] = { "clients", COLUMN_NUMBER }, [C_ALREADY] = { "already", COLUMN_NUMBER },
		[C_BY] = { "by", COLUMN_TEXT },		  [C_ENTRY] = { "entry", COLUMN_TEXT },
		[C_LINE] = { "line", COLUMN_NUMBER },
	};
	bool people = t->c->style.format == TABLE_ALIGNED;
	const struct list_trial_name *names;
	size_t count;
	int rc = list_trial_names(t->trial, &names, &count);

	if (!rc)
		rc = table_new(t->c->out, &t->c->style, columns, C_COLUMNS, &t->table);
	for (size_t i = 0; i < count && !rc; i++)
		if (names[i].n || !people)
			rc = print_name(t, &names[i]);
	if (!rc)
		rc = table_flush(t->table);
	if (rc)
		return command_write_failed(t->c, rc);
	if (people)
		print_totals(t, names, count);
	return COMMAND_DONE;
}

static int run_list_test(const struct command *c)
{
	struct test t = { .c = c };
	int status;

	when_parse(SINCE, clock_wall_us(), &t.since_us);
	for (size_t i = 0; i < c->choice_count; i++)
		if (when_parse(c->choices[i].value, clock_wall_us(), &t.since_us) < 0)
			return command_usage(c, "not a time; examples: -14d, yesterday, 2026-11-23");
	status = compile(&t, c->operands[0]);
	if (status == COMMAND_DONE && list_trial_new(t.index, &t.trial)) {
		command_complain(c, "out of memory");
		status = COMMAND_FAILED;
	}
	if (status == COMMAND_DONE)
		status = read_history(&t);
	if (status == COMMAND_DONE)
		status = print(&t);
	table_free(t.table);
	list_trial_free(t.trial);
	list_index_close(t.index);
	return status;
}

const struct verb verb_list_test = {
	.name = "list test",
	.operands = "FILE",
	.summary = "what the list in a file would newly block of what was asked lately",
	.examples = "  nameward list test new.txt\n"
		    "  nameward list test new.txt -S -30d\n"
		    "  nameward list test new.txt --json | jq -r 'select(.n > 0).name'\n",
	.notes = "N are lookups that were not blocked and would be, CLIENTS those who asked, and\n"
		 "LINE is the line in the file. Programs also get the names that are blocked now\n"
		 "by other lists, with n 0. Allow lists of the configuration are not asked.\n",
	.options = test_options,
	.operands_min = 1,
	.operands_max = 1,
	.pages = true,
	.run = run_list_test,
};
