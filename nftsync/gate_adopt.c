/*
 * What a former process left: its leases, as the kernel has them, or where somebody flushed the
 * table meanwhile as its mirror has them; see gate_parts.h.
 */
#include <errno.h>
#include <string.h>

#include "lib/log.h"
#include "lib/util.h"
#include "nftsync/gate_parts.h"
#include "nftsync/lease_mirror.h"
#include "nftsync/netlink.h"
#include "nftsync/ruleset.h"

struct adoption {
	struct gate *g;
	uint64_t now_ms;
};

static int on_adopted(void *arg, const struct lease_key *key, uint64_t left_ms)
{
	struct adoption *a = arg;
	uint64_t left = left_ms > LEASE_SLACK_MS ? left_ms - LEASE_SLACK_MS : 0;

	/* What does not fit, or is no lease of ours, runs out by itself. */
	if (!lease_adopt(a->g->ledger, key, left, a->now_ms))
		a->g->stats.adopted++;
	return 0;
}

/* Into a ledger that knows its limits: none of the leases can be longer than one given now. */
static void adopt_mirror(struct gate *g, const struct lease_limits *limits, uint64_t now_ms)
{
	uint64_t longest_ms = 1000ull * ((uint64_t)limits->max_s + limits->grace_s);
	struct lease_key key;
	uint64_t end_ms;
	size_t cursor = 0;

	while (lease_mirror_next(g->mirror, &cursor, &key, &end_ms))
		if (end_ms > now_ms && !lease_adopt(g->ledger, &key,
						    MIN(end_ms - now_ms, longest_ms), now_ms))
			g->stats.adopted++;
}

int gate_adopt(struct gate *g, const struct ruleset *rs, uint64_t now_ms)
{
	struct adoption a = { g, now_ms };
	struct table_id id;
	int rc;

	if (g->adopted)
		return 0;
	rc = table_identify(g->nl, &g->buf, ruleset_table(rs), &id);
	if (!rc)
		rc = table_read_leases(g->nl, &g->buf, ruleset_table(rs), on_adopted, &a);
	if (rc && rc != -ENOENT)
		return rc;
	if (rc == -ENOENT)
		adopt_mirror(g, lease_limits(g->ledger), now_ms);
	if (g->stats.adopted)
		log_info("gate: adopted %zu leases of table inet %s%s", lease_count(g->ledger),
			 ruleset_table(rs), rc ? ", which is gone" : "");
	g->adopted = true;
	return 0;
}

/* Not before the kernel holds what was read from it. */
void gate_begin_mirror(struct gate *g)
{
	if (g->mirrors || !g->mirror)
		return;
	lease_set_mirror(g->ledger, g->mirror);
	g->mirrors = true;
}

void gate_forget(struct gate *g)
{
	lease_clear(g->ledger);
	lease_mirror_clear(g->mirror); /* may be that of a former process still */
}

void gate_take_ledger(struct gate *g, int fd)
{
	int rc = g->mirror ? -EEXIST : lease_mirror_open(fd, &g->mirror);

	if (rc)
		log_warning("gate: memory for a copy of the leases: %s", strerror(-rc));
}
