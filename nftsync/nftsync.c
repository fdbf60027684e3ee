/*
 * The process that keeps our table: it takes wishes from the resolver, has the gate write them,
 * and says when they are in force.
 *
 * Rights: user nameward-gate, CAP_NET_ADMIN alone (the kernel checks it at every netlink message,
 * so it stays), the system calls of the network. It reads messages of fixed form, images of ranges
 * that it checks, answers of the kernel. A taken-over resolver gets lease-max of one lease.
 */
#include "nftsync/nftsync.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf/conf.h"
#include "lib/chan.h"
#include "lib/child.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/msg.h"
#include "lib/sandbox.h"
#include "lib/util.h"
#include "nftsync/gate.h"
#include "nftsync/gate_ranges.h"
#include "nftsync/review.h"
#include "nftsync/tell.h"
#include "nftsync/timetable.h"
#include "nftsync/waiters.h"

#define RESOLVER_QUEUE (1024 * 1024)
#define DBWRITER_QUEUE (64 * 1024)
#define TICK_MS	       1000
#define TICK_AGAIN_MS  10
#define PUMP_MS	       2

struct nftsync {
	struct event_base *base; /* owned */
	struct child *child;	 /* owned by child_run */
	struct gate *gate;	 /* owned */
	struct tell *tell;	 /* owned */
	struct review *review;	 /* owned */
	struct waiters *waiters; /* owned */
	struct conf *next;	 /* owned; arrived, not started yet */
	struct timetable times;	 /* and the one in force */
	struct chan *resolver;	 /* owned or NULL */
	struct chan *dbwriter;	 /* owned or NULL */
	struct event *tick, *pump;
	struct event *watch; /* NULL: nothing to watch */
	bool leaving;	     /* the service ends, not only the gate */
	bool lost_due;	     /* the resolver is to forget what was covered */
	struct tell_withdrawn withdrawn; /* by the last such message */
	struct log_limit slow;
	struct msg_buf done;
};

static void arm(struct event *ev, int ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	event_add(ev, &tv);
}

/* --- answers ------------------------------------------------------------------------ */

static void send_done(struct nftsync *n)
{
	int rc = n->resolver ? msg_buf_send(n->resolver, &n->done) : -EPIPE;

	msg_buf_reset(&n->done);
	/* Its deadline answers for us; it only has to be known. */
	if (rc == -EAGAIN)
		log_warning_limited(&n->slow, "resolver: does not read: answers dropped");
}

static void answer(void *arg, uint64_t txid, int rc)
{
	struct nftsync *n = arg;
	struct msg_lease_done *d = msg_buf_add(&n->done, MSG_LEASE_DONE, sizeof(*d));

	if (!d) {
		send_done(n);
		d = msg_buf_add(&n->done, MSG_LEASE_DONE, sizeof(*d));
	}
	d->txid = txid;
	d->rc = rc;
}

/* Everything gathered so far: what needs no kernel first, then the transaction. Of what was
 * covered in this turn, something may be lost in it too: so the loss is told behind it. */
static void flush(struct nftsync *n)
{
	send_done(n);
	if (n->lost_due) /* until it is told */
		n->lost_due = n->resolver &&
			      msg_send(n->resolver, MSG_LEASE_LOST, NULL, 0, -1) == -EAGAIN;
	gate_commit(n->gate, clock_mono_ms());
	waiters_answer(n->waiters, n->gate, answer, n);
	gate_next_turn(n->gate);
	send_done(n);
}

/* --- wishes ------------------------------------------------------------------------- */

/* Open all addresses of an answer to one device. @return the first error */
static int claim(struct nftsync *n, const struct msg_lease *m, const struct msg_device *device,
		 uint64_t now_ms)
{
	const uint8_t *name = (const uint8_t *)&m->addr[m->addr_count];
	struct lease_origin origin = { m->client, name + m->name_len, m->chain_len };
	int rc = 0;

	for (unsigned i = 0; i < m->addr_count; i++) {
		const struct msg_lease_addr *a = &m->addr[i];
		struct lease_key key = lease_key_make(device, a->family, a->addr);
		size_t index;
		int got = gate_claim(n->gate, &key, a->ttl_s, name, m->name_len, now_ms,
				     &index);

		if (got == GATE_WAIT)
			waiters_add(n->waiters, index);
		else if (got < 0 && !rc)
			rc = got;
	}
	gate_note_origin(n->gate, device, name, m->name_len, &origin);
	return rc;
}

static void on_lease(struct nftsync *n, const struct msg_lease *m, uint64_t now_ms)
{
	const struct msg_device *devices;
	size_t count = gate_sharers(n->gate, &m->device, &devices);
	int rc = 0;

	if (gate_is_full(n->gate, count * m->addr_count) ||
	    waiters_is_full(n->waiters, count * m->addr_count))
		flush(n);
	waiters_open(n->waiters, m->txid);
	gate_fill(n->gate, m, now_ms);
	for (size_t i = 0; i < count && m->device.kind != DEVICE_NONE; i++) {
		int got = claim(n, m, &devices[i], now_ms);

		rc = rc ? rc : got;
	}
	if (!waiters_close(n->waiters, rc))
		answer(n, m->txid, rc);
}

static void on_withdraw(struct nftsync *n, const struct msg_holder *m, uint64_t now_ms)
{
	struct lease_withdrawal w = {
		.device = m->all ? NULL : &m->device,
		.dest = m->dest.family ? &m->dest : NULL,
		.name = m->name,
		.name_len = m->name_len,
		.deep = m->deep,
	};
	uint64_t before = gate_stats(n->gate)->withdrawn;

	while (gate_withdraw(n->gate, &w, m->kill, now_ms))
		flush(n);
	n->withdrawn.deleted += gate_stats(n->gate)->withdrawn - before;
	n->withdrawn.kept += w.kept;
	if (m->kill)
		arm(n->tick, TICK_AGAIN_MS); /* behind this turn's commit */
}

static bool take_record(struct nftsync *n, enum msg_type type, const void *record,
			uint64_t now_ms)
{
	switch (type) {
	case MSG_LEASE:
		on_lease(n, record, now_ms);
		return true;
	case MSG_WITHDRAW:
		on_withdraw(n, record, now_ms);
		return true;
	case MSG_ASK:
		tell_ask(n->tell, n->resolver, record, &n->withdrawn);
		return true;
	default:
		return false;
	}
}

/* @return false: not one for us */
static bool take_message(struct nftsync *n, const void *data)
{
	uint64_t now_ms = clock_mono_ms();

	if (msg_type(data) == MSG_WITHDRAW)
		n->withdrawn = (struct tell_withdrawn){ 0 };
	if (msg_type(data) == MSG_REVIEW) {
		review_begin(n->review);
		return true;
	}
	for (const void *r = msg_next(data, NULL); r; r = msg_next(data, r))
		if (!take_record(n, msg_type(data), r, now_ms))
			return false;
	return msg_next(data, NULL) != NULL;
}

static void on_resolver_message(void *arg, const void *data, size_t len, int fd)
{
	struct nftsync *n = arg;

	if (!msg_check(data, len, fd >= 0) && take_message(n, data))
		return;
	log_err("resolver: malformed or unexpected message of %zu bytes: leaving", len);
	if (fd >= 0)
		close(fd);
	chan_close(n->resolver);
	n->resolver = NULL;
	child_exit(n->child, 1);
}

static void drop_resolver(struct nftsync *n)
{
	chan_close(n->resolver);
	n->resolver = NULL;
	waiters_drop(n->waiters);
	msg_buf_reset(&n->done);
	tell_drop(n->tell);
	review_drop(n->review);
}

static void on_resolver_gone(void *arg, int rc)
{
	(void)rc;
	log_info("resolver: its channel is gone");
	drop_resolver(arg);
}

/* --- the history -------------------------------------------------------------------- */

static void on_dbwriter_message(void *arg, const void *data, size_t len, int fd)
{
	(void)arg;
	(void)data;
	log_warning("dbwriter: unexpected message of %zu bytes", len);
	if (fd >= 0)
		close(fd);
}

static void on_dbwriter_gone(void *arg, int rc)
{
	struct nftsync *n = arg;

	(void)rc;
	chan_close(n->dbwriter);
	n->dbwriter = NULL;
}

static void on_gate_event(void *arg, const char *kind, const char *detail)
{
	/* Absent or slow: it is not told. */
	msg_send_event(((struct nftsync *)arg)->dbwriter, kind, "nftsync", detail);
}

static void on_gate_lost(void *arg)
{
	((struct nftsync *)arg)->lost_due = true;
}

/* --- time and others' changes ------------------------------------------------------- */

static void on_watch(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	gate_on_watch(((struct nftsync *)arg)->gate, clock_mono_ms());
}

/* The watch's descriptor may be a new one, or there for the first time. */
static void renew_watch(struct nftsync *n)
{
	int fd = gate_watch_fd(n->gate);

	if (n->watch || fd < 0)
		return;
	n->watch = event_new(n->base, fd, EV_READ | EV_PERSIST, on_watch, n);
	if (!n->watch || event_add(n->watch, NULL))
		log_err("gate: no memory to watch others' changes");
}

static int load(struct nftsync *n, const struct conf *c, char *why)
{
	int rc;

	flush(n);
	if (n->watch) /* loading may close what it is about */
		event_free(n->watch);
	n->watch = NULL;
	rc = gate_load(n->gate, c, clock_mono_ms(), why);
	renew_watch(n);
	return rc;
}

static void look_at_hours(struct nftsync *n)
{
	char why[MSG_TEXT_MAX] = "";

	if (!timetable_look(&n->times, clock_wall_us() / 1000000))
		return;
	n->times.is_retry = load(n, n->times.conf, why) != 0;
	if (n->times.is_retry)
		log_warning_limited(&n->slow, "hours: %s: trying again", why);
	else
		log_info("hours: exceptions are as the windows say now");
}

static void on_tick(evutil_socket_t fd, short events, void *arg)
{
	struct nftsync *n = arg;

	(void)fd;
	(void)events;
	arm(n->tick, gate_tick(n->gate, clock_mono_ms()) ? TICK_AGAIN_MS : TICK_MS);
	renew_watch(n);
	look_at_hours(n);
}

static void on_pump(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	(void)arg; /* the turn it makes is all that is wanted */
}

/* --- the supervisor ----------------------------------------------------------------- */

static void on_peer(void *arg, enum msg_role role, int fd)
{
	static const struct chan_ops resolver_ops = { on_resolver_message, on_resolver_gone };
	static const struct chan_ops dbwriter_ops = { on_dbwriter_message, on_dbwriter_gone };
	struct nftsync *n = arg;
	int rc = 0;

	switch (role) {
	case ROLE_RESOLVER:
		drop_resolver(n);
		rc = chan_open(n->base, fd, RESOLVER_QUEUE, &resolver_ops, n, &n->resolver);
		n->lost_due = true; /* what an older process of ours covered may have ended */
		break;
	case ROLE_DBWRITER:
		chan_close(n->dbwriter);
		n->dbwriter = NULL;
		rc = chan_open(n->base, fd, DBWRITER_QUEUE, &dbwriter_ops, n, &n->dbwriter);
		break;
	default:
		close(fd);
	}
	if (rc)
		log_err("%s: channel cannot be served: %s", msg_role_name(role), strerror(-rc));
}

static void take_conf(struct nftsync *n, int fd)
{
	conf_free(n->next);
	n->next = NULL;
	if (conf_from_fd(fd, &n->next))
		log_err("configuration: cannot be read");
}

static void on_message(void *arg, enum msg_type type, const void *record, int fd)
{
	struct nftsync *n = arg;

	(void)record;
	n->leaving |= type == MSG_LEAVE;
	if (type == MSG_NETFILTER) {
		gate_take_socket(n->gate, fd);
	} else if (type == MSG_RANGES) {
		gate_take_ranges(n->gate, fd); /* the next tick begins with them */
	} else if (fd >= 0) {
		if (type == MSG_LEDGER)
			gate_take_ledger(n->gate, fd);
		else if (type == MSG_CONF)
			take_conf(n, fd);
		close(fd);
	}
}

static int on_start(void *arg, uint32_t generation, char *why)
{
	struct nftsync *n = arg;
	int rc = -EINVAL;

	(void)generation;
	if (!n->next) {
		strcpy(why, "gate: no configuration");
		return rc;
	}
	timetable_apply(&n->times, n->next, clock_wall_us() / 1000000);
	rc = load(n, n->next, why);
	timetable_settle(&n->times, n->next, rc);
	n->next = NULL;
	arm(n->tick, TICK_AGAIN_MS); /* adopted leases may be over already */
	return rc;
}

/* An orderly end takes the table along, but for zones that are to stay closed; a supervisor that
 * was killed does not: rules and leases serve on until the next one adopts them. */
static void on_stop(void *arg)
{
	struct nftsync *n = arg;
	struct pollfd p = { .fd = CHILD_FD };

	flush(n);
	if (poll(&p, 1, 0) == 1 && p.revents & (POLLHUP | POLLERR))
		log_warning("gate: the table stays in force");
	else if (n->leaving)
		gate_leave(n->gate);
	else
		gate_remove(n->gate);
	child_exit(n->child, 0);
}

static void on_turn(void *arg)
{
	struct nftsync *n = arg;
	bool more;

	flush(n);
	if (!n->resolver)
		return;
	more = tell_pump(n->tell, n->resolver) | review_pump(n->review, n->resolver);
	if (more)
		arm(n->pump, PUMP_MS);
}

/* --- life --------------------------------------------------------------------------- */

static int init(struct nftsync *n)
{
	static const struct gate_ops gate_ops = { on_gate_event, on_gate_lost };

	n->base = event_base_new();
	if (!n->base || gate_new(&gate_ops, n, &n->gate) || tell_new(n->gate, &n->tell) ||
	    review_new(gate_ledger(n->gate), &n->review) || waiters_new(&n->waiters))
		return -ENOMEM;
	n->tick = event_new(n->base, -1, 0, on_tick, n);
	n->pump = event_new(n->base, -1, 0, on_pump, n);
	if (!n->tick || !n->pump)
		return -ENOMEM;
	arm(n->tick, TICK_MS);
	return 0;
}

static void fini(struct nftsync *n)
{
	struct event *events[] = { n->tick, n->pump, n->watch };

	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (events[i])
			event_free(events[i]);
	chan_close(n->resolver);
	chan_close(n->dbwriter);
	conf_free(n->next);
	timetable_fini(&n->times);
	waiters_free(n->waiters);
	tell_free(n->tell);
	review_free(n->review);
	gate_free(n->gate);
	if (n->base)
		event_base_free(n->base);
	free(n);
}

int nftsync_main(void)
{
	static const struct sandbox sandbox = {
		.user = "nameward-gate",
		.capabilities = 1ull << CAP_NET_ADMIN,
		.calls = SANDBOX_NETWORK,
	};
	static const struct child_ops ops = { on_peer, on_message, on_start, on_stop, on_turn };
	struct nftsync *n;
	const char *why;
	int status = 1;

	log_init("nftsync", LOG_LEVEL_INFO);
	tzset(); /* while files can be read */
	if (sandbox_enter(&sandbox, &why)) {
		log_err("sandbox: %s", why);
		return 1;
	}
	n = calloc(1, sizeof(*n));
	if (!n || init(n))
		log_err("start: out of memory");
	else
		status = child_run(n->base, ROLE_NFTSYNC, &ops, n, &n->child);
	if (n)
		fini(n);
	return status;
}
