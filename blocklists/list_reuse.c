/* Compares sources with those of an earlier index; see list_reuse.h. */
#include "blocklists/list_reuse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blocklists/list_guard.h"
#include "blocklists/list_parts.h"
#include "lib/hash.h"
#include "lib/whole_io.h"

/* Raise it when a parser takes from the same file what it did not take before. */
#define PARSERS_VERSION 1

#define CHUNK 65536

/** Carry the hash on over some bytes. */
static uint64_t carry(uint64_t h, const void *bytes, size_t len)
{
	const struct hash_key key = { { h, 0x6e616d6577617264ull } };

	return hash_bytes(&key, bytes, len);
}

static uint64_t carry_text(uint64_t h, const char *text)
{
	return carry(h, text, strlen(text) + 1);
}

/** @retval 0  it cannot be read */
static uint64_t carry_file(uint64_t h, int fd)
{
	uint8_t *chunk = malloc(CHUNK);
	uint64_t offset = 0;
	ssize_t n;

	if (!chunk)
		return 0;
	do {
		n = read_whole_at(fd, chunk, CHUNK, offset);
		if (n > 0)
			h = carry(h, chunk, (size_t)n);
		offset += CHUNK;
	} while (n == CHUNK);
	free(chunk);
	return n < 0 ? 0 : h | 1;
}

uint64_t list_reuse_hash(const struct list_source *s)
{
	const uint32_t about[] = {
		PARSERS_VERSION,	   (uint32_t)s->format,	     (uint32_t)s->subdomains,
		(uint32_t)s->owner_count, (uint32_t)s->name_count, (uint32_t)s->rc,
	};
	const uint64_t guard = s->guard ? list_guard_hash(s->guard) : 0;
	uint64_t h = carry_text(0, VERSION);

	h = carry(h, about, sizeof(about));
	h = carry(h, &guard, sizeof(guard));
	for (size_t i = 0; i < s->owner_count; i++)
		h = carry_text(h, s->owners[i]);
	for (size_t i = 0; i < s->name_count; i++)
		h = carry_text(h, s->names[i].text);
	if (s->fd >= 0)
		return carry_file(h, s->fd);
	if (s->len)
		h = carry(h, s->bytes, s->len);
	return h | 1;
}

bool list_reuse_named(const struct list_index *x, const char *name, unsigned *out)
{
	for (unsigned i = 0; i < list_index_list_count(x); i++) {
		if (!strcmp(list_index_stats(x, i)->name, name)) {
			*out = i;
			return true;
		}
	}
	return false;
}

bool list_reuse_find(const struct list_source *s, unsigned *from)
{
	const struct list_stats *t;
	unsigned list;

	if (!s->old || !s->source || s->is_back || !list_reuse_named(s->old, s->name, &list))
		return false;
	t = list_index_stats(s->old, list);
	if (t->source != s->source || t->is_back || t->spans || t->rc == -E2BIG ||
	    t->by_kind[LINE_TOO_MANY])
		return false;
	*from = list;
	return true;
}

bool list_reuse_is_back(const struct list_source *s, const struct list_index *refused)
{
	unsigned was, is;

	return s->source && s->old && list_reuse_named(refused, s->name, &was) &&
	       list_index_stats(refused, was)->source == s->source &&
	       list_reuse_named(s->old, s->name, &is) &&
	       (list_index_stats(s->old, is)->is_back ||
		list_index_stats(s->old, is)->source != s->source);
}

bool list_reuse_is_whole(const struct list_source *sources, size_t count,
			 const struct list_index *old)
{
	if (count != list_index_list_count(old))
		return false;
	for (unsigned i = 0; i < count; i++) {
		const struct list_stats *t = list_index_stats(old, i);
		const struct list_source *s = &sources[i];

		if (strcmp(t->name, s->name) || t->is_back != s->is_back ||
		    (!s->is_back && (!s->source || t->source != s->source)))
			return false;
	}
	return true;
}
