/*
 * The resolver process: reads hostile packets, so it has no capability, no file but its
 * sockets, and a system call filter. What it may do to the firewall is to ask nftsync for an
 * address in a lease set; what it may do to the disk is to send rows to dbwriter.
 */
#include "resolver/resolver.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "lib/network.h"
#include "lib/sandbox.h"
#include "lib/util.h"
#include "local/local_image.h"
#include "resolver/control.h"
#include "resolver/guard.h"
#include "resolver/held.h"
#include "resolver/in_force.h"
#include "resolver/local_names.h"
#include "resolver/neighbour.h"
#include "resolver/query.h"
#include "resolver/state.h"

#define DRAIN_MS      3000 /* questions in flight at the end of the process */
#define DRAIN_STEP_MS 50
#define WRITE_MS      1000 /* for dbwriter to take the last rows */

static const struct sandbox rights = {
	.user = "nameward-resolver",
	.capabilities = 0,
	.calls = SANDBOX_NETWORK,
};

/* What arrived for the next START. */
struct process {
	struct resolver r;
	int conf_fd; /* owned, or -1 */
	struct list_index *index;
	struct event *on_neighbour, *drain;
	struct network *network;
	uint64_t drain_end_ms;
};

static void on_packet(void *arg, const struct asker *from, const uint8_t *packet, size_t len)
{
	query_take(arg, from, packet, len);
}

static void on_tell(void *arg, const void *message)
{
	struct resolver *r = arg;

	control_on_tell(r->control, message);
}

static void on_neighbour(evutil_socket_t fd, short events, void *arg)
{
	struct process *p = arg;

	(void)fd;
	(void)events;
	neighbour_on_readable(p->r.neighbours, clock_mono_ms());
}

/* Upstreams that could not be reached may be now, by other addresses of ours, and who passes
 * for one of those is others. */
static void on_network(void *arg)
{
	struct process *p = arg;

	in_force_shield(&p->r);
	if (p->r.current)
		upstream_network_changed(p->r.current->upstreams);
}

/* --- generations -------------------------------------------------------------------------- */

static void close_conf(struct process *p)
{
	if (p->conf_fd >= 0)
		close(p->conf_fd);
	p->conf_fd = -1;
}

static int on_start(void *arg, uint32_t generation, char *why)
{
	struct process *p = arg;
	struct conf *conf;
	struct setup *s;
	uint64_t names;
	int rc = p->conf_fd < 0 ? -ENOENT : conf_from_fd(p->conf_fd, &conf);

	close_conf(p);
	if (rc) {
		list_index_close(p->index); /* its lists are that configuration's */
		p->index = NULL;
		snprintf(why, MSG_TEXT_MAX, "configuration: %s", strerror(-rc));
		return rc;
	}
	rc = setup_new(p->r.base, conf, p->index, generation, p->r.current, &s);
	p->index = NULL;
	if (rc) {
		snprintf(why, MSG_TEXT_MAX, "upstreams: %s", strerror(-rc));
		return rc;
	}
	if (in_force_size_cache(&p->r, s->conf->cache.size_bytes)) {
		setup_free(s);
		snprintf(why, MSG_TEXT_MAX, "cache: out of memory");
		return -ENOMEM;
	}
	in_force_swap(&p->r, s);
	names = s->index ? list_index_names(s->index) : 0;
	log_info("serving generation %u, %llu name%s on lists", generation,
		 (unsigned long long)names, names == 1 ? "" : "s");
	return 0;
}

/* Hours of a policy begin or end: what its leases opened is closed, if it is to be. */
static void on_hours(void *arg)
{
	struct resolver *r = arg;

	log_info("policies: hours or overrides begin or end");
	hold_review(r->hold);
}

/* --- messages ----------------------------------------------------------------------------- */

static void on_peer(void *arg, enum msg_role role, int fd)
{
	struct process *p = arg;

	if (role == ROLE_NFTSYNC)
		hold_set_channel(p->r.hold, fd);
	else if (role == ROLE_DBWRITER)
		lookup_log_set_channel(p->r.log, fd);
	else if (role == ROLE_MDNS)
		local_names_set_channel(&p->r, fd);
	else
		close(fd);
}

static void take_index(struct process *p, int fd)
{
	struct list_index *x;
	int rc = list_index_open(fd, &x);

	close(fd);
	if (rc) {
		log_err("list index: %s: lists of this generation are empty", strerror(-rc));
		return;
	}
	list_index_close(p->index);
	p->index = x;
}

static void on_listen(struct process *p, const struct msg_listen *m, int fd)
{
	char text[ADDR_PORT_TEXT_MAX];
	int rc = m->stream ? tcp_add(p->r.tcp, fd, &m->at) : listener_add(p->r.listener, fd, &m->at);

	if (rc)
		log_err("listen %s: %s", addr_port_to_text(&m->at, text), strerror(-rc));
}

static void set_secret(struct process *p, const struct msg_secret *m)
{
	guard_set_secret(p->r.guard, &(struct hash_key){ { m->key[0], m->key[1] } });
}

static void on_message(void *arg, enum msg_type type, const void *record, int fd)
{
	struct process *p = arg;

	switch (type) {
	case MSG_CONF: /* what it listens on follows */
		listener_mark(p->r.listener);
		tcp_mark(p->r.tcp);
		close_conf(p);
		p->conf_fd = fd;
		return;
	case MSG_INDEX:
		take_index(p, fd);
		return;
	case MSG_LOCAL:
		local_names_take(&p->r, fd);
		return;
	case MSG_OVERRIDES:
		in_force_take_overrides(&p->r, fd);
		return;
	case MSG_LISTEN:
		on_listen(p, record, fd);
		return;
	case MSG_CONTROL:
		control_listen(p->r.control, CONTROL_FULL, fd);
		return;
	case MSG_QUERY:
		control_listen(p->r.control, CONTROL_READING, fd);
		return;
	case MSG_SECRET:
		set_secret(p, record);
		return;
	case MSG_CHILD:
		p->r.children[((const struct msg_child *)record)->role] =
			*(const struct msg_child *)record;
		return;
	default:
		if (fd >= 0)
			close(fd);
	}
}

/* --- the end ------------------------------------------------------------------------------- */

static void on_drain(evutil_socket_t fd, short events, void *arg)
{
	static const struct timeval step = { 0, DRAIN_STEP_MS * 1000 };
	struct process *p = arg;

	(void)fd;
	(void)events;
	if (queries_in_flight(p->r.queries) && clock_mono_ms() < p->drain_end_ms) {
		event_add(p->drain, &step);
		return;
	}
	child_exit(p->r.child, 0);
}

static void on_stop(void *arg)
{
	static const struct timeval now = { 0, 0 };
	struct process *p = arg;

	p->r.stopping = true;
	listener_stop(p->r.listener);
	tcp_stop(p->r.tcp);
	p->drain_end_ms = clock_mono_ms() + DRAIN_MS;
	event_add(p->drain, &now);
}

/* Everything gathered in this turn leaves together, answers last: their leases and rows are
 * then under way. */
static void on_turn(void *arg)
{
	struct process *p = arg;
	struct resolver *r = &p->r;

	queries_turn(r->queries);
	if (r->current)
		upstream_flush(r->current->upstreams); /* and the old ones' */
	hold_flush(r->hold);
	lookup_log_flush(r->log);
	listener_flush(r->listener);
	if (r->old)
		in_force_free_old(r);
}

static void free_parts(struct process *p)
{
	struct resolver *r = &p->r;

	if (r->hold)
		hold_set_channel(r->hold, -1); /* what is held is answered by its failure mode */
	if (r->log)
		lookup_log_drain(r->log, WRITE_MS);
	if (r->listener)
		listener_flush(r->listener);
	tcp_free(r->tcp); /* its connections wait for their questions */
	queries_free(r->queries);
	while (r->old) {
		struct setup *s = r->old;

		r->old = s->next;
		setup_free(s);
	}
	setup_free(r->current);
	local_names_set_channel(r, -1);
	control_free(r->control);
	listener_free(r->listener);
	hold_free(r->hold);
	lookup_log_free(r->log);
	guard_free(r->guard);
	clients_free(r->clients);
	neighbour_close(r->neighbours);
	network_close(p->network);
	cache_free(r->cache);
	local_image_close(r->local);
	list_index_close(p->index);
	close_conf(p);
	schedule_fini(&r->schedule);
	free(r->overrides);
	if (p->on_neighbour)
		event_free(p->on_neighbour);
	if (p->drain)
		event_free(p->drain);
}

/* Without the neighbour table clients go by their addresses. */
static void open_neighbours(struct process *p)
{
	struct resolver *r = &p->r;
	int rc = neighbour_open(&r->neighbours);

	if (rc) {
		log_warning("neighbour table: %s: devices go by their addresses", strerror(-rc));
		return;
	}
	p->on_neighbour = event_new(r->base, neighbour_fd(r->neighbours),
				    EV_READ | EV_PERSIST, on_neighbour, p);
	if (p->on_neighbour)
		event_add(p->on_neighbour, NULL);
}

/* Without it they are found by and by. */
static void open_network(struct process *p)
{
	int rc = network_open(p->r.base, NETWORK_ADDRESSES, on_network, p, &p->network);

	if (rc)
		log_warning("changes of the network: %s: not followed", strerror(-rc));
}

static const struct hold_ops hold_ops = {
	query_on_leased, query_on_lease_again, held_is_blocked, held_is_quarantined, on_tell,
};

static const struct tcp_ops tcp_ops = { on_packet, guard_admit_connection };

static int make_parts(struct process *p)
{
	struct resolver *r = &p->r;
	int rc;

	open_neighbours(p);
	open_network(p);
	p->drain = event_new(r->base, -1, 0, on_drain, p);
	if (!p->drain)
		return -ENOMEM;
	if ((rc = schedule_init(&r->schedule, r->base, on_hours, r)) || (rc = guard_new(&r->guard)) ||
	    (rc = queries_new(r, &r->queries)) || (rc = clients_new(r->neighbours, &r->clients)) ||
	    (rc = hold_new(r->base, &hold_ops, r, &r->hold)) ||
	    (rc = lookup_log_new(r->base, on_tell, r, &r->log)) ||
	    (rc = control_new(r, &r->control)) ||
	    (rc = tcp_new(r->base, &tcp_ops, r, &r->tcp)) ||
	    (rc = listener_new(r->base, on_packet, r, &r->listener)))
		return rc;
	listener_stop(r->listener); /* what comes before the first START waits for it */
	tcp_stop(r->tcp);
	return 0;
}

static int serve(struct process *p)
{
	static const struct child_ops ops = { on_peer, on_message, on_start, on_stop, on_turn };
	int status = 1;

	p->r.base = event_base_new();
	if (p->r.base && !make_parts(p))
		status = child_run(p->r.base, ROLE_RESOLVER, &ops, p, &p->r.child);
	else
		log_err("out of memory");
	free_parts(p);
	if (p->r.base)
		event_base_free(p->r.base);
	return status;
}

int resolver_main(void)
{
	struct process *p;
	const char *why;
	int status;

	tzset(); /* while files can be read */
	if (sandbox_enter(&rights, &why)) {
		log_err("sandbox: %s", why);
		return 1;
	}
	p = calloc(1, sizeof(*p));
	if (!p)
		return 1;
	p->conf_fd = -1;
	p->r.started_us = clock_mono_us();
	status = serve(p);
	free(p);
	return status;
}
