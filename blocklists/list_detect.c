/* Tells list formats apart by what their lines begin with or hold; see list_detect.h. */
#include "blocklists/list_detect.h"

#include <string.h>
#include <strings.h>

#include "blocklists/list_line.h"
#include "blocklists/list_span.h"
#include "lib/util.h"

/* A line longer than this is judged by its beginning. */
#define LOOK_MAX 1024

const char *list_shape_name(enum list_shape shape)
{
	static const char *const names[SHAPE_COUNT] = {
		[SHAPE_NONE] = "empty",
		[SHAPE_NAMES] = "hosts or domains",
		[SHAPE_ADBLOCK] = "Adblock",
		[SHAPE_DNSMASQ] = "dnsmasq",
		[SHAPE_UNBOUND] = "unbound",
		[SHAPE_RPZ] = "RPZ",
		[SHAPE_ADDRESSES] = "addresses",
		[SHAPE_OWNERS] = "owners",
		[SHAPE_HTML] = "HTML",
		[SHAPE_OTHER] = "unknown",
	};

	return shape < SHAPE_COUNT ? names[shape] : "?";
}

/** The beginnings that only one format has. */
static enum list_shape shape_of_beginning(const char *text)
{
	static const struct {
		const char *text;
		enum list_shape shape;
	} beginnings[] = {
		{ "||", SHAPE_ADBLOCK },       { "@@", SHAPE_ADBLOCK },
		{ "[adblock", SHAPE_ADBLOCK }, { "[adguard", SHAPE_ADBLOCK },
		{ "|", SHAPE_ADBLOCK },	       { "address=/", SHAPE_DNSMASQ },
		{ "server=/", SHAPE_DNSMASQ }, { "local=/", SHAPE_DNSMASQ },
		{ "address /", SHAPE_DNSMASQ }, { "nameserver /", SHAPE_DNSMASQ },
		{ "ipset=/", SHAPE_DNSMASQ },  { "nftset=/", SHAPE_DNSMASQ },
	        { "local-zone:", SHAPE_UNBOUND },
		{ "local-data", SHAPE_UNBOUND }, { "server:", SHAPE_UNBOUND },
		{ "$ttl", SHAPE_RPZ },	       { "$origin", SHAPE_RPZ },
		{ "<", SHAPE_HTML },
	};

	for (size_t i = 0; i < ARRAY_SIZE(beginnings); i++) {
		if (!strncasecmp(text, beginnings[i].text, strlen(beginnings[i].text)))
			return beginnings[i].shape;
	}
	return SHAPE_NONE;
}

/** What tells the format of a line that holds no name, anywhere in it. */
static enum list_shape shape_of_middle(const char *text)
{
	static const char *const zone[] = { " cname ", "\tcname ", " cname\t", "\tcname\t",
					    " in soa ", " in ns ", "\tsoa\t" };
	static const char *const rule[] = { "##", "#@#", "#?#", "#$#", "^$" };

	for (size_t i = 0; i < ARRAY_SIZE(zone); i++) {
		if (strcasestr(text, zone[i]))
			return SHAPE_RPZ;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rule); i++) {
		if (strstr(text, rule[i]))
			return SHAPE_ADBLOCK;
	}
	return SHAPE_OTHER;
}

/** What the parser of our own formats makes of it. SHAPE_NONE: comment, empty, local. */
static enum list_shape shape_of_names(const char *text, size_t len)
{
	enum list_shape shape = SHAPE_NONE;
	enum list_line_kind kind;
	struct list_entry entry;
	struct list_span span;
	struct list_line line;
	char clean[LOOK_MAX + 1];

	list_line_start(&line, text, len);
	while ((kind = list_line_next(&line, &entry)) != LINE_END) {
		if (kind == LINE_ENTRY)
			return SHAPE_NAMES;
		if (kind == LINE_BAD_ADDRESS)
			shape = SHAPE_ADDRESSES;
		else if (kind >= LINE_BAD)
			shape = SHAPE_OTHER;
	}
	if (shape == SHAPE_NONE || shape == SHAPE_ADDRESSES || len > LOOK_MAX)
		return shape;
	list_line_clean(text, len, clean);
	kind = list_span_line(clean, &span);
	return kind == LINE_SPAN || kind == LINE_NOT_PUBLIC ? SHAPE_ADDRESSES : shape;
}

bool list_detect_line(struct list_detect *d, const char *text, size_t len)
{
	enum list_shape shape;
	char look[LOOK_MAX + 1];
	const char *start = look;
	size_t n = MIN(len, (size_t)LOOK_MAX);

	if (d->lines >= LIST_DETECT_LINES)
		return false;
	memcpy(look, text, n);
	look[n] = '\0';
	if (!strncmp(start, "\xef\xbb\xbf", 3))
		start += 3;
	start += strspn(start, " \t");
	shape = shape_of_beginning(start);
	if (shape == SHAPE_NONE)
		shape = shape_of_names(text, len);
	if (shape == SHAPE_OTHER)
		shape = shape_of_middle(start);
	if (shape == SHAPE_NONE)
		return true;
	d->votes[shape]++;
	d->lines++;
	return true;
}

enum list_shape list_detect_result(const struct list_detect *d)
{
	enum list_shape best = SHAPE_NONE;

	if (d->lines && d->votes[SHAPE_NAMES] * 2 >= d->lines)
		return SHAPE_NAMES;
	for (enum list_shape s = SHAPE_NONE + 1; s < SHAPE_COUNT; s++) {
		if (s != SHAPE_NAMES && d->votes[s] > d->votes[best])
			best = s;
	}
	return best;
}
