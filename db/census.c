/* Hash tables over an array of entries; see census.h. */
#include "db/census.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "db/u64_map.h"
#include "lib/hash.h"
#include "lib/util.h"

#define NO_TEXT UINT32_MAX

struct waits {
	uint32_t *us; /* owned */
	size_t count, room;
	uint32_t every, skipped; /* one of so many is kept */
};

struct entry {
	int64_t n, blocked, last_us;
	uint64_t first[CENSUS_WITH]; /* most have one: it needs no place in the set */
	uint32_t with[CENSUS_WITH];
	uint32_t text; /* where it begins in texts */
	uint32_t waits; /* index + 1; 0: none */
};

struct census {
	struct hash_key key;
	size_t keys_max;
	struct u64_map keys, pairs;
	struct entry *entries; /* owned */
	size_t count, room;
	uint32_t null_key;  /* index + 1; 0: no row without a text yet */
	char *texts;	    /* owned */
	size_t text_len, text_room;
	struct waits *waits; /* owned */
	size_t waits_count;
	uint32_t *order; /* owned; NULL: as they came */
	int64_t total;
};

/* --- life ----------------------------------------------------------------------------- */

struct census *census_new(size_t keys_max)
{
	struct census *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	hash_key_init(&t->key);
	t->keys_max = keys_max;
	return t;
}

void census_free(struct census *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->waits_count; i++)
		free(t->waits[i].us);
	u64_map_fini(&t->keys);
	u64_map_fini(&t->pairs);
	free(t->entries);
	free(t->texts);
	free(t->waits);
	free(t->order);
	free(t);
}

/* --- keys ----------------------------------------------------------------------------- */

uint64_t census_hash(const struct census *t, const char *text)
{
	uint64_t hash = hash_bytes(&t->key, text, strlen(text));

	return hash ? hash : 1;
}

static int keep_text(struct census *t, const char *text, uint32_t *at)
{
	size_t len = strlen(text) + 1;

	if (t->text_len + len >= NO_TEXT)
		return -E2BIG;
	if (t->text_len + len > t->text_room) {
		size_t room = MAX(t->text_room * 2, t->text_len + len + 4096);
		char *texts = realloc(t->texts, room);

		if (!texts)
			return -ENOMEM;
		t->texts = texts;
		t->text_room = room;
	}
	memcpy(t->texts + t->text_len, text, len);
	*at = (uint32_t)t->text_len;
	t->text_len += len;
	return 0;
}

static int new_entry(struct census *t, const char *text, uint32_t *key)
{
	struct entry *e;
	int rc = 0;

	if (t->count == t->room) {
		size_t room = t->room ? t->room * 2 : 256;
		struct entry *entries = reallocarray(t->entries, room, sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		t->entries = entries;
		t->room = room;
	}
	e = &t->entries[t->count];
	*e = (struct entry){ .last_us = INT64_MIN, .text = NO_TEXT };
	if (text)
		rc = keep_text(t, text, &e->text);
	if (!rc)
		*key = (uint32_t)t->count++;
	return rc;
}

static int key_of_none(struct census *t, uint32_t *key)
{
	int rc = 0;

	if (t->null_key) {
		*key = t->null_key - 1;
		return 0;
	}
	rc = new_entry(t, NULL, key);
	if (!rc)
		t->null_key = *key + 1;
	return rc;
}

int census_key(struct census *t, const char *text, uint32_t *key)
{
	uint32_t *found;
	bool is_new;
	int rc;

	if (!text)
		return key_of_none(t, key);
	found = u64_map_get(&t->keys, census_hash(t, text));
	if (!found && t->count >= t->keys_max) {
		text = CENSUS_OTHERS;
		found = u64_map_get(&t->keys, census_hash(t, text));
	}
	if (found) {
		*key = *found;
		return 0;
	}
	rc = new_entry(t, text, key);
	return rc ? rc : u64_map_put(&t->keys, census_hash(t, text), *key, &is_new);
}

/* --- counting ------------------------------------------------------------------------- */

static int count_with(struct census *t, uint32_t key, enum census_with kind, uint64_t with)
{
	struct entry *e = &t->entries[key];
	bool is_new = false;
	uint64_t pair;
	int rc;

	if (!with || with == e->first[kind])
		return 0;
	if (!e->first[kind]) {
		e->first[kind] = with;
		e->with[kind] = 1;
		return 0;
	}
	pair = with ^ ((uint64_t)(2 * key + kind + 1) * 0xd6e8feb86659fd93ull);
	rc = u64_map_put(&t->pairs, pair, 0, &is_new);
	if (!rc && is_new && t->pairs.count > CENSUS_PAIRS_MAX)
		rc = -E2BIG;
	e->with[kind] += is_new;
	return rc;
}

static struct waits *waits_of(struct census *t, struct entry *e)
{
	struct waits *all;

	if (e->waits)
		return &t->waits[e->waits - 1];
	all = reallocarray(t->waits, t->waits_count + 1, sizeof(*all));
	if (!all)
		return NULL;
	t->waits = all;
	all[t->waits_count] = (struct waits){ .every = 1 };
	e->waits = (uint32_t)++t->waits_count;
	return &all[t->waits_count - 1];
}

static void thin_out(struct waits *w)
{
	for (size_t i = 0; i < w->count / 2; i++)
		w->us[i] = w->us[2 * i];
	w->count /= 2;
	w->every *= 2;
}

static int add_wait(struct census *t, struct entry *e, int64_t us)
{
	struct waits *w = waits_of(t, e);

	if (!w)
		return -ENOMEM;
	if (++w->skipped < w->every)
		return 0;
	w->skipped = 0;
	if (w->count == CENSUS_WAITS_MAX)
		thin_out(w);
	if (w->count == w->room) {
		size_t room = w->room ? w->room * 2 : 256;
		uint32_t *all = reallocarray(w->us, room, sizeof(*all));

		if (!all)
			return -ENOMEM;
		w->us = all;
		w->room = room;
	}
	w->us[w->count++] = (uint32_t)MIN(us, (int64_t)UINT32_MAX);
	return 0;
}

int census_add(struct census *t, const struct census_row *row)
{
	struct entry *e = &t->entries[row->key];
	int rc = 0;

	e->n += row->n;
	e->blocked += row->is_blocked ? row->n : 0;
	e->last_us = MAX(e->last_us, row->ts_us);
	t->total += row->n;
	for (unsigned i = 0; i < CENSUS_WITH && !rc; i++)
		rc = count_with(t, row->key, (enum census_with)i, row->with[i]);
	if (!rc && row->wait_us >= 0)
		rc = add_wait(t, e, row->wait_us);
	return rc;
}

/* --- answers -------------------------------------------------------------------------- */

size_t census_count(const struct census *t)
{
	return t->count;
}

int64_t census_total(const struct census *t)
{
	return t->total;
}

static const char *text_of(const struct census *t, const struct entry *e)
{
	return e->text == NO_TEXT ? NULL : t->texts + e->text;
}

/* No text comes before any. */
static int by_text(const void *a, const void *b, void *arg)
{
	const struct census *t = arg;
	const char *x = text_of(t, &t->entries[*(const uint32_t *)a]);
	const char *y = text_of(t, &t->entries[*(const uint32_t *)b]);

	if (!x || !y)
		return (x != NULL) - (y != NULL);
	return strcmp(x, y);
}

static int by_count(const void *a, const void *b, void *arg)
{
	const struct census *t = arg;
	int64_t x = t->entries[*(const uint32_t *)a].n, y = t->entries[*(const uint32_t *)b].n;

	return x != y ? (x < y) - (x > y) : by_text(a, b, arg);
}

int census_sort(struct census *t, bool is_by_text)
{
	free(t->order);
	t->order = malloc(MAX(t->count, (size_t)1) * sizeof(*t->order));
	if (!t->order)
		return -ENOMEM;
	for (size_t i = 0; i < t->count; i++)
		t->order[i] = (uint32_t)i;
	qsort_r(t->order, t->count, sizeof(*t->order), is_by_text ? by_text : by_count, t);
	return 0;
}

static int by_us(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The smallest that so many hundredths do not exceed. */
static double percentile(const struct waits *w, unsigned percent)
{
	size_t at = (w->count * percent + 99) / 100;

	return w->us[at ? at - 1 : 0];
}

void census_at(struct census *t, size_t i, struct census_entry *out)
{
	const struct entry *e = &t->entries[t->order ? t->order[i] : i];
	struct waits *w = e->waits ? &t->waits[e->waits - 1] : NULL;

	*out = (struct census_entry){
		.text = text_of(t, e),
		.n = e->n,
		.blocked = e->blocked,
		.last_us = e->last_us,
		.with = { e->with[CENSUS_CLIENT], e->with[CENSUS_NAME] },
		.p50_us = -1,
		.p95_us = -1,
	};
	if (!w || !w->count)
		return;
	qsort(w->us, w->count, sizeof(*w->us), by_us);
	out->p50_us = percentile(w, 50);
	out->p95_us = percentile(w, 95);
}
