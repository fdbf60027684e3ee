/* Prints help from the tables that also parse, so the two cannot differ. */
#include "cli/command_help.h"

#include <string.h>

#include "cli/command.h"

static void print_option(FILE *to, const struct option_spec *o)
{
	char left[64];
	const char *value = o->value ? o->value : "";
	const char *mark = !o->value || o->value[0] == '[' ? "" : " ";
	int len;

	if (o->value && o->value[0] == '[')
		len = snprintf(left, sizeof(left), "--%s[=%.*s]", o->name,
			       (int)strlen(value) - 2, value + 1);
	else
		len = snprintf(left, sizeof(left), "--%s%s%s", o->name, mark, value);
	if (o->letter)
		fprintf(to, "  -%c, %-22s", o->letter, left);
	else
		fprintf(to, "      %-22s", left);
	if (len > 21)
		fprintf(to, "\n%28s", "");
	fprintf(to, "%s\n", o->help);
}

static void print_verbs(FILE *to, const struct verb *verbs, const char *group)
{
	size_t len = group ? strlen(group) : 0;

	for (const struct verb *v = verbs; v->name; v++) {
		char left[64];

		if (v->hidden)
			continue;
		if (group && (strncmp(v->name, group, len) != 0 || v->name[len] != ' '))
			continue;
		snprintf(left, sizeof(left), "%s %s", v->name, v->operands);
		fprintf(to, "  %-28s %s\n", left, v->summary);
	}
}

void help_print_all(FILE *to, const struct verb *verbs, const struct option_spec *common)
{
	fputs("nameward: what did the network ask, and what became of it\n"
	      "\n"
	      "Examples:\n"
	      "  nameward log -f                        follow the lookups\n"
	      "  nameward log --verdict blocked -S today\n"
	      "  nameward why tracker.example.net       why is this blocked, or not?\n"
	      "  nameward gate ls                       who may connect where, right now\n"
	      "\n"
	      "Verbs (each has its own -h):\n",
	      to);
	print_verbs(to, verbs, NULL);
	fputs("\nOptions of every verb:\n", to);
	for (; common->name; common++)
		print_option(to, common);
	fputs("\nExit status: 0 done or yes, 1 failed or no, 2 usage, 3 the daemon is not\n"
	      "running, 4 not permitted. See nameward(1).\n",
	      to);
}

void help_print_group(FILE *to, const struct verb *verbs, const char *group)
{
	size_t len = strlen(group);

	fputs("Examples:\n", to);
	for (const struct verb *v = verbs; v->name; v++) {
		if (!v->hidden && strncmp(v->name, group, len) == 0 && v->name[len] == ' ')
			fputs(v->examples, to);
	}
	fputs("\nVerbs:\n", to);
	print_verbs(to, verbs, group);
}

void help_print_verb(FILE *to, const struct verb *verb, const struct option_spec *common)
{
	fprintf(to, "nameward %s: %s\n\nExamples:\n%s\n", verb->name, verb->summary,
		verb->examples);
	fprintf(to, "Usage: nameward %s [options]%s%s\n", verb->name,
		*verb->operands ? " " : "", verb->operands);
	if (verb->notes)
		fprintf(to, "\n%s", verb->notes);
	fputs("\nOptions:\n", to);
	for (const struct option_spec *o = verb->options; o && o->name; o++)
		print_option(to, o);
	for (; common->name; common++)
		print_option(to, common);
}
