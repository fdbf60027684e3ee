/* Puts the numbers of a report into sections of a page; see page_html.h. */
#include "cli/page_html.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/page_chart.h"
#include "cli/page_data.h"
#include "cli/page_style.h"
#include "cli/text_buf.h"
#include "cli/when.h"
#include "lib/util.h"

#define CELL_CHARS   80 /* of a name in a table */
#define NUMBER_MAX   48
#define LATENCY_CLASS 4 /* the colours of p50 and p95 begin there */

static const char *const fate_words[PAGE_FATES] = { "answered", "from the cache", "blocked",
						    "not answered" };

/* A count with a narrow space between thousands. */
static const char *count_text(int64_t n, char buf[NUMBER_MAX])
{
	char digits[24];
	size_t len = 0;

	snprintf(digits, sizeof(digits), "%" PRId64, n);
	for (size_t i = 0, left = strlen(digits); left > 0; i++, left--) {
		if (i > 0 && digits[i - 1] != '-' && left % 3 == 0)
			len += (size_t)snprintf(buf + len, NUMBER_MAX - len, "\u202f");
		buf[len++] = digits[i];
	}
	buf[len] = '\0';
	return buf;
}

/* "2026-11-23 08:00", local time. */
static void minute_text(int64_t us, char buf[WHEN_TEXT_MAX])
{
	when_text(us, buf);
	buf[strlen("2026-11-23 08:00")] = '\0';
}

static const char *percent_text(int64_t part, int64_t of, char buf[NUMBER_MAX])
{
	snprintf(buf, NUMBER_MAX, "%.1f %%", of > 0 ? 100.0 * (double)part / (double)of : 0.0);
	return buf;
}

static int64_t sum_of(const int64_t fates[PAGE_FATES])
{
	int64_t sum = 0;

	for (size_t i = 0; i < PAGE_FATES; i++)
		sum += fates[i];
	return sum;
}

/* --- tables ------------------------------------------------------------------------- */

static void begin_table(struct text_buf *b, const char *const *heads, size_t texts)
{
	text_add_string(b, "<div class=\"t\"><table><thead><tr>");
	for (size_t i = 0; heads[i]; i++) {
		text_add_string(b, i < texts ? "<th scope=\"col\">" : "<th scope=\"col\" class=\"n\">");
		text_add_string(b, heads[i]);
		text_add_string(b, "</th>");
	}
	text_add_string(b, "</tr></thead><tbody>\n");
}

static void add_text_cell(struct text_buf *b, const char *text)
{
	text_add_string(b, "<td>");
	text_add_html(b, *text ? text : "–", CELL_CHARS);
	text_add_string(b, "</td>");
}

static void add_number_cell(struct text_buf *b, const char *text)
{
	text_add_string(b, "<td class=\"n\">");
	text_add_string(b, text);
	text_add_string(b, "</td>");
}

static void add_count_cell(struct text_buf *b, int64_t n)
{
	char buf[NUMBER_MAX];

	add_number_cell(b, count_text(n, buf));
}

static void end_table(struct text_buf *b)
{
	text_add_string(b, "</tbody></table></div>\n");
}

static void begin_section(struct text_buf *b, const char *title, const char *note)
{
	text_add_string(b, "<section><h2>");
	text_add_string(b, title);
	text_add_string(b, "</h2><p>");
	text_add_string(b, note);
	text_add_string(b, "</p>\n");
}

/* A section of bars that has nothing to show says so; returns whether it has. */
static bool has_rows(struct text_buf *b, const struct page_ranks *ranks)
{
	if (ranks->count > 0)
		return true;
	text_add_string(b, "<p class=\"none\">Nothing in this time.</p></section>\n");
	return false;
}

/* --- lookups over time -------------------------------------------------------------- */

static void slot_label(const struct page_data *d, size_t i, char buf[WHEN_TEXT_MAX])
{
	minute_text(d->since_us + (int64_t)i * d->slot_us, buf);
}

static void add_legend(struct text_buf *b)
{
	text_add_string(b, "<p class=\"key\">");
	for (size_t i = 0; i < PAGE_FATES; i++) {
		char key[100];

		snprintf(key, sizeof(key), "<span><i class=\"k%zu\"></i>%s</span> ", i,
			 fate_words[i]);
		text_add_string(b, key);
	}
	text_add_string(b, "</p>\n");
}

static void draw_slots(struct text_buf *b, const struct page_data *d)
{
	struct chart_item items[PAGE_SLOTS_MAX] = { { 0 } };
	char labels[PAGE_SLOTS_MAX][WHEN_TEXT_MAX];
	char tips[PAGE_SLOTS_MAX][120];
	const struct chart chart = { .title = "Lookups over time", .items = items,
				     .item_count = d->slot_count, .part_count = PAGE_FATES,
				     .label_every = d->slot_count / 8 + 1 };
	bool by_day = d->slot_us * (int64_t)d->slot_count > 36 * 3600000000LL;

	for (size_t i = 0; i < d->slot_count; i++) {
		const int64_t *n = d->slots[i];

		slot_label(d, i, labels[i]);
		snprintf(tips[i], sizeof(tips[i]), "%.16s: %" PRId64 " lookups, %" PRId64 " blocked",
			 labels[i], sum_of(n), n[FATE_BLOCKED]);
		for (size_t k = 0; k < PAGE_FATES; k++)
			items[i].parts[k] = (double)n[k];
		items[i].tip = tips[i];
		items[i].label = labels[i] + (by_day ? 5 : 11); /* "11-23 08:00" or "08:00" */
	}
	chart_columns(b, &chart);
}

static void add_slots(struct text_buf *b, const struct page_data *d)
{
	static const char *const heads[] = { "from",	"lookups", "answered", "from the cache",
					     "blocked", "not answered", NULL };

	begin_section(b, "Lookups over time", "What became of each question.");
	add_legend(b);
	text_add_string(b, "<div class=\"wide\"><div class=\"s\">");
	draw_slots(b, d);
	text_add_string(b, "</div>\n");
	begin_table(b, heads, 1);
	for (size_t i = 0; i < d->slot_count; i++) {
		char label[WHEN_TEXT_MAX];

		slot_label(d, i, label);
		text_add_string(b, "<tr>");
		add_text_cell(b, label);
		add_count_cell(b, sum_of(d->slots[i]));
		for (size_t k = 0; k < PAGE_FATES; k++)
			add_count_cell(b, d->slots[i][k]);
		text_add_string(b, "</tr>\n");
	}
	end_table(b);
	text_add_string(b, "</div></section>\n");
}

/* --- the busiest -------------------------------------------------------------------- */

enum bar_kind { BAR_SHARE, BAR_BLOCKED, BAR_LATENCY };

static void draw_ranks(struct text_buf *b, const char *title, const struct page_ranks *ranks,
		       enum bar_kind kind)
{
	struct chart_item items[PAGE_RANKS_MAX] = { { 0 } };
	struct chart chart = { .title = title, .items = items, .item_count = ranks->count,
			       .part_count = 3 };

	if (kind == BAR_LATENCY)
		chart.first_class = LATENCY_CLASS;
	for (size_t i = 0; i < ranks->count; i++) {
		const struct page_rank *r = &ranks->rows[i];

		items[i].label = *r->more ? r->more : r->label;
		if (kind == BAR_LATENCY) {
			items[i].parts[0] = r->p50;
			items[i].parts[1] = MAX(r->p95 - r->p50, 0.0);
		} else if (kind == BAR_BLOCKED) {
			items[i].parts[FATE_BLOCKED] = (double)r->n;
		} else {
			items[i].parts[FATE_ANSWERED] = (double)(r->n - r->blocked);
			items[i].parts[FATE_BLOCKED] = (double)r->blocked;
		}
	}
	chart_bars(b, &chart);
}

static void add_ranks(struct text_buf *b, const char *title, const char *note,
		      const char *const *heads, const struct page_ranks *ranks,
		      enum bar_kind kind)
{
	begin_section(b, title, note);
	if (!has_rows(b, ranks))
		return;
	text_add_string(b, "<div class=\"pair\">");
	draw_ranks(b, title, ranks, kind);
	begin_table(b, heads, 1);
	for (size_t i = 0; i < ranks->count; i++) {
		const struct page_rank *r = &ranks->rows[i];
		char buf[NUMBER_MAX];

		text_add_string(b, "<tr>");
		add_text_cell(b, r->label);
		add_count_cell(b, r->n);
		if (kind == BAR_SHARE) {
			add_count_cell(b, r->blocked);
			add_number_cell(b, percent_text(r->blocked, r->n, buf));
		} else if (kind == BAR_BLOCKED) {
			add_count_cell(b, r->clients);
		} else {
			snprintf(buf, sizeof(buf), "%.1f", r->p50);
			add_number_cell(b, buf);
			snprintf(buf, sizeof(buf), "%.1f", r->p95);
			add_number_cell(b, buf);
		}
		text_add_string(b, "</tr>\n");
	}
	end_table(b);
	text_add_string(b, "</div></section>\n");
}

static void add_refused(struct text_buf *b, const struct page_ranks *ranks)
{
	static const char *const heads[] = { "client", "where to", "name", "packets", NULL };

	begin_section(b, "Refused connections",
		      "What the gate refused, or would have where it observes.");
	if (!has_rows(b, ranks))
		return;
	text_add_string(b, "<div class=\"pair\">");
	draw_ranks(b, "Refused connections", ranks, BAR_BLOCKED);
	begin_table(b, heads, 3);
	for (size_t i = 0; i < ranks->count; i++) {
		const struct page_rank *r = &ranks->rows[i];

		text_add_string(b, "<tr>");
		add_text_cell(b, r->label);
		add_text_cell(b, r->more);
		add_text_cell(b, r->name);
		add_count_cell(b, r->n);
		text_add_string(b, "</tr>\n");
	}
	end_table(b);
	text_add_string(b, "</div></section>\n");
}

/* --- the page ----------------------------------------------------------------------- */

static void add_tile(struct text_buf *b, const char *what, int64_t n, const char *more)
{
	char buf[NUMBER_MAX];

	text_add_string(b, "<div><b>");
	text_add_string(b, count_text(n, buf));
	text_add_string(b, "</b><span>");
	text_add_string(b, what);
	if (*more)
		text_add_string(b, ", ");
	text_add_string(b, more);
	text_add_string(b, "</span></div>\n");
}

static void add_head(struct text_buf *b, const struct page_data *d)
{
	char since[WHEN_TEXT_MAX], until[WHEN_TEXT_MAX], share[NUMBER_MAX];
	char range[3 * WHEN_TEXT_MAX];
	int64_t all = sum_of(d->totals);

	minute_text(d->since_us, since);
	minute_text(d->until_us, until);
	snprintf(range, sizeof(range), "%s – %s", since, until);
	text_add_string(b, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n"
			   "<meta name=\"viewport\" content=\"width=device-width,"
			   " initial-scale=1\"/>\n<meta name=\"color-scheme\" content=\"light dark\"/>\n"
			   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src"
			   " 'none'; style-src 'unsafe-inline'\"/>\n"
			   "<meta name=\"referrer\" content=\"no-referrer\"/>\n<title>nameward: ");
	text_add_string(b, range);
	text_add_string(b, "</title>\n<style>\n");
	text_add_string(b, page_style);
	text_add_string(b, "</style></head><body>\n<header><h1>What the network asked</h1><p>");
	text_add_string(b, range);
	text_add_string(b, "</p></header>\n<main>\n<div class=\"tiles\">\n");
	add_tile(b, "lookups", all, "");
	add_tile(b, "blocked", d->totals[FATE_BLOCKED],
		 percent_text(d->totals[FATE_BLOCKED], all, share));
	add_tile(b, "not answered", d->totals[FATE_FAILED], "");
	add_tile(b, "clients", (int64_t)d->clients.all, "");
	add_tile(b, "packets refused", d->refused.total_n, "");
	text_add_string(b, "</div>\n");
}

void page_html(struct text_buf *b, const struct page_data *d, int64_t now_us)
{
	static const char *const clients[] = { "client", "lookups", "blocked", "share", NULL };
	static const char *const names[] = { "name", "lookups", "blocked", "share", NULL };
	static const char *const blocked[] = { "name", "lookups", "clients", NULL };
	static const char *const lists[] = { "list", "lookups", "clients", NULL };
	static const char *const upstreams[] = { "upstream", "lookups", "median ms", "95 % ms",
						 NULL };
	char now[WHEN_TEXT_MAX];

	add_head(b, d);
	add_slots(b, d);
	add_ranks(b, "Share blocked, by client", "The busiest clients; orange is blocked.",
		  clients, &d->clients, BAR_SHARE);
	add_ranks(b, "Most asked names", "Orange is blocked.", names, &d->names, BAR_SHARE);
	add_ranks(b, "Most blocked names", "And how many clients asked for them.", blocked,
		  &d->blocked, BAR_BLOCKED);
	add_ranks(b, "Lists", "Which lists blocked how many lookups.", lists, &d->lists,
		  BAR_BLOCKED);
	add_ranks(b, "Upstreams", "Half of the answers came within the dark part, 95 % within both.",
		  upstreams, &d->upstreams, BAR_LATENCY);
	add_refused(b, &d->refused);
	minute_text(now_us, now);
	text_add_string(b, "</main>\n<footer>Made by nameward " VERSION " at ");
	text_add_string(b, now);
	text_add_string(b, ". Names are as RFC 1035 presents them.</footer>\n</body></html>\n");
}
