/* Who a text of the user means; see seek.h. */
#include "resolver/seek.h"

#include <string.h>

#include "lib/clock.h"
#include "resolver/neighbour.h"
#include "resolver/policy.h"
#include "resolver/setup.h"
#include "resolver/state.h"

static bool seek(struct resolver *r, const struct addr *a, const struct mac *mac,
		 struct sought *out)
{
	if (!r->neighbours || !neighbour_search(r->neighbours, a, mac, clock_mono_ms(),
						&out->addr, &out->mac, &out->interface))
		return false;
	out->has_mac = true;
	return true;
}

static bool seek_device(struct resolver *r, const struct conf_device *d, struct sought *out)
{
	if (d->addr_count)
		out->addr = d->addrs[0];
	if (d->mac_count)
		out->mac = d->macs[0];
	out->has_mac = d->mac_count;
	for (size_t i = 0; i < d->mac_count; i++)
		if (seek(r, NULL, &d->macs[i], out))
			return true;
	for (size_t i = 0; i < d->addr_count; i++)
		if (seek(r, &d->addrs[i], NULL, out))
			return true;
	return true;
}

bool seek_client(struct resolver *r, const char *text, struct sought *out)
{
	const struct conf *conf = r->current->conf;
	struct addr addr;

	*out = (struct sought){ 0 };
	if (!addr_from_text(text, &addr)) {
		out->addr = addr;
		seek(r, &addr, NULL, out);
		return true;
	}
	if (!mac_from_text(text, &out->mac)) {
		out->has_mac = true;
		seek(r, NULL, &out->mac, out);
		return true;
	}
	for (size_t i = 0; i < conf->device_count; i++)
		if (!strcmp(conf->devices[i].name, text))
			return seek_device(r, &conf->devices[i], out);
	if (strcmp(text, "router") != 0)
		return false;
	addr_from_text("127.0.0.1", &out->addr);
	out->interface = POLICY_LOOPBACK;
	return true;
}
