/* TCP clients; see tcp.h. */
#include "resolver/tcp.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/util.h"
#include "resolver/tcp_origin.h"
#include "resolver/wire.h"

#define SOCKETS_MAX    64
#define ACCEPT_PAUSE_MS 100 /* after an accept failed, for want of descriptors most likely */

struct tcp_socket {
	struct tcp *owner;
	struct addr_port at;
	struct evconnlistener *listener; /* owned, with its descriptor */
	bool marked;
};

struct tcp_conn {
	struct tcp *owner; /* NULL: tcp_free was called */
	struct tcp_conn *next, **link;
	struct bufferevent *be; /* owned; NULL: closed, waits for its last question */
	struct asker asker;
	unsigned pending;
	uint64_t asked_ms;   /* when its last question came; 0: none yet */
	uint64_t opened_ms;
	uint64_t partial_ms; /* since when the start of a message waits for its end; 0: none */
	bool ended; /* the client sends no more */
};

struct tcp {
	struct event_base *base; /* borrowed */
	tcp_packet *on_packet;
	void *arg;
	struct tcp_socket *sockets[SOCKETS_MAX];
	unsigned count;
	struct tcp_conn *conns; /* all that are not freed */
	struct event *resume;
	unsigned most, most_of_client; /* connections */
	bool stopped;
	struct log_limit accept_limit;
	struct tcp_stats stats;
};

static void unlink_conn(struct tcp_conn *c)
{
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
}

/* Close; freed now or with its last question. */
static void close_conn(struct tcp_conn *c)
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
		unlink_conn(c);
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
			close_conn(c);
			return false;
		}
		if (evbuffer_get_length(in) < len + 2)
			break;
		evbuffer_drain(in, 2);
		evbuffer_remove(in, packet, len);
		c->pending++;
		c->partial_ms = 0;
		c->asked_ms = clock_mono_ms();
		c->owner->on_packet(c->owner->arg, &c->asker, packet, len);
	}
	return true;
}

/* Read on, or wait until the client took its answers; a connection whose client has ended
 * and got everything is closed. */
static void settle(struct tcp_conn *c)
{
	if (c->ended && !c->pending && !unread(c)) {
		close_conn(c);
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
		close_conn(c);
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
	close_conn(c);
}

static unsigned connections_of(const struct tcp *t, const struct addr *a)
{
	unsigned n = 0;

	for (const struct tcp_conn *c = t->conns; c; c = c->next)
		if (c->be && addr_equal(&c->asker.from.addr, a))
			n++;
	return n;
}

/* It has had the time to ask, and did not. */
static bool is_mute(const struct tcp_conn *c, uint64_t now_ms)
{
	return !c->asked_ms && now_ms - c->opened_ms >= TCP_MUTE_MS;
}

/* First those that are mute, then those of which nothing came for the longest time; none whose
 * question is in flight. */
static bool is_idler(const struct tcp_conn *a, const struct tcp_conn *b, uint64_t now_ms)
{
	if (is_mute(a, now_ms) != is_mute(b, now_ms))
		return is_mute(a, now_ms);
	return MAX(a->asked_ms, a->opened_ms) < MAX(b->asked_ms, b->opened_ms);
}

/* @return false: every connection waits for us */
static bool evict(struct tcp *t)
{
	uint64_t now_ms = clock_mono_ms();
	struct tcp_conn *idlest = NULL;

	for (struct tcp_conn *c = t->conns; c; c = c->next)
		if (c->be && !c->pending && (!idlest || is_idler(c, idlest, now_ms)))
			idlest = c;
	if (!idlest)
		return false;
	close_conn(idlest);
	t->stats.evicted++;
	return true;
}

unsigned tcp_idle_s(const struct tcp *t)
{
	return t->stats.open > t->most / 2 ? TCP_IDLE_MANY_S : TCP_IDLE_S;
}

static int open_conn(struct tcp *t, int fd, const struct asker *asker)
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

static void on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa,
		      int len, void *arg)
{
	struct tcp_socket *s = arg;
	struct tcp *t = s->owner;
	struct asker from = { 0 };

	(void)l;
	(void)len;
	if (addr_port_from_sockaddr(sa, &from.from) || tcp_origin(fd, &from) ||
	    connections_of(t, &from.from.addr) >= t->most_of_client ||
	    (t->stats.open >= t->most && !evict(t)) ||
	    open_conn(t, fd, &from)) {
		t->stats.refused++;
		close(fd);
		return;
	}
	t->stats.accepted++;
}

static void set_accepting(struct tcp *t, bool on)
{
	for (unsigned i = 0; i < t->count; i++) {
		if (on)
			evconnlistener_enable(t->sockets[i]->listener);
		else
			evconnlistener_disable(t->sockets[i]->listener);
	}
}

/* Without a pause a full descriptor table would keep the loop busy. There is no room for as many
 * connections as were thought: new ones take the place of idle ones from now on, and what else
 * needs a descriptor finds one. */
static void on_accept_error(struct evconnlistener *l, void *arg)
{
	static const struct timeval pause_time = { 0, ACCEPT_PAUSE_MS * 1000 };
	struct tcp_socket *s = arg;
	struct tcp *t = s->owner;

	(void)l;
	log_warning_limited(&t->accept_limit, "tcp: accept: %s", strerror(errno));
	t->most = t->stats.open > TCP_SPARE_FDS ? (unsigned)t->stats.open - TCP_SPARE_FDS : 1;
	while (t->stats.open > t->most && evict(t))
		;
	set_accepting(t, false);
	event_add(t->resume, &pause_time);
}

static void on_resume(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	set_accepting(arg, true);
}

void tcp_limit(struct tcp *t, unsigned client_connections)
{
	t->most = TCP_CONNECTIONS;
	t->most_of_client = client_connections;
}

int tcp_new(struct event_base *base, tcp_packet *on_packet, void *arg, struct tcp **out)
{
	struct tcp *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->base = base;
	t->on_packet = on_packet;
	t->arg = arg;
	tcp_limit(t, TCP_CLIENT_CONNECTIONS);
	t->resume = event_new(base, -1, 0, on_resume, t);
	if (!t->resume) {
		free(t);
		return -ENOMEM;
	}
	*out = t;
	return 0;
}

static void free_socket(struct tcp_socket *s)
{
	evconnlistener_free(s->listener);
	free(s);
}

void tcp_free(struct tcp *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < t->count; i++)
		free_socket(t->sockets[i]);
	while (t->conns) {
		struct tcp_conn *c = t->conns;

		unlink_conn(c);
		c->owner = NULL;
		close_conn(c);
	}
	event_free(t->resume);
	free(t);
}

static struct tcp_socket *find_socket(struct tcp *t, const struct addr_port *at)
{
	for (unsigned i = 0; i < t->count; i++)
		if (addr_equal(&t->sockets[i]->at.addr, &at->addr) &&
		    t->sockets[i]->at.port == at->port && t->sockets[i]->at.scope == at->scope)
			return t->sockets[i];
	return NULL;
}

int tcp_add(struct tcp *t, int fd, const struct addr_port *at)
{
	struct tcp_socket *s = find_socket(t, at);

	if (s) {
		s->marked = false;
		close(fd);
		return 0;
	}
	if (t->count == SOCKETS_MAX || !(s = calloc(1, sizeof(*s)))) {
		close(fd);
		return t->count == SOCKETS_MAX ? -ENOSPC : -ENOMEM;
	}
	s->owner = t;
	s->at = *at;
	s->listener = evconnlistener_new(t->base, on_accept, s,
					 LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!s->listener) {
		close(fd);
		free(s);
		return -ENOMEM;
	}
	evconnlistener_set_error_cb(s->listener, on_accept_error);
	if (t->stopped)
		evconnlistener_disable(s->listener);
	t->sockets[t->count++] = s;
	return 0;
}

void tcp_mark(struct tcp *t)
{
	for (unsigned i = 0; i < t->count; i++)
		t->sockets[i]->marked = true;
}

void tcp_keep(struct tcp *t, const struct addr_port *at)
{
	struct tcp_socket *s = find_socket(t, at);

	if (s)
		s->marked = false;
}

void tcp_sweep(struct tcp *t)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < t->count; i++) {
		if (t->sockets[i]->marked)
			free_socket(t->sockets[i]);
		else
			t->sockets[kept++] = t->sockets[i];
	}
	t->count = kept;
}

void tcp_stop(struct tcp *t)
{
	t->stopped = true;
	event_del(t->resume);
	set_accepting(t, false);
}

void tcp_start(struct tcp *t)
{
	t->stopped = false;
	set_accepting(t, true);
}

void tcp_reply(struct tcp_conn *c, const uint8_t *wire, size_t len)
{
	uint8_t head[2];

	c->pending--;
	if (!c->be) {
		close_conn(c);
		return;
	}
	/* Never while its messages are being taken: that ends at TCP_OUTPUT_BYTES. */
	if (unread(c) > TCP_OUTPUT_MAX) {
		close_conn(c);
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
		close_conn(c);
	else /* settle after this turn's callbacks: the caller may be reading from it */
		bufferevent_trigger(c->be, EV_WRITE, BEV_OPT_DEFER_CALLBACKS);
}

void tcp_get_stats(const struct tcp *t, struct tcp_stats *out)
{
	*out = t->stats;
}
