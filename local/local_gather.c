/* What local data mean; see local_gather.h. */
#include "local/local_gather.h"

#include <errno.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/util.h"
#include "local/host_file.h"
#include "local/lease_file.h"
#include "local/dhcp_leases.h"
#include "local/local_build.h"
#include "local/local_image.h"
#include "local/reverse_name.h"

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_PTR = 12, TYPE_AAAA = 28 };

#define TTL_WITHOUT_BLOCK_S 60

/* Where names go. */
struct gather {
	const struct conf *conf;
	const struct conf_local *of; /* names of one label are its; NULL: every block's */
	struct local_builder *to;
	struct local_origin origin;
};

/* name.suffix; false: that is too long. */
static bool qualify(const struct dname *name, const struct dname *suffix, struct dname *out)
{
	size_t host = name->len - 1u;

	if (host + suffix->len > DNAME_MAX)
		return false;
	memcpy(out->wire, name->wire, host);
	memcpy(out->wire + host, suffix->wire, suffix->len);
	out->len = (uint8_t)(host + suffix->len);
	return true;
}

/* The name as it is, and the names above it that are ours. */
static int add_plain(struct gather *g, const struct dname *name, unsigned type,
		     const void *data, size_t len)
{
	int rc = local_builder_add(g->to, name, type, data, len, &g->origin);

	for (size_t i = 0; !rc && i < g->conf->local_count; i++)
		if (dname_is_under(name, &g->conf->locals[i].suffix))
			rc = local_builder_add_above(g->to, name, &g->conf->locals[i].suffix);
	return rc;
}

static bool is_for(const struct gather *g, const struct conf_local *l)
{
	return !g->of || g->of == l;
}

/* The name, and where it has one label the same under each suffix. A CNAME's target follows
 * its alias, if it has one label too. */
static int add_record(struct gather *g, const struct dname *name, unsigned type,
		      const void *data, size_t len)
{
	int rc = add_plain(g, name, type, data, len);

	for (size_t i = 0; !rc && dname_labels(name) == 1 && i < g->conf->local_count; i++) {
		struct dname whole;

		if (is_for(g, &g->conf->locals[i]) &&
		    qualify(name, &g->conf->locals[i].suffix, &whole))
			rc = add_plain(g, &whole, type, data, len);
	}
	return rc;
}

/* What the address is called: with a suffix, if there is one. */
static int add_pointer(struct gather *g, const struct addr *a, const struct dname *name)
{
	struct dname whole = *name, reverse = { .len = 0 };

	for (size_t i = 0; dname_labels(name) == 1 && i < g->conf->local_count; i++)
		if (is_for(g, &g->conf->locals[i]) &&
		    qualify(name, &g->conf->locals[i].suffix, &whole))
			break;
	reverse_name(a, &reverse);
	return local_builder_add(g->to, &reverse, TYPE_PTR, whole.wire, whole.len, &g->origin);
}

static int add_host(struct gather *g, const struct addr *a, const struct dname *name,
		    bool is_first)
{
	int rc = add_record(g, name, a->family == AF_INET ? TYPE_A : TYPE_AAAA, a->bytes,
			    addr_len(a));

	if (rc || !is_first)
		return rc;
	return add_pointer(g, a, name);
}

/* --- the configuration ------------------------------------------------------------------ */

static void set_place(struct gather *g, const struct conf_place *place)
{
	g->origin.path = place->file;
	g->origin.line = place->line;
}

int local_gather_conf(const struct conf *conf, struct local_builder *to)
{
	struct gather g = {
		.conf = conf, .to = to,
		.origin = { .rank = RANK_CONF, .ttl_s = TTL_WITHOUT_BLOCK_S },
	};
	int rc = 0;

	if (conf->local_count)
		g.origin.ttl_s = conf->locals[0].ttl_s;
	for (size_t i = 0; !rc && i < conf->host_count; i++) {
		const struct conf_host *h = &conf->hosts[i];

		set_place(&g, &h->place);
		for (size_t k = 0; !rc && k < h->addr_count; k++)
			rc = add_host(&g, &h->addrs[k], &h->name, true);
	}
	for (size_t i = 0; !rc && i < conf->cname_count; i++) {
		const struct conf_cname *c = &conf->cnames[i];

		set_place(&g, &c->place);
		rc = add_record(&g, &c->alias, TYPE_CNAME, c->target.wire, c->target.len);
	}
	return rc;
}

/* --- files ------------------------------------------------------------------------------ */

static int take_host(void *arg, const struct addr *a, const struct dname *name, int is_first,
		     uint32_t line)
{
	struct gather *g = arg;

	g->origin.line = line;
	return add_host(g, a, name, is_first);
}

static int take_lease(struct gather *g, const struct dhcp_lease *l)
{
	struct local_build_stats before, after;
	struct dname name;
	int rc;

	g->origin.line = l->line;
	g->origin.owner = l->owner;
	g->origin.until_s = l->until_s;
	name.len = (uint8_t)(strlen(l->name) + 2);
	name.wire[0] = (uint8_t)strlen(l->name);
	memcpy(name.wire + 1, l->name, name.len - 1u);
	local_builder_get_stats(g->to, &before);
	rc = add_host(g, &l->addr, &name, true);
	local_builder_get_stats(g->to, &after);
	if (rc || after.held > before.held)
		return rc; /* it is not called by a name that is another's */
	if (l->has_mac)
		rc = local_builder_add_label(g->to, &l->mac, NULL, l->name, &g->origin);
	if (!rc)
		rc = local_builder_add_label(g->to, NULL, &l->addr, l->name, &g->origin);
	return rc;
}

static int parse_leases(enum conf_local_format format, const char *text, size_t len,
			struct dhcp_leases *to)
{
	switch (format) {
	case LOCAL_DNSMASQ:
		return lease_file_dnsmasq(text, len, to);
	case LOCAL_ISC:
		return lease_file_isc(text, len, to);
	case LOCAL_KEA:
		return lease_file_kea(text, len, to);
	case LOCAL_NETWORKD:
		return lease_file_networkd(text, len, to);
	case LOCAL_HOSTS:
		break;
	}
	return -EPROTONOSUPPORT;
}

static int gather_leases(struct gather *g, enum conf_local_format format, const char *text,
			 size_t len, int64_t now_s)
{
	struct dhcp_leases *leases;
	int rc = dhcp_leases_new(&leases);

	if (rc)
		return rc;
	rc = parse_leases(format, text, len, leases);
	for (size_t i = 0; !rc && i < dhcp_leases_count(leases); i++) {
		const struct dhcp_lease *l = dhcp_leases_at(leases, i);

		if (l->is_active && *l->name && (!l->until_s || l->until_s > now_s))
			rc = take_lease(g, l);
	}
	dhcp_leases_free(leases);
	return rc;
}

int local_gather_text(const struct conf *conf, const struct conf_local *of,
		      const struct conf_local_file *file, const char *text, size_t len,
		      int64_t now_s, struct local_builder *to)
{
	struct gather g = {
		.conf = conf, .of = of, .to = to,
		.origin = { .path = file->path, .ttl_s = of->ttl_s, .rank = RANK_LEASES },
	};

	if (file->format != LOCAL_HOSTS)
		return gather_leases(&g, file->format, text, len, now_s);
	g.origin.rank = RANK_HOSTS;
	return host_file_walk(text, len, take_host, &g);
}

/* --- an earlier image ------------------------------------------------------------------- */

static int keep_name(struct gather *g, const struct dname *name, const struct local_match *m)
{
	int rc = 0;

	for (unsigned i = 0; !rc && i < m->count; i++) {
		struct local_rr rr = local_match_at(m, i);

		if (strcmp(rr.source, g->origin.path) != 0)
			continue;
		g->origin.line = rr.line;
		g->origin.ttl_s = rr.ttl_s;
		g->origin.until_s = rr.until_s;
		rc = add_plain(g, name, rr.type, rr.data, rr.len);
	}
	return rc;
}

static int keep_label(struct gather *g, const struct local_label_row *row)
{
	bool is_addr = row->addr.family;

	if (strcmp(row->source, g->origin.path) != 0)
		return 0;
	g->origin.line = row->line;
	g->origin.until_s = row->until_s;
	return local_builder_add_label(g->to, is_addr ? NULL : &row->mac, &row->addr, row->text,
				       &g->origin);
}

int local_gather_old(const struct conf *conf, const struct conf_local_file *file,
		     const struct local_image *old, struct local_builder *to)
{
	struct gather g = {
		.conf = conf, .to = to,
		.origin = {
			.path = file->path,
			.rank = file->format == LOCAL_HOSTS ? RANK_HOSTS : RANK_LEASES,
			.owner = dhcp_owner(file->path, strlen(file->path)),
		},
	};
	int rc = 0;

	for (size_t i = 0; !rc && i < local_image_names(old); i++) {
		struct local_match m;
		struct dname name;

		local_image_name_at(old, i, &name, &m);
		rc = keep_name(&g, &name, &m);
	}
	for (size_t i = 0; !rc && i < local_image_labels(old); i++) {
		struct local_label_row row;

		local_image_label_at(old, i, &row);
		rc = keep_label(&g, &row);
	}
	return rc;
}
