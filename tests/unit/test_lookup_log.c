/* Lookups on their way to a dbwriter that is slow, or dies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/chan.h"
#include "lib/msg.h"
#include "resolver/lookup_log.h"
#include "resolver/query.h"

#define SOCKET_BYTES (128 * 1024)
#define LOOKUPS	     5000

struct world {
	struct event_base *base;
	struct lookup_log *log;
	int dbwriter; /* the other end */
};

static void on_other(void *arg, const void *message)
{
	(void)arg;
	(void)message;
}

static void connect_dbwriter(struct world *w)
{
	int fds[2], size = SOCKET_BYTES;

	assert_int_equal(chan_pair(fds), 0);
	assert_int_equal(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	w->dbwriter = fds[1];
	lookup_log_set_channel(w->log, fds[0]);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->base = event_base_new();
	assert_int_equal(lookup_log_new(w->base, on_other, w, &w->log), 0);
	connect_dbwriter(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	lookup_log_free(w->log);
	event_base_free(w->base);
	close(w->dbwriter);
	free(w);
	return 0;
}

static void add(struct world *w, unsigned n)
{
	struct lookup l = { .client = { .label = "tv" }, .verdict = VERDICT_CACHED };

	assert_int_equal(addr_from_text("192.168.1.2", &l.asker.from.addr), 0);
	assert_int_equal(dname_from_text("www.example", &l.question.qname), 0);
	while (n--) {
		lookup_log_add(w->log, &l, NULL, NULL, NULL);
		lookup_log_flush(w->log);
	}
}

/* All that the kernel holds for dbwriter. */
static unsigned read_lookups(struct world *w)
{
	static _Alignas(8) uint8_t bytes[CHAN_MAX_BYTES];
	unsigned n = 0;
	ssize_t len;

	while ((len = recv(w->dbwriter, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		assert_int_equal(msg_check(bytes, (size_t)len, false), 0);
		for (const void *m = NULL; (m = msg_next(bytes, m));)
			n++;
	}
	return n;
}

static void lookups_that_dbwriter_cannot_get_any_more_are_dropped(void **state)
{
	struct world *w = *state;
	struct lookup_log_stats s;
	unsigned got;

	add(w, LOOKUPS);
	lookup_log_get_stats(w->log, &s);
	assert_int_equal(s.dropped, 0); /* they wait */
	got = read_lookups(w);
	assert_in_range(got, 1, LOOKUPS / 2);
	assert_int_equal(s.sent, got);
	close(w->dbwriter);
	event_base_loop(w->base, EVLOOP_ONCE);
	assert_false(lookup_log_is_on(w->log));
	lookup_log_get_stats(w->log, &s);
	assert_int_equal(s.sent, got);
	assert_int_equal(s.dropped, LOOKUPS - got);
	connect_dbwriter(w);
}

/* It need not be told by the old channel that there is a new one. */
static void lookups_in_the_queue_of_a_replaced_channel_are_dropped(void **state)
{
	struct world *w = *state;
	struct lookup_log_stats s;
	unsigned got;

	add(w, LOOKUPS);
	got = read_lookups(w);
	close(w->dbwriter);
	connect_dbwriter(w);
	lookup_log_drain(w->log, 1000); /* what was gathered goes to the new one */
	got += read_lookups(w);
	lookup_log_get_stats(w->log, &s);
	assert_int_equal(s.sent, got);
	assert_int_equal(s.dropped, LOOKUPS - got);
	assert_true(s.dropped > LOOKUPS / 2);
}

static void lookups_that_waited_arrive(void **state)
{
	struct world *w = *state;
	struct lookup_log_stats s;
	unsigned got = 0;

	add(w, LOOKUPS);
	for (int i = 0; i < 5000 && got < LOOKUPS; i++) {
		event_base_loop(w->base, EVLOOP_NONBLOCK);
		poll(NULL, 0, 1);
		got += read_lookups(w);
	}
	assert_int_equal(got, LOOKUPS);
	lookup_log_get_stats(w->log, &s);
	assert_int_equal(s.sent, LOOKUPS);
	assert_int_equal(s.dropped, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(lookups_that_dbwriter_cannot_get_any_more_are_dropped),
		TEST(lookups_in_the_queue_of_a_replaced_channel_are_dropped),
		TEST(lookups_that_waited_arrive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
