/* Asking, cancelling and closing at any time, also from callbacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

#include "lib/util.h"
#include "resolver/upstream.h"
#include "tests/support/upstream_rig.h"

static void callback_may_ask_and_flush(void **state)
{
	struct rig *r = rig_open("127.0.0.1", "ok tc", 2000, ORDER_SPREAD);

	(void)state;
	for (unsigned i = 0; i < 50; i++)
		rig_ask(r, "again-and.example", 1, true);
	rig_run(r);
	assert_int_equal(r->asked_count, 100);
	assert_int_equal(rig_count_right(r), 100);
	rig_close(r);
}

struct canceller {
	struct asked *victim;
	unsigned calls;
};

static void on_done_cancel(void *arg, const struct upstream_reply *reply)
{
	struct canceller *c = arg;

	(void)reply;
	c->calls++;
	if (c->victim->query)
		upstream_cancel(c->victim->query);
	c->victim->query = NULL;
}

static void callback_may_cancel_others(void **state)
{
	struct rig *r = rig_open("127.0.0.1", "ok", 2000, ORDER_FIRST);
	struct canceller c[40] = { 0 };
	struct upstream_query *q;
	unsigned ended = 0, left = 0;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
		struct asked *a = &r->asked[r->asked_count];

		c[i].victim = a;
		a->len = rig_write_query("first.example", 1, a->wire, &a->name_len);
		assert_int_equal(upstream_send(r->pool, 0, a->wire, a->len, on_done_cancel,
					       &c[i], &q), 0);
		rig_ask(r, "victim.example", 1, false);
	}
	while (!upstream_idle(r->pool))
		rig_turn(r);
	for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
		ended += c[i].calls;
		left += r->asked[i].calls;
	}
	assert_int_equal(ended, ARRAY_SIZE(c));
	assert_true(left < ARRAY_SIZE(c)); /* each ended by itself, or was cancelled */
	rig_close(r);
}

static void cancelled_question_is_not_called_back(void **state)
{
	static const char *const servers[] = { "ok",	   "dead", "tc",
					       "tcsilent", "icmp", "lower" };

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(servers); s++) {
		for (unsigned ms = 0; ms < 30; ms += 10) {
			struct rig *r = rig_open("127.0.0.1", servers[s], 200, ORDER_FIRST);

			rig_ask_many(r, 50);
			if (ms)
				rig_run_for(r, ms);
			for (unsigned i = 0; i < r->asked_count; i++) {
				if (r->asked[i].calls)
					continue;
				upstream_cancel(r->asked[i].query);
				r->asked[i].calls = 1;
			}
			assert_true(upstream_idle(r->pool));
			rig_run_for(r, 10);
			rig_ask(r, "still-works.example", 1, false);
			rig_run(r); /* none was called twice */
			rig_close(r);
		}
	}
}

static void pool_closes_with_questions_in_flight(void **state)
{
	static const char *const servers[] = { "ok", "dead", "tc", "tcsilent", "tcslowdrip",
					       "dead tc", "servfail dead" };

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(servers); s++) {
		for (unsigned ms = 0; ms < 20; ms += 5) {
			struct rig *r = rig_open("127.0.0.1", servers[s], 500, ORDER_FIRST);

			rig_ask_many(r, 50);
			if (ms)
				rig_run_for(r, ms);
			rig_close(r);
		}
	}
}

static void too_many_in_flight_are_refused(void **state)
{
	struct rig *r = rig_open("127.0.0.1", "dead", 1000, ORDER_FIRST);
	unsigned refused = 0;
	char name[64];

	(void)state;
	for (unsigned i = 0; i < 5500; i++) {
		int rc;

		snprintf(name, sizeof(name), "n%u.example", i);
		rc = rig_try_ask(r, name, 1, false);
		assert_true(rc == 0 || rc == -EAGAIN);
		refused += rc == -EAGAIN;
	}
	assert_int_equal(refused, 500);
	assert_int_equal(r->asked_count, 5000);
	rig_run(r);
	assert_int_equal(rig_try_ask(r, "after.example", 1, false), 0);
	rig_run(r);
	rig_close(r);
}

static void on_done_never(void *arg, const struct upstream_reply *reply)
{
	(void)arg;
	(void)reply;
	fail();
}

static void a_query_that_is_none_is_refused(void **state)
{
	struct rig *r = rig_open("127.0.0.1", "ok", 1000, ORDER_FIRST);
	uint8_t wire[600] = { 0 };
	struct upstream_query *q;

	(void)state;
	assert_int_equal(upstream_send(r->pool, 0, wire, 12, on_done_never, NULL, &q),
			 -EINVAL);
	store_be16(wire + 4, 1);
	assert_int_equal(upstream_send(r->pool, 0, wire, 14, on_done_never, NULL, &q),
			 -EINVAL);
	assert_int_equal(upstream_send(r->pool, 0, wire, 600, on_done_never, NULL, &q),
			 -EINVAL);
	assert_true(upstream_idle(r->pool));
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(callback_may_ask_and_flush),
		cmocka_unit_test(callback_may_cancel_others),
		cmocka_unit_test(cancelled_question_is_not_called_back),
		cmocka_unit_test(pool_closes_with_questions_in_flight),
		cmocka_unit_test(too_many_in_flight_are_refused),
		cmocka_unit_test(a_query_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
