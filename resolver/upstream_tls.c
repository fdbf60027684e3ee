/* Questions by TLS; see upstream_tls.h. */
#include "resolver/upstream_tls.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/util.h"
#include "resolver/upstream_stream.h"
#include "resolver/upstream_trust.h"
#include "resolver/upstream_try.h"
#include "resolver/wire.h"

#define IDLE_S	     10
#define STALL_MIN_MS 500
#define STALL_MAX_MS 3000
#define RETRY_MIN_MS 250  /* after a connection that brought nothing, then twice that, */
#define RETRY_MAX_MS 2000 /* up to this */
#define IN_BYTES     (2 + WIRE_MAX)
#define OUT_BYTES    262144
#define READS_MAX    16 /* a turn */

enum tls_state { TLS_CLOSED, TLS_CONNECTING, TLS_SHAKING, TLS_UP };

struct upstream_tls {
	struct event_base *base;	    /* borrowed; outlives us */
	const struct conf_server *to;	    /* borrowed; outlives us */
	struct upstream_trust *trust;	    /* borrowed; outlives us */
	const struct upstream_tls_ops *ops; /* borrowed; outlives us */
	void *arg;
	enum tls_state state;
	SSL *ssl; /* owned; of the connection, as all that follows */
	struct event *readable, *writable; /* owned */
	int fd;				   /* owned; -1: none */
	bool is_stuck;			   /* it failed while it was written to */
	unsigned answered;
	uint64_t progress_ms; /* the last whole reply, or the begin */
	size_t in_len, out_len;
	uint8_t *in, *out;    /* owned */
	SSL_SESSION *session; /* owned; for the next connection */
	uint64_t retry_at_ms;
	uint32_t retry_ms, stall_ms;
	uint64_t connections, resumed, failures;
	const char *version;		/* of the last handshake; static */
	char why[UPSTREAM_TLS_WHY_MAX]; /* the last failure; "": none since it worked */
	TAILQ_HEAD(, upstream_try) failed; /* the connection broke under them */
	unsigned awaited_count;
	uint16_t last_id;
	struct upstream_try *awaited[UPSTREAM_TLS_IN_FLIGHT]; /* by id, modulo */
};

/* --- what is awaited ---------------------------------------------------------------- */

static struct upstream_try **slot_of(struct upstream_tls *tls, uint16_t id)
{
	return &tls->awaited[id % UPSTREAM_TLS_IN_FLIGHT];
}

/** Ids need not be guessed hard here; that one comes back late keeps replies to what was
 *  given up from being taken for others. */
static void await_begin(struct upstream_tls *tls, struct upstream_try *t)
{
	do
		tls->last_id++;
	while (*slot_of(tls, tls->last_id));
	t->id = tls->last_id;
	*slot_of(tls, t->id) = t;
	t->is_awaited = true;
	tls->awaited_count++;
}

static void await_end(struct upstream_tls *tls, struct upstream_try *t)
{
	if (!t->is_awaited)
		return;
	t->is_awaited = false;
	*slot_of(tls, t->id) = NULL;
	tls->awaited_count--;
}

/* --- the connection ----------------------------------------------------------------- */

static void on_event(evutil_socket_t fd, short events, void *arg);

static void connection_close(struct upstream_tls *tls)
{
	if (tls->readable)
		event_free(tls->readable);
	if (tls->writable)
		event_free(tls->writable);
	if (tls->state == TLS_UP) /* else OpenSSL takes its session for spoilt */
		SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(tls->ssl);
	ERR_clear_error();
	if (tls->fd >= 0)
		close(tls->fd);
	free(tls->in);
	free(tls->out);
	tls->readable = tls->writable = NULL;
	tls->ssl = NULL;
	tls->fd = -1;
	tls->in = tls->out = NULL;
	tls->in_len = tls->out_len = 0;
	tls->state = TLS_CLOSED;
}

static int connection_open(struct upstream_tls *tls, uint64_t now_ms)
{
	struct timeval idle = {.tv_sec = IDLE_S};

	tls->fd = upstream_stream_connect(&tls->to->at);
	if (tls->fd < 0)
		return -errno;
	tls->in = malloc(IN_BYTES);
	tls->out = malloc(OUT_BYTES);
	tls->readable =
		event_new(tls->base, tls->fd, EV_READ | EV_PERSIST, on_event, tls);
	tls->writable = event_new(tls->base, tls->fd, EV_WRITE, on_event, tls);
	tls->ssl = upstream_trust_begin(tls->trust, tls->to->tls, tls->fd, &tls->session);
	if (!tls->in || !tls->out || !tls->readable || !tls->writable || !tls->ssl ||
	    event_add(tls->readable, &idle) || event_add(tls->writable, NULL)) {
		connection_close(tls);
		return -ENOMEM;
	}
	tls->state = TLS_CONNECTING;
	tls->is_stuck = false;
	tls->answered = 0;
	tls->progress_ms = now_ms;
	tls->connections++;
	return 0;
}

/** What failed may have failed because of it. */
static void session_forget(struct upstream_tls *tls)
{
	SSL_SESSION_free(tls->session);
	tls->session = NULL;
}

/** It brought nothing: note why, and wait longer before the next. */
static void note_failure(struct upstream_tls *tls, const char *why)
{
	bool is_news = strcmp(why, tls->why) != 0;

	tls->failures++;
	tls->retry_ms = MAX(RETRY_MIN_MS, MIN(tls->retry_ms * 2, (uint32_t)RETRY_MAX_MS));
	tls->retry_at_ms = clock_mono_ms() + tls->retry_ms;
	snprintf(tls->why, sizeof(tls->why), "%s", why);
	tls->ops->on_failed(tls->arg, tls->why, is_news);
}

/** Everything awaited is told that no reply will come. */
static void report_broken(struct upstream_tls *tls, bool has_answered)
{
	struct upstream_try *t;

	for (size_t i = 0; tls->awaited_count && i < UPSTREAM_TLS_IN_FLIGHT; i++) {
		t = tls->awaited[i];
		if (!t)
			continue;
		await_end(tls, t);
		t->list = TRY_FAILED;
		TAILQ_INSERT_TAIL(&tls->failed, t, link);
	}
	while ((t = TAILQ_FIRST(&tls->failed))) {
		TAILQ_REMOVE(&tls->failed, t, link);
		t->list = TRY_UNLISTED;
		tls->ops->on_broken(tls->arg, t, has_answered);
	}
	tls->ops->on_turn(tls->arg);
}

static void connection_break(struct upstream_tls *tls, const char *why)
{
	bool has_answered = tls->answered > 0;

	if (!has_answered && (tls->state != TLS_UP || tls->awaited_count)) {
		note_failure(tls, why);
		session_forget(tls);
	}
	connection_close(tls);
	report_broken(tls, has_answered);
}

/* --- writing ------------------------------------------------------------------------ */

/** Send what is queued; a failure is left to the next event or tick, for those who call
 *  are in the midst of something. */
static void write_out(struct upstream_tls *tls)
{
	while (tls->state == TLS_UP && tls->out_len && !tls->is_stuck) {
		int n, code;

		ERR_clear_error();
		n = SSL_write(tls->ssl, tls->out, (int)tls->out_len);
		if (n <= 0) {
			code = SSL_get_error(tls->ssl, n);
			if (code == SSL_ERROR_WANT_WRITE)
				event_add(tls->writable, NULL);
			else if (code != SSL_ERROR_WANT_READ)
				tls->is_stuck = true;
			return;
		}
		tls->out_len -= (size_t)n;
		memmove(tls->out, tls->out + n, tls->out_len);
	}
}

/* --- the handshake ------------------------------------------------------------------ */

static void on_up(struct upstream_tls *tls)
{
	uint64_t now_us = clock_mono_us();

	tls->state = TLS_UP;
	tls->version = SSL_get_version(tls->ssl);
	tls->resumed += SSL_session_reused(tls->ssl) != 0;
	tls->progress_ms = now_us / 1000;
	for (size_t i = 0; i < UPSTREAM_TLS_IN_FLIGHT; i++)
		if (tls->awaited[i])
			tls->awaited[i]->sent_us = now_us; /* they leave only now */
}

/** NULL, or why it cannot be. */
static const char *shake(struct upstream_tls *tls)
{
	const char *why;
	int n, code;

	ERR_clear_error();
	n = SSL_do_handshake(tls->ssl);
	if (n == 1) {
		why = upstream_trust_refuses(tls->ssl, tls->to->tls);
		if (!why)
			on_up(tls);
		return why;
	}
	code = SSL_get_error(tls->ssl, n);
	if (code == SSL_ERROR_WANT_WRITE)
		event_add(tls->writable, NULL);
	if (code == SSL_ERROR_WANT_WRITE || code == SSL_ERROR_WANT_READ)
		return NULL;
	why = upstream_trust_why(tls->ssl);
	return why ? why : "it closed the connection in the handshake";
}

/** NULL, or why it cannot be. */
static const char *finish_connect(struct upstream_tls *tls)
{
	int err = upstream_stream_error(tls->fd);

	if (err)
		return strerror(err);
	tls->state = TLS_SHAKING;
	return NULL;
}

/* --- reading ------------------------------------------------------------------------ */

/** One reply. The case of the question says nothing here. */
static void on_frame(struct upstream_tls *tls, const uint8_t *packet, size_t len)
{
	enum reply_verdict v = reply_check_head(packet, len);
	struct upstream_try *t = NULL;

	if (v == REPLY_OK) {
		t = *slot_of(tls, load_be16(packet));
		if (t && t->id != load_be16(packet))
			t = NULL;
		v = !t ? REPLY_ID
		       : reply_check(packet, len, t->wire->bytes + WIRE_HEAD,
				     t->wire->question_len, &t->facts);
	}
	if (!t || (v != REPLY_OK && v != REPLY_CASE)) {
		tls->ops->on_refused(tls->arg, v);
		return;
	}
	tls->answered++;
	tls->progress_ms = clock_mono_ms();
	tls->retry_ms = 0;
	tls->why[0] = '\0';
	await_end(tls, t);
	t->reply = packet;
	t->reply_len = len;
	tls->ops->on_reply(tls->arg, t);
}

/** Take all whole frames; what they lend is given back by on_turn. */
static void take_frames(struct upstream_tls *tls)
{
	size_t at = 0;

	while (tls->in_len - at >= 2) {
		size_t len = load_be16(tls->in + at);

		if (tls->in_len - at < 2 + len)
			break;
		on_frame(tls, tls->in + at + 2, len);
		at += 2 + len;
	}
	if (!at)
		return;
	tls->ops->on_turn(tls->arg);
	tls->in_len -= at;
	memmove(tls->in, tls->in + at, tls->in_len);
}

/** NULL, or why nothing more will come. */
static const char *read_in(struct upstream_tls *tls)
{
	for (unsigned i = 0; i < READS_MAX; i++) {
		int n, code;

		ERR_clear_error();
		n = SSL_read(tls->ssl, tls->in + tls->in_len,
			     (int)(IN_BYTES - tls->in_len));
		if (n <= 0) {
			code = SSL_get_error(tls->ssl, n);
			if (code == SSL_ERROR_WANT_WRITE)
				event_add(tls->writable, NULL);
			if (code == SSL_ERROR_WANT_WRITE || code == SSL_ERROR_WANT_READ)
				return NULL;
			return "it closed the connection without an answer";
		}
		tls->in_len += (size_t)n;
		take_frames(tls);
	}
	if (SSL_pending(tls->ssl) > 0)
		event_active(tls->readable, EV_READ, 0);
	return NULL;
}

/** The connection takes whatever step it can. */
static void on_event(evutil_socket_t fd, short events, void *arg)
{
	struct upstream_tls *tls = arg;
	const char *why = NULL;

	(void)fd;
	if (events & EV_TIMEOUT) { /* IDLE_S have passed */
		if (tls->awaited_count)
			return;
		if (tls->state == TLS_UP)
			SSL_shutdown(tls->ssl);
		connection_close(tls);
		return;
	}
	if (tls->state == TLS_CONNECTING)
		why = finish_connect(tls);
	if (!why && tls->state == TLS_SHAKING)
		why = shake(tls);
	if (!why)
		write_out(tls);
	if (!why && tls->state == TLS_UP)
		why = read_in(tls);
	if (why)
		connection_break(tls, why);
}

/* --- public ------------------------------------------------------------------------- */

int upstream_tls_ask(struct upstream_tls *tls, struct upstream_try *t, uint64_t now_ms)
{
	int rc;

	if (tls->awaited_count >= UPSTREAM_TLS_IN_FLIGHT)
		return -EAGAIN;
	if (tls->state == TLS_CLOSED && now_ms < tls->retry_at_ms)
		return -ECONNREFUSED;
	rc = tls->state == TLS_CLOSED ? connection_open(tls, now_ms) : 0;
	if (rc) {
		note_failure(tls, strerror(-rc));
		return rc;
	}
	if (OUT_BYTES - tls->out_len < UPSTREAM_STREAM_FRAME_MAX)
		return -EAGAIN;
	if (!tls->awaited_count)
		tls->progress_ms = now_ms;
	await_begin(tls, t);
	tls->out_len += upstream_stream_write(t, UPSTREAM_PAD, tls->out + tls->out_len);
	return 0;
}

void upstream_tls_drop(struct upstream_tls *tls, struct upstream_try *t)
{
	await_end(tls, t);
	if (t->list == TRY_FAILED)
		TAILQ_REMOVE(&tls->failed, t, link);
	t->list = TRY_UNLISTED;
}

void upstream_tls_flush(struct upstream_tls *tls)
{
	write_out(tls);
}

void upstream_tls_tick(struct upstream_tls *tls, uint64_t now_ms)
{
	if (tls->state == TLS_CLOSED)
		return;
	if (tls->is_stuck)
		connection_break(tls, "it closed the connection without an answer");
	else if (tls->awaited_count && now_ms - tls->progress_ms > tls->stall_ms)
		connection_break(tls, tls->state == TLS_UP ? "it does not answer"
							   : "no handshake in time");
}

void upstream_tls_network_changed(struct upstream_tls *tls, bool moved)
{
	tls->retry_ms = 0;
	tls->retry_at_ms = 0;
	if (tls->state == TLS_CLOSED || (!moved && tls->state == TLS_UP))
		return;
	connection_close(tls);
	report_broken(tls, true);
}

void upstream_tls_status(const struct upstream_tls *tls, const char *who, FILE *to)
{
	fprintf(to, "upstream\t%s in_flight\t%u\n", who, tls->awaited_count);
	fprintf(to, "upstream\t%s tls\t%s\n", who,
		tls->version ? tls->version : "none yet");
	fprintf(to, "upstream\t%s tls_connections\t%" PRIu64 "\n", who, tls->connections);
	fprintf(to, "upstream\t%s tls_resumed\t%" PRIu64 "\n", who, tls->resumed);
	fprintf(to, "upstream\t%s tls_failures\t%" PRIu64 "\n", who, tls->failures);
	if (tls->why[0])
		fprintf(to, "upstream\t%s tls_error\t%s\n", who, tls->why);
}

int upstream_tls_open(struct event_base *base, const struct conf_server *to,
		      uint32_t timeout_ms, struct upstream_trust *trust,
		      const struct upstream_tls_ops *ops, void *arg,
		      struct upstream_tls **out)
{
	struct upstream_tls *tls = calloc(1, sizeof(*tls));

	if (!tls)
		return -ENOMEM;
	tls->base = base;
	tls->to = to;
	tls->trust = trust;
	tls->ops = ops;
	tls->arg = arg;
	tls->fd = -1;
	tls->stall_ms = MAX(STALL_MIN_MS, MIN(timeout_ms / 2, (uint32_t)STALL_MAX_MS));
	TAILQ_INIT(&tls->failed);
	*out = tls;
	return 0;
}

void upstream_tls_close(struct upstream_tls *tls)
{
	if (!tls)
		return;
	connection_close(tls);
	session_forget(tls);
	free(tls);
}
