/* The report page: its shape, its numbers, hostile names, its size, and how it gets to its file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/page_chart.h"
#include "cli/page_data.h"
#include "cli/page_html.h"
#include "cli/text_buf.h"
#include "cli/verbs.h"
#include "lib/util.h"
#include "tests/support/cli_world.h"

#define HOUR	 3600000000LL
#define DEPTH	 32
#define NAME_MAX_LEN 31

/* Each element is closed, in order, and no bare & or < is left: what an XML parser wants. */
static void assert_well_formed(const char *page)
{
	char open[DEPTH][NAME_MAX_LEN + 1];
	size_t depth = 0;

	assert_ptr_equal(strstr(page, "<!DOCTYPE html>\n"), page);
	for (const char *p = page + strlen("<!DOCTYPE html>"); *p; p++) {
		size_t len;

		if (*p == '&' && strncmp(p, "&amp;", 5) && strncmp(p, "&lt;", 4) &&
		    strncmp(p, "&gt;", 4) && strncmp(p, "&quot;", 6) && strncmp(p, "&#39;", 5))
			fail_msg("a bare & at %.40s", p);
		if (*p != '<')
			continue;
		p += p[1] == '/' ? 2 : 1;
		len = strcspn(p, " />");
		assert_in_range(len, 1, NAME_MAX_LEN);
		if (p[-1] == '/') {
			assert_true(depth > 0);
			if (strncmp(open[--depth], p, len) || open[depth][len])
				fail_msg("</%.*s> closes <%s>", (int)len, p, open[depth]);
		} else {
			const char *end = strchr(p, '>');

			assert_non_null(end);
			assert_true(depth < DEPTH);
			memcpy(open[depth], p, len);
			open[depth][len] = '\0';
			depth += end[-1] != '/';
		}
		p = strchr(p, '>');
	}
	assert_int_equal(depth, 0);
}

static void assert_self_contained(const char *page)
{
	static const char *const never[] = { "<script", "://", "src=", "href=", "url(", "@import",
					     "<iframe", "<link", " onload=" };

	for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
		const char *at = strstr(page, never[i]);

		if (at)
			fail_msg("%s: %.60s", never[i], at);
	}
}

static char *page_of(const struct page_data *d)
{
	struct text_buf b = { 0 };

	page_html(&b, d, d->until_us);
	text_add(&b, "", 1);
	assert_false(b.failed);
	return b.bytes;
}

static void fill_ranks(struct page_ranks *ranks, const char *label)
{
	ranks->count = PAGE_RANKS_MAX;
	ranks->all = 100000;
	ranks->total_n = INT64_MAX;
	for (size_t i = 0; i < PAGE_RANKS_MAX; i++) {
		struct page_rank *r = &ranks->rows[i];

		*r = (struct page_rank){ .n = INT64_MAX / 4, .blocked = INT64_MAX / 8,
					 .clients = 1 << 30, .p50 = 1e9, .p95 = 2e9 };
		for (size_t k = 0; k + 1 < PAGE_LABEL_MAX; k++)
			r->label[k] = r->more[k] = r->name[k] = label[k % strlen(label)];
	}
}

static void hostile_names_stay_text_and_within_the_size(void **state)
{
	static const char *const labels[] = {
		"<script>alert(1)</script>", "\"onload='x'&", "\033[2J\r\n\a", "\xe2\x80\xae",
		"]]>--><!--", "&lt;&&&", "\xff\xfe", "'", "x",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		struct page_data *d = calloc(1, sizeof(*d));
		char *page;

		assert_non_null(d);
		d->since_us = FIXTURE_START_US;
		d->slot_us = HOUR;
		d->slot_count = PAGE_SLOTS_MAX;
		d->until_us = d->since_us + PAGE_SLOTS_MAX * HOUR;
		for (size_t k = 0; k < PAGE_SLOTS_MAX * PAGE_FATES; k++)
			d->slots[k / PAGE_FATES][k % PAGE_FATES] = INT64_MAX / 8;
		fill_ranks(&d->clients, labels[i]);
		d->names = d->blocked = d->lists = d->upstreams = d->refused = d->clients;
		page = page_of(d);
		assert_well_formed(page);
		assert_self_contained(page);
		assert_null(strchr(page, '\033'));
		assert_null(strchr(page, '\r'));
		assert_null(strstr(page, "\xe2\x80\xae"));
		assert_true(strlen(page) <= PAGE_BYTES_MAX);
		free(page);
		free(d);
	}
}

static void numbers_are_those_of_the_history(void **state)
{
	struct cli_world *w = *state;
	static const char *const has[] = {
		"<b>6</b><span>lookups</span>",
		"<b>2</b><span>blocked, 33.3 %</span>",
		"<b>1</b><span>not answered</span>",
		"<b>3</b><span>clients</span>",
		"<b>4</b><span>packets refused</span>",
		/* from, lookups, answered, from the cache, blocked, failed */
		"<td>2026-09-21 14:00</td><td class=\"n\">6</td><td class=\"n\">2</td>"
		"<td class=\"n\">1</td><td class=\"n\">2</td><td class=\"n\">1</td>",
		"<td>2026-09-21 15:00</td><td class=\"n\">0</td>",
		"<td>192.168.1.11</td><td class=\"n\">3</td><td class=\"n\">0</td>"
		"<td class=\"n\">0.0 %</td>",
		"<td>tv</td><td class=\"n\">2</td><td class=\"n\">1</td><td class=\"n\">50.0 %</td>",
		"<td>www.example.org</td><td class=\"n\">3</td>",
		"<td>ads.example.net</td><td class=\"n\">1</td><td class=\"n\">1</td></tr>",
		"<td>telemetry</td><td class=\"n\">1</td>",
		"<td>9.9.9.9</td><td class=\"n\">3</td><td class=\"n\">4.0</td>"
		"<td class=\"n\">12.5</td>",
		"<td>192.168.1.10</td><td>198.51.100.7 443/tcp</td><td>–</td><td class=\"n\">2</td>",
		"<td>192.0.2.80 443/tcp</td><td>www.example.org</td>",
		"\\060b\\062\\038\\034\\039.example",
	};

	cli_world_fill(w);
	assert_int_equal(cli_world_run(w, &verb_report,
				       "report -S 2026-09-21T14:00 -U 2026-09-21T16:00 --html -"),
			 COMMAND_DONE);
	for (size_t i = 0; i < ARRAY_SIZE(has); i++)
		if (!strstr(w->out, has[i]))
			fail_msg("not there: %s\n%s", has[i], w->out);
	assert_well_formed(w->out);
	assert_self_contained(w->out);
	/* an empty range is a page, too */
	assert_int_equal(cli_world_run(w, &verb_report,
				       "report -S 2020-01-01 -U 2020-02-01 --html -"),
			 COMMAND_DONE);
	assert_non_null(strstr(w->out, "Nothing in this time."));
	assert_well_formed(w->out);
}

static void slots_are_whole_hours_and_few(void **state)
{
	(void)state;
	for (int64_t hours = 1; hours < 24LL * 366 * 30; hours = hours * 3 / 2 + 1) {
		int64_t slot = page_slot_us(0, hours * HOUR);

		assert_true(slot >= HOUR && slot % HOUR == 0);
		assert_true((hours * HOUR + slot - 1) / slot < PAGE_SLOTS_MAX);
	}
	assert_int_equal(page_slot_us(0, 24 * HOUR), HOUR);
	assert_int_equal(page_slot_us(0, 7 * 24 * HOUR), 6 * HOUR);
}

static void a_scale_ends_at_a_round_number(void **state)
{
	static const struct {
		double most, end;
	} cases[] = {
		{ 0, 1 }, { 1, 1 }, { 1.5, 2 }, { 2.1, 2.5 }, { 3, 5 }, { 7, 10 }, { 10, 10 },
		{ 11, 20 }, { 249, 250 }, { 251, 500 }, { 99999, 100000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal((int)(chart_scale(cases[i].most) * 10),
				 (int)(cases[i].end * 10));
}

static void the_file_is_replaced_whole_or_not_at_all(void **state)
{
	struct cli_world *w = *state;
	char path[200], line[300], first[16] = "";
	struct stat st;
	FILE *f;

	cli_world_fill(w);
	snprintf(path, sizeof(path), "%s/page.html", w->fixture->folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("the old page", f);
	fclose(f);
	snprintf(line, sizeof(line), "report --week -U @1790100000 --html %s", path);
	assert_int_equal(cli_world_run(w, &verb_report, line), COMMAND_DONE);
	assert_string_equal(w->out, "");
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fread(first, 1, 15, f), 15);
	fclose(f);
	assert_string_equal(first, "<!DOCTYPE html>");
	/* where a folder is, no page can be; and nothing is left beside it */
	snprintf(path, sizeof(path), "%s/taken", w->fixture->folder);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(line, sizeof(line), "report --html %s", path);
	assert_int_equal(cli_world_run(w, &verb_report, line), COMMAND_FAILED);
	assert_non_null(strstr(w->err, "taken: "));
	snprintf(line, sizeof(line), "%s.%ld.new", path, (long)getpid());
	assert_int_equal(stat(line, &st), -1);
	rmdir(path);
	snprintf(line, sizeof(line), "report --html %s/none/page.html", w->fixture->folder);
	assert_int_equal(cli_world_run(w, &verb_report, line), COMMAND_FAILED);
}

static void mistakes_are_told(void **state)
{
	static const struct {
		const char *line, *err;
	} cases[] = {
		{ "report", "--html FILE" },
		{ "report --day --week --html -", "one of --day, --week and -S" },
		{ "report --day -S today --html -", "one of --day, --week and -S" },
		{ "report -S tomorrow --html -", "the range is empty" },
		{ "report -S x --html -", "not a time" },
	};
	struct cli_world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(cli_world_run(w, &verb_report, cases[i].line), COMMAND_USAGE);
		assert_non_null(strstr(w->err, cases[i].err));
	}
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, cli_world_setup, cli_world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_names_stay_text_and_within_the_size),
		cmocka_unit_test(slots_are_whole_hours_and_few),
		cmocka_unit_test(a_scale_ends_at_a_round_number),
		TEST(numbers_are_those_of_the_history),
		TEST(the_file_is_replaced_whole_or_not_at_all),
		TEST(mistakes_are_told),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
