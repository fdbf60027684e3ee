/* Kea's memfile; see lease_file.h. */
#include <errno.h>
#include <string.h>

#include "lib/util.h"
#include "local/lease_file.h"
#include "local/dhcp_leases.h"
#include "local/text_scan.h"

#define COLUMNS_MAX 64

enum column { C_ADDRESS, C_HWADDR, C_CLIENT, C_LIFETIME, C_EXPIRE, C_HOSTNAME, C_STATE, C_TYPE,
	      COLUMN_COUNT };

/* Both files' words; a column that is not there stays empty. */
static const struct {
	const char *name;
	enum column column;
} names[] = {
	{ "address", C_ADDRESS },     { "hwaddr", C_HWADDR },	{ "client_id", C_CLIENT },
	{ "duid", C_CLIENT },	      { "valid_lifetime", C_LIFETIME },
	{ "expire", C_EXPIRE },	      { "hostname", C_HOSTNAME }, { "state", C_STATE },
	{ "lease_type", C_TYPE },
};

struct kea {
	signed char column[COLUMNS_MAX]; /* by position; -1: of no use */
	unsigned known;			 /* bits of enum column */
};

static bool read_header(struct span line, struct kea *k)
{
	struct span field;

	for (unsigned i = 0; i < COLUMNS_MAX && text_field(&line, ',', &field); i++) {
		k->column[i] = -1;
		for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
			if (!span_is(&field, names[n].name))
				continue;
			k->column[i] = (signed char)names[n].column;
			k->known |= 1u << names[n].column;
		}
	}
	return (k->known & 1u << C_ADDRESS) && (k->known & 1u << C_HOSTNAME);
}

/* "&#x2c" stands for a comma, which no host's name has: such a one is refused as it is. */
static bool read_line(const struct kea *k, struct span line, struct dhcp_lease *l)
{
	struct span f[COLUMN_COUNT] = { { "", 0 } }, field;
	uint64_t expire = 0, lifetime = 1, state = 0, type = 0;
	char text[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < COLUMNS_MAX && text_field(&line, ',', &field); i++)
		if (k->column[i] >= 0)
			f[(unsigned)k->column[i]] = field;
	if (!span_copy(&f[C_ADDRESS], text, sizeof(text)) || addr_from_text(text, &l->addr))
		return false;
	if ((f[C_TYPE].len && !span_number(&f[C_TYPE], 255, &type)) || type)
		return false; /* IA_TA, or a prefix, which is no host's address */
	if ((f[C_EXPIRE].len && !span_number(&f[C_EXPIRE], INT64_MAX, &expire)) ||
	    (f[C_LIFETIME].len && !span_number(&f[C_LIFETIME], UINT32_MAX, &lifetime)) ||
	    (f[C_STATE].len && !span_number(&f[C_STATE], 255, &state)))
		return false;
	l->until_s = lifetime == UINT32_MAX ? 0 : (int64_t)expire;
	l->is_active = state == 0 && lifetime; /* not declined, reclaimed, released: lifetime 0 */
	if (span_copy(&f[C_HWADDR], text, sizeof(text)) && !mac_from_text(text, &l->mac))
		l->has_mac = mac_is_unicast(&l->mac);
	l->owner = l->has_mac ? dhcp_owner(l->mac.bytes, sizeof(l->mac.bytes)) :
				dhcp_owner(f[C_CLIENT].at, f[C_CLIENT].len);
	host_label(f[C_HOSTNAME].at, f[C_HOSTNAME].len, l->name);
	return true;
}

int lease_file_kea(const char *text, size_t len, struct dhcp_leases *to)
{
	struct text_scan scan = { .text = { text, len } };
	struct kea k = { .known = 0 };
	struct span line;
	int rc = 0;

	memset(k.column, -1, sizeof(k.column));
	if (!text_line(&scan, &line))
		return 0; /* an empty file has no leases */
	if (!read_header(line, &k))
		return -EPROTONOSUPPORT;
	while (!rc && text_line(&scan, &line)) {
		struct dhcp_lease l = { .line = scan.line };

		if (read_line(&k, line, &l))
			rc = dhcp_leases_put(to, &l);
	}
	return rc;
}
