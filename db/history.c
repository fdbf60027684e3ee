/* Rows into the database; see history.h. */
#include "db/history.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "db/answer.h"
#include "db/events.h"
#include "db/fold.h"
#include "db/ids.h"
#include "db/late.h"
#include "db/pending.h"
#include "db/privacy.h"
#include "db/refusals.h"
#include "db/resolved.h"
#include "db/store.h"
#include "db/text.h"
#include "lib/addr.h"
#include "lib/clock.h"
#include "lib/dname.h"
#include "lib/msg.h"
#include "lib/util.h"

#define TRIES_BY_ONE 8	/* microseconds tried behind a taken one */
#define TRIES_MAX    32 /* in all; the last is 8 s behind */

struct history {
	struct store *store; /* borrowed */
	struct history_labels labels;
	struct ids *ids;	   /* owned */
	struct resolved *resolved; /* owned */
	struct fold *fold;	   /* owned */
	struct late *late;	   /* owned */
	struct late_now now;	   /* of the transaction under way */
	sqlite3_stmt *lookup, *refusal, *refusal_more, *event, *same;
	struct history_stats stats, before; /* before: of the last good commit */
};

static const char insert_lookup[] =
	"INSERT INTO lookup (ts, client_id, outcome_id, name_id, answer_id, rtt_us, hold_us,"
	" n, name, answer, site_len)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, site_length(?9))"
	" ON CONFLICT DO NOTHING";
static const char insert_refusal[] =
	"INSERT INTO refusal (ts, client_id, dest, port, proto, observed, interface, n, last)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING";
static const char update_refusal[] =
	"UPDATE refusal SET n = n + ?2, last = ?3 WHERE ts = ?1";
/* whether the row at ?1 is the lookup of ?3 with type ?4 by ?2 */
static const char same_lookup[] =
	"SELECT c.addr = ?2 AND o.qtype = ?4 AND coalesce(l.name, (SELECT n.name FROM name n"
	"  WHERE n.id = l.name_id)) IS ?3"
	" FROM lookup l LEFT JOIN client c ON c.id = l.client_id"
	" LEFT JOIN outcome o ON o.id = l.outcome_id WHERE l.ts = ?1";
static const char insert_event[] =
	"INSERT INTO event (ts, kind, subject, detail) VALUES (?1, ?2, nullif(?3, ''),"
	" nullif(?4, '')) ON CONFLICT DO NOTHING";

/* --- opening ------------------------------------------------------------------------ */

int history_open(struct store *s, const struct history_labels *labels, struct history **out)
{
	struct history *h = calloc(1, sizeof(*h));
	int rc;

	if (!h)
		return -ENOMEM;
	h->store = s;
	h->labels = *labels;
	rc = store_prepare(s, insert_lookup, &h->lookup);
	if (!rc)
		rc = store_prepare(s, insert_refusal, &h->refusal);
	if (!rc)
		rc = store_prepare(s, update_refusal, &h->refusal_more);
	if (!rc)
		rc = store_prepare(s, insert_event, &h->event);
	if (!rc)
		rc = store_prepare(s, same_lookup, &h->same);
	if (!rc)
		rc = ids_open(s, &h->ids);
	if (!rc)
		rc = resolved_open(s, &h->resolved);
	if (!rc)
		rc = fold_open(s, &h->fold);
	if (!rc)
		rc = late_open(s, &h->late);
	if (rc) {
		history_close(h);
		return rc;
	}
	*out = h;
	return 0;
}

void history_close(struct history *h)
{
	if (!h)
		return;
	late_close(h->late);
	fold_close(h->fold);
	resolved_close(h->resolved);
	ids_close(h->ids);
	sqlite3_finalize(h->lookup);
	sqlite3_finalize(h->refusal);
	sqlite3_finalize(h->refusal_more);
	sqlite3_finalize(h->event);
	sqlite3_finalize(h->same);
	free(h);
}

/* --- rows --------------------------------------------------------------------------- */

static void bind_positive(sqlite3_stmt *stmt, int at, int64_t value)
{
	if (value > 0)
		sqlite3_bind_int64(stmt, at, value);
}

/* Run an insert at *ts or at a free microsecond soon behind it: a burst fills thousands of
 * them without a gap, so the steps grow. @retval -EEXIST none within some seconds */
static int insert_at(struct history *h, sqlite3_stmt *stmt, int64_t *ts)
{
	int64_t step = 1;
	int rc = -EEXIST;

	for (unsigned i = 0; i < TRIES_MAX; i++) {
		sqlite3_bind_int64(stmt, 1, *ts);
		rc = store_rc(h->store, sqlite3_step(stmt));
		sqlite3_reset(stmt); /* repeats step's code; ignored */
		if (rc || sqlite3_changes(store_db(h->store)))
			break;
		rc = -EEXIST;
		*ts += step;
		if (i >= TRIES_BY_ONE)
			step *= 2;
	}
	sqlite3_clear_bindings(stmt); /* borrowed texts end here */
	return rc;
}

/* A text goes in as its dictionary's id, or as itself while it is new. */
static int bind_text_or_id(struct history *h, enum dict_kind kind, const char *text,
			   size_t len, int at_id, int at_text)
{
	struct dict_value value = { .text = text, .len = len };
	int64_t id;
	int rc = dict_id_if_known(ids_dict(h->ids, kind), &value, &id);

	if (rc)
		return rc;
	if (id)
		sqlite3_bind_int64(h->lookup, at_id, id);
	else
		sqlite3_bind_text(h->lookup, at_text, text, (int)len, SQLITE_STATIC);
	return 0;
}

static int write_lookup(struct history *h, const struct pending_row *row, int64_t *ts)
{
	const struct msg_lookup *m = row->lookup;
	const uint8_t *answer = m->data + m->qname_len + m->device_len + m->list_len +
				m->pattern_len;
	char name[DNAME_TEXT_MAX], text[ANSWER_TEXT_MAX];
	int64_t client, outcome;
	size_t len;
	int rc = ids_client_of(h->ids, m, &client);

	if (!rc)
		rc = ids_outcome_of(h->ids, m, &outcome);
	if (rc)
		return rc;
	if (m->qname_len) { /* 0: left out (privacy.h) */
		dname_wire_to_text(m->data, m->qname_len, name);
		rc = bind_text_or_id(h, DICT_NAME, name, strlen(name), 4, 9);
	}
	len = answer_to_text(answer, m->answer_len, row->answer_more, text);
	if (!rc && len)
		rc = bind_text_or_id(h, DICT_ANSWER, text, len, 5, 10);
	if (!rc && len)
		rc = resolved_note(h->resolved, row, name, answer);
	if (rc)
		return rc;
	sqlite3_bind_int64(h->lookup, 2, client);
	sqlite3_bind_int64(h->lookup, 3, outcome);
	bind_positive(h->lookup, 6, row->rtt_us);
	bind_positive(h->lookup, 7, row->hold_us);
	sqlite3_bind_int64(h->lookup, 8, row->n);
	rc = insert_at(h, h->lookup, ts);
	if (!rc)
		rc = late_note(h->late, *ts, h->now);
	return rc ? rc : fold_note(h->fold, *ts);
}

static int write_lookups(struct history *h, struct pending *p)
{
	const uint16_t *order;
	size_t count;
	const struct pending_row *rows = pending_head(p, &order, &count);
	int64_t last = 0;

	for (size_t i = 0; rows && i < count; i++) {
		const struct pending_row *row = &rows[order[i]];
		int64_t ts = MAX(row->ts_us, last + 1); /* rows come by time */
		int rc = write_lookup(h, row, &ts);

		if (rc && rc != -EEXIST)
			return rc;
		last = ts;
		if (rc) {
			h->stats.clashed++;
			continue;
		}
		h->stats.rows++;
		h->stats.lookups += row->n;
	}
	return 0;
}

static int insert_refused(struct history *h, struct refusal *r)
{
	const struct mac *mac = r->has_mac ? &r->mac : NULL;
	const char *label = h->labels.label ?
				    h->labels.label(h->labels.arg, mac, &r->client) : NULL;
	char dest[ADDR_TEXT_MAX], interface[sizeof(r->interface)];
	int64_t client, ts = MAX(r->first_us, 1);
	int rc = ids_client(h->ids, &r->client, mac, label ? label : "", &client);

	if (rc)
		return rc;
	text_clean(interface, sizeof(interface), r->interface, strlen(r->interface));
	sqlite3_bind_int64(h->refusal, 2, client);
	sqlite3_bind_text(h->refusal, 3, addr_to_text(&r->dest, dest), -1, SQLITE_STATIC);
	sqlite3_bind_int64(h->refusal, 4, r->port);
	sqlite3_bind_int64(h->refusal, 5, r->proto);
	sqlite3_bind_int64(h->refusal, 6, r->observed);
	if (*interface)
		sqlite3_bind_text(h->refusal, 7, interface, -1, SQLITE_STATIC);
	sqlite3_bind_int64(h->refusal, 8, (int64_t)r->unwritten);
	sqlite3_bind_int64(h->refusal, 9, r->last_us);
	rc = insert_at(h, h->refusal, &ts);
	if (!rc)
		r->row_in_commit = ts;
	return rc == -EEXIST ? 0 : rc;
}

static int write_refusal(struct history *h, struct refusal *r)
{
	int rc;

	if (!r->unwritten)
		return 0;
	if (!r->row)
		return insert_refused(h, r);
	sqlite3_bind_int64(h->refusal_more, 1, r->row);
	sqlite3_bind_int64(h->refusal_more, 2, (int64_t)r->unwritten);
	sqlite3_bind_int64(h->refusal_more, 3, r->last_us);
	rc = store_run(h->store, h->refusal_more);
	r->row_in_commit = r->row;
	return rc;
}

static int write_event(struct history *h, const struct event_row *e)
{
	int64_t ts = MAX(e->ts_us, 1);
	int rc;

	sqlite3_bind_text(h->event, 2, e->kind, -1, SQLITE_STATIC);
	sqlite3_bind_text(h->event, 3, e->subject, -1, SQLITE_STATIC);
	sqlite3_bind_text(h->event, 4, e->detail, -1, SQLITE_STATIC);
	rc = insert_at(h, h->event, &ts);
	return rc == -EEXIST ? 0 : rc;
}

/* --- the transaction ---------------------------------------------------------------- */

static int write_all(struct history *h, struct history_queue *q)
{
	int rc = write_lookups(h, q->pending);

	for (struct refusal *r = NULL; !rc && (r = refusals_next(q->refusals, r));)
		rc = write_refusal(h, r);
	for (size_t i = 0; !rc && i < events_count(q->events); i++)
		rc = write_event(h, events_at(q->events, i));
	return rc;
}

void history_settle(struct history *h, int rc)
{
	ids_settle(h->ids, rc);
	resolved_settle(h->resolved, rc);
	fold_settle(h->fold, rc);
	late_settle(h->late, rc, h->now);
	if (rc)
		h->stats = h->before;
	else
		h->before = h->stats;
}

int history_commit(struct history *h, struct history_queue *q)
{
	int rc;

	if (!pending_count(q->pending) && !refusals_waiting(q->refusals) &&
	    !events_count(q->events))
		return 0;
	rc = store_begin(h->store);
	if (rc)
		return rc;
	h->now = (struct late_now){ clock_wall_us(), clock_mono_us() };
	rc = write_all(h, q);
	if (rc)
		store_rollback(h->store);
	else
		rc = store_commit(h->store);
	if (!rc)
		h->stats.commits++;
	history_settle(h, rc);
	if (rc)
		return rc;
	if (pending_count(q->pending))
		pending_drop_head(q->pending);
	refusals_committed(q->refusals);
	events_committed(q->events);
	return 0;
}

/* --- another program's rows ----------------------------------------------------------- */

int history_past_begin(struct history *h)
{
	int rc = store_begin(h->store);

	if (!rc)
		h->now = (struct late_now){ clock_wall_us(), clock_mono_us() };
	return rc;
}

/* What stands at the row's own microsecond: 0 nothing, 1 the same lookup, 2 another one. */
static int look_at_place(struct history *h, const struct pending_row *row, int *what)
{
	const struct msg_lookup *m = row->lookup;
	char name[DNAME_TEXT_MAX], client[ADDR_TEXT_MAX];
	int code;

	sqlite3_bind_int64(h->same, 1, row->ts_us);
	sqlite3_bind_text(h->same, 2, privacy_client_text(&m->client, client), -1,
			  SQLITE_STATIC);
	if (m->qname_len)
		sqlite3_bind_text(h->same, 3, dname_wire_to_text(m->data, m->qname_len, name),
				  -1, SQLITE_STATIC);
	sqlite3_bind_int64(h->same, 4, ids_qtype_of(m));
	code = sqlite3_step(h->same);
	*what = 0;
	if (code == SQLITE_ROW)
		*what = sqlite3_column_int(h->same, 0) ? 1 : 2;
	sqlite3_reset(h->same);
	sqlite3_clear_bindings(h->same);
	return store_rc(h->store, code);
}

int history_past_add(struct history *h, struct pending_row *row, bool *is_there)
{
	int what = 2, rc = 0;

	*is_there = false;
	for (unsigned i = 0; i < TRIES_BY_ONE * TRIES_BY_ONE; i++) {
		rc = look_at_place(h, row, &what);
		if (rc || what != 2)
			break;
		row->ts_us++;
	}
	*is_there = what == 1;
	if (rc || *is_there)
		return rc;
	return what == 2 ? -EEXIST : write_lookup(h, row, &row->ts_us);
}

int history_past_end(struct history *h, int rc)
{
	if (rc)
		store_rollback(h->store);
	else
		rc = store_commit(h->store);
	history_settle(h, rc);
	return rc;
}

const struct history_stats *history_stats(const struct history *h)
{
	return &h->stats;
}

struct ids *history_ids(struct history *h)
{
	return h->ids;
}

struct fold *history_fold(struct history *h)
{
	return h->fold;
}
