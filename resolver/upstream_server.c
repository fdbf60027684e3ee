/* One upstream server; see upstream_server.h. */
#include "resolver/upstream_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "lib/util.h"
#include "resolver/udp_pool.h"
#include "resolver/upstream_channel.h"
#include "resolver/upstream_health.h"
#include "resolver/upstream_stream.h"
#include "resolver/upstream_tcp.h"
#include "resolver/upstream_tls.h"
#include "resolver/upstream_try.h"
#include "resolver/wire.h"

#define ID_BUCKETS  4096
#define PLAIN_MS    (15 * 60 * 1000) /* a server that cannot EDNS is believed so long */
#define ANY_CASE_MS (60 * 60 * 1000)
#define WHO_MAX	    256 /* a group's name and an address; a longer one is cut */

LIST_HEAD(id_bucket, upstream_try);

struct upstream_server {
	const struct upstream_server_ops *ops; /* borrowed; outlives us */
	void *arg;
	const struct conf_server *to;	  /* borrowed; outlives us */
	struct addr source;		  /* what we ask it from; family 0: no way there */
	struct upstream_tls *tls;	  /* owned; NULL: it is asked by the other three */
	struct udp_pool *pool;		  /* owned */
	struct upstream_channel *channel; /* owned; for UDP */
	struct upstream_tcp *tcp;	  /* owned */
	struct upstream_health health;
	uint64_t plain_until_ms;    /* it refuses EDNS */
	uint64_t any_case_until_ms; /* it does not keep the case of names */
	unsigned in_ares;
	int send_rc;	 /* of the ask that is running */
	uint64_t now_us; /* of the same */
	uint64_t dropped[REPLY_VERDICTS];
	struct id_bucket by_id[ID_BUCKETS]; /* tries awaited by UDP */
};

static struct id_bucket *bucket_of(struct upstream_server *s, uint16_t id)
{
	return &s->by_id[id % ID_BUCKETS];
}

static struct upstream_try *find_id(struct upstream_server *s, uint16_t id)
{
	struct upstream_try *t;

	LIST_FOREACH (t, bucket_of(s, id), by_id)
		if (t->id == id)
			return t;
	return NULL;
}

static void await_begin(struct upstream_server *s, struct upstream_try *t)
{
	do
		t->id = (uint16_t)random_u32(); /* at most 5000 of 65536 are taken */
	while (find_id(s, t->id));
	LIST_INSERT_HEAD(bucket_of(s, t->id), t, by_id);
	t->is_awaited = true;
}

static void await_end(struct upstream_try *t)
{
	if (!t->is_awaited)
		return;
	t->is_awaited = false;
	LIST_REMOVE(t, by_id);
	if (t->socket)
		udp_socket_release(t->socket);
	t->socket = NULL;
}

/* --- sending ------------------------------------------------------------------- */

/** Put t's packet into the pool: the question's bytes with an id of its own, and without
 *  OPT where the server does not want it. */
static int put_packet(struct upstream_server *s, struct upstream_try *t)
{
	size_t len = t->is_plain ? t->wire->plain_len : t->wire->len;
	uint8_t *bytes;
	int rc = udp_pool_put(s->pool, len, s->now_us / 1000, &t->socket, &bytes);

	if (rc)
		return rc;
	memcpy(bytes, t->wire->bytes, len);
	store_be16(bytes, t->id);
	if (t->is_plain)
		store_be16(bytes + 10, 0); /* ARCOUNT: the OPT was all there was */
	health_sent(&s->health, s->now_us / 1000);
	return 0;
}

static void on_channel_send(void *arg, struct upstream_try *t)
{
	struct upstream_server *s = arg;

	if (!t->socket)
		s->send_rc = put_packet(s, t);
}

static void on_let_go(void *arg, struct upstream_try *t)
{
	struct upstream_server *s = arg;

	s->in_ares--;
	s->ops->on_let_go(s->arg, t);
}

static const struct upstream_channel_ops channel_ops = {
	.on_send = on_channel_send,
	.on_let_go = on_let_go,
};

static int ask_udp(struct upstream_server *s, struct upstream_try *t)
{
	int rc;

	await_begin(s, t);
	s->send_rc = 0;
	rc = upstream_channel_ask(s->channel, t);
	if (rc) {
		await_end(t);
		return rc;
	}
	s->in_ares++;
	if (s->send_rc) {
		health_refused(&s->health, s->now_us / 1000); /* no socket to be had */
		upstream_server_drop(t);
		return s->send_rc;
	}
	return 0;
}

int upstream_server_ask(struct upstream_server *s, struct upstream_try *t,
			uint64_t now_us)
{
	int rc;

	if (s->in_ares >= UPSTREAM_IN_FLIGHT)
		return -EAGAIN;
	t->server = s;
	t->sent_us = s->now_us = now_us;
	if (s->tls) {
		rc = upstream_tls_ask(s->tls, t, now_us / 1000);
		if (!rc)
			health_sent(&s->health, now_us / 1000);
		return rc;
	}
	t->is_plain = now_us / 1000 < s->plain_until_ms &&
		      t->wire->plain_len < t->wire->len;
	if (!t->is_tcp)
		return ask_udp(s, t);
	rc = upstream_tcp_ask(s->tcp, t, now_us / 1000);
	s->in_ares += t->in_ares;
	return rc;
}

/** The server refused the OPT record: the same try once more without (RFC 6891 §7). Its
 * id and port are new; to c-ares it is the same. */
static void ask_plain(struct upstream_server *s, struct upstream_try *t)
{
	await_end(t);
	t->is_plain = t->is_resent = true;
	await_begin(s, t);
	s->now_us = clock_mono_us();
	if (put_packet(s, t))
		await_end(t); /* it times out like a lost one */
}

void upstream_server_drop(struct upstream_try *t)
{
	struct upstream_server *s = t->server;

	if (!s)
		return;
	if (t->is_tls) {
		upstream_tls_drop(s->tls, t);
		return;
	}
	if (t->is_tcp) {
		upstream_tcp_drop(s->tcp, t);
		return;
	}
	await_end(t);
	upstream_channel_drop(s->channel, t);
}

/* --- receiving ----------------------------------------------------------------- */

static bool refuses_edns(const struct upstream_try *t)
{
	uint16_t rcode = t->facts.rcode;

	return !t->is_plain && t->wire->plain_len < t->wire->len &&
	       (rcode == RCODE_FORMERR || rcode == RCODE_BADVERS ||
		(rcode == RCODE_NOTIMP && !t->facts.has_opt));
}

static void accept_reply(struct upstream_server *s, struct upstream_try *t,
			 uint64_t now_ms)
{
	if (t->is_resent && t->facts.rcode != RCODE_FORMERR)
		s->plain_until_ms = now_ms + PLAIN_MS;
	await_end(t);
	upstream_channel_feed(s->channel, t);
}

/** Right but for its case: twice from two tries of one question is the server's way; once
 *  may be a forgery. */
static bool take_any_case(struct upstream_server *s, struct upstream_try *t,
			  uint64_t now_ms)
{
	if (now_ms < s->any_case_until_ms)
		return true;
	if (t->is_suspect)
		return false; /* of the same id and port: says nothing new */
	t->is_suspect = true;
	if (!s->ops->on_case(s->arg, t))
		return false;
	s->any_case_until_ms = now_ms + ANY_CASE_MS;
	return true;
}

static enum reply_verdict check(struct upstream_server *s,
				const struct udp_socket *socket, const uint8_t *packet,
				size_t len, struct upstream_try **out)
{
	enum reply_verdict v = reply_check_head(packet, len);
	struct upstream_try *t;

	if (v != REPLY_OK)
		return v;
	if (len > UDP_POOL_REPLY_MAX)
		return REPLY_LONG;
	t = find_id(s, load_be16(packet));
	if (!t || t->socket != socket)
		return REPLY_ID;
	*out = t;
	return reply_check(packet, len, t->wire->bytes + WIRE_HEAD, t->wire->question_len,
			   &t->facts);
}

/** A packet that is not the reply is dropped and counted; its try goes on listening. */
static void on_packet(void *arg, const struct udp_socket *socket, const uint8_t *packet,
		      size_t len)
{
	struct upstream_server *s = arg;
	struct upstream_try *t = NULL;
	enum reply_verdict v = check(s, socket, packet, len, &t);
	uint64_t now_ms;

	if (v != REPLY_OK && v != REPLY_CASE && v != REPLY_BARE) {
		s->dropped[v]++;
		return;
	}
	if (refuses_edns(t)) {
		ask_plain(s, t);
		return;
	}
	now_ms = clock_mono_ms();
	t->reply = packet;
	t->reply_len = len;
	if (v == REPLY_CASE && !take_any_case(s, t, now_ms)) {
		t->reply = NULL;
		s->dropped[v]++;
		return;
	}
	accept_reply(s, t, now_ms);
}

static void hand_on(struct upstream_server *s)
{
	struct upstream_try *t;

	upstream_channel_drain(s->channel);
	while ((t = upstream_channel_take(s->channel)))
		s->ops->on_reply(s->arg, t);
}

static void on_batch(void *arg)
{
	struct upstream_server *s = arg;

	hand_on(s);
	s->ops->on_turn(s->arg);
}

static void on_unreachable(void *arg, int rc, bool renewed)
{
	struct upstream_server *s = arg;
	struct upstream_try *t;

	if (!renewed && !health_refused(&s->health, clock_mono_ms()))
		return;
	for (size_t i = 0; i < ID_BUCKETS; i++)
		LIST_FOREACH (t, &s->by_id[i], by_id)
			s->ops->on_unreachable(s->arg, t, rc);
}

static const struct udp_pool_ops pool_ops = {
	.on_packet = on_packet,
	.on_batch = on_batch,
	.on_unreachable = on_unreachable,
};

/* --- by TCP and TLS ------------------------------------------------------------ */

static void on_stream_reply(void *arg, struct upstream_try *t)
{
	struct upstream_server *s = arg;

	s->ops->on_reply(s->arg, t);
}

static void on_stream_broken(void *arg, struct upstream_try *t, bool has_answered)
{
	struct upstream_server *s = arg;

	s->ops->on_broken(s->arg, t, has_answered);
}

static void on_stream_turn(void *arg)
{
	struct upstream_server *s = arg;

	s->ops->on_turn(s->arg);
}

static void on_stream_refused(void *arg, enum reply_verdict v)
{
	struct upstream_server *s = arg;

	s->dropped[v]++;
}

static const struct upstream_tcp_ops tcp_ops = {
	.on_reply = on_stream_reply,
	.on_broken = on_stream_broken,
	.on_let_go = on_let_go,
	.on_turn = on_stream_turn,
	.on_refused = on_stream_refused,
};

static void on_tls_failed(void *arg, const char *why, bool is_news)
{
	struct upstream_server *s = arg;
	char addr[ADDR_PORT_TEXT_MAX];

	health_refused(&s->health, clock_mono_ms());
	if (is_news)
		log_warning("upstream %s: tls %s: %s",
			    addr_port_to_text(&s->to->at, addr), s->to->tls->name, why);
}

static const struct upstream_tls_ops tls_ops = {
	.on_reply = on_stream_reply,
	.on_broken = on_stream_broken,
	.on_turn = on_stream_turn,
	.on_refused = on_stream_refused,
	.on_failed = on_tls_failed,
};

/* --- public -------------------------------------------------------------------- */

void upstream_server_flush(struct upstream_server *s)
{
	if (s->tls) {
		upstream_tls_flush(s->tls);
		return;
	}
	udp_pool_flush(s->pool);
	hand_on(s);
	upstream_tcp_flush(s->tcp);
}

void upstream_server_tick(struct upstream_server *s, uint64_t now_ms)
{
	if (s->tls)
		upstream_tls_tick(s->tls, now_ms);
	else
		upstream_tcp_tick(s->tcp, now_ms);
}

void upstream_server_renew(struct upstream_server *s, uint64_t now_ms)
{
	if (!s->tls) /* a connection that hangs is found by its ticks */
		udp_pool_renew(s->pool, now_ms);
}

void upstream_server_network_changed(struct upstream_server *s)
{
	struct addr source = upstream_stream_source(&s->to->at);
	bool moved = !addr_equal(&source, &s->source);

	s->source = source;
	health_forgive(&s->health);
	if (s->tls)
		upstream_tls_network_changed(s->tls, moved);
	else if (moved)
		udp_pool_renew_now(s->pool, clock_mono_ms());
}

static int open_plain(struct upstream_server *s, const struct upstream_shared *shared,
		      uint32_t timeout_ms)
{
	int rc = udp_pool_open(shared->base, &s->to->at, shared->rx, &pool_ops, s, &s->pool);

	if (!rc)
		rc = upstream_channel_open(false, timeout_ms, &channel_ops, s, &s->channel);
	if (!rc)
		rc = upstream_tcp_open(shared->base, &s->to->at, timeout_ms, &tcp_ops, s,
				       &s->tcp);
	return rc;
}

int upstream_server_open(const struct upstream_shared *shared, const struct conf_server *to,
			 uint32_t timeout_ms, const struct upstream_server_ops *ops,
			 void *arg, struct upstream_server **out)
{
	struct upstream_server *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	s->to = to;
	s->source = upstream_stream_source(&to->at);
	s->ops = ops;
	s->arg = arg;
	if (to->tls)
		rc = upstream_tls_open(shared->base, to, timeout_ms, shared->trust, &tls_ops,
				       s, &s->tls);
	else
		rc = open_plain(s, shared, timeout_ms);
	if (rc) {
		upstream_server_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

void upstream_server_close(struct upstream_server *s)
{
	if (!s)
		return;
	upstream_tls_close(s->tls);
	upstream_tcp_close(s->tcp);
	upstream_channel_close(s->channel);
	udp_pool_close(s->pool);
	free(s);
}

bool upstream_server_is_tls(const struct upstream_server *s)
{
	return s->tls;
}

struct upstream_health *upstream_server_health(struct upstream_server *s)
{
	return &s->health;
}

const struct addr_port *upstream_server_addr(const struct upstream_server *s)
{
	return &s->to->at;
}

void upstream_server_count(const struct upstream_server *s, uint64_t *counts)
{
	for (size_t i = 0; i < REPLY_VERDICTS; i++)
		counts[i] += s->dropped[i];
}

void upstream_server_status(const struct upstream_server *s, const char *group, FILE *to)
{
	char addr[ADDR_PORT_TEXT_MAX], who[WHO_MAX];
	uint64_t now_ms = clock_mono_ms();

	snprintf(who, sizeof(who), "%s %s", group, addr_port_to_text(&s->to->at, addr));
	health_status(&s->health, who, to);
	if (s->tls) {
		upstream_tls_status(s->tls, who, to);
		return;
	}
	fprintf(to, "upstream\t%s in_flight\t%u\n", who, s->in_ares);
	fprintf(to, "upstream\t%s plain_dns\t%d\n", who, s->plain_until_ms > now_ms);
	fprintf(to, "upstream\t%s any_case\t%d\n", who, s->any_case_until_ms > now_ms);
}
