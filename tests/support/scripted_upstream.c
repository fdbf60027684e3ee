/* A server that behaves as told; see scripted_upstream.h. */
#include "tests/support/scripted_upstream.h"

#include <ctype.h>
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/scripted_internal.h"

#define HEAD 12

static void count_query(struct scripted_upstream *su, const struct scripted_turn *t)
{
	struct addr_port from;

	su->counts.udp_queries++;
	su->counts.plain_queries += !t->q.has_opt;
	for (size_t i = 0; i < t->q.name_len; i++) {
		su->counts.letters += isalpha(t->q.wire[HEAD + i]) != 0;
		su->counts.upper_letters += isupper(t->q.wire[HEAD + i]) != 0;
	}
	if (addr_port_from_sockaddr((struct sockaddr *)&t->from, &from) ||
	    (su->ports_seen[from.port / 8] >> from.port % 8 & 1))
		return;
	su->ports_seen[from.port / 8] |= (uint8_t)(1 << from.port % 8);
	su->counts.ports++;
}

static void on_udp(evutil_socket_t fd, short events, void *arg)
{
	static struct scripted_turn t; /* too big for a stack; one thread */
	struct scripted_upstream *su = arg;
	uint8_t query[4096];
	ssize_t n;

	(void)events;
	for (unsigned i = 0; i < 64; i++) {
		t.from_len = sizeof(t.from);
		n = recvfrom(fd, query, sizeof(query), MSG_DONTWAIT,
			     (struct sockaddr *)&t.from, &t.from_len);
		if (n < 0)
			return;
		t.su = su;
		if (scripted_read(query, (size_t)n, &t.q))
			continue;
		count_query(su, &t);
		t.len = scripted_write(&t.q, su->behaviour->kind, su->behaviour->rcode,
				       t.reply);
		su->behaviour->on_udp(&t);
	}
}

static int bound_socket(const struct addr_port *at, int type)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_port_to_sockaddr(at, &sa);
	int one = 1;
	int fd = socket(at->addr.family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&sa, len)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int open_sockets(struct scripted_upstream *su)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	struct addr_port any = su->at;

	any.port = 0;
	su->udp = bound_socket(&su->at, SOCK_DGRAM);
	su->stranger = bound_socket(&any, SOCK_DGRAM);
	if (su->udp < 0 || su->stranger < 0 ||
	    getsockname(su->udp, (struct sockaddr *)&sa, &len))
		return -errno;
	addr_port_from_sockaddr((struct sockaddr *)&sa, &su->at);
	if (su->behaviour->stream == STREAM_NONE)
		return 0;
	su->listener = bound_socket(&su->at, SOCK_STREAM);
	if (su->listener < 0 || listen(su->listener, 64))
		return -errno;
	return 0;
}

int scripted_open(struct event_base *base, const char *address, uint16_t port,
		  const char *behaviour, struct scripted_upstream **out)
{
	struct scripted_upstream *su = calloc(1, sizeof(*su));
	int rc;

	if (!su)
		return -ENOMEM;
	su->base = base;
	su->udp = su->stranger = su->listener = -1;
	su->behaviour = scripted_find_behaviour(behaviour);
	rc = su->behaviour ? addr_port_from_text(address, port, &su->at) : -EINVAL;
	su->at.port = port;
	if (!rc)
		rc = open_sockets(su);
	if (rc) {
		scripted_close(su);
		return rc;
	}
	if (!su->behaviour->on_udp) { /* the port is known to be free: let it be closed */
		close(su->udp);
		su->udp = -1;
	} else {
		su->udp_event = event_new(base, su->udp, EV_READ | EV_PERSIST, on_udp,
					  su);
		event_add(su->udp_event, NULL);
	}
	if (su->listener >= 0) {
		su->listen_event = event_new(base, su->listener, EV_READ | EV_PERSIST,
					     scripted_on_connection, su);
		event_add(su->listen_event, NULL);
	}
	*out = su;
	return 0;
}

static void close_socket(int fd, struct event *e)
{
	if (e)
		event_free(e);
	if (fd >= 0)
		close(fd);
}

void scripted_close(struct scripted_upstream *su)
{
	if (!su)
		return;
	scripted_close_connections(su);
	scripted_forget_delayed(su);
	close_socket(su->udp, su->udp_event);
	close_socket(su->listener, su->listen_event);
	close_socket(su->stranger, NULL);
	free(su);
}

struct addr_port scripted_addr(const struct scripted_upstream *su)
{
	return su->at;
}

const struct scripted_counts *scripted_counts(const struct scripted_upstream *su)
{
	return &su->counts;
}
