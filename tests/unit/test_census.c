/* Counting in memory: keys, different companions, order, percentiles, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "db/census.h"
#include "db/u64_map.h"
#include "lib/util.h"

static uint64_t hash(const struct census *c, const char *text)
{
	return text ? census_hash(c, text) : 0;
}

static void add(struct census *c, const char *key, const char *client, const char *name,
		int64_t n, int64_t ts)
{
	struct census_row row = { .n = n, .ts_us = ts, .wait_us = -1,
				  .with = { hash(c, client), hash(c, name) } };

	assert_int_equal(census_key(c, key, &row.key), 0);
	assert_int_equal(census_add(c, &row), 0);
}

static void assert_order(struct census *c, bool by_text, const char *want)
{
	char got[256] = "";

	assert_int_equal(census_sort(c, by_text), 0);
	for (size_t i = 0; i < census_count(c); i++) {
		struct census_entry e;

		census_at(c, i, &e);
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s %lld %u %u %lld; ",
			 e.text ? e.text : "-", (long long)e.n, e.with[CENSUS_CLIENT],
			 e.with[CENSUS_NAME], (long long)e.last_us);
	}
	assert_string_equal(got, want);
}

static void rows_are_counted_with_who_and_what_came(void **state)
{
	struct census *c = census_new(1000);

	(void)state;
	assert_non_null(c);
	assert_order(c, false, "");
	add(c, "b", "tv", "x", 2, 10);
	add(c, "a", "tv", "x", 1, 50);
	add(c, "b", "tv", "y", 1, 5);
	add(c, "b", "pc", "x", 1, 7);
	add(c, "b", "pc", "x", 1, 8);
	add(c, NULL, NULL, NULL, 5, 1);
	add(c, "c", "tv", NULL, 1, -3);
	add(c, NULL, "pc", NULL, 0, 2);
	assert_order(c, false, "- 5 1 0 2; b 5 2 2 10; a 1 1 1 50; c 1 1 0 -3; ");
	assert_order(c, true, "- 5 1 0 2; a 1 1 1 50; b 5 2 2 10; c 1 1 0 -3; ");
	assert_int_equal(census_total(c), 12);
	census_free(c);
}

static void waits_give_percentiles(void **state)
{
	static const struct {
		unsigned count;
		double p50, p95;
	} cases[] = { { 1, 1, 1 }, { 2, 1, 2 }, { 20, 10, 19 }, { 100, 50, 95 },
		      { 3000, 1500, 2850 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct census *c = census_new(1000);
		struct census_entry e;
		struct census_row row = { .n = 1 };

		assert_int_equal(census_key(c, "9.9.9.9", &row.key), 0);
		for (unsigned k = 0; k < cases[i].count; k++) {
			row.wait_us = (int64_t)(k * 7 % cases[i].count) + 1;
			assert_int_equal(census_add(c, &row), 0);
		}
		if (cases[i].count % 7) {
			assert_int_equal(census_sort(c, false), 0);
			census_at(c, 0, &e);
			assert_true(e.p50_us == cases[i].p50 && e.p95_us == cases[i].p95);
		}
		census_free(c);
	}
}

/* More waits than are kept: every second one stands for two. */
static void many_waits_are_thinned_out(void **state)
{
	struct census *c = census_new(1000);
	struct census_row row = { .n = 1 };
	struct census_entry e;

	(void)state;
	assert_int_equal(census_key(c, "u", &row.key), 0);
	for (unsigned k = 0; k < CENSUS_WAITS_MAX + 1000; k++) {
		row.wait_us = k % 1000;
		assert_int_equal(census_add(c, &row), 0);
	}
	census_at(c, 0, &e);
	assert_true(e.p50_us > 490 && e.p50_us < 510);
	assert_true(e.p95_us > 940 && e.p95_us < 960);
	census_free(c);
}

/* A flood of names must not fill the memory: beyond the limit they are one. */
static void too_many_keys_are_counted_together(void **state)
{
	struct census *c = census_new(1000);
	struct census_entry e;
	char name[16];

	(void)state;
	for (unsigned k = 0; k < 1000 + 500; k++) {
		snprintf(name, sizeof(name), "n%u", k);
		add(c, name, "tv", NULL, 1, k);
	}
	add(c, "n7", "tv", NULL, 1, 7); /* those that are known go on */
	assert_int_equal(census_count(c), 1000 + 1);
	assert_int_equal(census_sort(c, false), 0);
	census_at(c, 0, &e);
	assert_string_equal(e.text, CENSUS_OTHERS);
	assert_int_equal(e.n, 500);
	census_at(c, 1, &e);
	assert_string_equal(e.text, "n7");
	assert_int_equal(census_total(c), 1000 + 501);
	census_free(c);
}

static void a_map_grows_and_forgets_nothing(void **state)
{
	struct u64_map m = { 0 };
	bool is_new;

	(void)state;
	assert_null(u64_map_get(&m, 1));
	for (uint64_t k = 0; k < 20000; k++) {
		assert_int_equal(u64_map_put(&m, k << 40, (uint32_t)k, &is_new), 0);
		assert_true(is_new);
	}
	assert_int_equal(u64_map_put(&m, 7ull << 40, 99, &is_new), 0);
	assert_false(is_new);
	for (uint64_t k = 0; k < 20000; k++)
		assert_int_equal(*u64_map_get(&m, k << 40), k);
	assert_null(u64_map_get(&m, 1));
	u64_map_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_counted_with_who_and_what_came),
		cmocka_unit_test(waits_give_percentiles),
		cmocka_unit_test(many_waits_are_thinned_out),
		cmocka_unit_test(too_many_keys_are_counted_together),
		cmocka_unit_test(a_map_grows_and_forgets_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
