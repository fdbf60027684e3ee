/* Any bytes as a configuration of dnsmasq: what is made of them is a configuration of ours, or
 * refused by our own reader for what it says, never for how it is written. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/import_dnsmasq.h"
#include "cli/import_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import_plan *plan = calloc(1, sizeof(*plan));
	struct text_buf text = { 0 };

	if (!plan)
		return 0;
	import_dnsmasq(plan, "fuzz", (const char *)data, size);
	import_text(plan, "dnsmasq", &text);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.bytes[i];

		/* nothing that our grammar gives a meaning to comes from the input */
		if ((c < ' ' && c != '\n' && c != '\t') || c >= 0x7f || c == '"' || c == '\\')
			abort();
	}
	text_fini(&text);
	import_fini(plan);
	free(plan);
	return 0;
}
