/*
 * A response policy zone, line by line -> entries. Knows nothing of files.
 */
#ifndef BLOCKLISTS_LIST_RPZ_H
#define BLOCKLISTS_LIST_RPZ_H

#include "blocklists/list_line.h"
#include "blocklists/list_span.h"

/** As long as a name in a zone file, with escapes, may be. */
#define LIST_ZONE_NAME 512

/** What a zone's lines before said; zeroed at start. Its fields are private. */
struct list_zone {
	bool has_apex;
	char apex[LIST_ZONE_NAME];   /* of the zone, without its final dot */
	char origin[LIST_ZONE_NAME]; /* relative to the apex; "": the apex */
	bool is_outside;	     /* the origin is not in the zone */
	char owner[LIST_ZONE_NAME];  /* of the record before, relative to the apex */
	bool has_owner;
	bool is_owner_outside;
	unsigned depth; /* parentheses that are open: the record goes on */
};

/** What a line of a zone is. Of QNAME triggers, "x" is x alone and "*.x" all below it; those
 *  of rpz-ip and rpz-client-ip are ranges. `CNAME .` blocks, as do `CNAME *.` (NODATA),
 *  `CNAME rpz-drop.` and `CNAME rpz-tcp-only.`; `CNAME rpz-passthru.` allows. Data of a
 *  zone's own are never given: whoever writes a list could send names anywhere.
 *  out is filled for LINE_ENTRY, span for LINE_SPAN. A line must hold no NUL, and end with
 *  one. */
enum list_line_kind list_rpz_line(struct list_zone *z, const char *text,
				  struct list_entry *out, struct list_span *span);

#endif
