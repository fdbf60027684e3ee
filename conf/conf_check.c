/*
 * What takes more than one option to see: things that two have and only one may, blocks
 * that say too little, bounds that cross; and the values that follow from others.
 */
#include "conf/conf_bypass.h"
#include "conf/conf_parse.h"
#include "lib/clock.h"

#include <netinet/in.h>
#include <linux/netfilter.h> /* after netinet: they share types */
#include <stdlib.h>

/* --- claims ------------------------------------------------------------------------- */

static int compare_claims(const void *pa, const void *pb)
{
	const struct claim *a = pa, *b = pb;
	int rc;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	rc = strcmp(a->key, b->key);
	if (rc)
		return rc;
	return a->number < b->number ? -1 : a->number > b->number;
}

static void report_claim(struct parser *p, const struct claim *first,
			 const struct claim *again)
{
	static const char *const kinds[] = {
		[CLAIM_LISTEN] = "address",	 [CLAIM_FORWARD] = "suffix",
		[CLAIM_INTERFACE] = "interface", [CLAIM_MAC] = "hardware address",
		[CLAIM_ADDRESS] = "address",	 [CLAIM_ALIAS] = "alias",
		[CLAIM_DHCP_NAME] = "DHCP name",
	};
	const char *file = first->at.file->name;
	char hint[CONF_ERROR_TEXT_MAX];

	if (first->owner)
		snprintf(hint, sizeof(hint), "first in '%s' at %s:%u", first->owner, file,
			 first->at.line);
	else
		snprintf(hint, sizeof(hint), "first at %s:%u", file, first->at.line);
	parse_error_at(p, &again->at, hint, "%s '%s' is written twice",
		       kinds[again->kind], again->key);
}

/* Each value that is there again is reported with the place of the first. */
static void check_claims(struct parser *p)
{
	const struct claim *first = p->claims;

	if (!p->claim_count)
		return;
	qsort(p->claims, p->claim_count, sizeof(p->claims[0]), compare_claims);
	for (size_t i = 1; i < p->claim_count; i++) {
		const struct claim *c = &p->claims[i];

		if (c->kind == first->kind && !strcmp(c->key, first->key))
			report_claim(p, first, c);
		else
			first = c;
	}
}

/* --- blocks that say too little ----------------------------------------------------- */

static const struct conf_spot *set_at(const struct parser *p, enum conf_block_id id,
				      size_t index, const char *option)
{
	return &p->instances[id][index]
			.set[conf_option_slot(conf_option_find(id, option, NULL))];
}

/* Each block of a kind must have one of these options. */
struct need {
	enum conf_block_id id;
	const char *option, *other, *third; /* third: or NULL */
	const char *text;
};

static const struct need needs[] = {
	{CONF_UPSTREAM, "server", "server", NULL, "has no server"},
	{CONF_WINDOW, "hours", "hours", NULL, "has no hours"},
	{CONF_ZONE, "interface", "interface", NULL, "has no interface"},
	{CONF_DEVICE, "mac", "address", "dhcp-name", "has neither mac nor address nor dhcp-name"},
	{CONF_GROUP, "member", "member", NULL, "has no member"},
	{CONF_LIST, "file", "name", "url", "has neither file nor url nor name"},
};

static void check_need(struct parser *p, const struct need *need, size_t index)
{
	const struct instance *i = &p->instances[need->id][index];

	if (i->incomplete || i->declared.file->generated ||
	    set_at(p, need->id, index, need->option)->line ||
	    set_at(p, need->id, index, need->other)->line ||
	    (need->third && set_at(p, need->id, index, need->third)->line))
		return;
	parse_error_at(p, &i->declared, NULL, "%s '%s' %s", conf_block(need->id)->name,
		       parse_block_name(p, need->id, index), need->text);
}

static void check_policy(struct parser *p, size_t index)
{
	const struct instance *i = &p->instances[CONF_POLICY][index];
	const struct conf_policy *policy = &p->conf->policies[index];
	const struct conf_spot *groups = set_at(p, CONF_POLICY, index, "for");

	if (!strcmp(policy->name, "default") && groups->line)
		parse_error_at(p, groups, "it is for all that no other policy is for",
			       "policy default has no 'for'");
	else if (strcmp(policy->name, "default") && !groups->line && !i->incomplete)
		parse_error_at(p, &i->declared,
			       "the policy for all others is called default",
			       "policy '%s' has no 'for'", policy->name);
	for (size_t l = 0; l < p->conf->list_count; l++)
		if (conf_policy_lists(policy, true) & conf_policy_lists(policy, false) &
		    UINT64_C(1) << l)
			parse_error_at(p, set_at(p, CONF_POLICY, index, "allow"), NULL,
				       "policy '%s' both blocks and allows list '%s'",
				       policy->name, p->conf->lists[l].name);
}

/* Whether some file says which client has which name, or might. */
static bool has_leases(const struct parser *p)
{
	const struct conf *c = p->conf;

	for (size_t i = 0; i < c->local_count; i++) {
		if (p->instances[CONF_LOCAL][i].incomplete)
			return true;
		for (size_t k = 0; k < c->locals[i].file_count; k++)
			if (c->locals[i].files[k].format != LOCAL_HOSTS)
				return true;
	}
	return p->partial;
}

/* What a device calls itself is for its policy, if leases say it, and never for the gate. */
static void check_device(struct parser *p, size_t index)
{
	const struct conf_device *d = &p->conf->devices[index];
	const struct conf_spot *named = set_at(p, CONF_DEVICE, index, "dhcp-name");

	if (d->trust_name == SWITCH_ON && !named->line &&
	    !p->instances[CONF_DEVICE][index].incomplete)
		parse_error_at(p, set_at(p, CONF_DEVICE, index, "trust-name"), NULL, "device '%s' has no 'dhcp-name' to trust",
			       d->name);
	if (named->line && d->gate != DEVICE_AS_ZONE)
		parse_error_at(p, set_at(p, CONF_DEVICE, index, "gate"),
			       "any device can take its name: give another block its mac, and the "
			       "gate there",
			       "device '%s' has a 'dhcp-name', and so no 'gate' of its own",
			       d->name);
	if (named->line && !has_leases(p))
		parse_error_at(p, named, "as in: local home.arpa { leases dnsmasq "
			       "/var/lib/misc/dnsmasq.leases }",
			       "device '%s' has a 'dhcp-name', and no 'leases' line says who has it",
			       d->name);
}

static void check_gate(struct parser *p)
{
	const struct conf_gate *g = &p->conf->gate;
	const struct conf_spot *at = set_at(p, CONF_GATE, 0, "lease-min");

	if (!at->line)
		at = set_at(p, CONF_GATE, 0, "lease-max");
	if (g->lease_min_s > g->lease_max_s)
		parse_error_at(p, at, NULL,
			       "lease-min (%us) is longer than lease-max (%us)",
			       g->lease_min_s, g->lease_max_s);
	for (size_t i = 0; i < g->fill_count; i++)
		if (g->fills[i].family == NFPROTO_INET && !strcmp(g->fills[i].table, g->table))
			parse_error_at(p, set_at(p, CONF_GATE, 0, "fill"),
				       "a table of your own has the sets to fill",
				       "table inet %s is nameward's own", g->table);
}

static bool has_rest(const struct conf_zone *z)
{
	return z->interface_count && !strcmp(z->interfaces[0], "*");
}

static void check_reach(struct parser *p, size_t index)
{
	const struct conf_zone *z = &p->conf->zones[index];
	const struct conf_spot *at = set_at(p, CONF_ZONE, index, "reach");

	if (z->has_reach && has_rest(z))
		parse_error_at(p, at, "give the zone's interfaces by their names",
			       "zone '%s' is each interface that no other zone names, the "
			       "internet's too, and can have no 'reach'",
			       z->name);
	for (size_t i = 0; i < z->reach_count; i++)
		if (has_rest(&p->conf->zones[z->reach[i]]))
			parse_error_at(p, at,
				       "what no zone names is reached by: reach internet",
				       "zone '%s' has no interface of its own to reach",
				       p->conf->zones[z->reach[i]].name);
}

static void check_lease_for(struct parser *p, size_t index)
{
	const struct conf_zone *z = &p->conf->zones[index];

	if (z->lease_for == LEASE_FOR_ZONE && has_rest(z))
		parse_error_at(p, set_at(p, CONF_ZONE, index, "lease-for"),
			       "give the zone's interfaces by their names",
			       "zone '%s' is each interface that no other zone names, and cannot "
			       "share its leases",
			       z->name);
	if (z->lease_for == LEASE_FOR_ZONE && z->interface_count > CONF_SHARERS_MAX)
		parse_error_at(p, set_at(p, CONF_ZONE, index, "lease-for"), NULL,
			       "zone '%s' has more than %d interfaces, too many to share leases",
			       z->name, CONF_SHARERS_MAX);
}

static void check_redirect(struct parser *p, size_t index)
{
	static const struct {
		int family;
		const char *name, *example;
	} families[] = {
		{ AF_INET, "IPv4", "listen lan 192.168.1.1:53" },
		{ AF_INET6, "IPv6", "listen lan [fd00::1]:53" },
	};
	const struct conf_zone *z = &p->conf->zones[index];

	for (size_t i = 0; i < ARRAY_SIZE(families) && z->redirect_dns; i++) {
		char hint[CONF_ERROR_TEXT_MAX];

		if (conf_redirect_target(p->conf, z, families[i].family))
			continue;
		snprintf(hint, sizeof(hint), "as in: %s", families[i].example);
		parse_error_at(p, set_at(p, CONF_ZONE, index, "redirect-dns"), hint,
			       "nothing listens on port 53 of an %s address that devices "
			       "can be redirected to",
			       families[i].name);
	}
}

static void check_zone(struct parser *p, size_t index)
{
	if (!strcmp(p->conf->zones[index].name, "internet"))
		parse_error_at(p, &p->instances[CONF_ZONE][index].declared, NULL,
			       "no zone can be called 'internet': reach has that word for "
			       "what is no zone's");
	check_reach(p, index);
	check_redirect(p, index);
	check_lease_for(p, index);
}

/* The block's name is a suffix. */
static void check_local(struct parser *p, size_t index)
{
	struct conf_local *l = &p->conf->locals[index];

	if (dname_from_text(l->name, &l->suffix) || l->suffix.len == 1) {
		parse_error_at(p, &p->instances[CONF_LOCAL][index].declared,
			       "as in: local home.arpa {", "'%s' is no suffix of names",
			       l->name);
		return;
	}
	dname_lower(&l->suffix);
}

/* The default depends on where the daemon was started. */
static void check_control(struct parser *p)
{
	const struct conf_option *o = conf_option_find(CONF_TOP, "control", NULL);
	const struct conf_spot nowhere = {0};

	if (!set_at(p, CONF_TOP, 0, "control")->line && strlen(p->conf->control) > o->max)
		parse_error_at(p, &nowhere, "write: control /a/shorter/path",
			       "the path of the control socket is too long: %s",
			       p->conf->control);
}

/* --- what follows ------------------------------------------------------------------- */

static void follow_on_failure(struct parser *p)
{
	for (size_t i = 0; i < p->conf->zone_count; i++) {
		struct conf_zone *z = &p->conf->zones[i];

		if (!set_at(p, CONF_ZONE, i, "on-failure")->line)
			z->on_failure = z->gate == GATE_ENFORCE ? FAILURE_SERVFAIL
								: FAILURE_ANSWER;
	}
}

static bool is_forwarded_to(const struct conf *c, size_t upstream)
{
	for (size_t i = 0; i < c->forward_count; i++)
		if (c->forwards[i].upstream == upstream)
			return true;
	for (size_t i = 0; i < c->policy_count; i++)
		if (c->policies[i].has_upstream && c->policies[i].upstream == upstream)
			return true;
	return false;
}

/* The root goes to the first upstream that no suffix and no policy goes to, or else to the
 * first. */
static void follow_root(struct parser *p)
{
	struct conf_forward *root;
	struct conf *c = p->conf;
	size_t upstream = 0;

	for (size_t i = 0; i < c->forward_count; i++)
		if (c->forwards[i].suffix.len == 1)
			return;
	while (upstream < c->upstream_count && is_forwarded_to(c, upstream))
		upstream++;
	root = PARSE_GROW(p, c->forwards, c->forward_count);
	if (!root)
		return;
	root->suffix = (struct dname){ .len = 1 };
	root->upstream = upstream < c->upstream_count ? upstream : 0;
}

static void check_upstreams(struct parser *p)
{
	static const char hint[] = "write one: upstream quad9 { server 9.9.9.9 }";
	const struct conf_spot nowhere = {0};
	const struct conf *c = p->conf;
	const struct conf_file *from;

	if (!c->upstream_count && !p->partial)
		parse_error_at(p, &nowhere, hint, "there is no upstream to ask");
	if (c->upstream_count != 1 || c->upstreams[0].server_count || p->partial)
		return;
	from = p->instances[CONF_UPSTREAM][0].declared.file;
	if (from->generated)
		parse_error_at(
			p, &nowhere, hint,
			"no upstream is written, and %s names no server but ourselves",
			from->name);
}

/* Read as written, so before the policies change places. */
static void follow_answers(struct parser *p)
{
	for (size_t i = 0; i < p->conf->policy_count; i++) {
		struct conf_policy *policy = &p->conf->policies[i];

		if (!set_at(p, CONF_POLICY, i, "block-answer")->line)
			policy->block_answer = p->conf->block_answer;
		if (!set_at(p, CONF_POLICY, i, "block-ttl")->line)
			policy->block_ttl_s = p->conf->block_ttl_s;
	}
}

/* policy default is always there, and behind all others. */
static void follow_default_policy(struct parser *p)
{
	size_t i = parse_find(p, CONF_POLICY, "default");
	struct conf *c = p->conf;
	struct conf_policy policy = {0};

	if (i == SIZE_MAX) {
		struct conf_policy *added = PARSE_GROW(p, c->policies, c->policy_count);

		if (!added)
			return;
		added->name = parse_text(p, "default");
		added->block_answer = c->block_answer;
		added->block_ttl_s = c->block_ttl_s;
		return;
	}
	policy = c->policies[i];
	memmove(&c->policies[i], &c->policies[i + 1],
		(c->policy_count - i - 1) * sizeof(policy));
	c->policies[c->policy_count - 1] = policy;
}

/* The copy of what a URL gives has a place of its own. */
static void follow_url(struct parser *p, struct conf_list *l)
{
	size_t size = strlen(p->conf->lists_folder) + strlen(l->name) + sizeof("/.txt");

	l->file = conf_arena_alloc(p->arena, size);
	if (l->file)
		snprintf(l->file, size, "%s/%s.txt", p->conf->lists_folder, l->name);
	else
		p->no_memory = true;
}

/* What has ended meanwhile is not applied by a child that starts late. */
static void follow_bypass(struct parser *p)
{
	struct conf_bypass b;

	if (p->bundle->bypass &&
	    !conf_bypass_parse(p->bundle->bypass, clock_wall_us() / 1000000, &b))
		conf_bypass_apply(p->conf, &b);
}

static bool is_list_used(const struct conf *c, size_t index)
{
	uint64_t lists = conf_refused_lists(c);

	for (size_t i = 0; i < c->policy_count; i++)
		lists |= conf_policy_lists(&c->policies[i], true) |
			 conf_policy_lists(&c->policies[i], false);
	return lists >> index & 1;
}

/* Only a table of owners has owners; without any it tells who owns what, and is no list. */
static void check_list(struct parser *p, size_t index)
{
	const struct instance *i = &p->instances[CONF_LIST][index];
	const struct conf_list *l = &p->conf->lists[index];

	if (i->incomplete)
		return;
	if (l->owner_count && l->format != LIST_OWNERS)
		parse_error_at(p, &i->declared, NULL,
			       "list '%s' has owners, and its format is not 'owners'", l->name);
	if (!l->owner_count && l->format == LIST_OWNERS && is_list_used(p->conf, index))
		parse_error_at(p, &i->declared, NULL, "list '%s' is of format owners, and has no "
			       "'owner', so it would be empty", l->name);
}

/* The caller of conf_policies_apply() adds what has hours. */
static void follow_lists(struct conf_policy *policy)
{
	policy->block = policy->block_always;
	policy->allow = policy->allow_always;
}

static void take_accounts(struct parser *p)
{
	struct conf_gate *g = &p->conf->gate;

	g->account_count = p->bundle->account_count;
	memcpy(g->accounts, p->bundle->accounts, sizeof(g->accounts));
}

void conf_check(struct parser *p)
{
	take_accounts(p);
	check_claims(p);
	for (size_t n = 0; n < ARRAY_SIZE(needs); n++)
		for (size_t i = 0; i < parse_block_count(p, needs[n].id); i++)
			check_need(p, &needs[n], i);
	for (size_t i = 0; i < p->conf->policy_count; i++)
		check_policy(p, i);
	for (size_t i = 0; i < p->conf->zone_count; i++)
		check_zone(p, i);
	for (size_t i = 0; i < p->conf->device_count; i++)
		check_device(p, i);
	for (size_t i = 0; i < p->conf->list_count; i++)
		check_list(p, i);
	for (size_t i = 0; i < p->conf->list_count; i++)
		if (p->conf->lists[i].url && !p->conf->lists[i].file)
			follow_url(p, &p->conf->lists[i]);
	for (size_t i = 0; i < p->conf->local_count; i++)
		check_local(p, i);
	check_gate(p);
	check_control(p);
	check_upstreams(p);
	follow_on_failure(p);
	follow_bypass(p);
	follow_root(p);
	follow_answers(p);
	follow_default_policy(p);
	for (size_t i = 0; i < p->conf->policy_count; i++)
		follow_lists(&p->conf->policies[i]);
}
