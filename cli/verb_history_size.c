/* nameward history size: what the file is full of, and for how long it will do. */
#include "cli/verbs.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cli/source.h"
#include "conf/conf.h"
#include "db/report_size.h"
#include "lib/clock.h"
#include "lib/util.h"

#define DAY_US	 86400000000.0
#define CELL_MAX 32

enum size_column { SIZE_KIND, SIZE_BYTES, SIZE_ROWS, SIZE_OLDEST, SIZE_A_DAY, SIZE_DAYS,
		   SIZE_COLUMNS };

/* One row as numbers; what is negative (or 0, of times) is not shown. */
struct line {
	const char *kind;
	int64_t bytes, rows, oldest_us;
	double a_day, days;
};

static void put_integer(char *cell, const char **to, int64_t value, int64_t least)
{
	if (value < least)
		return;
	snprintf(cell, CELL_MAX, "%" PRId64, value);
	*to = cell;
}

static void put_real(char *cell, const char **to, double value, int places)
{
	if (!(value >= 0) || !isfinite(value))
		return;
	snprintf(cell, CELL_MAX, "%.*f", places, value);
	*to = cell;
}

static int print(struct table *table, const struct line *l)
{
	const char *cells[SIZE_COLUMNS] = { l->kind };
	char text[SIZE_COLUMNS][CELL_MAX];

	put_integer(text[SIZE_BYTES], &cells[SIZE_BYTES], l->bytes, 0);
	put_integer(text[SIZE_ROWS], &cells[SIZE_ROWS], l->rows, 0);
	put_integer(text[SIZE_OLDEST], &cells[SIZE_OLDEST], l->oldest_us, 1);
	put_real(text[SIZE_A_DAY], &cells[SIZE_A_DAY], l->a_day, 0);
	put_real(text[SIZE_DAYS], &cells[SIZE_DAYS], l->days, 1);
	return table_row(table, cells);
}

/* How many days of lookups fit beside all else, as fast as they come now. */
static double days_of(const struct size *s, uint64_t max_bytes)
{
	double others = 0;

	if (!max_bytes || s->growth_bytes <= 0)
		return -1;
	for (size_t i = 0; i < SIZE_KINDS; i++)
		if (i != SIZE_LOOKUPS && i != SIZE_FREE && i != SIZE_WAL)
			others += (double)s->kinds[i].bytes;
	return MAX((double)max_bytes - others, 0.0) / s->growth_bytes;
}

static int print_all(struct table *table, const struct size *s, const struct conf_history *conf,
		     int64_t now_us)
{
	int64_t max_bytes = conf->max_size_bytes ? (int64_t)conf->max_size_bytes : -1;
	int rc = 0;

	for (size_t i = 0; i < SIZE_KINDS && rc == 0; i++) {
		const struct size_row *row = &s->kinds[i];
		struct line l = { row->name, row->bytes, row->rows, row->oldest_us, -1, -1 };

		if (i == SIZE_LOOKUPS)
			l.a_day = s->growth_bytes;
		if (i == SIZE_LOOKUPS && row->oldest_us)
			l.days = (double)(now_us - row->oldest_us) / DAY_US;
		rc = print(table, &l);
	}
	if (rc == 0)
		rc = print(table, &(struct line){ "total", s->bytes, -1, 0, -1, -1 });
	if (rc == 0)
		rc = print(table, &(struct line){ "max-size", max_bytes, -1, 0, -1,
						  days_of(s, conf->max_size_bytes) });
	return rc ? rc : table_flush(table);
}

static int run_size(const struct command *c)
{
	static const struct table_column columns[SIZE_COLUMNS] = {
		[SIZE_KIND] = { "kind", COLUMN_TEXT },	  [SIZE_BYTES] = { "bytes", COLUMN_NUMBER },
		[SIZE_ROWS] = { "rows", COLUMN_NUMBER },  [SIZE_OLDEST] = { "oldest", COLUMN_MOMENT },
		[SIZE_A_DAY] = { "a_day", COLUMN_NUMBER }, [SIZE_DAYS] = { "days", COLUMN_NUMBER },
	};
	int64_t now_us = clock_wall_us();
	struct report *report = NULL;
	struct table *table = NULL;
	struct conf *conf;
	struct size size;
	int status = source_conf(c, NULL, &conf);
	int rc, write_rc = 0;

	if (status != COMMAND_DONE)
		return status;
	rc = report_open(conf->history.file, &report);
	if (rc == 0)
		rc = report_size(report, conf->history.file, now_us, &size);
	if (rc < 0)
		status = source_history_failed(c, conf, rc);
	if (rc == 0)
		write_rc = table_new(c->out, &c->style, columns, SIZE_COLUMNS, &table);
	if (rc == 0 && write_rc == 0)
		write_rc = print_all(table, &size, &conf->history, now_us);
	if (write_rc < 0)
		status = command_write_failed(c, write_rc);
	table_free(table);
	report_close(report);
	conf_free(conf);
	return status;
}

const struct verb verb_history_size = {
	.name = "history size",
	.operands = "",
	.summary = "what the history's file is full of, and for how long it will do",
	.examples = "  nameward history size\n"
		    "  nameward history size --json\n",
	.notes = "A_DAY is what lookups take in a day, by those of the last week. DAYS of lookups says\n"
		 "how many are there; of max-size, how many will fit beside all else, if they go on\n"
		 "coming as they do. Free pages are used again by new rows.\n",
	.run = run_size,
};
