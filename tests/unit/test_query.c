/* A question's life over the resolver's real parts; see tests/support/query_world.h. */
/* wrap: clock_gettime */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/util.h"
#include "resolver/query.h"
#include "resolver/report_state.h"
#include "tests/support/query_world.h"

#define LISTS                                                      \
	"list ads {\n name *.ads.example\n}\n"                     \
	"policy default {\n block ads\n}\n"
#define GATE(mode) "zone lan {\n interface lo\n gate " mode "\n}\n"
#define SLOW	   "gate {\n answer-deadline 5s\n}\n"

/* --- time ----------------------------------------------------------------------------------- */

static time_t ahead_s;	    /* what the clocks are told */
static time_t wall_ahead_s; /* the wall clock, in addition */

int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	int rc = __real_clock_gettime(id, ts);

	ts->tv_sec += ahead_s;
	if (id == CLOCK_REALTIME)
		ts->tv_sec += wall_ahead_s;
	return rc;
}

/* --- answers -------------------------------------------------------------------------------- */

static void one_address(struct dns_message *m)
{
	world_counts(m, 1, 0, 0);
	dns_a(m, "@12", 300, "198.18.0.1");
}

static void private_address(struct dns_message *m)
{
	world_counts(m, 1, 0, 0);
	dns_a(m, "@12", 300, "192.168.1.1");
}

static void chain_to_ads(struct dns_message *m)
{
	world_counts(m, 2, 0, 0);
	dns_cname(m, "@12", TYPE_CNAME, 300, "x.ads.example");
	dns_a(m, "x.ads.example", 300, "198.18.0.1");
}

static void nothing_there(struct dns_message *m)
{
	world_counts(m, 0, 1, 0);
	dns_soa(m, "example", 7200, 7200);
}

/* A server by name, its address beside it; we answer with an OPT behind it. */
static void mail_with_glue(struct dns_message *m)
{
	world_counts(m, 1, 0, 3);
	dns_rr(m, "@12", TYPE_MX, 300, 4);
	dns_u16(m, 10);
	dns_name(m, "@12");
	dns_a(m, "@12", 300, "198.18.0.1");
	dns_aaaa(m, "@12", 300, "2001:db8::1");
	dns_opt(m, 1232, 0, 0, 0, NULL, 0);
}

#define MANY 70 /* more than one wish has room for */

/* The name they belong to comes after them, as an authority that nobody needs. */
static void many_addresses(struct dns_message *m)
{
	world_counts(m, MANY + 2, 1, 0);
	for (int i = 0; i < MANY; i++) {
		char addr[24];

		snprintf(addr, sizeof(addr), "198.18.1.%d", i);
		dns_a(m, i ? "@23" : "x@16", 300, addr);
	}
	dns_a(m, "y@16", 300, "198.18.2.1"); /* nobody asked for it */
	dns_cname(m, "@12", TYPE_CNAME, 300, "@23");
	dns_soa(m, "@16", 300, 300);
}

/* --- tests ---------------------------------------------------------------------------------- */

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

static void blocked_name_is_answered_without_asking(void **state)
{
	(void)state;
	begin(LISTS GATE("enforce"));
	assert_int_equal(world_lookup(w, "x.ads.example", TYPE_A).rcode, RCODE_NXDOMAIN);
	assert_int_equal(w->questions, 0);
	assert_int_equal(w->r.stats.by_verdict[VERDICT_BLOCKED], 1);
	assert_int_equal(queries_in_flight(w->r.queries), 0);
}

static void name_that_leads_to_a_blocked_one_is_blocked(void **state)
{
	(void)state;
	begin(LISTS GATE("enforce"));
	w->answer = chain_to_ads;
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).rcode, RCODE_NXDOMAIN);
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).rcode, RCODE_NXDOMAIN);
	assert_int_equal(w->questions, 1);
	assert_int_equal(w->wishes, 0);
	assert_int_equal(w->r.stats.by_verdict[VERDICT_BLOCKED_CNAME], 2);
	assert_int_equal(queries_in_flight(w->r.queries), 0);
}

/** With a list that is this text. */
static void begin_list(const char *format, const char *text)
{
	char path[] = "/tmp/test_query.XXXXXX", conf[256];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	snprintf(conf, sizeof(conf),
		 "list l {\n file %s\n format %s\n}\npolicy default {\n block l\n}\n", path,
		 format);
	begin(conf);
	unlink(path);
}

static void answer_with_a_listed_address_is_blocked(void **state)
{
	static const struct {
		const char *format, *text;
		unsigned rcode, answers;
	} cases[] = {
		{ "ip", "198.18.0.0/24\n", RCODE_NXDOMAIN, 0 },
		{ "ip", "198.18.1.0/24\n", RCODE_NOERROR, 2 },
		{ "adblock", "||198.18.0.1^\n", RCODE_NXDOMAIN, 0 },
		{ "adblock", "||198.18.0.1^\n@@||www.example^\n", RCODE_NOERROR, 2 },
		{ "adblock", "||198.18.0.1^\n@@||x.ads.example^\n", RCODE_NXDOMAIN, 0 },
		{ "adblock", "||x.ads.example^\n@@||198.18.0.1^\n", RCODE_NXDOMAIN, 0 },
		{ "adblock", "||ads.\n", RCODE_NXDOMAIN, 0 },
		{ "rpz", "32.1.0.18.198.rpz-ip CNAME .\n", RCODE_NXDOMAIN, 0 },
		{ "rpz", "24.0.0.18.198.rpz-ip CNAME .\n32.1.0.18.198.rpz-ip CNAME rpz-passthru.\n",
		  RCODE_NOERROR, 2 },
		{ "rpz", "32.1.0.0.127.rpz-client-ip CNAME .\n", RCODE_NXDOMAIN, 0 },
		{ "rpz", "32.1.0.0.127.rpz-client-ip CNAME rpz-passthru.\nwww.example CNAME .\n",
		  RCODE_NOERROR, 2 },
		{ "rpz", "x.ads.example CNAME *.\n", RCODE_NOERROR, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (i)
			world_free(w);
		begin_list(cases[i].format, cases[i].text);
		w->answer = chain_to_ads;
		for (unsigned k = 0; k < 2; k++) { /* the second from the cache */
			struct world_result result = world_lookup(w, "www.example", TYPE_A);

			if (result.rcode != cases[i].rcode ||
			    result.answers != cases[i].answers)
				fail_msg("row %zu: rcode %u, %u answers", i, result.rcode,
					 result.answers);
		}
	}
}

static void more_than_is_noted(struct dns_message *m)
{
	world_counts(m, WIRE_ADDRS_MAX + 1, 0, 0);
	for (int i = 0; i < WIRE_ADDRS_MAX; i++)
		dns_a(m, "@12", 300, "198.18.1.1");
	dns_a(m, "@12", 300, "198.18.0.1");
}

static void listed_address_behind_many_is_left_out(void **state)
{
	uint8_t reply[4096];
	int fd;

	(void)state;
	begin_list("ip", "198.18.0.1\n");
	w->answer = more_than_is_noted;
	fd = world_connect(w);
	world_ask_tcp(fd, "www.example", TYPE_A);
	assert_true(world_wait(w, fd, 5000));
	assert_true(recv(fd, reply, sizeof(reply), 0) > 2 + WIRE_HEAD);
	assert_int_equal(reply[5] & 0x0f, RCODE_NOERROR);
	assert_int_equal(reply[9], WIRE_ADDRS_MAX);
	close(fd);
}

static void actions_of_an_rpz_are_taken(void **state)
{
	uint8_t reply[512];
	struct world_result result;
	int fd;

	(void)state;
	begin_list("rpz", "none.example CNAME *.\ndrop.example CNAME rpz-drop.\n"
			  "tcp.example CNAME rpz-tcp-only.\n");
	result = world_lookup(w, "none.example", TYPE_A);
	assert_int_equal(result.rcode, RCODE_NOERROR);
	assert_int_equal(result.answers, 0);
	world_ask(w, "drop.example", TYPE_A);
	world_ask(w, "tcp.example", TYPE_A); /* what comes next is for this one */
	assert_true(world_reply(w, reply, sizeof(reply)) > 12);
	assert_int_equal(reply[2] & 0x02, 0x02);
	assert_int_equal(reply[7], 0);
	assert_int_equal(w->questions, 0);
	assert_int_equal(w->r.stats.by_verdict[VERDICT_BLOCKED], 3);
	fd = world_connect(w);
	world_ask_tcp(fd, "tcp.example", TYPE_A);
	assert_true(world_wait(w, fd, 5000));
	assert_int_equal(w->questions, 1);
	assert_true(recv(fd, reply, sizeof(reply), 0) > 14);
	assert_int_equal(reply[5] & 0x0f, RCODE_NOERROR);
	assert_int_equal(reply[9], 1); /* an answer */
	close(fd);
}

static void second_answer_comes_from_the_cache(void **state)
{
	(void)state;
	begin("");
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).answers, 1);
	ahead_s = 100;
	assert_int_equal(world_lookup(w, "WWW.example", TYPE_A).ttl_s, 200);
	assert_int_equal(w->questions, 1);
	assert_int_equal(w->wishes, 0); /* no zone */
	assert_int_equal(w->r.stats.by_verdict[VERDICT_CACHED], 1);
}

static void same_question_in_flight_is_asked_once(void **state)
{
	uint8_t buf[1232];

	(void)state;
	begin(GATE("enforce"));
	world_ask(w, "www.example", TYPE_A);
	world_ask(w, "WWW.example", TYPE_A);
	world_reply(w, buf, sizeof(buf));
	world_reply(w, buf, sizeof(buf));
	assert_int_equal(w->questions, 1);
	assert_int_equal(w->wishes, 2); /* each waits for its own */
	assert_int_equal(w->r.stats.joined, 1);
	assert_int_equal(queries_in_flight(w->r.queries), 0);
}

static void answer_waits_for_its_lease(void **state)
{
	uint8_t buf[1232];
	int fd;

	(void)state;
	begin(GATE("enforce") SLOW);
	w->gate = WORLD_IS_SILENT;
	fd = world_connect(w);
	world_ask(w, "www.example", TYPE_A);
	world_ask_tcp(fd, "www.example", TYPE_A);
	while (w->wishes < 2)
		world_turn(w);
	assert_false(world_wait(w, w->client, 50));
	assert_false(world_wait(w, fd, 50));
	assert_int_equal(queries_in_flight(w->r.queries), 2);
	assert_int_equal(w->device.kind, DEVICE_IP4);
	world_connect_nftsync(w); /* it died: what it held fails */
	world_reply(w, buf, sizeof(buf));
	assert_int_equal(buf[3] & 15, RCODE_SERVFAIL);
	assert_true(world_wait(w, fd, 1000));
	assert_true(recv(fd, buf, sizeof(buf), 0) > 5);
	assert_int_equal(buf[5] & 15, RCODE_SERVFAIL);
	close(fd);
	assert_int_equal(queries_in_flight(w->r.queries), 0);
}

/* Late, refused and gone are one to the client: the zone's on-failure. */
static void failed_lease_is_answered_by_the_zones_mode(void **state)
{
	static const struct {
		const char *mode;
		unsigned rcode, answers;
	} cases[] = {
		{ GATE("enforce"), RCODE_SERVFAIL, 0 },
		{ GATE("enforce\n on-failure answer"), RCODE_NOERROR, 1 },
		{ GATE("observe"), RCODE_NOERROR, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (int how = 0; how < 3; how++) {
			struct world_result got;

			begin(cases[i].mode);
			w->gate = how == 0 ? WORLD_IS_SILENT : WORLD_REFUSES;
			if (how == 2)
				world_end_nftsync(w);
			for (int again = 0; again < 2; again++) { /* then from the cache */
				got = world_lookup(w, "www.example", TYPE_A);
				assert_int_equal(got.rcode, cases[i].rcode);
				assert_int_equal(got.answers, cases[i].answers);
			}
			assert_int_equal(queries_in_flight(w->r.queries), 0);
			if (i + 1 < ARRAY_SIZE(cases) || how < 2)
				end(state);
		}
	}
}

static void private_address_needs_no_lease(void **state)
{
	(void)state;
	begin(GATE("enforce") "rebind {\n allow nas.example\n}\n");
	w->answer = private_address;
	assert_int_equal(world_lookup(w, "nas.example", TYPE_A).answers, 1);
	assert_int_equal(w->wishes, 0);
}

static void unleased_addresses_beside_an_answer_are_left_out(void **state)
{
	static const struct {
		const char *mode;
		unsigned additional; /* with our OPT */
	} cases[] = { { GATE("off"), 3 }, { GATE("enforce"), 1 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(cases[i].mode);
		w->answer = mail_with_glue;
		for (int again = 0; again < 2; again++) {
			struct world_result got = world_lookup(w, "example", TYPE_MX);

			assert_int_equal(got.answers, 1);
			assert_int_equal(got.additional, cases[i].additional);
			assert_true(got.is_whole);
		}
		assert_int_equal(w->wishes, 0);
		if (i + 1 < ARRAY_SIZE(cases))
			end(state);
	}
}

static void addresses_that_no_wish_has_room_for_are_left_out(void **state)
{
	static const struct {
		const char *mode;
		unsigned answers, wishes;
	} cases[] = { { GATE("off"), MANY + 2, 0 }, { GATE("enforce"), MSG_LEASE_ADDRS + 1, 2 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(cases[i].mode);
		w->answer = many_addresses;
		for (int again = 0; again < 2; again++) {
			struct world_result got = world_lookup(w, "www.e", TYPE_A);

			assert_int_equal(got.answers, cases[i].answers);
			assert_true(got.is_whole);
		}
		assert_int_equal(w->wishes, cases[i].wishes);
		assert_int_equal(w->addrs, cases[i].wishes * MSG_LEASE_ADDRS);
		if (i + 1 < ARRAY_SIZE(cases))
			end(state);
	}
}

/* It may be one that the firewall gates. */
static void client_on_an_unknown_interface_is_leased(void **state)
{
	(void)state;
	begin(GATE("enforce"));
	clients_free(w->r.clients);
	assert_int_equal(clients_new(NULL, &w->r.clients), 0);
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).answers, 1);
	assert_int_equal(w->wishes, 1);
	w->gate = WORLD_REFUSES;
	assert_int_equal(world_lookup(w, "www2.example", TYPE_A).rcode, RCODE_NOERROR);
	world_reload(w, GATE("off"));
	assert_int_equal(world_lookup(w, "www3.example", TYPE_A).answers, 1);
	assert_int_equal(w->wishes, 2);
}

static void zone_that_shares_leases_asks_for_its_interface(void **state)
{
	(void)state;
	begin("zone lan {\n interface lo\n gate enforce\n lease-for zone\n}\n");
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).answers, 1);
	assert_int_equal(w->device.kind, DEVICE_IFNAME);
	assert_string_equal((const char *)w->device.id, "lo");
}

static void the_router_asks_for_itself_whatever_zone_its_loopback_is_in(void **state)
{
	static const struct msg_device router = { .kind = DEVICE_ROUTER };
	static const struct {
		const char *conf;
		unsigned wishes;
		int refused; /* rcode where the firewall refuses the lease */
	} cases[] = {
		{ "gate {\n router enforce\n}\n", 1, RCODE_SERVFAIL },
		{ "gate {\n router observe\n}\n", 1, RCODE_NOERROR },
		{ "gate {\n router enforce\n}\nzone z {\n interface *\n gate off\n}\n", 1,
		  RCODE_SERVFAIL },
		{ "gate {\n router off\n}\n", 0, RCODE_NOERROR },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(cases[i].conf);
		assert_int_equal(world_lookup(w, "www.example", TYPE_A).answers, 1);
		assert_int_equal(w->wishes, cases[i].wishes);
		if (cases[i].wishes)
			assert_memory_equal(&w->device, &router, sizeof(router));
		w->gate = WORLD_REFUSES;
		assert_int_equal(world_lookup(w, "www2.example", TYPE_A).rcode, cases[i].refused);
		if (i + 1 < ARRAY_SIZE(cases))
			end(state);
	}
}

static void covered_answer_asks_nftsync_no_more(void **state)
{
	(void)state;
	begin(GATE("enforce"));
	for (int i = 0; i < 5; i++)
		assert_int_equal(world_lookup(w, "www.example", TYPE_A).answers, 1);
	assert_int_equal(w->wishes, 2); /* when it came, and the first time from the cache */
	world_connect_nftsync(w);
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).answers, 1);
	assert_int_equal(w->wishes, 3);
}

static void dead_upstream_is_a_servfail(void **state)
{
	(void)state;
	begin(GATE("enforce"));
	w->answer = NULL;
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).rcode, RCODE_SERVFAIL);
	assert_true(w->questions > 0);
	assert_int_equal(w->r.stats.by_verdict[VERDICT_FAILED], 1);
	assert_int_equal(queries_in_flight(w->r.queries), 0);
}

static void question_in_flight_keeps_its_configuration(void **state)
{
	uint8_t buf[1232];

	(void)state;
	begin(LISTS GATE("enforce") "device me {\n address 127.0.0.1\n}\n");
	w->answer = NULL;
	world_ask(w, "www.example", TYPE_A);
	while (!w->questions)
		world_turn(w);
	world_reload(w, "");
	world_turn(w);
	assert_non_null(w->r.old);
	w->answer = chain_to_ads;
	world_reply(w, buf, sizeof(buf));
	assert_int_equal(buf[3] & 15, RCODE_NXDOMAIN);
	world_turn(w);
	assert_null(w->r.old);
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).rcode, RCODE_NOERROR);
}

static void a_policy_says_how_its_blocked_names_are_answered(void **state)
{
	struct world_result result;

	(void)state;
	begin("block-answer refused\nlist ads {\n name *.ads.example\n}\n"
	      "policy default {\n block ads\n block-answer null\n block-ttl 77s\n}\n");
	result = world_lookup(w, "x.ads.example", TYPE_A);
	assert_int_equal(result.rcode, RCODE_NOERROR);
	assert_int_equal(result.answers, 1);
	assert_int_equal(result.ttl_s, 77);
}

/* As the schedule does at an edge. */
static void set_closed(bool closed)
{
	w->r.current->conf->policies[0].closed = closed;
	w->r.schedule.epoch++;
}

static void question_in_flight_is_judged_by_the_hours_of_its_answer(void **state)
{
	uint8_t buf[1232];

	(void)state;
	begin(GATE("enforce"));
	w->answer = NULL;
	world_ask(w, "www.example", TYPE_A);
	while (!w->questions)
		world_turn(w);
	set_closed(true);
	w->answer = one_address;
	world_reply(w, buf, sizeof(buf));
	assert_int_equal(buf[3] & 15, RCODE_NXDOMAIN);
	assert_int_equal(w->wishes, 0);
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).rcode, RCODE_NXDOMAIN);
	set_closed(false);
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).answers, 1);
	assert_int_equal(w->wishes, 1);
}

/* What a client keeps longer than we do would outlive its lease and a changed list. */
static void capped_ttl_counts_down(void **state)
{
	(void)state;
	begin("cache {\n ttl-max 60s\n negative-max 30s\n}\n");
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).ttl_s, 60);
	ahead_s = 50;
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).ttl_s, 10);
	assert_int_equal(w->questions, 1);
	w->answer = nothing_there;
	assert_int_equal(world_lookup(w, "none.example", TYPE_A).ttl_s, 30);
	ahead_s = 70;
	assert_int_equal(world_lookup(w, "none.example", TYPE_A).ttl_s, 10);
	assert_int_equal(w->questions, 2);
}

/* A client that keeps an answer longer than its lease is refused by the firewall. */
static void ttl_ends_with_the_lease(void **state)
{
	(void)state;
	begin(GATE("enforce") "gate {\n lease-min 10s\n lease-max 60s\n}\n");
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).ttl_s, 60);
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).ttl_s, 60);
	assert_int_equal(w->wishes, 2);
	ahead_s = 50;
	assert_in_range(world_lookup(w, "www.example", TYPE_A).ttl_s, 9, 10);
	assert_int_equal(w->wishes, 2); /* covered */
	ahead_s = 61;
	assert_int_equal(world_lookup(w, "www.example", TYPE_A).ttl_s, 60);
	assert_int_equal(w->wishes, 3);
	assert_int_equal(w->questions, 1);
}

/* Questions that wait when the process ends, of all kinds: nothing leaks. */
static void end_with_questions_in_flight_frees_all(void **state)
{
	int fd;

	(void)state;
	begin(GATE("enforce"));
	w->answer = NULL;
	fd = world_connect(w);
	world_ask(w, "a.example", TYPE_A);
	world_ask_tcp(fd, "a.example", TYPE_A);
	world_ask_tcp(fd, "b.example", TYPE_A);
	while (queries_in_flight(w->r.queries) < 3)
		world_turn(w);
	world_reload(w, "");
	listener_mark(w->r.listener);
	listener_sweep(w->r.listener);
	close(fd);
	world_turn(w);
}

static void client_that_left_is_forgotten(void **state)
{
	(void)state;
	begin("");
	w->answer = NULL;
	for (int i = 0; i < 20; i++) {
		int fd = world_connect(w);

		world_ask_tcp(fd, "a.example", TYPE_A);
		while (queries_in_flight(w->r.queries) < (unsigned)i % 5 + 1)
			world_turn(w);
		close(fd);
		if (i % 5 == 4)
			world_settle(w);
	}
	assert_int_equal(queries_in_flight(w->r.queries), 0);
}

static void status_is_there_before_the_first_start(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	struct setup *s;
	struct cache *c;

	(void)state;
	begin("");
	wall_ahead_s = 86400; /* a router without a clock of its own learns the time */
	s = w->r.current;
	c = w->r.cache;
	w->r.current = NULL;
	w->r.cache = NULL;
	report_status(&w->r, to, NULL, NULL);
	w->r.current = s;
	w->r.cache = c;
	fclose(to);
	wall_ahead_s = 0;
	assert_non_null(strstr(text, "nameward\tuptime_s\t0\n"));
	free(text);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, end)
	const struct CMUnitTest tests[] = {
		TEST(blocked_name_is_answered_without_asking),
		TEST(name_that_leads_to_a_blocked_one_is_blocked),
		TEST(answer_with_a_listed_address_is_blocked),
		TEST(listed_address_behind_many_is_left_out),
		TEST(actions_of_an_rpz_are_taken),
		TEST(second_answer_comes_from_the_cache),
		TEST(same_question_in_flight_is_asked_once),
		TEST(answer_waits_for_its_lease),
		TEST(failed_lease_is_answered_by_the_zones_mode),
		TEST(private_address_needs_no_lease),
		TEST(unleased_addresses_beside_an_answer_are_left_out),
		TEST(addresses_that_no_wish_has_room_for_are_left_out),
		TEST(client_on_an_unknown_interface_is_leased),
		TEST(the_router_asks_for_itself_whatever_zone_its_loopback_is_in),
		TEST(zone_that_shares_leases_asks_for_its_interface),
		TEST(covered_answer_asks_nftsync_no_more),
		TEST(dead_upstream_is_a_servfail),
		TEST(question_in_flight_keeps_its_configuration),
		TEST(a_policy_says_how_its_blocked_names_are_answered),
		TEST(question_in_flight_is_judged_by_the_hours_of_its_answer),
		TEST(capped_ttl_counts_down),
		TEST(ttl_ends_with_the_lease),
		TEST(end_with_questions_in_flight_frees_all),
		TEST(client_that_left_is_forgotten),
		TEST(status_is_there_before_the_first_start),
	};

	signal(SIGPIPE, SIG_IGN); /* as a child process does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
