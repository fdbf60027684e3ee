/*
 * Bytes as a file in the folder of builds: a good index of which some octets are others, with
 * its checksum made right or not, or any bytes at all. What is taken for an index is asked, and
 * built upon.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "blocklists/list_build.h"
#include "blocklists/list_image.h"
#include "blocklists/list_reuse.h"
#include "blocklists/list_sides.h"
#include "blocklists/list_spans.h"
#include "blocklists/list_walk.h"
#include "lib/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** A small good one, of which the input overwrites parts. */
static uint8_t *make_good(size_t *len)
{
	static const char text[] = "||a.example^\n@@||b.example^$important\n||mask\n/re/\n"
				   "||c.example^$dnstype=A\n||d.example^$badfilter\n";
	static const char zone[] = "a.example CNAME .\n*.b.example CNAME rpz-drop.\n"
				   "24.0.2.0.192.rpz-ip CNAME .\n";
	const struct list_source s[] = {
		{ .name = "a", .fd = -1, .bytes = text, .len = sizeof(text) - 1, .source = 1 },
		{ .name = "b", .fd = -1, .bytes = zone, .len = sizeof(zone) - 1, .source = 1 },
	};
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	uint8_t *image = NULL;
	off_t end;

	if (fd < 0 || list_build(s, ARRAY_SIZE(s), fd))
		abort();
	end = lseek(fd, 0, SEEK_END);
	image = malloc((size_t)end);
	if (!image || pread(fd, image, (size_t)end, 0) != end)
		abort();
	close(fd);
	*len = (size_t)end;
	return image;
}

/** Patches "place (2 octets), octet"; with is_good the checksum is right again. */
static void patch(uint8_t *image, size_t len, const uint8_t *data, size_t size, int is_good)
{
	const size_t skip = offsetof(struct list_image_head, bytes);
	struct list_image_head *h = (struct list_image_head *)image;

	for (; size >= 3; data += 3, size -= 3)
		image[(size_t)(data[0] << 8 | data[1]) % len] = data[2];
	if (is_good)
		h->checksum = list_image_checksum(image + skip, len - skip);
}

static void ask(const struct list_index *x)
{
	static const char *const names[] = { "a.example", "x.b.example", "mask.c.example", "re" };
	const struct list_asking any = { .is_any = true };
	const struct addr addr = { AF_INET, { 192, 0, 2, 1 } };
	uint64_t said[LEVELS];
	struct list_match m;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct dname d;

		if (dname_from_text(names[i], &d))
			abort();
		list_index_find(x, &d, UINT64_MAX, said);
		list_index_explain(x, &d, UINT64_MAX, said, &m);
		list_sides_find(x, &d, &any, UINT64_MAX, said);
		list_sides_explain(x, &d, &any, UINT64_MAX, said, &m);
	}
	list_spans_find(x, &addr, false, UINT64_MAX, said);
}

static void build_on(const struct list_index *x)
{
	struct list_source s[] = {
		{ .name = "a", .fd = -1, .old = x, .source = 1 },
		{ .name = "b", .fd = -1, .old = x, .source = 1, .is_back = true },
	};
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd >= 0) {
		(void)!list_build(s, ARRAY_SIZE(s), fd);
		close(fd);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t *good;
	static size_t good_len;
	struct list_index *x;
	uint8_t *image;
	size_t len;

	if (!good)
		good = make_good(&good_len);
	if (!size)
		return 0;
	len = data[0] & 2 ? size - 1 : good_len;
	image = malloc(len ? len : 1);
	if (!image)
		return 0;
	if (data[0] & 2) {
		memcpy(image, data + 1, len);
	} else {
		memcpy(image, good, len);
		patch(image, len, data + 1, size - 1, data[0] & 1);
	}
	if (!list_index_attach(image, len, &x)) {
		ask(x);
		build_on(x);
		list_index_close(x);
	}
	free(image);
	return 0;
}
