/* Questions get their answers from servers that misbehave in every known way. */
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

static void right_answers_come_through(void **state)
{
	static const struct {
		const char *servers;
		enum conf_order order;
		unsigned questions, least_right;
		uint32_t timeout_ms;
		uint64_t within_ms;
	} cases[] = {
		{ "ok", ORDER_FASTEST, 200, 200, 2000, 450 },
		{ "slow", ORDER_FASTEST, 100, 100, 3000, 1950 },
		{ "late", ORDER_FASTEST, 50, 50, 3000, 1100 },
		{ "flap", ORDER_FASTEST, 40, 40, 3000, 1500 },
		{ "loss20", ORDER_FASTEST, 200, 198, 4000, 4100 },
		{ "dup", ORDER_FASTEST, 50, 50, 2000, 450 },
		{ "wrongid", ORDER_FASTEST, 20, 20, 2000, 450 },
		{ "idflood", ORDER_FASTEST, 5, 5, 2000, 1000 },
		{ "wrongname", ORDER_FASTEST, 20, 20, 2000, 450 },
		{ "wrongtype", ORDER_FASTEST, 20, 20, 2000, 450 },
		{ "noquestion", ORDER_FASTEST, 20, 20, 2000, 450 },
		{ "wrongport", ORDER_FASTEST, 20, 20, 2000, 450 },
		{ "qr0", ORDER_FASTEST, 20, 20, 2000, 450 },
		{ "opcode", ORDER_FASTEST, 20, 20, 2000, 450 },
		{ "lower", ORDER_FASTEST, 20, 20, 2000, 450 },
		{ "empty", ORDER_FASTEST, 20, 20, 2000, 450 },
		{ "cut", ORDER_FASTEST, 20, 20, 2000, 450 },
		{ "garbage", ORDER_FASTEST, 20, 20, 2000, 450 },
		{ "noedns", ORDER_FASTEST, 20, 20, 2000, 450 },
		{ "noedns2", ORDER_FASTEST, 20, 20, 2000, 450 },
		{ "badvers", ORDER_FASTEST, 20, 20, 2000, 450 },
		{ "ttlbig", ORDER_FASTEST, 5, 5, 2000, 450 },
		{ "tc", ORDER_FASTEST, 50, 50, 2000, 450 },
		{ "tcclose", ORDER_FASTEST, 30, 30, 2000, 1400 },
		{ "huge", ORDER_FASTEST, 5, 5, 2000, 800 },
		/* fail-over */
		{ "dead ok", ORDER_FIRST, 20, 20, 3000, 1000 },
		{ "icmp ok", ORDER_FIRST, 20, 20, 2000, 300 },
		{ "icmp icmp ok", ORDER_FIRST, 20, 20, 2000, 300 },
		{ "servfail ok", ORDER_FIRST, 20, 20, 2000, 300 },
		{ "refused notimp ok", ORDER_FIRST, 20, 20, 2000, 300 },
		{ "tcnotcp ok", ORDER_FIRST, 20, 20, 2000, 450 },
		{ "tcsilent ok", ORDER_FIRST, 5, 5, 3000, 1950 },
		{ "dead icmp ok", ORDER_SPREAD, 30, 30, 3000, 2000 },
		{ "slow ok", ORDER_FASTEST, 20, 20, 3000, 1950 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig *r = rig_open("127.0.0.1", cases[i].servers, cases[i].timeout_ms,
					 cases[i].order);
		uint64_t longest = 0;

		rig_ask_many(r, cases[i].questions);
		rig_run(r);
		for (unsigned j = 0; j < r->asked_count; j++)
			longest = MAX(longest, r->asked[j].took_ms);
		print_message("  %s: %u of %u right, %u ms at most\n", cases[i].servers,
			      rig_count_right(r), r->asked_count, (unsigned)longest);
		assert_true(rig_count_right(r) >= cases[i].least_right);
		assert_true(longest <= cases[i].within_ms);
		rig_close(r);
	}
}

static void failures_end_in_time_and_say_why(void **state)
{
	static const struct {
		const char *servers;
		int rc;
		unsigned rcode;
		bool truncated;
		uint32_t timeout_ms;
		uint64_t after_ms, within_ms;
	} cases[] = {
		{ "dead", -ETIMEDOUT, 0, false, 600, 600, 850 },
		{ "dead dead", -ETIMEDOUT, 0, false, 600, 600, 850 },
		{ "dead icmp", -ETIMEDOUT, 0, false, 600, 600, 850 },
		{ "icmp", -ECONNREFUSED, 0, false, 2000, 0, 999 },
		{ "icmp icmp", -ECONNREFUSED, 0, false, 2000, 0, 999 },
		{ "servfail", 0, 2, false, 1000, 0, 400 },
		{ "refused", 0, 5, false, 1000, 0, 400 },
		{ "notimp", 0, 4, false, 1000, 0, 400 },
		{ "nxdomain", 0, 3, false, 1000, 0, 400 },
		{ "servfail servfail", 0, 2, false, 1000, 0, 400 },
		{ "servfail icmp", 0, 2, false, 1000, 0, 400 },
		{ "servfail dead", 0, 2, false, 600, 0, 600 },
		{ "tcnotcp", 0, 0, true, 1000, 0, 400 },
		{ "tcnotcp servfail", 0, 0, true, 1000, 0, 400 },
		{ "tcsilent", 0, 0, true, 600, 0, 850 },
		{ "tcpartial", 0, 0, true, 600, 0, 850 },
		{ "tcslowdrip", 0, 0, true, 600, 0, 850 },
		{ "cnameloop", 0, 0, false, 1000, 0, 400 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig *r = rig_open("127.0.0.1", cases[i].servers,
					 cases[i].timeout_ms, ORDER_FIRST);

		print_message("  %s\n", cases[i].servers);
		rig_ask_many(r, 20);
		rig_run(r);
		for (unsigned j = 0; j < r->asked_count; j++) {
			assert_int_equal(r->asked[j].rc, cases[i].rc);
			assert_int_equal(r->asked[j].rcode, cases[i].rcode);
			assert_int_equal(r->asked[j].truncated, cases[i].truncated);
			assert_true(r->asked[j].took_ms + 1 >= cases[i].after_ms);
			assert_true(r->asked[j].took_ms <= cases[i].within_ms);
		}
		rig_close(r);
	}
}

/** A forger who does not know the case gets nowhere, even with id and port right. */
static void reply_in_the_wrong_case_is_not_taken(void **state)
{
	struct rig *r = rig_open("127.0.0.1", "case", 2000, ORDER_FIRST);

	(void)state;
	rig_ask(r, "a-long-name-with-letters.example", 1, false);
	rig_run(r);
	assert_int_equal(rig_count_right(r), 1);
	rig_close(r);
}

static void what_a_server_cannot_do_is_remembered(void **state)
{
	static const struct {
		const char *server;
		bool plain;
	} cases[] = { { "noedns", true }, { "badvers", true }, { "lower", false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig *r = rig_open("127.0.0.1", cases[i].server, 2000, ORDER_FIRST);
		const struct scripted_counts *c = scripted_counts(r->servers[0]);

		rig_ask(r, "first.example", 1, false);
		rig_run(r);
		assert_int_equal(c->udp_queries, 2);
		assert_int_equal(c->plain_queries, cases[i].plain ? 1 : 0);
		rig_ask_many(r, 10);
		rig_run(r);
		assert_int_equal(c->udp_queries, 12);
		assert_int_equal(c->plain_queries, cases[i].plain ? 11 : 0);
		assert_int_equal(rig_count_right(r), 11);
		rig_close(r);
	}
}

static void what_is_known_of_a_server_outlives_a_reload(void **state)
{
	struct rig *r = rig_open("127.0.0.1", "noedns", 2000, ORDER_FIRST);
	const struct scripted_counts *c = scripted_counts(r->servers[0]);
	struct upstream_pool *old = r->pool;
	struct conf_upstream twice[2];

	(void)state;
	rig_ask(r, "first.example", 1, false);
	rig_run(r);
	assert_int_equal(c->udp_queries, 2);
	twice[0] = twice[1] = r->group; /* in two groups it is two servers */
	r->conf.upstreams = twice;
	r->conf.upstream_count = 2;
	assert_int_equal(upstream_pool_open(r->base, &r->conf, old, &r->pool), 0);
	upstream_pool_close(old);
	rig_ask_many(r, 10);
	rig_run(r);
	assert_int_equal(rig_count_right(r), 11);
	assert_int_equal(c->udp_queries, 12);
	assert_int_equal(c->plain_queries, 11);
	rig_close(r);
}

static void ports_and_case_vary(void **state)
{
	struct rig *r = rig_open("127.0.0.1", "ok", 2000, ORDER_FIRST);
	const struct scripted_counts *c = scripted_counts(r->servers[0]);

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		rig_ask(r, "letters.and.more.letters.example", 1, false);
		rig_run(r);
	}
	assert_int_equal(rig_count_right(r), 200);
	assert_true(c->ports >= 40); /* of 64 sockets, 200 times one at random */
	assert_true(c->upper_letters > c->letters * 4 / 10);
	assert_true(c->upper_letters < c->letters * 6 / 10);
	rig_close(r);
}

static void closed_port_makes_no_busy_loop(void **state)
{
	struct rig *r = rig_open("127.0.0.1", "icmp", 2000, ORDER_FIRST);
	char *text = NULL, *row;
	size_t size = 0;
	FILE *f;

	(void)state;
	rig_ask_many(r, 1000);
	rig_run(r);
	f = open_memstream(&text, &size);
	assert_non_null(f);
	upstream_status(r->pool, f);
	fclose(f);
	row = strstr(text, " sent\t");
	assert_non_null(row);
	/* the packets of the first turn, and a few that look whether it is back */
	assert_in_range(atoi(row + 6), 1, 1020);
	assert_non_null(strstr(text, " state\trefused\n"));
	free(text);
	rig_close(r);
}

static void server_that_comes_back_is_used_again(void **state)
{
	struct rig *r = rig_open("127.0.0.1", "icmp", 2000, ORDER_FIRST);
	struct scripted_upstream *back;

	(void)state;
	rig_ask(r, "early.example", 1, false);
	rig_run(r);
	assert_int_equal(r->asked[0].rc, -ECONNREFUSED);
	assert_int_equal(scripted_open(r->base, "127.0.0.1", r->addrs[0].at.port, "ok", &back), 0);
	rig_ask(r, "later.example", 1, false);
	rig_run(r);
	assert_true(r->asked[1].right);
	assert_true(r->asked[1].took_ms < 600);
	scripted_close(back);
	rig_close(r);
}

static void names_that_c_ares_cannot_read_are_asked(void **state)
{
	static const char *const names[] = { ".", "a\\.b.example", "\\000\\001\\255.example",
					     "sp\\032ace.example", "-_*.example" };
	static const char *const servers[] = { "ok", "tc" };

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(servers); s++) {
		struct rig *r = rig_open("127.0.0.1", servers[s], 2000, ORDER_FIRST);

		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			rig_ask(r, names[i], 1, false);
		rig_run(r);
		assert_int_equal(rig_count_right(r), ARRAY_SIZE(names));
		rig_close(r);
	}
}

static void types_are_not_looked_at(void **state)
{
	static const uint16_t types[] = { 1, 28, 16, 65, 255, 13, 65280 };
	struct rig *r = rig_open("127.0.0.1", "ok", 2000, ORDER_FIRST);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		rig_ask(r, "type.example", types[i], false);
	rig_run(r);
	for (unsigned i = 0; i < r->asked_count; i++)
		assert_int_equal(r->asked[i].rc, 0);
	assert_true(r->asked[0].right && r->asked[1].right);
	rig_close(r);
}

static void ipv6_server_is_asked(void **state)
{
	struct rig *r = rig_open("::1", "tc ok", 2000, ORDER_SPREAD);

	(void)state;
	rig_ask_many(r, 40);
	rig_run(r);
	assert_int_equal(rig_count_right(r), 40);
	rig_close(r);
}

static void order_is_kept(void **state)
{
	struct rig *r = rig_open("127.0.0.1", "ok ok ok", 2000, ORDER_FIRST);

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		rig_ask(r, "order.example", 1, false);
		rig_run(r);
	}
	assert_int_equal(scripted_counts(r->servers[0])->udp_queries, 20);
	assert_int_equal(scripted_counts(r->servers[1])->udp_queries, 0);
	rig_close(r);

	r = rig_open("127.0.0.1", "ok ok ok", 2000, ORDER_SPREAD);
	rig_ask_many(r, 300);
	rig_run(r);
	for (size_t i = 0; i < 3; i++)
		assert_in_range(scripted_counts(r->servers[i])->udp_queries, 50, 150);
	rig_close(r);

	r = rig_open("127.0.0.1", "late ok", 2000, ORDER_FASTEST);
	for (unsigned i = 0; i < 20; i++) {
		rig_ask(r, "fastest.example", 1, false);
		rig_run(r);
	}
	assert_in_range(scripted_counts(r->servers[0])->udp_queries, 1, 4);
	assert_true(scripted_counts(r->servers[1])->udp_queries >= 18);
	rig_close(r);
}

/* No client finds out which servers are dead: at the start several are asked at once, then
 * copies of questions measure those that are not known. */
static void dead_servers_in_the_list_are_not_waited_for(void **state)
{
	static const char *const servers[] = { "dead dead ok", "dead ok dead", "icmp dead ok" };

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(servers); s++) {
		struct rig *r = rig_open("127.0.0.1", servers[s], 2000, ORDER_FASTEST);

		for (unsigned i = 0; i < 30; i++) {
			rig_ask(r, "start.example", 1, false);
			rig_run(r);
			assert_true(r->asked[i].took_ms < 400); /* a wait is 500 ms */
		}
		assert_int_equal(rig_count_right(r), 30);
		assert_in_range(scripted_counts(r->servers[0])->udp_queries, 0, 3);
		rig_close(r);
	}
}

static void a_burst_at_the_start_is_not_multiplied(void **state)
{
	struct rig *r = rig_open("127.0.0.1", "slow slow slow", 3000, ORDER_FASTEST);
	unsigned packets = 0;

	(void)state;
	rig_ask_many(r, 200);
	rig_run_for(r, 200);
	for (size_t i = 0; i < 3; i++)
		packets += scripted_counts(r->servers[i])->udp_queries;
	assert_in_range(packets, 200, 200 + 2 * 16 + 2);
	rig_run(r);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_answers_come_through),
		cmocka_unit_test(failures_end_in_time_and_say_why),
		cmocka_unit_test(reply_in_the_wrong_case_is_not_taken),
		cmocka_unit_test(what_a_server_cannot_do_is_remembered),
		cmocka_unit_test(what_is_known_of_a_server_outlives_a_reload),
		cmocka_unit_test(ports_and_case_vary),
		cmocka_unit_test(closed_port_makes_no_busy_loop),
		cmocka_unit_test(server_that_comes_back_is_used_again),
		cmocka_unit_test(names_that_c_ares_cannot_read_are_asked),
		cmocka_unit_test(types_are_not_looked_at),
		cmocka_unit_test(ipv6_server_is_asked),
		cmocka_unit_test(order_is_kept),
		cmocka_unit_test(dead_servers_in_the_list_are_not_waited_for),
		cmocka_unit_test(a_burst_at_the_start_is_not_multiplied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
