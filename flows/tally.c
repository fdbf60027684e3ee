/*
 * A table of lines in order of arrival, and open addressing over them: twice as many slots
 * as lines, so that a probe ends soon. Keyed hash, because the packets are a stranger's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flows/tally.h"
#include "lib/hash.h"
#include "lib/util.h"

#define SLOTS (2 * TALLY_MAX) /* a power of two */

struct tally {
	struct hash_key hash_key;
	size_t count;
	uint64_t overflow;
	uint16_t slots[SLOTS]; /* line + 1; 0: free */
	struct tally_line lines[TALLY_MAX];
};

int tally_new(struct tally **out)
{
	struct tally *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	hash_key_init(&t->hash_key);
	*out = t;
	return 0;
}

void tally_free(struct tally *t)
{
	free(t);
}

int tally_add(struct tally *t, const struct tally_key *key, int64_t now_us)
{
	size_t slot = hash_bytes(&t->hash_key, key, sizeof(*key)) & (SLOTS - 1);
	struct tally_line *line;

	for (; t->slots[slot]; slot = (slot + 1) & (SLOTS - 1)) {
		line = &t->lines[t->slots[slot] - 1];
		if (memcmp(&line->key, key, sizeof(*key)))
			continue;
		if (line->n < UINT32_MAX)
			line->n++;
		return 0;
	}
	if (t->count == TALLY_MAX) {
		t->overflow++;
		return -ENOSPC;
	}
	line = &t->lines[t->count++];
	memcpy(&line->key, key, sizeof(*key)); /* the padding too */
	line->n = 1;
	line->first_us = now_us;
	t->slots[slot] = (uint16_t)t->count;
	return 0;
}

size_t tally_count(const struct tally *t)
{
	return t->count;
}

const struct tally_line *tally_at(const struct tally *t, size_t i)
{
	return &t->lines[i];
}

uint64_t tally_overflow(const struct tally *t)
{
	return t->overflow;
}

void tally_clear(struct tally *t)
{
	if (t->count)
		memset(t->slots, 0, sizeof(t->slots));
	t->count = 0;
	t->overflow = 0;
}
