/*
 * A name (the first line) and Adblock rules (all others) become an index, and the name is
 * asked for: within the lists, and explained exactly if found.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "blocklists/list_build.h"
#include "blocklists/list_sides.h"
#include "lib/util.h"

#define INPUT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct list_index *build(const char *text, size_t len)
{
	const struct list_source s = {
		.name = "a", .fd = -1, .bytes = text, .len = len, .format = LIST_ADBLOCK,
	};
	int fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct list_index *x = NULL;

	if (fd < 0 || list_build(&s, 1, fd))
		abort();
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK) || list_index_open(fd, &x))
		abort();
	close(fd);
	return x;
}

static void ask(const struct list_index *x, const struct dname *d)
{
	const struct list_asking who = { .device = "tv", .group = "kids", .qtype = 28 };
	uint64_t said[LEVELS] = { 0 };
	struct list_match m;

	if (list_sides_find(x, d, &who, 1, said) > 1)
		abort();
	if (list_sides_explain(x, d, &who, 1, said, &m) != (said[0] | said[1] | said[2] |
							    said[3]))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	char name[256];
	struct list_index *x;
	struct dname d;
	size_t len;

	if (!end || size > INPUT_MAX || end - data >= (ptrdiff_t)sizeof(name))
		return 0;
	len = (size_t)(end - data);
	memcpy(name, data, len);
	name[len] = '\0';
	if (dname_from_text(name, &d))
		return 0;
	x = build((const char *)end + 1, size - len - 1);
	ask(x, &d);
	list_index_close(x);
	return 0;
}
