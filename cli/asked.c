/* One question to the history, told as a sentence; see asked.h. */
#include "cli/asked.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/source.h"
#include "cli/text_buf.h"
#include "conf/conf.h"
#include "db/report.h"
#include "lib/clock.h"

#define ASKED_DAYS     30
#define ASKED_NAMES    5 /* told by name; the rest as a number */
#define DAY_US	       86400000000LL

enum asked_column { ASKED_WHO, ASKED_N, ASKED_COLUMNS };

struct asked {
	int64_t total;
	size_t clients;
	struct text_buf names;
};

static int on_columns(void *arg, const char *const *names, size_t count)
{
	(void)arg;
	if (count < ASKED_COLUMNS || strcmp(names[ASKED_WHO], "who") != 0 ||
	    strcmp(names[ASKED_N], "n") != 0)
		return -EPROTO;
	return 0;
}

static int on_row(void *arg, const struct report_value *values, size_t count)
{
	const char *who = values[ASKED_WHO].type == REPORT_TEXT ? values[ASKED_WHO].text : "?";
	struct asked *a = arg;
	char number[32];

	(void)count;
	a->total += values[ASKED_N].integer;
	if (a->clients++ >= ASKED_NAMES)
		return 0;
	text_add_string(&a->names, a->clients > 1 ? ", " : "");
	text_add_escaped(&a->names, who, false);
	snprintf(number, sizeof(number), " %" PRId64, values[ASKED_N].integer);
	text_add_string(&a->names, number);
	return 0;
}

static int ask(const struct conf *conf, const char *name, struct asked *a)
{
	const struct report_out out = { on_columns, on_row, a };
	struct report *report;
	int rc = report_open(conf->history.file, &report);

	if (rc < 0)
		return rc;
	rc = report_asked(report, name, clock_wall_us() - ASKED_DAYS * DAY_US, &out);
	report_close(report);
	return a->names.failed ? -ENOMEM : rc;
}

static void tell(const struct command *c, const struct asked *a)
{
	if (a->total == 0) {
		fprintf(c->out, "Not asked in %d days.\n", ASKED_DAYS);
		return;
	}
	fprintf(c->out, "Asked %" PRId64 " time%s in %d days, by: %.*s", a->total,
		a->total == 1 ? "" : "s", ASKED_DAYS, (int)a->names.len, a->names.bytes);
	if (a->clients > ASKED_NAMES)
		fprintf(c->out, ", and %zu more", a->clients - ASKED_NAMES);
	fputs(".\n", c->out);
}

void asked_print(const struct command *c, const char *name)
{
	struct asked a = { 0 };
	struct conf *conf;

	if (source_conf(c, NULL, &conf) != COMMAND_DONE)
		return;
	if (conf->history.on && ask(conf, name, &a) == 0)
		tell(c, &a);
	text_fini(&a.names);
	conf_free(conf);
}
