/* nameward report: a page about a day, a week or any range. */
#include "cli/verbs.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/log_request.h"
#include "cli/owners.h"
#include "cli/page_data.h"
#include "cli/page_html.h"
#include "cli/source.h"
#include "cli/text_buf.h"
#include "cli/whole_file.h"
#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/log.h"

#define SAFE_PATH_MAX (4 * PATH_MAX)

enum report_option { REPORT_DAY = LOG_OPTION_END, REPORT_WEEK, REPORT_HTML };

static const struct option_spec report_options[] = {
	{ 0, "day", NULL, "the last 24 hours (the default)", REPORT_DAY },
	{ 0, "week", NULL, "today and the six days before", REPORT_WEEK },
	{ 'S', "since", "TIME", "from a time on: yesterday, -30d, \"2026-11-23 08:00\"",
	  LOG_SINCE },
	{ 'U', "until", "TIME", "up to a time (default: now)", LOG_UNTIL },
	{ 0, "html", "FILE", "the page; - is the output", REPORT_HTML },
	{ 0, NULL, NULL, NULL, 0 },
};

static const char *value_of(const struct command *c, int id)
{
	const char *value = NULL;

	for (size_t i = 0; i < c->choice_count; i++) {
		if (c->choices[i].id == id)
			value = c->choices[i].value;
	}
	return value;
}

/* The local hour that holds t, or the midnight before it, some days earlier. */
static int64_t begin_of(int64_t now_us, bool of_day, int days, int hours)
{
	time_t t = (time_t)(now_us / 1000000);
	struct tm tm;

	localtime_r(&t, &tm);
	tm.tm_sec = tm.tm_min = 0;
	tm.tm_mday -= days;
	tm.tm_hour = of_day ? 0 : tm.tm_hour;
	tm.tm_isdst = of_day ? -1 : tm.tm_isdst;
	return ((int64_t)mktime(&tm) - hours * 3600) * 1000000;
}

static int read_range(const struct command *c, int64_t now_us, struct page_data *d)
{
	struct log_request *request = calloc(1, sizeof(*request));
	bool day = value_of(c, REPORT_DAY), week = value_of(c, REPORT_WEEK);
	int status;

	if (!request) {
		command_complain(c, "%s", strerror(ENOMEM));
		return COMMAND_FAILED;
	}
	status = log_request_init(request, c, now_us);
	d->until_us = request->until_us ? request->until_us : now_us;
	d->since_us = request->since_us;
	free(request);
	if (status != COMMAND_DONE)
		return status;
	if ((day && week) || ((day || week) && d->since_us))
		return command_usage(c, "one of --day, --week and -S");
	if (week)
		d->since_us = begin_of(d->until_us, true, 6, 0);
	else if (!d->since_us)
		d->since_us = begin_of(d->until_us, false, 0, 23);
	if (d->since_us <= 0 || d->since_us >= d->until_us)
		return command_usage(c, "the range is empty");
	return COMMAND_DONE;
}

static int put_page(const struct command *c, const char *path, const struct text_buf *page)
{
	char safe[SAFE_PATH_MAX];
	int rc;

	if (page->failed) {
		command_complain(c, "%s", strerror(ENOMEM));
		return COMMAND_FAILED;
	}
	if (strcmp(path, "-") == 0) {
		errno = 0;
		if (fwrite(page->bytes, 1, page->len, c->out) != page->len)
			return command_write_failed(c, errno ? -errno : -EIO);
		return COMMAND_DONE;
	}
	rc = whole_file_write(path, page->bytes, page->len);
	if (rc < 0)
		command_complain(c, "%s: %s", log_safe(path, safe, sizeof(safe)), strerror(-rc));
	if (rc == -EACCES || rc == -EPERM)
		return COMMAND_PERMISSION;
	return rc < 0 ? COMMAND_FAILED : COMMAND_DONE;
}

/* Whom refused connections went to, as far as there is a table of that. */
static void add_owners(struct page_data *d, struct owners *owners)
{
	char owner[OWNERS_TEXT_MAX];

	for (size_t i = 0; i < d->refused.count; i++) {
		char *more = d->refused.rows[i].more;
		size_t len = strlen(more);

		if (*owners_find_text(owners, more, owner))
			snprintf(more + len, PAGE_LABEL_MAX - len, ", %s", owner);
	}
}

static int gather(const struct command *c, struct page_data *d)
{
	struct report *report = NULL;
	struct owners *owners;
	struct conf *conf = NULL;
	int status = source_conf(c, NULL, &conf);
	int rc;

	if (status != COMMAND_DONE)
		return status;
	owners = owners_open(conf);
	rc = report_open(conf->history.file, &report);
	if (rc == 0)
		rc = page_gather(d, report);
	if (rc < 0)
		status = source_history_failed(c, conf, rc);
	report_close(report);
	add_owners(d, owners);
	owners_close(owners);
	conf_free(conf);
	return status;
}

static int run_report(const struct command *c)
{
	const char *path = value_of(c, REPORT_HTML);
	struct page_data *d = calloc(1, sizeof(*d));
	struct text_buf page = { 0 };
	int64_t now_us = clock_wall_us();
	int status;

	if (!d) {
		command_complain(c, "%s", strerror(ENOMEM));
		return COMMAND_FAILED;
	}
	status = path && *path ? read_range(c, now_us, d) :
				 command_usage(c, "where to? --html FILE");
	if (status == COMMAND_DONE)
		status = gather(c, d);
	if (status == COMMAND_DONE) {
		page_html(&page, d, now_us);
		status = put_page(c, path, &page);
	}
	text_fini(&page);
	free(d);
	return status;
}

const struct verb verb_report = {
	.name = "report",
	.operands = "",
	.summary = "a page of charts and tables about a day, a week or any range",
	.examples = "  nameward report --day --html today.html\n"
		    "  nameward report --week --html /var/www/html/week.html\n"
		    "  nameward report -S 2026-11-01 -U 2026-12-01 --html november.html\n",
	.notes = "One file, readable on a phone, without scripts and without references to\n"
		 "anything else; it replaces FILE when it is whole.\n",
	.options = report_options,
	.run = run_report,
};
