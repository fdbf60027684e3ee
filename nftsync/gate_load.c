/* Loading, restoring and removing the gate's table; see gate.h and gate_parts.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/util.h"
#include "nftsync/fill.h"
#include "nftsync/gate_parts.h"
#include "nftsync/netlink.h"
#include "nftsync/ruleset.h"
#include "nftsync/shares.h"

/* --- watching ----------------------------------------------------------------------- */

/* Watch from before the table is looked at, so that no change goes by. */
static int watch_table(struct gate *g, const char *table)
{
	struct netlink_watch *w;
	int rc;

	if (g->watch && g->rules && !strcmp(ruleset_table(g->rules), table))
		return 0;
	rc = netlink_watch_open(g->nl, table, &w);
	if (rc)
		return rc;
	netlink_watch_close(g->watch);
	g->watch = w;
	return 0;
}

/* --- restoring ---------------------------------------------------------------------- */

/* Why the kernel will not have it, in words. */
static void explain(struct gate *g, const struct ruleset *rs, int rc, char *text, size_t size)
{
	uint32_t owner = rc == -EPERM && g->nl ?
				 table_other_owner(g->nl, &g->buf, ruleset_table(rs)) : 0;

	if (owner)
		snprintf(text, size,
			 "table inet %s is owned by another process (netlink port %u)",
			 ruleset_table(rs), owner);
	else
		snprintf(text, size, "table inet %s cannot be written: %s",
			 ruleset_table(rs), strerror(-rc));
}

void gate_lose(struct gate *g, uint64_t now_ms, int rc)
{
	char detail[320];

	g->lost_rc = rc;
	if (g->state == GATE_LOST)
		return;
	g->state = GATE_LOST;
	explain(g, g->rules, rc, detail, sizeof(detail));
	log_err("gate: %s; trying again", detail);
	g->event_ms = 0;
	gate_event(g, now_ms, "gate-lost", detail);
	g->ops->on_lost(g->arg);
}

int gate_restore(struct gate *g, uint64_t now_ms, const char *why)
{
	uint64_t start_us = clock_mono_us();
	size_t leases;
	char detail[160];
	int rc = g->watch ? 0 : watch_table(g, ruleset_table(g->rules));

	if (!rc)
		rc = gate_adopt(g, g->rules, now_ms);
	if (!rc)
		rc = gate_commit_table(g, g->rules, now_ms);
	if (rc) {
		gate_lose(g, now_ms, rc);
		return rc;
	}
	gate_begin_mirror(g);
	leases = lease_count(g->ledger);
	g->state = GATE_LOADED;
	g->repair_due = false;
	g->stats.restores++;
	g->stats.restored += leases;
	g->stats.restore_us = clock_mono_us() - start_us;
	snprintf(detail, sizeof(detail), "table inet %s was %s; rules and %zu leases again in %.1f ms",
		 ruleset_table(g->rules), why, leases, (double)g->stats.restore_us / 1000);
	log_warning("gate: %s", detail);
	gate_event(g, now_ms, "gate-restored", detail);
	return 0;
}

int gate_repair(struct gate *g, uint64_t now_ms)
{
	uint64_t start_us = clock_mono_us();
	size_t leases = lease_count(g->ledger);
	char detail[160];
	int rc;

	ruleset_distrust_ranges(g->rules);
	rc = gate_commit_rules(g, g->rules);
	g->repair_due = false;
	g->repaired_ms = now_ms;
	if (!rc)
		rc = gate_commit_leases(g, g->rules, now_ms, false);
	if (rc)
		return gate_restore(g, now_ms, "damaged");
	lease_settle_all(g->ledger);
	g->stats.restores++;
	g->stats.restored += leases;
	g->stats.restore_us = clock_mono_us() - start_us;
	snprintf(detail, sizeof(detail),
		 "something in table inet %s was deleted; rules and %zu leases again in %.1f ms",
		 ruleset_table(g->rules), leases, (double)g->stats.restore_us / 1000);
	log_warning("gate: %s", detail);
	gate_event(g, now_ms, "gate-restored", detail);
	return 0;
}

/* --- loading ------------------------------------------------------------------------ */

int gate_open(struct gate *g)
{
	int rc = g->nl ? 0 : netlink_open(&g->nl);

	if (rc || g->probed)
		return rc;
	rc = table_probe(&g->forms, &g->can_own);
	g->probed = !rc;
	if (!rc && !g->can_own && g->rules)
		ruleset_disown(g->rules);
	return rc;
}

static int open_kernel(struct gate *g, char *why)
{
	int rc = gate_open(g);

	if (rc == -EPERM)
		snprintf(why, MSG_TEXT_MAX,
			 "gate: no right to change nftables (CAP_NET_ADMIN is missing)");
	else if (rc)
		snprintf(why, MSG_TEXT_MAX, "gate: nftables cannot be used: %s",
			 strerror(-rc));
	return rc;
}

void gate_take_socket(struct gate *g, int fd)
{
	if (g->nl)
		close(fd);
	else if (netlink_take(fd, &g->nl))
		log_warning("gate: the socket from the supervisor cannot be used");
}

/* The sets of lists' addresses that we have filled, or a process before us. */
static int take_ranges(struct gate *g, struct ruleset *rs, const struct table_id *id)
{
	if (!table_id_equal(id, &g->id))
		return table_adopt_ranges(g->nl, &g->buf, rs, &g->ranges.serial);
	ruleset_take_ranges(rs, g->rules);
	return 0;
}

static int install(struct gate *g, struct ruleset *rs, uint64_t now_ms)
{
	struct table_id id;
	int rc = table_identify(g->nl, &g->buf, ruleset_table(rs), &id);

	if (!rc && id.set_size >= ruleset_set_size(rs) && table_id_fits(&id, rs)) {
		ruleset_widen_sets(rs, id.set_size);
		rc = take_ranges(g, rs, &id);
		if (!rc)
			rc = gate_commit_rules(g, rs);
		if (!rc) {
			g->id = id;
			g->id.flags = ruleset_table_flags(rs); /* an orphan was adopted */
			return 0;
		}
		log_warning("gate: rules cannot be replaced in place (%s): making the table anew",
			    strerror(-rc));
	}
	return gate_commit_table(g, rs, now_ms);
}

static void set_limits(struct gate *g, const struct conf_gate *c)
{
	struct lease_limits limits = {
		.min_s = c->lease_min_s,
		.max_s = c->lease_max_s,
		.grace_s = c->grace_s,
		.max_leases = c->max_leases,
		.max_device_leases = c->max_device_leases,
	};

	lease_set_limits(g->ledger, &limits);
}

/* rs takes the place of what was in force, in another table maybe. */
static void swap_rules(struct gate *g, struct ruleset *rs)
{
	if (g->state == GATE_LOADED && strcmp(ruleset_table(g->rules), ruleset_table(rs)))
		gate_commit_removal(g, ruleset_table(g->rules));
	ruleset_free(g->rules);
	g->rules = rs;
}

/* The old rules go on; if the attempt has hurt their table it is made again. */
static void keep_old(struct gate *g, uint64_t now_ms)
{
	struct table_id id;

	netlink_watch_close(g->watch);
	g->watch = NULL;
	if (watch_table(g, ruleset_table(g->rules)) ||
	    table_identify(g->nl, &g->buf, ruleset_table(g->rules), &id) ||
	    !table_id_equal(&id, &g->id))
		gate_restore(g, now_ms, "lost in a failed reload");
}

static int load_wanted(struct gate *g, const struct conf *c, struct ruleset *rs,
		       uint64_t now_ms, char *why)
{
	bool in_force = g->state == GATE_LOADED;
	int rc = open_kernel(g, why);
	char detail[320];

	if (g->probed && !g->can_own)
		ruleset_disown(rs);
	if (!in_force)
		set_limits(g, &c->gate);
	if (!rc)
		rc = watch_table(g, ruleset_table(rs));
	if (!rc)
		rc = gate_adopt(g, rs, now_ms);
	if (!rc)
		rc = install(g, rs, now_ms);
	if (rc && !*why) {
		explain(g, rs, rc, detail, sizeof(detail));
		snprintf(why, MSG_TEXT_MAX, "gate: %s", detail);
	}
	if (rc && in_force) {
		ruleset_free(rs);
		keep_old(g, now_ms);
		return rc;
	}
	swap_rules(g, rs);
	gate_plan_leave(g, c);
	set_limits(g, &c->gate);
	g->state = rc ? GATE_LOST : GATE_LOADED;
	g->lost_rc = rc;
	if (!rc)
		gate_begin_mirror(g);
	if (!rc)
		log_info("gate: table inet %s in force, %s, %zu leases, refresh by %s",
			 ruleset_table(rs), ruleset_table_flags(rs) ? "owned" : "not owned",
			 lease_count(g->ledger), gate_refresh_form(g));
	return rc;
}

/* No gate: what a former run or configuration left is taken away. Without the right to do so
 * there is nothing of ours either. */
static int load_unwanted(struct gate *g, struct ruleset *rs)
{
	struct table_id id;

	if (!g->nl && netlink_open(&g->nl))
		g->nl = NULL;
	if (g->nl && !table_identify(g->nl, &g->buf, ruleset_table(rs), &id))
		gate_commit_removal(g, ruleset_table(rs));
	swap_rules(g, rs);
	netlink_watch_close(g->watch);
	g->watch = NULL;
	gate_forget(g);
	g->state = GATE_IDLE;
	return 0;
}

int gate_load(struct gate *g, const struct conf *c, uint64_t now_ms, char *why)
{
	struct shares *shares = NULL;
	struct ruleset *rs;
	int rc = ruleset_new(c, &rs);

	if (!rc && (shares_new(c, &shares) || fill_load(g->fill, c))) {
		shares_free(shares);
		ruleset_free(rs);
		rc = -ENOMEM;
	}
	if (rc) {
		snprintf(why, MSG_TEXT_MAX, "gate: rules cannot be built: %s", strerror(-rc));
		return rc;
	}
	shares_free(g->shares);
	g->shares = shares;
	return ruleset_is_wanted(rs) ? load_wanted(g, c, rs, now_ms, why) : load_unwanted(g, rs);
}

void gate_remove(struct gate *g)
{
	int rc;

	if (!g->nl || !g->rules || g->state == GATE_IDLE)
		return;
	rc = gate_commit_removal(g, ruleset_table(g->rules));
	if (rc && g->state == GATE_LOADED)
		log_warning("gate: table inet %s cannot be removed: %s",
			    ruleset_table(g->rules), strerror(-rc));
	gate_forget(g);
	g->state = GATE_IDLE;
}
