/* An image of local data, read; see local_image.h. */
#include "local/local_image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "lib/hash.h"
#include "lib/sealed.h"
#include "lib/util.h"
#include "local/local_layout.h"

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_PTR = 12, TYPE_AAAA = 28 };

struct local_image {
	void *map; /* owned */
	size_t bytes;
	struct hash_key key;
	const struct local_head *head; /* in the map, as all below */
	const uint32_t *slots;
	const struct local_name *names;
	const struct local_record *records;
	const struct local_label *labels;
	const struct local_source *sources;
	const uint8_t *text;
};

/* --- open ------------------------------------------------------------------------------- */

/* Where the parts begin; false: they are not what the image's size says. */
static bool lay_out(struct local_image *x)
{
	const struct local_head *h = x->head;
	uint64_t at = sizeof(*h);
	const struct {
		const void **part;
		uint64_t bytes;
	} parts[] = {
		{ (const void **)&x->slots, 4ull * h->slot_count },
		{ (const void **)&x->names, sizeof(x->names[0]) * (uint64_t)h->name_count },
		{ (const void **)&x->records, sizeof(x->records[0]) * (uint64_t)h->record_count },
		{ (const void **)&x->labels, sizeof(x->labels[0]) * (uint64_t)h->label_count },
		{ (const void **)&x->sources, sizeof(x->sources[0]) * (uint64_t)h->source_count },
		{ (const void **)&x->text, h->text_bytes },
	};

	if (memcmp(h->magic, LOCAL_MAGIC, sizeof(h->magic)) != 0 || h->slot_count < 2 ||
	    h->slot_count & (h->slot_count - 1) || h->name_count >= h->slot_count)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		*parts[i].part = (const uint8_t *)x->map + at;
		at += (parts[i].bytes + 7) & ~7ull;
		if (at > x->bytes)
			return false;
	}
	return at == x->bytes;
}

static bool text_has(const struct local_image *x, uint64_t at, uint64_t len)
{
	return at + len <= x->head->text_bytes;
}

/* A whole name, without capitals: it is compared as bytes. */
static bool is_lower_name(const struct local_image *x, uint32_t at, size_t len)
{
	const uint8_t *wire = x->text + at;

	if (!text_has(x, at, len) || dname_wire_len(wire, len) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (wire[i] >= 'A' && wire[i] <= 'Z')
			return false;
	return true;
}

static bool check_record(const struct local_image *x, const struct local_record *r)
{
	if (r->source >= x->head->source_count || !text_has(x, r->text_at, r->len))
		return false;
	switch (r->type) {
	case TYPE_A:
		return r->len == 4;
	case TYPE_AAAA:
		return r->len == 16;
	case TYPE_CNAME:
	case TYPE_PTR:
		return r->len && is_lower_name(x, r->text_at, r->len);
	default:
		return false;
	}
}

static bool check_name(const struct local_image *x, const struct local_name *n)
{
	return n->len && is_lower_name(x, n->text_at, n->len) && n->count <= LOCAL_RRSET_MAX &&
	       (uint64_t)n->first + n->count <= x->head->record_count;
}

static bool check_label(const struct local_image *x, const struct local_label *l)
{
	static const char fine[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

	if (l->kind >= LABEL_KINDS || !l->len || l->len > LOCAL_LABEL_TEXT_MAX ||
	    l->source >= x->head->source_count || !text_has(x, l->text_at, l->len + 1ull) ||
	    x->text[l->text_at + l->len])
		return false;
	for (unsigned i = 0; i < l->len; i++)
		if (!x->text[l->text_at + i] || !strchr(fine, x->text[l->text_at + i]))
			return false;
	return true;
}

static bool check_source(const struct local_image *x, const struct local_source *s)
{
	return text_has(x, s->text_at, s->len + 1ull) &&
	       memchr(x->text + s->text_at, '\0', s->len + 1ull) ==
		       x->text + s->text_at + s->len;
}

static bool check(const struct local_image *x)
{
	const struct local_head *h = x->head;
	uint32_t used = 0;

	for (uint32_t i = 0; i < h->slot_count; i++) {
		if (x->slots[i] > h->name_count)
			return false;
		used += x->slots[i] != 0;
	}
	if (used >= h->slot_count) /* a search ends at a free one */
		return false;
	for (uint32_t i = 0; i < h->name_count; i++)
		if (!check_name(x, &x->names[i]))
			return false;
	for (uint32_t i = 0; i < h->record_count; i++)
		if (!check_record(x, &x->records[i]))
			return false;
	for (uint32_t i = 0; i < h->label_count; i++)
		if (!check_label(x, &x->labels[i]))
			return false;
	for (uint32_t i = 0; i < h->source_count; i++)
		if (!check_source(x, &x->sources[i]))
			return false;
	return true;
}

static int map(struct local_image *x, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!sealed_is(fd) || st.st_size < (off_t)sizeof(struct local_head) ||
	    st.st_size > LOCAL_IMAGE_MAX)
		return -EBADMSG;
	x->bytes = (size_t)st.st_size;
	x->map = mmap(NULL, x->bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (x->map == MAP_FAILED) {
		x->map = NULL;
		return -errno;
	}
	x->head = x->map;
	return lay_out(x) && check(x) ? 0 : -EBADMSG;
}

int local_image_open(int fd, struct local_image **out)
{
	struct local_image *x = calloc(1, sizeof(*x));
	int rc;

	if (!x)
		return -ENOMEM;
	rc = map(x, fd);
	if (rc) {
		local_image_close(x);
		return rc;
	}
	memcpy(x->key.k, x->head->hash_key, sizeof(x->key.k));
	*out = x;
	return 0;
}

void local_image_close(struct local_image *x)
{
	if (!x)
		return;
	if (x->map)
		munmap(x->map, x->bytes);
	free(x);
}

/* --- names ------------------------------------------------------------------------------ */

bool local_image_find(const struct local_image *x, const struct dname *name,
		      struct local_match *out)
{
	struct dname low = *name;
	uint32_t mask, at;

	if (!x || !x->head->name_count)
		return false;
	dname_lower(&low);
	mask = x->head->slot_count - 1;
	at = (uint32_t)hash_bytes(&x->key, low.wire, low.len) & mask;
	for (; x->slots[at]; at = (at + 1) & mask) {
		const struct local_name *n = &x->names[x->slots[at] - 1];

		if (n->len != low.len || memcmp(x->text + n->text_at, low.wire, low.len) != 0)
			continue;
		*out = (struct local_match){ x, n->first, n->count };
		return true;
	}
	return false;
}

struct local_rr local_match_at(const struct local_match *m, unsigned i)
{
	const struct local_image *x = m->image;
	const struct local_record *r = &x->records[m->first + i];

	return (struct local_rr){
		.type = r->type,
		.len = r->len,
		.ttl_s = r->ttl_s,
		.until_s = r->until_s,
		.data = x->text + r->text_at,
		.source = (const char *)x->text + x->sources[r->source].text_at,
		.line = r->line,
	};
}

size_t local_image_names(const struct local_image *x)
{
	return x ? x->head->name_count : 0;
}

size_t local_image_records(const struct local_image *x)
{
	return x ? x->head->record_count : 0;
}

void local_image_name_at(const struct local_image *x, size_t i, struct dname *name,
			 struct local_match *out)
{
	const struct local_name *n = &x->names[i];

	name->len = n->len;
	memcpy(name->wire, x->text + n->text_at, n->len);
	*out = (struct local_match){ x, n->first, n->count };
}

/* --- labels ----------------------------------------------------------------------------- */

static int compare_labels(const void *pa, const void *pb)
{
	return memcmp(pa, pb, 17);
}

static const char *find_label(const struct local_image *x, const struct local_label *key,
			      int64_t now_s)
{
	const struct local_label *l = bsearch(key, x->labels, x->head->label_count,
					      sizeof(x->labels[0]), compare_labels);

	if (!l || (l->until_s && l->until_s <= now_s))
		return "";
	return (const char *)x->text + l->text_at;
}

const char *local_image_label(const struct local_image *x, const struct mac *mac,
			      const struct addr *addr, int64_t now_s)
{
	struct local_label key = { .kind = LABEL_MAC };
	const char *text = "";

	if (!x)
		return "";
	if (mac) {
		memcpy(key.id, mac->bytes, sizeof(mac->bytes));
		text = find_label(x, &key, now_s);
	}
	if (*text || !addr || !addr->family)
		return text;
	key = (struct local_label){ .kind = addr->family == AF_INET ? LABEL_IP4 : LABEL_IP6 };
	memcpy(key.id, addr->bytes, sizeof(addr->bytes));
	return find_label(x, &key, now_s);
}

size_t local_image_labels(const struct local_image *x)
{
	return x ? x->head->label_count : 0;
}

void local_image_label_at(const struct local_image *x, size_t i, struct local_label_row *out)
{
	const struct local_label *l = &x->labels[i];

	*out = (struct local_label_row){
		.text = (const char *)x->text + l->text_at,
		.source = (const char *)x->text + x->sources[l->source].text_at,
		.until_s = l->until_s,
		.line = l->line,
	};
	if (l->kind == LABEL_MAC)
		memcpy(out->mac.bytes, l->id, sizeof(out->mac.bytes));
	else
		out->addr = addr_from_bytes(l->kind == LABEL_IP4 ? AF_INET : AF_INET6, l->id);
}
