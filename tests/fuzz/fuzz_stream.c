/*
 * Any bytes as what a TCP client sends, in pieces: the first byte says how large they are, and
 * whether questions are answered, forgotten or kept waiting. No connection may outlive its
 * client.
 */
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/util.h"
#include "resolver/tcp.h"
#include "resolver/wire.h"

#define CHECK(what)              \
	do {                     \
		if (!(what))     \
			abort(); \
	} while (0)
#define TURNS_MAX 10000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct world {
	struct event_base *base;
	struct tcp *tcp;
	struct addr_port at;
	unsigned how; /* 0 answer, 1 forget, 2 wait */
	struct tcp_conn *waiting[TCP_PENDING];
	unsigned count;
} w;

static void on_packet(void *arg, const struct asker *from, const uint8_t *packet, size_t len)
{
	(void)arg;
	CHECK(len >= WIRE_HEAD && len <= WIRE_QUERY_MAX);
	if (w.how == 0)
		tcp_reply(from->tcp, packet, len);
	else if (w.how == 1)
		tcp_forget(from->tcp);
	else {
		CHECK(w.count < TCP_PENDING);
		w.waiting[w.count++] = from->tcp;
	}
}

static bool admit(void *arg, const struct asker *from, struct addr *who)
{
	(void)arg;
	*who = from->from.addr;
	return true;
}

static void begin(void)
{
	static const struct tcp_ops ops = { on_packet, admit };
	struct addr_port loopback = { .addr = { AF_INET, { 127, 0, 0, 1 } } };
	struct sockaddr_storage ss;
	socklen_t len = addr_port_to_sockaddr(&loopback, &ss);
	int fd;

	if (w.base)
		return;
	signal(SIGPIPE, SIG_IGN); /* as child.c does */
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	w.base = event_base_new();
	CHECK(w.base && !tcp_new(w.base, &ops, NULL, &w.tcp));
	CHECK(!bind(fd, (struct sockaddr *)&ss, len) && !listen(fd, 16));
	len = sizeof(ss);
	CHECK(!getsockname(fd, (struct sockaddr *)&ss, &len));
	CHECK(!addr_port_from_sockaddr((struct sockaddr *)&ss, &w.at));
	CHECK(!tcp_add(w.tcp, fd, &w.at));
}

static unsigned open_now(void)
{
	struct tcp_stats s;

	tcp_get_stats(w.tcp, &s);
	return (unsigned)s.open;
}

/* Questions that wait are answered behind the end of their connection, too. */
static void end_waiting(void)
{
	static const uint8_t reply[WIRE_HEAD];

	for (unsigned i = 0; i < w.count; i++) {
		if (i % 2)
			tcp_reply(w.waiting[i], reply, sizeof(reply));
		else
			tcp_forget(w.waiting[i]);
	}
	w.count = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct linger at_once = { .l_onoff = 1 }; /* no TIME_WAIT for each input */
	struct sockaddr_storage ss;
	size_t piece, at = 1;
	socklen_t len;
	int fd;

	begin();
	if (size < 2)
		return 0;
	w.how = data[0] % 3;
	piece = (size_t)1 << (data[0] / 3 % 13);
	len = addr_port_to_sockaddr(&w.at, &ss);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	CHECK(fd >= 0);
	if (connect(fd, (struct sockaddr *)&ss, len)) { /* all ports are in TIME_WAIT */
		CHECK(errno == EADDRNOTAVAIL);
		close(fd);
		return 0;
	}
	for (unsigned i = 0; i < 64 && at < size; i++) {
		ssize_t n = send(fd, data + at, MIN(piece, size - at), MSG_DONTWAIT | MSG_NOSIGNAL);

		at += n > 0 ? (size_t)n : 0;
		event_base_loop(w.base, EVLOOP_NONBLOCK);
		if (i % 8 == 7)
			end_waiting();
	}
	if (data[0] & 0x80)
		shutdown(fd, SHUT_WR);
	event_base_loop(w.base, EVLOOP_NONBLOCK);
	close(fd);
	for (unsigned i = 0; i < TURNS_MAX && open_now(); i++) {
		event_base_loop(w.base, EVLOOP_NONBLOCK);
		if (i > 2) /* one whose questions are all in flight is not read, so no end is seen */
			end_waiting();
	}
	end_waiting();
	event_base_loop(w.base, EVLOOP_NONBLOCK);
	CHECK(!open_now());
	return 0;
}
