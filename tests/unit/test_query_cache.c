/* What the cache does for questions: stale answers, and answers that are asked for anew; over
 * the resolver's real parts, see tests/support/query_world.h. */
/* wrap: clock_gettime */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/util.h"
#include "resolver/query.h"
#include "resolver/report_cache.h"
#include "tests/support/query_world.h"

#define GATE	"zone lan {\n interface lo\n gate enforce\n}\n"
#define AT_ONCE "cache {\n stale-after 10ms\n}\n"
#define NEVER	"cache {\n stale-after 30s\n}\n"

/* --- time ----------------------------------------------------------------------------------- */

static time_t ahead_s; /* what the clocks are told */

int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	int rc = __real_clock_gettime(id, ts);

	ts->tv_sec += ahead_s;
	return rc;
}

/* --- answers -------------------------------------------------------------------------------- */

static void one_address(struct dns_message *m)
{
	world_counts(m, 1, 0, 0);
	dns_a(m, "@12", 300, "198.18.0.1");
}

static void brief_address(struct dns_message *m)
{
	world_counts(m, 1, 0, 0);
	dns_a(m, "@12", 5, "198.18.0.1");
}

static void chain_to_ads(struct dns_message *m)
{
	world_counts(m, 2, 0, 0);
	dns_cname(m, "@12", TYPE_CNAME, 300, "x.ads.example");
	dns_a(m, "x.ads.example", 300, "198.18.0.1");
}

static void cut_address(struct dns_message *m)
{
	one_address(m);
	m->bytes[2] |= 0x02;
}

static void nothing(struct dns_message *m)
{
	world_counts(m, 0, 0, 0);
}

static void nothing_there(struct dns_message *m)
{
	world_counts(m, 0, 1, 0);
	dns_soa(m, "example", 7200, 7200);
}

/* --- the world ------------------------------------------------------------------------------ */

static struct query_world *w;

static void begin(const char *conf)
{
	ahead_s = 0;
	w = world_new(conf);
	w->answer = one_address;
}

static int end(void **state)
{
	(void)state;
	world_free(w);
	return 0;
}

static uint64_t stale_answers(void)
{
	return w->r.stats.by_verdict[VERDICT_STALE];
}

/* Ask for www.example, and hear its address. @return its TTL */
static uint32_t ask_www(void)
{
	struct world_result got = world_lookup(w, "www.example", TYPE_A);

	assert_int_equal(got.rcode, RCODE_NOERROR);
	assert_int_equal(got.answers, 1);
	assert_true(got.is_whole);
	return got.ttl_s;
}

/* --- stale ---------------------------------------------------------------------------------- */

static void dead_upstream_leaves_the_stale_answer(void **state)
{
	(void)state;
	begin(NEVER);
	ask_www();
	ahead_s = 400;
	w->answer = NULL;
	assert_int_equal(ask_www(), 30);
	assert_int_equal(stale_answers(), 1);
	assert_int_equal(w->r.stats.by_verdict[VERDICT_FAILED], 0);
	assert_int_equal(queries_in_flight(w->r.queries), 0);
}

/* The question with AD and an OPT. @return the extended error of the reply, -1 without one */
static int ask_ad(const char *name, uint8_t *flags)
{
	static struct dns_message m;
	uint8_t buf[4096];
	struct wire_walker walker = { .packet = buf };
	struct wire_rr rr = { 0 };

	dns_start(&m, 0x1234, 0x0120, 1, 0, 0, 1);
	dns_question(&m, name, TYPE_A);
	dns_opt(&m, 1232, 0, 0, 0, NULL, 0);
	assert_int_equal(send(w->client, m.bytes, m.len, 0), m.len);
	walker.len = world_reply(w, buf, sizeof(buf));
	*flags = buf[3];
	while (wire_walk(&walker, &rr) > 0)
		;
	assert_int_equal(rr.type, TYPE_OPT);
	return rr.rdata_len < 6 ? -1 : load_be16(buf + rr.rdata_at + 4);
}

/* RFC 8914 §4.4, §4.20; and signatures may have ended as well. */
static void stale_answer_says_so_and_is_not_authentic(void **state)
{
	static const struct {
		unsigned rcode;
		void (*answer)(struct dns_message *m);
		int error;
	} cases[] = {
		{ RCODE_NOERROR, one_address, EDE_STALE },
		{ RCODE_NOERROR, nothing_there, EDE_STALE },
		{ RCODE_NXDOMAIN, nothing_there, EDE_STALE_NXDOMAIN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t flags;

		begin(NEVER);
		w->rcode = (uint16_t)(0x20 | cases[i].rcode);
		w->answer = cases[i].answer;
		assert_int_equal(ask_ad("x.example", &flags), -1);
		assert_int_equal(flags & 0x2f, 0x20 | cases[i].rcode);
		ahead_s = 3700; /* of all */
		w->answer = NULL;
		assert_int_equal(ask_ad("x.example", &flags), cases[i].error);
		assert_int_equal(flags & 0x2f, cases[i].rcode);
		if (i + 1 < ARRAY_SIZE(cases))
			world_free(w);
	}
}

static void failed_upstreams_are_left_alone_for_a_while(void **state)
{
	unsigned asked;

	(void)state;
	begin(NEVER);
	ask_www();
	ahead_s = 400;
	w->answer = NULL;
	ask_www();
	asked = w->questions;
	ahead_s = 429;
	ask_www();
	assert_int_equal(w->questions, asked);
	assert_int_equal(stale_answers(), 2);
	w->answer = one_address;
	ahead_s = 431;
	assert_int_equal(ask_www(), 300);
	assert_int_equal(w->questions, asked + 1);
	assert_int_equal(stale_answers(), 2);
}

static void error_of_the_upstream_is_a_failure(void **state)
{
	static const unsigned rcodes[] = { RCODE_SERVFAIL, RCODE_REFUSED, RCODE_NOTIMP };

	for (size_t i = 0; i < ARRAY_SIZE(rcodes); i++) {
		begin(NEVER);
		ask_www();
		ahead_s = 400;
		w->rcode = (uint16_t)rcodes[i];
		w->answer = nothing;
		assert_int_equal(ask_www(), 30);
		assert_int_equal(stale_answers(), 1);
		if (i + 1 < ARRAY_SIZE(rcodes))
			end(state);
	}
}

/* A part of an answer would pass for a whole one over TCP. By UDP it says: ask by TCP. */
static void stale_answer_is_better_than_a_part_by_tcp(void **state)
{
	uint8_t reply[512];
	int fd;

	(void)state;
	begin(NEVER);
	ask_www();
	ahead_s = 400;
	w->answer = cut_address;
	fd = world_connect(w);
	world_ask_tcp(fd, "www.example", TYPE_A);
	world_ask(w, "www.example", TYPE_A);
	assert_true(world_reply(w, reply, sizeof(reply)) > WIRE_HEAD);
	assert_int_equal(reply[2] & 0x02, 0x02);
	assert_true(world_wait(w, fd, 5000));
	assert_true(recv(fd, reply, sizeof(reply), 0) > 2 + WIRE_HEAD);
	assert_int_equal(reply[4] & 0x02, 0);
	assert_int_equal(reply[5] & 0x0f, RCODE_NOERROR);
	assert_int_equal(reply[9], 1); /* an answer */
	assert_int_equal(stale_answers(), 1);
	assert_int_equal(w->r.stats.by_verdict[VERDICT_FAILED], 0);
	close(fd);
}

static void name_that_is_gone_is_no_failure(void **state)
{
	(void)state;
	begin(NEVER);
	ask_www();
	ahead_s = 400;
	w->rcode = RCODE_NXDOMAIN;
	w->answer = nothing;
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).rcode, RCODE_NXDOMAIN);
	assert_int_equal(stale_answers(), 0);
}

/* The upstream is slow: who waits hears the stale answer, who asks meanwhile hears it at once,
 * and the answer that comes later is there for all who ask then. */
static void waiting_client_gets_the_stale_answer_in_time(void **state)
{
	(void)state;
	begin(AT_ONCE);
	ask_www();
	ahead_s = 400;
	w->answer = NULL;
	assert_int_equal(ask_www(), 30);
	assert_int_equal(queries_in_flight(w->r.queries), 0);
	assert_int_equal(ask_www(), 30);
	assert_int_equal(w->r.stats.joined, 0);
	assert_int_equal(stale_answers(), 2);
	w->answer = one_address; /* the next try of the same question */
	for (int i = 0; i < 5000 && ask_www() == 30; i++)
		world_wait(w, w->client, 1);
	assert_int_equal(ask_www(), 300);
	assert_int_equal(w->r.stats.by_verdict[VERDICT_FAILED], 0);
}

static void stale_answers_end(void **state)
{
	static const struct {
		const char *conf;
		time_t at_s;
		bool is_there;
	} cases[] = {
		{ "cache {\n stale 10m\n}\n", 300 + 580, true },
		{ "cache {\n stale 10m\n}\n", 300 + 601, false },
		{ "cache {\n stale off\n}\n", 301, false },
		{ "", 300 + 3580, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(cases[i].conf);
		ask_www();
		ahead_s = cases[i].at_s;
		w->answer = NULL;
		assert_int_equal(world_lookup(w, "www.example", TYPE_A).rcode,
				 cases[i].is_there ? RCODE_NOERROR : RCODE_SERVFAIL);
		if (i + 1 < ARRAY_SIZE(cases))
			end(state);
	}
}

static void stale_answer_tells_so(void **state)
{
	static const uint8_t option[] = { 0, 15, 0, 2, 0, EDE_STALE };
	uint8_t buf[1232];
	size_t len;

	(void)state;
	begin(NEVER);
	ask_www();
	ahead_s = 400;
	w->answer = NULL;
	world_ask(w, "www.example", TYPE_A);
	len = world_reply(w, buf, sizeof(buf));
	assert_memory_equal(buf + len - sizeof(option), option, sizeof(option));
}

static void ttl_of_a_stale_answer_does_not_grow(void **state)
{
	(void)state;
	begin(NEVER);
	w->answer = brief_address;
	ask_www();
	ahead_s = 400;
	w->answer = NULL;
	assert_int_equal(ask_www(), 5);
}

static void stale_answer_is_leased(void **state)
{
	(void)state;
	begin(GATE NEVER);
	ask_www();
	ask_www();
	assert_int_equal(w->wishes, 2);
	ahead_s = 400;
	w->answer = NULL;
	ask_www();
	assert_int_equal(w->wishes, 3);
	assert_int_equal(w->lease_ttl_s, 30);
	ask_www(); /* the first lease may have ended: nftsync knows */
	assert_int_equal(w->wishes, 4);
	w->gate = WORLD_REFUSES;
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).rcode, RCODE_SERVFAIL);
}

static void name_blocked_meanwhile_has_no_stale_answer(void **state)
{
	static const char *const blocks[] = { "www.example", "x.ads.example" };
	char conf[256];

	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		begin(NEVER);
		w->answer = chain_to_ads;
		assert_int_equal(world_lookup(w, "www.example", TYPE_A).answers, 2);
		snprintf(conf, sizeof(conf),
			 NEVER "list l {\n name %s\n}\npolicy default {\n block l\n}\n", blocks[i]);
		world_reload(w, conf);
		ahead_s = 400;
		w->answer = NULL;
		assert_int_equal(world_lookup(w, "www.example", TYPE_A).rcode, RCODE_NXDOMAIN);
		assert_int_equal(stale_answers(), 0);
		if (i + 1 < ARRAY_SIZE(blocks))
			end(state);
	}
}

static void end_while_overdue_frees_all(void **state)
{
	(void)state;
	begin(AT_ONCE);
	ask_www();
	ahead_s = 400;
	w->answer = NULL;
	ask_www();
	world_reload(w, "");
	world_turn(w);
	assert_non_null(w->r.old); /* its question goes on */
}

/* A question is in flight, and the configuration is another now. @return the reply's rcode */
static unsigned reload_under_a_question(const char *conf)
{
	uint8_t reply[512];

	world_ask(w, "www.example", TYPE_A);
	while (!queries_in_flight(w->r.queries))
		world_turn(w);
	world_reload(w, conf);
	assert_true(world_reply(w, reply, sizeof(reply)) > WIRE_HEAD);
	return reply[3] & 0x0f;
}

static void question_keeps_its_stale_answer_over_a_reload(void **state)
{
	static const struct {
		const char *before, *after;
		unsigned rcode, stale;
		bool ends; /* the question, not only the wait for it */
	} cases[] = {
		{ AT_ONCE, NEVER, RCODE_NOERROR, 1, false },
		{ NEVER, "list l {\n name x.example\n}\n", RCODE_NOERROR, 1, true },
		/* as it was when it was asked */
		{ "cache {\n stale off\n}\n", NEVER, RCODE_SERVFAIL, 0, true },
		/* others may know other answers: there are none of them */
		{ NEVER, "upstream v {\n server 127.0.0.9\n}\nforward . v\n", RCODE_SERVFAIL, 0,
		  true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(cases[i].before);
		ask_www();
		ahead_s = 400;
		w->answer = NULL;
		assert_int_equal(reload_under_a_question(cases[i].after), cases[i].rcode);
		assert_int_equal(stale_answers(), cases[i].stale);
		assert_int_equal(!w->r.old, cases[i].ends);
		if (i + 1 < ARRAY_SIZE(cases))
			end(state);
	}
}

static void answer_to_a_question_from_before_a_reload_is_kept(void **state)
{
	unsigned questions;
	uint8_t reply[512];

	(void)state;
	begin("");
	world_ask(w, "www.example", TYPE_A);
	while (!queries_in_flight(w->r.queries))
		world_turn(w);
	world_reload(w, "cache {\n ttl-max 1h\n}\n");
	assert_true(world_reply(w, reply, sizeof(reply)) > WIRE_HEAD);
	questions = w->questions;
	ask_www();
	assert_int_equal(w->questions, questions);
}

/* --- prefetch ------------------------------------------------------------------------------- */

/* Asked so often, then in the last tenth of its time. */
static void answer_in_use_is_asked_for_anew(void **state)
{
	static const struct {
		const char *conf;
		unsigned uses;
		time_t at_s;
		unsigned questions;
	} cases[] = {
		{ "", 2, 271, 2 },
		{ "", 1, 271, 1 }, /* this is its second use */
		{ "", 2, 269, 1 },
		{ "cache {\n prefetch off\n}\n", 5, 299, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(cases[i].conf);
		ask_www();
		for (unsigned n = 0; n < cases[i].uses; n++)
			ask_www();
		ahead_s = cases[i].at_s;
		assert_in_range(ask_www(), 1, 31);
		for (int n = 0; n < 50; n++)
			world_wait(w, w->client, 1);
		assert_int_equal(w->questions, cases[i].questions);
		assert_int_equal(w->r.stats.prefetched, cases[i].questions - 1);
		if (cases[i].questions == 2)
			assert_in_range(ask_www(), 299, 300);
		if (i + 1 < ARRAY_SIZE(cases))
			end(state);
	}
}

static void prefetch_is_asked_once(void **state)
{
	(void)state;
	begin("");
	for (int i = 0; i < 3; i++)
		ask_www();
	ahead_s = 280;
	w->answer = NULL;
	for (int i = 0; i < 10; i++)
		assert_in_range(ask_www(), 19, 20);
	assert_int_equal(w->r.stats.prefetched, 1);
	for (int i = 0; i < 2000 && !upstream_idle(w->r.current->upstreams); i++)
		world_wait(w, w->client, 1);
	assert_in_range(ask_www(), 15, 20); /* it failed: not at once again */
	assert_int_equal(w->r.stats.prefetched, 1);
	ahead_s = 320;
	assert_in_range(ask_www(), 30, 30); /* nor when it has ended meanwhile */
	assert_int_equal(w->r.stats.by_verdict[VERDICT_FAILED], 0);
}

static void client_joins_the_prefetch(void **state)
{
	(void)state;
	begin("");
	for (int i = 0; i < 3; i++)
		ask_www();
	ahead_s = 280;
	w->answer = NULL;
	ask_www();
	assert_int_equal(w->r.stats.prefetched, 1);
	cache_flush(w->r.cache);
	world_ask(w, "www.example", TYPE_A);
	while (!queries_in_flight(w->r.queries))
		world_turn(w);
	world_settle(w);
	assert_int_equal(w->r.stats.joined, 1);
	assert_int_equal(w->r.stats.by_verdict[VERDICT_FAILED], 1);
}

/* What the new answer says is leased to each device that hears it. */
static void prefetched_answer_is_leased_when_it_is_used(void **state)
{
	(void)state;
	begin(GATE);
	for (int i = 0; i < 4; i++)
		ask_www();
	assert_int_equal(w->wishes, 2);
	ahead_s = 280;
	ask_www();
	while (w->questions < 2 || !upstream_idle(w->r.current->upstreams))
		world_turn(w);
	assert_int_equal(w->wishes, 2); /* nobody heard it yet */
	assert_in_range(ask_www(), 299, 300);
	assert_int_equal(w->wishes, 3);
}

/* --- NXDOMAIN -------------------------------------------------------------------------------- */

#define AD 0x20

/* After "gone.example A" did not exist: who else does not, without anybody being asked. */
static void name_that_does_not_exist_has_none_below(void **state)
{
#define CORP "forward corp.gone.example v\n"
	static const struct {
		const char *conf;
		unsigned flags;
		const char *name;
		unsigned type;
		bool is_known;
	} cases[] = {
		{ "", AD, "gone.example", TYPE_A, true },
		{ "", AD, "GONE.example", TYPE_AAAA, true },
		{ "", AD, "a.gone.example", TYPE_A, true },
		{ "", AD, "a.b.c.Gone.Example", TYPE_TXT, true },
		{ "", AD, "agone.example", TYPE_A, false },
		{ "", AD, "example", TYPE_TXT, false },
		{ "", 0, "gone.example", TYPE_A, true },
		{ "", 0, "gone.example", TYPE_AAAA, false },
		{ "", 0, "a.gone.example", TYPE_A, false },
		{ "cache {\n nxdomain-below all\n}\n", 0, "a.gone.example", TYPE_A, true },
		{ "cache {\n nxdomain-below off\n}\n", AD, "a.gone.example", TYPE_A, false },
		{ CORP, AD, "corp.gone.example", TYPE_A, false }, /* others know it */
		{ CORP, AD, "a.corp.gone.example", TYPE_A, false },
		{ CORP, AD, "acorp.gone.example", TYPE_A, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char conf[256];
		struct world_result got;

		snprintf(conf, sizeof(conf), "upstream v {\n server 127.0.0.1:1\n timeout 100ms\n}\n%s",
			 cases[i].conf);
		begin(conf);
		w->rcode = (uint16_t)(RCODE_NXDOMAIN | cases[i].flags);
		w->answer = nothing_there;
		assert_int_equal(world_lookup(w, "gone.example", TYPE_A).rcode, RCODE_NXDOMAIN);
		w->rcode = RCODE_NOERROR;
		ahead_s = 100;
		got = world_lookup(w, cases[i].name, cases[i].type);
		assert_int_equal(got.rcode == RCODE_NXDOMAIN, cases[i].is_known);
		assert_true(got.is_whole);
		if (cases[i].is_known) {
			assert_int_equal(w->questions, 1);
			assert_int_equal(got.ttl_s, 3500); /* of negative-max's hour */
		}
		if (i + 1 < ARRAY_SIZE(cases))
			end(state);
	}
}

/* What keeps a name from being asked for is forgotten with it. */
static void flushed_name_is_asked_for_below_a_gone_one_too(void **state)
{
	static const struct {
		const char *flush;
		unsigned count;
	} cases[] = {
		{ "a.gone.example", 1 }, { "*.a.Gone.example", 1 }, { "gone.example", 1 },
		{ "*.example", 1 },	 { "agone.example", 0 },    { "example", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cache_filter f;

		begin("");
		w->rcode = RCODE_NXDOMAIN | AD;
		w->answer = nothing_there;
		assert_int_equal(world_lookup(w, "gone.example", TYPE_A).rcode, RCODE_NXDOMAIN);
		assert_int_equal(cache_filter_from_text(cases[i].flush, &f), 0);
		assert_int_equal(report_cache_flush(&w->r, &f), cases[i].count);
		w->rcode = RCODE_NOERROR;
		w->answer = one_address;
		assert_int_equal(world_lookup(w, "a.gone.example", TYPE_A).rcode,
				 cases[i].count ? RCODE_NOERROR : RCODE_NXDOMAIN);
		if (i + 1 < ARRAY_SIZE(cases))
			end(state);
	}
}

static void signed_nxdomain_is_stale_for_all_types(void **state)
{
	(void)state;
	begin(NEVER);
	w->rcode = RCODE_NXDOMAIN | AD;
	w->answer = nothing_there;
	assert_int_equal(world_lookup(w, "gone.example", TYPE_A).rcode, RCODE_NXDOMAIN);
	ahead_s = 3601;
	w->answer = NULL;
	assert_int_equal(world_lookup(w, "gone.example", TYPE_A).rcode, RCODE_NXDOMAIN);
	assert_int_equal(world_lookup(w, "gone.example", TYPE_AAAA).rcode, RCODE_NXDOMAIN);
	assert_int_equal(stale_answers(), 2);
	assert_int_equal(world_lookup(w, "a.gone.example", TYPE_A).rcode, RCODE_SERVFAIL);
}

/* What was known of the name before it was gone is not stale, it is wrong. */
static void name_that_is_gone_leaves_nothing_stale(void **state)
{
	(void)state;
	begin(NEVER);
	ask_www();
	ahead_s = 301;
	w->rcode = RCODE_NXDOMAIN | AD;
	w->answer = nothing_there;
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).rcode, RCODE_NXDOMAIN);
	ahead_s = 3302;
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).rcode, RCODE_NXDOMAIN);
	w->answer = NULL;
	ahead_s = 3902;
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).rcode, RCODE_NXDOMAIN);
	assert_int_equal(stale_answers(), 1);
}

static void any_is_answered_minimally(void **state)
{
	struct world_result got;

	(void)state;
	begin("");
	got = world_lookup(w, "www.example", TYPE_ANY);
	assert_int_equal(got.rcode, RCODE_NOERROR);
	assert_int_equal(got.answers, 1);
	assert_true(got.is_whole);
	assert_int_equal(w->questions, 0);
	assert_int_equal(w->r.stats.by_verdict[VERDICT_LOCAL], 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, end)
	const struct CMUnitTest tests[] = {
		TEST(dead_upstream_leaves_the_stale_answer),
		TEST(stale_answer_says_so_and_is_not_authentic),
		TEST(failed_upstreams_are_left_alone_for_a_while),
		TEST(error_of_the_upstream_is_a_failure),
		TEST(stale_answer_is_better_than_a_part_by_tcp),
		TEST(name_that_is_gone_is_no_failure),
		TEST(waiting_client_gets_the_stale_answer_in_time),
		TEST(stale_answers_end),
		TEST(stale_answer_tells_so),
		TEST(ttl_of_a_stale_answer_does_not_grow),
		TEST(stale_answer_is_leased),
		TEST(name_blocked_meanwhile_has_no_stale_answer),
		TEST(question_keeps_its_stale_answer_over_a_reload),
		TEST(answer_to_a_question_from_before_a_reload_is_kept),
		TEST(end_while_overdue_frees_all),
		TEST(answer_in_use_is_asked_for_anew),
		TEST(prefetch_is_asked_once),
		TEST(client_joins_the_prefetch),
		TEST(prefetched_answer_is_leased_when_it_is_used),
		TEST(name_that_does_not_exist_has_none_below),
		TEST(flushed_name_is_asked_for_below_a_gone_one_too),
		TEST(signed_nxdomain_is_stale_for_all_types),
		TEST(name_that_is_gone_leaves_nothing_stale),
		TEST(any_is_answered_minimally),
	};

	signal(SIGPIPE, SIG_IGN); /* as a child process does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
