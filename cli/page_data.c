/* Asks the history for a page's numbers; see page_data.h. */
#include "cli/page_data.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "db/report_top.h"
#include "lib/util.h"

#define HOUR_US 3600000000LL

enum hours_column { HOURS_HOUR, HOURS_VERDICT, HOURS_N, HOURS_COLUMNS };

/* Where a question's answer goes: the column of each member, or 0 where there is none (the
 * first column is always the label). */
struct gather {
	struct page_ranks *ranks;
	size_t n, blocked, clients, p50, p95, more, name;
	size_t columns;
};

int64_t page_slot_us(int64_t since_us, int64_t until_us)
{
	static const int64_t hours[] = { 1, 3, 6, 12, 24, 7 * 24, 28 * 24 };
	int64_t range = until_us - since_us;

	for (size_t i = 0; i < ARRAY_SIZE(hours); i++) {
		if (range <= hours[i] * HOUR_US * (PAGE_SLOTS_MAX - 1))
			return hours[i] * HOUR_US;
	}
	return (range / HOUR_US / (PAGE_SLOTS_MAX - 1) + 1) * HOUR_US;
}

static enum page_fate fate_of(const char *verdict)
{
	static const struct {
		const char *verdict;
		enum page_fate fate;
	} fates[] = {
		{ "forwarded", FATE_ANSWERED },	   { "cached", FATE_CACHED },
		{ "stale", FATE_CACHED },	   { "local", FATE_CACHED },
		{ "blocked", FATE_BLOCKED },	   { "blocked-cname", FATE_BLOCKED },
		{ "blocked-address", FATE_BLOCKED }, { "allowed", FATE_ANSWERED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fates); i++) {
		if (strcmp(fates[i].verdict, verdict) == 0)
			return fates[i].fate;
	}
	return strncmp(verdict, "blocked", 7) == 0 ? FATE_BLOCKED : FATE_FAILED;
}

static int hours_columns(void *arg, const char *const *names, size_t count)
{
	(void)arg;
	(void)names;
	return count == HOURS_COLUMNS ? 0 : -EPROTO;
}

static int hours_row(void *arg, const struct report_value *values, size_t count)
{
	struct page_data *d = arg;
	int64_t slot = values[HOURS_HOUR].integer * HOUR_US / d->slot_us;
	enum page_fate fate = FATE_FAILED;

	(void)count;
	if (slot < 0 || slot >= (int64_t)d->slot_count)
		return -EPROTO;
	if (values[HOURS_VERDICT].type == REPORT_TEXT)
		fate = fate_of(values[HOURS_VERDICT].text);
	d->slots[slot][fate] += values[HOURS_N].integer;
	d->totals[fate] += values[HOURS_N].integer;
	return 0;
}

static int ranks_columns(void *arg, const char *const *names, size_t count)
{
	static const char *const members[] = { "n",   "blocked", "clients", "p50",
					       "p95", "port",	 "name" };
	struct gather *g = arg;
	size_t *at[] = { &g->n, &g->blocked, &g->clients, &g->p50, &g->p95, &g->more, &g->name };

	g->columns = count;
	for (size_t i = 1; i < count; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(members); k++) {
			if (strcmp(names[i], members[k]) == 0)
				*at[k] = i;
		}
	}
	return g->n ? 0 : -EPROTO;
}

static void set_text(char *to, const struct report_value *v)
{
	snprintf(to, PAGE_LABEL_MAX, "%s", v->type == REPORT_TEXT ? v->text : "");
}

static double real_of(const struct report_value *v)
{
	return v->type == REPORT_REAL ? v->real : (double)v->integer;
}

static int ranks_row(void *arg, const struct report_value *values, size_t count)
{
	struct gather *g = arg;
	struct page_rank *rank = &g->ranks->rows[g->ranks->count];

	g->ranks->all++;
	g->ranks->total_n += values[g->n].integer;
	if (count != g->columns || g->ranks->count == PAGE_RANKS_MAX)
		return count == g->columns ? 0 : -EPROTO;
	set_text(rank->label, &values[0]);
	rank->n = values[g->n].integer;
	if (g->blocked)
		rank->blocked = values[g->blocked].integer;
	if (g->clients)
		rank->clients = values[g->clients].integer;
	if (g->p50)
		rank->p50 = real_of(&values[g->p50]);
	if (g->p95)
		rank->p95 = real_of(&values[g->p95]);
	if (g->more) {
		char dest[PAGE_LABEL_MAX / 2], port[PAGE_LABEL_MAX / 4];

		snprintf(dest, sizeof(dest), "%s",
			 values[1].type == REPORT_TEXT ? values[1].text : "");
		snprintf(port, sizeof(port), "%s",
			 values[g->more].type == REPORT_TEXT ? values[g->more].text : "");
		snprintf(rank->more, sizeof(rank->more), "%s %s", dest, port);
	}
	if (g->name)
		set_text(rank->name, &values[g->name]);
	g->ranks->count++;
	return 0;
}

static int gather_ranks(struct report *r, enum report_top what, const struct report_log *q,
			struct page_ranks *ranks)
{
	struct gather g = { .ranks = ranks };
	const struct report_out out = { ranks_columns, ranks_row, &g };

	return what == REPORT_TOP_COUNT ? report_top_refused(r, q, &out) :
					  report_top(r, what, q, &out);
}

int page_gather(struct page_data *d, struct report *report)
{
	static const struct report_filter only_blocked = { REPORT_VERDICT, "blocked*" };
	const struct report_out hours = { hours_columns, hours_row, d };
	const struct report_log all = { .since_us = d->since_us, .until_us = d->until_us };
	struct report_log few = all, blocked = all;
	int rc;

	if (d->since_us <= 0 || d->until_us <= d->since_us)
		return -EINVAL;
	few.limit = blocked.limit = PAGE_RANKS_MAX;
	blocked.filters = &only_blocked;
	blocked.filter_count = 1;
	d->slot_us = page_slot_us(d->since_us, d->until_us);
	d->slot_count = (size_t)((d->until_us - d->since_us + d->slot_us - 1) / d->slot_us);
	rc = report_top(report, REPORT_HOURS, &all, &hours);
	if (rc == 0)
		rc = gather_ranks(report, REPORT_TOP_CLIENTS, &all, &d->clients);
	if (rc == 0)
		rc = gather_ranks(report, REPORT_TOP_NAMES, &few, &d->names);
	if (rc == 0)
		rc = gather_ranks(report, REPORT_TOP_NAMES, &blocked, &d->blocked);
	if (rc == 0)
		rc = gather_ranks(report, REPORT_TOP_LISTS, &few, &d->lists);
	if (rc == 0)
		rc = gather_ranks(report, REPORT_TOP_UPSTREAMS, &few, &d->upstreams);
	/* REPORT_TOP_COUNT stands for the refused connections */
	if (rc == 0)
		rc = gather_ranks(report, REPORT_TOP_COUNT, &all, &d->refused);
	return rc;
}
