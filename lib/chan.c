/* Channels between processes; see chan.h. Knows nothing of what messages mean. */
#include "lib/chan.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"

#define SOCKET_BYTES	  (4 * 1024 * 1024)
#define MESSAGES_PER_TURN 64 /* then others get their turn */

/* One waiting message; its bytes follow. */
struct waiting {
	struct waiting *next;
	size_t len;
	int fd; /* owned, or -1 */
};

struct chan {
	struct event *on_read, *on_write;
	const struct chan_ops *ops; /* borrowed */
	void *arg;		    /* borrowed */
	struct waiting *first, **last;
	size_t queued, queue_bytes;
	int fd; /* owned */
	bool gone;
	bool in_callback, closed; /* closed inside a callback: freed when that returns */
	_Alignas(8) uint8_t buf[CHAN_MAX_BYTES];
};

static void widen(int fd)
{
	int size = SOCKET_BYTES;

	/* The forced form needs CAP_NET_ADMIN; the plain one is cut to the sysctl's limit. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

int chan_pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds))
		return -errno;
	widen(fds[0]);
	widen(fds[1]);
	return 0;
}

/* Descriptor in a received message, or -1; further ones cannot be there: msg_control holds one. */
static int received_fd(struct msghdr *mh)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(mh);
	int fd;

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static void free_chan(struct chan *ch)
{
	while (ch->first) {
		struct waiting *w = ch->first;

		ch->first = w->next;
		if (w->fd >= 0)
			close(w->fd);
		free(w);
	}
	if (ch->on_read)
		event_free(ch->on_read);
	if (ch->on_write)
		event_free(ch->on_write);
	close(ch->fd);
	free(ch);
}

static void report_gone(struct chan *ch, int rc)
{
	if (ch->gone)
		return;
	ch->gone = true;
	event_del(ch->on_read);
	event_del(ch->on_write);
	if (ch->ops->on_gone)
		ch->ops->on_gone(ch->arg, rc);
}

/* @return true if there may be more to read */
static bool read_one(struct chan *ch)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { ch->buf, sizeof(ch->buf) };
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(ch->fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int fd;

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			report_gone(ch, -errno);
		return false;
	}
	fd = received_fd(&mh);
	if (n == 0) {
		if (fd >= 0)
			close(fd);
		report_gone(ch, 0);
		return false;
	}
	if (mh.msg_flags & MSG_TRUNC) {
		if (fd >= 0)
			close(fd);
		report_gone(ch, -EMSGSIZE);
		return false;
	}
	ch->ops->on_message(ch->arg, ch->buf, (size_t)n, fd);
	return true;
}

static void on_readable(evutil_socket_t fd, short events, void *arg)
{
	struct chan *ch = arg;

	(void)fd;
	(void)events;
	ch->in_callback = true;
	for (int i = 0; i < MESSAGES_PER_TURN; i++)
		if (!read_one(ch) || ch->closed || ch->gone)
			break;
	ch->in_callback = false;
	if (ch->closed)
		free_chan(ch);
}

static int send_now(struct chan *ch, const void *data, size_t len, int fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { (void *)data, len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *c;

		memset(control, 0, sizeof(control));
		mh.msg_control = control;
		mh.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	if (sendmsg(ch->fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
		return -EAGAIN;
	return errno == ECONNRESET || errno == ENOTCONN ? -EPIPE : -errno;
}

/* Hand waiting messages to the kernel. @retval 0 all gone; -EAGAIN; -EPIPE */
static int send_waiting(struct chan *ch)
{
	while (ch->first) {
		struct waiting *w = ch->first;
		int rc = send_now(ch, w + 1, w->len, w->fd);

		if (rc)
			return rc;
		ch->first = w->next;
		if (!ch->first)
			ch->last = &ch->first;
		ch->queued -= w->len;
		if (w->fd >= 0)
			close(w->fd);
		free(w);
	}
	return 0;
}

static void on_writable(evutil_socket_t fd, short events, void *arg)
{
	struct chan *ch = arg;

	(void)fd;
	(void)events;
	/* A peer that is gone is reported by the reading side. */
	if (send_waiting(ch) != -EAGAIN)
		event_del(ch->on_write);
}

int chan_open(struct event_base *base, int fd, size_t queue_bytes,
	      const struct chan_ops *ops, void *arg, struct chan **out)
{
	struct chan *ch = calloc(1, sizeof(*ch));

	if (!ch) {
		close(fd);
		return -ENOMEM;
	}
	ch->fd = fd;
	ch->ops = ops;
	ch->arg = arg;
	ch->queue_bytes = queue_bytes;
	ch->last = &ch->first;
	evutil_make_socket_nonblocking(fd);
	ch->on_read = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, ch);
	ch->on_write = event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable, ch);
	if (!ch->on_read || !ch->on_write || event_add(ch->on_read, NULL)) {
		free_chan(ch);
		return -ENOMEM;
	}
	*out = ch;
	return 0;
}

static int enqueue(struct chan *ch, const void *data, size_t len, int fd)
{
	struct waiting *w;

	if (ch->queued + len > ch->queue_bytes)
		return -EAGAIN;
	w = malloc(sizeof(*w) + len);
	if (!w)
		return -EAGAIN;
	w->next = NULL;
	w->len = len;
	w->fd = fd >= 0 ? dup(fd) : -1;
	if (fd >= 0 && w->fd < 0) {
		free(w);
		return -EAGAIN;
	}
	memcpy(w + 1, data, len);
	*ch->last = w;
	ch->last = &w->next;
	ch->queued += len;
	event_add(ch->on_write, NULL);
	return 0;
}

int chan_send(struct chan *ch, const void *data, size_t len, int fd)
{
	int rc = -EAGAIN;

	if (len > CHAN_MAX_BYTES)
		return -EMSGSIZE;
	if (ch->gone)
		return -EPIPE;
	if (!ch->first)
		rc = send_now(ch, data, len, fd);
	return rc == -EAGAIN ? enqueue(ch, data, len, fd) : rc;
}

size_t chan_queued(const struct chan *ch)
{
	return ch->queued;
}

void chan_each_queued(const struct chan *ch, void (*see)(void *arg, const void *data), void *arg)
{
	for (const struct waiting *w = ch->first; w; w = w->next)
		see(arg, w + 1);
}

int chan_drain(struct chan *ch, int timeout_ms)
{
	uint64_t end = clock_mono_ms() + (uint64_t)timeout_ms;

	for (;;) {
		struct pollfd p = { .fd = ch->fd, .events = POLLOUT };
		uint64_t now = clock_mono_ms();
		int rc = send_waiting(ch);

		if (rc != -EAGAIN)
			return rc;
		if (now >= end)
			return -ETIMEDOUT;
		poll(&p, 1, (int)(end - now));
	}
}

void chan_close(struct chan *ch)
{
	if (!ch)
		return;
	if (ch->in_callback) {
		ch->closed = true;
		event_del(ch->on_read);
		event_del(ch->on_write);
		return;
	}
	free_chan(ch);
}
