/* Any bytes as a line: it ends, and what it gives are names. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "blocklists/list_detect.h"
#include "blocklists/list_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** A lower-case name of the alphabet that list_line_octet names. */
static void check_entry(const struct list_entry *e)
{
	if (dname_wire_len(e->name.wire, e->name.len) != e->name.len || e->name.len < 3)
		abort();
	for (size_t at = 0; e->name.wire[at]; at += e->name.wire[at] + 1u) {
		for (size_t i = 1; i <= e->name.wire[at]; i++) {
			if (list_line_octet[e->name.wire[at + i]] != e->name.wire[at + i])
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct list_detect detect = { .lines = 0 };
	struct list_line line;
	struct list_entry entry;
	enum list_line_kind kind;
	size_t results = 0;

	list_line_start(&line, (const char *)data, size);
	while ((kind = list_line_next(&line, &entry)) != LINE_END) {
		if (kind >= LINE_KINDS || ++results > size + 1)
			abort();
		if (kind == LINE_ENTRY)
			check_entry(&entry);
	}
	list_detect_line(&detect, (const char *)data, size);
	return list_detect_result(&detect) >= SHAPE_COUNT ? abort(), 0 : 0;
}
