/*
 * The sets of lists' addresses that zones refuse; see gate_parts.h. A set is filled, under a new
 * name and in slices, while leases go on being written, and then takes the place of the old one
 * with the rules, in one transaction. Knows nothing of where the addresses come from.
 */
#include "nftsync/gate_ranges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/hash.h"
#include "lib/log.h"
#include "lib/range_image.h"
#include "lib/util.h"
#include "nftsync/gate_parts.h"
#include "nftsync/netlink.h"
#include "nftsync/ruleset.h"

#define SLICE	 1024 /* ranges in one transaction: some 6 ms, in which no lease is written */
#define RETRY_MS 30000

void gate_take_ranges(struct gate *g, int fd)
{
	struct range_image *image;
	int rc = range_image_open(fd, &image);

	close(fd);
	if (rc) {
		log_err("gate: addresses of lists: %s: those before stay", strerror(-rc));
		return;
	}
	range_image_close(g->ranges.image);
	g->ranges.image = image;
	g->ranges.retry_ms = 0;
	gate_ranges_restart(g);
}

void gate_ranges_restart(struct gate *g)
{
	g->ranges.is_filling = false;
}

void gate_ranges_fini(struct gate *g)
{
	range_image_close(g->ranges.image);
	g->ranges.image = NULL;
}

/** Ranges that are to be in a set, and what tells them from others; 0: none are. */
static size_t wanted(const struct gate *g, const struct ruleset_range *r, const uint8_t **from,
		     uint64_t *content)
{
	size_t bytes = r->family == AF_INET ? 8 : 32;
	size_t n = range_image_find(g->ranges.image, r->list, r->family, from);

	*content = n ? hash_bytes(&g->ranges.key, *from, n * bytes) | 1 : 0;
	return n;
}

/** The old set goes with the rules that have looked into it. */
static int change_rules(struct gate *g, size_t index, const char *name, size_t count,
			uint64_t content)
{
	int rc;

	ruleset_set_range(g->rules, index, name, count, content);
	rc = gate_commit_rules(g, g->rules);
	if (rc)
		ruleset_distrust_ranges(g->rules);
	return rc;
}

/** Look for a set that is not as the image has it, and begin with it. @return false: none */
static bool begin(struct gate *g, int *rc)
{
	for (size_t i = 0; i < ruleset_range_count(g->rules); i++) {
		struct ruleset_range r;
		const uint8_t *from;
		uint64_t content;
		size_t n;

		ruleset_range_at(g->rules, i, &r);
		n = wanted(g, &r, &from, &content);
		if (r.content == content)
			continue;
		if (!n) {
			*rc = change_rules(g, i, "", 0, 0);
			return true;
		}
		g->ranges.index = i;
		g->ranges.at = 0;
		g->ranges.serial++;
		g->ranges.is_filling = true;
		return true;
	}
	return false;
}

static int fill_slice(struct gate *g)
{
	char name[RULESET_RANGE_NAME];
	struct ruleset_range r;
	const uint8_t *from;
	uint64_t content;
	size_t n, to;
	int rc;

	ruleset_range_at(g->rules, g->ranges.index, &r);
	n = wanted(g, &r, &from, &content);
	to = MIN(g->ranges.at + SLICE, n);
	ruleset_range_name(&r, g->ranges.serial, name);
	nl_buf_begin(&g->buf);
	if (!g->ranges.at)
		ruleset_render_range_set(g->rules, name, r.family, &g->buf);
	ruleset_render_ranges(g->rules, name, r.family, from, g->ranges.at, to, &g->buf);
	rc = nl_buf_end(&g->buf);
	if (!rc)
		rc = netlink_commit(g->nl, &g->buf);
	if (rc)
		return rc;
	g->ranges.at = to;
	return to < n ? 0 : change_rules(g, g->ranges.index, name, n, content);
}

/** What a failure asks for: -EEXIST is a set that a process before us has left half full, and
 *  -ENOENT a set, or more, that somebody has taken away. */
static void fail(struct gate *g, uint64_t now_ms, int rc)
{
	gate_ranges_restart(g);
	if (rc == -EEXIST)
		return;
	if (rc == -ENOENT) {
		gate_restore(g, now_ms, "damaged");
		return;
	}
	g->ranges.retry_ms = now_ms + RETRY_MS;
	log_err("gate: addresses of lists cannot be refused: %s; trying again in %d s",
		strerror(-rc), RETRY_MS / 1000);
}

bool gate_ranges_step(struct gate *g, uint64_t now_ms)
{
	int rc = 0;

	if (!g->ranges.image || now_ms < g->ranges.retry_ms)
		return false;
	if (!g->ranges.is_filling && !begin(g, &rc))
		return false;
	if (!rc && g->ranges.is_filling)
		rc = fill_slice(g);
	if (rc)
		fail(g, now_ms, rc);
	else if (!g->ranges.is_filling)
		log_info("gate: %zu ranges of lists' addresses are refused",
			 ruleset_ranges_in_force(g->rules));
	return g->state == GATE_LOADED && now_ms >= g->ranges.retry_ms;
}

size_t gate_ranges_count(const struct gate *g)
{
	return g->rules ? ruleset_ranges_in_force(g->rules) : 0;
}
