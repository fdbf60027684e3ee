/* What lies at home; see home.h. */
#include "lib/home.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/util.h"

void home_add(struct home *h, const struct addr *a, unsigned prefix, bool is_lan)
{
	unsigned bits = (unsigned)addr_len(a) * 8;
	struct addr_net n = { .addr = *a };

	if (!addr_is_public(a) || h->count == HOME_NETS_MAX)
		return; /* what is not public is home anyway */
	n.prefix = (uint8_t)(is_lan ? MIN(prefix, bits) : bits);
	for (unsigned i = n.prefix; i < bits; i++)
		n.addr.bytes[i / 8] &= (uint8_t)~(0x80u >> i % 8);
	h->nets[h->count++] = n;
}

static unsigned prefix_of(const struct sockaddr *mask)
{
	const uint8_t *bytes;
	unsigned n = 0, len;

	if (!mask)
		return 128;
	len = mask->sa_family == AF_INET ? 4 : 16;
	bytes = len == 4 ? (const void *)&((const struct sockaddr_in *)mask)->sin_addr :
			   (const void *)&((const struct sockaddr_in6 *)mask)->sin6_addr;
	while (n < len * 8 && bytes[n / 8] & 0x80u >> n % 8)
		n++;
	return n;
}

static bool address_of(const struct ifaddrs *i, struct addr *out)
{
	struct addr_port p;

	if (!i->ifa_addr || addr_port_from_sockaddr(i->ifa_addr, &p))
		return false;
	*out = p.addr;
	return true;
}

static bool is_lan(const struct ifaddrs *all, const char *name)
{
	struct addr a;

	for (const struct ifaddrs *i = all; i; i = i->ifa_next)
		if (!strcmp(i->ifa_name, name) && address_of(i, &a) && addr_is_private(&a))
			return true;
	return false;
}

void home_refresh(struct home *h, uint64_t now_ms)
{
	struct ifaddrs *all;
	struct addr a;

	if (h->read_ms && now_ms - h->read_ms < HOME_REFRESH_MS)
		return;
	h->read_ms = MAX(now_ms, 1u);
	if (getifaddrs(&all))
		return;
	h->count = 0;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next)
		if (address_of(i, &a) && addr_is_public(&a))
			home_add(h, &a, prefix_of(i->ifa_netmask), is_lan(all, i->ifa_name));
	freeifaddrs(all);
}

/* An IPv4 address within an IPv6 one: NAT64's well-known prefix, 6to4. */
static bool embedded(const struct addr *a, struct addr *out)
{
	static const uint8_t nat64[12] = { 0, 0x64, 0xff, 0x9b };

	if (a->family != AF_INET6)
		return false;
	if (!memcmp(a->bytes, nat64, sizeof(nat64)))
		*out = addr_from_bytes(AF_INET, a->bytes + 12);
	else if (a->bytes[0] == 0x20 && a->bytes[1] == 0x02)
		*out = addr_from_bytes(AF_INET, a->bytes + 2);
	else
		return false;
	return true;
}

bool home_has(const struct home *h, const struct addr *a)
{
	struct addr inside;

	if (embedded(a, &inside))
		return !addr_is_public(&inside);
	if (!addr_is_public(a))
		return true;
	for (size_t i = 0; i < h->count; i++)
		if (h->nets[i].addr.family == a->family && addr_net_has(&h->nets[i], a))
			return true;
	return false;
}
