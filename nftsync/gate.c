/* Claims, commits and the ending of leases; see gate.h. Loading and restoring the table is in
 * gate_load.c. */
#include "nftsync/gate.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/log.h"
#include "lib/util.h"
#include "nftsync/batch_commit.h"
#include "nftsync/fill.h"
#include "nftsync/gate_parts.h"
#include "nftsync/lease_mirror.h"
#include "nftsync/netlink.h"
#include "nftsync/ruleset.h"
#include "nftsync/shares.h"

#define RETRY_MIN_MS   1000
#define RETRY_MAX_MS   30000
#define REPAIR_EACH_MS 250
#define EVENT_EACH_MS  1000

int gate_new(const struct gate_ops *ops, void *arg, struct gate **out)
{
	/* Until the first configuration: nothing is leased, nothing is lost. */
	static const struct lease_limits none = { 0 };
	struct gate *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	g->ops = ops;
	g->arg = arg;
	hash_key_init(&g->ranges.key);
	if (fill_new(&g->fill) || lease_ledger_new(&none, &g->ledger) ||
	    batch_new(GATE_BATCH, &g->batch) ||
	    batch_new(GATE_BATCH, &g->bulk)) {
		gate_free(g);
		return -ENOMEM;
	}
	*out = g;
	return 0;
}

void gate_free(struct gate *g)
{
	if (!g)
		return;
	gate_live_fini(g);
	gate_ranges_fini(g);
	netlink_watch_close(g->watch);
	netlink_close(g->nl);
	ruleset_free(g->rules);
	ruleset_free(g->down);
	free(g->down_text);
	fill_free(g->fill);
	shares_free(g->shares);
	nl_buf_fini(&g->buf);
	batch_free(g->batch);
	batch_free(g->bulk);
	lease_ledger_free(g->ledger);
	lease_mirror_close(g->mirror);
	free(g);
}

uint64_t gate_timeout_ms(uint64_t end_ms, uint64_t now_ms)
{
	return (end_ms > now_ms ? end_ms - now_ms : 0) + LEASE_SLACK_MS;
}

void gate_event(struct gate *g, uint64_t now_ms, const char *kind, const char *detail)
{
	if (g->event_ms && now_ms < g->event_ms + EVENT_EACH_MS)
		return;
	g->event_ms = now_ms;
	g->ops->on_event(g->arg, kind, detail);
}

/* --- claims ------------------------------------------------------------------------- */

/* A cap made another lease go. Two elements at most are queued for one claim. */
static int evict(struct gate *g, const struct lease_change *change)
{
	if (!change->has_evicted)
		return 0;
	g->stats.evicted++;
	g->ops->on_lost(g->arg);
	return batch_delete(g->batch, &change->evicted);
}

static int enter(struct gate *g, const struct lease_change *change, uint64_t now_ms,
		 size_t *index)
{
	int rc = batch_put(g->batch, &change->key, gate_timeout_ms(change->end_ms, now_ms),
			   index);

	if (rc)
		lease_settle(g->ledger, &change->key, rc);
	return rc ? rc : GATE_WAIT;
}

int gate_claim(struct gate *g, const struct lease_key *key, uint32_t ttl_s,
	       const uint8_t *name, size_t name_len, uint64_t now_ms, size_t *index)
{
	struct lease_change change;
	int rc;

	if (g->state == GATE_IDLE)
		return GATE_DONE;
	if (g->state == GATE_LOST)
		return g->lost_rc;
	rc = lease_claim(g->ledger, key, ttl_s, name, name_len, now_ms, &change);
	if (rc) {
		g->stats.failed++;
		return rc;
	}
	rc = evict(g, &change);
	if (rc)
		return rc;
	switch (change.verdict) {
	case LEASE_INSERT:
		g->stats.inserted++;
		return enter(g, &change, now_ms, index);
	case LEASE_REFRESH:
		g->stats.refreshed++;
		return enter(g, &change, now_ms, index);
	case LEASE_REFUSED:
		g->stats.refused++;
		return GATE_DONE;
	default:
		g->stats.covered++;
		return GATE_DONE;
	}
}

size_t gate_sharers(const struct gate *g, const struct msg_device *device,
		    const struct msg_device **out)
{
	return shares_of(g->shares, device, out);
}

void gate_fill(struct gate *g, const struct msg_lease *m, uint64_t now_ms)
{
	fill_write(g->fill, g->nl, &g->buf, m, now_ms);
}

const struct fill_stats *gate_fill_stats(const struct gate *g)
{
	return fill_stats(g->fill);
}

void gate_note_origin(struct gate *g, const struct msg_device *device, const uint8_t *name,
		      size_t name_len, const struct lease_origin *origin)
{
	lease_note_origin(g->ledger, device, name, name_len, origin);
}

bool gate_withdraw(struct gate *g, struct lease_withdrawal *w, bool kill, uint64_t now_ms)
{
	struct lease_key key;

	while (!gate_is_full(g, 1)) {
		if (!lease_withdraw_next(g->ledger, w, now_ms, &key))
			return false;
		g->stats.withdrawn++;
		g->ops->on_lost(g->arg);
		batch_delete(g->batch, &key); /* there is room for it */
		if (kill)
			gate_kill(g, &key);
	}
	return true;
}

bool gate_is_full(const struct gate *g, size_t count)
{
	return batch_count(g->batch) + 2 * count > GATE_BATCH;
}

/* --- commits ------------------------------------------------------------------------ */

/* An element that was to go and did not. Where the table is lost it is made anew without it. */
static void keep_at_it(struct gate *g, const struct batch_elem *e, uint64_t now_ms)
{
	if (e->rc && g->state == GATE_LOADED)
		lease_end_again(g->ledger, &e->key, now_ms);
}

/* The ledger hears what became of each element, and so do the counters. */
static void settle(struct gate *g, struct batch *b, uint64_t now_ms)
{
	for (size_t i = 0; i < batch_count(b); i++) {
		struct batch_elem *e = batch_at(b, i);

		if (!e->timeout_ms) {
			keep_at_it(g, e, now_ms);
			continue;
		}
		if (e->rc)
			g->stats.failed++;
		lease_settle(g->ledger, &e->key, e->rc);
	}
}

static void mark_all(struct batch *b, int rc)
{
	for (size_t i = 0; i < batch_count(b); i++)
		batch_at(b, i)->rc = rc;
}

static void commit(struct gate *g, struct batch *b, uint64_t now_ms)
{
	int rc;

	if (!batch_count(b))
		return;
	g->stats.commits++;
	rc = batch_commit(b, g->nl, &g->forms, ruleset_table(g->rules), &g->buf);
	if (rc == -ENOENT) {
		/* The ledger has this batch's leases too: they come with all the others. (If b
		 * is the bulk batch it is empty afterwards, and nobody waits for it.) */
		rc = gate_restore(g, now_ms, "gone");
		mark_all(b, rc);
	} else if (batch_at(b, 0)->rc == -EPERM) {
		gate_lose(g, now_ms, -EPERM); /* then it is so for all elements */
	}
	settle(g, b, now_ms);
}

void gate_commit(struct gate *g, uint64_t now_ms)
{
	if (g->state == GATE_LOADED) {
		commit(g, g->batch, now_ms);
		return;
	}
	/* Lost since the claims were made, or switched off. */
	mark_all(g->batch, g->state == GATE_LOST ? g->lost_rc : 0);
	settle(g, g->batch, now_ms);
}

int gate_result(const struct gate *g, size_t index)
{
	return batch_at(g->batch, index)->rc;
}

void gate_next_turn(struct gate *g)
{
	batch_reset(g->batch);
}

/* --- time --------------------------------------------------------------------------- */

/* One slice of the leases that are due by then. @return how many */
static size_t end_some(struct gate *g, uint64_t due_ms, uint64_t now_ms)
{
	struct lease_change change;
	size_t n = 0, index;

	batch_reset(g->bulk);
	while (n < GATE_TICK_SLICE && lease_next_due(g->ledger, due_ms, &change)) {
		n++;
		if (change.verdict == LEASE_ENDED) {
			g->stats.ended++;
			batch_delete(g->bulk, &change.key);
			continue;
		}
		g->stats.refreshed++;
		batch_put(g->bulk, &change.key, gate_timeout_ms(change.end_ms, now_ms), &index);
	}
	commit(g, g->bulk, now_ms);
	batch_reset(g->bulk);
	return n;
}

static void try_again(struct gate *g, uint64_t now_ms)
{
	if (now_ms < g->retry_ms)
		return;
	g->retry_wait_ms = MIN(MAX(2 * g->retry_wait_ms, RETRY_MIN_MS), RETRY_MAX_MS);
	g->retry_ms = now_ms + g->retry_wait_ms;
	if (!gate_open(g) && !gate_restore(g, now_ms, "lost"))
		g->retry_wait_ms = 0;
}

static bool was_just_repaired(const struct gate *g, uint64_t now_ms)
{
	return now_ms < g->repaired_ms + REPAIR_EACH_MS;
}

/* Is it still ours and whole? What cannot be found out now, or was mended a moment ago, waits
 * for a tick. */
static void check_table(struct gate *g, bool is_damaged, uint64_t now_ms)
{
	struct table_id id;
	int rc = table_identify(g->nl, &g->buf, ruleset_table(g->rules), &id);

	g->repair_due = false;
	if (rc == -ENOENT || (!rc && !table_id_equal(&id, &g->id)))
		gate_restore(g, now_ms, rc ? "gone" : "replaced");
	else if (rc || (is_damaged && was_just_repaired(g, now_ms)))
		g->repair_due = true;
	else if (is_damaged)
		gate_repair(g, now_ms);
}

bool gate_tick(struct gate *g, uint64_t now_ms)
{
	bool more, waits = g->repair_due && was_just_repaired(g, now_ms);

	if (g->state == GATE_LOST)
		try_again(g, now_ms);
	if (g->state == GATE_LOADED && g->repair_due && !waits)
		check_table(g, true, now_ms);
	if (g->state != GATE_LOADED)
		return false;
	more = gate_ranges_step(g, now_ms);
	if (g->state != GATE_LOADED)
		return false;
	more = gate_look(g, now_ms) || more || waits;
	/* What has not been looked at waits; it has the slack. */
	return end_some(g, MIN(now_ms, g->look.until_ms), now_ms) == GATE_TICK_SLICE || more;
}

/* --- others' changes ---------------------------------------------------------------- */

int gate_watch_fd(const struct gate *g)
{
	return g->watch ? netlink_watch_fd(g->watch) : -1;
}

void gate_on_watch(struct gate *g, uint64_t now_ms)
{
	int seen = netlink_watch_read(g->watch);

	if (seen > 0 && g->state == GATE_LOADED)
		check_table(g, seen & (SEEN_DELETED | SEEN_LOST), now_ms);
}

/* --- looking ------------------------------------------------------------------------ */

enum gate_state gate_state(const struct gate *g)
{
	return g->state;
}

const struct gate_stats *gate_stats(const struct gate *g)
{
	return &g->stats;
}

const struct lease_ledger *gate_ledger(const struct gate *g)
{
	return g->ledger;
}

const char *gate_refresh_form(const struct gate *g)
{
	return g->forms.update ? "expiration" : "add-delete-add";
}

int gate_rules_text(const struct gate *g, char **out)
{
	return g->rules ? ruleset_text(g->rules, out) : -ENOENT;
}

int gate_counters(struct gate *g, uint64_t *refused, uint64_t *would)
{
	if (g->state != GATE_LOADED)
		return -ENOENT;
	return table_read_counters(g->nl, &g->buf, ruleset_table(g->rules), refused, would);
}
