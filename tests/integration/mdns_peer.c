/*
 * A peer in Multicast DNS:
 *
 *	mdns_peer say INTERFACE NAME TTL ADDRESS...   one response with these addresses of NAME.local
 *	mdns_peer say-from PORT INTERFACE ...         the same from another port than 5353
 *	mdns_peer hear INTERFACE                      as a responder has it: print each packet's length
 *
 * `say` sends to the group of the family of the last address. NAME is one label, any bytes.
 * Stands alone: includes nothing of the project.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 5353

static uint8_t packet[9000];
static size_t packet_len;

static void put(const void *bytes, size_t len)
{
	if (packet_len + len > sizeof(packet))
		exit(2);
	memcpy(packet + packet_len, bytes, len);
	packet_len += len;
}

static void put16(unsigned v)
{
	uint8_t b[] = { (uint8_t)(v >> 8), (uint8_t)v };

	put(b, sizeof(b));
}

/* @return family */
static int put_record(const char *name, uint32_t ttl_s, const char *address)
{
	uint8_t data[16], len = (uint8_t)strlen(name);
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;
	unsigned size = family == AF_INET ? 4 : 16;

	if (inet_pton(family, address, data) != 1)
		exit(2);
	put(&len, 1);
	put(name, len);
	put("\5local", 7);
	put16(family == AF_INET ? 1 : 28);
	put16(0x8001); /* IN, flush what is cached */
	put16(ttl_s >> 16);
	put16(ttl_s & 0xffff);
	put16(size);
	put(data, size);
	return family;
}

static int open_socket(int family, unsigned ifindex, uint16_t port)
{
	struct sockaddr_in any4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 any6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct ip_mreqn by4 = { .imr_ifindex = (int)ifindex };
	int on = 1, hops = 255, by6 = (int)ifindex, fd = socket(family, SOCK_DGRAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (family == AF_INET) {
		setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &by4, sizeof(by4));
		setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof(hops));
		if (!bind(fd, (struct sockaddr *)&any4, sizeof(any4)))
			return fd;
	} else {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
		setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &by6, sizeof(by6));
		setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops));
		if (!bind(fd, (struct sockaddr *)&any6, sizeof(any6)))
			return fd;
	}
	perror("bind");
	exit(1);
}

static int say(uint16_t port, char **words, int count)
{
	struct sockaddr_in to4 = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	int family = AF_INET, fd;
	unsigned ifindex = if_nametoindex(words[0]);
	ssize_t sent;

	put16(0);
	put16(0x8400);
	put16(0);
	put16((unsigned)(count - 3));
	put16(0);
	put16(0);
	for (int i = 3; i < count; i++)
		family = put_record(words[1], (uint32_t)strtoul(words[2], NULL, 10), words[i]);
	fd = open_socket(family, ifindex, port);
	inet_pton(AF_INET, "224.0.0.251", &to4.sin_addr);
	inet_pton(AF_INET6, "ff02::fb", &to6.sin6_addr);
	to6.sin6_scope_id = ifindex;
	sent = family == AF_INET ?
		       sendto(fd, packet, packet_len, 0, (struct sockaddr *)&to4, sizeof(to4)) :
		       sendto(fd, packet, packet_len, 0, (struct sockaddr *)&to6, sizeof(to6));
	if (sent < 0)
		perror("sendto");
	return sent < 0;
}

static int hear(const char *interface)
{
	struct ip_mreqn group = { .imr_ifindex = (int)if_nametoindex(interface) };
	int fd = open_socket(AF_INET, 0, PORT);

	inet_pton(AF_INET, "224.0.0.251", &group.imr_multiaddr);
	if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group))) {
		perror("join");
		return 1;
	}
	for (;;) {
		ssize_t n = recv(fd, packet, sizeof(packet), 0);

		if (n < 0)
			return 1;
		printf("%zd\n", n);
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	if (argc > 5 && !strcmp(argv[1], "say"))
		return say(PORT, argv + 2, argc - 2);
	if (argc > 6 && !strcmp(argv[1], "say-from"))
		return say((uint16_t)atoi(argv[2]), argv + 3, argc - 3);
	if (argc == 3 && !strcmp(argv[1], "hear"))
		return hear(argv[2]);
	fputs("usage: mdns_peer say INTERFACE NAME TTL ADDRESS... | hear INTERFACE\n", stderr);
	return 2;
}
