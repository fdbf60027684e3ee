/* What `nameward status` shows of the history; see recorder.h. */
#include "db/recorder.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "db/events.h"
#include "db/forget.h"
#include "db/pending.h"
#include "db/recorder_impl.h"
#include "db/refusals.h"
#include "db/store.h"
#include "lib/log.h"
#include "lib/util.h"

struct lines {
	char *buf;
	size_t size, len;
};

static void PRINTF_LIKE(3, 4) add(struct lines *l, const char *key, const char *fmt, ...)
{
	size_t room = l->size - l->len;
	va_list args;
	int n, m;

	n = snprintf(l->buf + l->len, room, "history\t%s\t", key);
	if (n < 0 || (size_t)n >= room)
		return;
	va_start(args, fmt);
	m = vsnprintf(l->buf + l->len + n, room - (size_t)n, fmt, args);
	va_end(args);
	if (m < 0 || (size_t)n + (size_t)m + 1 >= room)
		return; /* a line that does not fit is left out whole */
	l->len += (size_t)n + (size_t)m;
	l->buf[l->len++] = '\n';
}

static const char *state_of(const struct recorder *r)
{
	if (!r->is_on)
		return "off";
	if (r->is_given_up)
		return "given up";
	if (r->trouble || !r->store)
		return "waiting";
	return "recording";
}

static void add_time(struct lines *l, const char *key, int64_t ts)
{
	time_t seconds = (time_t)(ts / 1000000);
	char text[32];
	struct tm tm;

	if (gmtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		add(l, key, "%s", text);
}

/* How long each kind of row is kept, and since when there are any. */
static void add_retention(struct lines *l, struct recorder *r)
{
	const struct {
		const char *key, *keep, *sql;
		int64_t keep_us;
	} kinds[] = {
		{ "oldest", "keep-lookups", "SELECT min(ts) FROM lookup",
		  r->limits.keep_lookups_us },
		{ "oldest-refusals", "keep-refusals", "SELECT min(ts) FROM refusal",
		  r->limits.keep_refusals_us },
		{ "oldest-hourly", "keep-hourly", "SELECT min(ts) FROM hour_total",
		  r->limits.keep_hourly_us },
		{ "oldest-daily", "keep-daily",
		  "SELECT min(day) * 86400000000 FROM day_total", r->limits.keep_daily_us },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int64_t ts = 0;

		if (r->store && !store_number(r->store, kinds[i].sql, &ts) && ts)
			add_time(l, kinds[i].key, ts);
		if (kinds[i].keep_us)
			add(l, kinds[i].keep, "%.1f days",
			    (double)kinds[i].keep_us / 86400e6);
		else
			add(l, kinds[i].keep, "forever");
	}
	if (r->limits.max_bytes)
		add(l, "max-bytes", "%" PRId64, r->limits.max_bytes);
	else
		add(l, "max-bytes", "unlimited");
}

/* What is left out, and whether rows are kept that say more. */
static void add_privacy(struct lines *l, struct recorder *r)
{
	int64_t before = 0, since = 0, rows = 0;
	char sql[96];

	if (!r->privacy)
		return;
	add(l, "privacy", "%s", privacy_level_text(privacy_level(r->privacy)));
	add(l, "never-recorded", "%" PRIu64, r->left_out);
	if (!r->store ||
	    store_number(r->store, "SELECT value FROM meta WHERE key = 'privacy_us'", &since) ||
	    store_number(r->store, "SELECT value FROM meta WHERE key = 'privacy_before'", &before))
		return;
	snprintf(sql, sizeof(sql), "SELECT EXISTS (SELECT 1 FROM lookup WHERE ts < %" PRId64 ")",
		 since);
	if (since && privacy_is_stricter(privacy_level(r->privacy), before) &&
	    !store_number(r->store, sql, &rows) && rows) {
		add_time(l, "privacy-since", since);
		add(l, "privacy-before", "%s", privacy_level_text(before));
	}
}

size_t recorder_status(struct recorder *r, char *buf, size_t size)
{
	struct lines l = { .buf = buf, .size = size };
	struct history_stats stats = { 0 };
	struct prune_progress asked;
	char path[512];

	if (r->history)
		stats = *history_stats(r->history);
	add(&l, "state", "%s", state_of(r));
	if (r->forget)
		add(&l, "forgetting", "%" PRIu64 " rows so far", forget_deleted(r->forget));
	if (r->is_prune_asked && !prune_asked(r->prune, &asked))
		add(&l, "pruning", "%" PRIu64 " rows so far", prune_rows(&asked.deleted));
	add(&l, "file", "%s", r->path ? log_safe(r->path, path, sizeof(path)) : "-");
	add(&l, "lookups", "%" PRIu64, r->taken);
	add(&l, "rows", "%" PRIu64, r->written + stats.rows);
	add(&l, "folded", "%" PRIu64, stats.lookups - stats.rows);
	add(&l, "dropped", "%" PRIu64, r->dropped + stats.clashed);
	add(&l, "queue", "%zu", pending_count(r->queue.pending));
	add(&l, "queue-refusals", "%zu", refusals_waiting(r->queue.refusals));
	add(&l, "queue-events", "%zu", events_count(r->queue.events));
	add(&l, "commits", "%" PRIu64, stats.commits);
	add(&l, "last-commit-ms", "%.1f", (double)r->last_commit_us / 1000.0);
	if (r->store) {
		add(&l, "bytes", "%" PRId64, store_file_bytes(r->store));
		add(&l, "wal-pages", "%" PRIu32, store_wal_pages(r->store));
	}
	if (r->prune) {
		add(&l, "pruned", "%" PRIu64, prune_stats(r->prune)->lookups);
		add(&l, "clock", "%s",
		    prune_stats(r->prune)->is_clock_doubted ? "doubted" : "agreed");
	}
	add_retention(&l, r);
	add_privacy(&l, r);
	add(&l, "last-error", "%s", r->last_error[0] ? r->last_error : "-");
	return l.len;
}
