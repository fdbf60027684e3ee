/*
 * process: liveness, and what is done to a child that misbehaves. This program is its own
 * child; FAKE says how it behaves.
 */
#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/process.h"
#include "lib/child.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/util.h"

#define SILENT_PINGS 4 /* of the resolver */
#define PATIENCE_S   10

/* --- children ------------------------------------------------------------------------- */

static void nothing_peer(void *arg, enum msg_role role, int fd)
{
	(void)arg;
	(void)role;
	close(fd);
}

static void nothing_message(void *arg, enum msg_type type, const void *record, int fd)
{
	(void)arg;
	(void)type;
	(void)record;
	if (fd >= 0)
		close(fd);
}

static int good_start(void *arg, uint32_t generation, char *why)
{
	(void)arg;
	(void)generation;
	(void)why;
	return 0;
}

static void deaf_stop(void *arg)
{
	(void)arg; /* told to stop, and does not */
}

static int well_behaved(void (*on_stop)(void *arg))
{
	struct child_ops ops = { nothing_peer, nothing_message, good_start, on_stop, NULL };
	struct event_base *base = event_base_new();
	struct child *child;
	int status = child_run(base, ROLE_RESOLVER, &ops, NULL, &child);

	event_base_free(base);
	return status;
}

static int fake_main(void)
{
	const char *how = getenv("FAKE");

	if (!strcmp(how, "good"))
		return well_behaved(NULL);
	if (!strcmp(how, "deaf"))
		return well_behaved(deaf_stop);
	if (!strcmp(how, "garbage"))
		(void)!send(CHILD_FD, "garbage", 7, 0);
	if (!strcmp(how, "dies"))
		return 3;
	for (;;)
		pause(); /* "silent" and "garbage" */
}

/* --- bench ---------------------------------------------------------------------------- */

struct bench {
	struct event_base *base;
	struct event *on_child;
	struct process *p;
	unsigned ups, downs, alive;
	bool ready;
};

static void on_up(void *arg, struct process *p)
{
	struct bench *b = arg;

	b->ups++;
	process_send_start(p, 7);
}

static void on_down(void *arg, struct process *p)
{
	struct bench *b = arg;

	(void)p;
	b->downs++;
}

static void on_message(void *arg, struct process *p, enum msg_type type, const void *record,
		       int fd)
{
	struct bench *b = arg;

	(void)p;
	(void)record;
	assert_int_equal(fd, -1);
	b->ready |= type == MSG_READY;
}

static void on_alive(void *arg, struct process *p)
{
	struct bench *b = arg;

	(void)p;
	b->alive++;
}

static void on_child(evutil_socket_t number, short events, void *arg)
{
	struct bench *b = arg;

	(void)number;
	(void)events;
	process_reap(b->p);
}

static const struct process_ops ops = { on_up, on_down, on_message, on_alive };

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->base = event_base_new();
	b->on_child = evsignal_new(b->base, SIGCHLD, on_child, b);
	event_add(b->on_child, NULL);
	assert_int_equal(process_new(b->base, ROLE_RESOLVER, &ops, b, &b->p), 0);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	process_free(b->p);
	event_free(b->on_child);
	event_base_free(b->base);
	free(b);
	while (waitpid(-1, NULL, 0) > 0)
		;
	return 0;
}

/** Serve events until *what is at least `least`. */
static void until(struct bench *b, const unsigned *what, unsigned least)
{
	uint64_t end = clock_mono_ms() + PATIENCE_S * 1000;
	struct timeval step = { .tv_usec = 20000 };

	while (*what < least) {
		assert_true(clock_mono_ms() < end);
		event_base_loopexit(b->base, &step);
		event_base_loop(b->base, EVLOOP_ONCE);
	}
}

static void start(struct bench *b, const char *how)
{
	setenv("FAKE", how, 1);
	process_start(b->p);
	until(b, &b->ups, 1);
}

/* --- tests ---------------------------------------------------------------------------- */

static void answering_child_is_left_alone(void **state)
{
	struct bench *b = *state;

	start(b, "good");
	for (unsigned i = 1; i < 3 * SILENT_PINGS; i++) {
		process_ping(b->p);
		until(b, &b->alive, i);
	}
	assert_true(b->ready);
	assert_true(process_is_settled(b->p));
	assert_int_equal(process_ready_generation(b->p), 7);
	assert_int_equal(b->downs, 0);
	process_stop(b->p);
	until(b, &b->downs, 1);
	assert_false(process_is_up(b->p));
}

static void silent_child_is_killed_and_comes_back(void **state)
{
	struct bench *b = *state;
	struct msg_child m;

	start(b, "silent");
	for (int i = 0; i < SILENT_PINGS; i++)
		process_ping(b->p);
	assert_int_equal(b->downs, 0);
	process_ping(b->p);
	until(b, &b->ups, 2);
	process_describe(b->p, &m);
	assert_int_equal(b->downs, 1);
	assert_int_equal(m.restarts, 1);
	assert_true(WIFSIGNALED(m.last_status));
	assert_int_equal(WTERMSIG(m.last_status), SIGKILL);
}

static void malformed_message_is_the_end_of_its_sender(void **state)
{
	struct bench *b = *state;

	start(b, "garbage");
	until(b, &b->ups, 2);
	assert_int_equal(b->downs, 1);
	assert_false(b->ready);
}

static void child_that_keeps_dying_waits_longer_each_time(void **state)
{
	struct bench *b = *state;
	uint64_t begin = clock_mono_ms();

	start(b, "dies");
	until(b, &b->ups, 4); /* after 0, 100 and 500 ms, from the event loop's clock */
	assert_true(clock_mono_ms() - begin >= 550);
	assert_true(process_is_wanted(b->p));
	assert_true(b->downs >= 3);
}

static void child_that_does_not_stop_is_killed(void **state)
{
	struct bench *b = *state;
	struct msg_child m;

	start(b, "deaf");
	process_stop(b->p);
	until(b, &b->downs, 1);
	process_describe(b->p, &m);
	assert_int_equal(WTERMSIG(m.last_status), SIGKILL);
	assert_int_equal(m.pid, 0);
	assert_int_equal(b->ups, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(answering_child_is_left_alone),
		TEST(silent_child_is_killed_and_comes_back),
		TEST(malformed_message_is_the_end_of_its_sender),
		TEST(child_that_keeps_dying_waits_longer_each_time),
		TEST(child_that_does_not_stop_is_killed),
	};

	if (argc == 3 && !strcmp(argv[1], "--child"))
		return fake_main();
	log_init("test", LOG_LEVEL_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
