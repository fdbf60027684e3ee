/* The option table as the shipped file, as a manual page, and as names for completion. */
#include "conf/conf_doc.h"

#include <string.h>

#include "conf/conf_option.h"
#include "lib/util.h"

#define LINE_WIDTH 78
#define TEXT_MAX   512

/* --- pieces of text ----------------------------------------------------------------- */

/* What follows the option's name: "TIME", "off | observe | enforce". */
static const char *synopsis(const struct conf_option *o, char *buf)
{
	size_t used = 0;

	if (o->args) {
		snprintf(buf, TEXT_MAX, "%s", o->args);
		return buf;
	}
	for (size_t i = 0; o->choices && o->choices[i]; i++)
		used += (size_t)snprintf(buf + used, TEXT_MAX - used, "%s%s",
					 i ? " | " : "", o->choices[i]);
	if (o->choices)
		return buf;
	snprintf(buf, TEXT_MAX, "%s%s%s",
		 o->type == TYPE_SIZE	 ? "SIZE"
		 : o->type == TYPE_COUNT ? "NUMBER"
		 : o->type == TYPE_PATH	 ? "PATH"
					 : "TIME",
		 o->zero ? " | " : "", o->zero ? o->zero : "");
	return buf;
}

/* "From 1s to 1d." for what is counted, else nothing. */
static const char *range(const struct conf_option *o, char *buf)
{
	char low[CONF_SCALAR_TEXT_MAX], high[CONF_SCALAR_TEXT_MAX];

	buf[0] = '\0';
	if (o->type <= TYPE_COUNT)
		snprintf(buf, TEXT_MAX, " From %s to %s%s%s.",
			 conf_bound_text(o, o->min, low),
			 conf_bound_text(o, o->max, high), o->zero ? ", or " : "",
			 o->zero ? o->zero : "");
	return buf;
}

/* "Default: 10s." or nothing. */
static const char *initial(const struct conf_option *o, char *buf)
{
	buf[0] = '\0';
	if (o->initial_user)
		snprintf(buf, TEXT_MAX,
			 " Default: %s; if not started as root, %s in the "
			 "current folder.",
			 o->initial, o->initial_user);
	else if (o->initial || o->initial_note)
		snprintf(buf, TEXT_MAX, " Default: %s.",
			 o->initial ? o->initial : o->initial_note);
	return buf;
}

/* Words of text, broken into lines that all begin with prefix. Without one, in mdoc(7),
 * no line begins with what would be a macro. */
static void print_wrapped(FILE *to, const char *prefix, const char *text)
{
	size_t col = 0;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (col && col + 1 + len > LINE_WIDTH) {
			fputc('\n', to);
			col = 0;
		}
		if (!col)
			col = (size_t)fprintf(to, "%s",
					      !*prefix && strchr(".'", *text) ? "\\&"
									      : prefix);
		else
			col += (size_t)fprintf(to, " ");
		col += (size_t)fprintf(to, "%.*s", (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', to);
}

static void print_help(FILE *to, const char *prefix, const struct conf_option *o,
		       bool with_default)
{
	char text[4 * TEXT_MAX], limits[TEXT_MAX], dflt[TEXT_MAX] = "";

	if (with_default || o->initial_user)
		initial(o, dflt);
	snprintf(text, sizeof(text), "%s%s%s", o->help, range(o, limits), dflt);
	print_wrapped(to, prefix, text);
}

/* Each line of text behind a '#'. */
static void print_commented(FILE *to, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		fprintf(to, "#%.*s\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static void print_full_name(FILE *to, const struct conf_option *o)
{
	fprintf(to, "%s%s%s", o->name, o->key ? " " : "", o->key ? o->key : "");
}

/* --- the shipped file --------------------------------------------------------------- */

/* `help`, then `#name default`. */
static void example_option(FILE *to, const struct conf_option *o)
{
	const char *value = o->initial ? o->initial : o->example;

	fputc('\n', to);
	print_help(to, "# ", o, !o->initial);
	fputc('#', to);
	print_full_name(to, o);
	fprintf(to, " %s\n", value);
}

/* A block there is one of: all its settings with their defaults. */
static void example_single(FILE *to, enum conf_block_id id)
{
	const struct conf_block *b = conf_block(id);
	const struct conf_option *o;
	size_t count;

	fprintf(to, "#%s {\n", b->name);
	for (o = conf_options(&count); count; o++, count--) {
		if (o->block != id)
			continue;
		print_help(to, "#\t# ", o, false);
		if (!o->initial)
			continue;
		fputs("#\t", to);
		print_full_name(to, o);
		fprintf(to, " %s\n", o->initial);
	}
	print_commented(to, b->example ? b->example : "");
	fputs("#}\n", to);
}

/* Named blocks: what may stand in one, then examples. */
static void example_named(FILE *to, enum conf_block_id id)
{
	const struct conf_block *b = conf_block(id);
	const struct conf_option *o;
	char text[TEXT_MAX];
	size_t count;

	for (o = conf_options(&count); count; o++, count--) {
		if (o->block != id)
			continue;
		fputs("#   ", to);
		print_full_name(to, o);
		fprintf(to, " %s\n", synopsis(o, text));
		print_help(to, "#       ", o, true);
	}
	print_commented(to, b->example);
}

void conf_doc_example(FILE *to)
{
	const struct conf_option *o;
	size_t count;

	fputs("# Configuration of nameward, see nameward.conf(5).\n"
	      "#\n"
	      "# A line that begins with \"#\" and no space behind it is a setting with "
	      "its\n"
	      "# default, or an example: take the \"#\" away to use it. Check what you "
	      "wrote\n"
	      "# with: namewardd --check\n",
	      to);
	for (o = conf_options(&count); count; o++, count--) {
		if (o->block != CONF_TOP)
			continue;
		if (o->type != TYPE_BLOCK) {
			example_option(to, o);
			continue;
		}
		fputc('\n', to);
		print_wrapped(to, "# ", conf_block(o->opens)->help);
		if (conf_block(o->opens)->named)
			example_named(to, o->opens);
		else
			example_single(to, o->opens);
	}
}

/* --- the manual page ---------------------------------------------------------------- */

/* Sentences, each beginning a line. */
static void mdoc_text(FILE *to, const char *text)
{
	char sentence[TEXT_MAX];

	while (*text) {
		const char *end = strstr(text, ". ");
		size_t len = end ? (size_t)(end - text) + 1 : strlen(text);

		snprintf(sentence, sizeof(sentence), "%.*s", (int)len, text);
		print_wrapped(to, "", sentence);
		text += len;
		text += strspn(text, " ");
	}
}

static void mdoc_option(FILE *to, const struct conf_option *o)
{
	char text[TEXT_MAX];

	fputs(".It Ic ", to);
	print_full_name(to, o);
	fprintf(to, " Ar %s\n", synopsis(o, text));
	mdoc_text(to, o->help);
	mdoc_text(to, range(o, text) + (*text == ' '));
	mdoc_text(to, initial(o, text) + (*text == ' '));
}

static void mdoc_options(FILE *to, enum conf_block_id id)
{
	const struct conf_option *o;
	size_t count;

	fputs(".Bl -tag -width Ds\n", to);
	for (o = conf_options(&count); count; o++, count--)
		if (o->block == id && o->type != TYPE_BLOCK)
			mdoc_option(to, o);
	fputs(".El\n", to);
}

static void mdoc_block(FILE *to, enum conf_block_id id)
{
	const struct conf_block *b = conf_block(id);

	fprintf(to, ".Ss %s%s { }\n", b->name, b->named ? " NAME" : "");
	mdoc_text(to, b->help);
	mdoc_options(to, id);
	if (b->named)
		fprintf(to, ".Pp\nFor example:\n.Bd -literal -offset indent\n%s.Ed\n",
			b->example);
}

void conf_doc_mdoc(FILE *to)
{
	fputs(".Sh OPTIONS\n.Ss Outside of all blocks\n", to);
	mdoc_options(to, CONF_TOP);
	for (int id = CONF_TOP + 1; id < CONF_BLOCK_COUNT; id++)
		mdoc_block(to, id);
}

/* --- names -------------------------------------------------------------------------- */

void conf_doc_names(FILE *to)
{
	const struct conf_option *o, *last = NULL;
	size_t count;

	for (o = conf_options(&count); count; last = o++, count--) {
		if (last && last->block == o->block && !strcmp(last->name, o->name))
			continue; /* keep lookups, keep refusals: one name */
		fprintf(to, "%s%s%s\n", conf_block(o->block)->name,
			o->block == CONF_TOP ? "" : ".", o->name);
	}
}
