/*
 * Each name and each answer is judged once, and remembered in one table of texts; see
 * list_trial.h.
 */
#include "cli/list_trial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blocklists/list_buf.h"
#include "blocklists/list_sides.h"
#include "blocklists/list_spans.h"
#include "lib/hash.h"
#include "lib/util.h"

#define SLOTS_FIRST 4096 /* a power of two */
#define WORD_MAX    1024

enum judged {
	JUDGED_NOT,
	JUDGED_PASSES,
	JUDGED_ALLOWED, /* by the list itself: what it leads to does not count */
	JUDGED_BLOCKED,
};

/** A text that was seen: a name, an answer, or both. */
struct entry {
	uint64_t hash;
	uint32_t text; /* in texts */
	uint8_t as_name, as_answer; /* enum judged */
	bool is_name;
	bool by_answer; /* of a name, which itself passes: an answer of it is blocked */
	uint32_t clients;
	uint64_t n, already;
	uint32_t answer; /* by_answer: number of the entry of one that is blocked */
};

struct list_trial {
	const struct list_index *x; /* borrowed */
	struct hash_key key;
	struct list_buf texts, entries;
	uint32_t *slots; /* owned; an entry's number + 1; 0: none */
	size_t slot_count, count, names;
	uint64_t *pairs; /* owned; hashes of name and client; 0: none */
	size_t pair_slots, pair_count;
	uint64_t lookups;
	struct list_trial_name *result; /* owned */
};

static struct entry *entry_at(const struct list_trial *t, size_t i)
{
	return (struct entry *)t->entries.bytes + i;
}

static const char *text_of(const struct list_trial *t, const struct entry *e)
{
	return (const char *)t->texts.bytes + e->text;
}

int list_trial_new(const struct list_index *x, struct list_trial **out)
{
	struct list_trial *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->x = x;
	hash_key_init(&t->key);
	t->slot_count = t->pair_slots = SLOTS_FIRST;
	t->slots = calloc(t->slot_count, sizeof(*t->slots));
	t->pairs = calloc(t->pair_slots, sizeof(*t->pairs));
	if (!t->slots || !t->pairs) {
		list_trial_free(t);
		return -ENOMEM;
	}
	*out = t;
	return 0;
}

void list_trial_free(struct list_trial *t)
{
	if (!t)
		return;
	list_buf_free(&t->texts);
	list_buf_free(&t->entries);
	free(t->slots);
	free(t->pairs);
	free(t->result);
	free(t);
}

/* --- texts ---------------------------------------------------------------------------- */

static int slots_grow(struct list_trial *t)
{
	size_t count = t->slot_count * 2;
	uint32_t *slots = calloc(count, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < t->count; i++) {
		size_t at = entry_at(t, i)->hash & (count - 1);

		while (slots[at])
			at = (at + 1) & (count - 1);
		slots[at] = (uint32_t)i + 1;
	}
	free(t->slots);
	t->slots = slots;
	t->slot_count = count;
	return 0;
}

static int entry_add(struct list_trial *t, const char *text, size_t len, uint64_t hash)
{
	struct entry *e;
	char *to;

	if (t->count == LIST_TRIAL_NAMES || t->texts.len + len + 1 > UINT32_MAX)
		return -E2BIG;
	to = list_buf_add(&t->texts, len + 1);
	e = to ? list_buf_add(&t->entries, sizeof(*e)) : NULL;
	if (!e)
		return -ENOMEM;
	memcpy(to, text, len + 1);
	*e = (struct entry){ .hash = hash,
			     .text = (uint32_t)(t->texts.len - len - 1) };
	t->count++;
	return 0;
}

/** The number of a text's entry, which is made if there is none. */
static int entry_of(struct list_trial *t, const char *text, size_t *out)
{
	size_t len = strlen(text), at;
	uint64_t hash = hash_bytes(&t->key, text, len);
	int rc = 0;

	if (t->count * 2 >= t->slot_count)
		rc = slots_grow(t);
	if (rc)
		return rc;
	for (at = hash & (t->slot_count - 1); t->slots[at]; at = (at + 1) & (t->slot_count - 1)) {
		const struct entry *e = entry_at(t, t->slots[at] - 1);

		if (e->hash == hash && !strcmp(text_of(t, e), text)) {
			*out = t->slots[at] - 1;
			return 0;
		}
	}
	rc = entry_add(t, text, len, hash);
	if (rc)
		return rc;
	t->slots[at] = (uint32_t)t->count;
	*out = t->count - 1;
	return 0;
}

/* --- clients -------------------------------------------------------------------------- */

static void pair_put(uint64_t *pairs, size_t count, uint64_t hash)
{
	size_t at = hash & (count - 1);

	while (pairs[at])
		at = (at + 1) & (count - 1);
	pairs[at] = hash;
}

static int pairs_grow(struct list_trial *t)
{
	size_t count = t->pair_slots * 2;
	uint64_t *pairs = calloc(count, sizeof(*pairs));

	if (!pairs)
		return -ENOMEM;
	for (size_t i = 0; i < t->pair_slots; i++)
		if (t->pairs[i])
			pair_put(pairs, count, t->pairs[i]);
	free(t->pairs);
	t->pairs = pairs;
	t->pair_slots = count;
	return 0;
}

/** Whether a name and a client come together for the first time. Told by 64 bits of a keyed
 *  hash: two pairs in a million are one with a chance of 10^-7. */
static int pair_add(struct list_trial *t, size_t number, const char *client, bool *is_new)
{
	uint64_t hash = hash_bytes(&t->key, client, strlen(client));
	const uint64_t both[2] = { hash, number };
	size_t at;
	int rc = 0;

	hash = hash_bytes(&t->key, both, sizeof(both)) | 1;
	if (t->pair_count * 2 >= t->pair_slots)
		rc = t->pair_count >= LIST_TRIAL_CLIENTS ? -E2BIG : pairs_grow(t);
	if (rc)
		return rc;
	for (at = hash & (t->pair_slots - 1); t->pairs[at]; at = (at + 1) & (t->pair_slots - 1)) {
		if (t->pairs[at] == hash) {
			*is_new = false;
			return 0;
		}
	}
	t->pairs[at] = hash;
	t->pair_count++;
	*is_new = true;
	return 0;
}

/* --- what the list says --------------------------------------------------------------- */

static const struct list_asking any = { .is_any = true };

/** The level that decides; LEVELS: none. */
static unsigned strongest(const uint64_t said[LEVELS])
{
	unsigned level = LEVELS;

	while (level-- && !said[level])
		;
	return level < LEVELS ? level : LEVELS;
}

/** Leave the level that decides alone. */
static enum judged judge(uint64_t said[LEVELS])
{
	unsigned level = strongest(said);

	for (unsigned l = 0; l < LEVELS; l++)
		if (l != level)
			said[l] = 0;
	if (level == LEVELS)
		return JUDGED_PASSES;
	return level == LEVEL_BLOCK || level == LEVEL_IMPORTANT ? JUDGED_BLOCKED : JUDGED_ALLOWED;
}

static enum judged judge_name(const struct list_trial *t, const char *text,
			      struct list_match *match)
{
	enum judged as;
	uint64_t said[LEVELS];
	struct dname name;

	if (dname_from_text(text, &name))
		return JUDGED_PASSES;
	list_index_find(t->x, &name, 1, said);
	list_sides_find(t->x, &name, &any, 1, said);
	as = judge(said);
	if (match && !list_index_explain(t->x, &name, 1, said, match))
		list_sides_explain(t->x, &name, &any, 1, said, match);
	return as;
}

static bool addr_blocked(const struct list_trial *t, const struct addr *a,
			 struct list_match *match)
{
	uint64_t said[LEVELS];

	if (!list_spans_find(t->x, a, false, 1, said) || judge(said) != JUDGED_BLOCKED)
		return false;
	if (match)
		list_spans_explain(t->x, a, false, said, match);
	return true;
}

/** Any word of an answer: a target, an address. Words of other kinds are no names in lists. */
static bool answer_blocked(const struct list_trial *t, const char *text,
			   struct list_match *match)
{
	while (*text) {
		size_t len = strcspn(text, " ");
		char word[WORD_MAX];
		struct addr a;

		if (len && len < sizeof(word)) {
			memcpy(word, text, len);
			word[len] = '\0';
			if (addr_from_text(word, &a) ?
				    judge_name(t, word, match) == JUDGED_BLOCKED :
				    addr_blocked(t, &a, match))
				return true;
		}
		text += len + (text[len] == ' ');
	}
	return false;
}

/* --- lookups -------------------------------------------------------------------------- */

static int judge_answer(struct list_trial *t, const char *answer, size_t *out, bool *blocked)
{
	struct entry *e;
	int rc = entry_of(t, answer, out);

	if (rc)
		return rc;
	e = entry_at(t, *out);
	if (e->as_answer == JUDGED_NOT)
		e->as_answer = answer_blocked(t, answer, NULL) ? JUDGED_BLOCKED : JUDGED_PASSES;
	*blocked = e->as_answer == JUDGED_BLOCKED;
	return 0;
}

int list_trial_add(struct list_trial *t, const char *name, const char *client,
		   const char *answer, bool blocked, uint64_t n)
{
	bool by_answer = false, is_new = false;
	size_t number, other = 0;
	struct entry *e;
	int rc = entry_of(t, name, &number);

	if (rc)
		return rc;
	t->lookups += n;
	e = entry_at(t, number);
	t->names += !e->is_name;
	e->is_name = true;
	if (e->as_name == JUDGED_NOT)
		e->as_name = (uint8_t)judge_name(t, name, NULL);
	if (e->as_name == JUDGED_PASSES && answer)
		rc = judge_answer(t, answer, &other, &by_answer);
	e = entry_at(t, number); /* entries may have moved */
	if (rc || (e->as_name != JUDGED_BLOCKED && !by_answer))
		return rc;
	if (by_answer) {
		e->by_answer = true;
		e->answer = (uint32_t)other;
	}
	if (blocked) {
		e->already += n;
		return 0;
	}
	e->n += n;
	rc = pair_add(t, number, client, &is_new);
	e->clients += is_new;
	return rc;
}

size_t list_trial_seen(const struct list_trial *t, uint64_t *lookups)
{
	*lookups = t->lookups;
	return t->names;
}

static int compare_names(const void *a, const void *b)
{
	const struct list_trial_name *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	if (x->already != y->already)
		return x->already > y->already ? -1 : 1;
	return strcmp(x->name, y->name);
}

int list_trial_names(struct list_trial *t, const struct list_trial_name **out, size_t *count)
{
	size_t n = 0;

	free(t->result);
	t->result = calloc(t->count + 1, sizeof(*t->result));
	if (!t->result)
		return -ENOMEM;
	for (size_t i = 0; i < t->count; i++) {
		const struct entry *e = entry_at(t, i);
		struct list_trial_name *to = &t->result[n];

		if (!e->is_name || (!e->n && !e->already))
			continue;
		*to = (struct list_trial_name){ .name = text_of(t, e), .n = e->n,
						.already = e->already, .clients = e->clients,
						.by_answer = e->by_answer };
		if (e->by_answer)
			answer_blocked(t, text_of(t, entry_at(t, e->answer)), &to->match);
		else
			judge_name(t, to->name, &to->match);
		n++;
	}
	qsort(t->result, n, sizeof(*t->result), compare_names);
	*out = t->result;
	*count = n;
	return 0;
}
