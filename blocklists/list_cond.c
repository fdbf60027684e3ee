/* Encodes conditions, and judges them; see list_cond.h. */
#include "blocklists/list_cond.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "blocklists/list_line.h"
#include "blocklists/list_side.h"
#include "lib/util.h"

#define NET_BYTES 18

/* Query types by name; others as TYPE123 (RFC 3597). */
static const struct {
	const char *name;
	uint16_t type;
} types[] = {
	{ "A", 1 },	  { "NS", 2 },	    { "CNAME", 5 },  { "SOA", 6 },    { "PTR", 12 },
	{ "HINFO", 13 },  { "MX", 15 },	    { "TXT", 16 },   { "AAAA", 28 },  { "LOC", 29 },
	{ "SRV", 33 },	  { "NAPTR", 35 },  { "DNAME", 39 }, { "DS", 43 },    { "SSHFP", 44 },
	{ "RRSIG", 46 },  { "NSEC", 47 },   { "DNSKEY", 48 }, { "TLSA", 52 }, { "SVCB", 64 },
	{ "HTTPS", 65 },  { "SPF", 99 },    { "ANY", 255 },  { "URI", 256 },  { "CAA", 257 },
};

static int value_put(struct list_side *s, unsigned kind, const void *bytes, size_t len)
{
	uint8_t *p = s->conds + s->conds_len;

	if (len > 255)
		return -EINVAL;
	if (len + 2 > sizeof(s->conds) - s->conds_len)
		return -ENOSPC;
	p[0] = (uint8_t)kind;
	p[1] = (uint8_t)len;
	memcpy(p + 2, bytes, len);
	s->conds_len = (uint16_t)(s->conds_len + 2 + len);
	return 0;
}

static int put_name(struct list_side *s, unsigned kind, const char *text, size_t len)
{
	struct dname d;

	if (list_name_read(text, len, &d) != LINE_ENTRY)
		return -EINVAL;
	return value_put(s, kind, d.wire, d.len);
}

static int put_type(struct list_side *s, unsigned kind, const char *text, size_t len)
{
	unsigned long type = 0;
	char copy[16], *end;

	if (!len || len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (!strcasecmp(copy, types[i].name))
			type = types[i].type;
	}
	if (!type && !strncasecmp(copy, "TYPE", 4) && copy[4] >= '0' && copy[4] <= '9') {
		type = strtoul(copy + 4, &end, 10);
		if (*end || type > UINT16_MAX)
			return -EINVAL;
	}
	return type ? value_put(s, kind, (const uint8_t[]){ (uint8_t)(type >> 8),
							    (uint8_t)type }, 2)
		    : -EINVAL;
}

/** An address or network, else a name. */
static int put_client(struct list_side *s, unsigned kind, const char *text, size_t len)
{
	char copy[ADDR_NET_TEXT_MAX];
	uint8_t net[NET_BYTES];
	struct addr_net n;

	if (len < sizeof(copy) && !memchr(text, '\0', len)) {
		memcpy(copy, text, len);
		copy[len] = '\0';
		if (!addr_net_from_text(copy, &n)) {
			net[0] = n.addr.family == AF_INET ? 4 : 6;
			net[1] = n.prefix;
			memcpy(net + 2, n.addr.bytes, 16);
			return value_put(s, kind, net, sizeof(net));
		}
	}
	kind += COND_CLIENT_NAME - COND_CLIENT_NET;
	return len ? value_put(s, kind, text, len) : -EINVAL;
}

static int put_value(struct list_side *s, unsigned kind, const char *text, size_t len)
{
	switch (kind & ~LIST_COND_NOT) {
	case COND_DENYALLOW:
		return put_name(s, kind, text, len);
	case COND_DNSTYPE:
		return put_type(s, kind, text, len);
	case COND_CLIENT_NET:
		return put_client(s, kind, text, len);
	default:
		return len ? value_put(s, kind, text, len) : -EINVAL;
	}
}

/** A value without its quotes and backslashes. @return its length */
static size_t value_clean(const char *text, size_t len, char *out)
{
	char quote = len > 1 ? text[0] : '\0';
	size_t n = 0;

	if ((quote == '\'' || quote == '"') && text[len - 1] == quote) {
		text++;
		len -= 2;
	}
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\' && i + 1 < len)
			i++;
		out[n++] = text[i];
	}
	return n;
}

/** Octets up to the '|' that ends a value. */
static size_t value_len(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && text[i] != '|')
		i += text[i] == '\\' && i + 1 < len ? 2 : 1;
	return i;
}

int list_cond_add(struct list_side *s, enum list_cond_kind kind, const char *values,
		  size_t len)
{
	char clean[256];

	for (size_t at = 0; at <= len; at++) {
		bool is_not = at < len && values[at] == '~';
		unsigned kinds = kind | (is_not ? LIST_COND_NOT : 0);
		size_t n;
		int rc;

		at += is_not;
		n = value_len(values + at, len - at);
		if (n >= sizeof(clean) || (is_not && kind == COND_DENYALLOW))
			return -EINVAL;
		rc = put_value(s, kinds, clean, value_clean(values + at, n, clean));
		if (rc)
			return rc;
		at += n;
	}
	return 0;
}

static bool is_text(const char *known, const uint8_t *bytes, size_t len)
{
	return known && strlen(known) == len && !strncasecmp(known, (const char *)bytes, len);
}

static bool net_has(const uint8_t *bytes, const struct addr *a)
{
	struct addr_net n = {
		.addr = { .family = bytes[0] == 4 ? AF_INET : AF_INET6 },
		.prefix = bytes[1],
	};

	memcpy(n.addr.bytes, bytes + 2, 16);
	return a && addr_net_has(&n, a);
}

/** Whether one value, without its "~", is what is asked. */
static bool value_fits(unsigned kind, const uint8_t *bytes, size_t len,
		       const struct list_asking *ask)
{
	switch (kind) {
	case COND_DNSTYPE:
		return (bytes[0] << 8 | bytes[1]) == ask->qtype;
	case COND_CLIENT_NET:
		return net_has(bytes, ask->client);
	default:
		return is_text(ask->device, bytes, len) || is_text(ask->group, bytes, len);
	}
}

static bool is_below(const struct dname *qname, const uint8_t *wire, size_t len)
{
	struct dname d = { .len = (uint8_t)len };

	memcpy(d.wire, wire, len);
	return dname_is_under(qname, &d);
}

bool list_conds_hold(const uint8_t *conds, size_t len, const struct dname *qname,
		     const struct list_asking *ask)
{
	bool wants[COND_KINDS] = { false }, fits[COND_KINDS] = { false };

	for (const uint8_t *p = conds; p < conds + len; p += 2 + p[1]) {
		unsigned kind = p[0] & ~LIST_COND_NOT;

		if (kind == COND_DENYALLOW) {
			if (is_below(qname, p + 2, p[1]))
				return false;
			continue;
		}
		if (ask->is_any)
			continue;
		if (p[0] & LIST_COND_NOT) {
			if (value_fits(kind, p + 2, p[1], ask))
				return false;
			continue;
		}
		wants[kind] = true;
		fits[kind] |= value_fits(kind, p + 2, p[1], ask);
	}
	fits[COND_CLIENT_NET] |= fits[COND_CLIENT_NAME]; /* one modifier's two kinds */
	wants[COND_CLIENT_NET] |= wants[COND_CLIENT_NAME];
	return fits[COND_DNSTYPE] >= wants[COND_DNSTYPE] &&
	       fits[COND_CLIENT_NET] >= wants[COND_CLIENT_NET] &&
	       fits[COND_TAG] >= wants[COND_TAG];
}

static bool value_check(unsigned kind, const uint8_t *bytes, size_t len)
{
	switch (kind) {
	case COND_DENYALLOW:
		return dname_wire_len(bytes, len) == len && len;
	case COND_DNSTYPE:
		return len == 2;
	case COND_CLIENT_NET:
		return len == NET_BYTES && (bytes[0] == 4 || bytes[0] == 6) &&
		       bytes[1] <= (bytes[0] == 4 ? 32 : 128);
	default:
		return kind && kind < COND_KINDS;
	}
}

bool list_conds_check(const uint8_t *conds, size_t len)
{
	const uint8_t *p = conds, *end = conds + len;

	while (p < end) {
		if (end - p < 2 || end - p < 2 + p[1] ||
		    !value_check(p[0] & ~LIST_COND_NOT, p + 2, p[1]))
			return false;
		p += 2 + p[1];
	}
	return true;
}
