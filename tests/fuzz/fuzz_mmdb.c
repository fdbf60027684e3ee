/* Any bytes as a table in MaxMind's format: what can be opened gives ranges that are public. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "blocklists/list_mmdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libmaxminddb 1.7 forgets what it has of metadata that ends in the middle of a description. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libmaxminddb";
}

static int on_network(void *arg, enum list_line_kind kind, const struct list_span *span,
		      const struct list_owner *owner)
{
	static const char *const owners[] = { "AS64496", "CH", "net" };
	struct list_span again;
	char text[LIST_SPAN_TEXT];

	(void)arg;
	list_owner_is_wanted(owner, owners, 3);
	if (kind == LINE_SPAN &&
	    list_span_line(list_span_text(span, text), &again) != LINE_SPAN)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const addrs[] = { "8.8.8.8", "2001:db8::1", "2002:808:808::1" };
	const struct list_mmdb_sink sink = { on_network, NULL };
	struct list_mmdb_owner owner;
	struct list_mmdb *m;
	struct addr a;

	list_mmdb_is(-1, data, size);
	if (list_mmdb_open(-1, data, size, &m))
		return 0;
	list_mmdb_walk(m, &sink);
	for (size_t i = 0; i < 3; i++)
		if (!addr_from_text(addrs[i], &a))
			list_mmdb_find(m, &a, &owner);
	list_mmdb_close(m);
	return 0;
}
