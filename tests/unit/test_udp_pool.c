/* From which ports packets leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/util.h"
#include "resolver/udp_pool.h"

struct world {
	struct event_base *base;
	struct udp_rx *rx;
	struct udp_pool *pool;
	int server;
};

static void on_packet(void *arg, const struct udp_socket *s, const uint8_t *packet, size_t len)
{
	(void)arg;
	(void)s;
	(void)packet;
	(void)len;
}

static void on_batch(void *arg)
{
	(void)arg;
}

static void on_unreachable(void *arg, int rc, bool renewed)
{
	(void)arg;
	(void)renewed;
	fail_msg("a packet did not leave: %d", rc);
}

static const struct udp_pool_ops ops = { on_packet, on_batch, on_unreachable };

static void begin(struct world *w)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);
	struct addr_port to;

	w->server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(w->server, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(getsockname(w->server, (struct sockaddr *)&sa, &len), 0);
	assert_int_equal(addr_port_from_sockaddr((struct sockaddr *)&sa, &to), 0);
	w->base = event_base_new();
	w->rx = udp_rx_new();
	assert_int_equal(udp_pool_open(w->base, &to, w->rx, &ops, w, &w->pool), 0);
}

static void end(struct world *w)
{
	udp_pool_close(w->pool);
	udp_rx_free(w->rx);
	event_base_free(w->base);
	close(w->server);
}

/* Send one packet. @return the port it came from */
static uint16_t send_one(struct world *w, uint64_t now_ms)
{
	struct udp_socket *socket;
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	uint8_t *bytes, got;

	assert_int_equal(udp_pool_put(w->pool, 1, now_ms, &socket, &bytes), 0);
	*bytes = 7;
	udp_pool_flush(w->pool);
	assert_int_equal(recvfrom(w->server, &got, 1, 0, (struct sockaddr *)&from, &len), 1);
	assert_int_equal(got, 7);
	udp_socket_release(socket);
	return ntohs(from.sin_port);
}

/* A household asks some times a second: each time from another port. Who asks more uses those
 * that are open, at random, but none for long. */
static void ports_are_not_kept(void **state)
{
	static const struct {
		unsigned packets, step_ms, least, most;
	} cases[] = {
		{ 200, UDP_POOL_AGE_MS + 1, 190, 200 }, /* the same by chance */
		{ 400, 50, 250, 400 },			/* 20 a second */
		{ 400, 0, 55, 64 },
		{ UDP_POOL_PACKETS * 66, 0, 65, 192 },
	};
	static uint8_t seen[65536];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned ports = 0;
		struct world w;

		memset(seen, 0, sizeof(seen));
		begin(&w);
		for (unsigned n = 0; n < cases[i].packets; n++) {
			uint16_t port = send_one(&w, 1000000 + (uint64_t)n * cases[i].step_ms);

			assert_true(port >= 1024);
			ports += !seen[port];
			seen[port] = 1;
		}
		print_message("  %u packets, %u ms between them: %u ports\n", cases[i].packets,
			      cases[i].step_ms, ports);
		assert_in_range(ports, cases[i].least, cases[i].most);
		end(&w);
	}
}

/* What waits for an answer keeps its socket, so the answer is heard. */
static void port_stays_open_for_its_answers(void **state)
{
	struct udp_socket *socket[100];
	struct world w;
	uint8_t *bytes;

	(void)state;
	begin(&w);
	for (unsigned i = 0; i < ARRAY_SIZE(socket); i++) {
		assert_int_equal(udp_pool_put(w.pool, 1, 1000000 + i * (UDP_POOL_AGE_MS + 1ull),
					      &socket[i], &bytes), 0);
		udp_pool_flush(w.pool);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(socket); i++) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		uint8_t got;

		assert_int_equal(recvfrom(w.server, &got, 1, 0, (struct sockaddr *)&from, &len), 1);
		/* to a closed port it would be refused, and the next call says so */
		assert_int_equal(sendto(w.server, &got, 1, 0, (struct sockaddr *)&from, len), 1);
		assert_int_equal(recvfrom(w.server, &got, 1, MSG_DONTWAIT | MSG_PEEK, NULL, NULL),
				 i + 1 < ARRAY_SIZE(socket) ? 1 : -1);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(socket); i++)
		udp_socket_release(socket[i]);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_are_not_kept),
		cmocka_unit_test(port_stays_open_for_its_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
