/* UDP sockets towards clients, on loopback: who gets which answer from where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/util.h"
#include "resolver/listener.h"
#include "resolver/wire.h"

#define KEPT 8

/* What arrived; answered at once unless kept. */
struct world {
	struct event_base *base;
	struct listener *l;
	unsigned packets;
	bool keep;
	struct asker kept[KEPT];
};

static void answer(const struct asker *to, const char *text)
{
	strcpy((char *)udp_reserve(to->udp), text);
	udp_commit(to, strlen(text));
}

static void on_packet(void *arg, const struct asker *from, const uint8_t *packet, size_t len)
{
	struct world *w = arg;

	(void)packet;
	assert_true(len > 0 && len <= WIRE_QUERY_MAX);
	if (w->keep) {
		udp_hold(from->udp);
		w->kept[w->packets % KEPT] = *from;
	} else {
		answer(from, "now");
	}
	w->packets++;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->base = event_base_new();
	assert_int_equal(listener_new(w->base, on_packet, w, &w->l), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	listener_free(w->l);
	event_base_free(w->base);
	free(w);
	return 0;
}

/* Serve an address, any port; at gets the port. */
static void serve(struct world *w, const char *text, struct addr_port *at)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd, on = 1;

	assert_int_equal(addr_port_from_text(text, 0, at), 0);
	len = addr_port_to_sockaddr(at, &ss);
	fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (ss.ss_family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	else
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	assert_int_equal(bind(fd, (struct sockaddr *)&ss, len), 0);
	len = sizeof(ss);
	getsockname(fd, (struct sockaddr *)&ss, &len);
	addr_port_from_sockaddr((struct sockaddr *)&ss, at);
	assert_int_equal(listener_add(w->l, fd, at), 0);
}

/* A client that hears only who it asked. */
static int client(const char *address, uint16_t port)
{
	struct sockaddr_storage ss;
	struct addr_port to;
	socklen_t len;
	int fd;

	assert_int_equal(addr_port_from_text(address, port, &to), 0);
	len = addr_port_to_sockaddr(&to, &ss);
	fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&ss, len), 0);
	assert_int_equal(send(fd, "?", 1, 0), 1);
	return fd;
}

static void turn(struct world *w)
{
	event_base_loop(w->base, EVLOOP_NONBLOCK);
	listener_flush(w->l);
}

static bool hears(int fd, const char *text)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[64];
	ssize_t n;

	if (poll(&p, 1, 200) != 1)
		return false;
	n = recv(fd, buf, sizeof(buf), 0);
	return n == (ssize_t)strlen(text) && !memcmp(buf, text, (size_t)n);
}

static void answer_comes_from_the_address_that_was_asked(void **state)
{
	static const struct {
		const char *served, *asked;
	} cases[] = {
		{ "0.0.0.0", "127.0.0.1" },
		{ "0.0.0.0", "127.0.0.9" },
		{ "127.0.0.3", "127.0.0.3" },
		{ "::", "::1" },
		{ "::", "::ffff:127.0.0.5" }, /* a socket of both families */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct addr_port at;
		struct world *w;
		int fd;

		setup((void **)&w);
		serve(w, cases[i].served, &at);
		fd = client(cases[i].asked, at.port);
		turn(w);
		assert_int_equal(w->packets, 1);
		assert_true(hears(fd, "now"));
		close(fd);
		teardown((void **)&w);
	}
	assert_int_equal(setup(state), 0);
}

static void batch_is_answered_to_the_last(void **state)
{
	struct world *w = *state;
	struct listener_stats stats;
	struct addr_port at;
	int fds[200];

	serve(w, "127.0.0.1", &at);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = client("127.0.0.1", at.port);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		turn(w);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		assert_true(hears(fds[i], "now"));
		close(fds[i]);
	}
	listener_get_stats(w->l, &stats);
	assert_int_equal(stats.received, ARRAY_SIZE(fds));
	assert_int_equal(stats.sent, ARRAY_SIZE(fds));
}

static void refused_answer_does_not_hold_up_the_others(void **state)
{
	struct world *w = *state;
	struct listener_stats stats;
	struct addr_port at;
	struct asker nowhere;
	int fd;

	w->keep = true;
	serve(w, "127.0.0.1", &at);
	fd = client("127.0.0.1", at.port);
	turn(w);
	nowhere = w->kept[0];
	memset(nowhere.from.addr.bytes, 255, 4); /* broadcast: the kernel refuses */
	answer(&nowhere, "lost");
	answer(&w->kept[0], "heard");
	turn(w);
	assert_true(hears(fd, "heard"));
	listener_get_stats(w->l, &stats);
	assert_int_equal(stats.send_failed, 1);
	udp_release(w->kept[0].udp);
	close(fd);
}

static void oversized_packets_are_dropped(void **state)
{
	static char large[WIRE_QUERY_MAX + 1];
	struct world *w = *state;
	struct addr_port at;
	int fd;

	serve(w, "127.0.0.1", &at);
	fd = client("127.0.0.1", at.port);
	assert_int_equal(send(fd, large, sizeof(large), 0), sizeof(large));
	assert_int_equal(send(fd, large, sizeof(large) - 1, 0), sizeof(large) - 1);
	turn(w);
	assert_int_equal(w->packets, 2);
	close(fd);
}

static void answer_through_a_closed_socket_leaves_at_once(void **state)
{
	struct world *w = *state;
	struct addr_port at;
	int first, second;

	w->keep = true;
	serve(w, "127.0.0.1", &at);
	first = client("127.0.0.1", at.port);
	second = client("127.0.0.1", at.port);
	turn(w);
	assert_int_equal(w->packets, 2);
	listener_mark(w->l);
	listener_sweep(w->l);
	answer(&w->kept[0], "first");
	udp_release(w->kept[0].udp);
	turn(w);
	assert_true(hears(first, "first")); /* while the second still waits */
	answer(&w->kept[1], "second");
	udp_release(w->kept[1].udp);
	assert_true(hears(second, "second"));
	close(first);
	close(second);
}

static void reload_keeps_the_sockets_that_stay(void **state)
{
	struct world *w = *state;
	struct addr_port stays, goes;
	int fd;

	serve(w, "127.0.0.1", &stays);
	serve(w, "127.0.0.2", &goes);
	listener_mark(w->l);
	assert_int_equal(listener_add(w->l, dup(0), &stays), 0); /* once more: closed */
	listener_sweep(w->l);
	fd = client("127.0.0.1", stays.port);
	turn(w);
	assert_true(hears(fd, "now"));
	close(fd);
	fd = client("127.0.0.2", goes.port);
	turn(w);
	assert_int_equal(w->packets, 1);
	close(fd);
}

static void sockets_are_bounded(void **state)
{
	struct world *w = *state;
	struct addr_port at;

	for (unsigned i = 0; i < LISTENER_SOCKETS; i++)
		serve(w, "127.0.0.1", &at);
	at.port++;
	at.addr.bytes[3] = 77;
	assert_int_equal(listener_add(w->l, dup(0), &at), -ENOSPC);
}

static void stopped_listener_still_answers(void **state)
{
	struct world *w = *state;
	struct addr_port at;
	int fd;

	w->keep = true;
	serve(w, "127.0.0.1", &at);
	fd = client("127.0.0.1", at.port);
	turn(w);
	listener_stop(w->l);
	assert_int_equal(send(fd, "?", 1, 0), 1);
	turn(w);
	assert_int_equal(w->packets, 1);
	answer(&w->kept[0], "late");
	udp_release(w->kept[0].udp);
	turn(w);
	assert_true(hears(fd, "late"));
	listener_start(w->l); /* what came meanwhile has waited */
	turn(w);
	assert_int_equal(w->packets, 2);
	udp_release(w->kept[1].udp);
	close(fd);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(answer_comes_from_the_address_that_was_asked, teardown),
		TEST(batch_is_answered_to_the_last),
		TEST(refused_answer_does_not_hold_up_the_others),
		TEST(oversized_packets_are_dropped),
		TEST(answer_through_a_closed_socket_leaves_at_once),
		TEST(reload_keeps_the_sockets_that_stay),
		TEST(sockets_are_bounded),
		TEST(stopped_listener_still_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
