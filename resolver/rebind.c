/* Rebinding; see rebind.h. */
#include "resolver/rebind.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/util.h"
#include "resolver/note.h"
#include "resolver/special.h"
#include "resolver/wire.h"

enum svcb_key { SVCB_IPV4HINT = 4, SVCB_IPV6HINT = 6 };

/* --- what is ours ----------------------------------------------------------------------- */

/* RFC 1918, RFC 4193. */
static bool is_private(const struct addr *a)
{
	const uint8_t *b = a->bytes;

	if (a->family == AF_INET)
		return b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) ||
		       (b[0] == 192 && b[1] == 168);
	return (b[0] & 0xfe) == 0xfc;
}

void rebind_add(struct rebind *r, const struct addr *a, unsigned prefix, bool is_lan)
{
	unsigned bits = (unsigned)addr_len(a) * 8;
	struct addr_net n = { .addr = *a };

	if (!addr_is_public(a) || r->count == REBIND_NETS_MAX)
		return; /* what is not public is home anyway */
	n.prefix = (uint8_t)(is_lan ? MIN(prefix, bits) : bits);
	for (unsigned i = n.prefix; i < bits; i++)
		n.addr.bytes[i / 8] &= (uint8_t)~(0x80u >> i % 8);
	r->nets[r->count++] = n;
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
		if (!strcmp(i->ifa_name, name) && address_of(i, &a) && is_private(&a))
			return true;
	return false;
}

void rebind_refresh(struct rebind *r, uint64_t now_ms)
{
	struct ifaddrs *all;
	struct addr a;

	if (r->read_ms && now_ms - r->read_ms < REBIND_REFRESH_MS)
		return;
	r->read_ms = MAX(now_ms, 1u);
	if (getifaddrs(&all))
		return;
	r->count = 0;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next)
		if (address_of(i, &a) && addr_is_public(&a))
			rebind_add(r, &a, prefix_of(i->ifa_netmask), is_lan(all, i->ifa_name));
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

bool rebind_is_home(const struct rebind *r, const struct addr *a)
{
	struct addr inside;

	if (embedded(a, &inside))
		return !addr_is_public(&inside);
	if (!addr_is_public(a))
		return true;
	for (size_t i = 0; i < r->count; i++)
		if (r->nets[i].addr.family == a->family && addr_net_has(&r->nets[i], a))
			return true;
	return false;
}

/* --- what leads there ------------------------------------------------------------------- */

bool rebind_is_exempt(const struct conf *conf, const struct dname *name)
{
	struct special s;

	if (conf->rebind.protect == SWITCH_OFF || special_is_forwarded(conf, name, 0))
		return true;
	for (size_t i = 0; i < conf->rebind.allow_count; i++)
		if (dname_is_under(name, &conf->rebind.allows[i]))
			return true;
	special_find(conf, name, &s);
	return s.answer == SPECIAL_PASS;
}

enum rebind_verdict rebind_judge(const struct rebind *r, const struct note *note,
				 struct addr *out)
{
	unsigned home = 0, others = 0;
	const uint8_t *rdata;
	struct msg_rr rr;
	size_t at = 0;

	out->family = 0;
	while (note_next(note, &at, &rr, &rdata)) {
		struct addr a;

		if (rr.type == TYPE_CNAME)
			continue;
		a = addr_from_bytes(rr.type == TYPE_A ? AF_INET : AF_INET6, rdata);
		if (rebind_is_home(r, &a)) {
			home++;
			*out = a;
		} else {
			others++;
		}
	}
	if (home && !others && !note->has_others)
		return REBIND_ALL;
	return home || note->has_others ? REBIND_SOME : REBIND_FINE;
}

static bool has_home(const struct rebind *r, uint8_t family, const uint8_t *bytes, size_t len)
{
	size_t step = family == AF_INET ? 4 : 16;

	for (size_t at = 0; at + step <= len; at += step) {
		struct addr a = addr_from_bytes(family, bytes + at);

		if (rebind_is_home(r, &a))
			return true;
	}
	return false;
}

/* RFC 9460 §2.2: priority, target, parameters. One that is malformed leads home, too. */
static bool service_leads_home(const struct rebind *r, const uint8_t *rdata, size_t len)
{
	size_t name_len = len > 2 ? dname_wire_len(rdata + 2, len - 2) : 0, at = 2 + name_len;

	if (!name_len)
		return true;
	while (at + 4 <= len) {
		unsigned key = load_be16(rdata + at);
		size_t value_len = load_be16(rdata + at + 2);

		at += 4;
		if (value_len > len - at)
			return true;
		if ((key == SVCB_IPV4HINT && has_home(r, AF_INET, rdata + at, value_len)) ||
		    (key == SVCB_IPV6HINT && has_home(r, AF_INET6, rdata + at, value_len)))
			return true;
		at += value_len;
	}
	return at != len;
}

bool rebind_leaves_out(const void *rebind, const uint8_t *reply, const struct wire_rr *rr)
{
	const uint8_t *rdata = reply + rr->rdata_at;

	switch (rr->type) {
	case TYPE_A:
		return rr->rdata_len != 4 || has_home(rebind, AF_INET, rdata, 4);
	case TYPE_AAAA:
		return rr->rdata_len != 16 || has_home(rebind, AF_INET6, rdata, 16);
	case TYPE_SVCB:
	case TYPE_HTTPS:
		return service_leads_home(rebind, rdata, rr->rdata_len);
	default:
		return false;
	}
}
