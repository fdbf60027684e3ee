/* Sockets of random ports and batched packets; see udp_pool.h. */
#include "resolver/udp_pool.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/util.h"

#define PORT_FIRST  1024
#define PORT_TRIES  8
#define RENEW_MS    2000
#define READ_ERRORS 8 /* errors taken from one socket before the next turn */

struct udp_socket {
	TAILQ_ENTRY(udp_socket) retiring; /* linked when slot is NULL */
	struct udp_pool *pool;		  /* borrowed; outlives us */
	struct event *readable;		  /* owned */
	struct udp_socket **slot;
	uint64_t opened_ms;
	unsigned sent, awaited;
	int fd;
};

struct udp_rx {
	struct mmsghdr messages[UDP_POOL_BATCH];
	struct iovec iov[UDP_POOL_BATCH];
	uint8_t bytes[UDP_POOL_BATCH][UDP_POOL_REPLY_MAX];
};

struct udp_pool {
	struct event_base *base;	/* borrowed; outlives us */
	struct udp_rx *rx;		/* borrowed; outlives us */
	const struct udp_pool_ops *ops; /* borrowed; outlives us */
	void *arg;
	struct addr_port to;
	struct udp_socket *slots[UDP_POOL_SOCKETS]; /* owned; NULL: not opened yet */
	TAILQ_HEAD(, udp_socket) retiring;	    /* owned */
	unsigned retiring_count;
	uint64_t renewed_ms;
	struct udp_socket *current; /* of the queued packets; NULL: pick one */
	unsigned queued;
	struct mmsghdr messages[UDP_POOL_BATCH];
	struct iovec iov[UDP_POOL_BATCH];
	uint8_t bytes[UDP_POOL_BATCH][UDP_POOL_QUERY_MAX];
};

struct udp_rx *udp_rx_new(void)
{
	struct udp_rx *rx = calloc(1, sizeof(*rx));

	if (!rx)
		return NULL;
	for (unsigned i = 0; i < UDP_POOL_BATCH; i++) {
		rx->iov[i].iov_base = rx->bytes[i];
		rx->iov[i].iov_len = UDP_POOL_REPLY_MAX;
		rx->messages[i].msg_hdr.msg_iov = &rx->iov[i];
		rx->messages[i].msg_hdr.msg_iovlen = 1;
	}
	return rx;
}

void udp_rx_free(struct udp_rx *rx)
{
	free(rx);
}

static void socket_free(struct udp_socket *s)
{
	if (s->readable)
		event_free(s->readable);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

/** Bind to a random port, then connect; the kernel chooses if eight ports are taken. */
static int socket_connect(int fd, const struct addr_port *to)
{
	struct addr_port from = { .addr.family = to->addr.family };
	struct sockaddr_storage sa;
	socklen_t len;

	for (unsigned i = 0; i <= PORT_TRIES; i++) {
		from.port = PORT_FIRST;
		from.port = (uint16_t)(from.port + random_u32() % (65536 - PORT_FIRST));
		if (i == PORT_TRIES)
			from.port = 0;
		len = addr_port_to_sockaddr(&from, &sa);
		if (bind(fd, (struct sockaddr *)&sa, len) == 0)
			break;
		if (errno != EADDRINUSE && errno != EACCES)
			return -errno;
		if (i == PORT_TRIES)
			return -EADDRINUSE;
	}
	len = addr_port_to_sockaddr(to, &sa);
	return connect(fd, (struct sockaddr *)&sa, len) ? -errno : 0;
}

static void on_readable(evutil_socket_t fd, short events, void *arg);

static int socket_open(struct udp_pool *pool, uint64_t now_ms, struct udp_socket **out)
{
	struct udp_socket *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	s->pool = pool;
	s->opened_ms = now_ms;
	s->fd = socket(pool->to.addr.family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       0);
	if (s->fd < 0) {
		rc = -errno;
		goto err_free;
	}
	rc = socket_connect(s->fd, &pool->to);
	if (rc)
		goto err_free;
	rc = -ENOMEM;
	s->readable = event_new(pool->base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
	if (!s->readable || event_add(s->readable, NULL))
		goto err_free;
	*out = s;
	return 0;

err_free:
	socket_free(s);
	return rc;
}

/** Out of its slot; closed when nothing is awaited on it. */
static void socket_retire(struct udp_socket *s)
{
	struct udp_pool *pool = s->pool;

	if (!s->slot)
		return;
	*s->slot = NULL;
	s->slot = NULL;
	if (!s->awaited && pool->current != s) {
		socket_free(s);
		return;
	}
	TAILQ_INSERT_TAIL(&pool->retiring, s, retiring);
	pool->retiring_count++;
}

/** Close s if it was retired and nothing is awaited or queued on it. */
static void socket_close_idle(struct udp_socket *s)
{
	struct udp_pool *pool = s->pool;

	if (s->slot || s->awaited || pool->current == s)
		return;
	TAILQ_REMOVE(&pool->retiring, s, retiring);
	pool->retiring_count--;
	socket_free(s);
}

static bool socket_is_worn(const struct udp_socket *s, uint64_t now_ms)
{
	return (s->sent >= UDP_POOL_PACKETS || now_ms - s->opened_ms > UDP_POOL_AGE_MS) &&
	       s->pool->retiring_count < UDP_POOL_RETIRING;
}

/** Any open socket, where no further one can be had. */
static struct udp_socket *socket_find(struct udp_pool *pool, size_t from)
{
	for (size_t i = 0; i < UDP_POOL_SOCKETS; i++) {
		struct udp_socket *s = pool->slots[(from + i) % UDP_POOL_SOCKETS];

		if (s)
			return s;
	}
	return NULL;
}

static int pick(struct udp_pool *pool, uint64_t now_ms)
{
	size_t i = random_u32() % UDP_POOL_SOCKETS;
	struct udp_socket **slot = &pool->slots[i];
	int rc = 0;

	if (*slot && socket_is_worn(*slot, now_ms))
		socket_retire(*slot);
	if (!*slot) {
		rc = socket_open(pool, now_ms, slot);
		if (!rc)
			(*slot)->slot = slot;
	}
	pool->current = rc ? socket_find(pool, i) : *slot;
	return pool->current ? 0 : rc;
}

/** True for errors that say nothing of the server: the packet counts as lost. */
static bool is_local_shortage(int err)
{
	return err == EAGAIN || err == ENOBUFS || err == ENOMEM || err == EINTR;
}

void udp_pool_renew_now(struct udp_pool *pool, uint64_t now_ms)
{
	pool->renewed_ms = now_ms;
	for (size_t i = 0; i < UDP_POOL_SOCKETS; i++)
		if (pool->slots[i])
			socket_retire(pool->slots[i]);
}

bool udp_pool_renew(struct udp_pool *pool, uint64_t now_ms)
{
	if (now_ms - pool->renewed_ms < RENEW_MS ||
	    pool->retiring_count >= UDP_POOL_RETIRING)
		return false;
	udp_pool_renew_now(pool, now_ms);
	return true;
}

/** An error that a socket gave. A refused port is an answer by ICMP; anything else may
 * lie in the address that our sockets send from, so they are replaced. */
static void socket_failed(struct udp_socket *s, int err)
{
	struct udp_pool *pool = s->pool;
	bool renewed = false;

	if (is_local_shortage(err))
		return;
	if (err != ECONNREFUSED)
		renewed = udp_pool_renew(pool, clock_mono_ms());
	pool->ops->on_unreachable(pool->arg, -err, renewed);
}

void udp_pool_flush(struct udp_pool *pool)
{
	struct udp_socket *s = pool->current;
	unsigned at = 0, errors = 0;

	if (!s)
		return;
	while (at < pool->queued) {
		int n = sendmmsg(s->fd, pool->messages + at, pool->queued - at,
				 MSG_NOSIGNAL);

		if (n > 0) {
			at += (unsigned)n;
			continue;
		}
		/* an error of an earlier packet is told once: then the same goes out */
		if (errno != ECONNREFUSED || errors++ > 0)
			at++;
		socket_failed(s, errno);
	}
	pool->queued = 0;
	pool->current = NULL;
	socket_close_idle(s);
}

int udp_pool_put(struct udp_pool *pool, size_t len, uint64_t now_ms,
		 struct udp_socket **socket, uint8_t **bytes)
{
	unsigned i;
	int rc;

	assert(len <= UDP_POOL_QUERY_MAX);
	if (pool->queued == UDP_POOL_BATCH)
		udp_pool_flush(pool);
	if (!pool->current) {
		rc = pick(pool, now_ms);
		if (rc)
			return rc;
	}
	i = pool->queued++;
	pool->iov[i].iov_len = len;
	pool->current->sent++;
	pool->current->awaited++;
	*socket = pool->current;
	*bytes = pool->bytes[i];
	return 0;
}

void udp_socket_release(struct udp_socket *s)
{
	assert(s->awaited > 0);
	s->awaited--;
	socket_close_idle(s);
}

/** Read one batch. Returns the number of packets, or negative errno. */
static int receive(struct udp_socket *s, struct udp_rx *rx)
{
	int n = recvmmsg(s->fd, rx->messages, UDP_POOL_BATCH, MSG_DONTWAIT | MSG_TRUNC,
			 NULL);

	return n < 0 ? -errno : n;
}

static void on_readable(evutil_socket_t fd, short events, void *arg)
{
	struct udp_socket *s = arg;
	struct udp_pool *pool = s->pool;
	struct udp_rx *rx = pool->rx;
	int n = receive(s, rx);

	(void)fd;
	(void)events;
	for (unsigned i = 0; n < 0 && n != -EAGAIN && i < READ_ERRORS; i++) {
		s->awaited++; /* keeps s open over the call */
		socket_failed(s, -n);
		s->awaited--;
		n = receive(s, rx);
	}
	s->awaited++;
	for (int i = 0; i < n; i++)
		pool->ops->on_packet(pool->arg, s, rx->bytes[i], rx->messages[i].msg_len);
	udp_socket_release(s);
	pool->ops->on_batch(pool->arg);
}

int udp_pool_open(struct event_base *base, const struct addr_port *to, struct udp_rx *rx,
		  const struct udp_pool_ops *ops, void *arg, struct udp_pool **out)
{
	struct udp_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return -ENOMEM;
	pool->base = base;
	pool->to = *to;
	pool->rx = rx;
	pool->ops = ops;
	pool->arg = arg;
	TAILQ_INIT(&pool->retiring);
	for (unsigned i = 0; i < UDP_POOL_BATCH; i++) {
		pool->iov[i].iov_base = pool->bytes[i];
		pool->messages[i].msg_hdr.msg_iov = &pool->iov[i];
		pool->messages[i].msg_hdr.msg_iovlen = 1;
	}
	*out = pool;
	return 0;
}

void udp_pool_close(struct udp_pool *pool)
{
	struct udp_socket *s;

	if (!pool)
		return;
	for (size_t i = 0; i < UDP_POOL_SOCKETS; i++)
		if (pool->slots[i])
			socket_free(pool->slots[i]);
	while ((s = TAILQ_FIRST(&pool->retiring))) {
		TAILQ_REMOVE(&pool->retiring, s, retiring);
		socket_free(s);
	}
	free(pool);
}
