/*
 * Conditions of rules ($denyallow, $dnstype, $client, $ctag): their values as octets, and
 * whether they hold for a question. Knows nothing of formats.
 *
 * One value: its kind, with LIST_COND_NOT for "~"; its length; its octets.
 */
#ifndef BLOCKLISTS_LIST_COND_H
#define BLOCKLISTS_LIST_COND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/dname.h"

struct list_side;

#define LIST_COND_NOT 0x80u

enum list_cond_kind {
	COND_DENYALLOW = 1, /* a name in wire form: the rule is not about it nor those below */
	COND_DNSTYPE,	    /* a query type, in network order */
	COND_CLIENT_NET,    /* address family (4 or 6), prefix, 16 octets of address */
	COND_CLIENT_NAME,   /* of a device or group */
	COND_TAG,	    /* the same for "$ctag" */
	COND_KINDS,
};

/** Who asks. What is not known is NULL: a rule for clients by name or address does not hold
 *  then, one for all but some clients does. */
struct list_asking {
	const struct addr *client;
	const char *device, *group; /* names in the configuration */
	uint16_t qtype;
	bool is_any; /* whoever asks, whatever type: only $denyallow is looked at */
};

/** Add the values of one modifier, "a|~b".
 *  @retval -EINVAL   one that is nothing; s is then not to be used
 *  @retval -ENOSPC   over LIST_SIDE_CONDS */
int list_cond_add(struct list_side *s, enum list_cond_kind kind, const char *values,
		  size_t len);

/** Whether all conditions hold. @param conds  that list_conds_check has found good */
bool list_conds_hold(const uint8_t *conds, size_t len, const struct dname *qname,
		     const struct list_asking *ask);

bool list_conds_check(const uint8_t *conds, size_t len);

#endif
