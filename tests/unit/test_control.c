/* The control socket, over the resolver's real parts; see tests/support/query_world.h. */
/* wrap: event_add bufferevent_set_timeouts */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/util.h"
#include "resolver/control.h"
#include "tests/support/query_world.h"

/* What waits for seconds waits for milliseconds here. */
int __real_event_add(struct event *ev, const struct timeval *tv);
int __wrap_event_add(struct event *ev, const struct timeval *tv);
int __wrap_event_add(struct event *ev, const struct timeval *tv)
{
	struct timeval shorter;

	if (tv)
		shorter = (struct timeval){ 0, tv->tv_sec * 10000 + tv->tv_usec / 100 };
	return __real_event_add(ev, tv ? &shorter : NULL);
}

int __real_bufferevent_set_timeouts(struct bufferevent *be, const struct timeval *r,
				    const struct timeval *write);
int __wrap_bufferevent_set_timeouts(struct bufferevent *be, const struct timeval *r,
				    const struct timeval *write);
int __wrap_bufferevent_set_timeouts(struct bufferevent *be, const struct timeval *r,
				    const struct timeval *write)
{
	static const struct timeval idle = { 0, CONTROL_TIMEOUT_S * 10000 };

	assert_int_equal(r->tv_sec, CONTROL_TIMEOUT_S);
	assert_int_equal(write->tv_sec, CONTROL_TIMEOUT_S);
	return __real_bufferevent_set_timeouts(be, &idle, &idle);
}

static struct query_world *w;
static struct sockaddr_un at[CONTROL_KINDS];

static int setup(void **state)
{
	(void)state;
	w = world_new("");
	for (int i = 0; i < CONTROL_KINDS; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

		at[i] = (struct sockaddr_un){ .sun_family = AF_UNIX };
		snprintf(at[i].sun_path + 1, sizeof(at[i].sun_path) - 1, "nameward-test-%d-%d",
			 (int)getpid(), i);
		assert_int_equal(bind(fd, (struct sockaddr *)&at[i], sizeof(at[i])), 0);
		assert_int_equal(listen(fd, 64), 0);
		control_listen(w->r.control, (enum control_kind)i, fd);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_free(w);
	return 0;
}

static int ask_by(enum control_kind kind, const char *line)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&at[kind], sizeof(at[kind])), 0);
	if (*line)
		assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
	return fd;
}

static int ask(const char *line)
{
	return ask_by(CONTROL_FULL, line);
}

/* All of the answer, up to the end of the connection. */
static const char *answer(int fd)
{
	static char buf[1 << 18];
	size_t len = 0;
	ssize_t n = 1;

	for (int i = 0; i < 2000 && n; i++) {
		world_wait(w, fd, 1);
		n = recv(fd, buf + len, sizeof(buf) - 1 - len, MSG_DONTWAIT);
		len += n > 0 ? (size_t)n : 0;
	}
	assert_int_equal(n, 0);
	buf[len] = '\0';
	close(fd);
	return buf;
}

static void question_gets_rows_and_ok(void **state)
{
	const char *text = answer(ask("why www.example\n"));

	(void)state;
	assert_non_null(strstr(text, "step\tresult\twhere\n"));
	assert_non_null(strstr(text, "verdict\tFORWARDED\twww.example\n"));
	assert_string_equal(text + strlen(text) - 4, ".ok\n");
	assert_non_null(strstr(answer(ask("whatever\n")), ".err unknown request"));
	assert_non_null(strstr(answer(ask("why \n")), ".err usage"));
}

static void longest_name_is_taken(void **state)
{
	char line[2 * CONTROL_LINE] = "why ";

	(void)state;
	for (int i = 0; i < 253; i++)
		strcat(line, i % 63 == 62 ? "." : "\\001");
	strcat(line, " a-client-of-a-name-of-sixty-three-characters--------------------\n");
	assert_non_null(strstr(answer(ask(line)), "verdict\tFORWARDED\t\\001"));
	memset(line, 'a', sizeof(line) - 1);
	assert_non_null(strstr(answer(ask(line)), ".err line too long"));
}

/* nftsync is there, but says nothing. */
static void question_that_is_not_answered_ends(void **state)
{
	const char *text = answer(ask("status\n"));

	(void)state;
	assert_non_null(strstr(text, "resolver\tqueries\t0\n"));
	assert_non_null(strstr(text, ".err "));
}

static unsigned rows_of(const char *text)
{
	unsigned n = 0;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n - 2; /* the head and the end */
}

static void fill_cache(unsigned count)
{
	struct note note = { .rcode = 3 };

	for (unsigned i = 0; i < count; i++) {
		struct cache_key key = { .qtype = i % 2 ? 28 : 0, .qclass = 1, .cd = i % 2 };
		struct dname name;
		char text[64];

		snprintf(text, sizeof(text), "N%u.%s.example", i, i % 3 ? "a" : "b");
		assert_int_equal(dname_from_text(text, &name), 0);
		key.qname = &name;
		assert_int_equal(cache_put(w->r.cache, &key, (const uint8_t *)"x", 1, 60, &note,
					   sizeof(note), clock_mono_ms()),
				 0);
	}
}

/* More than one piece. */
static void cache_is_told_and_flushed(void **state)
{
	static const struct {
		const char *pattern;
		unsigned count;
	} cases[] = {
		{ " n1.a.example", 1 }, { " N1.A.EXAMPLE.", 1 }, { " *.b.example", 500 },
		{ " *.n1.a.example", 1 }, { " *.1.a.example", 0 }, { " a.example", 0 },
		{ "", 1500 },		{ " *", 1500 },
	};
	char line[128];
	const char *text;

	(void)state;
	assert_int_equal(rows_of(answer(ask("cache ls\n"))), 0);
	fill_cache(1500);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(line, sizeof(line), "cache ls%s\n", cases[i].pattern);
		text = answer(ask(line));
		assert_int_equal(rows_of(text), cases[i].count);
		assert_string_equal(text + strlen(text) - 4, ".ok\n");
	}
	text = answer(ask("cache ls n1.a.example\n"));
	assert_non_null(strstr(text, "name\ttype\tflags\tanswer\tleft_s#\tbytes#\n"
				     "n1.a.example\tAAAA\tcd\tNXDOMAIN\t"));
	assert_non_null(strstr(answer(ask("cache ls n0.b.example\n")), "\t*\t-\tNXDOMAIN\t"));
	assert_non_null(strstr(answer(ask("cache ls a..b\n")), ".err usage"));
	assert_non_null(strstr(answer(ask("cache flush\n")), ".err usage"));
	assert_string_equal(answer(ask("cache flush n1.a.example\n")), "forgotten#\n1\n.ok\n");
	assert_string_equal(answer(ask("cache flush n1.a.example\n")), "forgotten#\n0\n.ok\n");
	assert_string_equal(answer(ask("cache flush *.b.example\n")), "forgotten#\n500\n.ok\n");
	assert_string_equal(answer(ask("cache flush *\n")), "forgotten#\n999\n.ok\n");
}

/* We are who runs it, and might by the other socket. */
static void nothing_is_changed_by_the_socket_for_reading(void **state)
{
	static const char *const changing[] = {
		"cache flush *\n", "cache flush n0.a.example\n", "cache flush\n",
		"gate withdraw * -\n", "history forget name n0.a.example\n",
		"history prune\n", "history prune before 17 lookups\n",
	};
	static const char *const reading[] = { "cache ls\n", "why www.example\n", "list ls\n",
					       "local ls\n", "override ls\n" };

	(void)state;
	fill_cache(10);
	for (size_t i = 0; i < ARRAY_SIZE(changing); i++)
		assert_non_null(strstr(answer(ask_by(CONTROL_READING, changing[i])),
				       ".err only the control socket"));
	assert_int_equal(rows_of(answer(ask("cache ls\n"))), 10);
	for (size_t i = 0; i < ARRAY_SIZE(reading); i++)
		assert_non_null(strstr(answer(ask_by(CONTROL_READING, reading[i])), ".ok\n"));
	assert_string_equal(answer(ask("cache flush *\n")), "forgotten#\n10\n.ok\n");
}

/* They have all connections of their socket, and do not go away. */
static void readers_crowd_nobody_out(void **state)
{
	int fds[CONTROL_CONNECTIONS];

	(void)state;
	for (int i = 0; i < CONTROL_CONNECTIONS; i++)
		fds[i] = ask_by(CONTROL_READING, "gate ls\n");
	world_wait(w, w->client, 1);
	assert_string_equal(answer(ask_by(CONTROL_READING, "list ls\n")), "");
	assert_non_null(strstr(answer(ask("list ls\n")), ".ok"));
	for (int i = 0; i < CONTROL_CONNECTIONS; i++)
		close(fds[i]);
}

static void clients_that_left_make_room(void **state)
{
	(void)state;
	for (int i = 0; i < 3 * CONTROL_CONNECTIONS; i++) {
		int fd = ask("gate ls\n");

		if (i % 2)
			shutdown(fd, SHUT_WR);
		world_wait(w, fd, i % CONTROL_CONNECTIONS == CONTROL_CONNECTIONS - 1 ? 300 : 0);
		close(fd);
	}
	world_wait(w, w->client, 300);
	assert_non_null(strstr(answer(ask("list ls\n")), ".ok"));
	assert_string_equal(answer(ask("list holders a.example,,b..c,b.example\n")),
			    "name\tlists\n.ok\n");
	assert_string_equal(answer(ask("list holders\n")), "name\tlists\n.ok\n");
}

static void connection_that_says_nothing_is_closed(void **state)
{
	(void)state;
	assert_string_equal(answer(ask("")), "");
	assert_string_equal(answer(ask("stat")), "");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(question_gets_rows_and_ok),
		TEST(longest_name_is_taken),
		TEST(question_that_is_not_answered_ends),
		TEST(cache_is_told_and_flushed),
		TEST(nothing_is_changed_by_the_socket_for_reading),
		TEST(readers_crowd_nobody_out),
		TEST(clients_that_left_make_room),
		TEST(connection_that_says_nothing_is_closed),
	};

	signal(SIGPIPE, SIG_IGN); /* as a child process does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
