/* Questions by TCP; see upstream_tcp.h. */
#include "resolver/upstream_tcp.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/util.h"
#include "resolver/upstream_channel.h"
#include "resolver/upstream_stream.h"
#include "resolver/upstream_try.h"
#include "resolver/wire.h"

#define IDLE_S	     10
#define STALL_MIN_MS 500
#define STALL_MAX_MS 3000
#define RETRY_MS     1000 /* after a connection that brought nothing */
#define IN_BYTES     (2 + WIRE_MAX)
#define OUT_BYTES    (UPSTREAM_TCP_IN_FLIGHT * UPSTREAM_STREAM_FRAME_MAX)
#define READS_MAX    16 /* a turn */

struct upstream_tcp {
	struct event_base *base;	    /* borrowed; outlives us */
	const struct upstream_tcp_ops *ops; /* borrowed; outlives us */
	void *arg;
	struct addr_port to;
	struct upstream_channel *channel;  /* owned */
	struct event *readable, *writable; /* owned; NULL without connection */
	LIST_HEAD(, upstream_try) awaited;
	TAILQ_HEAD(, upstream_try) failed; /* the connection broke under them */
	unsigned awaited_count;
	int fd; /* -1: none */
	bool is_connecting;
	bool wants_write;  /* c-ares has frames to write */
	bool is_stuck;	   /* the queue out is full */
	unsigned answered; /* by this connection */
	uint64_t retry_at_ms;
	uint64_t progress_ms; /* the last whole reply, or the begin */
	uint32_t stall_ms;
	size_t in_len, out_len;
	uint8_t *in, *out; /* owned; allocated with the first connection, and kept */
};

static void events_free(struct upstream_tcp *tcp)
{
	if (tcp->readable)
		event_free(tcp->readable);
	if (tcp->writable)
		event_free(tcp->writable);
	tcp->readable = tcp->writable = NULL;
}

static void on_readable(evutil_socket_t fd, short events, void *arg);
static void on_writable(evutil_socket_t fd, short events, void *arg);

static int events_add(struct upstream_tcp *tcp, int fd)
{
	struct timeval idle = { .tv_sec = IDLE_S };

	if (!tcp->in)
		tcp->in = malloc(IN_BYTES);
	if (!tcp->out)
		tcp->out = malloc(OUT_BYTES);
	tcp->readable = event_new(tcp->base, fd, EV_READ | EV_PERSIST, on_readable, tcp);
	tcp->writable = event_new(tcp->base, fd, EV_WRITE | EV_PERSIST, on_writable, tcp);
	if (!tcp->in || !tcp->out || !tcp->readable || !tcp->writable ||
	    event_add(tcp->readable, &idle) || event_add(tcp->writable, NULL)) {
		events_free(tcp);
		return -ENOMEM;
	}
	return 0;
}

/* --- what c-ares asks for ------------------------------------------------------ */

static int on_open(void *arg)
{
	struct upstream_tcp *tcp = arg;
	int fd = upstream_stream_connect(&tcp->to);

	if (fd < 0)
		return -1;
	if (events_add(tcp, fd)) {
		close(fd);
		errno = ENOMEM;
		return -1;
	}
	tcp->fd = fd;
	tcp->is_connecting = true;
	tcp->wants_write = tcp->is_stuck = false;
	tcp->answered = 0;
	tcp->in_len = tcp->out_len = 0;
	tcp->progress_ms = clock_mono_ms();
	return fd;
}

static void on_close(void *arg, int fd)
{
	struct upstream_tcp *tcp = arg;

	events_free(tcp);
	close(fd);
	tcp->fd = -1;
}

static void on_watch(void *arg, int fd, bool write)
{
	struct upstream_tcp *tcp = arg;

	if (fd != tcp->fd)
		return;
	tcp->wants_write = write;
	if (write)
		event_add(tcp->writable, NULL);
}

/** Queue t's frame. */
static void on_send(void *arg, struct upstream_try *t)
{
	struct upstream_tcp *tcp = arg;

	if (tcp->fd < 0 || OUT_BYTES - tcp->out_len < UPSTREAM_STREAM_FRAME_MAX) {
		tcp->is_stuck = true; /* the next tick breaks it */
		return;
	}
	tcp->out_len += upstream_stream_write(t, 0, tcp->out + tcp->out_len);
	event_add(tcp->writable, NULL);
}

static void await_end(struct upstream_tcp *tcp, struct upstream_try *t)
{
	if (!t->is_awaited)
		return;
	t->is_awaited = false;
	LIST_REMOVE(t, by_id);
	tcp->awaited_count--;
}

static void on_let_go(void *arg, struct upstream_try *t)
{
	struct upstream_tcp *tcp = arg;

	tcp->ops->on_let_go(tcp->arg, t);
}

static const struct upstream_channel_ops channel_ops = {
	.on_send = on_send,
	.on_let_go = on_let_go,
	.on_open = on_open,
	.on_close = on_close,
	.on_watch = on_watch,
};

/* --- the connection ------------------------------------------------------------ */

/** The connection is closed: whoever waits for it hears so. */
static void report_broken(struct upstream_tcp *tcp, bool has_answered)
{
	struct upstream_try *t;

	while ((t = LIST_FIRST(&tcp->awaited))) {
		await_end(tcp, t);
		if (t->list != TRY_UNLISTED)
			continue; /* its reply is there already */
		t->list = TRY_FAILED;
		TAILQ_INSERT_TAIL(&tcp->failed, t, link);
	}
	while ((t = TAILQ_FIRST(&tcp->failed))) {
		TAILQ_REMOVE(&tcp->failed, t, link);
		t->list = TRY_UNLISTED;
		tcp->ops->on_broken(tcp->arg, t, has_answered);
	}
	tcp->ops->on_turn(tcp->arg);
}

static void break_connection(struct upstream_tcp *tcp)
{
	bool has_answered = tcp->answered > 0;

	if (tcp->fd < 0)
		return;
	if (!has_answered)
		tcp->retry_at_ms = clock_mono_ms() + RETRY_MS;
	upstream_channel_break(tcp->channel, tcp->fd);
	report_broken(tcp, has_answered);
}

static void hand_on(struct upstream_tcp *tcp)
{
	struct upstream_try *t;

	upstream_channel_drain(tcp->channel);
	while ((t = upstream_channel_take(tcp->channel)))
		tcp->ops->on_reply(tcp->arg, t);
}

/** Send what is queued. @retval negative errno: the connection is broken */
static int write_out(struct upstream_tcp *tcp)
{
	ssize_t n;

	if (tcp->fd < 0 || tcp->is_connecting || !tcp->out_len)
		return 0;
	n = send(tcp->fd, tcp->out, tcp->out_len, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	tcp->out_len -= (size_t)n;
	memmove(tcp->out, tcp->out + n, tcp->out_len);
	return 0;
}

static void on_writable(evutil_socket_t fd, short events, void *arg)
{
	struct upstream_tcp *tcp = arg;

	(void)events;
	if (tcp->is_connecting && upstream_stream_error(fd)) {
		break_connection(tcp);
		return;
	}
	tcp->is_connecting = false;
	if (tcp->wants_write)
		upstream_channel_write(tcp->channel, fd);
	if (tcp->fd < 0) { /* c-ares closed it */
		report_broken(tcp, false);
		return;
	}
	if (write_out(tcp)) {
		break_connection(tcp);
		return;
	}
	if (!tcp->out_len && !tcp->wants_write)
		event_del(tcp->writable);
}

static struct upstream_try *find_awaited(struct upstream_tcp *tcp, uint16_t id)
{
	struct upstream_try *t;

	LIST_FOREACH (t, &tcp->awaited, by_id)
		if (t->id == id)
			return t;
	return NULL;
}

/** One reply. By TCP the case of the question says nothing. */
static void on_frame(struct upstream_tcp *tcp, const uint8_t *packet, size_t len)
{
	enum reply_verdict v = reply_check_head(packet, len);
	struct upstream_try *t = NULL;

	if (v == REPLY_OK) {
		t = find_awaited(tcp, load_be16(packet));
		v = !t ? REPLY_ID
		       : reply_check(packet, len, t->wire->bytes + WIRE_HEAD,
				     t->wire->question_len, &t->facts);
	}
	if (!t || (v != REPLY_OK && v != REPLY_CASE)) {
		tcp->ops->on_refused(tcp->arg, v);
		return;
	}
	tcp->answered++;
	tcp->progress_ms = clock_mono_ms();
	await_end(tcp, t);
	t->reply = packet;
	t->reply_len = len;
	upstream_channel_feed(tcp->channel, t);
	hand_on(tcp);
	tcp->ops->on_turn(tcp->arg);
}

/** Take all whole frames. False if the connection was closed meanwhile. */
static bool read_frames(struct upstream_tcp *tcp)
{
	int fd = tcp->fd;
	size_t at = 0;

	while (tcp->in_len - at >= 2) {
		size_t len = load_be16(tcp->in + at);

		if (tcp->in_len - at < 2 + len)
			break;
		on_frame(tcp, tcp->in + at + 2, len);
		if (tcp->fd != fd)
			return false;
		at += 2 + len;
	}
	tcp->in_len -= at;
	memmove(tcp->in, tcp->in + at, tcp->in_len);
	return true;
}

static void on_readable(evutil_socket_t fd, short events, void *arg)
{
	struct upstream_tcp *tcp = arg;

	if (!(events & EV_READ)) { /* IDLE_S have passed */
		if (!tcp->awaited_count)
			break_connection(tcp);
		return;
	}
	for (unsigned i = 0; i < READS_MAX; i++) {
		ssize_t n = recv(fd, tcp->in + tcp->in_len, IN_BYTES - tcp->in_len, 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			break_connection(tcp);
			return;
		}
		tcp->in_len += (size_t)n;
		if (!read_frames(tcp))
			return;
	}
}

/* --- public -------------------------------------------------------------------- */

int upstream_tcp_ask(struct upstream_tcp *tcp, struct upstream_try *t, uint64_t now_ms)
{
	if (tcp->awaited_count >= UPSTREAM_TCP_IN_FLIGHT)
		return -EAGAIN;
	if (tcp->fd < 0 && now_ms < tcp->retry_at_ms)
		return -ECONNREFUSED;
	do
		t->id = (uint16_t)random_u32();
	while (find_awaited(tcp, t->id));
	if (!tcp->awaited_count)
		tcp->progress_ms = now_ms;
	t->is_awaited = true;
	LIST_INSERT_HEAD(&tcp->awaited, t, by_id);
	tcp->awaited_count++;
	if (upstream_channel_ask(tcp->channel, t)) {
		await_end(tcp, t);
		return -ECONNREFUSED;
	}
	return 0;
}

void upstream_tcp_drop(struct upstream_tcp *tcp, struct upstream_try *t)
{
	await_end(tcp, t);
	if (t->list == TRY_FAILED) {
		TAILQ_REMOVE(&tcp->failed, t, link);
		t->list = TRY_UNLISTED;
	}
	upstream_channel_drop(tcp->channel, t);
}

void upstream_tcp_flush(struct upstream_tcp *tcp)
{
	hand_on(tcp);
	write_out(tcp); /* if it fails the next event tells */
}

void upstream_tcp_tick(struct upstream_tcp *tcp, uint64_t now_ms)
{
	if (tcp->fd < 0)
		return;
	if (tcp->is_stuck ||
	    (tcp->awaited_count && now_ms - tcp->progress_ms > tcp->stall_ms))
		break_connection(tcp);
}

int upstream_tcp_open(struct event_base *base, const struct addr_port *to,
		      uint32_t timeout_ms, const struct upstream_tcp_ops *ops, void *arg,
		      struct upstream_tcp **out)
{
	struct upstream_tcp *tcp = calloc(1, sizeof(*tcp));
	int rc;

	if (!tcp)
		return -ENOMEM;
	tcp->base = base;
	tcp->to = *to;
	tcp->ops = ops;
	tcp->arg = arg;
	tcp->fd = -1;
	tcp->stall_ms = MAX(STALL_MIN_MS, MIN(timeout_ms / 2, (uint32_t)STALL_MAX_MS));
	LIST_INIT(&tcp->awaited);
	TAILQ_INIT(&tcp->failed);
	rc = upstream_channel_open(true, timeout_ms, &channel_ops, tcp, &tcp->channel);
	if (rc) {
		free(tcp);
		return rc;
	}
	*out = tcp;
	return 0;
}

void upstream_tcp_close(struct upstream_tcp *tcp)
{
	if (!tcp)
		return;
	upstream_channel_close(tcp->channel);
	free(tcp->in);
	free(tcp->out);
	free(tcp);
}
