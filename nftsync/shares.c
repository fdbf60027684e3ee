/* Interfaces that share leases; see shares.h. */
#include "nftsync/shares.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"

struct sharer {
	uint32_t first, count; /* of its zone, in devices */
	uint32_t ifindex;      /* 0: it is not there */
};

struct shares {
	size_t count;
	struct msg_device *devices; /* owned; those of a zone stand together */
	struct sharer *sharers;	    /* owned; of the device of that index */
};

static size_t count_all(const struct conf *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->zone_count; i++)
		if (c->zones[i].lease_for == LEASE_FOR_ZONE)
			n += c->zones[i].interface_count;
	return n;
}

static void add_zone(struct shares *s, const struct conf_zone *z)
{
	uint32_t first = (uint32_t)s->count;

	for (size_t i = 0; i < z->interface_count; i++, s->count++) {
		struct msg_device *d = &s->devices[s->count];

		d->kind = DEVICE_IFNAME;
		strncpy((char *)d->id, z->interfaces[i], sizeof(d->id) - 1);
		s->sharers[s->count] = (struct sharer){
			.first = first, .count = (uint32_t)z->interface_count,
		};
	}
}

int shares_new(const struct conf *c, struct shares **out)
{
	size_t n = count_all(c);
	struct shares *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->devices = calloc(n + 1, sizeof(s->devices[0]));
	s->sharers = calloc(n + 1, sizeof(s->sharers[0]));
	if (!s->devices || !s->sharers) {
		shares_free(s);
		return -ENOMEM;
	}
	for (size_t i = 0; i < c->zone_count; i++)
		if (c->zones[i].lease_for == LEASE_FOR_ZONE)
			add_zone(s, &c->zones[i]);
	*out = s;
	return 0;
}

void shares_free(struct shares *s)
{
	if (!s)
		return;
	free(s->devices);
	free(s->sharers);
	free(s);
}

size_t shares_of(const struct shares *s, const struct msg_device *device,
		 const struct msg_device **out)
{
	for (size_t i = 0; s && device->kind == DEVICE_IFNAME && i < s->count; i++) {
		if (memcmp(&s->devices[i], device, sizeof(*device)) != 0)
			continue;
		*out = &s->devices[s->sharers[i].first];
		return s->sharers[i].count;
	}
	*out = device;
	return 1;
}

void shares_look(struct shares *s)
{
	for (size_t i = 0; s && i < s->count; i++)
		s->sharers[i].ifindex = if_nametoindex((const char *)s->devices[i].id);
}

const struct msg_device *shares_by_index(const struct shares *s, uint32_t ifindex)
{
	for (size_t i = 0; s && ifindex && i < s->count; i++)
		if (s->sharers[i].ifindex == ifindex)
			return &s->devices[i];
	return NULL;
}
