/* nameward config: reads the configuration's files itself, with the daemon's own code. */
#include "cli/verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/source.h"
#include "conf/conf.h"
#include "conf/conf_doc.h"

/* Hand the text's lines to a table of one column. */
static int print_lines(const struct command *c, char *text)
{
	static const struct table_column column = { "line", COLUMN_LINE };
	struct table *table;
	int rc = table_new(c->out, &c->style, &column, 1, &table);

	if (rc < 0)
		return rc;
	while (*text && rc == 0) {
		char *end = text + strcspn(text, "\n");
		const char *line = text;

		text = end + (*end != '\0');
		*end = '\0';
		rc = table_row(table, &line);
	}
	if (rc == 0)
		rc = table_flush(table);
	table_free(table);
	return rc;
}

/* What `print` writes, as lines. */
static int print_text(const struct command *c, const struct conf *conf,
		      void (*print)(const struct conf *conf, FILE *to))
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	int rc;

	if (!to)
		return command_write_failed(c, -ENOMEM);
	print(conf, to);
	rc = fclose(to) == 0 ? print_lines(c, text) : -ENOMEM;
	free(text);
	return rc == 0 ? COMMAND_DONE : command_write_failed(c, rc);
}

static int run_check(const struct command *c)
{
	static const struct table_column columns[] = {
		{ "file", COLUMN_TEXT }, { "result", COLUMN_TEXT }
	};
	const char *path = c->operand_count ? c->operands[0] : c->conf_path;
	const char *cells[] = { path ? path : "default", "ok" };
	struct table *table;
	struct conf *conf;
	int status = source_conf(c, path, &conf);
	int rc;

	if (status != COMMAND_DONE)
		return status;
	conf_free(conf);
	rc = table_new(c->out, &c->style, columns, ARRAY_SIZE(columns), &table);
	if (rc < 0)
		return command_write_failed(c, rc);
	rc = table_row(table, cells);
	if (rc == 0)
		rc = table_flush(table);
	table_free(table);
	return rc == 0 ? COMMAND_DONE : command_write_failed(c, rc);
}

const struct verb verb_config_check = {
	.name = "config check",
	.operands = "[FILE]",
	.summary = "find every error in the configuration",
	.examples = "  nameward config check\n"
		    "  nameward config check ./new.conf && sudo systemctl reload nameward\n",
	.notes = "Exit status 1: there are errors; nothing but this check has happened.\n",
	.operands_max = 1,
	.run = run_check,
};

static int run_show(const struct command *c)
{
	struct conf *conf;
	int status = source_conf(c, c->operand_count ? c->operands[0] : NULL, &conf);

	if (status != COMMAND_DONE)
		return status;
	status = print_text(c, conf, conf_print);
	conf_free(conf);
	return status;
}

const struct verb verb_config_show = {
	.name = "config show",
	.operands = "[FILE]",
	.summary = "the configuration in force, every default written out",
	.examples = "  nameward config show\n"
		    "  nameward config show ./new.conf | diff <(nameward config show) -\n",
	.operands_max = 1,
	.pages = true,
	.run = run_show,
};

static void print_example(const struct conf *conf, FILE *to)
{
	(void)conf;
	conf_doc_example(to);
}

static int run_example(const struct command *c)
{
	return print_text(c, NULL, print_example);
}

const struct verb verb_config_example = {
	.name = "config example",
	.operands = "",
	.summary = "a commented configuration with every option",
	.examples = "  nameward config example | sudo tee /etc/nameward/nameward.conf\n",
	.pages = true,
	.run = run_example,
};

static int name_row(struct table *t, const char *kind, const char *name)
{
	const char *cells[] = { kind, name };

	return table_row(t, cells);
}

static int name_rows(struct table *t, const struct conf *conf)
{
	int rc = 0;

	for (size_t i = 0; i < conf->list_count && rc == 0; i++)
		rc = name_row(t, "list", conf->lists[i].name);
	for (size_t i = 0; i < conf->device_count && rc == 0; i++)
		rc = name_row(t, "device", conf->devices[i].name);
	for (size_t i = 0; i < conf->group_count && rc == 0; i++)
		rc = name_row(t, "group", conf->groups[i].name);
	for (size_t i = 0; i < conf->zone_count && rc == 0; i++)
		rc = name_row(t, "zone", conf->zones[i].name);
	return rc;
}

static int run_names(const struct command *c)
{
	static const struct table_column columns[] = {
		{ "kind", COLUMN_TEXT }, { "name", COLUMN_TEXT }
	};
	struct table *table = NULL;
	struct conf *conf;
	int status = source_conf(c, NULL, &conf);
	int rc;

	if (status != COMMAND_DONE)
		return status;
	rc = table_new(c->out, &c->style, columns, ARRAY_SIZE(columns), &table);
	if (rc == 0)
		rc = name_rows(table, conf);
	if (rc == 0)
		rc = table_flush(table);
	table_free(table);
	conf_free(conf);
	return rc == 0 ? COMMAND_DONE : command_write_failed(c, rc);
}

/* For completion. */
const struct verb verb_config_names = {
	.name = "config names",
	.operands = "",
	.summary = "names of lists, devices, groups and zones",
	.examples = "  nameward config names -o csv\n",
	.hidden = true,
	.run = run_names,
};
