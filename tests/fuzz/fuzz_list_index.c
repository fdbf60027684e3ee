/*
 * Bytes as an index that opens: sizes, checksum, filter and stats are made good, and the
 * input fills what look-ups follow (offsets, heads, classes, lines, names in blocks). Look-ups
 * must stay inside, and end; and so must a build that takes a list out of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "blocklists/list_build.h"
#include "blocklists/list_filter.h"
#include "blocklists/list_image.h"
#include "blocklists/list_walk.h"
#include "lib/util.h"

#define NAME_LABELS 3
#define LISTS	    3
#define FILTER	    8 /* bytes */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at;
	size_t left;
};

/** The next octet; 0 behind the end. */
static uint8_t next(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

/** Small numbers, and some that are far outside. */
static void fill_numbers(struct input *in, uint8_t *to, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		uint32_t v = next(in);

		if (v >= 0xf0)
			v = UINT32_MAX - (v & 0x0f);
		memcpy(to + i * sizeof(v), &v, sizeof(v));
	}
}

/** Classes that begin anywhere, and hold anything. */
static void fill_classes(struct input *in, uint8_t *image, const struct list_layout *at,
			 const struct list_image_head *h)
{
	for (uint32_t i = 0; i < h->classes; i++) {
		uint32_t v = next(in);

		memcpy(image + at->classes + i * sizeof(v), &v, sizeof(v));
	}
	for (uint64_t i = 0; i < h->words; i++) {
		uint64_t v = next(in) | (uint64_t)next(in) << 12;

		memcpy(image + at->words + i * sizeof(v), &v, sizeof(v));
	}
}

/** The first list is read as a zone. */
static void fill_stats(uint8_t *image, const struct list_layout *at)
{
	struct list_stats stats = { .read_as = SHAPE_RPZ, .source = 1 };

	memcpy(image + at->lists, &stats, sizeof(stats));
}

/** An index of the rest of the input. @retval NULL  no memory */
static uint8_t *make_image(struct input *in, size_t *len)
{
	const size_t skip = offsetof(struct list_image_head, bytes);
	const struct list_shard shard = { .segment = 1, .segments = 1 };
	struct list_image_head h = {
		.magic = LIST_IMAGE_MAGIC,
		.order = LIST_IMAGE_ORDER,
		.version = LIST_IMAGE_VERSION,
		.head_bytes = sizeof(struct list_image_head),
		.alignment = _Alignof(uint64_t),
		.labels_max = NAME_LABELS,
		.depths = UINT32_MAX,
		.names = next(in),
		.lists = LISTS,
		.stats_bytes = sizeof(struct list_stats),
		.filter_bytes = FILTER,
		.side_bits = LIST_SIDE_BITS_MIN,
	};
	struct list_layout at;
	uint8_t *image;

	h.classes = next(in) % 8;
	h.classes = MIN(h.names, h.classes);
	h.words = next(in);
	h.words = MIN(h.words, h.classes * (1u + LIST_RULES));
	h.lines = next(in) % 32;
	h.blocks_bytes = in->left;
	if (list_image_layout(&h, &at))
		abort();
	h.bytes = *len = at.end;
	image = calloc(1, at.end);
	if (!image)
		return NULL;
	fill_numbers(in, image + at.starts, at.block_count);
	fill_numbers(in, image + at.rows, at.block_count);
	for (uint32_t i = 0; i < at.block_count; i++)
		image[at.heads + i * 8 + 7] = next(in);
	for (uint32_t i = 0; i < at.group_count; i++)
		image[at.skips + i] = next(in);
	fill_classes(in, image, &at, &h);
	fill_stats(image, &at);
	fill_numbers(in, image + at.lines, h.lines);
	memcpy(image + at.shards, &shard, sizeof(shard));
	if (in->left)
		memcpy(image + at.blocks, in->at, in->left);
	memcpy(image, &h, sizeof(h));
	h.checksum = list_image_checksum(image + skip, at.end - skip);
	memcpy(image, &h, sizeof(h));
	return image;
}

/** Names of few letters, so that some are found. */
static void ask(const struct list_index *x, const uint8_t letters[NAME_LABELS])
{
	struct dname d = { .len = 0 };
	uint64_t said[LEVELS];
	struct list_match match;

	for (size_t i = 0; i < NAME_LABELS; i++) {
		d.wire[d.len++] = 1;
		d.wire[d.len++] = (uint8_t)('a' + letters[i] % 4);
	}
	d.wire[d.len++] = 0;
	if (list_index_find(x, &d, UINT64_MAX, said) >> LISTS)
		abort();
	if (list_index_explain(x, &d, UINT64_MAX, said, &match) &&
	    (match.list >= LISTS ||
	     dname_wire_len(match.key.wire, match.key.len) != match.key.len))
		abort();
}

/** Every entry of the first list (they all have no name). */
static void walk(const struct list_index *x)
{
	struct list_walk w;
	struct list_entry e;
	uint32_t where;

	if (!list_walk_start(&w, x, ""))
		abort();
	while (list_walk_next(&w, &e, &where)) {
		if (dname_wire_len(e.name.wire, e.name.len) != e.name.len)
			abort();
	}
}

/** The next build, in which the first list is as it was: an index, or a refusal. */
static void build_on(const struct list_index *x)
{
	const struct list_source s = { .name = "", .fd = -1, .old = x, .source = 1 };
	int fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING), rc;
	struct list_index *next;

	if (fd < 0)
		return;
	rc = list_build(&s, 1, fd);
	if (!rc) {
		if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK) ||
		    list_index_open(fd, &next))
			abort();
		walk(next);
		list_index_close(next);
	} else if (rc != -EBADMSG && rc != -ENOMEM && rc != -E2BIG) {
		abort();
	}
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t letters[NAME_LABELS];
	struct list_index *x;
	uint8_t *image;
	size_t len;

	for (size_t i = 0; i < NAME_LABELS; i++)
		letters[i] = next(&in);
	image = make_image(&in, &len);
	if (!image)
		return 0;
	if (list_index_attach(image, len, &x))
		abort();
	ask(x, letters);
	walk(x);
	build_on(x);
	list_index_close(x);
	free(image);
	return 0;
}
