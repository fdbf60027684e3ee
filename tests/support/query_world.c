/* See query_world.h. */
#include "tests/support/query_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "blocklists/list_compile.h"
#include "lib/clock.h"
#include "lib/util.h"
#include "local/local_image.h"
#include "local/local_reader.h"
#include "resolver/control.h"
#include "resolver/guard.h"
#include "resolver/neighbour.h"
#include "resolver/query.h"
#include "tests/support/conf_text.h"

#define REPLY_WAIT_MS 8000

/* --- sockets ------------------------------------------------------------------------------ */

static const struct addr_port loopback = { .addr = { AF_INET, { 127, 0, 0, 1 } } };

/* @return -1 the port is somebody else's */
static int try_bound(int type, struct addr_port *at)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_port_to_sockaddr(at, &ss);
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)), 0);
	if (bind(fd, (struct sockaddr *)&ss, len)) {
		assert_int_equal(errno, EADDRINUSE);
		close(fd);
		return -1;
	}
	len = sizeof(ss);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	assert_int_equal(addr_port_from_sockaddr((struct sockaddr *)&ss, at), 0);
	return fd;
}

static int bound(int type, struct addr_port *at)
{
	int fd = try_bound(type, at);

	assert_true(fd >= 0);
	return fd;
}

/* One port for both; tests that run beside us have ports, too. */
static int bound_both(struct addr_port *at, int *udp)
{
	for (unsigned i = 0; i < 100; i++) {
		int fd;

		*at = loopback;
		fd = bound(SOCK_STREAM, at);
		*udp = try_bound(SOCK_DGRAM, at);
		if (*udp >= 0)
			return fd;
		close(fd);
	}
	fail_msg("no port");
	return -1;
}

static int connected(int type, const struct addr_port *at)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_port_to_sockaddr(at, &ss);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&ss, len), 0);
	return fd;
}

/* --- the upstream ------------------------------------------------------------------------- */

void world_counts(struct dns_message *m, unsigned an, unsigned ns, unsigned ar)
{
	store_be16(m->bytes + 6, (uint16_t)an);
	store_be16(m->bytes + 8, (uint16_t)ns);
	store_be16(m->bytes + 10, (uint16_t)ar);
}

static void on_question(evutil_socket_t fd, short events, void *arg)
{
	static struct dns_message m;
	struct query_world *w = arg;
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	uint8_t q[WIRE_QUERY_MAX];
	ssize_t n = recvfrom(fd, q, sizeof(q), 0, (struct sockaddr *)&from, &len);
	size_t name_len;

	(void)events;
	if (n < WIRE_HEAD)
		return;
	w->questions++;
	if (!w->answer)
		return;
	name_len = dname_wire_len(q + WIRE_HEAD, (size_t)n - WIRE_HEAD);
	dns_start(&m, load_be16(q), (uint16_t)(0x8180 | w->rcode), 1, 0, 0, 0);
	dns_bytes(&m, q + WIRE_HEAD, name_len + 4);
	w->answer(&m);
	sendto(fd, m.bytes, m.len, 0, (struct sockaddr *)&from, len);
}

/* --- nftsync ------------------------------------------------------------------------------ */

static void on_wish(void *arg, const void *data, size_t len, int fd)
{
	struct query_world *w = arg;

	assert_int_equal(msg_check(data, len, fd >= 0), 0);
	if (msg_type(data) != MSG_LEASE)
		return; /* a question of the control socket: never answered */
	for (const struct msg_lease *m = NULL; (m = msg_next(data, m));) {
		struct msg_lease_done d = { .txid = m->txid };

		w->wishes++;
		w->addrs += m->addr_count;
		w->device = m->device;
		w->lease_ttl_s = m->addr[0].ttl_s;
		d.rc = w->gate == WORLD_REFUSES ? -ENOSPC : 0;
		if (w->gate != WORLD_IS_SILENT)
			msg_send(w->nftsync, MSG_LEASE_DONE, &d, sizeof(d), -1);
	}
}

void world_end_nftsync(struct query_world *w)
{
	chan_close(w->nftsync);
	w->nftsync = NULL;
}

void world_connect_nftsync(struct query_world *w)
{
	static const struct chan_ops ops = { on_wish, NULL };
	int fds[2];

	world_end_nftsync(w);
	assert_int_equal(chan_pair(fds), 0);
	assert_int_equal(chan_open(w->base, fds[1], 1 << 20, &ops, w, &w->nftsync), 0);
	hold_set_channel(w->r.hold, fds[0]);
}

/* --- the resolver ------------------------------------------------------------------------- */

static struct setup *make_setup(struct query_world *w, const char *text)
{
	static uint32_t generation;
	char all[8192];
	struct list_index *x;
	struct setup *s;
	struct conf *conf;
	int fd;

	snprintf(all, sizeof(all), "listen l 127.0.0.1:5353\nupstream u {\n server 127.0.0.1:%u\n"
		 " timeout 700ms\n}\n%s", w->upstream_port, text);
	conf = conf_of_text(all);
	assert_int_equal(list_compile_all(conf, NULL, &fd), 0);
	assert_int_equal(list_index_open(fd, &x), 0);
	close(fd);
	local_image_close(w->r.local);
	w->r.local = NULL;
	if (conf_wants_local(conf)) {
		assert_int_equal(local_reader_build(conf, NULL, clock_wall_us() / 1000000, &fd), 0);
		assert_int_equal(local_image_open(fd, &w->r.local), 0);
		close(fd);
	}
	assert_int_equal(setup_new(w->base, conf, x, ++generation, w->r.current, &s), 0);
	return s;
}

static void free_old(struct resolver *r)
{
	for (struct setup **at = &r->old; *at;) {
		struct setup *s = *at;

		if (s->refs || !upstream_idle(s->upstreams)) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		setup_free(s);
	}
}

void world_reload(struct query_world *w, const char *conf)
{
	struct resolver *r = &w->r;

	r->current->refs--;
	r->current->next = r->old;
	r->old = r->current;
	r->current = make_setup(w, conf);
	if (r->current->asks != r->old->asks)
		cache_flush(r->cache);
	clients_flush(r->clients);
}

static void on_packet(void *arg, const struct asker *from, const uint8_t *packet, size_t len)
{
	query_take(arg, from, packet, len);
}

static void on_tell(void *arg, const void *message)
{
	struct resolver *r = arg;

	control_on_tell(r->control, message);
}

static const struct hold_ops hold_ops = {
	query_on_leased, query_on_lease_again, NULL, NULL /* no reviews here */, on_tell,
};

static void on_neighbour(evutil_socket_t fd, short events, void *arg)
{
	struct query_world *w = arg;

	(void)fd;
	(void)events;
	neighbour_on_readable(w->r.neighbours, clock_mono_ms());
}

static const struct tcp_ops tcp_ops = { on_packet, guard_admit_connection };

static void make_parts(struct resolver *r)
{
	assert_int_equal(neighbour_open(&r->neighbours), 0);
	assert_int_equal(queries_new(r, &r->queries), 0);
	assert_int_equal(clients_new(r->neighbours, &r->clients), 0);
	assert_int_equal(guard_new(&r->guard), 0);
	assert_int_equal(hold_new(r->base, &hold_ops, r, &r->hold), 0);
	assert_int_equal(lookup_log_new(r->base, on_tell, r, &r->log), 0);
	assert_int_equal(control_new(r, &r->control), 0);
	assert_int_equal(tcp_new(r->base, &tcp_ops, r, &r->tcp), 0);
	assert_int_equal(listener_new(r->base, on_packet, r, &r->listener), 0);
}

struct query_world *world_new(const char *conf)
{
	struct query_world *w = calloc(1, sizeof(*w));
	struct addr_port upstream = loopback;
	int fd, udp;

	w->r.started_us = clock_mono_us();
	w->base = w->r.base = event_base_new();
	w->upstream = bound(SOCK_DGRAM, &upstream);
	w->upstream_port = upstream.port;
	w->on_query = event_new(w->base, w->upstream, EV_READ | EV_PERSIST, on_question, w);
	event_add(w->on_query, NULL);
	make_parts(&w->r);
	w->on_neighbour = event_new(w->base, neighbour_fd(w->r.neighbours), EV_READ | EV_PERSIST,
				    on_neighbour, w);
	event_add(w->on_neighbour, NULL);
	w->r.current = make_setup(w, conf);
	assert_int_equal(cache_new(1 << 20, &w->r.cache), 0);
	fd = bound_both(&w->at, &udp);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(tcp_add(w->r.tcp, fd, &w->at), 0);
	assert_int_equal(listener_add(w->r.listener, udp, &w->at), 0);
	world_connect_nftsync(w);
	w->client = connected(SOCK_DGRAM, &w->at);
	return w;
}

/* In the order in which the process frees them. */
void world_free(struct query_world *w)
{
	struct resolver *r = &w->r;

	hold_set_channel(r->hold, -1);
	listener_flush(r->listener);
	tcp_free(r->tcp);
	queries_free(r->queries);
	while (r->old) {
		struct setup *s = r->old;

		r->old = s->next;
		setup_free(s);
	}
	setup_free(r->current);
	control_free(r->control);
	listener_free(r->listener);
	hold_free(r->hold);
	lookup_log_free(r->log);
	guard_free(r->guard);
	clients_free(r->clients);
	neighbour_close(r->neighbours);
	cache_free(r->cache);
	local_image_close(r->local);
	world_end_nftsync(w);
	event_free(w->on_query);
	event_free(w->on_neighbour);
	event_base_free(w->base);
	close(w->upstream);
	close(w->client);
	free(w);
}

void world_turn(struct query_world *w)
{
	struct resolver *r = &w->r;

	event_base_loop(w->base, EVLOOP_NONBLOCK);
	queries_turn(r->queries);
	upstream_flush(r->current->upstreams);
	hold_flush(r->hold);
	lookup_log_flush(r->log);
	listener_flush(r->listener);
	free_old(r);
}

bool world_wait(struct query_world *w, int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (int i = 0; i <= ms; i++) {
		world_turn(w);
		if (poll(&p, 1, 1) == 1)
			return true;
	}
	return false;
}

void world_settle(struct query_world *w)
{
	for (int i = 0; i < REPLY_WAIT_MS && queries_in_flight(w->r.queries); i++) {
		world_turn(w);
		poll(NULL, 0, 1);
	}
	assert_int_equal(queries_in_flight(w->r.queries), 0);
	world_turn(w);
}

/* --- the client --------------------------------------------------------------------------- */

static void make_question(struct dns_message *m, const char *name, unsigned type)
{
	dns_start(m, 0x1234, 0x0100, 1, 0, 0, 1);
	dns_question(m, name, type);
	dns_opt(m, 1232, 0, 0, 0, NULL, 0);
}

void world_ask(struct query_world *w, const char *name, unsigned type)
{
	static struct dns_message m;

	make_question(&m, name, type);
	assert_int_equal(send(w->client, m.bytes, m.len, 0), m.len);
}

size_t world_reply(struct query_world *w, uint8_t *buf, size_t size)
{
	ssize_t n;

	assert_true(world_wait(w, w->client, REPLY_WAIT_MS));
	n = recv(w->client, buf, size, MSG_DONTWAIT);
	assert_true(n >= WIRE_HEAD);
	assert_int_equal(load_be16(buf), 0x1234);
	return (size_t)n;
}

struct world_result world_lookup(struct query_world *w, const char *name, unsigned type)
{
	uint8_t buf[4096];
	struct wire_walker walker = { .packet = buf };
	struct world_result got = { 0 };
	struct wire_rr rr;
	int rc;

	world_ask(w, name, type);
	walker.len = world_reply(w, buf, sizeof(buf));
	got.rcode = buf[3] & 15u;
	got.authoritative = buf[2] & 4;
	got.answers = load_be16(buf + 6);
	got.additional = load_be16(buf + 10);
	for (bool first = true; (rc = wire_walk(&walker, &rr)) == 1; first = false)
		if (first && rr.type != TYPE_OPT)
			got.ttl_s = rr.ttl_s;
	got.is_whole = rc == 0;
	return got;
}

int world_connect(struct query_world *w)
{
	return connected(SOCK_STREAM, &w->at);
}

void world_ask_tcp(int fd, const char *name, unsigned type)
{
	static struct dns_message m;
	uint8_t head[2];

	make_question(&m, name, type);
	store_be16(head, (uint16_t)m.len);
	assert_int_equal(send(fd, head, 2, MSG_NOSIGNAL), 2);
	assert_int_equal(send(fd, m.bytes, m.len, MSG_NOSIGNAL), m.len);
}
