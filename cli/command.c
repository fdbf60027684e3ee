/*
 * The dispatcher. Options may stand anywhere behind the word they belong to; those of every
 * verb may also stand before the verb. Everything is parsed before the verb runs.
 */
#include "cli/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/command_help.h"
#include "cli/pager.h"
#include "lib/log.h"

#define WORD_MAX      40 /* longer words are not compared with others */
#define NEAR_DISTANCE 2
#define SAFE_MAX      256 /* a word of the user, escaped for a message */

enum common_id { COMMON_CONF = -1, COMMON_OUTPUT = -2, COMMON_JSON = -3, COMMON_COLOUR = -4,
		 COMMON_HELP = -5, COMMON_VERSION = -6, COMMON_NO_PAGER = -7 };

static const struct option_spec common_options[] = {
	{ 'c', "config", "FILE", "another configuration file", COMMON_CONF },
	{ 'o', "output", "FORMAT", "table, json (one object a line) or csv", COMMON_OUTPUT },
	{ 0, "json", NULL, "the same as -o json", COMMON_JSON },
	{ 0, "color", "[WHEN]", "auto, always or never; also NO_COLOR", COMMON_COLOUR },
	{ 0, "no-pager", NULL, "not through a pager; also PAGER=cat", COMMON_NO_PAGER },
	{ 'h', "help", NULL, "this help", COMMON_HELP },
	{ 0, "version", NULL, "print the version", COMMON_VERSION },
	{ 0, NULL, NULL, NULL, 0 },
};

struct parser {
	struct command *command;
	const struct verb *verbs;
	const char *group; /* the first word of a two-word verb, while the second is missing */
	int argc;
	int at;
	char **argv;
	bool help, version;
	bool is_terminal; /* what the answer goes to */
	bool no_pager;
};

static void complain_v(FILE *err, const char *fmt, va_list ap)
{
	fputs("nameward: ", err);
	vfprintf(err, fmt, ap);
	fputc('\n', err);
}

void command_complain(const struct command *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain_v(c->err, fmt, ap);
	va_end(ap);
}

int command_usage(const struct command *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain_v(c->err, fmt, ap);
	va_end(ap);
	fprintf(c->err, "Try: nameward%s%s -h\n", c->verb ? " " : "",
		c->verb ? c->verb->name : "");
	return COMMAND_USAGE;
}

int command_write_failed(const struct command *c, int rc)
{
	if (rc != -EPIPE)
		command_complain(c, "cannot write the answer: %s", strerror(-rc));
	return COMMAND_FAILED;
}

/* Edits (insert, delete, replace, swap of neighbours) from a to b. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t d[WORD_MAX + 1][WORD_MAX + 1];
	size_t la = strlen(a);
	size_t lb = strlen(b);

	if (la > WORD_MAX || lb > WORD_MAX)
		return WORD_MAX;
	for (size_t i = 0; i <= la; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= lb; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		for (size_t j = 1; j <= lb; j++) {
			size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			best = MIN(best, MIN(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = MIN(best, d[i - 2][j - 2] + 1);
			d[i][j] = best;
		}
	}
	return d[la][lb];
}

const char *command_closest(const char *word, const char *(*next)(const void *arg, size_t i),
			    const void *arg)
{
	const char *best = NULL;
	size_t best_distance = NEAR_DISTANCE + 1;
	const char *candidate;

	for (size_t i = 0; (candidate = next(arg, i)); i++) {
		size_t distance = edit_distance(word, candidate);

		if (distance < best_distance && distance < strlen(candidate)) {
			best = candidate;
			best_distance = distance;
		}
	}
	return best;
}

/* What may follow: the verb's name, or what is left of it behind the group. */
static const char *verb_word(const void *arg, size_t i)
{
	const struct parser *p = arg;
	size_t skip = p->group ? strlen(p->group) + 1 : 0;

	for (const struct verb *v = p->verbs; v->name; v++) {
		if (v->hidden)
			continue;
		if (p->group && (strncmp(v->name, p->group, skip - 1) != 0 ||
				 v->name[skip - 1] != ' '))
			continue;
		if (i-- == 0)
			return v->name + skip;
	}
	return NULL;
}

static const char *option_name(const void *arg, size_t i)
{
	const struct command *c = arg;
	const struct option_spec *own = c->verb ? c->verb->options : NULL;

	for (; own && own->name; own++) {
		if (i-- == 0)
			return own->name;
	}
	return i < ARRAY_SIZE(common_options) ? common_options[i].name : NULL;
}

static int unknown_verb(struct parser *p, const char *word)
{
	const char *near = command_closest(word, verb_word, p);
	const char *group = p->group ? p->group : "";
	const char *gap = p->group ? " " : "";
	char safe[SAFE_MAX];

	fprintf(p->command->err, "nameward: no such verb: '%s%s%s'", group, gap,
		log_safe(word, safe, sizeof(safe)));
	if (near)
		fprintf(p->command->err, ": did you mean '%s%s%s'?", group, gap, near);
	fprintf(p->command->err, "\nTry: nameward%s%s -h\n", gap, group);
	return COMMAND_USAGE;
}

/* An option as it was written: "-x" or "--name". */
static int unknown_option(struct parser *p, const char *dashes, const char *name, size_t len)
{
	const struct verb *verb = p->command->verb;
	char word[WORD_MAX + 1];
	char safe[SAFE_MAX];
	const char *near = NULL;

	snprintf(word, sizeof(word), "%.*s", (int)MIN(len, (size_t)WORD_MAX), name);
	if (len > 1)
		near = command_closest(word, option_name, p->command);
	log_safe(word, safe, sizeof(safe));
	if (near)
		return command_usage(p->command, "no such option: %s%s: did you mean '--%s'?",
				     dashes, safe, near);
	return command_usage(p->command, "no such option%s%s: %s%s",
			     verb ? " of " : " before a verb", verb ? verb->name : "", dashes,
			     safe);
}

static const struct option_spec *find_option(const struct option_spec *o, char letter,
					     const char *name, size_t name_len)
{
	for (; o && o->name; o++) {
		if (letter && o->letter == letter)
			return o;
		if (name && strlen(o->name) == name_len && strncmp(o->name, name, name_len) == 0)
			return o;
	}
	return NULL;
}

static const struct option_spec *lookup(const struct parser *p, char letter, const char *name,
					size_t name_len)
{
	const struct option_spec *o = NULL;

	if (p->command->verb)
		o = find_option(p->command->verb->options, letter, name, name_len);
	return o ? o : find_option(common_options, letter, name, name_len);
}

static int set_format(struct command *c, const char *value)
{
	if (strcmp(value, "json") == 0)
		c->style.format = TABLE_JSON;
	else if (strcmp(value, "csv") == 0)
		c->style.format = TABLE_CSV;
	else if (strcmp(value, "table") == 0)
		c->style.format = TABLE_ALIGNED;
	else
		return command_usage(c, "-o takes table, json or csv");
	return 0;
}

static int set_colour(struct command *c, const char *value)
{
	if (strcmp(value, "") == 0 || strcmp(value, "always") == 0)
		c->style.colour = true;
	else if (strcmp(value, "never") == 0)
		c->style.colour = false;
	else if (strcmp(value, "auto") != 0)
		return command_usage(c, "--color takes auto, always or never");
	return 0;
}

static int apply_option(struct parser *p, int id, const char *value)
{
	struct command *c = p->command;

	switch (id) {
	case COMMON_CONF:
		c->conf_path = value;
		return 0;
	case COMMON_OUTPUT:
		return set_format(c, value);
	case COMMON_JSON:
		return set_format(c, "json");
	case COMMON_COLOUR:
		return set_colour(c, value);
	case COMMON_NO_PAGER:
		p->no_pager = true;
		return 0;
	case COMMON_HELP:
		p->help = true;
		return 0;
	case COMMON_VERSION:
		p->version = true;
		return 0;
	default:
		if (c->choice_count == COMMAND_CHOICES_MAX)
			return command_usage(c, "more than %d options", COMMAND_CHOICES_MAX);
		c->choices[c->choice_count++] = (struct choice){ id, value };
		return 0;
	}
}

/* The value of o: `attached` ("=X" or the rest of "-nX") or the next argument. */
static int take_option(struct parser *p, const struct option_spec *o, const char *attached)
{
	const char *value = attached;

	if (!o->value && attached)
		return command_usage(p->command, "--%s takes no value", o->name);
	if (o->value && o->value[0] != '[' && !value) {
		if (p->at + 1 >= p->argc)
			return command_usage(p->command, "--%s needs a value: %s", o->name,
					     o->value);
		value = p->argv[++p->at];
	}
	return apply_option(p, o->id, value ? value : "");
}

static int parse_long(struct parser *p, const char *name)
{
	const char *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct option_spec *o = lookup(p, 0, name, len);

	if (!o)
		return unknown_option(p, "--", name, len);
	return take_option(p, o, equals ? equals + 1 : NULL);
}

static int parse_letters(struct parser *p, const char *letters)
{
	for (; *letters; letters++) {
		const struct option_spec *o = lookup(p, *letters, NULL, 0);
		int rc;

		if (!o)
			return unknown_option(p, "-", letters, 1);
		if (o->value && o->value[0] != '[')
			return take_option(p, o, letters[1] ? letters + 1 : NULL);
		rc = take_option(p, o, NULL);
		if (rc)
			return rc;
	}
	return 0;
}

/* The next word of the verb. */
static int parse_verb(struct parser *p, const char *word)
{
	size_t skip = p->group ? strlen(p->group) + 1 : 0;
	bool is_group = false;

	for (const struct verb *v = p->verbs; v->name; v++) {
		size_t len = strlen(word);

		if (p->group &&
		    (strncmp(v->name, p->group, skip - 1) != 0 || v->name[skip - 1] != ' '))
			continue;
		if (strcmp(v->name + skip, word) == 0) {
			p->command->verb = v;
			return 0;
		}
		if (!p->group && strncmp(v->name, word, len) == 0 && v->name[len] == ' ')
			is_group = true;
	}
	if (!is_group)
		return unknown_verb(p, word);
	p->group = word;
	return 0;
}

static int parse_operand(struct parser *p, const char *word)
{
	struct command *c = p->command;

	if (!c->verb)
		return parse_verb(p, word);
	if (c->operand_count == COMMAND_OPERANDS_MAX ||
	    c->operand_count == c->verb->operands_max)
		return command_usage(c, "too many arguments");
	c->operands[c->operand_count++] = word;
	return 0;
}

static int parse_all(struct parser *p)
{
	bool only_operands = false;
	int rc = 0;

	for (p->at = 1; p->at < p->argc && rc == 0; p->at++) {
		const char *arg = p->argv[p->at];

		if (only_operands || arg[0] != '-' || arg[1] == '\0')
			rc = parse_operand(p, arg);
		else if (strcmp(arg, "--") == 0)
			only_operands = true;
		else if (arg[1] == '-')
			rc = parse_long(p, arg + 2);
		else
			rc = parse_letters(p, arg + 1);
	}
	return rc;
}

static void print_help(const struct parser *p, FILE *to)
{
	if (p->command->verb)
		help_print_verb(to, p->command->verb, common_options);
	else if (p->group)
		help_print_group(to, p->verbs, p->group);
	else
		help_print_all(to, p->verbs, common_options);
}

static void set_default_style(struct parser *p)
{
	struct command *c = p->command;
	const char *no_colour = getenv("NO_COLOR");
	struct winsize size;
	int fd = fileno(c->out);

	p->is_terminal = fd >= 0 && isatty(fd);
	if (!p->is_terminal)
		return;
	c->style.colour = !no_colour || !*no_colour;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0)
		c->style.width = size.ws_col;
}

static bool is_paged(const struct parser *p)
{
	const struct command *c = p->command;

	if (!p->is_terminal || p->no_pager || !c->verb->pages ||
	    c->style.format != TABLE_ALIGNED)
		return false;
	for (size_t i = 0; i < c->choice_count; i++) {
		if (c->choices[i].id == c->verb->unpaged)
			return false;
	}
	return true;
}

/* Whoever leaves a pager has seen enough: that is no failure. */
static int run_paged(struct command *c)
{
	FILE *terminal = c->out;
	struct pager *pager;
	int status;

	if (pager_new(terminal, &pager) < 0)
		return c->verb->run(c);
	c->out = pager_stream(pager);
	status = c->verb->run(c);
	c->out = terminal;
	return pager_end(pager) && status == COMMAND_FAILED ? COMMAND_DONE : status;
}

static int run_verb(const struct parser *p)
{
	struct command *c = p->command;

	if (p->version) {
		fputs("nameward " VERSION "\n", c->out);
		return COMMAND_DONE;
	}
	if (p->help) {
		print_help(p, c->out);
		return COMMAND_DONE;
	}
	if (!c->verb) {
		print_help(p, c->err);
		return COMMAND_USAGE;
	}
	if (c->operand_count < c->verb->operands_min)
		return command_usage(c, "nameward %s needs %s", c->verb->name,
				     c->verb->operands);
	return is_paged(p) ? run_paged(c) : c->verb->run(c);
}

int command_main(const struct verb *verbs, int argc, char **argv, FILE *out, FILE *err)
{
	struct command c = { .out = out, .err = err };
	struct parser p = { .command = &c, .verbs = verbs, .argc = argc, .argv = argv };
	int status;

	set_default_style(&p);
	status = parse_all(&p);
	if (status == 0)
		status = run_verb(&p);
	errno = 0;
	if ((fflush(out) != 0 || ferror(out)) && status == COMMAND_DONE)
		status = command_write_failed(&c, errno ? -errno : -EIO);
	return status;
}
