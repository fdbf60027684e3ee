/* c-ares with hooked sockets; see upstream_channel.h. */
#include "resolver/upstream_channel.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "resolver/ares_compat.h"
#include "resolver/upstream_try.h"
#include "resolver/wire.h"

#define STUB_MAX (2 + WIRE_HEAD + DNAME_MAX + 4)
#define TRIES	 10 /* c-ares's own tries by UDP; they pass without a packet */

TAILQ_HEAD(try_queue, upstream_try);

struct upstream_channel {
	ares_channel ares;			/* owned */
	const struct upstream_channel_ops *ops; /* borrowed; outlives us */
	void *arg;
	LIST_HEAD(, upstream_try) held; /* in c-ares */
	struct try_queue inbox;		/* fed or given up, not yet seen by c-ares */
	struct try_queue answered;	/* seen by c-ares, not yet taken */
	struct upstream_try *asking;	/* of the ares_send() that is running */
	int fd;				/* what c-ares reads from; -1: none */
	bool is_tcp;
	bool is_broken;		  /* the next read fails */
	bool has_moved;		  /* c-ares has read something */
	size_t stub_at, stub_len; /* TCP: of the stub being read */
	uint8_t stub[STUB_MAX];
};

/** Head and question of t, as c-ares asked (reply false) or as it is answered. */
static size_t write_stub(const struct upstream_try *t, uint16_t id, bool reply,
			 uint8_t *to)
{
	static const uint8_t stand_in[] = { 0, 0, TYPE_A, 0, CLASS_IN };
	const uint8_t *question = t->wire->bytes + WIRE_HEAD;
	size_t len = t->wire->question_len;

	if (t->has_stand_in) {
		question = stand_in;
		len = sizeof(stand_in);
	}
	memset(to, 0, WIRE_HEAD);
	store_be16(to, id);
	store_be16(to + 2, reply ? 0x8180 : 0x0100);
	store_be16(to + 4, 1);
	memcpy(to + WIRE_HEAD, question, len);
	return WIRE_HEAD + len;
}

static void list_remove(struct upstream_channel *ch, struct upstream_try *t)
{
	if (t->list == TRY_INBOX)
		TAILQ_REMOVE(&ch->inbox, t, link);
	if (t->list == TRY_ANSWERED)
		TAILQ_REMOVE(&ch->answered, t, link);
	t->list = TRY_UNLISTED;
}

/** Move the first of the inbox on; what has a reply is answered now. */
static struct upstream_try *inbox_pop(struct upstream_channel *ch)
{
	struct upstream_try *t = TAILQ_FIRST(&ch->inbox);

	TAILQ_REMOVE(&ch->inbox, t, link);
	t->list = TRY_UNLISTED;
	if (t->reply) {
		TAILQ_INSERT_TAIL(&ch->answered, t, link);
		t->list = TRY_ANSWERED;
	}
	return t;
}

static void let_go(struct upstream_try *t)
{
	t->in_ares = false;
	t->channel = NULL;
	LIST_REMOVE(t, held);
}

static ARES_COMPAT_CALLBACK(on_done)
{
	struct upstream_try *t = arg;
	struct upstream_channel *ch = t->channel;

	let_go(t);
	if (ch->asking == t)
		return; /* refused at once: ares_ask() sees it */
	if (t->list == TRY_INBOX && !t->reply)
		list_remove(ch, t);
	ch->ops->on_let_go(ch->arg, t);
}

/* --- the hooks ----------------------------------------------------------------- */

static ares_socket_t hook_socket(int family, int type, int protocol, void *arg)
{
	struct upstream_channel *ch = arg;

	(void)family;
	(void)type;
	(void)protocol;
	if (ch->is_tcp && ch->fd >= 0) {
		errno = EBUSY;
		return -1;
	}
	/* by UDP a descriptor is but a name to c-ares: the packets go by the pool */
	ch->fd = ch->is_tcp ? ch->ops->on_open(ch->arg) : eventfd(0, EFD_CLOEXEC);
	ch->is_broken = false;
	ch->stub_at = ch->stub_len = 0;
	return ch->fd;
}

static int hook_close(ares_socket_t fd, void *arg)
{
	struct upstream_channel *ch = arg;

	if (ch->fd == fd)
		ch->fd = -1;
	if (!ch->is_tcp)
		return close(fd);
	ch->ops->on_close(ch->arg, fd);
	return 0;
}

static int hook_connect(ares_socket_t fd, const struct sockaddr *to, ares_socklen_t len,
			void *arg)
{
	(void)fd;
	(void)to;
	(void)len;
	(void)arg;
	return 0; /* on_open has begun to */
}

static ares_ssize_t fail(int err)
{
	errno = err;
	return -1;
}

static ares_ssize_t read_packet(struct upstream_channel *ch, uint8_t *to, size_t max)
{
	struct upstream_try *t;

	if (TAILQ_EMPTY(&ch->inbox) || max < STUB_MAX)
		return fail(EAGAIN);
	t = inbox_pop(ch);
	return (ares_ssize_t)write_stub(t, t->ares_id, true, to);
}

static ares_ssize_t read_stream(struct upstream_channel *ch, uint8_t *to, size_t max)
{
	struct upstream_try *t;
	size_t n;

	if (ch->stub_at == ch->stub_len) {
		if (TAILQ_EMPTY(&ch->inbox))
			return fail(ch->is_broken ? ECONNRESET : EAGAIN);
		t = inbox_pop(ch);
		ch->stub_at = 0;
		ch->stub_len = 2 + write_stub(t, t->ares_id, true, ch->stub + 2);
		store_be16(ch->stub, (uint16_t)(ch->stub_len - 2));
	}
	n = MIN(max, ch->stub_len - ch->stub_at);
	memcpy(to, ch->stub + ch->stub_at, n);
	ch->stub_at += n;
	return (ares_ssize_t)n;
}

static ares_ssize_t hook_recvfrom(ares_socket_t fd, void *to, size_t max, int flags,
				  struct sockaddr *from, ares_socklen_t *from_len,
				  void *arg)
{
	struct sockaddr_in server = { .sin_family = AF_INET };
	struct upstream_channel *ch = arg;
	ares_ssize_t n;

	(void)flags;
	if (fd != ch->fd)
		return fail(EAGAIN);
	n = ch->is_tcp ? read_stream(ch, to, max) : read_packet(ch, to, max);
	ch->has_moved |= n > 0;
	if (n > 0 && from && *from_len >= sizeof(server)) {
		server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		memcpy(from, &server, sizeof(server));
		*from_len = sizeof(server);
	}
	return n;
}

/** Whose frame c-ares writes; NULL if it was given up since. 1.34 writes inside its send,
 *  before it has told us the id: that is the last frame then. */
static struct upstream_try *find_held(struct upstream_channel *ch, uint16_t id,
				      bool is_last)
{
	struct upstream_try *t;

	LIST_FOREACH (t, &ch->held, held)
		if (t != ch->asking && t->ares_id == id)
			return t;
	if (!is_last || !ch->asking)
		return NULL;
	ch->asking->ares_id = id;
	return ch->asking;
}

/** c-ares writes frames (RFC 1035 §4.2.2) of its questions: the whole queries go instead.
 *  All is taken each time, so frames are never cut. */
static ares_ssize_t write_frames(struct upstream_channel *ch, const struct iovec *iov,
				 int n)
{
	ares_ssize_t sum = 0;

	if (ch->is_broken)
		return fail(ECONNRESET);
	for (int i = 0; i < n; i++) {
		const uint8_t *at = iov[i].iov_base;
		size_t left = iov[i].iov_len;

		sum += (ares_ssize_t)left;
		while (left >= 2 + WIRE_HEAD && left >= 2u + load_be16(at)) {
			size_t len = 2u + load_be16(at);
			bool is_last = i == n - 1 && left == len;
			struct upstream_try *t = find_held(ch, load_be16(at + 2),
							   is_last);

			if (t)
				ch->ops->on_send(ch->arg, t);
			at += len;
			left -= len;
		}
	}
	return sum;
}

static ares_ssize_t hook_sendv(ares_socket_t fd, const struct iovec *iov, int n,
			       void *arg)
{
	struct upstream_channel *ch = arg;
	ares_ssize_t sum = 0;

	(void)fd;
	if (ch->is_tcp)
		return write_frames(ch, iov, n);
	for (int i = 0; i < n; i++)
		sum += (ares_ssize_t)iov[i].iov_len;
	if (ch->asking) { /* else one of c-ares's own retries: ours come by themselves */
		ch->asking->ares_id = load_be16(iov[0].iov_base);
		ch->ops->on_send(ch->arg, ch->asking);
	}
	return sum;
}

static void hook_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct upstream_channel *ch = arg;

	(void)readable;
	if (ch->is_tcp)
		ch->ops->on_watch(ch->arg, fd, writable);
}

static const struct ares_socket_functions hooks = {
	.asocket = hook_socket,
	.aclose = hook_close,
	.aconnect = hook_connect,
	.arecvfrom = hook_recvfrom,
	.asendv = hook_sendv,
};

/* --- public -------------------------------------------------------------------- */

/** The server's address is a name to c-ares like the descriptors: the hooks connect.
 * Every option is set, so that no file of the host is used (resolv.conf and others). */
static int open_ares(struct upstream_channel *ch, uint32_t lifetime_ms)
{
	struct in_addr server = { .s_addr = htonl(INADDR_LOOPBACK) };
	struct ares_options options = {
		.flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_STAYOPEN | ARES_FLAG_IGNTC |
			 ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
			 (ch->is_tcp ? ARES_FLAG_USEVC : 0),
		.timeout = (int)MIN(lifetime_ms * 2ull + 1000, 600000ull),
		.tries = ch->is_tcp ? 1 : TRIES,
		.ndots = 1,
		.servers = &server,
		.nservers = 1,
		.lookups = (char[]){ "b" },
		.sock_state_cb = hook_state,
		.sock_state_cb_data = ch,
		.resolvconf_path = (char[]){ "/dev/null" },
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
		   ARES_OPT_SERVERS | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS |
		   ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF | ARES_OPT_NOROTATE;

	mask |= ares_compat_options(&options);
	return ares_init_options(&ch->ares, &options, mask) == ARES_SUCCESS ? 0 : -ENOMEM;
}

int upstream_channel_open(bool tcp, uint32_t lifetime_ms,
			  const struct upstream_channel_ops *ops, void *arg,
			  struct upstream_channel **out)
{
	struct upstream_channel *ch = calloc(1, sizeof(*ch));
	int rc;

	if (!ch)
		return -ENOMEM;
	ch->is_tcp = tcp;
	ch->ops = ops;
	ch->arg = arg;
	ch->fd = -1;
	LIST_INIT(&ch->held);
	TAILQ_INIT(&ch->inbox);
	TAILQ_INIT(&ch->answered);
	rc = -ENOMEM;
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		goto err_free;
	rc = open_ares(ch, lifetime_ms);
	if (rc)
		goto err_library;
	ares_set_socket_functions(ch->ares, &hooks, ch);
	*out = ch;
	return 0;

err_library:
	ares_library_cleanup();
err_free:
	free(ch);
	return rc;
}

void upstream_channel_close(struct upstream_channel *ch)
{
	if (!ch)
		return;
	ares_destroy(ch->ares);
	ares_library_cleanup();
	free(ch);
}

static int ares_ask(struct upstream_channel *ch, struct upstream_try *t, bool stand_in)
{
	uint8_t stub[STUB_MAX];
	size_t len;
	int rc;

	t->has_stand_in = stand_in;
	len = write_stub(t, t->id, false, stub);
	t->in_ares = true;
	t->channel = ch;
	LIST_INSERT_HEAD(&ch->held, t, held);
	ch->asking = t;
	rc = ares_compat_send(ch->ares, stub, len, on_done, t, &t->ares_id);
	ch->asking = NULL;
	if (rc)
		let_go(t);
	return t->in_ares ? 0 : -EIO;
}

int upstream_channel_ask(struct upstream_channel *ch, struct upstream_try *t)
{
	assert(!t->in_ares && t->list == TRY_UNLISTED && !ch->asking);
	/* 1.34 refuses names with a dot or a control character inside a label; they are
	 * valid (RFC 2181 §11), so another question holds their place */
	if (!ares_ask(ch, t, false))
		return 0;
	return ares_ask(ch, t, true);
}

void upstream_channel_feed(struct upstream_channel *ch, struct upstream_try *t)
{
	assert(t->list == TRY_UNLISTED);
	t->list = TRY_INBOX;
	TAILQ_INSERT_TAIL(&ch->inbox, t, link);
}

void upstream_channel_drop(struct upstream_channel *ch, struct upstream_try *t)
{
	list_remove(ch, t);
	t->reply = NULL;
	if (t->in_ares)
		upstream_channel_feed(ch, t);
}

void upstream_channel_drain(struct upstream_channel *ch)
{
	while (!TAILQ_EMPTY(&ch->inbox) || ch->stub_at < ch->stub_len) {
		ch->has_moved = false;
		if (ch->fd >= 0)
			ares_process_fd(ch->ares, ch->fd, ARES_SOCKET_BAD);
		if (ch->has_moved)
			continue;
		/* c-ares has closed its end: the replies count without it */
		ch->stub_at = ch->stub_len;
		if (!TAILQ_EMPTY(&ch->inbox))
			inbox_pop(ch);
	}
}

struct upstream_try *upstream_channel_take(struct upstream_channel *ch)
{
	struct upstream_try *t = TAILQ_FIRST(&ch->answered);

	if (t)
		list_remove(ch, t);
	return t;
}

void upstream_channel_write(struct upstream_channel *ch, int fd)
{
	ares_process_fd(ch->ares, ARES_SOCKET_BAD, fd);
}

void upstream_channel_break(struct upstream_channel *ch, int fd)
{
	upstream_channel_drain(ch);
	ch->is_broken = true;
	ares_process_fd(ch->ares, fd, ARES_SOCKET_BAD);
}
