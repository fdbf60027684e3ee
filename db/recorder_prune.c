/* Deletion before its time, on request, between the recorder's commits; see recorder.h. */
#include "db/recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "db/events.h"
#include "db/recorder_impl.h"
#include "db/store.h"
#include "lib/log.h"

int recorder_prune(struct recorder *r, const char *request, struct recorder_now now)
{
	struct prune_request wanted;
	int rc = prune_request_from_text(request, &wanted);

	if (rc)
		return rc;
	if (!r->prune)
		return -ENOENT;
	rc = prune_ask(r->prune, &wanted);
	if (rc)
		return rc;
	log_info("history: pruned on request");
	r->is_prune_asked = true;
	r->prune_at_us = now.mono_us;
	return 0;
}

/* What was given back is in the WAL still; a reader may keep it there for a while. */
void recorder_prune_settle(struct recorder *r, struct recorder_now now)
{
	struct prune_progress p;

	if (!r->is_prune_asked || prune_asked(r->prune, &p) || p.is_active)
		return;
	r->is_prune_asked = false;
	store_shrink(r->store);
	if (events_note(r->queue.events, now.wall_us, "history-pruned", "",
			"%" PRIu64 " rows were deleted and %" PRId64 " bytes given back on request",
			prune_rows(&p.deleted), p.bytes_before - p.bytes))
		r->dropped++;
}

size_t recorder_pruning(struct recorder *r, char *buf, size_t size)
{
	struct prune_progress p = { 0 };
	int len;

	if (!r->prune || prune_asked(r->prune, &p) || !p.bytes_before)
		return 0;
	len = snprintf(buf, size,
		       "active\t%d\nlookups\t%" PRIu64 "\nrefusals\t%" PRIu64 "\nevents\t%" PRIu64
		       "\nhourly\t%" PRIu64 "\ndaily\t%" PRIu64 "\nnames\t%" PRIu64
		       "\npassive-dns\t%" PRIu64 "\ndictionaries\t%" PRIu64 "\nbytes\t%" PRId64 "\n",
		       p.is_active, p.deleted.lookups, p.deleted.refusals, p.deleted.events,
		       p.deleted.hours, p.deleted.days, p.deleted.names, p.deleted.resolved,
		       p.deleted.dictionary, p.bytes_before - p.bytes);
	return len < 0 || (size_t)len >= size ? 0 : (size_t)len;
}
