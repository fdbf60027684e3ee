/* Names at home and answers that lead home, over the resolver's real parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "resolver/query.h"
#include "tests/support/query_world.h"

#define GATE	"zone lan {\n interface lo\n gate enforce\n}\n"
#define LISTS	"list ads {\n name *.home.arpa *.example\n}\npolicy default {\n block ads\n}\n"
#define AT_HOME "local home.arpa {\n}\nhost nas 192.168.1.5\nhost web.home.arpa 198.18.0.7\n"

static struct query_world *w;

static void begin(const char *conf)
{
	w = world_new(conf);
}

static int end(void **state)
{
	(void)state;
	world_free(w);
	return 0;
}

/* --- answers of the upstream -------------------------------------------------------------- */

static void at_home(struct dns_message *m)
{
	world_counts(m, 1, 0, 0);
	dns_a(m, "@12", 300, "192.168.1.1");
}

static void at_home6(struct dns_message *m)
{
	world_counts(m, 1, 0, 0);
	dns_aaaa(m, "@12", 300, "fd00::1");
}

static void in_part(struct dns_message *m)
{
	world_counts(m, 3, 0, 0);
	dns_a(m, "@12", 300, "198.18.0.1");
	dns_a(m, "@12", 300, "127.0.0.1");
	dns_a(m, "@12", 300, "198.18.0.2");
}

/* Behind all that a note holds, and of a name that nobody asked for. */
static void hidden(struct dns_message *m)
{
	world_counts(m, WIRE_ADDRS_MAX + 1, 0, 0);
	for (int i = 0; i < WIRE_ADDRS_MAX; i++)
		dns_a(m, "@12", 300, "198.18.0.1");
	dns_a(m, "@12", 300, "10.0.0.1");
}

static void of_another_name(struct dns_message *m)
{
	world_counts(m, 2, 0, 0);
	dns_a(m, "@12", 300, "198.18.0.1");
	dns_a(m, "other.example", 300, "10.0.0.1");
}

static void behind_a_chain(struct dns_message *m)
{
	world_counts(m, 2, 0, 0);
	dns_cname(m, "@12", TYPE_CNAME, 300, "x.example");
	dns_a(m, "x.example", 300, "10.0.0.1");
}

static void service_hint(struct dns_message *m)
{
	static const uint8_t data[] = { 0, 1, 0, 0, 4, 0, 4, 192, 168, 1, 1 };

	world_counts(m, 1, 0, 0);
	dns_rr(m, "@12", TYPE_HTTPS, 300, sizeof(data));
	dns_bytes(m, data, sizeof(data));
}

static void nothing(struct dns_message *m)
{
	world_counts(m, 0, 1, 0);
	dns_soa(m, "example", 60, 60);
}

/* --- tests -------------------------------------------------------------------------------- */

static void names_at_home_are_answered_whatever_lists_say(void **state)
{
	struct world_result got;

	(void)state;
	begin(AT_HOME LISTS);
	got = world_lookup(w, "nas.home.arpa", TYPE_A);
	assert_int_equal(got.answers, 1);
	assert_true(got.authoritative && got.is_whole);
	got = world_lookup(w, "NAS", TYPE_AAAA);
	assert_int_equal(got.rcode, RCODE_NOERROR);
	assert_int_equal(got.answers, 0);
	assert_true(got.authoritative && got.is_whole);
	got = world_lookup(w, "no.home.arpa", TYPE_A);
	assert_int_equal(got.rcode, RCODE_NXDOMAIN);
	assert_int_equal(w->questions, 0);
	assert_int_equal(w->r.stats.by_verdict[VERDICT_LOCAL], 3);
}

static void public_address_of_a_name_at_home_is_leased(void **state)
{
	(void)state;
	begin(AT_HOME GATE);
	assert_int_equal(world_lookup(w, "web.home.arpa", TYPE_A).answers, 1);
	assert_int_equal(w->wishes, 1);
	assert_int_equal(world_lookup(w, "nas.home.arpa", TYPE_A).answers, 1);
	assert_int_equal(w->wishes, 1);
	assert_int_equal(w->questions, 0);
}

static void special_names_ask_nobody(void **state)
{
	(void)state;
	begin(GATE);
	assert_int_equal(world_lookup(w, "localhost", TYPE_A).answers, 1);
	assert_int_equal(world_lookup(w, "x.onion", TYPE_A).rcode, RCODE_NXDOMAIN);
	assert_int_equal(world_lookup(w, "nas", TYPE_A).rcode, RCODE_NXDOMAIN);
	assert_int_equal(w->questions + w->wishes, 0);
}

static void answers_that_lead_home_lose_that_fresh_and_cached(void **state)
{
	static const struct {
		world_answer *answer;
		uint16_t qtype;
		unsigned answers, rebind; /* recorded as such */
	} cases[] = {
		{ at_home, TYPE_A, 0, 1 },	  { at_home6, TYPE_AAAA, 0, 1 },
		{ behind_a_chain, TYPE_A, 0, 1 }, { in_part, TYPE_A, 2, 0 },
		{ hidden, TYPE_A, WIRE_ADDRS_MAX, 0 }, { of_another_name, TYPE_A, 1, 0 },
		{ service_hint, TYPE_HTTPS, 0, 0 }, { nothing, TYPE_A, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin("");
		w->answer = cases[i].answer;
		for (int again = 0; again < 2; again++) {
			struct world_result got = world_lookup(w, "www.example", cases[i].qtype);

			assert_int_equal(got.rcode, RCODE_NOERROR);
			assert_int_equal(got.answers, cases[i].answers);
			assert_true(got.is_whole);
		}
		assert_int_equal(w->questions, 1);
		assert_int_equal(w->r.stats.by_verdict[VERDICT_REBIND], 2 * cases[i].rebind);
		if (i + 1 < ARRAY_SIZE(cases))
			end(state);
	}
}

static void allowed_names_and_those_of_an_upstream_of_their_own_may_lead_home(void **state)
{
	static const char *const confs[] = {
		"rebind {\n allow example\n}\n",
		"rebind {\n protect off\n}\n",
		"upstream v {\n server 192.0.2.1\n}\nforward . v\nforward example u\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(confs); i++) {
		begin(confs[i]);
		w->answer = at_home;
		assert_int_equal(world_lookup(w, "www.example", TYPE_A).answers, 1);
		assert_int_equal(w->r.stats.by_verdict[VERDICT_REBIND], 0);
		if (i + 1 < ARRAY_SIZE(confs))
			end(state);
	}
}

static void what_is_left_of_an_answer_is_leased(void **state)
{
	(void)state;
	begin(GATE);
	w->answer = in_part;
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).answers, 2);
	assert_int_equal(w->wishes, 1);
	assert_int_equal(w->addrs, 2);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, end)
	const struct CMUnitTest tests[] = {
		TEST(names_at_home_are_answered_whatever_lists_say),
		TEST(public_address_of_a_name_at_home_is_leased),
		TEST(special_names_ask_nobody),
		TEST(answers_that_lead_home_lose_that_fresh_and_cached),
		TEST(allowed_names_and_those_of_an_upstream_of_their_own_may_lead_home),
		TEST(what_is_left_of_an_answer_is_leased),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
