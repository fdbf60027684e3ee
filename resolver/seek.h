/* Who a text of the user means: an address, a MAC address, or a device of the configuration. */
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

/** r must have a configuration. @retval false  neither an address nor a device's name */
bool seek_client(struct resolver *r, const char *text, struct sought *out);

#endif
