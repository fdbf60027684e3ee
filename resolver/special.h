/*
 * Names that mean something of their own, wherever they are asked for: one table of rows.
 * Pure. RFC 6303, 6761, 6762, 7686, 7793, 8375, 8880, 9462, 9476.
 */
#ifndef RESOLVER_SPECIAL_H
#define RESOLVER_SPECIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/dname.h"

struct conf;

enum special_answer {
	SPECIAL_NONE,	   /* a name as any other */
	SPECIAL_NXDOMAIN,  /* the zone is here, and empty; its apex has no records */
	SPECIAL_NODATA,	   /* every name of it exists, and has no records */
	SPECIAL_LOCALHOST, /* 127.0.0.1 and ::1 */
	SPECIAL_REVERSE,   /* as NXDOMAIN; names above an address's own exist */
	SPECIAL_LOOPBACK,  /* the same, and 127.0.0.1 and ::1 are called localhost */
	SPECIAL_PASS,	   /* asked for upstream, and may have any address */
};

struct special {
	enum special_answer answer;
	uint8_t apex_at; /* offset in the name of the zone that it is under */
	const char *why; /* static: "RFC 7686" */
};

/** What a name is. Where the configuration forwards it to an upstream of its own, or a switch
 *  is off, it is SPECIAL_NONE. */
void special_find(const struct conf *conf, const struct dname *name, struct special *out);

/** Whether a `forward` line other than the root's covers the name.
 *  @param longer_than  only one whose suffix has more octets */
bool special_is_forwarded(const struct conf *conf, const struct dname *name,
			  size_t longer_than);

/** The i-th row's zone in text and what is said of it, for tests and manuals.
 *  @return false behind the last one */
bool special_row(size_t i, struct dname *zone, enum special_answer *answer, const char **why);

#endif
