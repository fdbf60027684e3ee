/* Gathers local data; see local_build.h. Written by local_write.c. */
#include "local/local_build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "local/local_build_parts.h"

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_PTR = 12, TYPE_AAAA = 28 };

int local_builder_new(struct local_builder **out)
{
	struct local_builder *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	hash_key_init(&b->hash);
	*out = b;
	return 0;
}

void local_builder_free(struct local_builder *b)
{
	if (!b)
		return;
	free(b->names);
	free(b->records);
	free(b->labels);
	free(b->sources);
	free(b->text);
	free(b);
}

/* Room for one more of an array. */
static int grow(void **array, size_t count, size_t *room, size_t size)
{
	size_t wanted = *room ? *room * 2 : 64;
	void *more;

	if (count < *room)
		return 0;
	more = reallocarray(*array, wanted, size);
	if (!more)
		return -ENOMEM;
	*array = more;
	*room = wanted;
	return 0;
}

#define GROW(array, count, room) grow((void **)&(array), count, &(room), sizeof((array)[0]))

/* Copy bytes into the text, a NUL behind them. */
static int add_text(struct local_builder *b, const void *bytes, size_t len, uint32_t *at)
{
	while (b->text_len + len + 1 > b->text_room) {
		size_t room = b->text_room ? b->text_room * 2 : 4096;
		uint8_t *more = realloc(b->text, room);

		if (!more)
			return -ENOMEM;
		b->text = more;
		b->text_room = room;
	}
	memcpy(b->text + b->text_len, bytes, len);
	b->text[b->text_len + len] = '\0';
	*at = (uint32_t)b->text_len;
	b->text_len += len + 1;
	return 0;
}

/* --- names ------------------------------------------------------------------------------ */

/* @retval 0; -ENOSPC too many; -ENOMEM */
static int find_name(struct local_builder *b, const struct dname *name, uint32_t *out)
{
	size_t at = hash_bytes(&b->hash, name->wire, name->len) % BUILD_SLOTS;
	struct build_name *n;
	int rc;

	for (; b->slots[at]; at = (at + 1) % BUILD_SLOTS) {
		n = &b->names[b->slots[at] - 1];
		if (n->len == name->len && !memcmp(b->text + n->text_at, name->wire, name->len)) {
			*out = b->slots[at] - 1;
			return 0;
		}
	}
	if (b->name_count == LOCAL_NAMES_MAX)
		return -ENOSPC;
	rc = GROW(b->names, b->name_count, b->name_room);
	if (rc)
		return rc;
	n = &b->names[b->name_count];
	*n = (struct build_name){ .len = name->len, .last = BUILD_NONE };
	rc = add_text(b, name->wire, name->len, &n->text_at);
	if (rc)
		return rc;
	*out = (uint32_t)b->name_count++;
	b->slots[at] = *out + 1;
	return 0;
}

int local_builder_add_above(struct local_builder *b, const struct dname *name,
			    const struct dname *suffix)
{
	struct dname d = *name;
	uint32_t index;
	int rc = 0;

	while (!rc && d.len > suffix->len) {
		size_t first = d.wire[0] + 1u;

		d.len = (uint8_t)(d.len - first);
		memmove(d.wire, d.wire + first, d.len);
		rc = find_name(b, &d, &index);
	}
	if (rc != -ENOSPC)
		return rc;
	b->stats.full++;
	return 0;
}

/* --- records ---------------------------------------------------------------------------- */

static int find_source(struct local_builder *b, const char *path, uint16_t *out)
{
	size_t len = strlen(path);
	int rc;

	for (size_t i = b->source_count; i--;) {
		if (b->sources[i].len != len ||
		    memcmp(b->text + b->sources[i].text_at, path, len) != 0)
			continue;
		*out = (uint16_t)i;
		return 0;
	}
	if (b->source_count == UINT16_MAX)
		return -EFBIG; /* a configuration has some hundred files at most */
	rc = GROW(b->sources, b->source_count, b->source_room);
	if (rc)
		return rc;
	rc = add_text(b, path, len, &b->sources[b->source_count].text_at);
	if (rc)
		return rc;
	b->sources[b->source_count].len = (uint32_t)len;
	*out = (uint16_t)b->source_count++;
	return 0;
}

/* Whether a better source, or another client by an address of this family, has the name. */
static bool is_held(const struct build_name *n, unsigned type, const struct local_origin *o)
{
	if (n->last == BUILD_NONE)
		return false;
	if (n->rank < o->rank)
		return true;
	if (o->rank != RANK_LEASES)
		return false;
	if (type == TYPE_A)
		return n->owner4 && n->owner4 != o->owner;
	return type == TYPE_AAAA && n->owner6 && n->owner6 != o->owner;
}

static bool is_there(const struct local_builder *b, const struct build_name *n, unsigned type,
		     const void *data, size_t len)
{
	for (uint32_t i = n->last; i != BUILD_NONE; i = b->records[i].before) {
		const struct local_record *r = &b->records[i].r;

		if (r->type == type && r->len == len &&
		    !memcmp(b->text + r->text_at, data, len))
			return true;
	}
	return false;
}

/* A CNAME is alone (RFC 1034 §3.6.2), and an address is called by one name. */
static bool is_in_the_way(const struct local_builder *b, const struct build_name *n,
			  unsigned type)
{
	for (uint32_t i = n->last; i != BUILD_NONE; i = b->records[i].before) {
		const struct local_record *r = &b->records[i].r;

		if ((r->type == TYPE_CNAME) != (type == TYPE_CNAME) || type == TYPE_CNAME ||
		    (type == TYPE_PTR && r->type == TYPE_PTR))
			return true;
	}
	return false;
}

static int append(struct local_builder *b, uint32_t name, unsigned type, const void *data,
		  size_t len, const struct local_origin *o)
{
	struct build_record *r;
	uint32_t text_at;
	uint16_t source;
	int rc = GROW(b->records, b->record_count, b->record_room);

	if (!rc)
		rc = find_source(b, o->path, &source);
	if (!rc)
		rc = add_text(b, data, len, &text_at);
	if (rc)
		return rc;
	r = &b->records[b->record_count];
	*r = (struct build_record){
		.before = b->names[name].last,
		.r = { .until_s = o->until_s, .ttl_s = o->ttl_s, .text_at = text_at,
		       .line = o->line, .type = (uint16_t)type, .len = (uint16_t)len,
		       .source = source },
	};
	b->names[name].last = (uint32_t)b->record_count++;
	b->names[name].count++;
	return 0;
}

int local_builder_add(struct local_builder *b, const struct dname *name, unsigned type,
		      const void *data, size_t len, const struct local_origin *o)
{
	struct build_name *n;
	uint32_t index;
	int rc;

	if (b->record_count == LOCAL_RECORDS_MAX) {
		b->stats.full++;
		return 0;
	}
	rc = find_name(b, name, &index);
	if (rc == -ENOSPC) {
		b->stats.full++;
		return 0;
	}
	if (rc)
		return rc;
	n = &b->names[index];
	if (n->count == LOCAL_RRSET_MAX) {
		b->stats.full++;
		return 0;
	}
	if (is_there(b, n, type, data, len))
		return 0;
	if (is_held(n, type, o)) {
		b->stats.held++;
		return 0;
	}
	if (is_in_the_way(b, n, type))
		return 0;
	rc = append(b, index, type, data, len, o);
	if (rc)
		return rc;
	n->rank = (uint8_t)o->rank;
	if (type == TYPE_A)
		n->owner4 = o->owner;
	else if (type == TYPE_AAAA)
		n->owner6 = o->owner;
	return 0;
}

/* --- labels ----------------------------------------------------------------------------- */

int local_builder_add_label(struct local_builder *b, const struct mac *mac,
			    const struct addr *addr, const char *text,
			    const struct local_origin *o)
{
	struct local_label l = { .kind = LABEL_MAC, .until_s = o->until_s, .line = o->line };
	int rc;

	if (b->label_count == LOCAL_RECORDS_MAX) {
		b->stats.full++;
		return 0;
	}
	if (mac) {
		memcpy(l.id, mac->bytes, sizeof(mac->bytes));
	} else {
		l.kind = addr->family == AF_INET ? LABEL_IP4 : LABEL_IP6;
		memcpy(l.id, addr->bytes, sizeof(addr->bytes));
	}
	l.len = (uint8_t)strlen(text);
	rc = GROW(b->labels, b->label_count, b->label_room);
	if (!rc)
		rc = find_source(b, o->path, &l.source);
	if (!rc)
		rc = add_text(b, text, l.len, &l.text_at);
	if (!rc)
		b->labels[b->label_count++] = l;
	return rc;
}

void local_builder_get_stats(const struct local_builder *b, struct local_build_stats *out)
{
	*out = b->stats;
	out->names = b->name_count;
	out->records = b->record_count;
	out->labels = b->label_count;
}
