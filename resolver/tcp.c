/* TCP clients: who may come, and who gives way; see tcp.h. */
#include "resolver/tcp_parts.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/util.h"
#include "resolver/tcp_origin.h"

#define ACCEPT_PAUSE_MS 100 /* after an accept failed, for want of descriptors most likely */

struct tcp_socket {
	struct tcp *owner;
	struct addr_port at;
	struct evconnlistener *listener; /* owned, with its descriptor */
	bool marked;
};

static unsigned connections_of(const struct tcp *t, const struct addr *who)
{
	unsigned n = 0;

	for (const struct tcp_conn *c = t->conns; c; c = c->next)
		if (c->be && addr_equal(&c->who, who))
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
	tcp_conn_close(idlest);
	t->stats.evicted++;
	return true;
}

unsigned tcp_idle_s(const struct tcp *t)
{
	return t->stats.open > t->most / 2 ? TCP_IDLE_MANY_S : TCP_IDLE_S;
}

/* By a reset: nothing of it is left in the kernel, as after an end that the other side has to
 * agree to. */
static void turn_away(struct tcp *t, int fd)
{
	static const struct linger at_once = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
	t->stats.turned_away++;
}

static void on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa,
		      int len, void *arg)
{
	struct tcp_socket *s = arg;
	struct tcp *t = s->owner;
	struct asker from = { 0 };
	struct addr who;

	(void)l;
	(void)len;
	if (addr_port_from_sockaddr(sa, &from.from) || tcp_origin(fd, &from) ||
	    !t->ops->admit(t->arg, &from, &who)) {
		turn_away(t, fd);
		return;
	}
	if (connections_of(t, &who) >= t->most_of_client ||
	    (t->stats.open >= t->most && !evict(t)) || tcp_conn_open(t, fd, &from, &who)) {
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

void tcp_review(struct tcp *t)
{
	struct tcp_conn *next;

	for (struct tcp_conn *c = t->conns; c; c = next) {
		next = c->next;
		if (!c->be || t->ops->admit(t->arg, &c->asker, &c->who))
			continue;
		tcp_conn_close(c);
		t->stats.turned_away++;
	}
}

int tcp_new(struct event_base *base, const struct tcp_ops *ops, void *arg, struct tcp **out)
{
	struct tcp *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->base = base;
	t->ops = ops;
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

		tcp_conn_unlink(c);
		c->owner = NULL;
		tcp_conn_close(c);
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
	if (t->count == TCP_SOCKETS || !(s = calloc(1, sizeof(*s)))) {
		close(fd);
		return t->count == TCP_SOCKETS ? -ENOSPC : -ENOMEM;
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

void tcp_get_stats(const struct tcp *t, struct tcp_stats *out)
{
	*out = t->stats;
}
