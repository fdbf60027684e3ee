/* Withdrawals as the command line wants them; see withdraw.h. */
#include "resolver/withdraw.h"

#include <string.h>

#include "conf/conf.h"
#include "lib/dname.h"
#include "resolver/clients.h"
#include "resolver/policy.h"
#include "resolver/seek.h"
#include "resolver/setup.h"
#include "resolver/state.h"

struct wish {
	struct addr dest;  /* family 0: any */
	struct dname name; /* len 0: any */
	bool kill;
	struct msg_buf *out;
};

/* @param device  NULL: all. A message has room for as many as a device can have */
static bool add(const struct wish *w, const struct msg_device *device)
{
	struct msg_holder *m =
		msg_buf_add(w->out, MSG_WITHDRAW, sizeof(struct msg_holder) + w->name.len);

	if (!m)
		return false;
	m->all = !device;
	if (device)
		m->device = *device;
	m->kill = w->kill;
	m->deep = 1;
	m->dest = w->dest;
	m->name_len = w->name.len;
	memcpy(m->name, w->name.wire, w->name.len);
	return true;
}

static bool add_mac(const struct wish *w, const struct mac *mac)
{
	struct msg_device d = { .kind = DEVICE_MAC };

	memcpy(d.id, mac->bytes, sizeof(mac->bytes));
	return add(w, &d);
}

static bool add_addr(const struct wish *w, const struct addr *addr)
{
	struct msg_device d = { .kind = addr->family == AF_INET ? DEVICE_IP4 : DEVICE_IP6 };

	memcpy(d.id, addr->bytes, sizeof(addr->bytes));
	return add(w, &d);
}

static bool add_interface(const struct wish *w, const char *interface)
{
	struct msg_device d = { .kind = DEVICE_IFNAME };

	if (strlen(interface) >= sizeof(d.id))
		return true;
	memcpy(d.id, interface, strlen(interface));
	return add(w, &d);
}

/* All that leases of a client may be keyed by, those that it shares included. */
static bool add_client(struct resolver *r, const struct wish *w, const struct sought *s)
{
	const struct conf *conf = r->current->conf;
	struct policy_client place = clients_place(
		r->clients, conf, &s->addr, s->has_mac ? &s->mac : NULL, s->interface);
	const struct conf_device *d =
		place.device == POLICY_NONE ? NULL : &conf->devices[place.device];
	const struct msg_device router = { .kind = DEVICE_ROUTER };
	bool fits = (!place.router || add(w, &router)) && (!s->has_mac || add_mac(w, &s->mac)) &&
		    (!s->addr.family || add_addr(w, &s->addr)) &&
		    (!s->interface || add_interface(w, s->interface));

	for (size_t i = 0; d && i < d->mac_count; i++)
		fits = fits && add_mac(w, &d->macs[i]);
	for (size_t i = 0; d && i < d->addr_count; i++)
		fits = fits && add_addr(w, &d->addrs[i]);
	return fits;
}

const char *withdraw_read(struct resolver *r, char *const *words, struct msg_buf *out)
{
	struct wish w = { .out = out };
	struct sought s;

	msg_buf_reset(out);
	if (!words[0] || !words[1] || (words[2] && strcmp(words[2], "kill") != 0))
		return "usage: gate withdraw NAME|ADDRESS|* CLIENT|- [kill]";
	w.kill = words[2] != NULL;
	if (strcmp(words[0], "*") != 0 && addr_from_text(words[0], &w.dest) &&
	    dname_from_text(words[0], &w.name))
		return "neither a name nor an address";
	dname_lower(&w.name);
	if (!strcmp(words[1], "-")) {
		if (!w.dest.family && !w.name.len)
			return "which name, address or client?";
		add(&w, NULL);
		return NULL;
	}
	if (!r->current || !seek_client(r, words[1], &s))
		return "no such client: neither an address nor a device, and nobody has that name";
	return add_client(r, &w, &s) ? NULL : "the device has too many addresses";
}
