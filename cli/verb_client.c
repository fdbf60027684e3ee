/*
 * nameward client: one page about a device, what the configuration says of it and what the
 * history knows. The daemon need not run.
 */
#include "cli/verbs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client_conf.h"
#include "cli/log_request.h"
#include "cli/owners.h"
#include "cli/source.h"
#include "cli/text_buf.h"
#include "conf/conf.h"
#include "db/report_who.h"
#include "lib/addr.h"
#include "lib/clock.h"

#define CLIENT_LINES  10
#define DAY_US	      86400000000LL
#define NAME_TEXT_MAX 253

enum page_column { PAGE_TOPIC, PAGE_ITEM, PAGE_N, PAGE_FIRST, PAGE_LAST, PAGE_COLUMNS,
		   PAGE_OWNER = PAGE_COLUMNS /* not of the history */ };

static const struct option_spec client_options[] = {
	{ 'n', "lines", "N", "at most N of each kind (default 10)", LOG_LINES },
	{ 'S', "since", "TIME", "from a time on (default: the last 7 days)", LOG_SINCE },
	{ 'U', "until", "TIME", "up to a time", LOG_UNTIL },
	{ 0, NULL, NULL, NULL, 0 },
};

struct page {
	const struct command *command;
	const struct conf *conf;
	struct report_log range;
	const char *client; /* as the history has it */
	char addr_text[ADDR_TEXT_MAX];
	struct addr addr;
	bool has_addr;
	size_t device;
	struct owners *owners; /* NULL: no column for them */
	struct table *table;
	size_t seen; /* rows of the history */
	int write_rc;
};

static int add(struct page *p, const char *topic, const char *item)
{
	const char *cells[PAGE_COLUMNS + 1] = { [PAGE_TOPIC] = topic, [PAGE_ITEM] = item };

	p->write_rc = table_row(p->table, cells);
	return p->write_rc;
}

/* "kids: block ads social, allow school" */
static int add_policy(struct page *p)
{
	const struct conf_policy *policy =
		client_conf_policy(p->conf, p->device, p->has_addr ? &p->addr : NULL);
	const struct {
		const char *verb;
		uint64_t lists;
	} parts[] = { { " block", policy->block }, { " allow", policy->allow } };
	struct text_buf text = { 0 };
	int rc;

	text_add_string(&text, policy->name);
	for (size_t k = 0; k < ARRAY_SIZE(parts); k++) {
		if (parts[k].lists)
			text_add_string(&text, k && policy->block ? "," : ":");
		if (parts[k].lists)
			text_add_string(&text, parts[k].verb);
		for (size_t i = 0; i < p->conf->list_count; i++) {
			if (!(parts[k].lists >> i & 1))
				continue;
			text_add_string(&text, " ");
			text_add_string(&text, p->conf->lists[i].name);
		}
	}
	text_add(&text, "", 1);
	rc = text.failed ? -ENOMEM : add(p, "policy", text.bytes);
	text_fini(&text);
	return rc;
}

static int add_conf(struct page *p)
{
	int rc = 0;

	if (p->device != CLIENT_CONF_NONE)
		rc = add(p, "device", p->conf->devices[p->device].name);
	for (size_t i = 0; i < p->conf->group_count && rc == 0; i++) {
		if (client_conf_in_group(&p->conf->groups[i], p->device,
					 p->has_addr ? &p->addr : NULL))
			rc = add(p, "group", p->conf->groups[i].name);
	}
	return rc ? rc : add_policy(p);
}

static int on_columns(void *arg, const char *const *names, size_t count)
{
	(void)arg;
	(void)names;
	return count == PAGE_COLUMNS ? 0 : -EPROTO;
}

/* Topics whose items begin with an address that the client connects to. */
static bool is_destination(const char *topic)
{
	return topic && (strcmp(topic, "refused") == 0 || strcmp(topic, "observed") == 0);
}

static int on_row(void *arg, const struct report_value *values, size_t count)
{
	char numbers[PAGE_COLUMNS][24], owner[OWNERS_TEXT_MAX];
	const char *cells[PAGE_COLUMNS + 1] = { NULL };
	struct page *p = arg;

	for (size_t i = 0; i < count; i++) {
		if (values[i].type == REPORT_TEXT)
			cells[i] = values[i].text;
		else if (values[i].type == REPORT_INTEGER) {
			snprintf(numbers[i], sizeof(numbers[i]), "%" PRId64, values[i].integer);
			cells[i] = numbers[i];
		}
	}
	if (is_destination(cells[PAGE_TOPIC]) &&
	    *owners_find_text(p->owners, cells[PAGE_ITEM], owner))
		cells[PAGE_OWNER] = owner;
	p->seen++;
	p->write_rc = table_row(p->table, cells);
	return p->write_rc;
}

static int fill_page(struct page *p, struct report *report)
{
	static const struct table_column columns[PAGE_COLUMNS + 1] = {
		[PAGE_TOPIC] = { "topic", COLUMN_TEXT },   [PAGE_ITEM] = { "item", COLUMN_TEXT },
		[PAGE_N] = { "n", COLUMN_NUMBER },	   [PAGE_FIRST] = { "first", COLUMN_MOMENT },
		[PAGE_LAST] = { "last", COLUMN_MOMENT }, [PAGE_OWNER] = { "owner", COLUMN_TEXT },
	};
	const struct report_out out = { on_columns, on_row, p };
	int rc = table_new(p->command->out, &p->command->style, columns,
			   PAGE_COLUMNS + (p->owners != NULL), &p->table);

	if (rc == 0)
		rc = add_conf(p);
	if (rc == 0)
		rc = report_who_client(report, p->client, &p->range, &out);
	if (rc == 0 && p->seen == 0 && p->device == CLIENT_CONF_NONE)
		return 0; /* nobody: no page */
	if (rc == 0)
		rc = p->write_rc = table_flush(p->table);
	return rc;
}

static void find_client(struct page *p, const char *text)
{
	p->client = text;
	p->has_addr = addr_from_text(text, &p->addr) == 0;
	if (p->has_addr) {
		addr_to_text(&p->addr, p->addr_text);
		p->client = p->addr_text;
	}
	p->device = client_conf_device(p->conf, text);
	if (p->device != CLIENT_CONF_NONE)
		p->client = p->conf->devices[p->device].name;
}

static int show(const struct command *c, struct page *p)
{
	struct report *report = NULL;
	struct conf *conf = NULL;
	int status = source_conf(c, NULL, &conf);
	int rc;

	if (status != COMMAND_DONE)
		return status;
	p->conf = conf;
	find_client(p, c->operands[0]);
	if (owners_are_known(conf) || c->style.format != TABLE_ALIGNED)
		p->owners = owners_open(conf);
	rc = report_open(conf->history.file, &report);
	if (rc == 0)
		rc = fill_page(p, report);
	if (p->write_rc < 0) {
		status = command_write_failed(c, p->write_rc);
	} else if (rc < 0) {
		status = source_history_failed(c, conf, rc);
	} else if (p->seen == 0 && p->device == CLIENT_CONF_NONE) {
		command_complain(c, "no such device, and nothing of it in that time");
		status = COMMAND_FAILED;
	}
	table_free(p->table);
	owners_close(p->owners);
	report_close(report);
	conf_free(conf);
	return status;
}

static int run_client(const struct command *c)
{
	struct log_request *request = calloc(1, sizeof(*request));
	int64_t now_us = clock_wall_us();
	struct page page = { .command = c };
	int status;

	if (!request) {
		command_complain(c, "%s", strerror(ENOMEM));
		return COMMAND_FAILED;
	}
	status = log_request_init(request, c, now_us);
	page.range = (struct report_log){
		.since_us = request->since_us,
		.until_us = request->until_us,
		.limit = log_request_has(c, LOG_LINES) ? request->lines : CLIENT_LINES,
	};
	if (!request->since_us && !request->until_us)
		page.range.since_us = now_us - 7 * DAY_US;
	free(request);
	if (status != COMMAND_DONE)
		return status;
	if (page.range.limit == 0)
		return command_usage(c, "-n takes 1 or more");
	if (!*c->operands[0] || strlen(c->operands[0]) > NAME_TEXT_MAX)
		return command_usage(c, "not a client");
	return show(c, &page);
}

const struct verb verb_client = {
	.name = "client",
	.operands = "CLIENT",
	.summary = "one page about a device: policy, counts, names, what it was refused",
	.examples = "  nameward client tv\n"
		    "  nameward client 192.168.1.10 -S -30d\n",
	.notes = "CLIENT is a device's name, its MAC address or an address.\n",
	.options = client_options,
	.operands_min = 1,
	.operands_max = 1,
	.pages = true,
	.run = run_client,
};
