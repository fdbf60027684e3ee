/* Questions to the configuration's gate; see gate_conf.h. */
#include "cli/gate_conf.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/util.h"

#define PORT_DOT 853 /* DNS over TLS, and over QUIC */

bool gate_conf_is_router(const struct conf *conf, const char *interface)
{
	return conf->gate.router != GATE_OFF && strcmp(interface, "lo") == 0;
}

size_t gate_conf_zone(const struct conf *conf, const char *interface)
{
	size_t rest = GATE_CONF_NONE;

	if (gate_conf_is_router(conf, interface))
		return GATE_CONF_NONE;
	for (size_t i = 0; i < conf->zone_count; i++) {
		const struct conf_zone *z = &conf->zones[i];

		for (size_t k = 0; k < z->interface_count; k++) {
			if (strcmp(z->interfaces[k], interface) == 0)
				return i;
			if (strcmp(z->interfaces[k], "*") == 0)
				rest = i;
		}
	}
	return rest;
}

size_t gate_conf_zone_named(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->zone_count; i++) {
		if (strcmp(conf->zones[i].name, name) == 0)
			return i;
	}
	return GATE_CONF_NONE;
}

static bool has_address(const struct conf_device *d, const struct addr *addr)
{
	for (size_t i = 0; i < d->addr_count; i++) {
		if (addr_equal(&d->addrs[i], addr))
			return true;
	}
	return false;
}

static bool has_mac(const struct conf_device *d, const struct mac *mac)
{
	for (size_t i = 0; i < d->mac_count; i++) {
		if (memcmp(&d->macs[i], mac, sizeof(*mac)) == 0)
			return true;
	}
	return false;
}

size_t gate_conf_device(const struct conf *conf, const char *text)
{
	struct addr addr;
	struct mac mac;
	bool is_mac = mac_from_text(text, &mac) == 0;

	if (!is_mac && addr_from_text(text, &addr) < 0)
		return GATE_CONF_NONE;
	for (size_t i = 0; i < conf->device_count; i++) {
		const struct conf_device *d = &conf->devices[i];

		if (is_mac ? has_mac(d, &mac) : has_address(d, &addr))
			return i;
	}
	return GATE_CONF_NONE;
}

int gate_conf_mode(const struct conf *conf, size_t zone, size_t device)
{
	if (device != GATE_CONF_NONE && conf->devices[device].gate != DEVICE_AS_ZONE)
		return (int)(conf->devices[device].gate - DEVICE_OFF);
	return zone == GATE_CONF_NONE ? -1 : (int)conf->zones[zone].gate;
}

/* --- exceptions and refusals, in the order of the rules -------------------------------- */

const struct addr_net *gate_conf_deny(const struct conf *conf, const struct addr *dest)
{
	for (size_t i = 0; i < conf->gate.deny_count; i++) {
		if (addr_net_has(&conf->gate.denies[i], dest))
			return &conf->gate.denies[i];
	}
	return NULL;
}

static bool is_allowed_by(const struct conf_gate_allow *a, const struct gate_conf_flow *f)
{
	if (a->closed)
		return false;
	if (a->has_mac)
		return f->mac && memcmp(&a->mac, f->mac, sizeof(a->mac)) == 0;
	if (a->proto)
		return a->proto == f->proto && f->port >= a->port_first &&
		       f->port <= a->port_last;
	return a->net.addr.family && addr_net_has(&a->net, f->dest);
}

static const struct conf_gate_allow *first_of(const struct conf_gate_allow *allows, size_t count,
					      const struct gate_conf_flow *f)
{
	for (size_t i = 0; i < count; i++) {
		if (is_allowed_by(&allows[i], f))
			return &allows[i];
	}
	return NULL;
}

const struct conf_gate_allow *gate_conf_allow(const struct conf *conf,
					      const struct gate_conf_flow *f)
{
	const struct conf_gate_allow *found = NULL;

	if (gate_conf_deny(conf, f->dest))
		return NULL;
	if (f->zone != GATE_CONF_NONE)
		found = first_of(conf->zones[f->zone].allows, conf->zones[f->zone].allow_count, f);
	return found ? found : first_of(conf->gate.allows, conf->gate.allow_count, f);
}

static const struct conf_gate_allow *spare_of(const struct conf_gate_allow *allows, size_t count,
					      const struct addr *dest)
{
	for (size_t i = 0; i < count; i++) {
		const struct conf_gate_allow *a = &allows[i];

		if (!a->closed && !a->has_mac && !a->proto && a->net.addr.family &&
		    addr_net_has(&a->net, dest))
			return a;
	}
	return NULL;
}

const struct conf_gate_allow *gate_conf_spare(const struct conf *conf, size_t zone,
					      const struct addr *dest)
{
	const struct conf_gate_allow *a =
		spare_of(conf->gate.allows, conf->gate.allow_count, dest);

	if (a || zone == GATE_CONF_NONE)
		return a;
	return spare_of(conf->zones[zone].allows, conf->zones[zone].allow_count, dest);
}

/* Whether a zone names this interface: `*` does not. */
static bool names_interface(const struct conf_zone *z, const char *interface)
{
	for (size_t i = 0; i < z->interface_count; i++) {
		if (strcmp(z->interfaces[i], interface) == 0)
			return true;
	}
	return false;
}

size_t gate_conf_zone_of(const struct conf *conf, const char *interface)
{
	for (size_t i = 0; i < conf->zone_count; i++) {
		if (names_interface(&conf->zones[i], interface))
			return i;
	}
	return GATE_CONF_NONE;
}

static bool is_reached(const struct conf *conf, const struct conf_zone *from, const char *out)
{
	if (names_interface(from, out))
		return true;
	for (size_t i = 0; i < from->reach_count; i++) {
		if (names_interface(&conf->zones[from->reach[i]], out))
			return true;
	}
	return from->reach_internet && gate_conf_zone_of(conf, out) == GATE_CONF_NONE;
}

bool gate_conf_is_shut(const struct conf *conf, const struct gate_conf_flow *f)
{
	const struct conf_zone *z;

	if (f->device != GATE_CONF_NONE && conf->devices[f->device].gate == DEVICE_QUARANTINE)
		return true;
	if (f->zone == GATE_CONF_NONE)
		return false;
	z = &conf->zones[f->zone];
	if (z->has_reach && f->out && !is_reached(conf, z, f->out))
		return true;
	return z->refuse_dot && f->proto && f->port == PORT_DOT;
}

enum gate_conf_fate gate_conf_fate(const struct conf *conf, const struct gate_conf_flow *f)
{
	if (gate_conf_is_shut(conf, f))
		return FATE_REFUSED;
	if (gate_conf_mode(conf, GATE_CONF_NONE, f->device) == GATE_OFF)
		return FATE_PASSES;
	if (gate_conf_deny(conf, f->dest))
		return FATE_REFUSED;
	return gate_conf_allow(conf, f) ? FATE_PASSES : FATE_BY_LEASE;
}

void gate_conf_reach_text(const struct conf *conf, size_t zone, char *buf, size_t size)
{
	const struct conf_zone *z = &conf->zones[zone];
	size_t len = (size_t)snprintf(buf, size, "%s", z->reach_internet ? "internet" : "");

	for (size_t i = 0; i < z->reach_count && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? " " : "",
					conf->zones[z->reach[i]].name);
}

/* --- texts ---------------------------------------------------------------------------- */

const char *gate_conf_allow_text(const struct conf *conf, const struct conf_gate_allow *a,
				 char *buf)
{
	const char *proto = a->proto == IPPROTO_TCP ? "tcp" : "udp";
	char net[ADDR_NET_TEXT_MAX], mac[MAC_TEXT_MAX];
	size_t len;

	if (a->has_mac)
		snprintf(buf, GATE_CONF_LINE_MAX, "allow mac %s", mac_to_text(&a->mac, mac));
	else if (!a->proto)
		snprintf(buf, GATE_CONF_LINE_MAX, "allow %s", addr_net_to_text(&a->net, net));
	else if (a->port_first == a->port_last)
		snprintf(buf, GATE_CONF_LINE_MAX, "allow %s %u", proto, a->port_first);
	else
		snprintf(buf, GATE_CONF_LINE_MAX, "allow %s %u-%u", proto, a->port_first,
			 a->port_last);
	len = strlen(buf);
	if (a->window != SIZE_MAX)
		snprintf(buf + len, GATE_CONF_LINE_MAX - len, " during %s",
			 conf->windows[a->window].name);
	return buf;
}

int64_t gate_conf_lease_s(const struct conf *conf, int64_t ttl_s)
{
	const struct conf_gate *g = &conf->gate;

	return MIN(MAX(ttl_s, (int64_t)g->lease_min_s), (int64_t)g->lease_max_s) + g->grace_s;
}
