/* Leases that are in use do not end, and connections of withdrawn ones do; see gate.h. One look
 * at the kernel's connections serves both, in slices, a tick each.
 *
 * A look costs about a microsecond a connection. So there is one only while some lease is about
 * to end or connections are to be ended, never more than one at a time, and after each a pause
 * of at least twenty times what it took. It looks ahead three pauses: whatever ends has been
 * looked at, and what is in use is kept until well behind the next look. */
#include <errno.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/util.h"
#include "nftsync/gate_parts.h"
#include "nftsync/live.h"
#include "nftsync/shares.h"

#define PAUSE_MS       5000
#define PAUSE_FACTOR   20
#define AHEAD_PAUSES   3
#define KEEP_MS	       120000
#define UNAVAILABLE_MS 60000 /* they cannot be read: try again then */
#define KILLS_MAX      8192   /* devices and addresses, about 1 MiB while there are any */

static uint64_t pause_ms(const struct gate *g)
{
	return MAX(PAUSE_MS, PAUSE_FACTOR * g->look.took_us / 1000);
}

void gate_kill(struct gate *g, const struct lease_key *key)
{
	if (!g->look.kills && batch_new(KILLS_MAX, &g->look.kills))
		return;
	if (batch_delete(g->look.kills, key))
		log_warning("gate: too many connections to end at once: some go on");
	else
		g->look.is_kill_new = true;
}

void gate_live_fini(struct gate *g)
{
	live_close(g->look.live);
	batch_free(g->look.kills);
}

static struct lease_key key_of(const struct live_flow *flow, bool by_mac)
{
	struct msg_device d = { .kind = DEVICE_MAC };

	if (by_mac) {
		memcpy(d.id, flow->mac.bytes, sizeof(flow->mac.bytes));
	} else {
		d.kind = flow->client.family == AF_INET ? DEVICE_IP4 : DEVICE_IP6;
		memcpy(d.id, flow->client.bytes, sizeof(d.id));
	}
	return lease_key_make(&d, flow->dest.family, flow->dest.bytes);
}

/* @return whether it is to be ended */
static bool on_key(struct gate *g, const struct lease_key *key)
{
	struct lease_view view;

	/* Unless the name was asked again meanwhile, by another policy say. */
	if (g->look.kills && batch_has(g->look.kills, key) &&
	    !lease_find(g->ledger, key, &view)) {
		g->stats.killed++;
		return true;
	}
	if (lease_find(g->ledger, key, &view) && view.end_ms <= g->look.ahead_ms &&
	    lease_keep(g->ledger, key, g->look.ahead_ms + KEEP_MS))
		g->stats.kept++;
	return false;
}

static bool on_flow(void *arg, const struct live_flow *flow)
{
	struct gate *g = arg;
	const struct msg_device *interface = shares_by_index(g->shares, flow->ifindex);
	struct lease_key key;

	if (!addr_is_public(&flow->dest))
		return false;
	if (interface) {
		key = lease_key_make(interface, flow->dest.family, flow->dest.bytes);
		if (on_key(g, &key))
			return true;
	}
	if (flow->has_mac) {
		key = key_of(flow, true);
		if (on_key(g, &key))
			return true;
	}
	if (flow->client.family != flow->dest.family)
		return false;
	key = key_of(flow, false);
	return on_key(g, &key);
}

/* Without connections to look at, leases end when they end. */
static void give_up(struct gate *g, uint64_t now_ms, int rc)
{
	if (!g->look.is_unavailable)
		log_warning("gate: connections cannot be read (%s): leases in use end, too",
			    strerror(-rc));
	g->look.is_unavailable = true;
	g->look.next_ms = now_ms + UNAVAILABLE_MS;
	g->look.until_ms = UINT64_MAX;
	g->look.is_on = false;
}

static bool is_wanted(const struct gate *g, uint64_t now_ms)
{
	if (g->look.is_unavailable && now_ms < g->look.next_ms)
		return false;
	if (g->look.is_kill_new)
		return true;
	return now_ms >= g->look.next_ms &&
	       lease_ends_by(g->ledger, now_ms + AHEAD_PAUSES * pause_ms(g));
}

static bool begin(struct gate *g, uint64_t now_ms)
{
	int rc = g->look.live ? 0 : live_open(&g->look.live);

	if (!rc)
		rc = live_begin(g->look.live);
	if (rc) {
		give_up(g, now_ms, rc);
		return false;
	}
	shares_look(g->shares);
	g->look.is_on = true;
	g->look.is_kill_new = false;
	g->look.ahead_ms = now_ms + AHEAD_PAUSES * pause_ms(g);
	g->look.spent_us = 0;
	return true;
}

static void finish(struct gate *g, uint64_t now_ms)
{
	g->look.is_on = false;
	g->look.is_unavailable = false;
	g->look.took_us = g->look.spent_us;
	g->look.next_ms = now_ms + pause_ms(g);
	g->look.until_ms = g->look.ahead_ms;
	if (g->look.kills && !g->look.is_kill_new) {
		batch_free(g->look.kills);
		g->look.kills = NULL;
	}
}

bool gate_look(struct gate *g, uint64_t now_ms)
{
	uint64_t start_us = clock_mono_us();
	int rc;

	if (!g->look.is_on && (!is_wanted(g, now_ms) || !begin(g, now_ms)))
		return false;
	rc = live_read(g->look.live, on_flow, g);
	g->look.spent_us += clock_mono_us() - start_us;
	if (rc < 0)
		give_up(g, now_ms, rc);
	else if (rc == 0)
		finish(g, now_ms);
	return rc == 1;
}
