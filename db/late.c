/* Hours with late rows; see late.h. */
#include "db/late.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>

#include "db/store.h"
#include "lib/util.h"

#define SECOND_US   1000000ll
#define HOUR_US	    (3600 * SECOND_US)
#define ORDINARY_US (LATE_ORDINARY_S * SECOND_US)

/* One row an hour at most; a further late row gives it a new number, so that it is read
 * once more. Numbers go by the clock: a file that was put back from a backup does not give
 * out again those of before. */
static const char note_sql[] =
	"INSERT OR REPLACE INTO late (hour, seq)"
	" VALUES (?1, max(?2, (SELECT coalesce(max(seq), 0) + 1 FROM late)))";

struct late {
	struct store *store; /* borrowed */
	sqlite3_stmt *note;
	int64_t newest_us, committed_us; /* ts of the newest row */
	uint64_t fresh_at_us; /* mono: it was new then; 0: not in this run */
	int64_t hour_noted;   /* in this transaction; -1: none */
};

int late_open(struct store *s, struct late **out)
{
	struct late *l = calloc(1, sizeof(*l));
	int rc;

	if (!l)
		return -ENOMEM;
	l->store = s;
	l->hour_noted = -1;
	rc = store_prepare(s, note_sql, &l->note);
	if (!rc)
		rc = store_number(s, "SELECT coalesce(max(ts), 0) FROM lookup", &l->newest_us);
	if (rc) {
		late_close(l);
		return rc;
	}
	l->committed_us = l->newest_us;
	*out = l;
	return 0;
}

void late_close(struct late *l)
{
	if (!l)
		return;
	sqlite3_finalize(l->note);
	free(l);
}

static bool is_ordinary(const struct late *l, int64_t ts, struct late_now now)
{
	if (ts > l->committed_us)
		return true;
	return l->fresh_at_us && now.mono_us - l->fresh_at_us < (uint64_t)ORDINARY_US &&
	       ts >= l->committed_us - ORDINARY_US;
}

int late_note(struct late *l, int64_t ts, struct late_now now)
{
	int64_t hour = ts / HOUR_US;
	int rc;

	l->newest_us = MAX(l->newest_us, ts);
	if (is_ordinary(l, ts, now) || hour == l->hour_noted)
		return 0;
	sqlite3_bind_int64(l->note, 1, hour);
	sqlite3_bind_int64(l->note, 2, now.wall_us);
	rc = store_run(l->store, l->note);
	if (!rc)
		l->hour_noted = hour;
	return rc;
}

void late_settle(struct late *l, int rc, struct late_now now)
{
	int64_t age_us = now.wall_us - l->newest_us;

	l->hour_noted = -1;
	if (rc) {
		l->newest_us = l->committed_us;
		return;
	}
	if (l->newest_us > l->committed_us)
		l->fresh_at_us = age_us < ORDINARY_US && age_us > -ORDINARY_US ?
					 MAX(now.mono_us, 1u) : 0;
	l->committed_us = l->newest_us;
}
