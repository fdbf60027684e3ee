/*
 * The lease file of systemd-networkd; see lease_file.h. It is one JSON object whose "Leases"
 * is an array of flat objects: their members are read wherever they stand, by one scan that
 * keeps no tree.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/util.h"
#include "local/lease_file.h"
#include "local/dhcp_leases.h"
#include "local/text_scan.h"

#define ARRAY_MAX 32 /* numbers kept of an array */
#define DEPTH_MAX 16

/* A member of an object as far as it was read. */
struct member {
	struct span key;    /* without quotes, escapes as they are */
	struct span string; /* at NULL: it is no string */
	uint64_t numbers[ARRAY_MAX]; /* of it, or of its array */
	unsigned count;
};

struct json {
	struct span text;
	uint32_t line;
	struct dhcp_lease lease; /* of the object being read */
	bool has_addr;
	uint64_t hardware_len;
	struct dhcp_leases *to; /* borrowed */
};

static bool take(struct json *j, char c)
{
	while (j->text.len && strchr(" \t\r\n", j->text.at[0]) && j->text.at[0]) {
		j->line += j->text.at[0] == '\n';
		j->text.at++;
		j->text.len--;
	}
	if (!j->text.len || j->text.at[0] != c)
		return false;
	j->text.at++;
	j->text.len--;
	return true;
}

/* Behind its first quote. */
static bool read_string(struct json *j, struct span *out)
{
	size_t n = 0;

	while (n < j->text.len && j->text.at[n] != '"')
		n += j->text.at[n] == '\\' ? 2 : 1;
	if (n >= j->text.len)
		return false;
	*out = (struct span){ j->text.at, n };
	j->text.at += n + 1;
	j->text.len -= n + 1;
	return true;
}

/* A number, true, false or null; only whole numbers from 0 are kept. */
static bool read_scalar(struct json *j, struct member *m)
{
	struct span word = { j->text.at, 0 };
	uint64_t n;

	while (word.len < j->text.len && !strchr(",]} \t\r\n", word.at[word.len]))
		word.len++;
	if (!word.len)
		return false;
	j->text.at += word.len;
	j->text.len -= word.len;
	if (m->count < ARRAY_MAX && span_number(&word, UINT64_MAX, &n))
		m->numbers[m->count++] = n;
	return true;
}

/* Bytes of an array, all of them; false: they are none. */
static bool bytes_of(const struct member *m, uint8_t *to, size_t len)
{
	if (m->count < len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (m->numbers[i] > 255)
			return false;
		to[i] = (uint8_t)m->numbers[i];
	}
	return true;
}

static void take_member(struct json *j, const struct member *m)
{
	struct dhcp_lease *l = &j->lease;
	uint8_t bytes[ARRAY_MAX];

	if (span_is(&m->key, "Address") && m->count == 4 && bytes_of(m, bytes, 4)) {
		l->addr = addr_from_bytes(AF_INET, bytes);
		j->has_addr = true;
	} else if (span_is(&m->key, "Hostname") && m->string.at) {
		host_label(m->string.at, m->string.len, l->name);
	} else if (span_is(&m->key, "HardwareAddressLength") && m->count == 1) {
		j->hardware_len = m->numbers[0];
	} else if (span_is(&m->key, "HardwareAddress")) {
		l->has_mac = bytes_of(m, l->mac.bytes, sizeof(l->mac.bytes));
	} else if (span_is(&m->key, "ClientId") && bytes_of(m, bytes, m->count)) {
		l->owner = dhcp_owner(bytes, m->count);
	} else if (span_is(&m->key, "ExpirationRealtimeUSec") && m->count == 1) {
		l->until_s = (int64_t)MIN(m->numbers[0] / 1000000, (uint64_t)INT64_MAX);
		l->is_active = true; /* StaticLeases have none: they need not be in use */
	}
}

static int end_object(struct json *j)
{
	struct dhcp_lease *l = &j->lease;
	int rc = 0;

	l->has_mac = l->has_mac && j->hardware_len == sizeof(l->mac.bytes) &&
		     mac_is_unicast(&l->mac);
	if (l->has_mac)
		l->owner = dhcp_owner(l->mac.bytes, sizeof(l->mac.bytes));
	if (j->has_addr && l->is_active)
		rc = dhcp_leases_put(j->to, l);
	*l = (struct dhcp_lease){ .line = j->line };
	j->has_addr = false;
	j->hardware_len = 0;
	return rc;
}

static int read_value(struct json *j, unsigned depth, struct member *m);

static int read_object(struct json *j, unsigned depth)
{
	int rc;

	/* What stood before, in the object around, is no lease's. */
	j->lease = (struct dhcp_lease){ .line = j->line };
	j->has_addr = false;
	if (take(j, '}'))
		return 0;
	do {
		struct member m = { .count = 0 };

		if (!take(j, '"') || !read_string(j, &m.key) || !take(j, ':'))
			return -EPROTONOSUPPORT;
		rc = read_value(j, depth, &m);
		if (rc)
			return rc;
		take_member(j, &m);
	} while (take(j, ','));
	if (!take(j, '}'))
		return -EPROTONOSUPPORT;
	return end_object(j);
}

static int read_array(struct json *j, unsigned depth, struct member *m)
{
	int rc;

	if (take(j, ']'))
		return 0;
	do {
		rc = read_value(j, depth, m);
		if (rc)
			return rc;
	} while (take(j, ','));
	return take(j, ']') ? 0 : -EPROTONOSUPPORT;
}

static int read_value(struct json *j, unsigned depth, struct member *m)
{
	if (depth == DEPTH_MAX)
		return -EPROTONOSUPPORT;
	if (take(j, '{'))
		return read_object(j, depth + 1);
	if (take(j, '['))
		return read_array(j, depth + 1, m);
	if (take(j, '"'))
		return read_string(j, &m->string) ? 0 : -EPROTONOSUPPORT;
	return read_scalar(j, m) ? 0 : -EPROTONOSUPPORT;
}

int lease_file_networkd(const char *text, size_t len, struct dhcp_leases *to)
{
	struct json j = { .text = { text, len }, .line = 1, .to = to };

	if (!len)
		return 0;
	if (!take(&j, '{'))
		return -EPROTONOSUPPORT;
	return read_object(&j, 1);
}
