/* Any text as overrides; what parses must be written, and that must parse to the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf_override.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char first[CONF_OVERRIDE_TEXT], second[CONF_OVERRIDE_TEXT];
	static struct conf_overrides o;
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (!conf_overrides_parse(text, 0, &o)) {
		conf_overrides_text(&o, first);
		if (conf_overrides_parse(first, 0, &o) ||
		    strcmp(first, conf_overrides_text(&o, second)) != 0)
			abort();
	}
	free(text);
	return 0;
}
