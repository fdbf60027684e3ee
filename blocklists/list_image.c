/* Layout and checksum of an index; see list_image.h. */
#include "blocklists/list_image.h"

#include <errno.h>
#include <string.h>

#include "blocklists/list_filter.h"

#define LANES 4

/** Add a section of n bytes behind *at, and return where it begins. */
static uint64_t section(uint64_t *at, uint64_t n)
{
	uint64_t start = *at;

	*at += (n + 7) & ~7ull;
	return start;
}

int list_image_layout(const struct list_image_head *head, struct list_layout *out)
{
	uint64_t at = sizeof(*head);
	uint64_t blocks = ((uint64_t)head->names + LIST_BLOCK - 1) / LIST_BLOCK;
	uint64_t segments = 0;

	for (unsigned i = 0; i < LIST_TABLES; i++) {
		if (head->segments[i] > LIST_SEGMENTS_MAX)
			return -EBADMSG;
		segments += head->segments[i];
	}
	if (head->span_classes > segments)
		return -EBADMSG;

	if (head->names > LIST_NAMES_MAX || head->classes > head->names ||
	    head->shard_bits > LIST_SHARD_BITS_MAX || head->lists > LIST_INDEX_LISTS ||
	    head->stats_bytes != sizeof(struct list_stats) ||
	    head->lines > (uint64_t)LIST_NAMES_MAX * LIST_INDEX_LISTS ||
	    head->words > (uint64_t)head->classes * (1 + LIST_RULES) ||
	    head->sides > LIST_SIDES_MAX || head->side_texts > LIST_SIDE_TEXTS_MAX ||
	    head->side_bits < LIST_SIDE_BITS_MIN || head->side_bits > LIST_SIDE_BITS_MAX ||
	    head->side_rows > LIST_SIDES_MAX * LIST_INDEX_LISTS ||
	    head->blocks_bytes > UINT32_MAX || head->filter_bytes > UINT32_MAX)
		return -EBADMSG;
	out->block_count = (uint32_t)blocks;
	out->group_count = (uint32_t)((blocks + LIST_GROUP - 1) / LIST_GROUP);
	out->blocks = section(&at, head->blocks_bytes);
	out->starts = section(&at, blocks * sizeof(uint32_t));
	out->heads = section(&at, blocks * sizeof(uint64_t));
	out->skips = section(&at, out->group_count);
	out->classes = section(&at, head->classes * sizeof(uint32_t));
	out->words = section(&at, head->words * sizeof(uint64_t));
	out->shards = section(&at, sizeof(struct list_shard) << head->shard_bits);
	out->filter = section(&at, head->filter_bytes);
	out->lists = section(&at, head->lists * sizeof(struct list_stats));
	out->rows = section(&at, blocks * sizeof(uint32_t));
	out->lines = section(&at, head->lines * sizeof(uint32_t));
	out->sides = section(&at, head->sides * sizeof(struct list_side_record));
	out->side_starts = section(&at, ((1ull << head->side_bits) + 2) * sizeof(uint32_t));
	out->side_rows = section(&at, head->side_rows * sizeof(uint32_t));
	out->side_texts = section(&at, head->side_texts);
	out->segments = section(&at, segments * sizeof(struct list_segment));
	out->span_classes = section(&at, head->span_classes * sizeof(uint64_t) * LEVELS);
	out->span_rows = section(&at, head->span_rows * sizeof(uint32_t));
	out->end = at;
	return 0;
}

const char *list_image_refuse(const void *bytes, size_t len, struct list_layout *layout)
{
	const size_t skip = offsetof(struct list_image_head, bytes);
	const struct list_image_head *h = bytes;

	if (len < sizeof(*h))
		return "cut short";
	if (h->magic == __builtin_bswap64(LIST_IMAGE_MAGIC))
		return "an index of a machine with another byte order";
	if (h->magic != LIST_IMAGE_MAGIC)
		return "no index of lists";
	if (h->order != LIST_IMAGE_ORDER || h->version != LIST_IMAGE_VERSION)
		return "an index of another version";
	if (h->head_bytes != sizeof(*h) || h->alignment != _Alignof(uint64_t) ||
	    h->stats_bytes != sizeof(struct list_stats))
		return "an index of another kind of machine";
	if (h->bytes > len)
		return "cut short";
	if (h->bytes != len || h->origin >= LIST_ORIGINS || list_image_layout(h, layout) ||
	    layout->end != len ||
	    list_image_checksum((const uint8_t *)h + skip, len - skip) != h->checksum)
		return "damaged";
	return NULL;
}

void list_image_stamp(void *image, enum list_origin origin, const struct list_build_id *before)
{
	const size_t skip = offsetof(struct list_image_head, bytes);
	struct list_image_head *h = image;

	h->origin = origin;
	h->before = before ? *before : (struct list_build_id){ .id = 0 };
	h->checksum = list_image_checksum((const uint8_t *)image + skip, h->bytes - skip);
}

static inline uint64_t rotl(uint64_t x, unsigned b)
{
	return (x << b) | (x >> (64 - b));
}

/** A step that no two words leave alike: each part of it can be undone. */
static inline uint64_t step(uint64_t lane, uint64_t word)
{
	return rotl((lane ^ word) * 0x9e3779b97f4a7c15ull, 29);
}

uint64_t list_image_checksum(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint64_t lane[LANES] = { 1, 2, 3, 4 };
	uint64_t word[LANES];
	uint64_t sum = len;

	for (; len >= sizeof(word); len -= sizeof(word), p += sizeof(word)) {
		memcpy(word, p, sizeof(word));
		for (unsigned i = 0; i < LANES; i++)
			lane[i] = step(lane[i], word[i]);
	}
	memset(word, 0, sizeof(word));
	memcpy(word, p, len);
	for (unsigned i = 0; i < LANES; i++)
		sum = step(sum, step(lane[i], word[i]));
	return sum;
}
