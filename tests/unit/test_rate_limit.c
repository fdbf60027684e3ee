/* How often one client may ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "lib/util.h"
#include "resolver/rate_limit.h"

#define RATE  100
#define BURST 10
#define SECOND UINT64_C(1000000)

static uint64_t now_us;

static int setup(void **state)
{
	struct rate_limit *r;

	now_us = 77 * SECOND;
	assert_int_equal(rate_limit_new(&r), 0);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	rate_limit_free(*state);
	return 0;
}

static struct addr addr_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_from_text(text, &a), 0);
	return a;
}

struct counts {
	unsigned pass, slip, drop, told;
};

static struct counts ask(struct rate_limit *r, const char *client, unsigned times, bool proven)
{
	struct addr addr = addr_of(client), key = rate_limit_key(&addr, NULL);
	struct counts c = { 0 };

	for (unsigned i = 0; i < times; i++) {
		bool tell = false;
		enum rate_verdict v = rate_limit_take(r, &key, RATE, BURST, proven, now_us,
						      &tell);

		c.pass += v == RATE_PASS;
		c.slip += v == RATE_SLIP;
		c.drop += v == RATE_DROP;
		c.told += tell;
	}
	return c;
}

static void who_is_within_the_burst_passes(void **state)
{
	struct counts c = ask(*state, "192.0.2.1", BURST, false);

	assert_int_equal(c.pass, BURST);
	assert_int_equal(c.told, 0);
}

static void over_it_every_second_question_slips(void **state)
{
	struct counts c = ask(*state, "192.0.2.1", BURST + 20, false);

	assert_int_equal(c.pass, BURST);
	assert_int_equal(c.slip, 20 / RATE_SLIP_EVERY);
	assert_int_equal(c.drop, 20 - 20 / RATE_SLIP_EVERY);
}

static void the_bucket_fills_at_the_rate_and_no_further(void **state)
{
	static const struct {
		uint64_t pause_us;
		unsigned pass;
	} cases[] = {
		{ SECOND / RATE, 1 },	  { SECOND / RATE / 2, 0 }, { SECOND / RATE / 2, 1 },
		{ 5 * SECOND / RATE, 5 }, { 3600 * SECOND, BURST }, { 0, 0 },
	};

	ask(*state, "192.0.2.1", BURST, false);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		now_us += cases[i].pause_us;
		assert_int_equal(ask(*state, "192.0.2.1", 2 * BURST, false).pass, cases[i].pass);
	}
}

static void a_steady_client_at_the_rate_is_never_stopped(void **state)
{
	for (unsigned i = 0; i < 10 * RATE; i++, now_us += SECOND / RATE)
		assert_int_equal(ask(*state, "192.0.2.1", 1, false).pass, 1);
}

static void clients_do_not_share_but_a_64_does(void **state)
{
	static const struct {
		const char *client;
		bool shares;
	} cases[] = {
		{ "192.0.2.1", true },
		{ "192.0.2.2", false },
		{ "2001:db8:0:1::1", false },
		{ "2001:db8:0:1:ffff::2", true }, /* its /64 is empty now */
		{ "2001:db8:0:2::1", false },
	};

	ask(*state, "192.0.2.1", BURST, false);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(ask(*state, cases[i].client, BURST, false).pass,
				 cases[i].shares ? 0 : BURST);
}

static void a_device_has_one_bucket_for_all_its_addresses(void **state)
{
	static const struct mac tv = { { 2, 0, 0, 0, 0, 1 } }, radio = { { 2, 0, 0, 0, 0, 2 } };
	struct addr four = addr_of("192.0.2.1"), six = addr_of("2001:db8::1");
	struct addr a = rate_limit_key(&four, &tv), b = rate_limit_key(&six, &tv);
	struct addr c = rate_limit_key(&six, &radio), plain = rate_limit_key(&six, NULL);

	(void)state;
	assert_true(addr_equal(&a, &b));
	assert_false(addr_equal(&b, &c));
	assert_false(addr_equal(&c, &plain));
}

static void a_proven_client_has_more_and_never_slips(void **state)
{
	struct counts c;

	ask(*state, "192.0.2.1", 2 * BURST, false); /* somebody in its name */
	c = ask(*state, "192.0.2.1", 10 * BURST, true);
	assert_int_equal(c.pass, RATE_PROVEN_MORE * BURST);
	assert_int_equal(c.slip, 0);
	assert_int_equal(c.drop, (10 - RATE_PROVEN_MORE) * BURST);
}

static void what_is_proven_counts_in_the_common_bucket_too(void **state)
{
	assert_int_equal(ask(*state, "192.0.2.1", BURST, true).pass, BURST);
	assert_int_equal(ask(*state, "192.0.2.1", BURST, false).pass, 0);
}

static void a_client_is_reported_once_a_minute_and_all_once_a_second(void **state)
{
	static const struct {
		const char *client;
		uint64_t pause_us;
		unsigned told;
	} cases[] = {
		{ "192.0.2.1", 0, 1 },
		{ "192.0.2.1", SECOND, 0 },
		{ "192.0.2.2", 0, 1 },
		{ "192.0.2.3", 0, 0 },
		{ "192.0.2.3", SECOND, 1 },
		{ "192.0.2.1", 57 * SECOND, 0 },
		{ "192.0.2.1", 2 * SECOND, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		now_us += cases[i].pause_us;
		assert_int_equal(ask(*state, cases[i].client, 1000, false).told, cases[i].told);
	}
}

/* Many more than the table has room for: whoever is over the limit stays so. */
static void invented_addresses_do_not_free_who_floods(void **state)
{
	struct addr a = addr_of("10.0.0.0"), key;
	bool tell;

	ask(*state, "192.0.2.1", 2 * BURST, false);
	for (unsigned i = 0; i < 20 * RATE_CLIENTS; i++) {
		store_be16(a.bytes + 1, (uint16_t)(i >> 8));
		a.bytes[3] = (uint8_t)i;
		key = rate_limit_key(&a, NULL);
		rate_limit_take(*state, &key, RATE, BURST, false, now_us, &tell);
	}
	assert_int_equal(ask(*state, "192.0.2.1", BURST, false).pass, 0);
}

static void extreme_limits_hold(void **state)
{
	static const struct {
		uint32_t per_s, burst;
	} cases[] = { { 1, 1 }, { 1000000, 1 }, { 1, 1000000 }, { 1000000, 1000000 } };
	struct addr key = addr_of("192.0.2.1");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t passed = 0;
		bool tell;

		now_us += 2000000 * SECOND;
		while (rate_limit_take(*state, &key, cases[i].per_s, cases[i].burst, false,
				       now_us, &tell) == RATE_PASS)
			passed++;
		assert_int_equal(passed, cases[i].burst);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_is_within_the_burst_passes, setup, teardown),
		cmocka_unit_test_setup_teardown(over_it_every_second_question_slips, setup, teardown),
		cmocka_unit_test_setup_teardown(the_bucket_fills_at_the_rate_and_no_further, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_steady_client_at_the_rate_is_never_stopped, setup,
						teardown),
		cmocka_unit_test_setup_teardown(clients_do_not_share_but_a_64_does, setup, teardown),
		cmocka_unit_test_setup_teardown(a_device_has_one_bucket_for_all_its_addresses, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_proven_client_has_more_and_never_slips, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_proven_counts_in_the_common_bucket_too,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_client_is_reported_once_a_minute_and_all_once_a_second, setup, teardown),
		cmocka_unit_test_setup_teardown(invented_addresses_do_not_free_who_floods, setup,
						teardown),
		cmocka_unit_test_setup_teardown(extreme_limits_hold, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
