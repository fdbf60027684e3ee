/*
 * What a change of privacy leaves in the file is said, and deletion on request, between the
 * recorder's commits; see recorder.h and forget.h.
 */
#include "db/recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "db/events.h"
#include "db/forget.h"
#include "db/pending.h"
#include "db/recorder_impl.h"
#include "db/refusals.h"
#include "db/store.h"
#include "lib/log.h"

#define COMMITS_MAX (2 * PENDING_BATCHES)

/* A change is an event: rows from before stay as they were recorded. */
void recorder_note_privacy(struct recorder *r, int64_t wall_us)
{
	int64_t level = privacy_level(r->privacy), before = level, rows = 0;
	char sql[256];

	if (store_number(r->store, "SELECT value FROM meta WHERE key = 'privacy'", &before) ||
	    store_number(r->store, "SELECT EXISTS (SELECT 1 FROM lookup)", &rows) ||
	    before == level)
		return;
	snprintf(sql, sizeof(sql), "INSERT OR REPLACE INTO meta (key, value) VALUES"
		 " ('privacy', %" PRId64 "), ('privacy_before', %" PRId64 "),"
		 " ('privacy_us', %" PRId64 ")", level, before, wall_us);
	if (store_exec(r->store, sql) || !rows)
		return; /* the next start tries again */
	log_info("history: privacy is %s from now on; what was recorded before stays as it was",
		 privacy_level_text(level));
	if (events_note(r->queue.events, wall_us, "privacy-changed", privacy_level_text(level),
			"before: %s; rows from before stay as they were recorded",
			privacy_level_text(before)))
		r->dropped++;
}

/* What waits is part of what was recorded until now. */
static int write_all(struct recorder *r)
{
	int rc = 0;

	for (unsigned i = 0; i < COMMITS_MAX && !rc; i++) {
		if (!pending_count(r->queue.pending) && !refusals_waiting(r->queue.refusals) &&
		    !events_count(r->queue.events))
			return 0;
		rc = history_commit(r->history, &r->queue);
	}
	return rc ? rc : -EBUSY;
}

int recorder_forget(struct recorder *r, const char *request, struct recorder_now now)
{
	enum forget_kind kind = FORGET_CLIENT;
	const char *what = NULL;
	int rc;

	if (!strncmp(request, "client ", 7)) {
		what = request + 7;
	} else if (!strncmp(request, "name ", 5)) {
		kind = FORGET_NAME;
		what = request + 5;
	}
	if (!what || !*what)
		return -EINVAL;
	if (!r->store)
		return -ENOENT;
	if (r->forget)
		return -EBUSY;
	rc = write_all(r);
	if (!rc)
		rc = forget_new(r->store, r->history, kind, what, &r->forget);
	if (!rc)
		log_info("history: what was recorded of a %s is deleted on request",
			 kind == FORGET_CLIENT ? "client" : "name");
	r->prune_at_us = now.mono_us;
	return rc;
}

/* The event does not repeat what is to be forgotten. */
int recorder_forget_step(struct recorder *r, struct recorder_now now)
{
	bool done = false;
	int rc = forget_step(r->forget, &done);

	if (rc || !done)
		return rc;
	if (events_note(r->queue.events, now.wall_us, "history-forgotten", "",
			"%" PRIu64 " rows were deleted on request", forget_deleted(r->forget)))
		r->dropped++;
	forget_free(r->forget);
	r->forget = NULL;
	prune_sweep_again(r->prune);
	return 0;
}
