/*
 * nameward import: the configuration of another program as one of ours. Without --apply it
 * only says what would come of each line.
 */
#include "cli/verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/import_adguard.h"
#include "cli/import_dnsmasq.h"
#include "cli/import_pihole.h"
#include "cli/import_plan.h"
#include "cli/whole_file.h"
#include "conf/conf.h"
#include "conf/conf_bundle.h"
#include "db/pihole.h"
#include "lib/log.h"

#define IMPORT_BYTES_MAX (4u << 20) /* of a file; what a configuration may have */
#define SAFE_PATH_MAX	 1024

enum import_option { IMPORT_APPLY = 1 };
enum import_column { COLUMN_FILE, COLUMN_AT, COLUMN_RESULT, COLUMN_FROM, COLUMN_NOTE,
		     IMPORT_COLUMNS };

static const struct option_spec import_options[] = {
	{ 0, "apply", "FILE", "write the configuration to FILE; - is the output", IMPORT_APPLY },
	{ 0, NULL, NULL, NULL, 0 },
};

static const char *const fates[IMPORT_FATES] = { "taken", "needless", "left out" };

static int file_failed(const struct command *c, const char *path, int rc)
{
	char safe[SAFE_PATH_MAX];

	log_safe(path, safe, sizeof(safe));
	if (rc == -EFBIG)
		command_complain(c, "%s: more than %u bytes", safe, IMPORT_BYTES_MAX);
	else if (rc == -EEXIST)
		command_complain(c, "%s: is there, and no import made it: not replaced", safe);
	else
		command_complain(c, "%s: %s", safe, strerror(-rc));
	return rc == -EACCES ? COMMAND_PERMISSION : COMMAND_FAILED;
}

static int print_rows(const struct command *c, const struct import_plan *p)
{
	static const struct table_column columns[IMPORT_COLUMNS] = {
		[COLUMN_FILE] = { "file", COLUMN_TEXT },
		[COLUMN_AT] = { "line", COLUMN_NUMBER },
		[COLUMN_RESULT] = { "result", COLUMN_TEXT },
		[COLUMN_FROM] = { "text", COLUMN_TEXT },
		[COLUMN_NOTE] = { "note", COLUMN_TEXT },
	};
	struct table *table;
	int rc = table_new(c->out, &c->style, columns, IMPORT_COLUMNS, &table);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < p->row_count && rc == 0; i++) {
		const struct import_row *row = &p->rows[i];
		char line[24];
		const char *cells[IMPORT_COLUMNS] = {
			[COLUMN_FILE] = row->from,
			[COLUMN_AT] = row->line ? line : NULL,
			[COLUMN_RESULT] = fates[row->fate],
			[COLUMN_FROM] = row->text,
			[COLUMN_NOTE] = row->note,
		};

		snprintf(line, sizeof(line), "%zu", row->line);
		rc = table_row(table, cells);
	}
	if (rc == 0)
		rc = table_flush(table);
	table_free(table);
	return rc;
}

/* What we made must be a configuration: two lines of theirs may contradict each other. Where
 * it names no upstream for all names, the file beside which it will stand does. */
static int check(const struct command *c, const struct text_buf *text, bool has_upstream)
{
	static const char upstream[] = "upstream beside {\n\tserver 192.0.2.1\n}\n";
	struct conf_errors *errors = conf_errors_new();
	struct conf_bundle *bundle = conf_bundle_new("", true);
	struct conf *conf = NULL;
	int rc = errors && bundle ? 0 : -ENOMEM;

	if (rc == 0)
		rc = conf_bundle_add(bundle, "the result", text->bytes, text->len,
				     CONF_NO_PARENT, 0);
	if (rc == 0 && !has_upstream)
		rc = conf_bundle_add(bundle, "beside", upstream, strlen(upstream),
				     CONF_NO_PARENT, 0);
	if (rc == 0)
		rc = conf_parse(bundle, &conf, errors);
	if (rc < 0 && errors && conf_errors_count(errors) > 0)
		conf_errors_print(errors, c->err);
	else if (rc < 0)
		command_complain(c, "the result: %s", strerror(-rc));
	conf_free(conf);
	conf_bundle_free(bundle);
	conf_errors_free(errors);
	return rc < 0 ? COMMAND_FAILED : COMMAND_DONE;
}

/* Only what an import made is replaced; the same again is left alone. */
static int put_file(const struct command *c, const char *path, const struct text_buf *text)
{
	char *old = NULL;
	size_t len = 0;
	int rc = whole_file_read(path, IMPORT_BYTES_MAX, &old, &len);
	bool is_ours = rc == 0 && strncmp(old, IMPORT_MARK, strlen(IMPORT_MARK)) == 0;
	bool is_same = rc == 0 && len == text->len && memcmp(old, text->bytes, len) == 0;

	free(old);
	if (rc == 0 && !is_ours && len > 0)
		return file_failed(c, path, -EEXIST);
	if (rc < 0 && rc != -ENOENT)
		return file_failed(c, path, rc);
	if (!is_same)
		rc = whole_file_write(path, text->bytes, text->len);
	if (!is_same && rc < 0)
		return file_failed(c, path, rc);
	command_complain(c, is_same ? "nothing has changed since the last import" :
				      "written; now: nameward config check");
	return COMMAND_DONE;
}

static int apply(const struct command *c, const char *path, const struct text_buf *text)
{
	if (text->len == 0) {
		command_complain(c, "there is nothing to take");
		return COMMAND_FAILED;
	}
	if (strcmp(path, "-") != 0)
		return put_file(c, path, text);
	errno = 0;
	if (fwrite(text->bytes, 1, text->len, c->out) != text->len)
		return command_write_failed(c, errno ? -errno : -EIO);
	return COMMAND_DONE;
}

static int finish(const struct command *c, const struct import_plan *p, const char *program)
{
	const char *path = c->choice_count ? c->choices[c->choice_count - 1].value : NULL;
	struct text_buf text = { 0 };
	int status, rc = 0;

	import_text(p, program, &text);
	if (p->failed || text.failed) {
		command_complain(c, "too much to take, or no memory");
		text_fini(&text);
		return COMMAND_FAILED;
	}
	status = text.len ? check(c, &text, p->parts[IMPORT_SERVERS].len > 0) :
			    COMMAND_DONE;
	if (!path)
		rc = print_rows(c, p);
	if (rc < 0)
		status = command_write_failed(c, rc);
	else if (path && status == COMMAND_DONE)
		status = apply(c, path, &text);
	command_complain(c, "%zu taken, %zu needless, %zu left out%s",
			 p->fates[IMPORT_TAKEN], p->fates[IMPORT_NEEDLESS],
			 p->fates[IMPORT_UNMAPPED], path ? "" : "; nothing was written");
	text_fini(&text);
	return status;
}

typedef void take_text(struct import_plan *p, const char *from, const char *text, size_t len);

static int run_texts(const struct command *c, take_text *take, const char *program)
{
	struct import_plan *plan = calloc(1, sizeof(*plan));
	int status = COMMAND_DONE;

	if (!plan) {
		command_complain(c, "%s", strerror(ENOMEM));
		return COMMAND_FAILED;
	}
	for (size_t i = 0; i < c->operand_count && status == COMMAND_DONE; i++) {
		char *text;
		size_t len;
		int rc = whole_file_read(c->operands[i], IMPORT_BYTES_MAX, &text, &len);

		if (rc < 0) {
			status = file_failed(c, c->operands[i], rc);
			break;
		}
		take(plan, c->operands[i], text, len);
		free(text);
	}
	if (status == COMMAND_DONE)
		status = finish(c, plan, program);
	import_fini(plan);
	free(plan);
	return status;
}

static int run_dnsmasq(const struct command *c)
{
	return run_texts(c, import_dnsmasq, "dnsmasq");
}

static int run_adguard(const struct command *c)
{
	return run_texts(c, import_adguard, "AdGuard Home");
}

struct pihole_run {
	struct import_plan plan;
	const char *path;
};

static int on_pihole_row(void *arg, const struct pihole_row *row)
{
	struct pihole_run *run = arg;

	import_pihole_row(&run->plan, run->path, row);
	return run->plan.failed ? -ENOMEM : 0;
}

static int run_pihole(const struct command *c)
{
	struct pihole_run *run = calloc(1, sizeof(*run));
	int status = COMMAND_FAILED;
	int rc;

	if (!run) {
		command_complain(c, "%s", strerror(ENOMEM));
		return COMMAND_FAILED;
	}
	run->path = c->operands[0];
	rc = pihole_read(run->path, on_pihole_row, run);
	if (rc == -EMEDIUMTYPE || rc == -EUCLEAN)
		command_complain(c, "not a gravity database of Pi-hole, or a damaged one");
	else if (rc < 0)
		status = file_failed(c, run->path, rc);
	else
		status = finish(c, &run->plan, "Pi-hole");
	import_fini(&run->plan);
	free(run);
	return status;
}

const struct verb verb_import_dnsmasq = {
	.name = "import dnsmasq",
	.operands = "FILE ...",
	.summary = "what of a configuration of dnsmasq can be taken over",
	.examples = "  nameward import dnsmasq /etc/dnsmasq.conf /etc/dnsmasq.d/*.conf\n"
		    "  nameward import dnsmasq /etc/dnsmasq.conf --apply -\n"
		    "  nameward import dnsmasq /etc/dnsmasq.conf \\\n"
		    "    --apply /etc/nameward/conf.d/50-import.conf\n",
	.notes = "Without --apply nothing is written. The same files give the same result, and\n"
		 "FILE is replaced only if an import made it.\n",
	.options = import_options,
	.operands_min = 1,
	.operands_max = COMMAND_OPERANDS_MAX,
	.pages = true,
	.run = run_dnsmasq,
};

const struct verb verb_import_pihole = {
	.name = "import pihole",
	.operands = "FILE",
	.summary = "what of Pi-hole's lists and names can be taken over",
	.examples = "  nameward import pihole /etc/pihole/gravity.db\n"
		    "  nameward import pihole gravity.db \\\n"
		    "    --apply /etc/nameward/conf.d/50-import.conf\n",
	.notes = "Without --apply nothing is written. The same file gives the same result, and\n"
		 "FILE of --apply is replaced only if an import made it.\n",
	.options = import_options,
	.operands_min = 1,
	.operands_max = 1,
	.pages = true,
	.run = run_pihole,
};

const struct verb verb_import_adguard = {
	.name = "import adguard",
	.operands = "FILE",
	.summary = "what of a configuration of AdGuard Home can be taken over",
	.examples = "  nameward import adguard /opt/AdGuardHome/AdGuardHome.yaml\n"
		    "  nameward import adguard AdGuardHome.yaml \\\n"
		    "    --apply /etc/nameward/conf.d/50-import.conf\n",
	.notes = "Without --apply nothing is written. The same file gives the same result, and\n"
		 "FILE of --apply is replaced only if an import made it.\n",
	.options = import_options,
	.operands_min = 1,
	.operands_max = 1,
	.pages = true,
	.run = run_adguard,
};
