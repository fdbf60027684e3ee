/* What values of all kinds have: a place in a file, on and off. */
#ifndef CONF_CONF_PLACE_H
#define CONF_CONF_PLACE_H

#include <stdint.h>

/** Where something was written. file is borrowed from the conf. line 0: nowhere (default). */
struct conf_place {
	const char *file;
	uint32_t line;
};

enum conf_switch { SWITCH_OFF, SWITCH_ON };

#endif
