/* Who is answered; see access.h. */
#include "resolver/access.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/util.h"

struct access {
	struct {
		struct addr_net net;
		uint32_t ifindex;
	} nets[ACCESS_NETS]; /* of interfaces that have a private address */
	unsigned count;
	bool has_looked;
	uint64_t looked_ms;
};

static bool is_in(const struct addr_net *nets, size_t count, const struct addr *a)
{
	for (size_t i = 0; i < count; i++)
		if (addr_net_has(&nets[i], a))
			return true;
	return false;
}

bool access_is_loopback(const struct addr *a)
{
	static const struct addr_net nets[] = {
		{ { AF_INET, { 127 } }, 8 },
		{ { AF_INET6, { [15] = 1 } }, 128 },
	};

	return is_in(nets, ARRAY_SIZE(nets), a);
}

static bool is_link_local(const struct addr *a)
{
	static const struct addr_net nets[] = {
		{ { AF_INET, { 169, 254 } }, 16 },
		{ { AF_INET6, { 0xfe, 0x80 } }, 10 },
	};

	return is_in(nets, ARRAY_SIZE(nets), a);
}

int access_new(struct access **out)
{
	struct access *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	*out = a;
	return 0;
}

void access_free(struct access *a)
{
	free(a);
}

/* --- interfaces --------------------------------------------------------------------------- */

static bool read_address(const struct ifaddrs *i, struct addr *out)
{
	struct addr_port at;

	if (!i->ifa_addr || !(i->ifa_flags & IFF_UP) ||
	    addr_port_from_sockaddr(i->ifa_addr, &at))
		return false;
	*out = at.addr;
	return true;
}

static bool is_at_home(const struct ifaddrs *all, const char *name)
{
	struct addr a;

	for (const struct ifaddrs *i = all; i; i = i->ifa_next)
		if (!strcmp(i->ifa_name, name) && read_address(i, &a) && addr_is_private(&a))
			return true;
	return false;
}

/* The network of an address by its mask, whose bits are read up to the first that is clear. */
static struct addr_net net_of(const struct addr *a, const struct sockaddr *mask)
{
	const struct sockaddr_in *four = (const void *)mask;
	const struct sockaddr_in6 *six = (const void *)mask;
	size_t len = addr_len(a);
	struct addr_net net = { .addr = *a };
	uint8_t bits[16] = { 0 };

	memcpy(bits, len == 4 ? (const void *)&four->sin_addr : &six->sin6_addr, len);
	while (net.prefix < 8 * len && bits[net.prefix / 8] & 0x80 >> net.prefix % 8)
		net.prefix++;
	for (size_t bit = net.prefix; bit < 8 * len; bit++)
		net.addr.bytes[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
	return net;
}

static void look(struct access *a)
{
	struct ifaddrs *all;
	struct addr addr;

	if (getifaddrs(&all))
		return; /* as it was */
	a->count = 0;
	for (const struct ifaddrs *i = all; i && a->count < ACCESS_NETS; i = i->ifa_next) {
		if (!i->ifa_netmask || !read_address(i, &addr) || !is_at_home(all, i->ifa_name))
			continue;
		a->nets[a->count].net = net_of(&addr, i->ifa_netmask);
		a->nets[a->count++].ifindex = if_nametoindex(i->ifa_name);
	}
	freeifaddrs(all);
}

/* On an interface at home: a neighbour there. */
static bool is_neighbour(const struct access *a, const struct asker *asker)
{
	bool link_local = is_link_local(&asker->from.addr);

	for (unsigned i = 0; i < a->count; i++) {
		if (a->nets[i].ifindex != asker->ifindex)
			continue;
		if (link_local || addr_net_has(&a->nets[i].net, &asker->from.addr))
			return true;
	}
	return false;
}

/* --- judgement ---------------------------------------------------------------------------- */

bool access_allows(struct access *a, const struct conf_clients *conf,
		   const struct asker *asker, uint64_t now_ms)
{
	const struct addr *from = &asker->from.addr;

	/* From an address to itself: this host, which loopback's rule is for as well. By wire no
	 * such packet is taken (own_source.c). */
	if (access_is_loopback(from) || addr_equal(from, &asker->to) ||
	    is_in(conf->nets, conf->net_count, from))
		return true;
	if (conf->net_count)
		return false;
	if (addr_is_private(from) || is_neighbour(a, asker))
		return true;
	if (a->has_looked && now_ms - a->looked_ms < ACCESS_LOOK_MS)
		return false;
	a->has_looked = true;
	a->looked_ms = now_ms;
	look(a);
	return is_neighbour(a, asker);
}

bool access_is_forged(const struct asker *asker)
{
	/* echo, discard, daytime, quotd, chargen, time, domain, kpasswd */
	static const uint16_t ports[] = { 0, 7, 9, 13, 17, 19, 37, 53, 464 };
	const struct addr *a = &asker->from.addr;

	if (asker->tcp)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		if (asker->from.port == ports[i])
			return true;
	if (a->family == AF_INET) /* 0.0.0.0/8, multicast, reserved, broadcast */
		return a->bytes[0] == 0 || a->bytes[0] >= 224;
	return a->bytes[0] == 0xff || is_in(&(struct addr_net){ { AF_INET6, { 0 } }, 128 }, 1, a);
}
