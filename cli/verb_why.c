/*
 * nameward why: every step of a decision with the file and line it comes from, as the
 * daemon tells it, and who asked for the name lately, from the history.
 */
#include "cli/verbs.h"

#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

#include "cli/asked.h"
#include "cli/control_client.h"
#include "cli/source.h"
#include "cli/text_buf.h"
#include "lib/addr.h"
#include "lib/dname.h"

#define STEPS_MAX     64
#define VERDICT_AT    66 /* screen column of the verdict, where the line before is short */
#define RESULT_WIDTH  48 /* a longer result moves its own `where` only */

enum why_option { WHY_CLIENT = 1 };
enum why_column { WHY_STEP, WHY_RESULT, WHY_WHERE, WHY_COLUMNS };

struct step {
	char *text[WHY_COLUMNS]; /* owned, escaped for a terminal */
};

struct story {
	struct step steps[STEPS_MAX];
	size_t count;
};

static const struct option_spec why_options[] = {
	{ 0, "client", "CLIENT", "as if this device (name or address) asked", WHY_CLIENT },
	{ 0, NULL, NULL, NULL, 0 },
};

/* The client's address or label; without one the daemon takes the policy of no client. */
static const char *client_of(const struct command *c)
{
	const char *client = NULL;

	for (size_t i = 0; i < c->choice_count; i++) {
		if (c->choices[i].id == WHY_CLIENT)
			client = c->choices[i].value;
	}
	return client;
}

static char *escaped(const char *s)
{
	struct text_buf b = { 0 };

	text_add_escaped(&b, s, false);
	text_add(&b, "", 1);
	if (b.failed) {
		text_fini(&b);
		return NULL;
	}
	return b.bytes;
}

static int on_columns(void *arg, char *const *names, size_t count)
{
	(void)arg;
	(void)names;
	return count == WHY_COLUMNS ? 0 : -EPROTO;
}

static int on_step(void *arg, char *const *fields, size_t count)
{
	struct story *story = arg;
	struct step *step = &story->steps[story->count];

	(void)count;
	if (story->count == STEPS_MAX)
		return -EPROTO;
	story->count++;
	for (size_t i = 0; i < WHY_COLUMNS; i++) {
		step->text[i] = escaped(fields[i]);
		if (!step->text[i])
			return -ENOMEM;
	}
	return 0;
}

static void story_fini(struct story *story)
{
	for (size_t i = 0; i < story->count; i++) {
		for (size_t k = 0; k < WHY_COLUMNS; k++)
			free(story->steps[i].text[k]);
	}
}

static void print_verdict(const struct command *c, const char *name, const struct step *s)
{
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	const char *colour = "";
	int width;

	if (c->style.colour)
		colour = table_verdict_colour(s->text[WHY_RESULT]);
	width = fprintf(c->out, "%s", name);
	if (strcmp(name, s->text[WHY_WHERE]) != 0)
		width += fprintf(c->out, "  %s", s->text[WHY_WHERE]);
	if (client_of(c))
		width += fprintf(c->out, "  for %s", client_of(c));
	fprintf(c->out, "%*s %s %s%s%s\n", width < VERDICT_AT ? VERDICT_AT - width : 0, "",
		utf8 ? "→" : "->", colour, s->text[WHY_RESULT], *colour ? TABLE_COLOUR_END : "");
}

static void print_steps(const struct command *c, const struct story *story)
{
	size_t step_width = 0;
	size_t result_width = 0;

	for (size_t i = 1; i < story->count; i++) {
		size_t result = text_width(story->steps[i].text[WHY_RESULT]);

		step_width = MAX(step_width, text_width(story->steps[i].text[WHY_STEP]));
		if (result <= RESULT_WIDTH)
			result_width = MAX(result_width, result);
	}
	for (size_t i = 1; i < story->count; i++) {
		char *const *text = story->steps[i].text;
		size_t width = text_width(text[WHY_RESULT]);

		fprintf(c->out, "%3zu %-*s  %s", i, (int)step_width, text[WHY_STEP],
			text[WHY_RESULT]);
		if (*text[WHY_WHERE])
			fprintf(c->out, "%*s  %s",
				width < result_width ? (int)(result_width - width) : 0, "",
				text[WHY_WHERE]);
		fputc('\n', c->out);
	}
}

static int tell_story(const struct command *c, const char *name, const char *const *words,
		      size_t count)
{
	static const struct control_sink sink = { on_columns, on_step };
	struct story story = { 0 };
	int status = source_ask(c, words, count, &sink, &story);

	if (status == COMMAND_DONE && story.count > 0 &&
	    strcmp(story.steps[0].text[WHY_STEP], "verdict") == 0) {
		print_verdict(c, name, &story.steps[0]);
		print_steps(c, &story);
		asked_print(c, name);
	} else if (status == COMMAND_DONE) {
		command_complain(c, "the daemon's answer is not understood");
		status = COMMAND_FAILED;
	}
	story_fini(&story);
	return status;
}

static int why_address(const struct command *c, const struct addr *addr)
{
	char text[ADDR_TEXT_MAX];
	const char *words[] = { "gate", "ls", addr_to_text(addr, text) };
	size_t rows = 0;
	int status;

	if (client_of(c))
		return command_usage(c, "--client goes with a name, not with an address");
	status = source_print(c, words, ARRAY_SIZE(words), &rows);
	if (status == COMMAND_DONE && rows == 0)
		command_complain(c, "no lease to %s now", text);
	return status == COMMAND_DONE && rows == 0 ? COMMAND_FAILED : status;
}

static int run_why(const struct command *c)
{
	char text[DNAME_TEXT_MAX];
	const char *words[] = { "why", text, client_of(c) };
	size_t count = words[2] ? 3 : 2;
	struct dname name;
	struct addr addr;

	if (addr_from_text(c->operands[0], &addr) == 0)
		return why_address(c, &addr);
	if (dname_from_text(c->operands[0], &name) < 0)
		return command_usage(c, "neither a domain name nor an address");
	dname_lower(&name);
	dname_to_text(&name, text);
	if (c->style.format != TABLE_ALIGNED)
		return source_print(c, words, count, NULL);
	return tell_story(c, text, words, count);
}

const struct verb verb_why = {
	.name = "why",
	.operands = "NAME|ADDRESS",
	.summary = "why a name is blocked or not; which leases let an address pass",
	.examples = "  nameward why tracker.example.net\n"
		    "  nameward why tracker.example.net --client tv\n"
		    "  nameward why 203.0.113.80          leases to that address\n",
	.notes = "The lists and policies are those that the daemon uses now; what was asked\n"
		 "lately comes from the history, where you may read it.\n",
	.options = why_options,
	.operands_min = 1,
	.operands_max = 1,
	.run = run_why,
};
