/* A part of rule_desc.h. Not for others. */
#ifndef NFTSYNC_RULE_RANGE_H
#define NFTSYNC_RULE_RANGE_H

#include <stddef.h>
#include <stdint.h>

/** A set that is filled apart from the rules. */
struct rule_range {
	const char *list;
	char *name; /* in the kernel; "": there is none; room for RULESET_RANGE_NAME bytes */
	uint8_t family;
	size_t count;
	uint64_t content;
};

#endif
