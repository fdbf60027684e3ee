/* nameward list: questions about the lists in force, and what is remembered of their
 * updates. */
#include "cli/verbs.h"

#include <inttypes.h>
#include <string.h>

#include "cli/source.h"
#include "conf/conf.h"
#include "fetch/fetch_state.h"
#include "lib/addr.h"
#include "lib/clock.h"
#include "lib/dname.h"

/* What an update left beside a list's copy; the columns behind the daemon's own. */
struct updates {
	const struct conf *conf;
	int64_t now_s;
	struct fetch_state state;
	char age_s[24];
};

static const struct conf_list *find_list(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->list_count; i++)
		if (!strcmp(conf->lists[i].name, name))
			return &conf->lists[i];
	return NULL;
}

static void fill_update(void *arg, char *const *fields, const char **cells)
{
	struct updates *u = arg;
	const struct conf_list *l = find_list(u->conf, fields[0]);

	cells[0] = cells[1] = NULL;
	if (!l || !l->url)
		return;
	if (fetch_state_read(l->file, &u->state) || !u->state.fetched_s) {
		cells[1] =
			*u->state.error ? u->state.error : "not fetched yet: list update";
		return;
	}
	snprintf(u->age_s, sizeof(u->age_s), "%" PRId64, u->now_s - u->state.fetched_s);
	cells[0] = u->age_s;
	cells[1] = *u->state.error ? u->state.error : NULL;
}

static int run_list_ls(const struct command *c)
{
	static const char *const words[] = {"list", "ls"};
	static const struct table_column columns[] = {
		{"age_s", COLUMN_NUMBER},
		{"update", COLUMN_TEXT},
	};
	struct updates u = {.now_s = clock_wall_us() / 1000000};
	const struct source_more more = {columns, ARRAY_SIZE(columns), fill_update, &u};
	struct conf *conf;
	int status = source_conf(c, NULL, &conf);

	if (status != COMMAND_DONE)
		return status;
	u.conf = conf;
	status = source_print_more(c, words, ARRAY_SIZE(words), &more, NULL);
	conf_free(conf);
	return status;
}

const struct verb verb_list_ls = {
	.name = "list ls",
	.operands = "",
	.summary = "the lists, with what was counted in each",
	.examples = "  nameward list ls\n",
	.notes = "age_s and update are of lists with a url: seconds since the copy came, "
		 "and what\n"
		 "went wrong in the last update.\n",
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
