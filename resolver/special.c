/* The tables of special names; see special.h. */
#include "resolver/special.h"

#include <string.h>

#include "conf/conf.h"
#include "lib/util.h"

/* What a row depends on. */
enum depends {
	ALWAYS,
	UNLESS_FORWARDED, /* by a line for this or a name above, but not for the root */
	PRIVATE_REVERSE,  /* the same, and by its switch */
	DOH_CANARY,
	RELAY_CANARY,
};

struct row {
	const char *zone; /* wire form, lower case; its root label is the string's end */
	uint8_t len;
	uint8_t first, last; /* not 0: one label more, a number from first to last */
	uint8_t answer;	     /* enum special_answer */
	uint8_t depends;
	const char *why;
};

#define ROW(zone, answer, depends, why) { zone, sizeof(zone), 0, 0, answer, depends, why }
#define V4(zone)			ROW(zone IN_ADDR, SPECIAL_REVERSE, PRIVATE_REVERSE, "RFC 6303")
#define V6(zone)			ROW(zone IP6, SPECIAL_REVERSE, PRIVATE_REVERSE, "RFC 6303")
#define IN_ADDR				"\7in-addr\4arpa"
#define IP6				"\3ip6\4arpa"
#define ZEROS_8				"\1""0\1""0\1""0\1""0\1""0\1""0\1""0\1""0"
#define ZEROS_31			ZEROS_8 ZEROS_8 ZEROS_8 "\1""0\1""0\1""0\1""0\1""0\1""0\1""0"

static const struct row rows[] = {
	ROW("\11localhost", SPECIAL_LOCALHOST, ALWAYS, "RFC 6761"),
	ROW("\7invalid", SPECIAL_NXDOMAIN, ALWAYS, "RFC 6761"),
	ROW("\4test", SPECIAL_NXDOMAIN, UNLESS_FORWARDED, "RFC 6761"),
	ROW("\5local", SPECIAL_NXDOMAIN, UNLESS_FORWARDED, "RFC 6762"),
	ROW("\5onion", SPECIAL_NXDOMAIN, ALWAYS, "RFC 7686"),
	ROW("\3alt", SPECIAL_NXDOMAIN, ALWAYS, "RFC 9476"),
	ROW("\23use-application-dns\3net", SPECIAL_NXDOMAIN, DOH_CANARY, "doh-canary"),
	ROW("\4mask\6icloud\3com", SPECIAL_NXDOMAIN, RELAY_CANARY, "relay-canary"),
	ROW("\7mask-h2\6icloud\3com", SPECIAL_NXDOMAIN, RELAY_CANARY, "relay-canary"),
};

/* The rest, so that other names are not held against these. */
static const struct row arpa_rows[] = {
	ROW("\4home\4arpa", SPECIAL_NXDOMAIN, UNLESS_FORWARDED, "RFC 8375"),
	ROW("\10resolver\4arpa", SPECIAL_NODATA, ALWAYS, "RFC 9462"),
	ROW("\10ipv4only\4arpa", SPECIAL_PASS, ALWAYS, "RFC 8880"),
	ROW("\003127" IN_ADDR, SPECIAL_LOOPBACK, ALWAYS, "RFC 6761"),
	V4("\0010"),
	V4("\00210"),
	{ "\003172" IN_ADDR, sizeof("\003172" IN_ADDR), 16, 31, SPECIAL_REVERSE,
	  PRIVATE_REVERSE, "RFC 6303" },
	V4("\003168\003192"),
	V4("\003254\003169"),
	V4("\0012\0010\003192"),
	V4("\003100\00251\003198"),
	V4("\003113\0010\003203"),
	V4("\003255\003255\003255\003255"),
	{ "\003100" IN_ADDR, sizeof("\003100" IN_ADDR), 64, 127, SPECIAL_REVERSE,
	  PRIVATE_REVERSE, "RFC 7793" },
	V6("\1""0" ZEROS_31),
	ROW("\1""1" ZEROS_31 IP6, SPECIAL_LOOPBACK, ALWAYS, "RFC 6761"),
	V6("\1d\1f"),
	V6("\1""8\1e\1f"),
	V6("\1""9\1e\1f"),
	V6("\1a\1e\1f"),
	V6("\1b\1e\1f"),
	V6("\1""8\1b\1d\1""0\1""1\1""0\1""0\1""2"),
};

bool special_is_forwarded(const struct conf *conf, const struct dname *name,
			  size_t longer_than)
{
	for (size_t i = 0; i < conf->forward_count; i++) {
		const struct dname *suffix = &conf->forwards[i].suffix;

		if (suffix->len > 1 && suffix->len > longer_than && dname_is_under(name, suffix))
			return true;
	}
	return false;
}

/* Whether a label begins at this octet of the name. */
static bool is_label_start(const struct dname *d, size_t at)
{
	size_t i = 0;

	while (i < at)
		i += d->wire[i] + 1u;
	return i == at;
}

/* Where the label before this octet begins; the octet is a label's start, and not the first. */
static size_t label_before(const struct dname *d, size_t at)
{
	size_t i = 0;

	while (i + d->wire[i] + 1u < at)
		i += d->wire[i] + 1u;
	return i;
}

/* The number that a label of at most three digits is; 0 for none. */
static unsigned label_number(const uint8_t *label)
{
	unsigned n = 0;

	if (label[0] > 3 || label[1] == '0')
		return 0;
	for (unsigned i = 1; i <= label[0]; i++) {
		if (label[i] < '0' || label[i] > '9')
			return 0;
		n = n * 10 + (label[i] - '0');
	}
	return n;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c; /* a length is below 'A' */
}

/* @param end  lower case, of len octets; its root label is the last. Most names are told from it
 *             by the first look */
static bool ends_with(const struct dname *name, const char *end, size_t len)
{
	const uint8_t *at;

	if (name->len < len)
		return false;
	at = name->wire + name->len - len;
	for (size_t i = len - 1; i--;)
		if (lower(at[i]) != (uint8_t)end[i])
			return false;
	return true;
}

static bool is_under_row(const struct dname *name, const struct row *r, uint8_t *apex_at)
{
	size_t at;
	unsigned n;

	if (!ends_with(name, r->zone, r->len))
		return false;
	at = (size_t)name->len - r->len;
	if (!is_label_start(name, at))
		return false;
	if (r->last) {
		if (!at)
			return false;
		at = label_before(name, at);
		n = label_number(name->wire + at);
		if (n < r->first || n > r->last)
			return false;
	}
	*apex_at = (uint8_t)at;
	return true;
}

static bool holds(const struct conf *conf, const struct row *r, const struct dname *name)
{
	switch (r->depends) {
	case UNLESS_FORWARDED:
		return !special_is_forwarded(conf, name, 0);
	case PRIVATE_REVERSE:
		return conf->special.private_reverse == ASK_NOBODY &&
		       !special_is_forwarded(conf, name, 0);
	case DOH_CANARY:
		return conf->special.doh_canary == SWITCH_ON;
	case RELAY_CANARY:
		return conf->special.relay_canary == SWITCH_ON;
	default:
		return true;
	}
}

void special_find(const struct conf *conf, const struct dname *name, struct special *out)
{
	static const char arpa[] = "\4arpa";
	bool is_arpa = ends_with(name, arpa, sizeof(arpa));
	const struct row *table = is_arpa ? arpa_rows : rows;
	size_t count = is_arpa ? ARRAY_SIZE(arpa_rows) : ARRAY_SIZE(rows);

	*out = (struct special){ .answer = SPECIAL_NONE, .why = "" };
	for (size_t i = 0; i < count; i++) {
		uint8_t apex_at;

		if (!is_under_row(name, &table[i], &apex_at))
			continue;
		if (holds(conf, &table[i], name))
			*out = (struct special){ (enum special_answer)table[i].answer, apex_at,
						 table[i].why };
		return; /* no zone of the tables is under another */
	}
}

bool special_row(size_t i, struct dname *zone, enum special_answer *answer, const char **why)
{
	const struct row *r;
	uint8_t *to = zone->wire;
	char text[4];

	if (i >= ARRAY_SIZE(rows) + ARRAY_SIZE(arpa_rows))
		return false;
	r = i < ARRAY_SIZE(rows) ? &rows[i] : &arpa_rows[i - ARRAY_SIZE(rows)];
	if (r->last) {
		*to = (uint8_t)snprintf(text, sizeof(text), "%u", r->first);
		memcpy(to + 1, text, *to);
		to += 1 + *to;
	}
	memcpy(to, r->zone, r->len);
	zone->len = (uint8_t)(to + r->len - zone->wire);
	*answer = (enum special_answer)r->answer;
	*why = r->why;
	return true;
}
