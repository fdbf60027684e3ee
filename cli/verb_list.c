/* nameward list: questions about the lists in force, and what is remembered of their
 * updates. */
#include "cli/verbs.h"

#include <inttypes.h>
#include <string.h>

#include "cli/list_hits.h"
#include "cli/source.h"
#include "cli/when.h"
#include "conf/conf.h"
#include "fetch/fetch_state.h"
#include "lib/addr.h"
#include "lib/clock.h"
#include "lib/dname.h"

#define SINCE "-7d" /* hits are of */

/* What an update left beside a list's copy; the columns behind the daemon's own. */
struct updates {
	const struct conf *conf;
	int64_t now_s;
	struct fetch_state state;
	struct list_hits hits;
	char age_s[24], hit_count[24], unique[24];
};

enum ls_cell { LS_AGE, LS_UPDATE, LS_HITS, LS_UNIQUE, LS_CELLS };


static const struct conf_list *find_list(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->list_count; i++)
		if (!strcmp(conf->lists[i].name, name))
			return &conf->lists[i];
	return NULL;
}

static void fill_hits(struct updates *u, size_t list, const char **cells)
{
	snprintf(u->hit_count, sizeof(u->hit_count), "%" PRIu64, u->hits.hits[list]);
	snprintf(u->unique, sizeof(u->unique), "%" PRIu64, u->hits.unique[list]);
	cells[LS_HITS] = u->hits.is_known ? u->hit_count : NULL;
	cells[LS_UNIQUE] = u->hits.is_unique_known ? u->unique : NULL;
}

static void fill_update(void *arg, char *const *fields, const char **cells)
{
	struct updates *u = arg;
	const struct conf_list *l = find_list(u->conf, fields[0]);

	for (size_t i = 0; i < LS_CELLS; i++)
		cells[i] = NULL;
	if (!l)
		return;
	fill_hits(u, (size_t)(l - u->conf->lists), cells);
	if (!l->url)
		return;
	if (fetch_state_read(l->file, &u->state) || !u->state.fetched_s) {
		cells[LS_UPDATE] =
			*u->state.error ? u->state.error : "not fetched yet: list update";
		return;
	}
	snprintf(u->age_s, sizeof(u->age_s), "%" PRId64, u->now_s - u->state.fetched_s);
	cells[LS_AGE] = u->age_s;
	cells[LS_UPDATE] = *u->state.error ? u->state.error : NULL;
}

enum ls_option { LS_SINCE = 1 };

static const struct option_spec ls_options[] = {
	{'S', "since", "TIME", "hits from a time on; 7 days ago without it", LS_SINCE},
	{0, NULL, NULL, NULL, 0},
};

static int run_list_ls(const struct command *c)
{
	static const char *const words[] = {"list", "ls"};
	static const struct table_column columns[LS_CELLS] = {
		[LS_AGE] = {"age_s", COLUMN_NUMBER},
		[LS_UPDATE] = {"update", COLUMN_TEXT},
		[LS_HITS] = {"hits", COLUMN_NUMBER},
		[LS_UNIQUE] = {"unique", COLUMN_NUMBER},
	};
	int64_t now_us = clock_wall_us(), since_us = 0;
	struct updates u = {.now_s = now_us / 1000000};
	const struct source_more more = {columns, ARRAY_SIZE(columns), fill_update, &u};
	struct conf *conf;
	int status;

	when_parse(SINCE, now_us, &since_us);
	for (size_t i = 0; i < c->choice_count; i++)
		if (when_parse(c->choices[i].value, now_us, &since_us) < 0)
			return command_usage(c, "not a time; examples: -14d, yesterday, 2026-11-23");
	status = source_conf(c, NULL, &conf);
	if (status != COMMAND_DONE)
		return status;
	list_hits_read(conf, since_us, &u.hits);
	u.conf = conf;
	status = source_print_more(c, words, ARRAY_SIZE(words), &more, NULL);
	conf_free(conf);
	return status;
}

const struct verb verb_list_ls = {
	.name = "list ls",
	.operands = "",
	.summary = "the lists, with what was counted in each",
	.examples = "  nameward list ls\n"
		    "  nameward list ls -S -30d\n",
	.notes = "age_s and update are of lists with a url: seconds since the copy came, "
		 "and what\n"
		 "went wrong in the last update. hits are lookups that the list blocked, "
		 "unique\n"
		 "those that no other list in force would have.\n",
	.options = ls_options,
	.pages = true,
	.run = run_list_ls,
};

static int run_list_search(const struct command *c)
{
	char text[DNAME_TEXT_MAX];
	const char *words[] = {"list", "search", text};
	struct addr addr;
	struct dname name;
	size_t rows = 0;
	int status;

	if (!addr_from_text(c->operands[0], &addr))
		addr_to_text(&addr, text);
	else if (dname_from_text(c->operands[0], &name) < 0)
		return command_usage(c, "neither a domain name nor an address");
	else
		dname_to_text(&name, text);
	status = source_print(c, words, ARRAY_SIZE(words), &rows);
	return status == COMMAND_DONE && rows == 0 ? COMMAND_FAILED : status;
}

const struct verb verb_list_search = {
	.name = "list search",
	.operands = "NAME",
	.summary = "which lists hold a name, and by which entry",
	.examples = "  nameward list search ads.example.com\n"
		    "  nameward list search ads.example.com >/dev/null && echo listed\n",
	.notes = "Entries of a parent that take in all below it count too. Exit status "
		 "1: in\n"
		 "no list.\n",
	.operands_min = 1,
	.operands_max = 1,
	.pages = true,
	.run = run_list_search,
};
