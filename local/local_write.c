/* Writes a builder's image; see local_build.h and local_layout.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "lib/whole_io.h"
#include "local/local_build_parts.h"

/* The image as it is put together, and where. */
struct writer {
	uint8_t *bytes; /* owned */
	size_t len, at;
};

static int compare_labels(const void *pa, const void *pb)
{
	int rc = memcmp(pa, pb, 17);
	const struct local_label *a = pa, *b = pb;

	return rc ? rc : a->text_at < b->text_at ? -1 : a->text_at > b->text_at;
}

/* In order, each address once: of several the one that was added first. */
static void sort_labels(struct local_builder *b)
{
	size_t kept = 0;

	if (!b->label_count)
		return;
	qsort(b->labels, b->label_count, sizeof(b->labels[0]), compare_labels);
	for (size_t i = 1; i < b->label_count; i++)
		if (memcmp(&b->labels[i], &b->labels[kept], 17) != 0)
			b->labels[++kept] = b->labels[i];
	b->label_count = kept + 1;
}

static uint32_t slots_for(size_t names)
{
	uint32_t n = 2;

	while (n < names * 2)
		n *= 2;
	return n;
}

/* Room for a part, zeroed, behind the one before. */
static void *part(struct writer *w, size_t bytes)
{
	void *at = w->bytes + w->at;

	w->at += (bytes + 7) & ~(size_t)7;
	return at;
}

static void write_slots(const struct local_builder *b, const struct local_head *h,
			uint32_t *slots)
{
	struct hash_key key;

	memcpy(key.k, h->hash_key, sizeof(key.k));
	for (size_t i = 0; i < b->name_count; i++) {
		const struct build_name *n = &b->names[i];
		size_t at = hash_bytes(&key, b->text + n->text_at, n->len);

		for (at &= h->slot_count - 1; slots[at]; at = (at + 1) & (h->slot_count - 1))
			;
		slots[at] = (uint32_t)i + 1;
	}
}

/* Each name's records stand together, in the order in which they were added. */
static void write_names(const struct local_builder *b, struct local_name *names,
			struct local_record *records)
{
	uint32_t first = 0;

	for (size_t i = 0; i < b->name_count; i++) {
		const struct build_name *n = &b->names[i];
		uint32_t at = first + n->count;

		names[i] = (struct local_name){
			.text_at = n->text_at, .first = first, .count = n->count, .len = n->len,
		};
		for (uint32_t r = n->last; r != BUILD_NONE; r = b->records[r].before)
			records[--at] = b->records[r].r;
		first += n->count;
	}
}

static void copy(void *to, const void *from, size_t bytes)
{
	if (bytes)
		memcpy(to, from, bytes);
}

static void fill(const struct local_builder *b, const struct local_head *head,
		 struct writer *w)
{
	uint32_t *slots;
	struct local_name *names;

	memcpy(part(w, sizeof(*head)), head, sizeof(*head));
	slots = part(w, head->slot_count * sizeof(*slots));
	write_slots(b, head, slots);
	names = part(w, b->name_count * sizeof(*names));
	write_names(b, names, part(w, b->record_count * sizeof(struct local_record)));
	copy(part(w, b->label_count * sizeof(b->labels[0])), b->labels,
	     b->label_count * sizeof(b->labels[0]));
	copy(part(w, b->source_count * sizeof(b->sources[0])), b->sources,
	     b->source_count * sizeof(b->sources[0]));
	copy(part(w, b->text_len), b->text, b->text_len);
}

static size_t round_up(size_t bytes)
{
	return (bytes + 7) & ~(size_t)7;
}

int local_builder_write(struct local_builder *b, int fd)
{
	struct local_head head = { .magic = LOCAL_MAGIC };
	struct writer w = { .at = 0 };
	struct hash_key key;
	int rc;

	sort_labels(b);
	hash_key_init(&key);
	memcpy(head.hash_key, key.k, sizeof(head.hash_key));
	head.slot_count = slots_for(b->name_count);
	head.name_count = (uint32_t)b->name_count;
	head.record_count = (uint32_t)b->record_count;
	head.label_count = (uint32_t)b->label_count;
	head.source_count = (uint32_t)b->source_count;
	head.text_bytes = (uint32_t)b->text_len;
	w.len = sizeof(head) + round_up(head.slot_count * sizeof(uint32_t)) +
		round_up(b->name_count * sizeof(struct local_name)) +
		b->record_count * sizeof(struct local_record) +
		b->label_count * sizeof(struct local_label) +
		b->source_count * sizeof(struct local_source) + round_up(b->text_len);
	if (w.len > LOCAL_IMAGE_MAX)
		return -EFBIG;
	w.bytes = calloc(1, w.len);
	if (!w.bytes)
		return -ENOMEM;
	fill(b, &head, &w);
	rc = write_whole(fd, w.bytes, w.len);
	free(w.bytes);
	return rc;
}
