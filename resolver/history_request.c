/* See history_request.h. */
#include "resolver/history_request.h"

#include <stdio.h>
#include <string.h>

#include "lib/util.h"

#define USAGE                                                                              \
	"usage: history forget client|name WHAT, history prune [before TS KIND,KIND...], " \
	"history pruning, history follow"

static bool is_nothing(char **words)
{
	return !words[0];
}

static bool is_forget(char **words)
{
	return words[0] && words[1] && !words[2] &&
	       (!strcmp(words[0], "client") || !strcmp(words[0], "name"));
}

/* What it says is read by dbwriter. */
static bool is_prune(char **words)
{
	return is_nothing(words) ||
	       (!strcmp(words[0], "before") && words[1] && words[2] && !words[3]);
}

static const struct {
	const char *word;
	enum msg_question question;
	bool (*is_fine)(char **words);
	const char *heading;
} requests[] = {
	{ "forget", ASK_FORGET, is_forget, "state\nbegun" },
	{ "prune", ASK_PRUNE, is_prune, "state\nbegun" },
	{ "follow", ASK_FOLLOW, is_nothing, "state\nbegun" },
	{ "pruning", ASK_PRUNING, is_nothing, "key\tnumber#" },
};

static bool join(char **words, char *to, size_t size)
{
	size_t len = 0;

	for (*to = '\0'; *words; words++) {
		int n = snprintf(to + len, size - len, "%s%s", len ? " " : "", *words);

		if (n < 0 || (size_t)n >= size - len)
			return false;
		len += (size_t)n;
	}
	return true;
}

const char *history_request_read(char **words, struct history_request *out)
{
	for (size_t i = 0; words[0] && i < ARRAY_SIZE(requests); i++) {
		if (strcmp(words[0], requests[i].word))
			continue;
		if (!requests[i].is_fine(words + 1))
			return USAGE;
		out->question = requests[i].question;
		out->heading = requests[i].heading;
		return join(words + 1, out->arg, sizeof(out->arg)) ? NULL : "too long";
	}
	return USAGE;
}
