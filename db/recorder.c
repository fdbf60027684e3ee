/* Commits, prunes and copes; see recorder.h. */
#include "db/recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/conf.h"
#include "db/events.h"
#include "db/forget.h"
#include "db/pending.h"
#include "db/prune.h"
#include "db/recorder_impl.h"
#include "db/refusals.h"
#include "db/store.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/msg.h"
#include "lib/util.h"

#define MS_US		1000ull
#define SECOND_MS	1000u
#define RETRY_MIN_MS	1000u
#define RETRY_MAX_MS	30000u
#define RETRY_LOCKED_MS 500u
#define LOCKED_MS	2000u /* a lock that is held so long is an event */
#define RETRY_ASIDE_MS	600000u /* a second corrupt file within this time has to wait */
#define STOP_TRIES	20u
#define PRUNE_SOON_MS	20u
#define PRUNE_LATER_MS	10000u

/* --- life --------------------------------------------------------------------------- */

struct recorder *recorder_new(const struct history_labels *labels)
{
	struct recorder *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->labels = *labels;
	r->queue.pending = pending_new();
	r->queue.refusals = refusals_new();
	r->queue.events = events_new();
	if (r->queue.pending && r->queue.refusals && r->queue.events)
		return r;
	recorder_free(r);
	return NULL;
}

static void close_database(struct recorder *r)
{
	if (r->history)
		r->written += history_stats(r->history)->rows;
	if (r->forget)
		log_warning("history: the deletion on request was not finished: ask again");
	forget_free(r->forget);
	r->forget = NULL;
	if (r->is_prune_asked)
		log_warning("history: pruning on request was not finished: ask again");
	r->is_prune_asked = false;
	prune_close(r->prune);
	history_close(r->history);
	store_close(r->store);
	r->prune = NULL;
	r->history = NULL;
	r->store = NULL;
	refusals_detach(r->queue.refusals);
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	if (r->store)
		close_database(r);
	pending_free(r->queue.pending);
	refusals_free(r->queue.refusals);
	events_free(r->queue.events);
	privacy_free(r->privacy);
	free(r->path);
	free(r);
}

int recorder_configure(struct recorder *r, const struct conf_history *conf,
		       struct recorder_now now)
{
	struct privacy *privacy;
	char *path = strdup(conf->file);

	if (!path)
		return -ENOMEM;
	if (privacy_new(conf, &privacy)) {
		free(path);
		return -ENOMEM;
	}
	if (r->store && (!conf->on || strcmp(path, r->path)))
		recorder_stop(r, now);
	free(r->path);
	r->path = path;
	r->is_on = conf->on;
	r->commit_every_ms = conf->commit_every_ms;
	r->commit_rows = conf->commit_rows;
	prune_limits_of(conf, &r->limits);
	privacy_free(r->privacy);
	r->privacy = privacy;
	if (r->store)
		recorder_note_privacy(r, now.wall_us);
	if (r->prune)
		prune_set_limits(r->prune, &r->limits);
	/* a reload is also how an operator says: try again */
	r->is_given_up = false;
	r->retry_ms = 0;
	r->retry_at_us = 0;
	return 0;
}

/* --- trouble ------------------------------------------------------------------------ */

static void note(struct recorder *r, int64_t wall_us, const char *kind, const char *detail)
{
	if (events_note(r->queue.events, wall_us, kind, r->path, "%s", detail))
		r->dropped++;
}

/* Say it once, and again when it is something else. */
static void report(struct recorder *r, int rc)
{
	if (rc == r->trouble || rc == -EAGAIN)
		return;
	r->trouble = rc;
	snprintf(r->last_error, sizeof(r->last_error), "%s", store_reason(rc));
	if (rc == -EBUSY)
		log_warning("history: %s: %s; rows wait", r->path, store_reason(rc));
	else if (rc == -ESTALE)
		log_warning("history: %s: %s; a new one is begun", r->path, store_reason(rc));
	else if (rc != -EUCLEAN) /* move_aside has its own words */
		log_err("history: %s: %s; nothing is recorded until that ends", r->path,
			store_reason(rc));
}

static void recovered(struct recorder *r, struct recorder_now now)
{
	char detail[160];

	r->retry_ms = 0;
	r->retry_at_us = 0;
	if (r->trouble) {
		log_info("history: %s: recording goes on", r->path);
		snprintf(detail, sizeof(detail), "recording goes on; the trouble was: %s",
			 store_reason(r->trouble));
		if (r->trouble != -EBUSY ||
		    now.mono_us - r->trouble_since_us >= LOCKED_MS * MS_US)
			note(r, now.wall_us, "history-resumed", detail);
		r->trouble = 0;
	}
	if (r->dropped == r->dropped_reported)
		return;
	log_warning("history: %" PRIu64 " records were dropped",
		    r->dropped - r->dropped_reported);
	snprintf(detail, sizeof(detail), "%" PRIu64 " records were dropped, for they did not "
		 "fit into the queue", r->dropped - r->dropped_reported);
	r->dropped_reported = r->dropped;
	note(r, now.wall_us, "history-dropped", detail);
}

static void wait_longer(struct recorder *r, struct recorder_now now, unsigned at_least_ms)
{
	r->retry_ms = MIN(MAX(r->retry_ms * 2, at_least_ms), MAX(RETRY_MAX_MS, at_least_ms));
	r->retry_at_us = now.mono_us + r->retry_ms * MS_US;
}

/* Keep the corrupt file under another name; the next run makes a new one. */
static void move_aside(struct recorder *r, struct recorder_now now)
{
	char to[PATH_MAX], detail[PATH_MAX + 64];
	int rc;

	if (r->aside_at_us && now.mono_us - r->aside_at_us < RETRY_ASIDE_MS * MS_US) {
		wait_longer(r, now, RETRY_ASIDE_MS);
		return;
	}
	r->aside_at_us = MAX(now.mono_us, 1u);
	rc = store_move_aside(r->path, now.wall_us, to, sizeof(to));
	if (rc) {
		log_err("history: %s cannot be moved aside: %s", r->path, store_reason(rc));
		wait_longer(r, now, RETRY_MIN_MS);
		return;
	}
	log_err("history: %s is corrupt: kept as %s; a new one is begun", r->path, to);
	snprintf(detail, sizeof(detail), "the file was corrupt and is kept as %s", to);
	note(r, now.wall_us, "history-corrupt", detail);
	r->retry_ms = 0;
	r->retry_at_us = 0;
}

/* What a failure of the open file, or of opening it, means for what is done next. */
static void cope(struct recorder *r, struct recorder_now now, int rc)
{
	if (!r->trouble)
		r->trouble_since_us = now.mono_us;
	report(r, rc);
	switch (rc) {
	case -EBUSY:
		r->retry_at_us = now.mono_us + RETRY_LOCKED_MS * MS_US;
		return;
	case -ENOSPC:
	case -ENOBUFS:
		wait_longer(r, now, RETRY_MIN_MS);
		return;
	case -EUCLEAN:
		close_database(r);
		move_aside(r, now);
		return;
	case -ESTALE:
		close_database(r);
		note(r, now.wall_us, "history-replaced",
		     "the file was deleted or replaced while it was open");
		return;
	case -EAGAIN: /* ids and marks may be of rows that are gone: the next run opens it */
		close_database(r);
		return;
	case -EPROTO:
	case -EMEDIUMTYPE:
		close_database(r);
		r->is_given_up = true; /* until the configuration is read again */
		return;
	default:
		close_database(r);
		wait_longer(r, now, RETRY_MIN_MS);
	}
}

/* --- opening ------------------------------------------------------------------------ */

/* One missing folder is made, as far as this process may. */
static void make_folder(const char *path)
{
	char folder[PATH_MAX];
	char *end;

	if (snprintf(folder, sizeof(folder), "%s", path) >= (int)sizeof(folder))
		return;
	end = strrchr(folder, '/');
	if (!end || end == folder)
		return;
	*end = '\0';
	mkdir(folder, 0750);
}

static int open_parts(struct recorder *r)
{
	int rc = store_open(r->path, &r->store);

	if (rc == -ENOENT) {
		make_folder(r->path);
		rc = store_open(r->path, &r->store);
	}
	if (!rc)
		rc = history_open(r->store, &r->labels, &r->history);
	if (!rc)
		rc = prune_open(r->store, history_ids(r->history), history_fold(r->history),
				&r->limits, &r->prune);
	return rc;
}

static void open_database(struct recorder *r, struct recorder_now now)
{
	int rc = open_parts(r);

	if (rc == -EUCLEAN) {
		cope(r, now, rc);
		if (r->retry_at_us)
			return;
		rc = open_parts(r);
	}
	if (rc) {
		close_database(r);
		cope(r, now, rc);
		if (!r->retry_at_us && !r->is_given_up)
			wait_longer(r, now, RETRY_MIN_MS);
		return;
	}
	log_info("history: recording to %s", r->path);
	recorder_note_privacy(r, now.wall_us);
	r->prune_at_us = now.mono_us;
}

/* --- taking ------------------------------------------------------------------------- */

static int take_lookup(struct recorder *r, const struct msg_lookup *m)
{
	int rc;

	m = privacy_lookup(r->privacy, m);
	if (!m) {
		r->left_out++;
		return 0;
	}
	rc = pending_add(r->queue.pending, m);
	if (rc >= 0)
		r->taken++;
	return rc;
}

static int take_refused(struct recorder *r, const struct msg_refused *m)
{
	const struct mac *mac = m->has_mac ? &m->mac : NULL;
	const char *label = NULL;

	if (r->labels.label)
		label = r->labels.label(r->labels.arg, mac, &m->client);
	m = privacy_refused(r->privacy, m, label);
	if (m)
		return refusals_add(r->queue.refusals, m);
	r->left_out++;
	return 0;
}

static int take_one(struct recorder *r, enum msg_type type, const void *record)
{
	switch (type) {
	case MSG_LOOKUP:
		return take_lookup(r, record);
	case MSG_REFUSED:
		return take_refused(r, record);
	case MSG_EVENT:
		return events_add(r->queue.events, record);
	default:
		return 0;
	}
}

static bool is_waiting(const struct recorder *r)
{
	return pending_count(r->queue.pending) || refusals_waiting(r->queue.refusals) ||
	       events_count(r->queue.events);
}

void recorder_take(struct recorder *r, const void *message)
{
	if (!r->is_on)
		return;
	for (const void *record = NULL; (record = msg_next(message, record));)
		if (r->is_given_up || take_one(r, msg_type(message), record) < 0)
			r->dropped++;
}

/* --- committing --------------------------------------------------------------------- */

/* Mono time at which what waits is to be committed. */
static uint64_t commit_due_us(const struct recorder *r)
{
	unsigned wait_ms = r->commit_every_ms;
	uint64_t due;

	if (r->waiting_since_us < r->followed_until_us)
		wait_ms = MIN(wait_ms, (unsigned)RECORDER_FOLLOWED_MS);
	if (pending_count(r->queue.pending) >= r->commit_rows)
		wait_ms = MIN(wait_ms, (unsigned)RECORDER_GAP_MS);
	if (pending_count(r->queue.pending) > PENDING_BATCH_ROWS)
		wait_ms = 0;
	due = r->waiting_since_us + wait_ms * MS_US;
	return MAX(due, r->retry_at_us);
}

static void checkpoint(struct recorder *r, struct recorder_now now)
{
	int rc = store_checkpoint(r->store);
	bool is_held = rc == -EBUSY && store_wal_pages(r->store) >= STORE_WAL_ALARM_PAGES;

	if (is_held && !r->is_wal_held) {
		log_warning("history: a reader holds a transaction open: the WAL grows");
		note(r, now.wall_us, "history-reader",
		     "a reader holds a transaction open; the WAL grows");
	}
	if (!rc || is_held)
		r->is_wal_held = is_held;
	if (rc && rc != -EBUSY)
		cope(r, now, rc);
}

static void commit(struct recorder *r, struct recorder_now now)
{
	uint64_t began_us = clock_mono_us();
	int rc = history_commit(r->history, &r->queue);

	r->last_commit_us = clock_mono_us() - began_us;
	if (rc) {
		cope(r, now, rc);
		return;
	}
	recovered(r, now);
	r->waiting_since_us = is_waiting(r) ? now.mono_us : 0;
	r->prune_at_us = MIN(r->prune_at_us, now.mono_us + PRUNE_SOON_MS * MS_US);
	checkpoint(r, now);
}

static void prune(struct recorder *r, struct recorder_now now)
{
	bool was_doubted = prune_stats(r->prune)->is_clock_doubted;
	int rc;

	if (r->forget) {
		rc = recorder_forget_step(r, now);
		r->prune_at_us = now.mono_us + PRUNE_SOON_MS * MS_US;
		if (rc)
			cope(r, now, rc);
		else
			checkpoint(r, now);
		return;
	}
	rc = prune_step(r->prune, now.wall_us, now.mono_us);

	r->prune_at_us = now.mono_us + (rc == 1 ? PRUNE_SOON_MS : PRUNE_LATER_MS) * MS_US;
	if (rc < 0) {
		cope(r, now, rc);
		return;
	}
	if (prune_stats(r->prune)->is_clock_doubted && !was_doubted) {
		log_warning("history: the clock jumped: nothing is deleted by its new time "
			    "until it has kept to it for a week");
		note(r, now.wall_us, "clock-stepped",
		     "times around this are doubtful; nothing is deleted by the new time "
		     "until the clock has kept to it for a week");
	}
	recorder_prune_settle(r, now);
	if (rc == 1)
		checkpoint(r, now);
}

static unsigned ms_until(uint64_t at_us, struct recorder_now now)
{
	if (at_us <= now.mono_us)
		return 0;
	return (unsigned)MIN((at_us - now.mono_us + MS_US - 1) / MS_US, 60000u);
}

void recorder_follow(struct recorder *r, struct recorder_now now)
{
	r->followed_until_us = now.mono_us + RECORDER_FOLLOW_MS * MS_US;
}

unsigned recorder_run(struct recorder *r, struct recorder_now now)
{
	unsigned wait_ms;

	if (!r->is_on || r->is_given_up)
		return 60 * SECOND_MS;
	if (!r->store && now.mono_us >= r->retry_at_us)
		open_database(r, now);
	if (!r->waiting_since_us && is_waiting(r))
		r->waiting_since_us = MAX(now.mono_us, 1u);
	if (r->store && r->waiting_since_us && now.mono_us >= commit_due_us(r))
		commit(r, now);
	if (r->store && now.mono_us >= MAX(r->prune_at_us, r->retry_at_us))
		prune(r, now);
	if (!r->store)
		return ms_until(r->retry_at_us, now);
	wait_ms = ms_until(MAX(r->prune_at_us, r->retry_at_us), now);
	if (r->waiting_since_us)
		wait_ms = MIN(wait_ms, ms_until(commit_due_us(r), now));
	return wait_ms;
}

void recorder_stop(struct recorder *r, struct recorder_now now)
{
	int rc = 0;

	if (!r->store && r->is_on && !r->is_given_up && is_waiting(r))
		open_database(r, now);
	if (!r->store)
		return;
	if (r->dropped != r->dropped_reported)
		recovered(r, now);
	/* each try waits for a lock as long as STORE_BUSY_MS says */
	for (unsigned tries = 0; is_waiting(r) && tries < STOP_TRIES; ) {
		rc = history_commit(r->history, &r->queue);
		if (rc == -EAGAIN) {
			close_database(r);
			open_database(r, now);
		}
		if (!r->store || (rc && rc != -EBUSY && rc != -EAGAIN))
			break;
		tries += rc != 0;
	}
	if (rc && is_waiting(r))
		log_err("history: %s: %zu rows could not be written at the end: %s", r->path,
			pending_count(r->queue.pending), store_reason(rc));
	if (r->store)
		close_database(r); /* SQLite empties the WAL */
	r->waiting_since_us = 0;
}
