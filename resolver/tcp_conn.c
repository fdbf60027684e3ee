/* One TCP client: its messages and how long it may take; see tcp.h. */
#include "resolver/tcp_parts.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/util.h"
#include "resolver/wire.h"

void tcp_conn_unlink(struct tcp_conn *c)
{
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
}

void tcp_conn_close(struct tcp_conn *c)
{
	if (c->be) {
		/* Its descriptor is free at once, not at the end of the turn. */
		int fd = bufferevent_getfd(c->be);

		bufferevent_setfd(c->be, -1);
		close(fd);
		bufferevent_free(c->be);
		c->be = NULL;
		if (c->owner)
			c->owner->stats.open--;
	}
	if (c->pending)
		return;
	if (c->owner)
		tcp_conn_unlink(c);
	free(c);
}

static size_t unread(struct tcp_conn *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->be));
}

static bool is_full(struct tcp_conn *c)
{
	return c->pending >= TCP_PENDING || unread(c) >= TCP_OUTPUT_BYTES;
}

/* Take whole messages out of the input while the client is within its limits.
 * @return false if the connection is gone */
static bool take_messages(struct tcp_conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->be);
	uint8_t packet[WIRE_QUERY_MAX], head[2];

	while (!is_full(c)) {
		size_t len;

		if (evbuffer_copyout(in, head, 2) < 2)
			break;
		len = load_be16(head);
		if (len < WIRE_HEAD || len > WIRE_QUERY_MAX) {
			tcp_conn_close(c);
			return false;
		}
		if (evbuffer_get_length(in) < len + 2)
			break;
		evbuffer_drain(in, 2);
		evbuffer_remove(in, packet, len);
		c->pending++;
		c->partial_ms = 0;
		c->asked_ms = clock_mono_ms();
		c->owner->ops->packet(c->owner->arg, &c->asker, packet, len);
	}
	return true;
}

/* Read on, or wait until the client took its answers; a connection whose client has ended
 * and got everything is closed. */
static void settle(struct tcp_conn *c)
{
	if (c->ended && !c->pending && !unread(c)) {
		tcp_conn_close(c);
		return;
	}
	if (is_full(c) || c->ended)
		bufferevent_disable(c->be, EV_READ);
	else
		bufferevent_enable(c->be, EV_READ);
}

/* A byte now and then resets the timeout of reading, but a message is to come whole in that
 * time. */
static bool is_dripping(struct tcp_conn *c)
{
	uint64_t now_ms = clock_mono_ms();

	if (is_full(c) || !evbuffer_get_length(bufferevent_get_input(c->be)))
		c->partial_ms = 0;
	else if (!c->partial_ms)
		c->partial_ms = now_ms;
	return c->partial_ms && now_ms - c->partial_ms > TCP_IDLE_S * 1000;
}

static void on_read(struct bufferevent *be, void *arg)
{
	struct tcp_conn *c = arg;

	(void)be;
	if (!take_messages(c))
		return;
	if (is_dripping(c))
		tcp_conn_close(c);
	else
		settle(c);
}

/* The output is empty: also look at messages that waited in the input. */
static void on_written(struct bufferevent *be, void *arg)
{
	on_read(be, arg);
}

static void on_event(struct bufferevent *be, short what, void *arg)
{
	struct tcp_conn *c = arg;

	(void)be;
	if (what & BEV_EVENT_EOF) {
		c->ended = true;
		if (take_messages(c))
			settle(c);
		return;
	}
	/* It waits for us, not we for it, or it is still reading: who does not read at all
	 * runs into the other timeout. */
	if ((what & BEV_EVENT_TIMEOUT) && (what & BEV_EVENT_READING) &&
	    (c->pending || unread(c))) {
		bufferevent_enable(c->be, EV_READ);
		return;
	}
	tcp_conn_close(c);
}

int tcp_conn_open(struct tcp *t, int fd, const struct asker *asker, const struct addr *who)
{
	struct timeval idle = { tcp_idle_s(t), 0 };
	struct tcp_conn *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->be = bufferevent_socket_new(t->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!c->be) {
		free(c);
		return -ENOMEM;
	}
	c->owner = t;
	c->asker = *asker;
	c->asker.tcp = c;
	c->who = *who;
	c->opened_ms = clock_mono_ms();
	c->next = t->conns;
	c->link = &t->conns;
	if (c->next)
		c->next->link = &c->next;
	t->conns = c;
	t->stats.open++;
	bufferevent_setwatermark(c->be, EV_READ, 0, WIRE_QUERY_MAX + 2);
	bufferevent_set_timeouts(c->be, &idle, &idle);
	bufferevent_setcb(c->be, on_read, on_written, on_event, c);
	bufferevent_enable(c->be, EV_READ | EV_WRITE);
	return 0;
}

void tcp_reply(struct tcp_conn *c, const uint8_t *wire, size_t len)
{
	uint8_t head[2];

	c->pending--;
	if (!c->be) {
		tcp_conn_close(c);
		return;
	}
	/* Never while its messages are being taken: that ends at TCP_OUTPUT_BYTES. */
	if (unread(c) > TCP_OUTPUT_MAX) {
		tcp_conn_close(c);
		return;
	}
	store_be16(head, (uint16_t)len);
	bufferevent_write(c->be, head, 2);
	bufferevent_write(c->be, wire, len);
}

void tcp_forget(struct tcp_conn *c)
{
	c->pending--;
	if (!c->be)
		tcp_conn_close(c);
	else /* settle after this turn's callbacks: the caller may be reading from it */
		bufferevent_trigger(c->be, EV_WRITE, BEV_OPT_DEFER_CALLBACKS);
}

void tcp_give_up(struct tcp_conn *c)
{
	if (c->be) {
		struct evbuffer *in = bufferevent_get_input(c->be);

		evbuffer_drain(in, evbuffer_get_length(in));
		c->ended = true;
	}
	tcp_forget(c);
}
