/* Packets from our own addresses; see own_source.h. */
#include "resolver/own_source.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/util.h"

#define LOOPBACK 1 /* its index in every network namespace */
#define SOURCE4	 (SKF_NET_OFF + 12)
#define SOURCE6	 (SKF_NET_OFF + 8)
#define DEVICE	 4 /* where the filter keeps the device; below it is the source */

#define RETURN(value) (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, value)
#define LOAD(from)    (struct sock_filter)BPF_STMT(BPF_LD | BPF_MEM, from)
#define UNLESS(value, skip) \
	(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip)

void own_source_read(struct own_sources *o)
{
	size_t left[2] = { OWN_SOURCES_MAX, OWN_SOURCES_MAX };
	struct ifaddrs *all;
	struct addr_port at;

	if (getifaddrs(&all))
		return;
	o->count = 0;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		size_t *room;

		if (!i->ifa_addr || addr_port_from_sockaddr(i->ifa_addr, &at))
			continue;
		room = &left[at.addr.family == AF_INET];
		if (*room) {
			--*room;
			o->addrs[o->count++] = at;
		}
	}
	freeifaddrs(all);
}

/* Each comparison that fails leads behind this address. @return instructions */
static size_t write_address(const struct addr_port *own, size_t words, struct sock_filter *out)
{
	size_t n = 0, left = 2 * words + (own->scope ? 2 : 0);

	for (size_t w = 0; w < words; w++) {
		left -= 2;
		out[n++] = LOAD((uint32_t)w);
		out[n++] = UNLESS(load_be32(own->addr.bytes + 4 * w), (uint8_t)(left + 1));
	}
	if (own->scope) {
		out[n++] = LOAD(DEVICE);
		out[n++] = UNLESS(own->scope, 1);
	}
	out[n++] = RETURN(0);
	return n;
}

/* A packet that we send to ourselves is told by the device alone: what the kernel says later of
 * its interface is the one that has the address, as if it had come in there. The source is read
 * once, into the filter's memory, for each further read of a packet costs. */
size_t own_source_write(const struct own_sources *o, uint8_t family, struct sock_filter *out)
{
	static const struct sock_filter head[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LOOPBACK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_ST, DEVICE),
	};
	size_t words = family == AF_INET ? 1 : 4, n = ARRAY_SIZE(head);
	int source = family == AF_INET ? SOURCE4 : SOURCE6;

	memcpy(out, head, sizeof(head));
	for (size_t w = 0; w < words; w++) {
		out[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
							(uint32_t)(source + 4 * (int)w));
		out[n++] = (struct sock_filter)BPF_STMT(BPF_ST, (uint32_t)w);
	}
	for (size_t i = 0; i < o->count; i++)
		if (o->addrs[i].addr.family == family)
			n += write_address(&o->addrs[i], words, out + n);
	out[n++] = RETURN(UINT32_MAX);
	return n;
}

int own_source_shield(const struct own_sources *o, uint8_t family, int fd)
{
	struct sock_filter program[OWN_SOURCE_PROGRAM];
	struct sock_fprog f = {
		.len = (unsigned short)own_source_write(o, family, program),
		.filter = program,
	};

	if (!setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &f, sizeof(f)))
		return 0;
	if (errno != ENOMEM)
		return -errno;
	/* A large one beside the one before is more than kernels before 6.8 allow a socket. */
	setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &f, sizeof(f));
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &f, sizeof(f)) ? -errno : 0;
}
