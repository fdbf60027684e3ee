/* The cache against its contract, a naive model, and a flood. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/util.h"
#include "resolver/cache.h"

#define MIB (1024u * 1024)

static struct dname name(const char *text)
{
	struct dname d;

	if (dname_from_text(text, &d) < 0)
		abort();
	return d;
}

/* "used7.example" */
static struct dname numbered_name(const char *prefix, unsigned n)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%u.example", prefix, n);
	return name(text);
}

static struct cache_key key_of(const struct dname *qname)
{
	return (struct cache_key){ .qname = qname, .qtype = 1, .qclass = 1 };
}

static struct cache *new_cache(uint64_t size_bytes)
{
	struct cache *c;

	assert_int_equal(cache_new(size_bytes, &c), 0);
	return c;
}

static int put(struct cache *c, const struct dname *qname, const char *wire,
	       uint32_t ttl_s, uint64_t now_ms)
{
	struct cache_key key = key_of(qname);

	return cache_put(c, &key, (const uint8_t *)wire, strlen(wire), ttl_s, NULL, 0,
			 now_ms);
}

static bool find(struct cache *c, const struct dname *qname, uint64_t now_ms,
		 struct cache_hit *hit)
{
	struct cache_key key = key_of(qname);

	return cache_find(c, &key, 0, now_ms, hit);
}

static void hit_returns_what_was_put_and_its_remaining_ttl(void **state)
{
	static const struct {
		uint64_t after_ms;
		bool found;
		uint32_t age_s, left_s;
	} cases[] = {
		{ 0, true, 0, 60 },	{ 999, true, 0, 60 },	 { 1000, true, 1, 59 },
		{ 59000, true, 59, 1 }, { 59999, true, 59, 1 }, { 60000, false, 0, 0 },
	};
	struct dname n = name("WWW.example");
	struct cache_key key = key_of(&n);
	struct cache *c = new_cache(MIB);
	struct cache_hit hit;

	(void)state;
	assert_int_equal(
		cache_put(c, &key, (const uint8_t *)"wire", 4, 60, "note", 5, 5000), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(find(c, &n, 5000 + cases[i].after_ms, &hit),
				 cases[i].found);
		if (!cases[i].found)
			continue;
		assert_int_equal(hit.age_s, cases[i].age_s);
		assert_int_equal(hit.left_s, cases[i].left_s);
		assert_int_equal(hit.len, 4);
		assert_memory_equal(hit.wire, "wire", 4);
		assert_int_equal(hit.note_len, 5);
		assert_string_equal(hit.note, "note");
		assert_int_equal((uintptr_t)hit.note % 8, 0);
	}
	assert_true(find(c, &n, 1000, &hit)); /* a clock that stepped back */
	assert_int_equal(hit.age_s, 0);
	cache_free(c);
}

static void questions_differ_by_all_their_parts(void **state)
{
	struct dname a = name("a.example"), upper = name("A.EXAMPLE"),
		     b = name("b.example"), dot = name("a\\.example");
	const struct cache_key keys[] = {
		{ &a, 1, 1, false, false, 0 },  { &a, 28, 1, false, false, 0 },
		{ &a, 1, 255, false, false, 0 }, { &a, 1, 1, true, false, 0 },
		{ &a, 1, 1, false, true, 0 },   { &a, 1, 1, true, true, 0 },
		{ &b, 1, 1, false, false, 0 },  { &dot, 1, 1, false, false, 0 },
		{ &a, 1, 1, false, false, 1 },  { &a, 1, 1, true, true, CACHE_VIEW_MAX },
	};
	const struct cache_key same = { &upper, 1, 1, false, false, 0 };
	struct cache *c = new_cache(MIB);
	struct cache_hit hit;

	(void)state;
	for (uint8_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_int_equal(cache_put(c, &keys[i], &i, 1, 60, NULL, 0, 0), 0);
	for (uint8_t i = 0; i < ARRAY_SIZE(keys); i++) {
		assert_true(cache_find(c, &keys[i], 0, 0, &hit));
		assert_int_equal(*hit.wire, i);
	}
	assert_true(cache_find(c, &same, 0, 0, &hit));
	assert_int_equal(*hit.wire, 0);
	cache_free(c);
}

static void put_replaces_and_gives_a_new_serial(void **state)
{
	struct dname n = name("a.example");
	struct cache *c = new_cache(MIB);
	struct cache_stats stats;
	struct cache_hit hit;
	uint64_t serial;

	(void)state;
	put(c, &n, "old", 60, 0);
	assert_true(find(c, &n, 0, &hit));
	serial = hit.serial;
	put(c, &n, "newer", 90, 30000);
	assert_true(find(c, &n, 100000, &hit));
	assert_memory_equal(hit.wire, "newer", 5);
	assert_int_equal(hit.left_s, 20);
	assert_int_not_equal(hit.serial, serial);
	cache_get_stats(c, &stats);
	assert_int_equal(stats.entries, 1);
	assert_int_equal(stats.puts, 2);
	cache_free(c);
}

static void stale_answers_are_found_where_allowed(void **state)
{
	struct dname n = name("a.example");
	struct cache_key key = key_of(&n);
	struct cache *c = new_cache(MIB);
	struct cache_hit hit;

	(void)state;
	put(c, &n, "x", 10, 0);
	assert_false(cache_find(c, &key, 0, 10000, &hit));
	assert_true(cache_find(c, &key, 60, 10000, &hit));
	assert_int_equal(hit.left_s, 0);
	assert_int_equal(hit.age_s, 10);
	assert_true(cache_find(c, &key, 60, 70000, &hit));
	assert_false(cache_find(c, &key, 60, 70001, &hit));
	cache_free(c);
}

static void hit_tells_its_uses_and_that_it_could_not_be_had_anew(void **state)
{
	struct dname n = name("a.example"), other = name("b.example");
	struct cache_key key = key_of(&n), none = key_of(&other);
	struct cache *c = new_cache(MIB);
	struct cache_stats stats;
	struct cache_hit hit;

	(void)state;
	put(c, &n, "x", 60, 1000);
	for (unsigned i = 0; i < 300; i++) {
		assert_true(cache_peek(c, &key, 0, 1000, &hit));
		assert_int_equal(hit.uses, MIN(i, 255u));
		assert_true(find(c, &n, 1000, &hit));
		assert_int_equal(hit.uses, MIN(i, 255u));
		assert_int_equal(hit.ttl_s, 60);
		assert_int_equal(hit.failed_s, UINT32_MAX);
	}
	cache_mark_failed(c, &none, 1000);
	cache_mark_failed(c, &key, 71000);
	assert_false(cache_peek(c, &key, 0, 80000, &hit));
	assert_true(cache_peek(c, &key, 60, 80000, &hit));
	assert_int_equal(hit.failed_s, 9);
	assert_true(cache_peek(c, &key, 60, 5000, &hit)); /* a clock that stepped back */
	assert_int_equal(hit.failed_s, 0);
	cache_get_stats(c, &stats);
	assert_int_equal(stats.hits, 300);
	assert_int_equal(stats.misses, 0);
	put(c, &n, "x", 60, 90000);
	assert_true(cache_peek(c, &key, 0, 90000, &hit));
	assert_int_equal(hit.uses, 0);
	assert_int_equal(hit.failed_s, UINT32_MAX);
	cache_free(c);
}

static void what_does_not_fit_is_not_stored(void **state)
{
	static uint8_t big[MIB];
	struct dname n = name("a.example");
	struct cache_key key = key_of(&n);
	static const uint64_t none[] = { 0, 1, 4095 };
	struct cache_hit hit;
	struct cache *c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		c = new_cache(none[i]);
		assert_int_equal(put(c, &n, "x", 60, 0), -ENOSPC);
		assert_false(find(c, &n, 0, &hit));
		cache_flush(c);
		cache_free(c);
	}
	c = new_cache(MIB);
	assert_int_equal(put(c, &n, "x", 0, 0), 0); /* TTL 0 */
	assert_false(find(c, &n, 0, &hit));
	assert_int_equal(cache_put(c, &key, big, MIB / 8, 60, NULL, 0, 0), -ENOSPC);
	assert_int_equal(cache_put(c, &key, big, 1, 60, big, MIB / 8, 0), -ENOSPC);
	assert_int_equal(cache_put(c, &key, big, SIZE_MAX, 60, NULL, 0, 0), -ENOSPC);
	assert_int_equal(cache_put(c, &key, big, MIB / 8 - 256, 60, NULL, 0, 0), 0);
	assert_true(find(c, &n, 0, &hit));
	cache_free(c);
	cache_free(NULL);
}

static void flush_empties_it(void **state)
{
	struct dname n = name("a.example");
	struct cache *c = new_cache(MIB);
	struct cache_stats before, after;
	struct cache_hit hit;

	(void)state;
	cache_get_stats(c, &before);
	put(c, &n, "x", 60, 0);
	cache_flush(c);
	assert_false(find(c, &n, 0, &hit));
	cache_get_stats(c, &after);
	assert_int_equal(after.entries, 0);
	assert_int_equal(after.bytes, before.bytes);
	assert_int_equal(put(c, &n, "x", 60, 0), 0);
	assert_true(find(c, &n, 0, &hit));
	cache_free(c);
}

static void smallest_caches_stay_in_their_size(void **state)
{
	(void)state;
	for (uint64_t size = 4096; size < 40000; size += 777) {
		struct cache *c = new_cache(size);
		struct cache_stats stats;

		for (unsigned i = 0; i < 500; i++) {
			struct dname n = numbered_name("n", i);

			assert_int_equal(put(c, &n, "some bytes of an answer", 60, i), 0);
			cache_get_stats(c, &stats);
			assert_true(stats.bytes <= size);
		}
		assert_true(stats.entries > 5);
		cache_free(c);
	}
}

/* 50 names asked again and again among 400,000 asked once. */
static void flood_does_not_push_out_what_is_used(void **state)
{
	struct cache *c = new_cache(MIB);
	struct dname used[50];
	struct cache_hit hit;
	uint64_t now_ms = 0;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(used); i++) {
		used[i] = numbered_name("used", i);
		put(c, &used[i], "used", 86400, now_ms);
		assert_true(find(c, &used[i], now_ms, &hit));
	}
	for (unsigned i = 0; i < 400000; i++) {
		struct dname n = numbered_name("flood", i);

		now_ms += 1;
		assert_false(find(c, &n, now_ms, &hit));
		put(c, &n, "an answer that nobody asks for again", 300, now_ms);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(used); i++)
		assert_true(find(c, &used[i], now_ms, &hit));
	cache_free(c);
}

/* A name whose TTL ends between its uses is protected too: it is put twice. */
static void short_ttl_does_not_lose_protection(void **state)
{
	struct dname used = name("used.example");
	struct cache *c = new_cache(MIB);
	struct cache_hit hit;

	(void)state;
	put(c, &used, "used", 1, 0);
	put(c, &used, "used", 3600, 5000);
	for (unsigned i = 0; i < 100000; i++) {
		struct dname n = numbered_name("flood", i);

		put(c, &n, "an answer that nobody asks for again", 300, 5000);
	}
	assert_true(find(c, &used, 6000, &hit));
	cache_free(c);
}

/* When the names in use change, the new ones find room. */
static void protected_names_age_out(void **state)
{
	struct cache *c = new_cache(256 * 1024);
	struct dname n;
	struct cache_hit hit;

	(void)state;
	for (unsigned round = 0; round < 20; round++)
		for (unsigned i = 0; i < 1000; i++) {
			n = numbered_name(round & 1 ? "odd" : "even",
					  i + 1000 * round);
			assert_int_equal(put(c, &n, "x", 3600, 0), 0);
			assert_true(find(c, &n, 0, &hit));
			assert_true(find(c, &n, 0, &hit));
		}
	assert_true(find(c, &n, 0, &hit)); /* the newest of all */
	n = numbered_name("even", 0);
	assert_false(find(c, &n, 0, &hit));
	cache_free(c);
}

/* --- a naive model ------------------------------------------------------------------ */

#define MODEL_KEYS 2000

struct model_entry {
	bool is_put;
	uint32_t content, ttl_s;
	uint64_t put_ms;
	uint64_t serial; /* as first found; 0: not found since it was put */
	uint64_t serial_before;
};

static uint64_t next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static void check_find(struct cache *c, const struct cache_key *key,
		       struct model_entry *m, uint32_t stale_s, uint64_t now_ms,
		       bool may_miss)
{
	uint64_t end_ms = m->put_ms + m->ttl_s * 1000ull;
	bool live = m->is_put && (now_ms < end_ms ||
				  (stale_s && now_ms - end_ms <= stale_s * 1000ull));
	struct cache_hit hit;

	if (!cache_find(c, key, stale_s, now_ms, &hit)) {
		assert_true(!live || may_miss);
		return;
	}
	assert_true(live);
	assert_int_equal(hit.age_s, (now_ms - m->put_ms) / 1000);
	assert_int_equal(hit.left_s, now_ms < end_ms ? m->ttl_s - hit.age_s : 0);
	assert_int_equal(hit.len, m->content % 300 + 4);
	assert_memory_equal(hit.wire, &m->content, 4);
	assert_int_equal(hit.note_len, m->content % 17);
	if (m->serial)
		assert_int_equal(hit.serial, m->serial);
	assert_true(hit.serial > m->serial_before);
	m->serial = hit.serial;
}

static void run_model(uint64_t size_bytes, bool may_miss)
{
	static struct model_entry model[MODEL_KEYS];
	static struct dname names[MODEL_KEYS];
	struct cache *c = new_cache(size_bytes);
	uint64_t now_ms = 1, seed = 0x9e3779b97f4a7c15ull;
	struct cache_stats stats;
	uint8_t wire[304] = { 0 };

	memset(model, 0, sizeof(model));
	for (unsigned i = 0; i < MODEL_KEYS; i++)
		names[i] = numbered_name("model", i);
	for (unsigned op = 0; op < 1000000; op++) {
		uint64_t r = next_random(&seed);
		unsigned i = (unsigned)(r % MODEL_KEYS);
		struct cache_key key = key_of(&names[i]);
		struct model_entry *m = &model[i];

		now_ms += r >> 32 & 7;
		if (r >> 40 & 3) {
			check_find(c, &key, m, r >> 48 & 1 ? 30 : 0, now_ms, may_miss);
			continue;
		}
		m->is_put = true;
		m->content = (uint32_t)(r >> 20);
		m->ttl_s = (uint32_t)(r >> 50 & 15) + 1;
		m->put_ms = now_ms;
		m->serial_before = MAX(m->serial, m->serial_before);
		m->serial = 0;
		memcpy(wire, &m->content, 4);
		assert_int_equal(cache_put(c, &key, wire, m->content % 300 + 4, m->ttl_s,
					   wire, m->content % 17, now_ms),
				 0);
		cache_get_stats(c, &stats);
		assert_true(stats.bytes <= size_bytes);
		assert_true(stats.entries <= MODEL_KEYS);
		if (!may_miss)
			assert_int_equal(stats.evicted, 0);
	}
	cache_free(c);
}

static void large_cache_matches_the_model(void **state)
{
	(void)state;
	run_model(8 * MIB, false);
}

static void small_cache_only_forgets(void **state)
{
	(void)state;
	run_model(64 * 1024, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hit_returns_what_was_put_and_its_remaining_ttl),
		cmocka_unit_test(questions_differ_by_all_their_parts),
		cmocka_unit_test(put_replaces_and_gives_a_new_serial),
		cmocka_unit_test(stale_answers_are_found_where_allowed),
		cmocka_unit_test(hit_tells_its_uses_and_that_it_could_not_be_had_anew),
		cmocka_unit_test(what_does_not_fit_is_not_stored),
		cmocka_unit_test(flush_empties_it),
		cmocka_unit_test(smallest_caches_stay_in_their_size),
		cmocka_unit_test(flood_does_not_push_out_what_is_used),
		cmocka_unit_test(short_ttl_does_not_lose_protection),
		cmocka_unit_test(protected_names_age_out),
		cmocka_unit_test(large_cache_matches_the_model),
		cmocka_unit_test(small_cache_only_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
