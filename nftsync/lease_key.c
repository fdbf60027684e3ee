/* What a lease is about: the device and the address; see lease.h. */
#include "nftsync/lease.h"

#include <string.h>
#include <sys/socket.h>

static const uint8_t id_bytes[DEVICE_KIND_COUNT] = { 6, 4, 16, 16, 0 };

struct lease_key lease_key_make(const struct msg_device *device, uint8_t family,
				const void *addr)
{
	struct lease_key key = { .device.kind = device->kind };

	memcpy(key.device.id, device->id, id_bytes[device->kind]);
	key.addr = addr_from_bytes(family, addr);
	return key;
}

bool lease_key_is_gated(const struct lease_key *key)
{
	if (key->device.kind == DEVICE_IP4 && key->addr.family != AF_INET)
		return false;
	if (key->device.kind == DEVICE_IP6 && key->addr.family != AF_INET6)
		return false;
	return addr_is_public(&key->addr);
}
