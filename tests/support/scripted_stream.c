/* The scripted upstream's TCP; see scripted_upstream.h. */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/util.h"
#include "tests/support/scripted_internal.h"

#define DRIP_MS 100

struct scripted_connection {
	LIST_ENTRY(scripted_connection) link;
	struct scripted_upstream *su;
	struct event *readable, *writable; /* owned */
	int fd;
	size_t in_len, out_len;
	uint8_t in[4096];
	uint8_t out[(2 + SCRIPTED_MAX) * 2];
};

static void connection_free(struct scripted_connection *c)
{
	LIST_REMOVE(c, link);
	event_free(c->readable);
	event_free(c->writable);
	close(c->fd);
	free(c);
}

/** Queue the answer of one framed query. */
static void answer(struct scripted_connection *c, const uint8_t *wire, size_t len)
{
	struct scripted_upstream *su = c->su;
	uint8_t *at = c->out + c->out_len;
	struct scripted_query q;
	size_t n;

	su->counts.tcp_queries++;
	if (su->behaviour->stream == STREAM_SILENT || scripted_read(wire, len, &q))
		return;
	n = scripted_write(&q, su->behaviour->kind, su->behaviour->rcode, at + 2);
	store_be16(at, (uint16_t)n);
	if (su->behaviour->stream == STREAM_HALF)
		n /= 2;
	c->out_len += 2 + n;
}

/** Answer all whole queries for whose answers there is room. */
static void answer_all(struct scripted_connection *c)
{
	size_t at = 0;

	while (c->in_len - at >= 2 && c->in_len - at >= 2u + load_be16(c->in + at) &&
	       sizeof(c->out) - c->out_len >= 2 + SCRIPTED_MAX) {
		if (c->su->behaviour->stream != STREAM_CLOSE || !c->out_len)
			answer(c, c->in + at + 2, load_be16(c->in + at));
		at += 2u + load_be16(c->in + at);
	}
	c->in_len -= at;
	memmove(c->in, c->in + at, c->in_len);
	if (c->in_len == sizeof(c->in))
		event_del(c->readable);
	else
		event_add(c->readable, NULL);
}

static void on_writable(evutil_socket_t fd, short events, void *arg)
{
	struct timeval drip = { .tv_usec = DRIP_MS * 1000 };
	struct scripted_connection *c = arg;
	enum stream_way way = c->su->behaviour->stream;
	ssize_t n = send(fd, c->out,
			 way == STREAM_DRIP ? MIN(c->out_len, 1u) : c->out_len,
			 MSG_NOSIGNAL | MSG_DONTWAIT);

	(void)events;
	if (n < 0 && errno != EAGAIN) {
		connection_free(c);
		return;
	}
	c->out_len -= (size_t)MAX(n, 0);
	memmove(c->out, c->out + MAX(n, 0), c->out_len);
	if (!c->out_len && way == STREAM_CLOSE) {
		connection_free(c);
		return;
	}
	answer_all(c);
	if (c->out_len && way == STREAM_DRIP)
		evtimer_add(c->writable, &drip);
	else if (c->out_len)
		event_add(c->writable, NULL);
}

static void on_readable(evutil_socket_t fd, short events, void *arg)
{
	struct scripted_connection *c = arg;
	ssize_t n = recv(fd, c->in + c->in_len, sizeof(c->in) - c->in_len, MSG_DONTWAIT);

	(void)events;
	if (n <= 0) {
		connection_free(c);
		return;
	}
	c->in_len += (size_t)n;
	answer_all(c);
	if (c->out_len)
		on_writable(fd, EV_WRITE, c);
}

void scripted_on_connection(int fd, short events, void *arg)
{
	struct scripted_upstream *su = arg;
	int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct scripted_connection *c;

	(void)events;
	if (peer < 0)
		return;
	c = calloc(1, sizeof(*c));
	if (!c)
		abort();
	su->counts.tcp_connections++;
	c->su = su;
	c->fd = peer;
	c->readable = event_new(su->base, peer, EV_READ | EV_PERSIST, on_readable, c);
	c->writable = event_new(su->base, peer,
				su->behaviour->stream == STREAM_DRIP ? 0 : EV_WRITE,
				on_writable, c);
	LIST_INSERT_HEAD(&su->connections, c, link);
	event_add(c->readable, NULL);
}

void scripted_close_connections(struct scripted_upstream *su)
{
	while (!LIST_EMPTY(&su->connections))
		connection_free(LIST_FIRST(&su->connections));
}
