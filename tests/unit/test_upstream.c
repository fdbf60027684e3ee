/* Questions get their answers from servers that misbehave in every known way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>

#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/dname.h"
#include "lib/util.h"
#include "resolver/upstream.h"
#include "tests/support/scripted_upstream.h"

#define HEAD	    12
#define SERVERS_MAX 3
#define ASKED_MAX   6000
#define QUERY_MAX   512

/** One question asked, and how it ended. */
struct asked {
	struct rig *rig;
	struct upstream_query *query;
	uint8_t wire[QUERY_MAX];
	size_t len, name_len;
	unsigned calls;
	int rc;
	unsigned rcode;
	bool truncated, right; /* right: the address is the one that stands for the name */
	bool asks_again;
	size_t reply_len;
	uint64_t begin_ms, took_ms;
};

/** A pool and its servers in one event loop. */
struct rig {
	struct event_base *base;
	struct scripted_upstream *servers[SERVERS_MAX];
	size_t server_count;
	struct addr_port addrs[SERVERS_MAX];
	char group_name[8];
	struct conf_upstream group;
	struct conf conf;
	struct upstream_pool *pool;
	bool is_sending;
	unsigned asked_count;
	struct asked asked[ASKED_MAX];
};

static struct rig *rig_open(const char *address, const char *behaviours, uint32_t timeout_ms,
			    enum conf_order order)
{
	struct rig *r = calloc(1, sizeof(*r));
	char text[64], *save = NULL;

	assert_non_null(r);
	r->base = event_base_new();
	strcpy(r->group_name, "test");
	assert_true(strlen(behaviours) < sizeof(text));
	strcpy(text, behaviours);
	for (char *b = strtok_r(text, " ", &save); b; b = strtok_r(NULL, " ", &save)) {
		int rc = -1;

		for (unsigned i = 0; i < 5 && rc; i++) /* the TCP port may be taken */
			rc = scripted_open(r->base, address, 0, b,
					   &r->servers[r->server_count]);
		assert_int_equal(rc, 0);
		r->addrs[r->server_count] = scripted_addr(r->servers[r->server_count]);
		r->server_count++;
	}
	r->group.name = r->group_name;
	r->group.servers = r->addrs;
	r->group.server_count = r->server_count;
	r->group.timeout_ms = timeout_ms;
	r->group.order = order;
	r->conf.upstreams = &r->group;
	r->conf.upstream_count = 1;
	assert_int_equal(upstream_pool_open(r->base, &r->conf, &r->pool), 0);
	return r;
}

static void rig_close(struct rig *r)
{
	upstream_pool_close(r->pool);
	for (size_t i = 0; i < r->server_count; i++)
		scripted_close(r->servers[i]);
	event_base_free(r->base);
	free(r);
}

static size_t write_query(const char *name, uint16_t type, uint8_t *buf, size_t *name_len)
{
	static const uint8_t opt[] = { 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0 };
	struct dname d;
	size_t at;

	assert_int_equal(dname_from_text(name, &d), 0);
	memset(buf, 0, HEAD);
	buf[2] = 0x01;
	store_be16(buf + 4, 1);
	store_be16(buf + 10, 1);
	memcpy(buf + HEAD, d.wire, d.len);
	at = HEAD + d.len;
	store_be16(buf + at, type);
	store_be16(buf + at + 2, 1);
	memcpy(buf + at + 4, opt, sizeof(opt));
	*name_len = d.len;
	return at + 4 + sizeof(opt);
}

/** The last four bytes of the first record's data are the address that is expected. */
static bool has_right_address(const struct asked *a, const uint8_t *wire, size_t len)
{
	size_t at = HEAD + a->name_len + 4;
	uint8_t address[4];

	scripted_address(a->wire + HEAD, a->name_len, address);
	if (load_be16(wire + 6) == 0 || len < at + 16)
		return false;
	return !memcmp(wire + at + 12 + load_be16(wire + at + 10) - 4, address, 4);
}

static void ask(struct rig *r, const char *name, uint16_t type, bool again);

static void on_done(void *arg, const struct upstream_reply *reply)
{
	struct asked *a = arg;

	assert_false(a->rig->is_sending);
	a->calls++;
	a->query = NULL;
	a->rc = reply->rc;
	a->took_ms = clock_mono_ms() - a->begin_ms;
	assert_true((reply->rc == 0) == (reply->wire != NULL));
	if (!reply->wire)
		return;
	assert_true(reply->len >= HEAD + a->name_len + 4);
	a->reply_len = reply->len;
	a->rcode = reply->wire[3] & 0x0f;
	a->truncated = reply->wire[2] & 0x02;
	a->right = has_right_address(a, reply->wire, reply->len);
	if (a->asks_again)
		ask(a->rig, "again.example", 1, false);
	upstream_flush(a->rig->pool); /* must do no harm here */
}

static int try_ask(struct rig *r, const char *name, uint16_t type, bool again)
{
	struct asked *a = &r->asked[r->asked_count];
	int rc;

	assert_true(r->asked_count < ASKED_MAX);
	a->rig = r;
	a->asks_again = again;
	a->len = write_query(name, type, a->wire, &a->name_len);
	a->begin_ms = clock_mono_ms();
	r->is_sending = true;
	rc = upstream_send(r->pool, 0, a->wire, a->len, on_done, a, &a->query);
	r->is_sending = false;
	r->asked_count += rc == 0;
	return rc;
}

static void ask(struct rig *r, const char *name, uint16_t type, bool again)
{
	assert_int_equal(try_ask(r, name, type, again), 0);
}

static void ask_many(struct rig *r, unsigned count)
{
	char name[64];

	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "name-%u.of.many.example", i);
		ask(r, name, 1, false);
	}
}

static void turn(struct rig *r)
{
	upstream_flush(r->pool);
	event_base_loop(r->base, EVLOOP_ONCE);
}

/** Until all are answered. */
static void run(struct rig *r)
{
	uint64_t end_ms = clock_mono_ms() + 10000;

	while (!upstream_idle(r->pool) && clock_mono_ms() < end_ms)
		turn(r);
	assert_true(upstream_idle(r->pool));
	for (unsigned i = 0; i < r->asked_count; i++)
		assert_int_equal(r->asked[i].calls, 1);
}

static void run_for(struct rig *r, unsigned ms)
{
	struct timeval tv = { .tv_usec = ms * 1000 };

	upstream_flush(r->pool);
	event_base_loopexit(r->base, &tv);
	event_base_dispatch(r->base);
}

static unsigned count_right(const struct rig *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->asked_count; i++)
		n += r->asked[i].right;
	return n;
}

/* --- one server ------------------------------------------------------------------------------- */

static void right_answers_come_through(void **state)
{
	static const struct {
		const char *servers;
		enum conf_order order;
		unsigned questions, least_right;
		uint32_t timeout_ms;
		uint64_t within_ms;
	} cases[] = {
		{ "ok", ORDER_FASTEST, 200, 200, 2000, 200 },
		{ "slow", ORDER_FASTEST, 100, 100, 3000, 1700 },
		{ "late", ORDER_FASTEST, 50, 50, 3000, 900 },
		{ "flap", ORDER_FASTEST, 40, 40, 3000, 1300 },
		{ "loss20", ORDER_FASTEST, 200, 200, 4000, 3900 },
		{ "dup", ORDER_FASTEST, 50, 50, 2000, 200 },
		{ "wrongid", ORDER_FASTEST, 20, 20, 2000, 240 },
		{ "idflood", ORDER_FASTEST, 5, 5, 2000, 700 },
		{ "wrongname", ORDER_FASTEST, 20, 20, 2000, 240 },
		{ "wrongtype", ORDER_FASTEST, 20, 20, 2000, 240 },
		{ "noquestion", ORDER_FASTEST, 20, 20, 2000, 240 },
		{ "wrongport", ORDER_FASTEST, 20, 20, 2000, 240 },
		{ "qr0", ORDER_FASTEST, 20, 20, 2000, 240 },
		{ "opcode", ORDER_FASTEST, 20, 20, 2000, 240 },
		{ "lower", ORDER_FASTEST, 20, 20, 2000, 240 },
		{ "empty", ORDER_FASTEST, 20, 20, 2000, 240 },
		{ "cut", ORDER_FASTEST, 20, 20, 2000, 240 },
		{ "garbage", ORDER_FASTEST, 20, 20, 2000, 300 },
		{ "noedns", ORDER_FASTEST, 20, 20, 2000, 200 },
		{ "noedns2", ORDER_FASTEST, 20, 20, 2000, 200 },
		{ "badvers", ORDER_FASTEST, 20, 20, 2000, 200 },
		{ "ttlbig", ORDER_FASTEST, 5, 5, 2000, 200 },
		{ "tc", ORDER_FASTEST, 50, 50, 2000, 300 },
		{ "tcclose", ORDER_FASTEST, 30, 30, 2000, 1000 },
		{ "huge", ORDER_FASTEST, 5, 5, 2000, 500 },
		/* fail-over */
		{ "dead ok", ORDER_FIRST, 20, 20, 3000, 800 },
		{ "icmp ok", ORDER_FIRST, 20, 20, 2000, 100 },
		{ "icmp icmp ok", ORDER_FIRST, 20, 20, 2000, 100 },
		{ "servfail ok", ORDER_FIRST, 20, 20, 2000, 100 },
		{ "refused notimp ok", ORDER_FIRST, 20, 20, 2000, 100 },
		{ "tcnotcp ok", ORDER_FIRST, 20, 20, 2000, 200 },
		{ "tcsilent ok", ORDER_FIRST, 5, 5, 3000, 1700 },
		{ "dead icmp ok", ORDER_SPREAD, 30, 30, 3000, 1500 },
		{ "slow ok", ORDER_FASTEST, 20, 20, 3000, 1700 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig *r = rig_open("127.0.0.1", cases[i].servers, cases[i].timeout_ms,
					 cases[i].order);
		uint64_t longest = 0;

		ask_many(r, cases[i].questions);
		run(r);
		for (unsigned j = 0; j < r->asked_count; j++)
			longest = MAX(longest, r->asked[j].took_ms);
		print_message("  %s: %u of %u right, %u ms at most\n", cases[i].servers,
			      count_right(r), r->asked_count, (unsigned)longest);
		assert_true(count_right(r) >= cases[i].least_right);
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
		uint64_t after_ms, within_ms;
	} cases[] = {
		{ "dead", -ETIMEDOUT, 0, false, 1000, 1100 },
		{ "dead dead", -ETIMEDOUT, 0, false, 1000, 1100 },
		{ "dead icmp", -ETIMEDOUT, 0, false, 1000, 1100 },
		{ "icmp", -ECONNREFUSED, 0, false, 0, 999 },
		{ "icmp icmp", -ECONNREFUSED, 0, false, 0, 999 },
		{ "servfail", 0, 2, false, 0, 100 },
		{ "refused", 0, 5, false, 0, 100 },
		{ "notimp", 0, 4, false, 0, 100 },
		{ "nxdomain", 0, 3, false, 0, 100 },
		{ "servfail servfail", 0, 2, false, 0, 100 },
		{ "servfail icmp", 0, 2, false, 0, 100 },
		{ "servfail dead", 0, 2, false, 0, 1000 },
		{ "tcnotcp", 0, 0, true, 0, 100 },
		{ "tcnotcp servfail", 0, 0, true, 0, 100 },
		{ "tcsilent", 0, 0, true, 0, 1100 },
		{ "tcpartial", 0, 0, true, 0, 1100 },
		{ "tcslowdrip", 0, 0, true, 0, 1100 },
		{ "cnameloop", 0, 0, false, 0, 100 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig *r = rig_open("127.0.0.1", cases[i].servers, 1000, ORDER_FIRST);

		print_message("  %s\n", cases[i].servers);
		ask_many(r, 20);
		run(r);
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
	ask(r, "a-long-name-with-letters.example", 1, false);
	run(r);
	assert_int_equal(count_right(r), 1);
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

		ask(r, "first.example", 1, false);
		run(r);
		assert_int_equal(c->udp_queries, 2);
		assert_int_equal(c->plain_queries, cases[i].plain ? 1 : 0);
		ask_many(r, 10);
		run(r);
		assert_int_equal(c->udp_queries, 12);
		assert_int_equal(c->plain_queries, cases[i].plain ? 11 : 0);
		assert_int_equal(count_right(r), 11);
		rig_close(r);
	}
}

static void ports_and_case_vary(void **state)
{
	struct rig *r = rig_open("127.0.0.1", "ok", 2000, ORDER_FIRST);
	const struct scripted_counts *c = scripted_counts(r->servers[0]);

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		ask(r, "letters.and.more.letters.example", 1, false);
		run(r);
	}
	assert_int_equal(count_right(r), 200);
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
	ask_many(r, 1000);
	run(r);
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
	ask(r, "early.example", 1, false);
	run(r);
	assert_int_equal(r->asked[0].rc, -ECONNREFUSED);
	assert_int_equal(scripted_open(r->base, "127.0.0.1", r->addrs[0].port, "ok", &back), 0);
	ask(r, "later.example", 1, false);
	run(r);
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
			ask(r, names[i], 1, false);
		run(r);
		assert_int_equal(count_right(r), ARRAY_SIZE(names));
		rig_close(r);
	}
}

static void types_are_not_looked_at(void **state)
{
	static const uint16_t types[] = { 1, 28, 16, 65, 255, 13, 65280 };
	struct rig *r = rig_open("127.0.0.1", "ok", 2000, ORDER_FIRST);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		ask(r, "type.example", types[i], false);
	run(r);
	for (unsigned i = 0; i < r->asked_count; i++)
		assert_int_equal(r->asked[i].rc, 0);
	assert_true(r->asked[0].right && r->asked[1].right);
	rig_close(r);
}

static void ipv6_server_is_asked(void **state)
{
	struct rig *r = rig_open("::1", "tc ok", 2000, ORDER_SPREAD);

	(void)state;
	ask_many(r, 40);
	run(r);
	assert_int_equal(count_right(r), 40);
	rig_close(r);
}

/* --- the caller's side --------------------------------------------------------------------------- */

static void callback_may_ask_and_flush(void **state)
{
	struct rig *r = rig_open("127.0.0.1", "ok tc", 2000, ORDER_SPREAD);

	(void)state;
	for (unsigned i = 0; i < 50; i++)
		ask(r, "again-and.example", 1, true);
	run(r);
	assert_int_equal(r->asked_count, 100);
	assert_int_equal(count_right(r), 100);
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
		a->len = write_query("first.example", 1, a->wire, &a->name_len);
		assert_int_equal(upstream_send(r->pool, 0, a->wire, a->len, on_done_cancel,
					       &c[i], &q), 0);
		ask(r, "victim.example", 1, false);
	}
	while (!upstream_idle(r->pool))
		turn(r);
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
	static const char *const servers[] = { "ok", "dead", "tc", "tcsilent", "icmp", "lower" };

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(servers); s++) {
		for (unsigned ms = 0; ms < 30; ms += 10) {
			struct rig *r = rig_open("127.0.0.1", servers[s], 200, ORDER_FIRST);

			ask_many(r, 50);
			if (ms)
				run_for(r, ms);
			for (unsigned i = 0; i < r->asked_count; i++) {
				if (r->asked[i].calls)
					continue;
				upstream_cancel(r->asked[i].query);
				r->asked[i].calls = 1;
			}
			assert_true(upstream_idle(r->pool));
			run_for(r, 10);
			ask(r, "still-works.example", 1, false);
			run(r); /* none was called twice */
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

			ask_many(r, 50);
			if (ms)
				run_for(r, ms);
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
		rc = try_ask(r, name, 1, false);
		assert_true(rc == 0 || rc == -EAGAIN);
		refused += rc == -EAGAIN;
	}
	assert_int_equal(refused, 500);
	assert_int_equal(r->asked_count, 5000);
	run(r);
	assert_int_equal(try_ask(r, "after.example", 1, false), 0);
	run(r);
	rig_close(r);
}

static void a_query_that_is_none_is_refused(void **state)
{
	struct rig *r = rig_open("127.0.0.1", "ok", 1000, ORDER_FIRST);
	uint8_t wire[600] = { 0 };
	struct upstream_query *q;

	(void)state;
	assert_int_equal(upstream_send(r->pool, 0, wire, 12, on_done, NULL, &q), -EINVAL);
	store_be16(wire + 4, 1);
	assert_int_equal(upstream_send(r->pool, 0, wire, 14, on_done, NULL, &q), -EINVAL);
	assert_int_equal(upstream_send(r->pool, 0, wire, 600, on_done, NULL, &q), -EINVAL);
	assert_true(upstream_idle(r->pool));
	rig_close(r);
}

static void order_is_kept(void **state)
{
	struct rig *r = rig_open("127.0.0.1", "ok ok ok", 2000, ORDER_FIRST);

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		ask(r, "order.example", 1, false);
		run(r);
	}
	assert_int_equal(scripted_counts(r->servers[0])->udp_queries, 20);
	assert_int_equal(scripted_counts(r->servers[1])->udp_queries, 0);
	rig_close(r);

	r = rig_open("127.0.0.1", "ok ok ok", 2000, ORDER_SPREAD);
	ask_many(r, 300);
	run(r);
	for (size_t i = 0; i < 3; i++)
		assert_in_range(scripted_counts(r->servers[i])->udp_queries, 50, 150);
	rig_close(r);

	r = rig_open("127.0.0.1", "late ok", 2000, ORDER_FASTEST);
	for (unsigned i = 0; i < 20; i++) {
		ask(r, "fastest.example", 1, false);
		run(r);
	}
	assert_in_range(scripted_counts(r->servers[0])->udp_queries, 1, 4);
	assert_true(scripted_counts(r->servers[1])->udp_queries >= 18);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_answers_come_through),
		cmocka_unit_test(failures_end_in_time_and_say_why),
		cmocka_unit_test(reply_in_the_wrong_case_is_not_taken),
		cmocka_unit_test(what_a_server_cannot_do_is_remembered),
		cmocka_unit_test(ports_and_case_vary),
		cmocka_unit_test(closed_port_makes_no_busy_loop),
		cmocka_unit_test(server_that_comes_back_is_used_again),
		cmocka_unit_test(names_that_c_ares_cannot_read_are_asked),
		cmocka_unit_test(types_are_not_looked_at),
		cmocka_unit_test(ipv6_server_is_asked),
		cmocka_unit_test(callback_may_ask_and_flush),
		cmocka_unit_test(callback_may_cancel_others),
		cmocka_unit_test(cancelled_question_is_not_called_back),
		cmocka_unit_test(pool_closes_with_questions_in_flight),
		cmocka_unit_test(too_many_in_flight_are_refused),
		cmocka_unit_test(a_query_that_is_none_is_refused),
		cmocka_unit_test(order_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
