/*
 * What of rules and leases goes into the kernel in which transaction; see gate_parts.h. Knows
 * nothing of when.
 */
#include <errno.h>

#include "nftsync/gate_parts.h"
#include "nftsync/netlink.h"
#include "nftsync/ruleset.h"

#define RESTORE_TRIES 3
#define WALK_VIEWS    256
#define WHOLE_LEASES  4096 /* as fast in one transaction as in several */
#define PIECE_LEASES  1024 /* of them in one where they are several */

static int commit_buf(struct gate *g)
{
	int rc = nl_buf_end(&g->buf);

	return rc ? rc : netlink_commit(g->nl, &g->buf);
}

int gate_commit_removal(struct gate *g, const char *table)
{
	nl_buf_begin(&g->buf);
	ruleset_render_removal(table, &g->buf);
	return commit_buf(g);
}

/* All leases of the ledger into an open transaction. */
static void append_leases(struct gate *g, const struct ruleset *rs, uint64_t now_ms)
{
	struct lease_view views[WALK_VIEWS];
	struct batch_part part = {
		.sets = (1u << LEASE_SET_COUNT) - 1,
		.ops = BATCH_PUTS,
		.fresh = true,
	};
	size_t cursor = 0, index, n;

	batch_reset(g->bulk);
	do {
		n = lease_walk(g->ledger, &cursor, views, WALK_VIEWS);
		for (size_t i = 0; i < n; i++)
			batch_put(g->bulk, &views[i].key,
				  gate_timeout_ms(views[i].end_ms, now_ms), &index);
		if (n && batch_count(g->bulk) + WALK_VIEWS <= GATE_BATCH)
			continue;
		part.to = batch_count(g->bulk);
		batch_append(g->bulk, &part, &g->forms, ruleset_table(rs), &g->buf);
		batch_reset(g->bulk);
	} while (n);
}

/* The table with all in it, whatever was there, in one transaction: no packet meets rules
 * without leases, nor leases without rules. Fails where it is more than one send takes. */
static int commit_whole(struct gate *g, const struct ruleset *rs, uint64_t now_ms)
{
	int rc;

	nl_buf_begin(&g->buf);
	ruleset_render_removal(ruleset_table(rs), &g->buf);
	ruleset_render_base(rs, &g->buf);
	append_leases(g, rs, now_ms);
	ruleset_render_rules(rs, &g->buf);
	rc = commit_buf(g);
	nl_buf_fini(&g->buf); /* some MiB that are not needed again soon */
	return rc;
}

/* An empty table of our form, whatever was there. */
static int commit_base(struct gate *g, const struct ruleset *rs)
{
	nl_buf_begin(&g->buf);
	ruleset_render_removal(ruleset_table(rs), &g->buf);
	ruleset_render_base(rs, &g->buf);
	return commit_buf(g);
}

static int commit_rules(struct gate *g, const struct ruleset *rs)
{
	nl_buf_begin(&g->buf);
	ruleset_render_rules(rs, &g->buf);
	return commit_buf(g);
}

int gate_commit_rules(struct gate *g, const struct ruleset *rs)
{
	int rc = table_render_clear(g->nl, rs, &g->buf);

	gate_ranges_restart(g);
	if (rc)
		return rc;
	ruleset_render_base(rs, &g->buf);
	ruleset_render_rules(rs, &g->buf);
	return commit_buf(g);
}

static int commit_bulk(struct gate *g, const char *table, bool fresh)
{
	struct batch_part part = {
		.to = batch_count(g->bulk),
		.sets = (1u << LEASE_SET_COUNT) - 1,
		.ops = BATCH_ALL,
		.fresh = fresh,
	};
	int rc = batch_render(g->bulk, &part, &g->forms, table, &g->buf);

	batch_reset(g->bulk);
	return rc <= 0 ? rc : netlink_commit(g->nl, &g->buf);
}

int gate_commit_leases(struct gate *g, const struct ruleset *rs, uint64_t now_ms, bool fresh)
{
	struct lease_view views[WALK_VIEWS];
	size_t cursor = 0, index, n;
	int rc = 0;

	batch_reset(g->bulk);
	while (!rc && (n = lease_walk(g->ledger, &cursor, views, WALK_VIEWS))) {
		for (size_t i = 0; i < n; i++)
			batch_put(g->bulk, &views[i].key,
				  gate_timeout_ms(views[i].end_ms, now_ms), &index);
		if (batch_count(g->bulk) + WALK_VIEWS > PIECE_LEASES)
			rc = commit_bulk(g, ruleset_table(rs), fresh);
	}
	if (!rc)
		rc = commit_bulk(g, ruleset_table(rs), fresh);
	batch_reset(g->bulk);
	return rc;
}

/* Rules come last, so that they never stand there without the leases. */
static int commit_pieces(struct gate *g, const struct ruleset *rs, uint64_t now_ms)
{
	int rc = commit_base(g, rs);

	if (!rc)
		rc = gate_commit_leases(g, rs, now_ms, true);
	return rc ? rc : commit_rules(g, rs);
}

static bool is_too_much(int rc)
{
	return rc == -EMSGSIZE || rc == -ENOMEM || rc == -ENOBUFS;
}

/* Many leases take several times as long in one transaction as in pieces: the kernel widens its
 * hash tables between transactions. Where no table is in force any more, time is all. */
static bool is_better_in_pieces(struct gate *g, const struct ruleset *rs)
{
	struct table_id id;

	return lease_count(g->ledger) > WHOLE_LEASES &&
	       table_identify(g->nl, &g->buf, ruleset_table(rs), &id) == -ENOENT;
}

int gate_commit_table(struct gate *g, struct ruleset *rs, uint64_t now_ms)
{
	int rc = -ENOENT;

	ruleset_forget_ranges(rs);
	gate_ranges_restart(g);
	for (int i = 0; i < RESTORE_TRIES && rc == -ENOENT; i++) {
		rc = is_better_in_pieces(g, rs) ? -EMSGSIZE : commit_whole(g, rs, now_ms);
		if (is_too_much(rc))
			rc = commit_pieces(g, rs, now_ms);
		if (!rc)
			rc = table_identify(g->nl, &g->buf, ruleset_table(rs), &g->id);
	}
	if (!rc)
		lease_settle_all(g->ledger);
	return rc;
}
