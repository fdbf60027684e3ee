/* nameward cache: what the daemon's cache holds, and forgetting it. */
#include "cli/verbs.h"

#include <string.h>

#include "cli/source.h"
#include "lib/dname.h"

/* A pattern as the daemon takes it: NAME, *.NAME, or * alone. @return false if it is none */
static bool read_pattern(const char *from, char *to)
{
	bool below = from[0] == '*' && from[1] == '.';
	struct dname name;

	if (from[0] == '*' && !from[1]) {
		strcpy(to, from);
		return true;
	}
	if (dname_from_text(from + (below ? 2 : 0), &name) < 0)
		return false;
	if (below)
		memcpy(to, "*.", 2);
	dname_to_text(&name, to + (below ? 2 : 0));
	return true;
}

static int run_cache_ls(const struct command *c)
{
	char text[DNAME_TEXT_MAX + 2];
	const char *words[] = { "cache", "ls", text };

	if (c->operand_count == 0)
		return source_print(c, words, 2, NULL);
	if (!read_pattern(c->operands[0], text))
		return command_usage(c, "not a domain name");
	return source_print(c, words, 3, NULL);
}

const struct verb verb_cache_ls = {
	.name = "cache ls",
	.operands = "[NAME | *.NAME]",
	.summary = "what the cache holds, and for how long",
	.examples = "  nameward cache ls www.example.com\n"
		    "  nameward cache ls '*.example.com'         this name and all below\n"
		    "  nameward cache ls --json | jq -s 'map(.bytes) | add'\n",
	.notes = "Below zero seconds left: ended, kept for when the upstreams fail. Type *: the\n"
		 "name does not exist, with any type. In no order.\n",
	.operands_max = 1,
	.pages = true,
	.run = run_cache_ls,
};

enum flush_option { FLUSH_ALL = 1 };

static const struct option_spec flush_options[] = {
	{ 0, "all", NULL, "every name", FLUSH_ALL },
	{ 0, NULL, NULL, NULL, 0 },
};

static int run_cache_flush(const struct command *c)
{
	char text[DNAME_TEXT_MAX + 2] = "*";
	const char *words[] = { "cache", "flush", text };

	if ((c->operand_count == 1) == (c->choice_count > 0))
		return command_usage(c, "say which: NAME, '*.NAME', or --all");
	if (c->operand_count && !read_pattern(c->operands[0], text))
		return command_usage(c, "not a domain name");
	return source_print(c, words, ARRAY_SIZE(words), NULL);
}

const struct verb verb_cache_flush = {
	.name = "cache flush",
	.operands = "NAME | *.NAME | --all",
	.summary = "forget answers, so that the next question goes upstream",
	.examples = "  sudo nameward cache flush www.example.com\n"
		    "  sudo nameward cache flush '*.example.com'   this name and all below\n"
		    "  sudo nameward cache flush --all\n",
	.notes = "Leases that were given for the answers stay. Only root may do this.\n",
	.options = flush_options,
	.operands_max = 1,
	.run = run_cache_flush,
};
