/* The control socket; see control.h. */
#include "resolver/control_parts.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/util.h"
#include "resolver/state.h"
#include "resolver/trust.h"

#define OUTPUT_MAX (32u * 1024 * 1024) /* a client that does not read is dropped there */

static void free_conn(struct control_conn *c)
{
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	c->door->count--;
	bufferevent_free(c->be);
	event_free(c->late);
	free(c);
}

int control_new(struct resolver *r, struct control **out)
{
	struct control *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->r = r;
	for (int i = 0; i < CONTROL_KINDS; i++)
		c->doors[i] = (struct control_door){ .owner = c, .is_reading = i == CONTROL_READING };
	*out = c;
	return 0;
}

void control_free(struct control *c)
{
	if (!c)
		return;
	while (c->conns)
		free_conn(c->conns);
	for (int i = 0; i < CONTROL_KINDS; i++)
		if (c->doors[i].listener)
			evconnlistener_free(c->doors[i].listener);
	free(c);
}

/* Close once the answer has been read. */
static void on_written(struct bufferevent *be, void *arg)
{
	(void)be;
	free_conn(arg);
}

static void on_event(struct bufferevent *be, short what, void *arg)
{
	struct control_conn *c = arg;

	(void)be;
	/* A client may close its sending side and still wait for the answer. */
	if ((what & BEV_EVENT_EOF) && (c->asked || evbuffer_get_length(
							    bufferevent_get_output(c->be))))
		return;
	free_conn(c);
}

void control_end_answer(struct control_conn *c)
{
	struct evbuffer *out = bufferevent_get_output(c->be);

	event_del(c->late);
	if (c->rc)
		evbuffer_add_printf(out, ".err %s\n", strerror(-c->rc));
	else
		evbuffer_add_printf(out, ".ok\n");
	bufferevent_setcb(c->be, NULL, on_written, on_event, c);
}

/* Another process hangs or died with our question: say what there is, and that it is not all. */
static void on_late(evutil_socket_t fd, short events, void *arg)
{
	struct control_conn *c = arg;

	(void)fd;
	(void)events;
	c->asked = 0;
	c->rc = -ETIMEDOUT;
	control_end_answer(c);
}

void control_await_answer(struct control_conn *c)
{
	static const struct timeval wait = { CONTROL_ANSWER_S, 0 };

	event_add(c->late, &wait);
}

void control_refuse(struct control_conn *c, const char *why)
{
	evbuffer_add_printf(bufferevent_get_output(c->be), ".err %s\n", why);
	bufferevent_setcb(c->be, NULL, on_written, on_event, c);
}

void control_go_on(struct control_conn *c, void (*then)(struct bufferevent *be, void *arg))
{
	bufferevent_setcb(c->be, NULL, then, on_event, c);
}

/* --- connections ------------------------------------------------------------------------- */

static void on_read(struct bufferevent *be, void *arg)
{
	struct control_conn *c = arg;
	struct evbuffer *in = bufferevent_get_input(be);
	char *line = evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF);

	if (!line) {
		if (evbuffer_get_length(in) >= CONTROL_LINE)
			control_refuse(c, "line too long");
		return;
	}
	bufferevent_setcb(be, NULL, NULL, on_event, c); /* one request a connection */
	control_run(c, line);
	free(line);
}

static struct control_conn *new_conn(struct control_door *door, int fd)
{
	struct control_conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->owner = door->owner;
	c->door = door;
	c->is_trusted = trust_peer(fd);
	c->late = event_new(c->owner->r->base, -1, 0, on_late, c);
	if (c->late)
		c->be = bufferevent_socket_new(c->owner->r->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (c->be)
		return c;
	if (c->late)
		event_free(c->late);
	free(c);
	return NULL;
}

static void on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa,
		      int len, void *arg)
{
	static const struct timeval idle = { CONTROL_TIMEOUT_S, 0 };
	struct control_door *door = arg;
	struct control *owner = door->owner;
	struct control_conn *c = NULL;

	(void)l;
	(void)sa;
	(void)len;
	if (door->count < CONTROL_CONNECTIONS)
		c = new_conn(door, fd);
	if (!c) {
		close(fd);
		return;
	}
	c->serial = ++owner->serial;
	c->next = owner->conns;
	c->link = &owner->conns;
	if (c->next)
		c->next->link = &c->next;
	owner->conns = c;
	door->count++;
	bufferevent_setwatermark(c->be, EV_READ, 0, CONTROL_LINE);
	bufferevent_set_timeouts(c->be, &idle, &idle);
	bufferevent_setcb(c->be, on_read, NULL, on_event, c);
	bufferevent_enable(c->be, EV_READ | EV_WRITE);
}

void control_listen(struct control *c, enum control_kind kind, int fd)
{
	struct control_door *door = &c->doors[kind];

	if (door->listener)
		evconnlistener_free(door->listener);
	door->listener = evconnlistener_new(c->r->base, on_accept, door,
					    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!door->listener) {
		log_err("control socket: out of memory");
		close(fd);
	}
}

void control_on_tell(struct control *c, const void *message)
{
	const struct msg_tell *m = msg_next(message, NULL);
	struct evbuffer *out;
	struct control_conn *conn;

	if (msg_type(message) != MSG_TELL)
		return;
	for (conn = c->conns; conn && conn->serial != m->txid; conn = conn->next)
		;
	if (!conn || !conn->asked)
		return; /* its client went away */
	out = bufferevent_get_output(conn->be);
	if (evbuffer_get_length(out) + m->len > OUTPUT_MAX) {
		free_conn(conn);
		return;
	}
	evbuffer_add(out, m->text, m->len);
	control_await_answer(conn);
	if (!m->last)
		return;
	if (m->rc)
		conn->rc = m->rc;
	if (!--conn->asked)
		control_end_answer(conn);
}
