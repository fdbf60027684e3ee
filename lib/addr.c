/* IP and MAC addresses as values; see addr.h. Knows nothing of devices or zones. */
#include "lib/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"

static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

size_t addr_len(const struct addr *a)
{
	if (a->family == AF_INET)
		return 4;
	return a->family == AF_INET6 ? 16 : 0;
}

struct addr addr_from_bytes(uint8_t family, const void *bytes)
{
	struct addr a = { .family = family };

	if (family == AF_INET6 && !memcmp(bytes, mapped_prefix, sizeof(mapped_prefix))) {
		a.family = AF_INET;
		memcpy(a.bytes, (const uint8_t *)bytes + 12, 4);
		return a;
	}
	memcpy(a.bytes, bytes, addr_len(&a));
	return a;
}

int addr_from_text(const char *text, struct addr *out)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1)
		*out = addr_from_bytes(AF_INET, bytes);
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		*out = addr_from_bytes(AF_INET6, bytes);
	else
		return -EINVAL;
	return 0;
}

const char *addr_to_text(const struct addr *a, char *buf)
{
	if (!addr_len(a) || !inet_ntop(a->family, a->bytes, buf, ADDR_TEXT_MAX))
		strcpy(buf, "-");
	return buf;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return !memcmp(a, b, sizeof(*a));
}

int addr_compare(const struct addr *a, const struct addr *b)
{
	return memcmp(a, b, sizeof(*a));
}

/* Decimal without sign or leading white space, at most max. */
static int number_from_text(const char *text, unsigned long max, unsigned long *out)
{
	char *end;
	unsigned long v;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	v = strtoul(text, &end, 10);
	if (errno || *end || v > max)
		return -EINVAL;
	*out = v;
	return 0;
}

static bool has_host_bits(const struct addr_net *n)
{
	size_t len = addr_len(&n->addr);

	for (size_t i = 0; i < len; i++) {
		unsigned kept = n->prefix > i * 8 ? n->prefix - (unsigned)i * 8 : 0;
		uint8_t mask = (uint8_t)(kept >= 8 ? 0xffu : 0xff00u >> kept);

		if (n->addr.bytes[i] & (uint8_t)~mask)
			return true;
	}
	return false;
}

int addr_net_from_text(const char *text, struct addr_net *out)
{
	char part[ADDR_NET_TEXT_MAX];
	struct addr_net n;
	unsigned long prefix;
	char *slash;

	if (strlen(text) >= sizeof(part))
		return -EINVAL;
	strcpy(part, text);
	slash = strchr(part, '/');
	if (slash)
		*slash = '\0';
	if (addr_from_text(part, &n.addr))
		return -EINVAL;
	prefix = addr_len(&n.addr) * 8;
	if (slash && number_from_text(slash + 1, prefix, &prefix))
		return -EINVAL;
	n.prefix = (uint8_t)prefix;
	if (has_host_bits(&n))
		return -EINVAL;
	*out = n;
	return 0;
}

const char *addr_net_to_text(const struct addr_net *n, char *buf)
{
	size_t used;

	addr_to_text(&n->addr, buf);
	if (n->prefix == addr_len(&n->addr) * 8)
		return buf;
	used = strlen(buf);
	snprintf(buf + used, ADDR_NET_TEXT_MAX - used, "/%u", n->prefix);
	return buf;
}

bool addr_net_has(const struct addr_net *n, const struct addr *a)
{
	unsigned whole = n->prefix / 8, rest = n->prefix % 8;

	if (n->addr.family != a->family || memcmp(n->addr.bytes, a->bytes, whole))
		return false;
	return !rest || !((n->addr.bytes[whole] ^ a->bytes[whole]) >> (8 - rest));
}

/* Split "host:port", "[host]:port", "[host]" or "host" (an IPv6 host needs brackets to
 * have a port). Both parts point into text, which is cut. */
static int split_port(char *text, char **host, char **port)
{
	char *end;

	*host = text;
	*port = NULL;
	if (*text == '[') {
		*host = text + 1;
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return -EINVAL;
		if (end[1])
			*port = end + 2;
		*end = '\0';
		return 0;
	}
	end = strchr(text, ':');
	if (end && !strchr(end + 1, ':')) {
		*end = '\0';
		*port = end + 1;
	}
	return 0;
}

int addr_port_from_scoped(const char *text, uint16_t default_port, struct addr_port *out,
			  char interface[ADDR_INTERFACE_MAX])
{
	char part[ADDR_PORT_TEXT_MAX];
	unsigned long number = default_port;
	struct addr_port p = { 0 };
	char *host, *port, *scope;

	if (strlen(text) >= sizeof(part))
		return -EINVAL;
	strcpy(part, text);
	if (split_port(part, &host, &port))
		return -EINVAL;
	scope = strchr(host, '%');
	if (scope)
		*scope++ = '\0';
	if (addr_from_text(host, &p.addr))
		return -EINVAL;
	if (port && number_from_text(port, 65535, &number))
		return -EINVAL;
	if (scope && (p.addr.family != AF_INET6 || !*scope || strlen(scope) >= ADDR_INTERFACE_MAX))
		return -EINVAL;
	snprintf(interface, ADDR_INTERFACE_MAX, "%s", scope ? scope : "");
	p.port = (uint16_t)number;
	*out = p;
	return 0;
}

int addr_port_from_text(const char *text, uint16_t default_port, struct addr_port *out)
{
	char interface[ADDR_INTERFACE_MAX];
	struct addr_port p;
	int rc = addr_port_from_scoped(text, default_port, &p, interface);

	if (rc)
		return rc;
	if (*interface) {
		p.scope = if_nametoindex(interface);
		if (!p.scope)
			return -ENODEV;
	}
	*out = p;
	return 0;
}

const char *addr_port_to_text(const struct addr_port *p, char *buf)
{
	char host[ADDR_TEXT_MAX], name[IF_NAMESIZE] = "";
	bool scoped = p->scope && if_indextoname(p->scope, name);

	addr_to_text(&p->addr, host);
	if (p->addr.family == AF_INET6)
		snprintf(buf, ADDR_PORT_TEXT_MAX, "[%s%s%s]:%u", host, scoped ? "%" : "", name,
			 p->port);
	else
		snprintf(buf, ADDR_PORT_TEXT_MAX, "%s:%u", host, p->port);
	return buf;
}

int addr_port_from_sockaddr(const struct sockaddr *sa, struct addr_port *out)
{
	struct addr_port p = { 0 };

	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)sa;

		p.addr = addr_from_bytes(AF_INET, &in->sin_addr);
		p.port = ntohs(in->sin_port);
	} else if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)sa;

		p.addr = addr_from_bytes(AF_INET6, &in6->sin6_addr);
		p.port = ntohs(in6->sin6_port);
		p.scope = in6->sin6_scope_id;
	} else {
		return -EAFNOSUPPORT;
	}
	*out = p;
	return 0;
}

socklen_t addr_port_to_sockaddr(const struct addr_port *p, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if (p->addr.family == AF_INET) {
		struct sockaddr_in *in = (void *)out;

		in->sin_family = AF_INET;
		in->sin_port = htons(p->port);
		memcpy(&in->sin_addr, p->addr.bytes, 4);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (void *)out;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(p->port);
	in6->sin6_scope_id = p->scope;
	memcpy(&in6->sin6_addr, p->addr.bytes, 16);
	return sizeof(*in6);
}

bool addr_needs_scope(const struct addr *a)
{
	return a->family == AF_INET6 && a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

/* IANA special-purpose registries (RFC 6890 and updates), without the documentation and
 * benchmark ranges, which are ordinary public addresses here. */
static const struct addr_net special4[] = {
	{ { AF_INET, { 0 } }, 8 },		/* this network */
	{ { AF_INET, { 10 } }, 8 },		/* private, RFC 1918 */
	{ { AF_INET, { 100, 64 } }, 10 },	/* shared, RFC 6598 */
	{ { AF_INET, { 127 } }, 8 },		/* loopback */
	{ { AF_INET, { 169, 254 } }, 16 },	/* link-local */
	{ { AF_INET, { 172, 16 } }, 12 },	/* private */
	{ { AF_INET, { 192, 168 } }, 16 },	/* private */
	{ { AF_INET, { 224 } }, 4 },		/* multicast */
	{ { AF_INET, { 240 } }, 4 },		/* reserved, broadcast */
};

static const struct addr_net special6[] = {
	{ { AF_INET6, { 0 } }, 127 },		/* unspecified, loopback */
	{ { AF_INET6, { 0xfc } }, 7 },		/* unique local, RFC 4193 */
	{ { AF_INET6, { 0xfe, 0x80 } }, 10 },	/* link-local */
	{ { AF_INET6, { 0xfe, 0xc0 } }, 10 },	/* site-local, RFC 3879 */
	{ { AF_INET6, { 0xff } }, 8 },		/* multicast */
};

bool addr_is_public(const struct addr *a)
{
	const struct addr_net *nets = a->family == AF_INET ? special4 : special6;
	size_t n = a->family == AF_INET ? ARRAY_SIZE(special4) : ARRAY_SIZE(special6);

	if (!addr_len(a))
		return false;
	for (size_t i = 0; i < n; i++)
		if (addr_net_has(&nets[i], a))
			return false;
	return true;
}

bool addr_is_private(const struct addr *a)
{
	const uint8_t *b = a->bytes;

	if (a->family == AF_INET)
		return b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) ||
		       (b[0] == 192 && b[1] == 168);
	return a->family == AF_INET6 && (b[0] & 0xfe) == 0xfc;
}

bool addr_range_is_public(const struct addr *lo, const struct addr *hi)
{
	const struct addr_net *nets = lo->family == AF_INET ? special4 : special6;
	size_t n = lo->family == AF_INET ? ARRAY_SIZE(special4) : ARRAY_SIZE(special6);

	for (size_t i = 0; i < n; i++) {
		if (addr_compare(&nets[i].addr, lo) >= 0 && addr_compare(&nets[i].addr, hi) <= 0)
			return false; /* it begins in the range; else the range begins in it */
	}
	return addr_is_public(lo);
}

int mac_from_text(const char *text, struct mac *out)
{
	struct mac m;
	char sep = text[0] && text[1] ? text[2] : '\0';

	if (strlen(text) != MAC_TEXT_MAX - 1 || (sep != ':' && sep != '-'))
		return -EINVAL;
	for (unsigned i = 0; i < 6; i++) {
		char two[3] = { text[3 * i], text[3 * i + 1], '\0' };

		if (strspn(two, "0123456789abcdefABCDEF") != 2)
			return -EINVAL;
		if (i < 5 && text[3 * i + 2] != sep)
			return -EINVAL;
		m.bytes[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	*out = m;
	return 0;
}

const char *mac_to_text(const struct mac *m, char *buf)
{
	const uint8_t *b = m->bytes;

	snprintf(buf, MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3],
		 b[4], b[5]);
	return buf;
}

bool mac_is_unicast(const struct mac *m)
{
	static const struct mac none;

	return !(m->bytes[0] & 1) && memcmp(m, &none, sizeof(none));
}
