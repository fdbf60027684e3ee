/*
 * Front-codes names into the file as they come; offsets, classes, lines and hashes wait in
 * memory (under 20 bytes a name) until the blocks are complete. See list_encode.h.
 */
#include "blocklists/list_encode.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "blocklists/list_buf.h"
#include "blocklists/list_filter.h"
#include "blocklists/list_image.h"
#include "blocklists/list_key.h"
#include "blocklists/list_side_build.h"
#include "blocklists/list_span_build.h"
#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/util.h"
#include "lib/whole_io.h"

#define NAME_BYTES_MAX (2 + LIST_KEY_MAX + 5)

struct list_encoder {
	int fd; /* borrowed */
	struct list_image_head head;
	struct list_buf starts, heads, skips, classes, words, rows, lines;
	struct {
		uint8_t len;
		char key[LIST_KEY_MAX + 8];
	} firsts[LIST_GROUP]; /* names of the blocks of the group at hand */
	unsigned group_len;
	struct list_filter_build filter;
	uint32_t *slots; /* owned; class number + 1 by hash, 0: free */
	uint32_t slot_count; /* a power of two, at least twice the classes */
	uint32_t class;	     /* of the name before, if there is one */
	uint8_t before_len;
	char before[LIST_KEY_MAX];
	uint8_t out[65536];
	size_t out_len;
};

static int out_flush(struct list_encoder *e)
{
	int rc = write_whole(e->fd, e->out, e->out_len);

	e->out_len = 0;
	return rc;
}

static int out_bytes(struct list_encoder *e, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	while (len) {
		size_t n = MIN(len, sizeof(e->out) - e->out_len);

		memcpy(e->out + e->out_len, p, n);
		e->out_len += n;
		p += n;
		len -= n;
		if (e->out_len == sizeof(e->out)) {
			int rc = out_flush(e);

			if (rc)
				return rc;
		}
	}
	return 0;
}

/** A whole section, and zeroes up to the next multiple of 8. */
static int out_section(struct list_encoder *e, const void *bytes, size_t len)
{
	static const uint8_t zero[8];
	int rc = len ? out_bytes(e, bytes, len) : 0;

	return rc ? rc : out_bytes(e, zero, -len & 7);
}

int list_encoder_new(int fd, uint64_t expected, struct list_encoder **out)
{
	struct list_encoder *e = calloc(1, sizeof(*e));
	int rc = -ENOMEM;

	if (!e)
		return rc;
	e->fd = fd;
	e->head = (struct list_image_head){
		.magic = LIST_IMAGE_MAGIC,
		.order = LIST_IMAGE_ORDER,
		.version = LIST_IMAGE_VERSION,
		.head_bytes = sizeof(struct list_image_head),
		.alignment = _Alignof(uint64_t),
		.stats_bytes = sizeof(struct list_stats),
		.is = { .built_s = clock_wall_us() / 1000000 },
	};
	random_bytes(&e->head.seed, sizeof(e->head.seed));
	while (!e->head.is.id)
		random_bytes(&e->head.is.id, sizeof(e->head.is.id));
	e->slot_count = 1024;
	e->slots = calloc(e->slot_count, sizeof(*e->slots));
	if (e->slots)
		rc = list_filter_init(&e->filter, expected);
	if (!rc)
		rc = out_bytes(e, &e->head, sizeof(e->head)); /* its place; set at the end */
	if (rc)
		list_encoder_free(e);
	else
		*out = e;
	return rc;
}

/** A class as list_image.h has it; returns its words. */
static size_t class_words(const struct list_holders *h, uint64_t words[1 + LIST_RULES])
{
	size_t n = 0;

	words[n++] = h->rules;
	for (uint32_t rules = h->rules; rules; rules &= rules - 1)
		words[n++] = h->lists[__builtin_ctz(rules)];
	return n;
}

static const uint64_t *class_at(const struct list_encoder *e, uint32_t class, size_t *n)
{
	const uint32_t *starts = (const uint32_t *)e->classes.bytes;
	const uint64_t *words = (const uint64_t *)e->words.bytes + starts[class];

	*n = 1u + (size_t)__builtin_popcountll(words[0]);
	return words;
}

static bool class_is(const struct list_encoder *e, uint32_t class, const uint64_t *words,
		     size_t n)
{
	size_t other_n;
	const uint64_t *other = class_at(e, class, &other_n);

	return other_n == n && !memcmp(other, words, n * sizeof(*words));
}

/** The slot of a class, or the free one where it belongs. */
static uint32_t *class_slot(const struct list_encoder *e, const uint64_t *words, size_t n)
{
	uint64_t h = 0;
	uint32_t i;

	for (size_t k = 0; k < n; k++)
		h = ((h << 32 | h >> 32) ^ words[k]) * 0x9e3779b97f4a7c15ull;
	for (i = (uint32_t)(h >> 32); ; i++) {
		uint32_t *slot = &e->slots[i & (e->slot_count - 1)];

		if (!*slot || class_is(e, *slot - 1, words, n))
			return slot;
	}
}

static int classes_grow(struct list_encoder *e)
{
	uint32_t *old = e->slots;

	e->slots = calloc((size_t)e->slot_count * 2, sizeof(*e->slots));
	if (!e->slots) {
		e->slots = old;
		return -ENOMEM;
	}
	free(old);
	e->slot_count *= 2;
	for (uint32_t i = 0; i < e->head.classes; i++) {
		size_t n;
		const uint64_t *words = class_at(e, i, &n);

		*class_slot(e, words, n) = i + 1;
	}
	return 0;
}

static int add_u32(struct list_buf *b, uint64_t v)
{
	uint32_t *p = list_buf_add(b, sizeof(*p));

	if (!p)
		return -ENOMEM;
	if (v > UINT32_MAX)
		return -E2BIG;
	*p = (uint32_t)v;
	return 0;
}

/** The number of a class, made at its first use: frequent ones are small that way. */
static int class_number(struct list_encoder *e, const struct list_holders *h,
			uint32_t *number)
{
	uint64_t words[1 + LIST_RULES], *to;
	size_t n = class_words(h, words);
	uint32_t *slot;
	int rc;

	if (e->head.classes && class_is(e, e->class, words, n)) {
		*number = e->class;
		return 0;
	}
	slot = class_slot(e, words, n);
	if (*slot) {
		*number = e->class = *slot - 1;
		return 0;
	}
	rc = add_u32(&e->classes, e->head.words);
	to = rc ? NULL : list_buf_add(&e->words, n * sizeof(*words));
	if (!to)
		return rc ? rc : -ENOMEM;
	memcpy(to, words, n * sizeof(*words));
	e->head.words += n;
	*slot = ++e->head.classes;
	*number = e->class = *slot - 1;
	return e->head.classes * 2 > e->slot_count ? classes_grow(e) : 0;
}

/** Write the heads of a group that is complete. Names are sorted: what the first and the last
 *  share, all do. */
static int group_end(struct list_encoder *e)
{
	unsigned n = e->group_len, last = n - 1;
	uint64_t *heads;
	uint8_t *skip;
	size_t same = 0;

	if (!n)
		return 0;
	while (same < MIN(e->firsts[0].len, e->firsts[last].len) &&
	       e->firsts[0].key[same] == e->firsts[last].key[same])
		same++;
	skip = list_buf_add(&e->skips, 1);
	heads = list_buf_add(&e->heads, n * sizeof(*heads));
	if (!skip || !heads)
		return -ENOMEM;
	*skip = (uint8_t)same;
	for (unsigned i = 0; i < n; i++)
		heads[i] = list_key_word(e->firsts[i].key, e->firsts[i].len, same);
	e->group_len = 0;
	return 0;
}

/** Before the first name of a block. */
static int block_start(struct list_encoder *e, const char *key, size_t len)
{
	int rc = e->group_len == LIST_GROUP ? group_end(e) : 0;

	if (!rc)
		rc = add_u32(&e->starts, e->head.blocks_bytes);
	if (rc)
		return rc;
	memcpy(e->firsts[e->group_len].key, key, len);
	e->firsts[e->group_len++].len = (uint8_t)len;
	e->before_len = 0;
	return add_u32(&e->rows, e->head.lines);
}

static int name_write(struct list_encoder *e, const char *key, size_t len, uint32_t class)
{
	uint8_t bytes[NAME_BYTES_MAX], *p = bytes;
	size_t shared = 0;
	size_t max = MIN(len, (size_t)e->before_len);

	while (shared < max && key[shared] == e->before[shared])
		shared++;
	*p++ = (uint8_t)shared;
	*p++ = (uint8_t)(len - shared);
	memcpy(p, key + shared, len - shared);
	p += len - shared;
	for (; class >= 0x80; class >>= 7)
		*p++ = (uint8_t)(class | 0x80);
	*p++ = (uint8_t)class;
	memcpy(e->before, key, len);
	e->before_len = (uint8_t)len;
	e->head.blocks_bytes += (size_t)(p - bytes);
	return out_bytes(e, bytes, (size_t)(p - bytes));
}

static int lines_add(struct list_encoder *e, const struct list_holders *h)
{
	for (uint32_t rules = h->rules; rules; rules &= rules - 1) {
		unsigned rule = (unsigned)__builtin_ctz(rules);

		for (uint64_t lists = h->lists[rule]; lists; lists &= lists - 1) {
			int rc = add_u32(&e->lines,
					 h->where[rule][__builtin_ctzll(lists)]);

			if (rc)
				return rc;
			e->head.lines++;
		}
	}
	return 0;
}

/** Put the name's hash into the filter, and note how deep names go.
 *  @retval -EBADMSG  an empty label: a damaged index may hold one */
static int name_hash(struct list_encoder *e, const char *key, size_t len)
{
	uint64_t h = e->head.seed;
	uint32_t labels = 0;
	size_t n;

	if (!len || key[len - 1] == '.')
		return -EBADMSG;
	for (size_t at = 0; at < len; at += n + 1) {
		const char *dot = memchr(key + at, '.', len - at);

		n = (dot ? (size_t)(dot - key) : len) - at;
		if (!n)
			return -EBADMSG;
		h = list_key_hash(h, key + at, n);
		labels++;
	}
	e->head.labels_max = MAX(e->head.labels_max, labels);
	e->head.depths |= list_depth_bit(labels);
	return list_filter_add(&e->filter, h);
}

int list_encoder_add(struct list_encoder *e, const char *key, size_t len,
		     const struct list_holders *h)
{
	uint32_t class;
	int rc = 0;

	if (e->head.names >= LIST_NAMES_MAX)
		return -E2BIG;
	if (e->head.names % LIST_BLOCK == 0)
		rc = block_start(e, key, len);
	if (!rc)
		rc = class_number(e, h, &class);
	if (!rc)
		rc = name_write(e, key, len, class);
	if (!rc)
		rc = lines_add(e, h);
	if (!rc)
		rc = name_hash(e, key, len);
	if (!rc)
		e->head.names++;
	return rc;
}

/** The sections behind the blocks, in the order of list_image.h. */
static int sections_write(struct list_encoder *e, const struct list_side_tables *sides,
			  const struct list_span_tables *spans,
			  const struct list_stats *stats, size_t lists)
{
	struct list_buf shards = { .len = 0 }, bytes = { .len = 0 };
	int groups_rc = group_end(e), filter_rc = list_filter_finish(&e->filter, &shards, &bytes);
	int rc = groups_rc ? groups_rc : filter_rc;
	const struct {
		const void *bytes;
		size_t len;
	} sections[] = {
		{ e->starts.bytes, e->starts.len }, { e->heads.bytes, e->heads.len },
		{ e->skips.bytes, e->skips.len },   { e->classes.bytes, e->classes.len },
		{ e->words.bytes, e->words.len },   { shards.bytes, shards.len },
		{ bytes.bytes, bytes.len },	    { stats, lists * sizeof(*stats) },
		{ e->rows.bytes, e->rows.len },	    { e->lines.bytes, e->lines.len },
		{ sides->records.bytes, sides->records.len },
		{ sides->starts.bytes, sides->starts.len },
		{ sides->rows.bytes, sides->rows.len },
		{ sides->texts.bytes, sides->texts.len },
		{ spans->segments.bytes, spans->segments.len },
		{ spans->classes.bytes, spans->classes.len },
		{ spans->rows.bytes, spans->rows.len },
	};

	if (!rc)
		rc = out_bytes(e, (const uint8_t[8]){ 0 }, -e->head.blocks_bytes & 7);
	for (size_t i = 0; !rc && i < ARRAY_SIZE(sections); i++)
		rc = out_section(e, sections[i].bytes, sections[i].len);
	e->head.filter_bytes = bytes.len;
	e->head.shard_bits = e->filter.bits;
	e->head.lists = (uint32_t)lists;
	e->head.sides = (uint32_t)(sides->records.len / sizeof(struct list_side_record));
	e->head.side_bits = sides->bits;
	e->head.side_rows = (uint32_t)(sides->rows.len / sizeof(uint32_t));
	e->head.side_texts = (uint32_t)sides->texts.len;
	memcpy(e->head.segments, spans->counts, sizeof(e->head.segments));
	e->head.span_classes = (uint32_t)(spans->classes.len / (sizeof(uint64_t) * LEVELS));
	e->head.span_rows = (uint32_t)(spans->rows.len / sizeof(uint32_t));
	list_buf_free(&shards);
	list_buf_free(&bytes);
	return rc ? rc : out_flush(e);
}

/** The head with its checksum, over what the file holds now. */
static int head_write(struct list_encoder *e)
{
	struct list_layout layout;
	void *map;
	int rc = list_image_layout(&e->head, &layout);

	if (rc)
		return -E2BIG;
	e->head.bytes = layout.end;
	e->head.is.names = e->head.names;
	map = mmap(NULL, layout.end, PROT_READ | PROT_WRITE, MAP_SHARED, e->fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	memcpy(map, &e->head, sizeof(e->head));
	list_image_stamp(map, ORIGIN_NEW, NULL);
	munmap(map, layout.end);
	return 0;
}

int list_encoder_finish(struct list_encoder *e, const struct list_side_tables *sides,
			const struct list_span_tables *spans,
			const struct list_stats *stats, size_t lists)
{
	int rc = sections_write(e, sides, spans, stats, lists);

	return rc ? rc : head_write(e);
}

void list_encoder_free(struct list_encoder *e)
{
	if (!e)
		return;
	list_buf_free(&e->starts);
	list_buf_free(&e->heads);
	list_buf_free(&e->skips);
	list_buf_free(&e->classes);
	list_buf_free(&e->words);
	list_buf_free(&e->rows);
	list_buf_free(&e->lines);
	list_filter_fini(&e->filter);
	free(e->slots);
	free(e);
}
