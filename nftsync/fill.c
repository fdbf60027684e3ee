/* The user's own sets, filled by name; see fill.h.
 *
 * An element is refreshed by adding, deleting and adding it in one transaction, which works on
 * every kernel and for every state of the element, and which no packet sees. A set without the
 * flag timeout gets elements that stay. Sets with the flag interval are refused: an address in
 * one of their ranges would make the transaction fail. */
#include "nftsync/fill.h"

#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/log.h"
#include "lib/util.h"
#include "nftsync/netlink.h"
#include "nftsync/nl_attr.h"
#include "nftsync/nl_buf.h"

#define LOOK_AGAIN_MS 1000 /* for a set that was not there or not usable */

/* One set, as it was when we looked. */
struct target {
	char *table, *name; /* owned */
	uint8_t family;	    /* NFPROTO_x */
	bool known, said;   /* flags and key_len hold; its failure has been logged */
	uint32_t flags, key_len;
	uint64_t look_ms; /* not before */
};

struct line {
	struct conf_fill rule; /* suffix and subtree; its pointers are not ours */
	size_t first, count;   /* of targets */
};

struct fill {
	struct line *lines;	/* owned */
	struct target *targets; /* owned */
	size_t line_count, target_count;
	uint32_t min_s, max_s, grace_s;
	struct fill_stats stats;
};

int fill_new(struct fill **out)
{
	struct fill *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	*out = f;
	return 0;
}

static void clear(struct fill *f)
{
	for (size_t i = 0; i < f->target_count; i++) {
		free(f->targets[i].table);
		free(f->targets[i].name);
	}
	free(f->targets);
	free(f->lines);
}

void fill_free(struct fill *f)
{
	if (!f)
		return;
	clear(f);
	free(f);
}

/* --- configuration ------------------------------------------------------------------ */

static int add_line(struct fill *f, const struct conf_fill *rule)
{
	struct line *line = &f->lines[f->line_count++];

	line->rule = *rule;
	line->first = f->target_count;
	line->count = rule->set_count;
	for (size_t i = 0; i < rule->set_count; i++) {
		struct target *t = &f->targets[f->target_count++];

		t->family = rule->family;
		t->table = strdup(rule->table);
		t->name = strdup(rule->sets[i]);
		if (!t->table || !t->name)
			return -ENOMEM;
	}
	return 0;
}

int fill_load(struct fill *f, const struct conf *c)
{
	struct fill next = {
		.min_s = c->gate.lease_min_s,
		.max_s = c->gate.lease_max_s,
		.grace_s = c->gate.grace_s,
		.stats = f->stats,
	};
	size_t targets = 0;
	int rc = 0;

	for (size_t i = 0; i < c->gate.fill_count; i++)
		targets += c->gate.fills[i].set_count;
	next.lines = calloc(c->gate.fill_count + 1, sizeof(next.lines[0]));
	next.targets = calloc(targets + 1, sizeof(next.targets[0]));
	if (!next.lines || !next.targets)
		rc = -ENOMEM;
	for (size_t i = 0; i < c->gate.fill_count && !rc; i++)
		rc = add_line(&next, &c->gate.fills[i]);
	if (rc) {
		clear(&next);
		return rc;
	}
	clear(f);
	*f = next;
	return 0;
}

/* The longer name, or of equal ones the one that is meant alone. */
static bool is_closer(const struct conf_fill *a, const struct conf_fill *b)
{
	if (a->suffix.len != b->suffix.len)
		return a->suffix.len > b->suffix.len;
	return !a->subtree && b->subtree;
}

static const struct line *find_line(const struct fill *f, const struct dname *name)
{
	const struct line *best = NULL;

	for (size_t i = 0; i < f->line_count; i++)
		if (conf_fill_has(&f->lines[i].rule, name) &&
		    (!best || is_closer(&f->lines[i].rule, &best->rule)))
			best = &f->lines[i];
	return best;
}

/* --- the kernel's sets -------------------------------------------------------------- */

/* A message for a table of the target's family. */
static struct nlmsghdr *open_message(const struct target *t, unsigned type, unsigned flags,
				     struct nl_buf *buf)
{
	struct nlmsghdr *nlh = nl_buf_open(buf, type, flags);

	if (!nlh)
		return NULL;
	((struct nfgenmsg *)mnl_nlmsg_get_payload(nlh))->nfgen_family = t->family;
	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, t->table);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, t->name);
	return nlh;
}

static int on_set(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attrs[NFTA_SET_KEY_LEN + 1];
	struct target *t = arg;

	nl_attrs_of_message(nlh, attrs, ARRAY_SIZE(attrs));
	t->flags = nl_attr_be32(attrs[NFTA_SET_FLAGS]);
	t->key_len = nl_attr_be32(attrs[NFTA_SET_KEY_LEN]);
	t->known = true;
	return 0;
}

/* @retval -EINVAL  not a set of single addresses */
static int look(struct target *t, struct netlink *nl, struct nl_buf *buf)
{
	struct nlmsghdr *nlh;
	int rc;

	nl_buf_reset(buf);
	nlh = open_message(t, NFT_MSG_GETSET, NLM_F_ACK, buf);
	if (!nlh)
		return buf->rc;
	nl_buf_close(buf, nlh);
	rc = netlink_ask(nl, buf, on_set, t);
	if (rc)
		return rc;
	if (!t->known)
		return -ENOENT;
	t->known = !(t->flags & (NFT_SET_MAP | NFT_SET_INTERVAL | NFT_SET_OBJECT |
				 NFT_SET_CONSTANT)) &&
		   (t->key_len == 4 || t->key_len == 16);
	return t->known ? 0 : -EINVAL;
}

static void put_element(const struct target *t, unsigned type, const uint8_t *key,
			uint64_t timeout_ms, struct nl_buf *buf)
{
	struct nlmsghdr *nlh = open_message(
		t, type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0, buf);
	struct nlattr *list, *elem, *nest;

	if (!nlh)
		return;
	list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	elem = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	nest = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);
	mnl_attr_put(nlh, NFTA_DATA_VALUE, t->key_len, key);
	mnl_attr_nest_end(nlh, nest);
	if (type == NFT_MSG_NEWSETELEM && t->flags & NFT_SET_TIMEOUT)
		mnl_attr_put_u64(nlh, NFTA_SET_ELEM_TIMEOUT, htobe64(timeout_ms));
	mnl_attr_nest_end(nlh, elem);
	mnl_attr_nest_end(nlh, list);
	nl_buf_close(buf, nlh);
}

static uint64_t timeout_ms(const struct fill *f, uint32_t ttl_s)
{
	uint64_t s = MIN(MAX(ttl_s, f->min_s), f->max_s);

	return (s + f->grace_s) * 1000;
}

/* --- one answer --------------------------------------------------------------------- */

static bool is_for(const struct target *t, const struct msg_lease_addr *a)
{
	return a->family == (t->key_len == 4 ? AF_INET : AF_INET6);
}

/* @return how many elements, or negative errno */
static int write_elements(const struct fill *f, const struct target *t, struct netlink *nl,
			  struct nl_buf *buf, const struct msg_lease *m)
{
	int rc, n = 0;

	nl_buf_begin(buf);
	for (unsigned i = 0; i < m->addr_count; i++) {
		const struct msg_lease_addr *a = &m->addr[i];
		uint64_t ms = timeout_ms(f, a->ttl_s);

		if (!is_for(t, a))
			continue;
		put_element(t, NFT_MSG_NEWSETELEM, a->addr, ms, buf);
		n++;
		if (!(t->flags & NFT_SET_TIMEOUT))
			continue;
		put_element(t, NFT_MSG_DELSETELEM, a->addr, 0, buf);
		put_element(t, NFT_MSG_NEWSETELEM, a->addr, ms, buf);
	}
	rc = nl_buf_end(buf);
	if (!rc && n)
		rc = netlink_commit(nl, buf);
	return rc ? rc : n;
}

static void say(struct target *t, int rc)
{
	const char *why = rc == -ENOENT ? "is not there" :
			  rc == -EINVAL ? "is no set of single IPv4 or IPv6 addresses "
					  "(flag interval?)" :
			  rc == -ENOSPC ? "is full" :
			  rc == -EPERM	? "belongs to another process" : strerror(-rc);

	if (!t->said)
		log_warning("gate: fill: set %s of table %s %s", t->name, t->table, why);
	t->said = true;
}

static void fill_target(struct fill *f, struct target *t, struct netlink *nl,
			struct nl_buf *buf, const struct msg_lease *m, uint64_t now_ms)
{
	int rc = 0;

	if (!t->known && now_ms < t->look_ms) {
		f->stats.failed += m->addr_count;
		return;
	}
	if (!t->known)
		rc = look(t, nl, buf);
	if (!rc)
		rc = write_elements(f, t, nl, buf, m);
	if (rc >= 0) {
		f->stats.written += (unsigned)rc;
		t->said = t->said && !rc;
		return;
	}
	t->known = false; /* it may be another one by now */
	t->look_ms = now_ms + LOOK_AGAIN_MS;
	f->stats.failed += m->addr_count;
	say(t, rc);
}

void fill_write(struct fill *f, struct netlink *nl, struct nl_buf *buf,
		const struct msg_lease *m, uint64_t now_ms)
{
	struct dname name = { .len = m->name_len };
	const struct line *line;

	if (!nl || !f->line_count)
		return;
	memcpy(name.wire, &m->addr[m->addr_count], m->name_len);
	line = find_line(f, &name);
	for (size_t i = 0; line && i < line->count; i++)
		fill_target(f, &f->targets[line->first + i], nl, buf, m, now_ms);
}

const struct fill_stats *fill_stats(const struct fill *f)
{
	return &f->stats;
}
