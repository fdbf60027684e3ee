/* The table of special names; see special.h. */
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
	ROW("\4home\4arpa", SPECIAL_NXDOMAIN, UNLESS_FORWARDED, "RFC 8375"),
	ROW("\10resolver\4arpa", SPECIAL_NODATA, ALWAYS, "RFC 9462"),
	ROW("\10ipv4only\4arpa", SPECIAL_PASS, ALWAYS, "RFC 8880"),
	ROW("\23use-application-dns\3net", SPECIAL_NXDOMAIN, DOH_CANARY, "doh-canary"),
	ROW("\4mask\6icloud\3com", SPECIAL_NXDOMAIN, RELAY_CANARY, "relay-canary"),
	ROW("\7mask-h2\6icloud\3com", SPECIAL_NXDOMAIN, RELAY_CANARY, "relay-canary"),

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

/* @param low  the name in lower case */
static bool is_under_row(const struct dname *low, const struct row *r, uint8_t *apex_at)
{
	size_t at;
	unsigned n;

	if (low->len < r->len || low->wire[low->len - 2] != r->zone[r->len - 2])
		return false; /* most names end otherwise, by one look */
	at = (size_t)low->len - r->len;
	if (memcmp(low->wire + at, r->zone, r->len) != 0 || !is_label_start(low, at))
		return false;
	if (r->last) {
		if (!at)
			return false;
		at = label_before(low, at);
		n = label_number(low->wire + at);
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
	struct dname low = *name;

	dname_lower(&low);
	*out = (struct special){ .answer = SPECIAL_NONE, .why = "" };
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t apex_at;

		if (!is_under_row(&low, &rows[i], &apex_at))
			continue;
		if (holds(conf, &rows[i], name))
			*out = (struct special){ (enum special_answer)rows[i].answer, apex_at,
						 rows[i].why };
		return; /* no zone of the table is under another */
	}
}

bool special_row(size_t i, struct dname *zone, enum special_answer *answer, const char **why)
{
	const struct row *r;
	uint8_t *to = zone->wire;
	char text[4];

	if (i >= ARRAY_SIZE(rows))
		return false;
	r = &rows[i];
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
