/* Walks over the cache, and other sizes of it. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/util.h"
#include "resolver/cache.h"

#define MIB (1024u * 1024)

static struct dname numbered_name(const char *prefix, unsigned n)
{
	struct dname d;
	char text[64];

	snprintf(text, sizeof(text), "%s%u.example", prefix, n);
	assert_int_equal(dname_from_text(text, &d), 0);
	return d;
}

static struct cache *new_cache(uint64_t size_bytes)
{
	struct cache *c;

	assert_int_equal(cache_new(size_bytes, &c), 0);
	return c;
}

static int put(struct cache *c, const struct dname *qname, const char *wire, uint32_t ttl_s,
	       uint64_t now_ms)
{
	struct cache_key key = { .qname = qname, .qtype = 1, .qclass = 1 };

	return cache_put(c, &key, (const uint8_t *)wire, strlen(wire), ttl_s, NULL, 0, now_ms);
}

static bool find(struct cache *c, const struct dname *qname, struct cache_hit *hit)
{
	struct cache_key key = { .qname = qname, .qtype = 1, .qclass = 1 };

	return cache_find(c, &key, 0, 0, hit);
}

static void resize_keeps_what_fits(void **state)
{
	static const uint64_t sizes[] = { 64 * 1024, 8 * MIB, MIB, 5000, 4096, 0, MIB };
	struct cache *c = new_cache(MIB);
	struct dname used = numbered_name("used", 0);
	struct cache_stats stats;
	struct cache_hit hit;

	(void)state;
	put(c, &used, "used", 60, 0);
	assert_true(find(c, &used, &hit));
	for (unsigned i = 0; i < 3000; i++) {
		struct dname n = numbered_name("n", i);

		put(c, &n, "some bytes of an answer", 60, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t entries;

		cache_get_stats(c, &stats);
		entries = stats.entries;
		assert_int_equal(cache_resize(c, sizes[i]), 0);
		cache_get_stats(c, &stats);
		assert_int_equal(stats.size_bytes, sizes[i]);
		assert_true(stats.bytes <= MAX(sizes[i], 512));
		if (i < 3) { /* so small that it goes by the table's size */
			assert_true(i != 1 || stats.entries == entries);
			assert_true(find(c, &used, &hit));
			assert_memory_equal(hit.wire, "used", 4);
		}
		assert_int_equal(put(c, &used, "used", 60, 0), sizes[i] < 4096 ? -ENOSPC : 0);
		assert_int_equal(find(c, &used, &hit), sizes[i] >= 4096);
	}
	cache_free(c);
}

struct walk {
	unsigned seen[200];
	bool forget_odd;
};

static bool visit(void *arg, const struct cache_item *item)
{
	struct walk *walk = arg;
	char text[DNAME_TEXT_MAX];
	unsigned n;

	assert_int_equal(sscanf(dname_to_text(&item->qname, text), "n%u.example", &n), 1);
	assert_true(n < ARRAY_SIZE(walk->seen));
	assert_int_equal(item->qtype, 1);
	assert_int_equal(item->qclass, 1);
	assert_int_equal(item->age_s, 5);
	assert_int_equal(item->ttl_s, 3);
	walk->seen[n]++;
	return walk->forget_odd && n % 2;
}

static void walk_visits_all_and_forgets_some(void **state)
{
	struct cache *c = new_cache(64 * 1024);
	struct walk walk = { .forget_odd = true };
	struct cache_stats stats;
	unsigned steps = 1;
	uint64_t at = 0;

	(void)state;
	assert_false(cache_walk(c, &at, 10, visit, &walk, 0));
	for (unsigned i = 0; i < ARRAY_SIZE(walk.seen); i++) {
		struct dname n = numbered_name("n", i);

		put(c, &n, "x", 3, 1000);
	}
	for (at = 0; cache_walk(c, &at, 10, visit, &walk, 6000);)
		steps++;
	assert_in_range(steps, 10, 20);
	for (unsigned i = 0; i < ARRAY_SIZE(walk.seen); i++)
		assert_int_equal(walk.seen[i], 1);
	cache_get_stats(c, &stats);
	assert_int_equal(stats.entries, ARRAY_SIZE(walk.seen) / 2);
	walk.forget_odd = false;
	at = 0;
	assert_false(cache_walk(c, &at, 1000, visit, &walk, 6000));
	for (unsigned i = 0; i < ARRAY_SIZE(walk.seen); i++)
		assert_int_equal(walk.seen[i], i % 2 ? 1 : 2);
	cache_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resize_keeps_what_fits),
		cmocka_unit_test(walk_visits_all_and_forgets_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
