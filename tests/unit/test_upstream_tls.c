/* Questions over TLS: whom we believe, and servers that misbehave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>

#include "conf/conf_pin.h"
#include "lib/clock.h"
#include "lib/util.h"
#include "resolver/upstream.h"
#include "tests/support/dot_server.h"
#include "tests/support/test_pki.h"
#include "tests/support/upstream_rig.h"

#define NAME "dns.test"

/* --- a rig of servers over TLS --------------------------------------------------------
 */

struct world {
	struct pki_cert ca, good, other, expired, early, self, foreign_ca, foreign;
	char *ca_text;
};

static int make_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	size_t len;
	FILE *to = open_memstream(&w->ca_text, &len);

	w->ca = pki_make(NULL, "authority", -PKI_DAY_S, PKI_DAY_S);
	w->good = pki_make(&w->ca, NAME, -PKI_DAY_S, PKI_DAY_S);
	w->other = pki_make(&w->ca, "other.test", -PKI_DAY_S, PKI_DAY_S);
	w->expired = pki_make(&w->ca, NAME, -2 * PKI_DAY_S, -PKI_DAY_S);
	w->early = pki_make(&w->ca, NAME, PKI_DAY_S, 2 * PKI_DAY_S);
	w->self = pki_make(NULL, NAME, -PKI_DAY_S, PKI_DAY_S);
	w->foreign_ca = pki_make(NULL, "authority", -PKI_DAY_S, PKI_DAY_S);
	w->foreign = pki_make(&w->foreign_ca, NAME, -PKI_DAY_S, PKI_DAY_S);
	pki_print(&w->ca, false, to);
	fclose(to);
	*state = w;
	return 0;
}

static int free_world(void **state)
{
	struct world *w = *state;
	struct pki_cert *all[] = {&w->ca,    &w->good, &w->other,      &w->expired,
				  &w->early, &w->self, &w->foreign_ca, &w->foreign};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		pki_free(all[i]);
	free(w->ca_text);
	free(w);
	return 0;
}

struct tls_rig {
	struct rig *r;
	struct dot_server servers[RIG_SERVERS];
	struct conf_tls tls;
	struct conf_pin pin;
};

/** A server at each behaviour, with this certificate. */
static struct tls_rig *open_rig(struct world *w, const struct pki_cert *cert,
				const char *behaviours, uint32_t timeout_ms)
{
	struct tls_rig *t = calloc(1, sizeof(*t));
	char text[64], *save;
	size_t n = 0;

	t->r = rig_open("127.0.0.1", "", timeout_ms, ORDER_FIRST);
	t->tls.name = strdup(NAME);
	strcpy(text, behaviours);
	for (char *b = strtok_r(text, " ", &save); b;
	     b = strtok_r(NULL, " ", &save), n++) {
		struct conf_server *s = &t->r->addrs[n];

		assert_int_equal(dot_open("127.0.0.1", 0, b, cert, &t->servers[n]), 0);
		assert_int_equal(addr_from_text("127.0.0.1", &s->at.addr), 0);
		s->at.port = t->servers[n].port;
		s->tls = &t->tls;
	}
	t->r->group.server_count = n;
	t->r->conf.ca_text = w->ca_text;
	return t;
}

/** Once the rig is as it should be. */
static void start(struct tls_rig *t)
{
	upstream_pool_close(t->r->pool);
	assert_int_equal(upstream_pool_open(t->r->base, &t->r->conf, NULL, &t->r->pool), 0);
}

static void close_rig(struct tls_rig *t)
{
	for (size_t i = 0; i < t->r->group.server_count; i++)
		dot_close(&t->servers[i]);
	rig_close(t->r);
	free(t->tls.name);
	free(t);
}

static void pin(struct tls_rig *t, const struct pki_cert *cert)
{
	char text[PKI_PIN_MAX];

	assert_int_equal(conf_pin_from_text(pki_pin(cert, text), &t->pin), 0);
	t->tls.pins = &t->pin;
	t->tls.pin_count = 1;
}

/** The value of a status row of the first server; "" if there is none. */
static const char *status_of(struct tls_rig *t, const char *key)
{
	static char value[128];
	char *text = NULL, *at, find[64];
	size_t len;
	FILE *to = open_memstream(&text, &len);

	upstream_status(t->r->pool, to);
	fclose(to);
	snprintf(find, sizeof(find), " %s\t", key);
	at = strstr(text, find);
	value[0] = '\0';
	if (at)
		snprintf(value, sizeof(value), "%.*s",
			 (int)strcspn(at + strlen(find), "\n"), at + strlen(find));
	free(text);
	return value;
}

static unsigned ask_and_count(struct tls_rig *t, unsigned questions)
{
	rig_ask_many(t->r, questions);
	rig_run(t->r);
	return rig_count_right(t->r);
}

/* --- whom we believe ------------------------------------------------------------------
 */

static void only_a_server_that_is_who_it_should_be_is_asked(void **state)
{
	struct world *w = *state;
	const struct {
		const struct pki_cert *cert, *pinned;
		const char *behaviour, *why; /* NULL: it is asked */
	} cases[] = {
		{&w->good, NULL, "ok", NULL},
		{&w->good, NULL, "tls12", NULL},
		{&w->other, NULL, "ok", "its certificate is for another name"},
		{&w->expired, NULL, "ok", "its certificate has expired"},
		{&w->early, NULL, "ok",
		 "its certificate is not yet valid: is the clock right?"},
		{&w->self, NULL, "ok", "its certificate is of an unknown authority"},
		{&w->foreign, NULL, "ok", "certificate signature failure"},
		{&w->good, &w->good, "ok", NULL},
		{&w->self, &w->self, "ok", NULL},
		{&w->expired, &w->expired, "ok", NULL},
		{&w->good, &w->other, "ok", "its key is none of those pinned"},
		{&w->good, &w->ca, "ok", "its key is none of those pinned"},
		{&w->good, NULL, "mute", "no handshake in time"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tls_rig *t = open_rig(w, cases[i].cert, cases[i].behaviour, 1500);
		unsigned right;

		if (cases[i].pinned)
			pin(t, cases[i].pinned);
		start(t);
		right = ask_and_count(t, 5);
		assert_int_equal(right, cases[i].why ? 0 : 5);
		assert_string_equal(status_of(t, "tls_error"),
				    cases[i].why ? cases[i].why : "");
		assert_int_equal(t->servers[0].counts->queries, right);
		assert_int_equal(t->servers[0].counts->unpadded, 0);
		close_rig(t);
	}
}

static void old_tls_is_refused(void **state)
{
	struct tls_rig *t =
		open_rig(*state, &((struct world *)*state)->good, "tls11", 1500);

	start(t);
	assert_int_equal(ask_and_count(t, 3), 0);
	assert_string_not_equal(status_of(t, "tls_error"), "");
	assert_int_equal(t->servers[0].counts->queries, 0);
	close_rig(t);
}

static void a_server_that_is_not_believed_is_not_asked_in_the_clear(void **state)
{
	struct world *w = *state;
	struct tls_rig *t = open_rig(w, &w->other, "ok", 1500);
	struct scripted_upstream *plain; /* on the same port by UDP */

	assert_int_equal(scripted_open(t->r->base, "127.0.0.1", t->servers[0].port,
				       "tcnotcp", &plain),
			 0);
	start(t);
	assert_int_equal(ask_and_count(t, 3), 0);
	assert_int_equal(scripted_counts(plain)->udp_queries, 0);
	scripted_close(plain);
	close_rig(t);
}

/* --- servers that misbehave
 * ------------------------------------------------------------- */

static void answers_come_through(void **state)
{
	static const struct {
		const char *behaviours;
		unsigned questions, right;
	} cases[] = {
		{"ok", 500, 500},    {"reorder", 300, 300}, {"closeeach", 20, 20},
		{"lies", 50, 50},    {"silent ok", 20, 20}, {"mute ok", 20, 20},
		{"half ok", 20, 20}, {"stops ok", 20, 20},  {"drip ok", 20, 20},
		{"stops", 3, 3},
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tls_rig *t = open_rig(w, &w->good, cases[i].behaviours, 4000);
		unsigned right;

		start(t);
		right = ask_and_count(t, cases[i].questions);
		print_message("  %s: %u of %u right\n", cases[i].behaviours, right,
			      cases[i].questions);
		assert_int_equal(right, cases[i].right);
		close_rig(t);
	}
}

static void what_never_answers_ends_in_time(void **state)
{
	static const char *const behaviours[] = {"silent", "mute", "half", "drip"};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(behaviours); i++) {
		struct tls_rig *t = open_rig(w, &w->good, behaviours[i], 1000);

		start(t);
		assert_int_equal(ask_and_count(t, 10), 0);
		for (unsigned j = 0; j < t->r->asked_count; j++)
			assert_true(t->r->asked[j].took_ms < 2000);
		close_rig(t);
	}
}

static void a_thousand_questions_share_a_connection(void **state)
{
	struct world *w = *state;
	struct tls_rig *t = open_rig(w, &w->good, "reorder", 4000);

	start(t);
	assert_int_equal(ask_and_count(t, 1000), 1000);
	assert_int_equal(t->servers[0].counts->connections, 1);
	assert_int_equal(t->servers[0].counts->queries, 1000);
	assert_int_equal(t->servers[0].counts->tls13, 1);
	assert_true(t->servers[0].counts->most_waiting >
		    500); /* so they were pipelined */
	close_rig(t);
}

static void sessions_are_resumed(void **state)
{
	static const char *const behaviours[] = {"closeeach", "closeeach12"};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(behaviours); i++) {
		struct tls_rig *t = open_rig(w, &w->good, behaviours[i], 2000);

		start(t);
		for (unsigned n = 1; n <= 5; n++)
			assert_int_equal(ask_and_count(t, 1), n);
		assert_int_equal(t->servers[0].counts->handshakes, 5);
		assert_int_equal(t->servers[0].counts->resumed, 4);
		close_rig(t);
	}
}

static void a_server_that_cannot_be_reached_is_tried_less_and_less(void **state)
{
	struct world *w = *state;
	struct tls_rig *t = open_rig(w, &w->other, "ok", 4000);

	start(t);
	for (unsigned i = 0; i < 20; i++) {
		rig_ask_many(t->r, 50);
		rig_run_for(t->r, 50);
	}
	assert_in_range(t->servers[0].counts->connections, 1, 4);
	close_rig(t);
}

static void a_changed_network_is_another_chance(void **state)
{
	struct world *w = *state;
	struct tls_rig *t = open_rig(w, &w->other, "ok", 1000);
	unsigned before;

	start(t);
	for (unsigned i = 0; i < 2; i++) /* until it waits for more than a question */
		ask_and_count(t, 1);
	before = t->servers[0].counts->connections;
	upstream_network_changed(t->r->pool);
	rig_ask_many(t->r, 1);
	rig_run_for(t->r, 100);
	assert_int_equal(t->servers[0].counts->connections, before + 1);
	rig_run(t->r);
	close_rig(t);
}

static void questions_may_be_cancelled_at_any_time(void **state)
{
	struct world *w = *state;

	for (unsigned ms = 0; ms < 12; ms += 3) {
		struct tls_rig *t = open_rig(w, &w->good, "reorder", 2000);

		start(t);
		rig_ask_many(t->r, 40);
		rig_run_for(t->r, ms);
		for (unsigned i = 0; i < 40; i += 2)
			if (t->r->asked[i].query) {
				upstream_cancel(t->r->asked[i].query);
				t->r->asked[i].calls = 1;
			}
		rig_run(t->r);
		close_rig(t);
	}
}

/* --- reload --------------------------------------------------------------------------- */

/** The pool of another configuration follows the one there is, which goes when it is idle. */
static struct upstream_pool *reload(struct tls_rig *t)
{
	struct upstream_pool *old = t->r->pool;

	assert_int_equal(upstream_pool_open(t->r->base, &t->r->conf, old, &t->r->pool), 0);
	return old;
}

static void connection_outlives_a_reload_that_does_not_concern_it(void **state)
{
	enum change { NOTHING, GROUP, ORDER, TIMEOUT, SERVER_NAME, PIN, AUTHORITIES };
	static const struct {
		enum change change;
		unsigned connections;
	} cases[] = {
		{NOTHING, 1}, {GROUP, 1}, {ORDER, 1}, {TIMEOUT, 2},
		{SERVER_NAME, 2}, {PIN, 2}, {AUTHORITIES, 2},
	};
	struct world *w = *state;
	char *more, group[] = "other";

	assert_true(asprintf(&more, "%s%s", w->ca_text, w->ca_text) > 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tls_rig *t = open_rig(w, &w->good, "ok", 2000);
		struct conf_upstream *g = &t->r->group;
		char *name = t->tls.name;

		start(t);
		assert_int_equal(ask_and_count(t, 5), 5);
		t->tls.name = strdup(cases[i].change == SERVER_NAME ? "DNS.test" : NAME);
		g->name = cases[i].change == GROUP ? group : g->name;
		g->order = cases[i].change == ORDER ? ORDER_SPREAD : g->order;
		g->timeout_ms += cases[i].change == TIMEOUT;
		t->r->conf.ca_text = cases[i].change == AUTHORITIES ? more : w->ca_text;
		if (cases[i].change == PIN)
			pin(t, &w->good);
		upstream_pool_close(reload(t));
		free(name); /* the old configuration is gone */
		assert_int_equal(ask_and_count(t, 5), 10);
		assert_int_equal(t->servers[0].counts->connections, cases[i].connections);
		close_rig(t);
	}
	free(more);
}

static void session_outlives_a_reload(void **state)
{
	struct world *w = *state;
	struct tls_rig *t = open_rig(w, &w->good, "closeeach", 2000);

	start(t);
	for (unsigned n = 1; n <= 3; n++) {
		assert_int_equal(ask_and_count(t, 1), n);
		upstream_pool_close(reload(t));
	}
	assert_int_equal(t->servers[0].counts->handshakes, 3);
	assert_int_equal(t->servers[0].counts->resumed, 2);
	close_rig(t);
}

static void questions_in_flight_outlive_a_reload(void **state)
{
	struct world *w = *state;
	struct tls_rig *t = open_rig(w, &w->good, "reorder", 2000);
	struct upstream_pool *old;

	start(t);
	rig_ask_many(t->r, 40);
	old = reload(t);
	rig_ask_many(t->r, 40);
	assert_false(upstream_idle(old));
	while (!upstream_idle(old))
		rig_turn(t->r);
	rig_run(t->r);
	upstream_pool_close(old);
	assert_int_equal(rig_count_right(t->r), 80);
	assert_int_equal(t->servers[0].counts->connections, 1);
	close_rig(t);
}

static void pool_that_is_closed_takes_only_its_questions_along(void **state)
{
	struct world *w = *state;

	for (unsigned ms = 0; ms < 12; ms += 3) {
		struct tls_rig *t = open_rig(w, &w->good, "reorder", 2000);
		struct upstream_pool *old;

		start(t);
		rig_ask_many(t->r, 20);
		old = reload(t);
		rig_ask_many(t->r, 20);
		rig_run_for(t->r, ms);
		upstream_pool_close(old);
		for (unsigned i = 0; i < 20; i++)
			t->r->asked[i].calls = 1; /* or not at all */
		rig_run(t->r);
		for (unsigned i = 20; i < 40; i++)
			assert_true(t->r->asked[i].right);
		close_rig(t);
	}
}

/* --- the text of authorities ---------------------------------------------------------- */

static void authorities_are_found_in_the_text(void **state)
{
	enum { CA = 1, FOREIGN = 2, TWICE = 4, JUNK = 8, KEY = 16 };
	struct world *w = *state;
	const struct {
		unsigned text;
		bool good, foreign;
	} cases[] = {
		{FOREIGN, false, true},
		{JUNK | CA | KEY | TWICE, true, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text;
		size_t len;
		FILE *to = open_memstream(&text, &len);

		if (cases[i].text & JUNK)
			fputs("# nothing\n-----BEGIN CERTIFICATE-----\nMAMCAQE=\n"
			      "-----END CERTIFICATE-----\n", to);
		if (cases[i].text & FOREIGN)
			pki_print(&w->foreign_ca, false, to);
		for (unsigned n = cases[i].text & TWICE ? 2 : 1; n && cases[i].text & CA; n--)
			pki_print(&w->ca, cases[i].text & KEY, to);
		fclose(to);
		for (unsigned foreign = 0; foreign < 2; foreign++) {
			bool believed = foreign ? cases[i].foreign : cases[i].good;
			struct tls_rig *t = open_rig(w, foreign ? &w->foreign : &w->good, "ok",
						     believed ? 3000 : 300);

			t->r->conf.ca_text = text;
			start(t);
			assert_int_equal(ask_and_count(t, 3), believed ? 3 : 0);
			close_rig(t);
		}
		free(text);
	}
}

static void text_without_authorities_is_refused(void **state)
{
	static char *const texts[] = {
		"", "nothing", "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\nMIIB",
	};
	struct world *w = *state;
	struct tls_rig *t = open_rig(w, &w->good, "ok", 1500);
	struct upstream_pool *pool;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		t->r->conf.ca_text = texts[i];
		assert_int_equal(upstream_pool_open(t->r->base, &t->r->conf, NULL, &pool), -EBADMSG);
		assert_int_equal(upstream_pool_open(t->r->base, &t->r->conf, t->r->pool, &pool),
				 -EBADMSG);
	}
	close_rig(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_server_that_is_who_it_should_be_is_asked),
		cmocka_unit_test(old_tls_is_refused),
		cmocka_unit_test(a_server_that_is_not_believed_is_not_asked_in_the_clear),
		cmocka_unit_test(answers_come_through),
		cmocka_unit_test(what_never_answers_ends_in_time),
		cmocka_unit_test(a_thousand_questions_share_a_connection),
		cmocka_unit_test(sessions_are_resumed),
		cmocka_unit_test(a_server_that_cannot_be_reached_is_tried_less_and_less),
		cmocka_unit_test(a_changed_network_is_another_chance),
		cmocka_unit_test(questions_may_be_cancelled_at_any_time),
		cmocka_unit_test(connection_outlives_a_reload_that_does_not_concern_it),
		cmocka_unit_test(session_outlives_a_reload),
		cmocka_unit_test(questions_in_flight_outlive_a_reload),
		cmocka_unit_test(pool_that_is_closed_takes_only_its_questions_along),
		cmocka_unit_test(authorities_are_found_in_the_text),
		cmocka_unit_test(text_without_authorities_is_refused),
	};

	signal(SIGPIPE, SIG_IGN); /* as lib/child.c does */
	return cmocka_run_group_tests(tests, make_world, free_world);
}
