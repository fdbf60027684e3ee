/*
 * What kind of list a text is, by a vote of its first lines. Knows nothing of files. Also
 * what cannot be read is told apart, so that the operator hears what the file is.
 */
#ifndef BLOCKLISTS_LIST_DETECT_H
#define BLOCKLISTS_LIST_DETECT_H

#include <stdbool.h>
#include <stddef.h>

enum list_shape {
	SHAPE_NONE, /* no line that tells */
	SHAPE_NAMES, /* hosts lines and domains, mixed or not */
	SHAPE_ADBLOCK,
	SHAPE_DNSMASQ, /* SmartDNS's `address /x/` too */
	SHAPE_UNBOUND,
	SHAPE_RPZ,
	SHAPE_ADDRESSES,
	SHAPE_OWNERS, /* never told by its lines */
	SHAPE_HTML,
	SHAPE_OTHER,
	SHAPE_COUNT,
};

/** "hosts or domains", "Adblock" and so on, for people. */
const char *list_shape_name(enum list_shape shape);

/** Formats that a server reads as zones, of which the nearest holds: dnsmasq, unbound and
 *  RPZ. */
static inline bool list_shape_is_zone(enum list_shape shape)
{
	return shape == SHAPE_DNSMASQ || shape == SHAPE_UNBOUND || shape == SHAPE_RPZ;
}

/** Lines that vote; comments and empty lines do not count. */
#define LIST_DETECT_LINES 200

struct list_detect {
	unsigned votes[SHAPE_COUNT];
	unsigned lines;
};

/** Let a line vote. @param d zeroed at start. @retval false  enough lines have voted */
bool list_detect_line(struct list_detect *d, const char *text, size_t len);

/** The shape with most votes; SHAPE_NAMES only with at least half of them. */
enum list_shape list_detect_result(const struct list_detect *d);

#endif
