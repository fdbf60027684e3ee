/* Questions to the configuration's gate; see gate_conf.h. */
#include "cli/gate_conf.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/util.h"

size_t gate_conf_zone(const struct conf *conf, const char *interface)
{
	size_t rest = GATE_CONF_NONE;

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

static bool is_allowed_by(const struct conf_gate_allow *a, const struct addr *dest,
			  uint8_t proto, uint16_t port)
{
	if (a->proto)
		return a->proto == proto && port >= a->port_first && port <= a->port_last;
	return a->net.addr.family && addr_net_has(&a->net, dest);
}

const struct conf_gate_allow *gate_conf_allow(const struct conf *conf, const struct addr *dest,
					      uint8_t proto, uint16_t port)
{
	for (size_t i = 0; i < conf->gate.allow_count; i++) {
		if (is_allowed_by(&conf->gate.allows[i], dest, proto, port))
			return &conf->gate.allows[i];
	}
	return NULL;
}

const char *gate_conf_allow_text(const struct conf_gate_allow *a, char *buf)
{
	const char *proto = a->proto == IPPROTO_TCP ? "tcp" : "udp";
	char net[ADDR_NET_TEXT_MAX];

	if (!a->proto)
		snprintf(buf, GATE_CONF_LINE_MAX, "allow %s", addr_net_to_text(&a->net, net));
	else if (a->port_first == a->port_last)
		snprintf(buf, GATE_CONF_LINE_MAX, "allow %s %u", proto, a->port_first);
	else
		snprintf(buf, GATE_CONF_LINE_MAX, "allow %s %u-%u", proto, a->port_first,
			 a->port_last);
	return buf;
}

int64_t gate_conf_lease_s(const struct conf *conf, int64_t ttl_s)
{
	const struct conf_gate *g = &conf->gate;

	return MIN(MAX(ttl_s, (int64_t)g->lease_min_s), (int64_t)g->lease_max_s) + g->grace_s;
}
