/* Counts of an import; see past_tally.h. */
#include "cli/past_tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/out_table.h"
#include "cli/when.h"
#include "db/past.h"
#include "lib/util.h"

static int print_row(struct past_tally *t, const char *file, const char *row,
		     const char *result, uint64_t n, const char *note)
{
	char number[24];
	const char *const cells[] = { file, row, result, number, note };

	snprintf(number, sizeof(number), "%" PRIu64, n);
	t->write_rc = table_row(t->table, cells);
	return t->write_rc;
}

/* A sentence more than there is room for is counted with the last. */
static size_t find(struct past_tally *t, const char *why)
{
	size_t i = 0;

	while (i < t->reason_count && strcmp(t->reasons[i].why, why) != 0)
		i++;
	if (i == PAST_REASONS_MAX)
		return i - 1;
	if (i == t->reason_count) {
		t->reasons[i].why = why;
		t->reason_count++;
	}
	return i;
}

int past_tally_refuse(struct past_tally *t, int64_t row, const char *why)
{
	size_t i = find(t, why);
	char text[24];

	t->read++;
	if (++t->reasons[i].n > PAST_SHOWN_MAX)
		return 0;
	snprintf(text, sizeof(text), "%" PRId64, row);
	return print_row(t, t->file, text, "left out", 1, why);
}

void past_tally_take(struct past_tally *t, int64_t ts_us, int64_t keep_since_us)
{
	t->read++;
	t->taken++;
	t->old += ts_us < keep_since_us;
	if (t->taken == 1 || ts_us < t->first_us)
		t->first_us = ts_us;
	t->last_us = MAX(t->last_us, ts_us);
}

static int print_stats(struct past_tally *t, const struct past_stats *s)
{
	int rc = print_row(t, NULL, NULL, "written", s->written, NULL);

	if (rc == 0)
		rc = print_row(t, NULL, NULL, "there", s->there, "they were written before");
	if (rc == 0 && s->never)
		rc = print_row(t, NULL, NULL, "left out", s->never, "by never-record");
	if (rc == 0 && s->no_place)
		rc = print_row(t, NULL, NULL, "left out", s->no_place,
			       "too many lookups at one moment");
	return rc;
}

int past_tally_print(struct past_tally *t, const struct past_stats *stats)
{
	char first[WHEN_TEXT_MAX], last[WHEN_TEXT_MAX], span[2 * WHEN_TEXT_MAX + 8];
	int rc = 0;

	for (size_t i = 0; i < t->reason_count && rc == 0; i++)
		rc = print_row(t, NULL, NULL, "left out", t->reasons[i].n, t->reasons[i].why);
	snprintf(span, sizeof(span), "%s to %s", when_text(t->first_us, first),
		 when_text(t->last_us, last));
	if (rc == 0)
		rc = print_row(t, NULL, NULL, "good", t->taken, t->taken ? span : NULL);
	if (rc == 0 && t->old)
		rc = print_row(t, NULL, NULL, "old", t->old,
			       "older than `keep lookups`: only the roll-ups will have them");
	if (rc == 0 && stats)
		rc = print_stats(t, stats);
	return rc;
}
