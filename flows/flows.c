/*
 * The process `flows`: what the gate refused, or would have refused, from NFLOG to dbwriter.
 *
 * Rights: account nameward-flow, CAP_NET_ADMIN (nfnetlink asks both the opener and the
 * sender), sockets, no files. Reads from outside: the first 128 bytes of hostile packets.
 * When it dies, nobody else notices: the kernel refuses on, records are missing.
 *
 * Packets are folded for a second into lines of (device, destination, service), so that a
 * device that knocks a hundred times a second is one row a second.
 */
#include <errno.h>
#include <event2/event.h>
#include <linux/capability.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "flows/flows.h"
#include "flows/nflog.h"
#include "flows/packet.h"
#include "flows/tally.h"
#include "lib/capability.h"
#include "lib/chan.h"
#include "lib/child.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/sandbox.h"
#include "lib/util.h"

#define FLUSH_S	      1
#define REOPEN_S      10
#define DB_QUEUE      (512 * 1024) /* bytes for a slow dbwriter; what is above is lost and counted */
#define STOP_DRAIN_MS 200

struct flows {
	struct event_base *base;  /* owned */
	struct child *child;	  /* borrowed from child_run */
	struct chan *db;	  /* owned; NULL: no history, or dbwriter is down */
	struct nflog *nflog;	  /* owned; NULL: not open */
	struct event *on_packets; /* owned; NULL: not open */
	struct event *flush_timer, *reopen_timer; /* owned */
	struct tally *tally;			  /* owned */
	struct msg_buf buf;
	struct log_limit lost_limit, full_limit, overrun_limit, bad_limit;
	uint64_t lost;	   /* packets whose lines did not reach dbwriter */
	uint64_t overrun;  /* times the kernel dropped packets of ours */
	uint64_t bad;	   /* packets that could not be read */
};

/* --- to dbwriter ---------------------------------------------------------------------- */

static void send_lines(struct flows *f, uint64_t packets)
{
	int rc = f->db ? msg_buf_send(f->db, &f->buf) : -EPIPE;

	msg_buf_reset(&f->buf);
	if (!rc)
		return;
	f->lost += packets;
	log_warning_limited(&f->lost_limit, "history: %llu refused packets not recorded: %s",
			    (unsigned long long)f->lost, strerror(-rc));
}

static void fill_record(struct msg_refused *r, const struct tally_line *line)
{
	r->would = line->key.would;
	r->proto = line->key.proto;
	r->port = line->key.port;
	r->has_mac = line->key.has_mac;
	r->mac = line->key.mac;
	r->client = line->key.client;
	r->dest = line->key.dest;
	r->n = line->n;
	r->ts_us = line->first_us;
	/* What came in by none was sent from here. One that is gone has no name any more. */
	if (!line->key.ifindex)
		snprintf(r->interface, sizeof(r->interface), "lo");
	else if (!if_indextoname(line->key.ifindex, r->interface))
		snprintf(r->interface, sizeof(r->interface), "-");
}

static void flush(struct flows *f)
{
	uint64_t packets = 0;

	for (size_t i = 0; i < tally_count(f->tally); i++) {
		const struct tally_line *line = tally_at(f->tally, i);
		struct msg_refused *r = msg_buf_add(&f->buf, MSG_REFUSED, sizeof(*r));

		if (!r) {
			send_lines(f, packets);
			packets = 0;
			r = msg_buf_add(&f->buf, MSG_REFUSED, sizeof(*r));
		}
		fill_record(r, line);
		packets += line->n;
	}
	if (packets)
		send_lines(f, packets);
	if (tally_overflow(f->tally))
		log_warning_limited(&f->full_limit,
				    "refused packets: over %d kinds in a second, %llu more not "
				    "recorded",
				    TALLY_MAX, (unsigned long long)tally_overflow(f->tally));
	tally_clear(f->tally);
}

static void on_flush(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	flush(arg);
}

/* --- from the kernel ------------------------------------------------------------------ */

static void on_packet(void *arg, const struct nflog_packet *p)
{
	static const struct timeval period = { .tv_sec = FLUSH_S };
	struct flows *f = arg;
	struct packet packet;
	struct tally_key key;

	if (!p->bytes || packet_parse(p->bytes, p->len, &packet)) {
		f->bad++;
		log_warning_limited(&f->bad_limit, "NFLOG: %llu packets without an IP header",
				    (unsigned long long)f->bad);
		return;
	}
	memset(&key, 0, sizeof(key));
	key.client = packet.src;
	key.dest = packet.dst;
	key.proto = packet.proto;
	key.port = packet.port;
	key.would = p->group == FLOWS_GROUP_WOULD;
	key.ifindex = p->ifindex;
	key.has_mac = p->has_mac;
	if (p->has_mac)
		key.mac = p->mac;
	if (!tally_count(f->tally))
		evtimer_add(f->flush_timer, &period);
	(void)tally_add(f->tally, &key, clock_wall_us()); /* it counts what it cannot hold */
}

static void close_nflog(struct flows *f)
{
	if (f->on_packets)
		event_free(f->on_packets);
	f->on_packets = NULL;
	nflog_close(f->nflog);
	f->nflog = NULL;
}

static void on_readable(evutil_socket_t fd, short events, void *arg)
{
	static const struct timeval pause = { .tv_sec = REOPEN_S };
	struct flows *f = arg;
	int rc = nflog_read(f->nflog, on_packet, f);

	(void)fd;
	(void)events;
	if (!rc)
		return;
	if (rc == -ENOBUFS) {
		f->overrun++;
		log_warning_limited(&f->overrun_limit,
				    "NFLOG: the kernel dropped packets, %llu times so far",
				    (unsigned long long)f->overrun);
		return;
	}
	log_err("NFLOG: read: %s: opening it again in %d s", strerror(-rc), REOPEN_S);
	close_nflog(f);
	evtimer_add(f->reopen_timer, &pause);
}

static int open_nflog(struct flows *f)
{
	static const uint16_t groups[] = { FLOWS_GROUP_REFUSED, FLOWS_GROUP_WOULD };
	int rc = nflog_open(groups, ARRAY_SIZE(groups), &f->nflog);

	if (rc)
		return rc;
	f->on_packets = event_new(f->base, nflog_fd(f->nflog), EV_READ | EV_PERSIST,
				  on_readable, f);
	if (!f->on_packets || event_add(f->on_packets, NULL)) {
		close_nflog(f);
		return -ENOMEM;
	}
	return 0;
}

static const char *open_failure(int rc)
{
	switch (rc) {
	case -EBUSY:
		return "another program (ulogd?) has NFLOG group 5 or 6";
	case -EPERM:
		return "CAP_NET_ADMIN is missing";
	case -EOPNOTSUPP:
	case -EINVAL:
		return "the kernel has no nfnetlink_log";
	default:
		return strerror(-rc);
	}
}

static void on_reopen(evutil_socket_t fd, short events, void *arg)
{
	static const struct timeval pause = { .tv_sec = REOPEN_S };
	struct flows *f = arg;
	int rc = open_nflog(f);

	(void)fd;
	(void)events;
	if (!rc)
		log_info("NFLOG: refused connections are recorded again");
	else
		evtimer_add(f->reopen_timer, &pause);
}

/* --- the frame ------------------------------------------------------------------------ */

static void on_db_message(void *arg, const void *data, size_t len, int fd)
{
	struct flows *f = arg;

	(void)data;
	if (fd >= 0)
		close(fd);
	log_err("dbwriter: unexpected message of %zu bytes: leaving", len);
	child_exit(f->child, 1);
}

static void on_db_gone(void *arg, int rc)
{
	struct flows *f = arg;

	(void)rc;
	chan_close(f->db);
	f->db = NULL;
}

static void on_peer(void *arg, enum msg_role role, int fd)
{
	static const struct chan_ops ops = { on_db_message, on_db_gone };
	struct flows *f = arg;
	int rc;

	if (role != ROLE_DBWRITER) {
		close(fd);
		return;
	}
	chan_close(f->db);
	f->db = NULL;
	rc = chan_open(f->base, fd, DB_QUEUE, &ops, f, &f->db);
	if (rc)
		log_err("dbwriter: channel: %s", strerror(-rc));
}

static void on_message(void *arg, enum msg_type type, const void *record, int fd)
{
	(void)arg;
	(void)type; /* MSG_CONF: nothing in it is for us */
	(void)record;
	if (fd >= 0)
		close(fd);
}

static int on_start(void *arg, uint32_t generation, char *why)
{
	static const struct timeval pause = { .tv_sec = REOPEN_S };
	struct flows *f = arg;
	int rc;

	(void)generation;
	if (f->nflog)
		return 0;
	rc = open_nflog(f);
	if (!rc)
		return 0;
	snprintf(why, MSG_TEXT_MAX,
		 "refused connections are not recorded: %s (trying every %d s)",
		 open_failure(rc), REOPEN_S);
	evtimer_add(f->reopen_timer, &pause);
	return rc;
}

static void on_stop(void *arg)
{
	struct flows *f = arg;

	if (f->nflog)
		(void)nflog_read(f->nflog, on_packet, f);
	flush(f);
	if (f->db)
		(void)chan_drain(f->db, STOP_DRAIN_MS);
	child_exit(f->child, 0);
}

static int init(struct flows *f)
{
	f->base = event_base_new();
	if (!f->base)
		return -ENOMEM;
	f->flush_timer = evtimer_new(f->base, on_flush, f);
	f->reopen_timer = evtimer_new(f->base, on_reopen, f);
	if (!f->flush_timer || !f->reopen_timer)
		return -ENOMEM;
	return tally_new(&f->tally);
}

static void fini(struct flows *f)
{
	close_nflog(f);
	chan_close(f->db);
	tally_free(f->tally);
	if (f->flush_timer)
		event_free(f->flush_timer);
	if (f->reopen_timer)
		event_free(f->reopen_timer);
	if (f->base)
		event_base_free(f->base);
}

int flows_main(void)
{
	static const struct sandbox sandbox = {
		.user = "nameward-flow",
		.capabilities = CAPABILITY(CAP_NET_ADMIN),
		.calls = SANDBOX_NETWORK,
	};
	static const struct child_ops ops = {
		.on_peer = on_peer,
		.on_message = on_message,
		.on_start = on_start,
		.on_stop = on_stop,
	};
	static struct flows f; /* 32 KiB of message buffer: not for the stack */
	const char *why;
	int rc;

	rc = sandbox_enter(&sandbox, &why);
	if (rc) {
		log_err("sandbox: %s: %s", why, strerror(-rc));
		return 1;
	}
	rc = init(&f);
	if (rc)
		log_err("start: %s", strerror(-rc));
	else
		rc = child_run(f.base, ROLE_FLOWS, &ops, &f, &f.child);
	fini(&f);
	return rc < 0 ? 1 : rc;
}
