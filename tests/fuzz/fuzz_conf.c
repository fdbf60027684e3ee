/* Any text as a configuration; what parses must print, and that must parse to the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Parse a text and print it again; NULL if it has errors. Owned by the caller. */
static char *print_of(const char *text, size_t len)
{
	struct conf_errors *errors = conf_errors_new();
	struct conf_bundle *b;
	struct conf *c = NULL;
	char *out = NULL;
	size_t size;
	FILE *to = open_memstream(&out, &size);

	if (!errors || !to || conf_bundle_from_text("fuzz.conf", text, len, &b))
		abort();
	if (!conf_parse(b, &c, errors)) {
		if (conf_errors_count(errors))
			abort();
		conf_print(c, to);
		conf_free(c);
	} else {
		conf_errors_print(errors, to);
	}
	fclose(to);
	conf_bundle_free(b);
	conf_errors_free(errors);
	if (c)
		return out;
	free(out);
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *first = print_of((const char *)data, size), *second;

	if (!first)
		return 0;
	second = print_of(first, strlen(first));
	if (!second || strcmp(first, second) != 0)
		abort();
	free(first);
	free(second);
	return 0;
}
