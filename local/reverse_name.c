/* Names of addresses; see reverse_name.h. */
#include "local/reverse_name.h"

#include <stdio.h>
#include <string.h>

static uint8_t *put_label(uint8_t *to, const char *text)
{
	size_t len = strlen(text);

	*to = (uint8_t)len;
	memcpy(to + 1, text, len);
	return to + 1 + len;
}

void reverse_name(const struct addr *a, struct dname *out)
{
	uint8_t *to = out->wire;
	char text[4];

	for (size_t i = addr_len(a); i--;) {
		uint8_t b = a->bytes[i];

		if (a->family == AF_INET) {
			snprintf(text, sizeof(text), "%u", b);
			to = put_label(to, text);
			continue;
		}
		snprintf(text, sizeof(text), "%x", b & 15u);
		to = put_label(to, text);
		snprintf(text, sizeof(text), "%x", b >> 4);
		to = put_label(to, text);
	}
	to = put_label(to, a->family == AF_INET ? "in-addr" : "ip6");
	to = put_label(to, "arpa");
	*to++ = 0;
	out->len = (uint8_t)(to - out->wire);
}
