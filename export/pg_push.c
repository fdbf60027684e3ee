/* Copying a history; see pg_push.h. */
#include "export/pg_push.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/late.h"
#include "db/report_copy.h"
#include "export/pg_link.h"
#include "export/pg_rows.h"
#include "export/pg_schema.h"
#include "lib/util.h"

#define SECOND_US  1000000ll
#define HOUR_US	   (3600 * SECOND_US)
#define SETTLED_US (LATE_SETTLED_S * SECOND_US)
#define NUMBER_MAX 32
#define COLUMNS	   15 /* of report_copy() */
#define FULL	   1  /* what on_row returns to end a batch */

static const char temporary_sql[] =
	"CREATE TEMPORARY TABLE nameward_batch (LIKE nameward.lookups) ON COMMIT DELETE ROWS";
static const char copy_sql[] = "COPY pg_temp.nameward_batch FROM STDIN";
static const char insert_sql[] =
	"INSERT INTO nameward.lookups SELECT * FROM pg_temp.nameward_batch ON CONFLICT DO NOTHING";
static const char move_sql[] =
	"UPDATE nameward.cursors SET up_to = $3, late = $4, rows = rows + $7, pushed = now()"
	" WHERE router = $1 AND history = $2 AND up_to = $5 AND late = $6";
static const char find_sql[] =
	"SELECT up_to, late FROM nameward.cursors WHERE router = $1 AND history = $2";
static const char begin_sql[] =
	"INSERT INTO nameward.cursors (router, history, up_to, late, rows, pushed)"
	" VALUES ($1, $2, 0, $3, 0, now()) ON CONFLICT DO NOTHING";
static const char others_sql[] =
	"SELECT 1 FROM nameward.cursors WHERE router = $1 AND history <> $2 LIMIT 1";

/* Where the copying stands; it is what the server has. */
struct cursor {
	int64_t up_to_us, late_seq;
};

struct run {
	struct pg_push *p; /* borrowed */
	struct report_mark mark;
	struct cursor cursor;
	char history[NUMBER_MAX]; /* its id as text */
	int64_t month; /* whose partition is known to be there; -1: none */
	/* the batch */
	struct pg_rows rows;
	size_t count;
	int64_t first_us, last_us;
	bool is_last; /* nothing was left behind it */
};

bool pg_router_is_good(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len <= PG_ROUTER_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789.-_") == len;
}

static const char *number(int64_t value, char *buf)
{
	snprintf(buf, NUMBER_MAX, "%" PRId64, value);
	return buf;
}

/* --- a batch -------------------------------------------------------------------------- */

static int on_columns(void *arg, const char *const *names, size_t count)
{
	(void)arg;
	return count == COLUMNS && strcmp(names[0], "ts") == 0 ? 0 : -EPROTO;
}

static void add_value(struct pg_rows *rows, const struct report_value *v)
{
	char text[NUMBER_MAX];

	switch (v->type) {
	case REPORT_TEXT:
		pg_rows_add(rows, v->text);
		break;
	case REPORT_INTEGER:
		pg_rows_add(rows, number(v->integer, text));
		break;
	case REPORT_REAL:
		snprintf(text, sizeof(text), "%.6g", v->real);
		pg_rows_add(rows, text);
		break;
	case REPORT_NULL:
		pg_rows_add(rows, NULL);
	}
}

/* A batch lies within one month. */
static int on_row(void *arg, const struct report_value *values, size_t count)
{
	struct run *r = arg;
	int64_t ts = values[0].integer;
	char time[PG_TIME_MAX];

	if (r->count && (r->rows.len > PG_BATCH_BYTES ||
			 pg_month_of(ts) != pg_month_of(r->first_us)))
		return FULL;
	if (!r->count)
		r->first_us = ts;
	r->last_us = ts;
	r->count++;
	pg_rows_add(&r->rows, r->p->router);
	pg_rows_add(&r->rows, pg_time(ts, time));
	for (size_t i = 1; i < count; i++)
		add_value(&r->rows, &values[i]);
	pg_rows_end(&r->rows);
	return r->rows.failed;
}

/* Fill the batch with rows behind after_us; none left: count is 0. */
static int read_batch(struct run *r, int64_t after_us, int64_t up_to_us)
{
	const struct report_out out = { on_columns, on_row, r };
	int rc;

	r->count = 0;
	pg_rows_reset(&r->rows);
	rc = report_copy(r->p->report, after_us, up_to_us, PG_BATCH_ROWS, &out);
	r->is_last = rc == 0 && r->count < PG_BATCH_ROWS;
	return rc == FULL ? 0 : rc;
}

/* Within a transaction: the batch, if there is one, and the cursor from where it was. */
static int write_batch(struct run *r, const struct cursor *to, uint64_t *written)
{
	char up_to[NUMBER_MAX], late[NUMBER_MAX], was_up_to[NUMBER_MAX], was_late[NUMBER_MAX];
	char rows_text[NUMBER_MAX];
	const char *const params[] = { r->p->router, r->history, number(to->up_to_us, up_to),
				       number(to->late_seq, late),
				       number(r->cursor.up_to_us, was_up_to),
				       number(r->cursor.late_seq, was_late), rows_text };
	long long rows = 0, moved = 0;
	int rc = 0;

	if (r->count) {
		rc = pg_copy(r->p->link, copy_sql, r->rows.bytes, r->rows.len);
		if (rc == 0)
			rc = pg_do(r->p->link, insert_sql, NULL, 0, &rows);
	}
	number(rows, rows_text);
	if (rc == 0)
		rc = pg_do(r->p->link, move_sql, params, ARRAY_SIZE(params), &moved);
	*written = (uint64_t)rows;
	return rc == 0 && moved != 1 ? -EALREADY : rc;
}

static int send_batch(struct run *r, struct cursor to)
{
	struct pg_link *l = r->p->link;
	uint64_t written = 0;
	int rc = 0;

	r->p->is_theirs = true;
	if (r->count && pg_month_of(r->first_us) != r->month) {
		rc = pg_schema_month(l, pg_month_of(r->first_us));
		r->month = rc == 0 ? pg_month_of(r->first_us) : -1;
	}
	if (rc == 0)
		rc = pg_do_all(l, "BEGIN");
	if (rc == 0)
		rc = write_batch(r, &to, &written);
	if (rc == 0)
		rc = pg_do_all(l, "COMMIT");
	else if (rc == -EALREADY || rc == -EREMOTEIO)
		pg_do_all(l, "ROLLBACK");
	if (rc)
		return rc;
	r->p->is_theirs = false;
	r->cursor = to;
	r->p->up_to_us = to.up_to_us;
	r->p->sent += r->count;
	r->p->written += written;
	if (r->p->progress && r->count)
		r->p->progress(r->p->arg, r->p);
	return 0;
}

/* --- the whole ------------------------------------------------------------------------ */

static int find_cursor(struct run *r)
{
	char values[PG_VALUES_MAX][PG_VALUE_MAX], late[NUMBER_MAX];
	const char *const params[] = { r->p->router, number(r->mark.history_id, r->history),
				       number(r->mark.late_seq, late) };
	int rc = pg_ask(r->p->link, find_sql, params, 2, values);

	if (rc == 0) { /* the first time: late rows come with the others */
		rc = pg_ask(r->p->link, others_sql, params, 2, values);
		r->p->is_other_history = rc == 1;
		if (rc >= 0)
			rc = pg_do(r->p->link, begin_sql, params, 3, NULL);
		if (rc == 0)
			rc = pg_ask(r->p->link, find_sql, params, 2, values);
	}
	if (rc <= 0)
		return rc ? rc : -EALREADY;
	r->cursor.up_to_us = strtoll(values[0], NULL, 10);
	r->cursor.late_seq = strtoll(values[1], NULL, 10);
	r->p->up_to_us = r->cursor.up_to_us;
	return 0;
}

/* An hour in which rows came late, as far as it is copied: all of it once more. */
static int push_hour(struct run *r, int64_t hour_us, int64_t seq)
{
	int64_t end_us = MIN(hour_us + HOUR_US - 1, r->cursor.up_to_us), after_us = hour_us - 1;
	struct cursor to = r->cursor;
	int rc;

	do {
		rc = read_batch(r, after_us, end_us);
		if (rc)
			return rc;
		after_us = r->last_us;
		if (r->is_last)
			to.late_seq = seq;
		rc = send_batch(r, to);
	} while (rc == 0 && !r->is_last);
	r->p->late_hours++;
	return rc;
}

static int push_late(struct run *r)
{
	int64_t hour_us, seq;
	int rc;

	while ((rc = report_late(r->p->report, r->cursor.late_seq, &hour_us, &seq)) == 1 &&
	       seq <= r->mark.late_seq) {
		rc = push_hour(r, hour_us, seq);
		if (rc)
			return rc;
	}
	return MIN(rc, 0);
}

/* Rows younger than that may still get others before them (db/late.h); but where nothing
 * came for as long, nothing is waited for. */
static int64_t settled_us(const struct run *r)
{
	int64_t newest_us = r->mark.newest_us;

	return r->p->wall_us > newest_us + SETTLED_US ? newest_us : newest_us - SETTLED_US;
}

static int push_rows(struct run *r)
{
	int64_t end_us = settled_us(r);
	int rc;

	do {
		struct cursor to = r->cursor;

		rc = read_batch(r, r->cursor.up_to_us, end_us);
		if (rc || !r->count)
			return rc;
		to.up_to_us = r->last_us;
		rc = send_batch(r, to);
	} while (rc == 0);
	return rc;
}

static int prepare(struct run *r)
{
	int rc = report_mark(r->p->report, &r->mark);

	if (rc)
		return rc;
	r->p->is_theirs = true;
	rc = pg_schema_up(r->p->link);
	if (rc == 0)
		rc = find_cursor(r);
	if (rc == 0)
		rc = pg_do_all(r->p->link, temporary_sql);
	if (rc)
		return rc;
	r->p->is_theirs = false;
	r->p->is_gap = r->cursor.up_to_us && r->mark.oldest_us > r->cursor.up_to_us;
	return 0;
}

int pg_push(struct pg_push *p)
{
	struct run r = { .p = p, .month = -1 };
	int rc = prepare(&r);

	if (rc == 0)
		rc = push_late(&r);
	if (rc == 0)
		rc = push_rows(&r);
	pg_rows_fini(&r.rows);
	return rc;
}
