/* IP addresses, networks, address-and-port pairs and MAC addresses as plain values. */
#ifndef LIB_ADDR_H
#define LIB_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDR_TEXT_MAX	   46 /* INET6_ADDRSTRLEN */
#define ADDR_PORT_TEXT_MAX 72 /* [address%scope]:port */
#define ADDR_NET_TEXT_MAX  50
#define ADDR_INTERFACE_MAX 16 /* IF_NAMESIZE */
#define MAC_TEXT_MAX	   18

/** family is AF_INET, AF_INET6 or 0 (none); unused bytes are zero, so memcmp compares.
 *  An IPv4-mapped IPv6 address is always held as IPv4. */
struct addr {
	uint8_t family;
	uint8_t bytes[16];
};

/** Bits of addr behind prefix are zero. */
struct addr_net {
	struct addr addr;
	uint8_t prefix;
};

struct addr_port {
	struct addr addr;
	uint16_t port;	/* host order */
	uint32_t scope; /* interface index of a link-local address, else 0 */
};

struct mac {
	uint8_t bytes[6];
};

/** Number of address bytes: 4, 16, or 0 for no address. */
size_t addr_len(const struct addr *a);

/** Parse "192.0.2.1" or "2001:db8::1"; no brackets, no scope.
 *  @retval -EINVAL  anything else; out untouched */
int addr_from_text(const char *text, struct addr *out);

/** Text of an address ("-" for none) in buf of ADDR_TEXT_MAX bytes; returns buf. */
const char *addr_to_text(const struct addr *a, char *buf);

/** From 4 or 16 network-order bytes; 16 IPv4-mapped bytes become IPv4. */
struct addr addr_from_bytes(uint8_t family, const void *bytes);

bool addr_equal(const struct addr *a, const struct addr *b);

/** Order by family, then bytes, as memcmp. */
int addr_compare(const struct addr *a, const struct addr *b);

/** Parse "a.b.c.d/len", "x::/len" or a bare address (its full length).
 *  @retval -EINVAL  malformed, or bits set behind the prefix; out untouched */
int addr_net_from_text(const char *text, struct addr_net *out);

/** Text in buf of ADDR_NET_TEXT_MAX bytes; a full-length network prints as an address. */
const char *addr_net_to_text(const struct addr_net *n, char *buf);

bool addr_net_has(const struct addr_net *n, const struct addr *a);

/** Parse "192.0.2.1:53", "[2001:db8::1]:53", "[fe80::1%eth0]:53", or an address alone
 *  with default_port.
 *  @retval -EINVAL  malformed; -ENODEV scope names no interface; out untouched */
int addr_port_from_text(const char *text, uint16_t default_port, struct addr_port *out);

/** The same, but what stands behind % goes to interface ("" for nothing), which need not exist;
 *  the scope is 0.
 *  @retval -EINVAL */
int addr_port_from_scoped(const char *text, uint16_t default_port, struct addr_port *out,
			  char interface[ADDR_INTERFACE_MAX]);

/** Text in buf of ADDR_PORT_TEXT_MAX bytes: "192.0.2.1:53", "[2001:db8::1]:53". */
const char *addr_port_to_text(const struct addr_port *p, char *buf);

/** @retval -EAFNOSUPPORT  neither AF_INET nor AF_INET6; out untouched */
int addr_port_from_sockaddr(const struct sockaddr *sa, struct addr_port *out);

/** Fill out and return its length. */
socklen_t addr_port_to_sockaddr(const struct addr_port *p, struct sockaddr_storage *out);

/** True for what the gate guards: neither private, shared (RFC 6598), loopback, link-local,
 *  multicast, unspecified nor reserved. The documentation and benchmark ranges
 *  (198.18.0.0/15, 2001:db8::/32 and their like) count as public. */
bool addr_is_public(const struct addr *a);

/** True for IPv6 link-local addresses (fe80::/10), which mean nothing without an interface. */
bool addr_needs_scope(const struct addr *a);

/** True for what networks at home are numbered from: RFC 1918, and unique local (RFC 4193). */
bool addr_is_private(const struct addr *a);

/** True if every address from lo to hi, which have one family, is public in this sense. */
bool addr_range_is_public(const struct addr *lo, const struct addr *hi);

/** "7c:2f:80:00:11:22"; also with dashes. @retval -EINVAL */
int mac_from_text(const char *text, struct mac *out);

/** Lower-case text in buf of MAC_TEXT_MAX bytes; returns buf. */
const char *mac_to_text(const struct mac *m, char *buf);

/** True unless all zero, broadcast or multicast. */
bool mac_is_unicast(const struct mac *m);

#endif
