/* Any bytes as a configuration of dnsmasq, of AdGuard Home, and as rows of Pi-hole's database: what is made of them is a configuration of ours, or
 * refused by our own reader for what it says, never for how it is written. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/import_adguard.h"
#include "cli/import_dnsmasq.h"
#include "cli/import_pihole.h"
#include "cli/import_plan.h"
#include "db/pihole.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input as each kind of row, and each type. */
static void import_rows(struct import_plan *plan, const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	for (int i = 0; i < 16; i++) {
		const struct pihole_row row = { .kind = (enum pihole_kind)(i / 4), .id = i,
						.type = i % 4, .text = text,
						.is_enabled = true, .is_for_all = true };

		import_pihole_row(plan, "fuzz", &row);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import_plan *plan = calloc(1, sizeof(*plan));
	struct text_buf text = { 0 };

	if (!plan)
		return 0;
	import_dnsmasq(plan, "fuzz", (const char *)data, size);
	import_adguard(plan, "fuzz", (const char *)data, size);
	import_rows(plan, data, size);
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
