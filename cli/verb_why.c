/*
 * nameward why: every step of a decision with the file and line it comes from. Of a name as
 * the daemon tells it, and who asked for it lately, from the history; of an address as
 * gate_story.h puts it together.
 */
#include "cli/verbs.h"

#include <errno.h>
#include <string.h>

#include "cli/asked.h"
#include "cli/control_client.h"
#include "cli/gate_story.h"
#include "cli/owners.h"
#include "cli/source.h"
#include "cli/story.h"
#include "conf/conf.h"
#include "lib/addr.h"
#include "lib/dname.h"

enum why_option { WHY_CLIENT = 1 };

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

static int on_columns(void *arg, char *const *names, size_t count)
{
	(void)arg;
	(void)names;
	return count == STORY_COLUMNS ? 0 : -EPROTO;
}

struct printing {
	struct owners *owners;
	char text[OWNERS_TEXT_MAX];
};

/* A story being read, and who owns the addresses that its name leads to. */
struct reading {
	struct story story;
	struct owners *owners;
};

/* "192.0.2.1: no match" begins with the address. @return "" for steps of another kind */
static const char *owner_of(struct owners *owners, char *const *fields, char *buf)
{
	char addr[ADDR_TEXT_MAX + 1];
	size_t len = strlen(fields[STORY_RESULT]);
	const char *end = strstr(fields[STORY_RESULT], ": ");

	*buf = '\0';
	if (strcmp(fields[STORY_STEP], "address") != 0)
		return buf;
	len = end ? (size_t)(end - fields[STORY_RESULT]) : len;
	snprintf(addr, sizeof(addr), "%.*s", (int)MIN(len, sizeof(addr)), fields[STORY_RESULT]);
	return owners_find_text(owners, addr, buf);
}

static int on_step(void *arg, char *const *fields, size_t count)
{
	struct reading *r = arg;
	char owner[OWNERS_TEXT_MAX], result[STORY_TEXT_MAX];
	int rc;

	(void)count;
	owner_of(r->owners, fields, owner);
	snprintf(result, sizeof(result), "%s%s%s", fields[STORY_RESULT], *owner ? "; of " : "",
		 owner);
	rc = story_add(&r->story, fields[STORY_STEP], result, fields[STORY_WHERE]);
	return rc == -E2BIG ? -EPROTO : rc;
}

static void fill_owner(void *arg, char *const *fields, const char **cells)
{
	struct printing *p = arg;

	cells[0] = *owner_of(p->owners, fields, p->text) ? p->text : NULL;
}

static int print_rows(const struct command *c, const char *const *words, size_t count,
		      struct owners *owners)
{
	static const struct table_column column = { "owner", COLUMN_TEXT };
	struct printing p = { .owners = owners };
	const struct source_more more = { &column, 1, fill_owner, &p };

	return source_print_more(c, words, count, &more, NULL);
}

static int tell_story(const struct command *c, const char *name, const char *const *words,
		      size_t count, struct owners *owners)
{
	static const struct control_sink sink = { on_columns, on_step };
	struct reading r = { .owners = owners };
	int status = source_ask(c, words, count, &sink, &r);

	if (status == COMMAND_DONE && r.story.count > 0 &&
	    strcmp(r.story.steps[0].text[STORY_STEP], "verdict") == 0) {
		story_print(c, name, client_of(c), &r.story);
		asked_print(c, name);
	} else if (status == COMMAND_DONE) {
		command_complain(c, "the daemon's answer is not understood");
		status = COMMAND_FAILED;
	}
	story_fini(&r.story);
	return status;
}

static int run_why(const struct command *c)
{
	char text[DNAME_TEXT_MAX];
	const char *words[] = { "why", text, client_of(c) };
	size_t count = words[2] ? 3 : 2;
	struct owners *owners;
	struct conf *conf;
	int status;
	struct dname name;
	enum gate_passes passes;
	struct gate_target to;

	if (gate_target_read(c->operands[0], &to) == 0)
		return gate_story(c, &to, client_of(c), &passes);
	if (dname_from_text(c->operands[0], &name) < 0)
		return command_usage(c, "neither a domain name nor an address");
	dname_lower(&name);
	dname_to_text(&name, text);
	status = source_conf(c, NULL, &conf);
	if (status != COMMAND_DONE)
		return status;
	owners = owners_open(conf);
	status = c->style.format == TABLE_ALIGNED ? tell_story(c, text, words, count, owners) :
						    print_rows(c, words, count, owners);
	owners_close(owners);
	conf_free(conf);
	return status;
}

const struct verb verb_why = {
	.name = "why",
	.operands = "NAME|ADDRESS[:PORT]",
	.summary = "why a name is blocked or not; why a connection passes or not",
	.examples = "  nameward why tracker.example.net\n"
		    "  nameward why tracker.example.net --client tv\n"
		    "  nameward why 203.0.113.80          who may connect there, and why\n"
		    "  nameward why 203.0.113.80 --client tv\n"
		    "  nameward why 203.0.113.80:853 --client tv\n",
	.notes = "The lists and policies are those that the daemon uses now; what was asked\n"
		 "lately comes from the history, where you may read it. An address is explained\n"
		 "as far as that goes without the daemon, too.\n",
	.options = why_options,
	.operands_min = 1,
	.operands_max = 1,
	.pages = true,
	.run = run_why,
};
