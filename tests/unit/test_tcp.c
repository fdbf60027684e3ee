/* TCP clients on loopback: framing, pipelining, limits, idle times, abuse. */
/* wrap: bufferevent_set_timeouts clock_gettime */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/util.h"
#include "resolver/tcp.h"
#include "resolver/wire.h"

#define KEPT TCP_CONNECTIONS
#define TEXT "0123456789abcdef" /* a message that is long enough */

/* --- time: idle connections end after 200 ms where a test says so; our clock can be put
 * forward -------------------------------------------------------------------------------- */

static time_t ahead_s;
static struct timeval idle, idle_write;

static void end_idle_soon(void)
{
	idle = idle_write = (struct timeval){ 0, 200000 };
}

int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	int rc = __real_clock_gettime(id, ts);

	ts->tv_sec += ahead_s;
	return rc;
}

int __real_bufferevent_set_timeouts(struct bufferevent *be, const struct timeval *r,
				    const struct timeval *w);
int __wrap_bufferevent_set_timeouts(struct bufferevent *be, const struct timeval *r,
				    const struct timeval *w);
int __wrap_bufferevent_set_timeouts(struct bufferevent *be, const struct timeval *r,
				    const struct timeval *w)
{
	assert_true(r->tv_sec == TCP_IDLE_S || r->tv_sec == TCP_IDLE_MANY_S);
	assert_int_equal(w->tv_sec, r->tv_sec);
	return __real_bufferevent_set_timeouts(be, &idle, &idle_write);
}

/* --- the world ------------------------------------------------------------------------------ */

enum mode { ECHO, KEEP, FORGET, GIVE_UP, LARGE };

struct world {
	struct event_base *base;
	struct tcp *t;
	struct addr_port at;
	enum mode mode;
	unsigned packets;
	struct tcp_conn *kept[KEPT];
	bool is_shut; /* nobody is admitted but 127.0.1.1 */
	bool is_one;  /* all are the same one's */
};

static void on_packet(void *arg, const struct asker *from, const uint8_t *packet, size_t len)
{
	static const uint8_t large[60000];
	struct world *w = arg;

	assert_true(len >= WIRE_HEAD && len <= WIRE_QUERY_MAX);
	assert_int_equal(from->ifindex, 1); /* lo */
	switch (w->mode) {
	case ECHO:
		tcp_reply(from->tcp, packet, len);
		break;
	case KEEP:
		w->kept[w->packets % KEPT] = from->tcp;
		break;
	case FORGET:
		tcp_forget(from->tcp);
		break;
	case GIVE_UP:
		tcp_give_up(from->tcp);
		break;
	case LARGE:
		tcp_reply(from->tcp, large, sizeof(large));
		break;
	}
	w->packets++;
}

static bool admit(void *arg, const struct asker *from, struct addr *who)
{
	struct world *w = arg;

	assert_null(from->udp);
	assert_int_equal(from->ifindex, 1);
	assert_true(addr_equal(&from->to, &w->at.addr));
	*who = w->is_one ? w->at.addr : from->from.addr;
	return !w->is_shut || from->from.addr.bytes[3] == 1;
}

static const struct tcp_ops ops = { on_packet, admit };
static const int small_buffer = 32768, small_segment = 1400;

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct sockaddr_storage ss;
	socklen_t len;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	ahead_s = 0;
	idle = idle_write = (struct timeval){ TCP_IDLE_S, 0 };
	w->base = event_base_new();
	assert_int_equal(tcp_new(w->base, &ops, w, &w->t), 0);
	assert_int_equal(addr_port_from_text("127.0.0.1:0", 0, &w->at), 0);
	len = addr_port_to_sockaddr(&w->at, &ss);
	assert_int_equal(bind(fd, (struct sockaddr *)&ss, len), 0);
	/* So little waits in the kernel. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small_buffer, sizeof(small_buffer));
	assert_int_equal(listen(fd, 1024), 0);
	len = sizeof(ss);
	getsockname(fd, (struct sockaddr *)&ss, &len);
	addr_port_from_sockaddr((struct sockaddr *)&ss, &w->at);
	assert_int_equal(tcp_add(w->t, fd, &w->at), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	tcp_free(w->t);
	event_base_free(w->base);
	free(w);
	return 0;
}

static void turns(struct world *w, int ms)
{
	for (int i = 0; i <= ms; i++) {
		event_base_loop(w->base, EVLOOP_NONBLOCK);
		poll(NULL, 0, 1);
	}
}

static int client_from(struct world *w, uint8_t last)
{
	struct addr_port from = { .addr = { AF_INET, { 127, 0, 1, last } } };
	struct sockaddr_storage ss;
	socklen_t len = addr_port_to_sockaddr(&from, &ss);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&ss, len), 0);
	len = addr_port_to_sockaddr(&w->at, &ss);
	assert_int_equal(connect(fd, (struct sockaddr *)&ss, len), 0);
	return fd;
}

static int client(struct world *w)
{
	int fd = client_from(w, 1);

	turns(w, 2);
	return fd;
}

/* One that has little room. */
static int small_client(struct world *w)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_port_to_sockaddr(&w->at, &ss);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small_buffer, sizeof(small_buffer));
	setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &small_segment, sizeof(small_segment));
	assert_int_equal(connect(fd, (struct sockaddr *)&ss, len), 0);
	turns(w, 2);
	return fd;
}

static void say(int fd, const char *text, unsigned times)
{
	uint8_t frame[64];
	size_t len = strlen(text);

	store_be16(frame, (uint16_t)len);
	memcpy(frame + 2, text, len);
	while (times--)
		assert_int_equal(send(fd, frame, len + 2, MSG_NOSIGNAL), len + 2);
}

/* Bytes that have come within some milliseconds; *closed: and then the end. */
static size_t heard(struct world *w, int fd, int ms, bool *closed)
{
	static uint8_t buf[1 << 16];
	size_t total = 0;

	*closed = false;
	for (int i = 0; i <= ms && !*closed; i++) {
		ssize_t n;

		event_base_loop(w->base, EVLOOP_NONBLOCK);
		while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
			total += (size_t)n;
		*closed = n == 0 || errno == ECONNRESET;
		poll(NULL, 0, 1);
	}
	return total;
}

static unsigned open_now(struct world *w)
{
	struct tcp_stats s;

	tcp_get_stats(w->t, &s);
	return (unsigned)s.open;
}

/* So many bytes come, however busy the machine is. */
static bool hears(struct world *w, int fd, size_t bytes)
{
	bool closed = false;
	size_t total = 0;

	for (int i = 0; i < 5000 && total < bytes && !closed; i++)
		total += heard(w, fd, 0, &closed);
	return total == bytes;
}

/* The end comes, and nothing else. */
static bool ends(struct world *w, int fd)
{
	bool closed = false;
	size_t total = 0;

	for (int i = 0; i < 5000 && !closed; i++)
		total += heard(w, fd, 0, &closed);
	return closed && !total;
}

/* Turns until so many messages have come. */
static void take(struct world *w, unsigned packets)
{
	for (int i = 0; i < 5000 && w->packets < packets; i++)
		turns(w, 0);
	assert_int_equal(w->packets, packets);
}

/* Turns until so many connections are open. */
static bool settles(struct world *w, unsigned open)
{
	for (int i = 0; i < 5000 && open_now(w) != open; i++)
		turns(w, 0);
	return open_now(w) == open;
}

#define FRAME (sizeof(TEXT) - 1 + 2)

/* --- tests ---------------------------------------------------------------------------------- */

static void pipelined_messages_are_all_answered(void **state)
{
	struct world *w = *state;
	int fd = client(w);

	say(fd, TEXT, 1000);
	assert_true(hears(w, fd, 1000 * FRAME));
	close(fd);
	assert_true(settles(w, 0));
}

static void message_may_come_byte_by_byte(void **state)
{
	static const uint8_t frame[] = "\0\020" TEXT;
	struct world *w = *state;
	int fd = client(w);

	for (size_t i = 0; i < FRAME; i++) {
		assert_int_equal(w->packets, 0);
		assert_int_equal(send(fd, frame + i, 1, 0), 1);
		turns(w, 1);
	}
	assert_true(hears(w, fd, FRAME));
	close(fd);
}

static void bad_length_ends_the_connection(void **state)
{
	static const unsigned lengths[] = { 0, WIRE_HEAD - 1, WIRE_QUERY_MAX + 1, 65535 };
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		int fd = client(w);
		uint8_t head[2];

		store_be16(head, (uint16_t)lengths[i]);
		assert_int_equal(send(fd, head, 2, 0), 2);
		assert_true(ends(w, fd));
		close(fd);
	}
	assert_int_equal(w->packets, 0);
	assert_int_equal(open_now(w), 0);
}

static void half_closed_client_gets_all_its_answers(void **state)
{
	struct world *w = *state;
	int fd;

	end_idle_soon();
	fd = client(w);
	w->mode = KEEP;
	say(fd, TEXT, 100); /* more than may be in flight */
	shutdown(fd, SHUT_WR);
	turns(w, 250); /* longer than the idle time: it waits for us */
	assert_int_equal(w->packets, TCP_PENDING);
	for (unsigned i = 0; i < 100; i++) {
		if (i == TCP_PENDING)
			take(w, 100);
		tcp_reply(w->kept[i], (const uint8_t *)TEXT, sizeof(TEXT) - 1);
	}
	assert_true(hears(w, fd, 100 * FRAME));
	assert_true(ends(w, fd));
	assert_int_equal(open_now(w), 0);
	close(fd);
}

static void questions_in_flight_are_bounded(void **state)
{
	struct world *w = *state;
	int fd = client(w);
	bool closed;

	w->mode = KEEP;
	say(fd, TEXT, 200);
	take(w, TCP_PENDING);
	turns(w, 10);
	assert_int_equal(w->packets, TCP_PENDING);
	w->mode = FORGET;
	for (unsigned i = 0; i < TCP_PENDING; i++)
		tcp_forget(w->kept[i]);
	take(w, 200);
	assert_int_equal(heard(w, fd, 5, &closed), 0);
	assert_false(closed);
	close(fd);
}

static void forgotten_last_question_ends_a_half_closed_connection(void **state)
{
	struct world *w = *state;
	int fd = client(w);

	w->mode = KEEP;
	say(fd, TEXT, 1);
	shutdown(fd, SHUT_WR);
	take(w, 1);
	tcp_forget(w->kept[0]);
	assert_true(ends(w, fd));
	close(fd);
}

static void what_is_no_question_ends_the_connection(void **state)
{
	struct world *w = *state;
	int fd = client(w);

	w->mode = GIVE_UP;
	say(fd, TEXT, 5);
	assert_true(ends(w, fd));
	assert_int_equal(w->packets, 1);
	assert_int_equal(open_now(w), 0);
	close(fd);
}

static void questions_before_what_is_none_are_answered(void **state)
{
	struct world *w = *state;
	int fd = client(w);

	w->mode = KEEP;
	say(fd, TEXT, 2);
	take(w, 2);
	w->mode = GIVE_UP;
	say(fd, TEXT, 1);
	take(w, 3);
	tcp_reply(w->kept[0], (const uint8_t *)TEXT, sizeof(TEXT) - 1);
	turns(w, 3);
	assert_int_equal(open_now(w), 1);
	tcp_reply(w->kept[1], (const uint8_t *)TEXT, sizeof(TEXT) - 1);
	assert_true(hears(w, fd, 2 * FRAME));
	assert_true(ends(w, fd));
	close(fd);
}

static void client_that_does_not_read_is_read_no_more(void **state)
{
	struct world *w = *state;
	unsigned packets;
	bool closed;
	int fd;

	fd = small_client(w);
	w->mode = LARGE;
	for (int i = 0; i < 40; i++) {
		say(fd, TEXT, 50);
		turns(w, 1);
	}
	packets = w->packets;
	assert_true(packets < 10); /* what the kernel and TCP_OUTPUT_BYTES take */
	say(fd, TEXT, 1);
	turns(w, 20);
	assert_int_equal(w->packets, packets);
	heard(w, fd, 100, &closed); /* now it reads */
	assert_true(w->packets > packets);
	assert_false(closed);
	close(fd);
}

/* Answers that come late, all at once, to a client that does not read. */
static void output_is_bounded_for_late_answers_too(void **state)
{
	static const uint8_t large[65535];
	struct world *w = *state;
	int fd = small_client(w);

	w->mode = KEEP;
	say(fd, TEXT, TCP_PENDING);
	take(w, TCP_PENDING);
	for (unsigned i = 0; i < TCP_PENDING; i++) {
		tcp_reply(w->kept[i], large, sizeof(large));
		if (i == TCP_PENDING / 2)
			turns(w, 1);
	}
	assert_int_equal(open_now(w), 0); /* 4 MiB: it went too far */
	close(fd);
}

static void idle_connection_is_closed(void **state)
{
	struct world *w = *state;
	int fd;

	end_idle_soon();
	fd = client(w);
	say(fd, TEXT, 1);
	assert_true(hears(w, fd, FRAME));
	assert_true(ends(w, fd));
	close(fd);
}

static void connection_whose_question_is_in_flight_is_not_idle(void **state)
{
	struct world *w = *state;
	int fd;
	bool closed;

	end_idle_soon();
	fd = client(w);
	w->mode = KEEP;
	say(fd, TEXT, 1);
	assert_int_equal(heard(w, fd, 400, &closed), 0);
	assert_false(closed);
	tcp_reply(w->kept[0], (const uint8_t *)TEXT, sizeof(TEXT) - 1);
	assert_true(hears(w, fd, FRAME));
	close(fd);
}

/* It sends no more, but it has not got all it asked for. */
static void slow_reader_is_not_idle(void **state)
{
	struct world *w = *state;
	int fd;

	end_idle_soon();
	idle_write.tv_sec = 10;
	fd = small_client(w);
	w->mode = LARGE;
	say(fd, TEXT, 4);
	take(w, 4);
	turns(w, 500); /* longer than a client may say nothing */
	assert_true(hears(w, fd, 4 * 60002));
	close(fd);
}

/* One byte now and then keeps a connection from being idle, not from being closed. */
static void dripping_client_is_closed(void **state)
{
	struct world *w = *state;
	int fd = client(w);
	bool closed = false;

	assert_int_equal(send(fd, "\001", 1, 0), 1);
	turns(w, 5);
	for (int i = 0; i < 20 && !closed; i++) {
		ahead_s += 1;
		send(fd, "\1", 1, MSG_NOSIGNAL);
		heard(w, fd, 3, &closed);
	}
	assert_true(closed);
	assert_in_range(ahead_s, TCP_IDLE_S - 1, TCP_IDLE_S + 2);
	close(fd);
}

static void steady_client_is_not_closed(void **state)
{
	struct world *w = *state;
	int fd = client(w);

	for (int i = 0; i < 30; i++) {
		ahead_s += 1;
		say(fd, TEXT, 1);
		assert_true(hears(w, fd, FRAME));
	}
	close(fd);
}

static void connections_are_bounded(void **state)
{
	struct world *w = *state;
	int fds[TCP_CONNECTIONS + 20];
	struct tcp_stats s;
	unsigned n = 0;

	for (unsigned i = 0; i < TCP_CLIENT_CONNECTIONS + 3; i++)
		fds[n++] = client_from(w, 1);
	assert_true(settles(w, TCP_CLIENT_CONNECTIONS));
	turns(w, 5);
	tcp_get_stats(w->t, &s);
	assert_int_equal(s.open, TCP_CLIENT_CONNECTIONS);
	assert_int_equal(s.refused, 3);
	for (unsigned i = 0; n < ARRAY_SIZE(fds); i++) {
		fds[n++] = client_from(w, (uint8_t)(2 + i / TCP_CLIENT_CONNECTIONS));
		if (i % 50 == 0)
			turns(w, 2);
	}
	assert_true(settles(w, TCP_CONNECTIONS));
	while (n--)
		close(fds[n]);
	assert_true(settles(w, 0));
	close(client(w));
}

/* It has had no time to ask yet, and those that have asked are not idler for that. */
static void one_that_just_came_does_not_give_way(void **state)
{
	struct world *w = *state;
	int fds[TCP_CONNECTIONS], fresh, next;

	for (unsigned i = 0; i < TCP_CONNECTIONS; i++) {
		fds[i] = client_from(w, (uint8_t)(2 + i / TCP_CLIENT_CONNECTIONS));
		say(fds[i], TEXT, 1);
		assert_true(hears(w, fds[i], FRAME));
	}
	ahead_s = 1;
	fresh = client(w);
	turns(w, 3);
	next = client_from(w, 100);
	turns(w, 3);
	say(fresh, TEXT, 1);
	assert_true(hears(w, fresh, FRAME));
	say(next, TEXT, 1);
	assert_true(hears(w, next, FRAME));
	for (unsigned i = 0; i < TCP_CONNECTIONS; i++)
		close(fds[i]);
	close(fresh);
	close(next);
}

/* All places but one are taken by who never asks; one by who does, for a while. */
static void the_idlest_gives_way_to_a_new_connection(void **state)
{
	struct world *w = *state;
	int fds[TCP_CONNECTIONS], extra[50], honest;
	struct tcp_stats s;
	bool closed;

	honest = client(w);
	say(honest, TEXT, 1);
	assert_true(hears(w, honest, FRAME));
	assert_int_equal(tcp_idle_s(w->t), TCP_IDLE_S);
	for (unsigned i = 0; i < TCP_CONNECTIONS - 1; i++) {
		fds[i] = client_from(w, (uint8_t)(2 + i / TCP_CLIENT_CONNECTIONS));
		if (i % 50 == 0)
			turns(w, 2);
	}
	assert_true(settles(w, TCP_CONNECTIONS));
	assert_int_equal(tcp_idle_s(w->t), TCP_IDLE_MANY_S);
	for (unsigned i = 0; i < ARRAY_SIZE(extra); i++) {
		ahead_s = 1; /* they are younger */
		extra[i] = client_from(w, (uint8_t)(100 + i / TCP_CLIENT_CONNECTIONS));
		turns(w, 1);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(extra); i++) {
		say(extra[i], TEXT, 1);
		assert_true(hears(w, extra[i], FRAME));
	}
	tcp_get_stats(w->t, &s);
	assert_int_equal(s.evicted, ARRAY_SIZE(extra));
	assert_int_equal(s.open, TCP_CONNECTIONS);
	say(honest, TEXT, 1);
	assert_true(hears(w, honest, FRAME));
	heard(w, fds[0], 1, &closed);
	assert_true(closed);
	for (unsigned i = 0; i < TCP_CONNECTIONS - 1; i++)
		close(fds[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(extra); i++)
		close(extra[i]);
	close(honest);
}

static void none_whose_question_is_in_flight_gives_way(void **state)
{
	struct world *w = *state;
	int fds[TCP_CONNECTIONS], late;
	bool closed = false;

	w->mode = KEEP;
	for (unsigned i = 0; i < TCP_CONNECTIONS; i++) {
		fds[i] = client_from(w, (uint8_t)(2 + i / TCP_CLIENT_CONNECTIONS));
		say(fds[i], TEXT, 1);
		take(w, i + 1);
	}
	late = client_from(w, 200);
	for (unsigned i = 0; i < 5000 && !closed; i++)
		heard(w, late, 0, &closed);
	assert_true(closed);
	assert_int_equal(open_now(w), TCP_CONNECTIONS);
	for (unsigned i = 0; i < TCP_CONNECTIONS; i++) {
		tcp_forget(w->kept[i]);
		close(fds[i]);
	}
	assert_true(settles(w, 0));
	close(late);
}

static void the_limit_of_one_address_is_as_told(void **state)
{
	struct world *w = *state;
	int fds[4];

	tcp_limit(w->t, 2);
	for (unsigned i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = client_from(w, 1);
	turns(w, 5);
	assert_true(settles(w, 2));
	for (unsigned i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

static void the_limit_counts_connections_as_they_are_admitted(void **state)
{
	struct world *w = *state;
	int fds[4];

	w->is_one = true;
	tcp_limit(w->t, 2);
	for (unsigned i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = client_from(w, (uint8_t)(i + 1));
	turns(w, 5);
	assert_true(settles(w, 2));
	for (unsigned i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

/* All places are taken by who has not asked for long: none of them gives way to a stranger. */
static void one_that_is_not_admitted_costs_nobody_a_place(void **state)
{
	struct world *w = *state;
	int fds[TCP_CONNECTIONS], stranger;
	struct tcp_stats s;

	for (unsigned i = 0; i < TCP_CONNECTIONS; i++) {
		fds[i] = client_from(w, (uint8_t)(2 + i / TCP_CLIENT_CONNECTIONS));
		if (i % 50 == 0)
			turns(w, 2);
	}
	assert_true(settles(w, TCP_CONNECTIONS));
	ahead_s = 1;
	w->is_shut = true;
	stranger = client_from(w, 200);
	assert_true(ends(w, stranger));
	tcp_get_stats(w->t, &s);
	assert_int_equal(s.turned_away, 1);
	assert_int_equal(s.evicted + s.refused, 0);
	assert_int_equal(s.open, TCP_CONNECTIONS);
	for (unsigned i = 0; i < TCP_CONNECTIONS; i++)
		close(fds[i]);
	close(stranger);
}

static void who_is_no_longer_admitted_is_closed_by_a_review(void **state)
{
	struct world *w = *state;
	int stays = client_from(w, 1), goes = client_from(w, 2), waits = client_from(w, 3);
	struct tcp_stats s;
	bool closed;

	w->mode = KEEP;
	assert_true(settles(w, 3));
	say(waits, TEXT, 1);
	take(w, 1);
	tcp_review(w->t);
	assert_int_equal(open_now(w), 3);
	w->is_shut = true;
	tcp_review(w->t);
	assert_true(ends(w, goes));
	assert_true(ends(w, waits));
	assert_int_equal(heard(w, stays, 1, &closed), 0);
	assert_false(closed);
	tcp_review(w->t); /* what waits for its question is not counted twice */
	tcp_get_stats(w->t, &s);
	assert_int_equal(s.turned_away, 2);
	assert_int_equal(s.open, 1);
	tcp_reply(w->kept[0], (const uint8_t *)TEXT, 16);
	close(stays);
	close(goes);
	close(waits);
}

static void end_with_questions_in_flight_waits_for_them(void **state)
{
	struct world *w = *state;
	int a = client(w), b = client(w);

	w->mode = KEEP;
	say(a, TEXT, 2);
	say(b, TEXT, 1);
	take(w, 3);
	close(b);
	turns(w, 5);
	tcp_free(w->t);
	w->t = NULL;
	for (unsigned i = 0; i < 3; i++)
		if (i % 2)
			tcp_forget(w->kept[i]);
		else
			tcp_reply(w->kept[i], (const uint8_t *)TEXT, 16);
	close(a);
	turns(w, 2);
}

static void reload_keeps_open_connections(void **state)
{
	struct world *w = *state;
	struct sockaddr_storage ss;
	socklen_t len = addr_port_to_sockaddr(&w->at, &ss);
	int fd = client(w), other;

	tcp_mark(w->t);
	tcp_sweep(w->t);
	say(fd, TEXT, 1);
	assert_true(hears(w, fd, FRAME));
	other = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(other, (struct sockaddr *)&ss, len), -1);
	close(other);
	close(fd);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(pipelined_messages_are_all_answered),
		TEST(message_may_come_byte_by_byte),
		TEST(bad_length_ends_the_connection),
		TEST(half_closed_client_gets_all_its_answers),
		TEST(questions_in_flight_are_bounded),
		TEST(forgotten_last_question_ends_a_half_closed_connection),
		TEST(what_is_no_question_ends_the_connection),
		TEST(questions_before_what_is_none_are_answered),
		TEST(client_that_does_not_read_is_read_no_more),
		TEST(output_is_bounded_for_late_answers_too),
		TEST(idle_connection_is_closed),
		TEST(connection_whose_question_is_in_flight_is_not_idle),
		TEST(slow_reader_is_not_idle),
		TEST(dripping_client_is_closed),
		TEST(steady_client_is_not_closed),
		TEST(connections_are_bounded),
		TEST(the_idlest_gives_way_to_a_new_connection),
		TEST(one_that_just_came_does_not_give_way),
		TEST(none_whose_question_is_in_flight_gives_way),
		TEST(the_limit_of_one_address_is_as_told),
		TEST(the_limit_counts_connections_as_they_are_admitted),
		TEST(one_that_is_not_admitted_costs_nobody_a_place),
		TEST(who_is_no_longer_admitted_is_closed_by_a_review),
		TEST(end_with_questions_in_flight_waits_for_them),
		TEST(reload_keeps_open_connections),
	};

	signal(SIGPIPE, SIG_IGN); /* as a child process does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
