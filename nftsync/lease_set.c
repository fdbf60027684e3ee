/* Layout of the lease sets; see lease_set.h. Knows nothing of time and of messages. */
#include "nftsync/lease_set.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* nft's numbers of data types, packed 6 bits each in a concatenation (nftables,
 * include/datatype.h); only `nft list` reads them, the kernel stores them. */
enum { TYPE_IPADDR = 7, TYPE_IP6ADDR = 8, TYPE_ETHERADDR = 9, TYPE_IFNAME = 41, TYPE_BITS = 6 };

#define CONCAT(a, b)   (((a) << TYPE_BITS) | (b))
#define MAC_PADDED     8

static const struct lease_set_info infos[LEASE_SET_COUNT] = {
	[SET_LEASE4] = { "lease4", "ether_addr . ipv4_addr",
			 CONCAT(TYPE_ETHERADDR, TYPE_IPADDR), true, MAC_PADDED + 4 },
	[SET_LEASE6] = { "lease6", "ether_addr . ipv6_addr",
			 CONCAT(TYPE_ETHERADDR, TYPE_IP6ADDR), true, MAC_PADDED + 16 },
	[SET_LEASE_IP4] = { "lease_ip4", "ipv4_addr . ipv4_addr",
			    CONCAT(TYPE_IPADDR, TYPE_IPADDR), true, 4 + 4 },
	[SET_LEASE_IP6] = { "lease_ip6", "ipv6_addr . ipv6_addr",
			    CONCAT(TYPE_IP6ADDR, TYPE_IP6ADDR), true, 16 + 16 },
	[SET_LEASE_IF4] = { "lease_if4", "ifname . ipv4_addr",
			    CONCAT(TYPE_IFNAME, TYPE_IPADDR), true, 16 + 4 },
	[SET_LEASE_IF6] = { "lease_if6", "ifname . ipv6_addr",
			    CONCAT(TYPE_IFNAME, TYPE_IP6ADDR), true, 16 + 16 },
	[SET_LEASE_OWN4] = { "lease_own4", "ipv4_addr", TYPE_IPADDR, false, 4 },
	[SET_LEASE_OWN6] = { "lease_own6", "ipv6_addr", TYPE_IP6ADDR, false, 16 },
};

const struct lease_set_info *lease_set_info(enum lease_set set)
{
	return &infos[set];
}

int lease_set_by_name(const char *name)
{
	for (int i = 0; i < LEASE_SET_COUNT; i++)
		if (!strcmp(infos[i].name, name))
			return i;
	return -1;
}

static enum lease_set set_of(const struct lease_key *key)
{
	switch (key->device.kind) {
	case DEVICE_IP4:
		return SET_LEASE_IP4;
	case DEVICE_IP6:
		return SET_LEASE_IP6;
	case DEVICE_IFNAME:
		return key->addr.family == AF_INET ? SET_LEASE_IF4 : SET_LEASE_IF6;
	case DEVICE_ROUTER:
		return key->addr.family == AF_INET ? SET_LEASE_OWN4 : SET_LEASE_OWN6;
	default:
		return key->addr.family == AF_INET ? SET_LEASE4 : SET_LEASE6;
	}
}

/* Bytes that the device's part takes in the key. */
static size_t device_bytes(enum lease_set set)
{
	switch (set) {
	case SET_LEASE_IP4:
		return 4;
	case SET_LEASE_IP6:
	case SET_LEASE_IF4:
	case SET_LEASE_IF6:
		return 16;
	case SET_LEASE_OWN4:
	case SET_LEASE_OWN6:
		return 0;
	default:
		return MAC_PADDED;
	}
}

struct lease_elem lease_elem_make(const struct lease_key *key)
{
	enum lease_set set = set_of(key);
	size_t at = device_bytes(set);
	struct lease_elem e = { .set = (uint8_t)set, .len = infos[set].key_len };

	memcpy(e.key, key->device.id, at);
	memcpy(e.key + at, key->addr.bytes, infos[set].key_len - at);
	return e;
}

int lease_elem_read(enum lease_set set, const void *bytes, size_t len, struct lease_key *out)
{
	static const uint8_t kinds[LEASE_SET_COUNT] = {
		DEVICE_MAC, DEVICE_MAC, DEVICE_IP4, DEVICE_IP6, DEVICE_IFNAME, DEVICE_IFNAME,
		DEVICE_ROUTER, DEVICE_ROUTER,
	};
	size_t at = device_bytes(set);
	struct msg_device device = { .kind = kinds[set] };
	uint8_t family = infos[set].key_len - at == 4 ? AF_INET : AF_INET6;

	if (len != infos[set].key_len)
		return -EINVAL;
	memcpy(device.id, bytes, at);
	*out = lease_key_make(&device, family, (const uint8_t *)bytes + at);
	return 0;
}
