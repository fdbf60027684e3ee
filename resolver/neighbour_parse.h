/* One rtnetlink message as a change of the neighbour table. Pure: needs no kernel. */
#ifndef RESOLVER_NEIGHBOUR_PARSE_H
#define RESOLVER_NEIGHBOUR_PARSE_H

#include <stdint.h>

#include "lib/addr.h"
#include "resolver/neighbour_table.h"

struct nlmsghdr;

enum neighbour_change_kind {
	CHANGE_NONE, /* malformed, or nothing that concerns us */
	CHANGE_NEIGHBOUR,
	CHANGE_NEIGHBOUR_GONE, /* deleted, or it has no usable MAC address now */
	CHANGE_INTERFACE,
	CHANGE_INTERFACE_GONE,
};

struct neighbour_change {
	enum neighbour_change_kind kind;
	uint32_t ifindex;
	struct addr addr;		 /* of a neighbour */
	struct mac mac;			 /* CHANGE_NEIGHBOUR only */
	char name[INTERFACE_NAME_BYTES]; /* CHANGE_INTERFACE only */
	bool resolves;			 /* CHANGE_INTERFACE only */
};

/** Read a message whose length was checked (mnl_nlmsg_ok). */
void neighbour_parse(const struct nlmsghdr *msg, struct neighbour_change *out);

/** Bring the table to what a change says. */
void neighbour_apply(struct neighbour_table *t, const struct neighbour_change *change);

#endif
