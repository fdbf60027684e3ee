/* Reads what the kernel holds of our table; see kernel_table.h. */
#include "nftsync/kernel_table.h"

#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "lib/util.h"
#include "nftsync/netlink.h"
#include "nftsync/netlink_socket.h"
#include "nftsync/nl_attr.h"
#include "nftsync/nl_buf.h"
#include "nftsync/ruleset.h"

#define DUMP_TRIES 8

/* One request with up to two names (attributes 1 and 2, as all of nf_tables has them). */
static void request(struct nl_buf *buf, unsigned type, unsigned flags, const char *table,
		    const char *name)
{
	struct nlmsghdr *nlh;

	nl_buf_reset(buf);
	nlh = nl_buf_open(buf, type, flags);
	if (!nlh)
		return;
	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, table);
	if (name)
		mnl_attr_put_strz(nlh, NFTA_SET_NAME, name);
	nl_buf_close(buf, nlh);
}

/* --- identity ----------------------------------------------------------------------- */

static int on_table(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attrs[NFTA_TABLE_OWNER + 1];
	struct table_id *id = arg;

	nl_attrs_of_message(nlh, attrs, ARRAY_SIZE(attrs));
	id->table = nl_attr_be64(attrs[NFTA_TABLE_HANDLE]);
	id->flags = nl_attr_be32(attrs[NFTA_TABLE_FLAGS]);
	id->other_owner = nl_attr_be32(attrs[NFTA_TABLE_OWNER]);
	return 0;
}

static int on_set(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attrs[NFTA_SET_HANDLE + 1], *desc[NFTA_SET_DESC_SIZE + 1];
	struct table_id *id = arg;

	nl_attrs_of_message(nlh, attrs, ARRAY_SIZE(attrs));
	nl_attrs_of_nest(attrs[NFTA_SET_DESC], desc, ARRAY_SIZE(desc));
	id->set = nl_attr_be64(attrs[NFTA_SET_HANDLE]);
	id->set_size = nl_attr_be32(desc[NFTA_SET_DESC_SIZE]);
	return 0;
}

uint32_t table_other_owner(struct netlink *nl, struct nl_buf *buf, const char *table)
{
	struct table_id id = { 0 };

	request(buf, NFT_MSG_GETTABLE, NLM_F_ACK, table, NULL);
	if (netlink_ask(nl, buf, on_table, &id) || id.other_owner == netlink_portid(nl))
		return 0;
	return id.other_owner;
}

int table_identify(struct netlink *nl, struct nl_buf *buf, const char *table,
		   struct table_id *out)
{
	struct table_id id = { 0 };
	int rc;

	request(buf, NFT_MSG_GETTABLE, NLM_F_ACK, table, NULL);
	rc = netlink_ask(nl, buf, on_table, &id);
	if (rc)
		return rc;
	if (id.other_owner == netlink_portid(nl))
		id.other_owner = 0;
	request(buf, NFT_MSG_GETSET, NLM_F_ACK, table, lease_set_info(SET_LEASE4)->name);
	rc = netlink_ask(nl, buf, on_set, &id);
	if (!rc)
		*out = id;
	return rc;
}

bool table_id_equal(const struct table_id *a, const struct table_id *b)
{
	return a->table == b->table && a->set == b->set && a->flags == b->flags;
}

bool table_id_fits(const struct table_id *id, const struct ruleset *rs)
{
	uint32_t wanted = ruleset_table_flags(rs);

	if (id->flags == wanted)
		return !id->other_owner;
	return wanted & NFT_TABLE_F_OWNER && (id->flags | NFT_TABLE_F_OWNER) == wanted;
}

/* --- what is to go ------------------------------------------------------------------ */

/* Names found in a dump, one behind the other, each with its NUL. */
struct names {
	const char *table;
	const struct ruleset *rs;
	bool chains; /* else sets */
	size_t len;
	char text[16 * 1024];
};

static bool is_kept(const struct names *n, const char *name)
{
	if (n->chains)
		return ruleset_has_chain(n->rs, name);
	return lease_set_by_name(name) >= 0 || ruleset_has_range_set(n->rs, name);
}

static int on_name(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attrs[NFTA_CHAIN_NAME + 1];
	struct names *n = arg;
	const char *name;

	nl_attrs_of_message(nlh, attrs, ARRAY_SIZE(attrs));
	/* Older kernels ignore the filter by table in a dump. */
	if (strcmp(nl_attr_text(attrs[NFTA_SET_TABLE]), n->table))
		return 0;
	name = nl_attr_text(attrs[n->chains ? NFTA_CHAIN_NAME : NFTA_SET_NAME]);
	/* Anonymous sets go with their rules. */
	if (!*name || is_kept(n, name) || (!n->chains && strncmp(name, "__", 2) == 0))
		return 0;
	if (n->len + strlen(name) + 1 > sizeof(n->text))
		return -E2BIG;
	strcpy(n->text + n->len, name);
	n->len += strlen(name) + 1;
	return 0;
}

static int read_names(struct netlink *nl, struct nl_buf *buf, struct names *n)
{
	int rc = -EINTR;

	for (int i = 0; i < DUMP_TRIES && rc == -EINTR; i++) {
		n->len = 0;
		request(buf, n->chains ? NFT_MSG_GETCHAIN : NFT_MSG_GETSET, NLM_F_DUMP,
			n->table, NULL);
		rc = netlink_ask(nl, buf, on_name, n);
	}
	return rc;
}

struct adopter {
	struct ruleset *rs;
	uint32_t *serial;
};

static int on_range_set(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attrs[NFTA_SET_NAME + 1];
	const struct adopter *a = arg;
	uint32_t serial;

	nl_attrs_of_message(nlh, attrs, ARRAY_SIZE(attrs));
	if (strcmp(nl_attr_text(attrs[NFTA_SET_TABLE]), ruleset_table(a->rs)) != 0)
		return 0;
	serial = ruleset_adopt_range(a->rs, nl_attr_text(attrs[NFTA_SET_NAME]));
	*a->serial = MAX(*a->serial, serial);
	return 0;
}

int table_adopt_ranges(struct netlink *nl, struct nl_buf *buf, struct ruleset *rs,
		       uint32_t *serial)
{
	struct adopter a = { rs, serial };
	int rc = ruleset_range_count(rs) ? -EINTR : 0;

	for (int i = 0; i < DUMP_TRIES && rc == -EINTR; i++) {
		request(buf, NFT_MSG_GETSET, NLM_F_DUMP, ruleset_table(rs), NULL);
		rc = netlink_ask(nl, buf, on_range_set, &a);
	}
	return rc;
}

static void render_deletes(const struct names *n, struct nl_buf *buf)
{
	for (size_t at = 0; at < n->len; at += strlen(n->text + at) + 1) {
		struct nlmsghdr *nlh =
			nl_buf_open(buf, n->chains ? NFT_MSG_DELCHAIN : NFT_MSG_DELSET, 0);

		if (!nlh)
			return;
		mnl_attr_put_strz(nlh, NFTA_SET_TABLE, n->table);
		mnl_attr_put_strz(nlh, n->chains ? NFTA_CHAIN_NAME : NFTA_SET_NAME,
				  n->text + at);
		nl_buf_close(buf, nlh);
	}
}

int table_render_clear(struct netlink *nl, const struct ruleset *rs, struct nl_buf *buf)
{
	struct names sets = { .table = ruleset_table(rs), .rs = rs };
	struct names chains = { .table = ruleset_table(rs), .rs = rs, .chains = true };
	struct nlmsghdr *nlh;
	int rc = read_names(nl, buf, &sets);

	if (!rc)
		rc = read_names(nl, buf, &chains);
	if (rc)
		return rc;
	nl_buf_begin(buf);
	nlh = nl_buf_open(buf, NFT_MSG_DELRULE, 0); /* without a chain: all of the table */
	if (!nlh)
		return buf->rc;
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, sets.table);
	nl_buf_close(buf, nlh);
	render_deletes(&sets, buf); /* first: a map's verdicts hold its chains */
	render_deletes(&chains, buf);
	return buf->rc;
}

/* --- leases ------------------------------------------------------------------------- */

struct lease_reader {
	enum lease_set set;
	int (*on_elem)(void *arg, const struct lease_key *key, uint64_t left_ms);
	void *arg;
};

static int on_elem(const struct nlattr *nested, void *arg)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_EXPIRATION + 1], *key[NFTA_DATA_VALUE + 1];
	const struct lease_reader *r = arg;
	struct lease_key lease;

	nl_attrs_of_nest(nested, attrs, ARRAY_SIZE(attrs));
	nl_attrs_of_nest(attrs[NFTA_SET_ELEM_KEY], key, ARRAY_SIZE(key));
	if (!attrs[NFTA_SET_ELEM_EXPIRATION] || !key[NFTA_DATA_VALUE])
		return 0;
	if (lease_elem_read(r->set, mnl_attr_get_payload(key[NFTA_DATA_VALUE]),
			    mnl_attr_get_payload_len(key[NFTA_DATA_VALUE]), &lease))
		return 0;
	return r->on_elem(r->arg, &lease, nl_attr_be64(attrs[NFTA_SET_ELEM_EXPIRATION]));
}

static int on_elems(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_LIST_ELEMENTS + 1];

	nl_attrs_of_message(nlh, attrs, ARRAY_SIZE(attrs));
	return nl_attr_each(attrs[NFTA_SET_ELEM_LIST_ELEMENTS], on_elem, arg);
}

int table_read_leases(struct netlink *nl, struct nl_buf *buf, const char *table,
		      int (*f)(void *arg, const struct lease_key *key, uint64_t left_ms),
		      void *arg)
{
	struct lease_reader r = { .on_elem = f, .arg = arg };

	for (unsigned set = 0; set < LEASE_SET_COUNT; set++) {
		int rc = -EINTR;

		r.set = set;
		/* A dump that was disturbed is asked again: seeing an element twice is fine. Who
		 * is disturbed each time, by others who load rules on and on, has seen all the
		 * same: their changes were not of this set. */
		for (int i = 0; i < DUMP_TRIES && rc == -EINTR; i++) {
			request(buf, NFT_MSG_GETSETELEM, NLM_F_DUMP, table,
				lease_set_info(set)->name);
			rc = netlink_ask(nl, buf, on_elems, &r);
		}
		if (rc && rc != -EINTR)
			return rc;
	}
	return 0;
}

/* --- counters ----------------------------------------------------------------------- */

static int on_counter(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attrs[NFTA_OBJ_DATA + 1], *data[NFTA_COUNTER_PACKETS + 1];

	nl_attrs_of_message(nlh, attrs, ARRAY_SIZE(attrs));
	nl_attrs_of_nest(attrs[NFTA_OBJ_DATA], data, ARRAY_SIZE(data));
	*(uint64_t *)arg = nl_attr_be64(data[NFTA_COUNTER_PACKETS]);
	return 0;
}

static int read_counter(struct netlink *nl, struct nl_buf *buf, const char *table,
			const char *name, uint64_t *packets)
{
	struct nlmsghdr *nlh;

	nl_buf_reset(buf);
	nlh = nl_buf_open(buf, NFT_MSG_GETOBJ, NLM_F_ACK);
	if (!nlh)
		return buf->rc;
	mnl_attr_put_strz(nlh, NFTA_OBJ_TABLE, table);
	mnl_attr_put_strz(nlh, NFTA_OBJ_NAME, name);
	mnl_attr_put_u32(nlh, NFTA_OBJ_TYPE, htobe32(NFT_OBJECT_COUNTER));
	nl_buf_close(buf, nlh);
	return netlink_ask(nl, buf, on_counter, packets);
}

int table_read_counters(struct netlink *nl, struct nl_buf *buf, const char *table,
			uint64_t *refused, uint64_t *would)
{
	int rc = read_counter(nl, buf, table, RULESET_REFUSED, refused);

	return rc ? rc : read_counter(nl, buf, table, RULESET_WOULD, would);
}
