/* Any bytes as a sealed range image: what can be opened holds public ranges in order. */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/addr.h"
#include "lib/range_image.h"

#define NAME_AT 16 /* of the first set */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_through(const struct range_image *x, const char *name, uint8_t family)
{
	size_t bytes = family == AF_INET ? 4 : 16;
	const uint8_t *p;
	size_t n = range_image_find(x, name, family, &p);

	for (size_t i = 0; i < n; i++, p += 2 * bytes) {
		struct addr lo = addr_from_bytes(family, p);
		struct addr hi = addr_from_bytes(family, p + bytes);

		if (!addr_range_is_public(&lo, &hi) ||
		    (i && memcmp(p - bytes, p, bytes) >= 0))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct range_image *x;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE))
		abort();
	if (!range_image_open(fd, &x)) {
		char name[RANGE_IMAGE_NAME] = "";

		if (size > NAME_AT + sizeof(name))
			memcpy(name, data + NAME_AT, sizeof(name) - 1);
		look_through(x, name, AF_INET);
		look_through(x, name, AF_INET6);
		range_image_close(x);
	}
	close(fd);
	return 0;
}
