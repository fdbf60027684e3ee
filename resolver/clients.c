/* Who asks; see clients.h. */
#include "resolver/clients.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/hash.h"
#include "local/local_image.h"
#include "resolver/heard.h"
#include "resolver/neighbour.h"
#include "resolver/policy_name.h"
#include "resolver/setup.h"

#define SLOTS	  4096 /* a power of two; a clash replaces the older client */
#define FRESH_MS  250  /* then the neighbour table is asked again */

struct slot {
	struct addr addr; /* family 0: free */
	uint32_t ifindex;
	uint32_t generation;
	uint64_t until_ms;
	struct client client;
};

struct clients {
	struct neighbour *neighbours; /* borrowed; may be NULL */
	const struct local_image *local; /* borrowed; may be NULL */
	struct heard *heard;		 /* owned */
	struct hash_key hash;
	struct slot slots[SLOTS];
};

int clients_new(struct neighbour *neighbours, struct clients **out)
{
	struct clients *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	if (heard_new(&c->heard)) {
		free(c);
		return -ENOMEM;
	}
	c->neighbours = neighbours;
	hash_key_init(&c->hash);
	*out = c;
	return 0;
}

void clients_free(struct clients *c)
{
	if (c)
		heard_free(c->heard);
	free(c);
}

static void set_device(const struct conf *conf, const struct addr *addr, const char *interface,
		       struct client *out)
{
	memset(&out->device, 0, sizeof(out->device));
	if (out->place.router) {
		out->device.kind = DEVICE_ROUTER;
		return;
	}
	if (interface && out->place.zone != POLICY_NONE &&
	    conf->zones[out->place.zone].lease_for == LEASE_FOR_ZONE) {
		out->device.kind = DEVICE_IFNAME;
		strncpy((char *)out->device.id, interface, sizeof(out->device.id) - 1);
		return;
	}
	if (out->has_mac) {
		out->device.kind = DEVICE_MAC;
		memcpy(out->device.id, out->mac.bytes, sizeof(out->mac.bytes));
		return;
	}
	out->device.kind = addr->family == AF_INET ? DEVICE_IP4 : DEVICE_IP6;
	memcpy(out->device.id, addr->bytes, sizeof(addr->bytes));
}

static bool is_any_gated(const struct conf *conf)
{
	for (size_t i = 0; i < conf->zone_count; i++)
		if (conf->zones[i].gate != GATE_OFF)
			return true;
	return false;
}

static bool is_device(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->device_count; i++)
		if (!strcmp(conf->devices[i].name, name))
			return true;
	return false;
}

/* What the client is called by its lease, which it chose itself. */
static const char *lease_name(const struct clients *c, const struct addr *addr,
			      const struct mac *mac)
{
	return local_image_label(c->local, mac, addr, clock_wall_us() / 1000000);
}

struct policy_client clients_place(const struct clients *c, const struct conf *conf,
				   const struct addr *addr, const struct mac *mac,
				   const char *interface)
{
	struct policy_client place = policy_find_client(conf, addr, mac, interface);

	policy_name_apply(conf, addr, lease_name(c, addr, mac), &place);
	return place;
}

/* Whether a name at home is another's: it leads to addresses, and not to this one. */
static bool is_anothers(const struct clients *c, const struct dname *name, const struct addr *addr)
{
	struct local_match m;

	if (!local_image_find(c->local, name, &m))
		return false;
	for (unsigned i = 0; i < m.count; i++) {
		struct local_rr rr = local_match_at(&m, i);

		if (rr.len == addr_len(addr) && !memcmp(rr.data, addr->bytes, rr.len))
			return false;
	}
	return true;
}

/* What it calls itself by mDNS, if nobody else at home is called that. */
static const char *heard_name(const struct clients *c, const struct conf *conf,
			      const struct addr *addr, const struct mac *mac)
{
	const struct addr *of = addr;
	const char *label = heard_find(c->heard, mac, addr, clock_mono_ms(), &of);
	struct dname name;

	if (!*label || dname_from_text(label, &name) || is_anothers(c, &name, of))
		return "";
	for (size_t i = 0; i < conf->local_count; i++) {
		const struct dname *suffix = &conf->locals[i].suffix;
		struct dname whole = name;
		size_t host = name.len - 1u;

		if (host + suffix->len > DNAME_MAX)
			continue;
		memcpy(whole.wire + host, suffix->wire, suffix->len);
		whole.len = (uint8_t)(host + suffix->len);
		if (is_anothers(c, &whole, of))
			return "";
	}
	return label;
}

/* What a client calls itself must not pass for a device of the configuration. */
const char *clients_label(const struct clients *c, const struct conf *conf,
			  const struct policy_client *place, const struct addr *addr,
			  const struct mac *mac)
{
	const char *label;

	if (place->device != POLICY_NONE)
		return conf->devices[place->device].name;
	label = lease_name(c, addr, mac);
	if (!*label)
		label = heard_name(c, conf, addr, mac);
	return is_device(conf, label) ? "" : label;
}

static const struct mac *known_mac(struct clients *c, const struct addr *a, uint32_t ifindex,
				   struct mac *buf)
{
	return c->neighbours && neighbour_known(c->neighbours, a, ifindex, buf) ? buf : NULL;
}

void clients_hear(struct clients *c, const struct msg_heard *m, uint64_t now_ms)
{
	struct mac macs[2];
	struct heard_say say = {
		.from = &m->from, .addr = &m->addr, .name = m->name, .ttl_s = m->ttl_s,
		.from_mac = known_mac(c, &m->from, m->ifindex, &macs[0]),
		.mac = known_mac(c, &m->addr, m->ifindex, &macs[1]),
	};

	heard_put(c->heard, &say, now_ms);
}

struct heard *clients_heard(struct clients *c)
{
	return c->heard;
}

void clients_set_local(struct clients *c, const struct local_image *x)
{
	c->local = x;
	clients_flush(c);
}

/* Of a question to one of its own addresses the kernel says it came in by the interface that
 * has the address. It is sent from the same one, by which nobody else can be answered. */
static bool is_own_question(const struct conf *conf, const struct asker *asker)
{
	return conf->gate.router != GATE_OFF && addr_equal(&asker->from.addr, &asker->to);
}

static void identify(struct clients *c, const struct setup *setup, const struct asker *asker,
		     uint64_t now_ms, struct client *out)
{
	const struct conf *conf = setup->conf;
	const struct addr *addr = &asker->from.addr;
	enum neighbour_found found = NEIGHBOUR_NONE;
	const char *interface = NULL;

	memset(out, 0, sizeof(*out));
	if (c->neighbours) {
		interface = neighbour_interface(c->neighbours, asker->ifindex, now_ms);
		found = neighbour_lookup(c->neighbours, addr, asker->ifindex, now_ms, &out->mac);
		out->has_mac = found == NEIGHBOUR_KNOWN;
		out->is_awaited = found == NEIGHBOUR_AWAITED;
	}
	if (is_own_question(conf, asker))
		interface = POLICY_LOOPBACK;
	out->place = clients_place(c, conf, addr, out->has_mac ? &out->mac : NULL, interface);
	snprintf(out->label, sizeof(out->label), "%s",
		 clients_label(c, conf, &out->place, addr, out->has_mac ? &out->mac : NULL));
	policy_find_gate(conf, &out->place, &out->gated, &out->must_lease);
	if (!interface && !out->gated)
		out->gated = is_any_gated(conf); /* as it may be: a lease does no harm */
	out->who = (struct msg_client){ *addr, out->has_mac, out->mac };
	set_device(conf, addr, interface, out);
}

void clients_find(struct clients *c, const struct setup *setup, const struct asker *asker,
		  uint64_t now_ms, struct client *out)
{
	const struct addr *addr = &asker->from.addr;
	struct slot *s = &c->slots[hash_bytes(&c->hash, addr, sizeof(*addr)) & (SLOTS - 1)];

	if (!addr_equal(&s->addr, addr) || s->ifindex != asker->ifindex ||
	    s->generation != setup->generation || s->until_ms <= now_ms) {
		s->addr = *addr;
		s->ifindex = asker->ifindex;
		s->generation = setup->generation;
		identify(c, setup, asker, now_ms, &s->client);
		s->until_ms = s->client.is_awaited ? now_ms : now_ms + FRESH_MS;
	}
	*out = s->client;
}

bool clients_recent(const struct clients *c, const struct setup *setup,
		    const struct addr *addr, struct client *out)
{
	const struct slot *s = &c->slots[hash_bytes(&c->hash, addr, sizeof(*addr)) & (SLOTS - 1)];

	if (!addr_equal(&s->addr, addr) || s->generation != setup->generation)
		return false;
	*out = s->client;
	return true;
}

const struct msg_device *client_lease_device(const struct client *c)
{
	static const struct msg_device nobody = { .kind = DEVICE_NONE };

	return c->gated ? &c->device : &nobody;
}

void clients_flush(struct clients *c)
{
	memset(c->slots, 0, sizeof(c->slots));
}
