/* Who a client is and what a name gets; see policy.h. */
#include "resolver/policy.h"

#include <stdio.h>
#include <string.h>

#include "blocklists/list_sides.h"
#include "blocklists/list_spans.h"
#include "lib/log.h"
#include "resolver/override.h"

static bool device_has(const struct conf_device *d, const struct addr *addr,
		       const struct mac *mac)
{
	for (size_t i = 0; mac && i < d->mac_count; i++)
		if (!memcmp(&d->macs[i], mac, sizeof(*mac)))
			return true;
	for (size_t i = 0; i < d->addr_count; i++)
		if (addr_equal(&d->addrs[i], addr))
			return true;
	return false;
}

static size_t find_device(const struct conf *conf, const struct addr *addr,
			  const struct mac *mac)
{
	for (size_t i = 0; i < conf->device_count; i++)
		if (device_has(&conf->devices[i], addr, mac))
			return i;
	return POLICY_NONE;
}

bool policy_group_has(const struct conf_group *g, const struct addr *addr, size_t device)
{
	for (size_t i = 0; i < g->member_count; i++) {
		const struct conf_member *m = &g->members[i];

		if (m->device != POLICY_NONE ? m->device == device :
					       addr_net_has(&m->net, addr))
			return true;
	}
	return false;
}

void policy_place(const struct conf *conf, const struct addr *addr, struct policy_client *c)
{
	c->group = c->policy = POLICY_NONE;
	for (size_t i = 0; i < conf->policy_count; i++) {
		const struct conf_policy *p = &conf->policies[i];

		if (!p->group_count)
			c->policy = i; /* `default`, unless one with groups fits */
		for (size_t k = 0; k < p->group_count; k++) {
			if (!policy_group_has(&conf->groups[p->groups[k]], addr, c->device))
				continue;
			c->group = p->groups[k];
			c->policy = i;
			return;
		}
	}
}

static size_t find_zone(const struct conf *conf, const char *interface)
{
	size_t other = POLICY_NONE;

	for (size_t i = 0; interface && i < conf->zone_count; i++) {
		const struct conf_zone *z = &conf->zones[i];

		for (size_t k = 0; k < z->interface_count; k++) {
			if (!strcmp(z->interfaces[k], interface))
				return i;
			if (!strcmp(z->interfaces[k], "*"))
				other = i;
		}
	}
	return other;
}

/* By its addresses alone one cannot tell: what comes in by another interface may lie. */
static bool is_gated_router(const struct conf *conf, const char *interface)
{
	return conf->gate.router != GATE_OFF && interface && !strcmp(interface, POLICY_LOOPBACK);
}

struct policy_client policy_find_client(const struct conf *conf, const struct addr *addr,
					const struct mac *mac, const char *interface)
{
	struct policy_client c = {
		.device = find_device(conf, addr, mac),
		.namesake = POLICY_NONE,
		.zone = find_zone(conf, interface),
		.router = is_gated_router(conf, interface),
	};

	policy_place(conf, addr, &c);
	return c;
}

enum conf_device_gate policy_device_gate(const struct conf *conf,
					 const struct policy_client *c)
{
	return c->device == POLICY_NONE || c->by_name ? DEVICE_AS_ZONE :
							conf->devices[c->device].gate;
}

bool policy_find_mode(const struct conf *conf, const struct policy_client *c,
		      enum conf_gate_mode *mode)
{
	enum conf_device_gate own = policy_device_gate(conf, c);

	if (c->router)
		*mode = conf->gate.router;
	else if (own != DEVICE_AS_ZONE)
		*mode = (enum conf_gate_mode)(own - DEVICE_OFF);
	else if (c->zone != POLICY_NONE)
		*mode = conf->zones[c->zone].gate;
	else
		return false;
	return true;
}

void policy_find_gate(const struct conf *conf, const struct policy_client *c, bool *gated,
		      bool *must_lease)
{
	const struct conf_zone *z = c->zone == POLICY_NONE ? NULL : &conf->zones[c->zone];
	enum conf_device_gate own = policy_device_gate(conf, c);

	if (c->router) {
		*gated = true;
		*must_lease = conf->gate.router == GATE_ENFORCE;
		return;
	}
	if (own == DEVICE_AS_ZONE) {
		*gated = z && z->gate != GATE_OFF;
		*must_lease = *gated && z->on_failure == FAILURE_SERVFAIL;
		return;
	}
	*gated = own == DEVICE_OBSERVE || own == DEVICE_ENFORCE;
	/* What a zone says of failure is meant for its own mode. */
	*must_lease = own == DEVICE_ENFORCE && (!z || z->gate != GATE_ENFORCE ||
						z->on_failure == FAILURE_SERVFAIL);
}

size_t policy_find_forward(const struct conf *conf, const struct dname *qname)
{
	size_t best = 0;
	unsigned best_len = 0;

	for (size_t i = 0; i < conf->forward_count; i++) {
		const struct conf_forward *f = &conf->forwards[i];

		if (f->suffix.len > best_len && dname_is_under(qname, &f->suffix)) {
			best = i;
			best_len = f->suffix.len;
		}
	}
	return best;
}

size_t policy_find_upstream(const struct conf *conf, const struct policy_client *c,
			    const struct dname *qname, uint8_t *view)
{
	const struct conf_policy *p = c->policy == POLICY_NONE ? NULL : &conf->policies[c->policy];
	const struct conf_forward *f = &conf->forwards[policy_find_forward(conf, qname)];
	bool own = p && p->has_upstream && f->suffix.len == 1 && p->upstream != f->upstream;

	if (view)
		*view = own ? (uint8_t)(p->upstream + 1) : 0;
	return own ? p->upstream : f->upstream;
}

/** The levels that lead to a rung: of entries in the policy's block lists, and in its
 *  allow lists, where every entry allows. LEVELS: none. */
static const struct {
	enum list_level block[2], allow[2];
	enum policy_action action;
} rungs[POLICY_RUNGS] = {
	[RUNG_ALLOW_IMPORTANT] = { { LEVEL_ALLOW_IMPORTANT, LEVELS },
				   { LEVEL_ALLOW_IMPORTANT, LEVEL_IMPORTANT },
				   POLICY_ALLOW },
	[RUNG_IMPORTANT] = { { LEVEL_IMPORTANT, LEVELS }, { LEVELS, LEVELS }, POLICY_BLOCK },
	[RUNG_ALLOW] = { { LEVEL_ALLOW, LEVELS }, { LEVEL_ALLOW, LEVEL_BLOCK }, POLICY_ALLOW },
	[RUNG_BLOCK] = { { LEVEL_BLOCK, LEVELS }, { LEVELS, LEVELS }, POLICY_BLOCK },
};

/** Of what all lists say, what leads to a rung. @return whether there is anything */
static bool rung_take(const struct conf_policy *p, enum policy_rung rung,
		      const uint64_t said[LEVELS], uint64_t out[LEVELS])
{
	uint64_t any = 0;

	memset(out, 0, LEVELS * sizeof(*out));
	for (unsigned i = 0; i < 2; i++) {
		enum list_level block = rungs[rung].block[i], allow = rungs[rung].allow[i];

		if (block < LEVELS)
			any |= out[block] |= said[block] & ~p->allow;
		if (allow < LEVELS)
			any |= out[allow] |= said[allow] & p->allow;
	}
	return any;
}

/** What all lists of a policy say of a name or an address. */
struct said {
	const struct conf_policy *policy;
	uint64_t wanted;
	struct list_asking ask;
	uint64_t of_client[LEVELS]; /* rpz-client-ip; part of by_level */
	uint64_t by_level[LEVELS];
};

/** Nothing said yet. @retval false  no list has to be asked */
static bool said_init(const struct conf *conf, const struct list_index *x,
		      const struct policy_asker *who, struct said *out)
{
	const struct policy_client *at = who->place;

	if (!x || at->policy == POLICY_NONE)
		return false;
	out->policy = &conf->policies[at->policy];
	out->wanted = out->policy->block | out->policy->allow;
	out->ask = (struct list_asking){
		.client = who->addr,
		.device = at->device == POLICY_NONE || at->is_weak ? NULL :
			  conf->devices[at->device].name,
		.group = at->group == POLICY_NONE || at->is_weak ? NULL :
			 conf->groups[at->group].name,
		.qtype = who->qtype,
	};
	return out->wanted;
}

/** Let what is said of the client stand first in its lists.
 *  draft-vixie-dnsop-dns-rpz-00 §5.2: client address, then name */
static uint64_t said_add_client(const struct list_index *x, struct said *s)
{
	uint64_t any = s->ask.client ? list_spans_find(x, s->ask.client, true, s->wanted,
						       s->of_client)
				     : 0;

	for (unsigned l = 0; any && l < LEVELS; l++)
		s->by_level[l] = (s->by_level[l] & ~any) | s->of_client[l];
	if (!any)
		memset(s->of_client, 0, sizeof(s->of_client));
	return any;
}

/** @retval false  nothing at all */
static bool said_of_name(const struct conf *conf, const struct list_index *x,
			 const struct policy_asker *who, const struct dname *qname,
			 struct said *out)
{
	uint64_t any;

	if (!said_init(conf, x, who, out))
		return false;
	any = list_index_find(x, qname, out->wanted, out->by_level);
	any |= list_sides_find(x, qname, &out->ask, out->wanted, out->by_level);
	return any | said_add_client(x, out);
}

static bool said_explain(const struct list_index *x, const struct dname *qname,
			 const struct said *said, const uint64_t taken[LEVELS],
			 struct list_match *match)
{
	uint64_t client[LEVELS], any = 0;

	for (unsigned l = 0; l < LEVELS; l++)
		any |= client[l] = said->of_client[l] & taken[l];
	if (any && list_spans_explain(x, said->ask.client, true, client, match))
		return true;
	return list_index_explain(x, qname, said->wanted, taken, match) ||
	       list_sides_explain(x, qname, &said->ask, said->wanted, taken, match);
}

/** The highest rung that is reached. @retval POLICY_RUNGS  none */
static enum policy_rung rung_find(const struct said *said, uint64_t taken[LEVELS])
{
	enum policy_rung rung = 0;

	while (rung < POLICY_RUNGS && !rung_take(said->policy, rung, said->by_level, taken))
		rung++;
	return rung;
}

const char *policy_list_name(const struct conf *conf, const struct list_match *match)
{
	return match->list == POLICY_BY_HOURS	 ? "(hours)" :
	       match->list == POLICY_BY_OVERRIDE ? "(override)" :
						   conf->lists[match->list].name;
}

/** What has been asked for at run time goes before all else.
 *  @return whether it decides, and what */
static bool is_overridden(const struct conf *conf, const struct policy_asker *who,
			  const struct dname *qname, struct list_match *match,
			  enum policy_action *out)
{
	const struct conf_override *o = overrides_find(who->overrides, conf, who, qname);

	if (!o)
		return false;
	*out = o->action == OVERRIDE_PAUSE ? POLICY_PASS :
	       o->action == OVERRIDE_ALLOW ? POLICY_ALLOW : POLICY_BLOCK;
	if (match && o->action != OVERRIDE_PAUSE)
		*match = (struct list_match){
			.list = POLICY_BY_OVERRIDE, .key = o->name, .subtree = true,
			.level = o->action == OVERRIDE_ALLOW ? LEVEL_ALLOW : LEVEL_BLOCK,
		};
	return true;
}

/** Outside of its hours a policy blocks all that it is asked about. */
static bool is_closed(const struct conf *conf, const struct policy_asker *who,
		      const struct dname *qname, struct list_match *match)
{
	if (who->place->policy == POLICY_NONE || !conf->policies[who->place->policy].closed)
		return false;
	if (match)
		*match = (struct list_match){ .list = POLICY_BY_HOURS, .key = *qname,
					      .level = LEVEL_BLOCK };
	return true;
}

bool policy_explain(const struct conf *conf, const struct list_index *x,
		    const struct policy_asker *asker, const struct dname *qname,
		    enum policy_rung rung, struct list_match *match)
{
	uint64_t taken[LEVELS];
	struct said said;

	return said_of_name(conf, x, asker, qname, &said) &&
	       rung_take(said.policy, rung, said.by_level, taken) &&
	       said_explain(x, qname, &said, taken, match);
}

enum policy_action policy_decide(const struct conf *conf, const struct list_index *x,
				 const struct policy_asker *asker, const struct dname *qname,
				 struct list_match *match)
{
	uint64_t taken[LEVELS];
	enum policy_rung rung;
	enum policy_action action;
	struct said said;

	if (is_overridden(conf, asker, qname, match, &action))
		return action;
	if (is_closed(conf, asker, qname, match))
		return POLICY_BLOCK;
	if (!said_of_name(conf, x, asker, qname, &said))
		return POLICY_PASS;
	rung = rung_find(&said, taken);
	if (rung == POLICY_RUNGS)
		return POLICY_PASS;
	if (match)
		said_explain(x, qname, &said, taken, match);
	return rungs[rung].action;
}

enum policy_action policy_decide_addr(const struct conf *conf, const struct list_index *x,
				      const struct policy_asker *asker,
				      const struct addr *addr, struct list_match *match)
{
	uint64_t taken[LEVELS];
	enum policy_rung rung;
	struct said said;

	if (overrides_find(asker->overrides, conf, asker, NULL) ||
	    !said_init(conf, x, asker, &said) ||
	    !list_spans_find(x, addr, false, said.wanted, said.by_level))
		return POLICY_PASS;
	rung = rung_find(&said, taken);
	if (rung == POLICY_RUNGS)
		return POLICY_PASS;
	list_spans_explain(x, addr, false, taken, match);
	return rungs[rung].action;
}

const char *policy_entry_text(const struct list_match *match, char *buf)
{
	return list_match_text(match, buf);
}
