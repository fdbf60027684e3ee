/* Who a text of the user means: an address, a MAC address, a device of the configuration, or
 * what a client calls itself. */
#ifndef RESOLVER_SEEK_H
#define RESOLVER_SEEK_H

#include <stdbool.h>

#include "lib/addr.h"

struct resolver;

struct sought {
	struct addr addr;      /* family 0: not known */
	struct mac mac;
	bool has_mac;
	const char *interface; /* borrowed from the neighbours; NULL: not known */
};

/** r must have a configuration. @retval false  none of them, or nobody has that name now */
bool seek_client(struct resolver *r, const char *text, struct sought *out);

#endif
