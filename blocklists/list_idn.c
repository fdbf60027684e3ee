/* By libidn2, as browsers do it: mapped and not transitional; see list_idn.h. */
#include "blocklists/list_idn.h"

#include <idn2.h>
#include <string.h>

size_t list_idn_to_ascii(const char *text, size_t len, char out[LIST_IDN_MAX])
{
	const int flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL;
	char copy[LIST_IDN_MAX * 4];
	uint8_t *ascii = NULL;
	size_t n = 0;

	if (len >= sizeof(copy) || memchr(text, '\0', len))
		return 0;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (idn2_lookup_u8((const uint8_t *)copy, &ascii, flags) == IDN2_OK) {
		n = strlen((const char *)ascii);
		if (n >= LIST_IDN_MAX)
			n = 0;
		else
			memcpy(out, ascii, n + 1);
	}
	idn2_free(ascii);
	return n;
}
