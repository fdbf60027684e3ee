/*
 * nameward allow, block, pause, resume, override ls: what goes before the configuration until
 * some time. The wish is a line in the file that the configuration's `overrides` names
 * (conf/conf_override.h), which the supervisor watches; so only root may, it works while the
 * daemon is down, and it survives a restart.
 */
#include "cli/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/control_client.h"
#include "cli/daemon_lock.h"
#include "cli/source.h"
#include "cli/when.h"
#include "conf/conf.h"
#include "conf/conf_override.h"
#include "conf/wish_file.h"
#include "lib/clock.h"

#define FOR_DEFAULT_S	3600
#define SECOND_US	INT64_C(1000000)
#define CONFIRM_MS	4000 /* the supervisor hears of a change within one second or so */
#define CONFIRM_STEP_MS 50
#define SAVE_FOLDER	"/etc/nameward/local"

enum override_option { OVERRIDE_FOR = 1, OVERRIDE_OF_CLIENT, OVERRIDE_OF_GROUP, OVERRIDE_END,
		       OVERRIDE_SAVE };

static const struct option_spec name_options[] = {
	{ 0, "for", "SPAN", "how long: 30m, 1h (without it), 2d; 30 days at most", OVERRIDE_FOR },
	{ 0, "client", "CLIENT", "for this device, or the client of this address",
	  OVERRIDE_OF_CLIENT },
	{ 0, "group", "GROUP", "for the members of this group", OVERRIDE_OF_GROUP },
	{ 0, "end", NULL, "end it now", OVERRIDE_END },
	{ 0, "save", NULL, "for good: add a line to a list of your own in " SAVE_FOLDER,
	  OVERRIDE_SAVE },
	{ 0, NULL, NULL, NULL, 0 },
};

static const struct option_spec pause_options[] = {
	{ 0, "for", "SPAN", "how long: 30m, 1h (without it), 2d; 30 days at most", OVERRIDE_FOR },
	{ 0, NULL, NULL, NULL, 0 },
};

struct wish {
	const struct command *c;
	struct conf *conf;
	struct conf_override item;
	bool has_span, save;
	struct conf_overrides all;
	char text[CONF_OVERRIDE_TEXT];
};

/* --- arguments ------------------------------------------------------------------------ */

static int set_span(struct wish *w, const char *value)
{
	int64_t now_us = clock_wall_us(), at_us;
	char text[64];

	if (snprintf(text, sizeof(text), "+%s", value) >= (int)sizeof(text) ||
	    value[0] < '0' || value[0] > '9' || when_parse(text, now_us, &at_us) < 0)
		return command_usage(w->c, "--for takes a span: 30m, 1h, 2d");
	w->item.until_s = at_us / SECOND_US;
	w->has_span = true;
	if (at_us <= now_us || w->item.until_s > now_us / SECOND_US + CONF_OVERRIDE_S_MAX)
		return command_usage(w->c, "--for takes up to 30 days; for longer there is a "
					   "list: --save");
	return COMMAND_DONE;
}

static int set_who(struct wish *w, enum override_scope scope, const char *who)
{
	struct addr addr;

	if (w->item.scope != OVERRIDE_ALL)
		return command_usage(w->c, "one --client or one --group");
	w->item.scope = scope;
	if (scope == OVERRIDE_CLIENT && addr_from_text(who, &addr) == 0)
		addr_to_text(&addr, w->item.who);
	else if (strlen(who) <= CONF_NAME_MAX)
		strcpy(w->item.who, who);
	else
		return command_usage(w->c, "no name of a device or group is so long");
	return COMMAND_DONE;
}

static int read_option(struct wish *w, const struct choice *o)
{
	switch (o->id) {
	case OVERRIDE_FOR:
		return set_span(w, o->value);
	case OVERRIDE_OF_CLIENT:
		return set_who(w, OVERRIDE_CLIENT, o->value);
	case OVERRIDE_OF_GROUP:
		return set_who(w, OVERRIDE_GROUP, o->value);
	case OVERRIDE_SAVE:
		w->save = true;
		return COMMAND_DONE;
	default:
		w->item.until_s = 0;
		return COMMAND_DONE;
	}
}

static int read_options(struct wish *w)
{
	int status = COMMAND_DONE;

	for (size_t i = 0; i < w->c->choice_count && status == COMMAND_DONE; i++)
		status = read_option(w, &w->c->choices[i]);
	if (status == COMMAND_DONE && w->has_span && !w->item.until_s)
		return command_usage(w->c, "--end goes without --for");
	if (status == COMMAND_DONE && w->save &&
	    (w->has_span || !w->item.until_s || w->item.scope != OVERRIDE_ALL))
		return command_usage(w->c, "--save goes alone: who it is for, the policies that "
					   "use the list say");
	return status;
}

static int read_name(struct wish *w)
{
	const char *text = w->c->operands[0];

	if (!strncmp(text, "*.", 2))
		text += 2;
	if (dname_from_text(text, &w->item.name) || w->item.name.len == 1)
		return command_usage(w->c, "not a domain name");
	dname_lower(&w->item.name);
	return COMMAND_DONE;
}

static const struct conf_device *find_device(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->device_count; i++)
		if (!strcmp(c->devices[i].name, name))
			return &c->devices[i];
	return NULL;
}

/* A name that is not trusted lets nobody off: then that would do nothing. */
static bool is_name_alone(const struct conf_device *d)
{
	return !d->mac_count && !d->addr_count && d->trust_name == SWITCH_OFF;
}

static bool has_group(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->group_count; i++)
		if (!strcmp(c->groups[i].name, name))
			return true;
	return false;
}

static bool has_policy(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->policy_count; i++)
		if (!strcmp(c->policies[i].name, name))
			return true;
	return false;
}

/* What a pause is for: the first of policy, group, device and address that it can be. */
static int find_who(struct wish *w)
{
	const char *who = w->c->operand_count ? w->c->operands[0] : NULL;
	struct addr addr;

	if (!who)
		return COMMAND_DONE;
	if (has_policy(w->conf, who))
		return set_who(w, OVERRIDE_POLICY, who);
	if (has_group(w->conf, who))
		return set_who(w, OVERRIDE_GROUP, who);
	if (find_device(w->conf, who) || addr_from_text(who, &addr) == 0)
		return set_who(w, OVERRIDE_CLIENT, who);
	return command_usage(w->c, "the configuration has no policy, group or device '%s'", who);
}

static int check_who(struct wish *w)
{
	const struct conf_device *d;
	struct addr addr;

	if (w->item.scope == OVERRIDE_GROUP && !has_group(w->conf, w->item.who))
		return command_usage(w->c, "the configuration has no group '%s'", w->item.who);
	if (w->item.scope != OVERRIDE_CLIENT)
		return COMMAND_DONE;
	d = find_device(w->conf, w->item.who);
	if (!d && addr_from_text(w->item.who, &addr) < 0)
		return command_usage(w->c, "'%s' is neither a device of the configuration nor an "
					   "address", w->item.who);
	if (d && is_name_alone(d) && w->item.until_s && w->item.action != OVERRIDE_BLOCK)
		return command_usage(w->c, "'%s' is known by its dhcp-name alone, which its block "
					   "does not trust (trust-name)", w->item.who);
	return COMMAND_DONE;
}

/* --- the file ------------------------------------------------------------------------- */

static int failed(const struct wish *w, const char *path, int rc)
{
	bool denied = rc == -EACCES || rc == -EPERM;

	command_complain(w->c, "%s: %s%s", path, strerror(-rc), denied ? ": try sudo" : "");
	return denied ? COMMAND_PERMISSION : COMMAND_FAILED;
}

static int change_file(struct wish *w)
{
	const char *path = w->conf->overrides;
	int rc = wish_file_read(path, w->text, sizeof(w->text));

	if (rc == 0)
		rc = conf_overrides_parse(w->text, clock_wall_us() / SECOND_US, &w->all);
	if (rc == -EINVAL)
		command_complain(w->c, "%s: not lines of overrides: it is written anew", path);
	else if (rc < 0)
		return failed(w, path, rc);
	rc = conf_overrides_set(&w->all, &w->item);
	if (rc == -ENOENT) {
		command_complain(w->c, "there is no such override: see nameward override ls");
		return COMMAND_FAILED;
	}
	if (rc == 0)
		rc = wish_file_write(path, conf_overrides_text(&w->all, w->text));
	return rc < 0 ? failed(w, path, rc) : COMMAND_DONE;
}

struct confirmation {
	size_t count; /* of overrides */
	bool has_ours;
	char until[WHEN_TEXT_MAX]; /* of ours, as the daemon writes it */
};

static int on_columns(void *arg, char *const *names, size_t count)
{
	(void)arg;
	(void)names;
	return count == 6 ? 0 : -EPROTO;
}

static int on_row(void *arg, char *const *fields, size_t count)
{
	struct confirmation *k = arg;

	(void)count;
	k->count++;
	k->has_ours |= strcmp(fields[3], k->until) == 0;
	return 0;
}

/* The daemon has as many as the file, and ours, if it was not to be ended. */
static bool is_in_force(const struct wish *w)
{
	static const struct control_sink sink = { on_columns, on_row };
	static const char *const words[] = { "override", "ls" };
	struct confirmation k = { 0 };
	char why[CONTROL_WHY_MAX];
	time_t until = (time_t)w->item.until_s;
	struct tm tm;

	if (gmtime_r(&until, &tm))
		strftime(k.until, sizeof(k.until), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return control_ask(w->conf->control, words, 2, &sink, &k, why) == 0 &&
	       k.count == w->all.count && (!until || k.has_ours);
}

static void wait_for_daemon(const struct wish *w)
{
	uint64_t end_ms = clock_mono_ms() + CONFIRM_MS;

	if (!daemon_lock_pid(w->conf->control)) {
		command_complain(w->c, "the daemon is not running: it holds when it does");
		return;
	}
	while (clock_mono_ms() < end_ms) {
		if (is_in_force(w))
			return;
		usleep(CONFIRM_STEP_MS * 1000);
	}
	command_complain(w->c, "%s is written, but the daemon has not confirmed it: see its log",
			 w->conf->overrides);
}

static int say(const struct wish *w)
{
	char until[WHEN_TEXT_MAX], name[DNAME_TEXT_MAX];
	const struct conf_override *o = &w->item;
	bool all = o->scope == OVERRIDE_ALL;

	when_text(o->until_s * SECOND_US, until);
	fprintf(w->c->out, "%s%s%s%s for %s%s%s%s%s\n", o->until_s ? "" : "ended: ",
		conf_override_action(o->action), o->action == OVERRIDE_PAUSE ? "" : " *.",
		o->action == OVERRIDE_PAUSE ? "" : dname_to_text(&o->name, name),
		conf_override_scope(o->scope), all ? "" : " ", all ? "" : o->who,
		o->until_s ? " until " : "", o->until_s ? until : "");
	return COMMAND_DONE;
}

/* --- for good ------------------------------------------------------------------------- */

static bool is_list(const struct conf *c, const char *path)
{
	for (size_t i = 0; i < c->list_count; i++)
		if (c->lists[i].file && !strcmp(c->lists[i].file, path))
			return true;
	return false;
}

static int save(struct wish *w)
{
	char path[PATH_MAX], name[DNAME_TEXT_MAX], line[DNAME_TEXT_MAX + 4];
	const char *word = conf_override_action(w->item.action);
	int fd, len, rc = 0;

	snprintf(path, sizeof(path), SAVE_FOLDER "/%s.txt", word);
	len = snprintf(line, sizeof(line), "*.%s\n", dname_to_text(&w->item.name, name));
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		return failed(w, path, -errno);
	if (write(fd, line, (size_t)len) != len)
		rc = -EIO;
	if (close(fd) && !rc)
		rc = -errno;
	if (rc)
		return failed(w, path, rc);
	fprintf(w->c->out, "%s\n", path);
	if (is_list(w->conf, path))
		command_complain(w->c, "it holds after a reload: systemctl reload nameward");
	else
		command_complain(w->c, "no list of the configuration has this file: add\n"
				 "  list own-%s { file %s }\nand `%s own-%s' to policies", word,
				 path, word, word);
	return COMMAND_DONE;
}

/* --- verbs ---------------------------------------------------------------------------- */

static int carry_out(struct wish *w)
{
	int status;

	if (w->save)
		return save(w);
	status = change_file(w);
	if (status != COMMAND_DONE)
		return status;
	wait_for_daemon(w);
	return say(w);
}

static int run(const struct command *c, enum override_action action, bool end)
{
	struct wish *w = calloc(1, sizeof(*w));
	int status;

	if (!w)
		return COMMAND_FAILED;
	w->c = c;
	w->item = (struct conf_override){ .action = action, .who = "-", .name = { .len = 1 } };
	w->item.until_s = end ? 0 : clock_wall_us() / SECOND_US + FOR_DEFAULT_S;
	status = read_options(w);
	if (status == COMMAND_DONE && action != OVERRIDE_PAUSE)
		status = read_name(w);
	if (status == COMMAND_DONE)
		status = source_conf(c, NULL, &w->conf);
	if (status == COMMAND_DONE)
		status = action == OVERRIDE_PAUSE ? find_who(w) : COMMAND_DONE;
	if (status == COMMAND_DONE)
		status = check_who(w);
	if (status == COMMAND_DONE)
		status = carry_out(w);
	conf_free(w->conf);
	free(w);
	return status;
}

static int run_allow(const struct command *c)
{
	return run(c, OVERRIDE_ALLOW, false);
}

static int run_block(const struct command *c)
{
	return run(c, OVERRIDE_BLOCK, false);
}

static int run_pause(const struct command *c)
{
	return run(c, OVERRIDE_PAUSE, false);
}

static int run_resume(const struct command *c)
{
	return run(c, OVERRIDE_PAUSE, true);
}

static int run_ls(const struct command *c)
{
	static const char *const words[] = { "override", "ls" };

	return source_print(c, words, 2, NULL);
}

#define NAME_NOTES \
	"It is about NAME and all names below it, and goes before all lists and hours; of two\n" \
	"the longer name decides, and of the same name the one that allows.\n"

const struct verb verb_allow = {
	.name = "allow",
	.operands = "NAME",
	.summary = "let a name through for a while, whatever lists and hours say",
	.examples = "  sudo nameward allow shop.example                          for an hour\n"
		    "  sudo nameward allow video.example --for 30m --client tv\n"
		    "  sudo nameward allow video.example --client tv --end\n",
	.notes = NAME_NOTES,
	.options = name_options,
	.operands_min = 1, .operands_max = 1,
	.run = run_allow,
};

const struct verb verb_block = {
	.name = "block",
	.operands = "NAME",
	.summary = "block a name for a while, whatever lists say",
	.examples = "  sudo nameward block game.example --for 2h --group kids\n"
		    "  sudo nameward block ads.example --save\n",
	.notes = NAME_NOTES,
	.options = name_options,
	.operands_min = 1, .operands_max = 1,
	.run = run_block,
};

const struct verb verb_pause = {
	.name = "pause",
	.operands = "[POLICY|GROUP|DEVICE]",
	.summary = "block nothing for a while, for everybody or for some",
	.examples = "  sudo nameward pause --for 10m\n"
		    "  sudo nameward pause kids --for 30m\n",
	.notes = "Lists, hours and blocked names do not hold meanwhile; the gate does. What has\n"
		 "been opened meanwhile and is blocked again at the end is closed then.\n",
	.options = pause_options,
	.operands_max = 1,
	.run = run_pause,
};

const struct verb verb_resume = {
	.name = "resume",
	.operands = "[POLICY|GROUP|DEVICE]",
	.summary = "end a pause",
	.examples = "  sudo nameward resume kids\n",
	.operands_max = 1,
	.run = run_resume,
};

const struct verb verb_override_ls = {
	.name = "override ls",
	.operands = "",
	.summary = "what was allowed, blocked and paused for a while",
	.examples = "  nameward override ls\n",
	.run = run_ls,
};
