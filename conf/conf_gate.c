/* What the values of gate, zones, devices and local blocks mean together; pure functions over struct conf. */
#include <netinet/in.h>
#include <string.h>

#include "conf/conf.h"

#define PORT_DNS 53

static bool zone_wants_rules(const struct conf_zone *z)
{
	return z->gate != GATE_OFF || z->refuse_dot || z->redirect_dns || z->has_reach ||
	       z->refuse_lists;
}

bool conf_wants_gate(const struct conf *c)
{
	for (size_t i = 0; i < c->zone_count; i++)
		if (zone_wants_rules(&c->zones[i]))
			return true;
	for (size_t i = 0; i < c->device_count; i++)
		if (c->devices[i].gate >= DEVICE_OBSERVE)
			return true;
	return c->gate.router != GATE_OFF;
}

uint64_t conf_refused_lists(const struct conf *c)
{
	uint64_t lists = 0;

	for (size_t i = 0; i < c->zone_count; i++)
		lists |= c->zones[i].refuse_lists;
	return lists;
}

bool conf_wants_local(const struct conf *c)
{
	return c->local_count || c->host_count || c->cname_count;
}

static bool is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (a->family == AF_INET)
		return a->bytes[0] == 127;
	return !memcmp(a->bytes, one, sizeof(one));
}

const struct conf_listen *conf_redirect_target(const struct conf *c, const struct conf_zone *z,
					       int family)
{
	const struct conf_listen *first = NULL;

	for (size_t i = 0; i < c->listen_count; i++) {
		const struct conf_listen *l = &c->listens[i];

		/* a link-local one may be there on each link: nothing that rules could name */
		if (l->at.port != PORT_DNS || l->at.addr.family != family ||
		    is_loopback(&l->at.addr) || addr_needs_scope(&l->at.addr))
			continue;
		if (!strcmp(l->name, z->name))
			return l;
		if (!first)
			first = l;
	}
	return first;
}

bool conf_fill_has(const struct conf_fill *f, const struct dname *name)
{
	return dname_is_under(name, &f->suffix) && (f->subtree || name->len == f->suffix.len);
}

bool conf_wants_fill(const struct conf *c, const struct dname *name)
{
	for (size_t i = 0; i < c->gate.fill_count; i++)
		if (conf_fill_has(&c->gate.fills[i], name))
			return true;
	return false;
}
