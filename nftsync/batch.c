/* One turn's elements and their messages; see batch.h. Knows nothing of sockets.
 *
 * The attributes are written with libmnl, without libnftnl's element objects: this is the
 * path of every lease, and so nothing in it is allocated. */
#include "nftsync/batch.h"

#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "nftsync/nft_compat.h"
#include "nftsync/nl_buf.h"

struct batch {
	struct hash_key hash;
	size_t count, room;
	size_t slot_mask;	 /* number of slots - 1; a power of two, twice the room */
	uint32_t *slots;	 /* owned; index + 1 of an element, 0: free */
	struct batch_elem *elems; /* owned */
};

int batch_new(size_t room, struct batch **out)
{
	struct batch *b = calloc(1, sizeof(*b));
	size_t slots = 16;

	if (!b)
		return -ENOMEM;
	while (slots < 2 * room)
		slots *= 2;
	b->room = room;
	b->slot_mask = slots - 1;
	b->slots = calloc(slots, sizeof(b->slots[0]));
	b->elems = calloc(room, sizeof(b->elems[0]));
	if (!b->slots || !b->elems) {
		batch_free(b);
		return -ENOMEM;
	}
	hash_key_init(&b->hash);
	*out = b;
	return 0;
}

void batch_free(struct batch *b)
{
	if (!b)
		return;
	free(b->slots);
	free(b->elems);
	free(b);
}

/* Slot of this key: its own, or the free one where it belongs. */
static uint32_t *find_slot(const struct batch *b, const struct lease_key *key)
{
	size_t at = hash_bytes(&b->hash, key, sizeof(*key)) & b->slot_mask;

	while (b->slots[at] &&
	       memcmp(&b->elems[b->slots[at] - 1].key, key, sizeof(*key)))
		at = (at + 1) & b->slot_mask;
	return &b->slots[at];
}

static int get(struct batch *b, const struct lease_key *key, size_t *index)
{
	uint32_t *slot = find_slot(b, key);

	if (*slot) {
		*index = *slot - 1;
		return 0;
	}
	if (b->count == b->room)
		return -ENOSPC;
	b->elems[b->count] = (struct batch_elem){
		.key = *key,
		.elem = lease_elem_make(key),
	};
	*index = b->count++;
	*slot = (uint32_t)b->count;
	return 0;
}

int batch_put(struct batch *b, const struct lease_key *key, uint64_t timeout_ms,
	      size_t *index)
{
	size_t at;
	int rc = get(b, key, &at);

	if (rc)
		return rc;
	if (b->elems[at].timeout_ms < timeout_ms)
		b->elems[at].timeout_ms = timeout_ms;
	*index = at;
	return 0;
}

int batch_delete(struct batch *b, const struct lease_key *key)
{
	size_t at;
	int rc = get(b, key, &at);

	if (!rc)
		b->elems[at].timeout_ms = 0;
	return rc;
}

bool batch_has(const struct batch *b, const struct lease_key *key)
{
	return *find_slot(b, key) != 0;
}

size_t batch_count(const struct batch *b)
{
	return b->count;
}

struct batch_elem *batch_at(struct batch *b, size_t index)
{
	return &b->elems[index];
}

void batch_reset(struct batch *b)
{
	/* Clearing slots one by one beats a memset of them all for the usual small turn. */
	for (size_t i = b->count; i--;)
		*find_slot(b, &b->elems[i].key) = 0;
	b->count = 0;
}

/* --- rendering ---------------------------------------------------------------------- */

static void put_elem(struct nlmsghdr *nlh, const struct batch_elem *e, bool with_timeout,
		     bool with_expiration)
{
	struct nlattr *elem = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	struct nlattr *key = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);

	mnl_attr_put(nlh, NFTA_DATA_VALUE, e->elem.len, e->elem.key);
	mnl_attr_nest_end(nlh, key);
	if (with_timeout)
		mnl_attr_put_u64(nlh, NFTA_SET_ELEM_TIMEOUT, htobe64(e->timeout_ms));
	if (with_expiration)
		mnl_attr_put_u64(nlh, NFTA_SET_ELEM_EXPIRATION, htobe64(e->timeout_ms));
	mnl_attr_nest_end(nlh, elem);
}

/* One pass over the part: which elements of which set, in which message. */
struct pass {
	const struct batch *b;
	size_t from, to;
	enum lease_set set;
	bool deletes;	 /* the elements to delete, not those to write */
	unsigned type;	 /* NFT_MSG_x */
	bool timeout, expiration, fresh;
	const char *table;
};

static bool in_pass(const struct pass *p, size_t i)
{
	const struct batch_elem *e = &p->b->elems[i];

	return e->elem.set == p->set && !e->timeout_ms == p->deletes;
}

/* At most BATCH_MESSAGE_ELEMS of the pass from *at on; *at is moved behind them. */
static int render_message(const struct pass *p, struct nl_buf *buf, size_t *at)
{
	unsigned flags = p->type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0;
	struct nlmsghdr *nlh = NULL;
	struct nlattr *list = NULL;
	int n = 0;

	for (; *at < p->to && n < BATCH_MESSAGE_ELEMS; (*at)++) {
		if (!in_pass(p, *at))
			continue;
		if (!nlh) {
			nlh = nl_buf_open(buf, p->type, flags);
			if (!nlh)
				return 0;
			mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, p->table);
			mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET,
					  lease_set_info(p->set)->name);
			list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
		}
		put_elem(nlh, &p->b->elems[*at], p->timeout, p->expiration);
		n++;
	}
	if (nlh) {
		mnl_attr_nest_end(nlh, list);
		nl_buf_close(buf, nlh);
	}
	return n;
}

static int render_pass(struct pass p, unsigned type, struct nl_buf *buf)
{
	size_t at = p.from;
	int n = 0;

	p.type = type;
	while (at < p.to && !buf->rc)
		n += render_message(&p, buf, &at);
	return n;
}

/* Add what may be absent (a live one is not an error), then delete it: never ENOENT. */
static int render_deletes(struct pass p, const struct batch_forms *forms, struct nl_buf *buf)
{
	p.deletes = true;
	if (forms->destroy)
		return render_pass(p, COMPAT_MSG_DESTROYSETELEM, buf);
	if (render_pass(p, NFT_MSG_NEWSETELEM, buf) == 0)
		return 0;
	return render_pass(p, NFT_MSG_DELSETELEM, buf);
}

/* Before 6.12 adding a live element again does nothing, silently: add, delete, add. */
static int render_puts(struct pass p, const struct batch_forms *forms, struct nl_buf *buf)
{
	p.deletes = false;
	p.timeout = true;
	p.expiration = forms->update && !p.fresh;
	if (!forms->update && !p.fresh) {
		if (render_pass(p, NFT_MSG_NEWSETELEM, buf) == 0)
			return 0;
		p.timeout = false;
		render_pass(p, NFT_MSG_DELSETELEM, buf);
		p.timeout = true;
	}
	return render_pass(p, NFT_MSG_NEWSETELEM, buf);
}

int batch_append(const struct batch *b, const struct batch_part *part,
		 const struct batch_forms *forms, const char *table, struct nl_buf *buf)
{
	struct pass p = {
		.b = b,
		.from = part->from,
		.to = part->to,
		.fresh = part->fresh,
		.table = table,
	};
	int n = 0;

	for (unsigned set = 0; set < LEASE_SET_COUNT; set++) {
		if (!(part->sets & (1u << set)))
			continue;
		p.set = set;
		if (part->ops & BATCH_DELETES)
			n += render_deletes(p, forms, buf);
		if (part->ops & BATCH_PUTS)
			n += render_puts(p, forms, buf);
	}
	return n;
}

int batch_render(const struct batch *b, const struct batch_part *part,
		 const struct batch_forms *forms, const char *table, struct nl_buf *buf)
{
	int n;

	nl_buf_begin(buf);
	n = batch_append(b, part, forms, table, buf);
	if (!n)
		nl_buf_reset(buf);
	else
		nl_buf_end(buf);
	return buf->rc ? buf->rc : n;
}
