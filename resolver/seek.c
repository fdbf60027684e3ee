/* Who a text of the user means; see seek.h. */
#include "resolver/seek.h"

#include <string.h>

#include "lib/clock.h"
#include "local/local_image.h"
#include "resolver/clients.h"
#include "resolver/heard.h"
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

/* More of what is known in part. @return whether anything is */
static bool seek_rest(struct resolver *r, struct sought *out)
{
	if (out->has_mac)
		seek(r, NULL, &out->mac, out);
	else if (out->addr.family)
		seek(r, &out->addr, NULL, out);
	return out->has_mac || out->addr.family;
}

/* Who has one of these names by its lease. Walks all leases. */
static bool seek_leases(struct resolver *r, char *const *names, size_t count,
			struct sought *out)
{
	int64_t now_s = clock_wall_us() / 1000000;
	struct local_label_row row;

	for (size_t i = 0; i < local_image_labels(r->local); i++) {
		size_t k = 0;

		local_image_label_at(r->local, i, &row);
		while (k < count && strcmp(names[k], row.text) != 0)
			k++;
		if (k == count || (row.until_s && row.until_s <= now_s))
			continue;
		if (row.addr.family) {
			out->addr = row.addr;
		} else {
			out->mac = row.mac;
			out->has_mac = true;
		}
	}
	return seek_rest(r, out);
}

/* Who says so by mDNS. */
static bool seek_heard(struct resolver *r, const char *name, struct sought *out)
{
	struct heard_row row;

	for (size_t i = 0; i < HEARD_MAX; i++) {
		if (!heard_at(clients_heard(r->clients), i, clock_mono_ms(), &row) ||
		    strcmp(row.name, name) != 0)
			continue;
		out->addr = row.addr;
		out->mac = row.mac;
		out->has_mac = row.has_mac;
		break;
	}
	return seek_rest(r, out);
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
	return d->mac_count || d->addr_count || seek_leases(r, d->dhcp_names, d->dhcp_name_count, out);
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
		return seek_leases(r, (char *const[]){ (char *)text }, 1, out) ||
		       seek_heard(r, text, out);
	addr_from_text("127.0.0.1", &out->addr);
	out->interface = POLICY_LOOPBACK;
	return true;
}
