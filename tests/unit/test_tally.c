/* tally: packets fold into lines, and the table is bounded. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flows/tally.h"
#include "lib/util.h"

static struct tally_key key_to(uint32_t dest, uint16_t port)
{
	struct tally_key key;
	uint8_t bytes[4];

	memset(&key, 0, sizeof(key));
	store_be32(bytes, dest);
	key.client = addr_from_bytes(AF_INET, "\xc0\xa8\x14\x05");
	key.dest = addr_from_bytes(AF_INET, bytes);
	key.proto = 6;
	key.port = port;
	return key;
}

static int setup(void **state)
{
	return tally_new((struct tally **)state);
}

static int teardown(void **state)
{
	tally_free(*state);
	return 0;
}

static void equal_packets_are_one_line_with_the_first_time(void **state)
{
	struct tally *t = *state;
	struct tally_key a = key_to(1, 443), b = key_to(1, 80), c = key_to(1, 443);

	c.would = true;
	assert_int_equal(tally_add(t, &a, 100), 0);
	assert_int_equal(tally_add(t, &b, 101), 0);
	assert_int_equal(tally_add(t, &a, 102), 0);
	assert_int_equal(tally_add(t, &c, 103), 0);
	assert_int_equal(tally_count(t), 3);
	assert_int_equal(tally_at(t, 0)->n, 2);
	assert_int_equal(tally_at(t, 0)->first_us, 100);
	assert_int_equal(tally_at(t, 1)->key.port, 80);
	assert_true(tally_at(t, 2)->key.would);
}

static void line_too_many_is_counted_and_known_ones_go_on(void **state)
{
	struct tally *t = *state;
	struct tally_key key;

	for (uint32_t i = 0; i < TALLY_MAX; i++) {
		key = key_to(i, 1);
		assert_int_equal(tally_add(t, &key, i), 0);
	}
	key = key_to(TALLY_MAX, 1);
	assert_int_equal(tally_add(t, &key, 0), -ENOSPC);
	key = key_to(77, 1);
	assert_int_equal(tally_add(t, &key, 0), 0);
	assert_int_equal(tally_count(t), TALLY_MAX);
	assert_int_equal(tally_at(t, 77)->n, 2);
	assert_int_equal(tally_overflow(t), 1);
}

static void cleared_table_is_empty(void **state)
{
	struct tally *t = *state;
	struct tally_key key = key_to(5, 5);

	assert_int_equal(tally_add(t, &key, 1), 0);
	tally_clear(t);
	assert_int_equal(tally_count(t), 0);
	assert_int_equal(tally_overflow(t), 0);
	assert_int_equal(tally_add(t, &key, 2), 0);
	assert_int_equal(tally_at(t, 0)->n, 1);
	assert_int_equal(tally_at(t, 0)->first_us, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(equal_packets_are_one_line_with_the_first_time),
		TEST(line_too_many_is_counted_and_known_ones_go_on),
		TEST(cleared_table_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
