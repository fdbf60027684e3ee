/* Deadlines come up when they are due, and not before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/util.h"
#include "resolver/timer_wheel.h"

#define START 1000000u

static void entry_is_taken_within_a_tick_of_its_time(void **state)
{
	static const uint64_t delays[] = { 0,	 1,    15,   16,     17,     100,
					   1500, 8191, 8192, 8193,   100000, 1000000 };
	struct timer_wheel w;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(delays); i++) {
		struct wheel_entry e = { 0 };
		uint64_t now = START;

		wheel_init(&w, START);
		wheel_set(&w, &e, START + delays[i]);
		while (!wheel_take(&w, now))
			now++;
		assert_true(now >= START + delays[i]);
		assert_true(now <= START + delays[i] + WHEEL_TICK_MS);
		assert_int_equal(w.count, 0);
	}
}

static void all_are_taken_after_a_suspend(void **state)
{
	struct wheel_entry e[100];
	struct timer_wheel w;
	unsigned taken = 0;

	(void)state;
	memset(e, 0, sizeof(e));
	wheel_init(&w, START);
	for (size_t i = 0; i < ARRAY_SIZE(e); i++)
		wheel_set(&w, &e[i], START + i * 500);
	while (wheel_take(&w, START + 86400000))
		taken++;
	assert_int_equal(taken, ARRAY_SIZE(e));
}

static void moved_and_cleared_entries_are_not_taken_early(void **state)
{
	struct wheel_entry a = { 0 }, b = { 0 };
	struct timer_wheel w;

	(void)state;
	wheel_init(&w, START);
	wheel_set(&w, &a, START + 50);
	wheel_set(&w, &b, START + 50);
	wheel_set(&w, &a, START + 500);
	wheel_clear(&w, &b);
	wheel_clear(&w, &b);
	assert_null(wheel_take(&w, START + 480));
	assert_ptr_equal(wheel_take(&w, START + 520), &a);
	assert_null(wheel_take(&w, START + 520));
}

static void a_past_deadline_is_taken_at_once(void **state)
{
	struct wheel_entry e = { 0 };
	struct timer_wheel w;

	(void)state;
	wheel_init(&w, START);
	assert_null(wheel_take(&w, START + 300));
	wheel_set(&w, &e, 0);
	assert_ptr_equal(wheel_take(&w, START + 300), &e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entry_is_taken_within_a_tick_of_its_time),
		cmocka_unit_test(all_are_taken_after_a_suspend),
		cmocka_unit_test(moved_and_cleared_entries_are_not_taken_early),
		cmocka_unit_test(a_past_deadline_is_taken_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
