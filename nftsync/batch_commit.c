/* A batch into the kernel, in parts where it must be; see batch_commit.h. */
#include "nftsync/batch_commit.h"

#include <errno.h>

#include "nftsync/netlink.h"
#include "nftsync/nl_buf.h"

#define ALL_SETS ((1u << LEASE_SET_COUNT) - 1)

struct commit {
	struct batch *b;
	struct netlink *nl;
	const struct batch_forms *forms;
	const char *table;
	struct nl_buf *buf;
	unsigned aborts;
};

static int try_part(struct commit *c, const struct batch_part *part)
{
	int rc = batch_render(c->b, part, c->forms, c->table, c->buf);

	if (rc <= 0)
		return rc;
	rc = netlink_commit(c->nl, c->buf);
	if (rc)
		c->aborts++;
	return rc;
}

static void mark(struct commit *c, const struct batch_part *part, int rc)
{
	for (size_t i = part->from; i < part->to; i++) {
		struct batch_elem *e = batch_at(c->b, i);
		unsigned op = e->timeout_ms ? BATCH_PUTS : BATCH_DELETES;

		if (part->sets & (1u << e->elem.set) && part->ops & op)
			e->rc = rc;
	}
}

static unsigned sets_in(struct commit *c, size_t from, size_t to)
{
	unsigned sets = 0;

	for (size_t i = from; i < to; i++)
		sets |= 1u << batch_at(c->b, i)->elem.set;
	return sets;
}

/* A set is full. Looking for what still fits would fail again and again: the deletes, which
 * make room, go through; the writes to that set are refused. */
static int commit_full_set(struct commit *c, struct batch_part part, bool is_known_full)
{
	int rc = is_known_full ? -ENOSPC : try_part(c, &part);

	if (rc == -ENOENT)
		return rc;
	mark(c, &part, rc);
	if (rc != -ENOSPC)
		return 0;
	part.ops = BATCH_DELETES;
	rc = try_part(c, &part);
	if (rc == -ENOENT)
		return rc;
	mark(c, &part, rc);
	return 0;
}

static int commit_full(struct commit *c, size_t from, size_t to)
{
	unsigned sets = sets_in(c, from, to);

	for (unsigned set = 0; set < LEASE_SET_COUNT; set++) {
		struct batch_part part = { from, to, 1u << set, BATCH_ALL, false };
		int rc;

		if (!(sets & part.sets))
			continue;
		rc = commit_full_set(c, part, sets == part.sets);
		if (rc)
			return rc;
	}
	return 0;
}

/* Would a smaller part fare better? */
static bool is_worth_splitting(const struct commit *c, int rc)
{
	return rc != -EPERM && rc != -EAGAIN && c->aborts < BATCH_ABORTS_MAX;
}

static int commit_range(struct commit *c, size_t from, size_t to)
{
	struct batch_part part = { from, to, ALL_SETS, BATCH_ALL, false };
	size_t middle = from + (to - from) / 2;
	int rc = try_part(c, &part);

	if (rc == -ENOENT)
		return rc;
	if (rc == -ENOSPC)
		return commit_full(c, from, to);
	if (!rc || to - from == 1 || !is_worth_splitting(c, rc)) {
		mark(c, &part, rc);
		return 0;
	}
	rc = commit_range(c, from, middle);
	return rc ? rc : commit_range(c, middle, to);
}

int batch_commit(struct batch *b, struct netlink *nl, const struct batch_forms *forms,
		 const char *table, struct nl_buf *buf)
{
	struct commit c = { b, nl, forms, table, buf, 0 };

	return batch_count(b) ? commit_range(&c, 0, batch_count(b)) : 0;
}
