/* Leases asked of nftsync; see gate.h. */
#include "resolver/gate.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/chan.h"
#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "lib/util.h"

#define QUEUE_BYTES (4 * 1024 * 1024)
#define MEMO_SLOTS  16384 /* answers known to be covered; a power of two */
#define NO_SLOT	    UINT32_MAX

/* One held answer. Slots in use form a list in the order of their deadlines. */
struct slot {
	void *ticket; /* borrowed from the caller; NULL: free */
	uint64_t deadline_ms;
	uint64_t memo_key;    /* 0: nothing to remember */
	uint64_t covered_ms;  /* until then */
	uint32_t serial;      /* tells a late reply of an earlier use apart */
	uint32_t prev, next;  /* in the deadline list, or next free */
};

struct memo {
	uint64_t key;
	uint64_t until_ms;
};

struct gate {
	struct event_base *base; /* borrowed */
	gate_done *done;
	gate_other *other;
	void *arg;
	struct chan *chan; /* owned; NULL: nftsync is not there */
	struct event *timer;
	struct slot *slots;
	uint32_t free, first, last;
	struct memo *memo;
	struct hash_key hash;
	struct gate_stats stats;
	struct log_limit limit;
	struct msg_buf buf;
};

static void on_deadline(evutil_socket_t fd, short events, void *arg);

int gate_new(struct event_base *base, gate_done *done, gate_other *other, void *arg,
	     struct gate **out)
{
	struct gate *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	*g = (struct gate){
		.base = base, .done = done, .other = other, .arg = arg,
		.first = NO_SLOT, .last = NO_SLOT,
	};
	hash_key_init(&g->hash);
	g->slots = calloc(GATE_HELD_MAX, sizeof(*g->slots));
	g->memo = calloc(MEMO_SLOTS, sizeof(*g->memo));
	g->timer = event_new(base, -1, 0, on_deadline, g);
	if (!g->slots || !g->memo || !g->timer) {
		gate_free(g);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < GATE_HELD_MAX; i++)
		g->slots[i].next = i + 1 < GATE_HELD_MAX ? i + 1 : NO_SLOT;
	*out = g;
	return 0;
}

void gate_free(struct gate *g)
{
	if (!g)
		return;
	chan_close(g->chan);
	if (g->timer)
		event_free(g->timer);
	free(g->slots);
	free(g->memo);
	free(g);
}

static void forget_covered(struct gate *g)
{
	memset(g->memo, 0, MEMO_SLOTS * sizeof(*g->memo));
}

static void unlink_slot(struct gate *g, uint32_t i)
{
	struct slot *s = &g->slots[i];

	if (s->prev != NO_SLOT)
		g->slots[s->prev].next = s->next;
	else
		g->first = s->next;
	if (s->next != NO_SLOT)
		g->slots[s->next].prev = s->prev;
	else
		g->last = s->prev;
	s->ticket = NULL;
	s->serial++;
	s->next = g->free;
	g->free = i;
	g->stats.held--;
}

/* Deadlines differ only after a reload: nearly always this ends at once. */
static void link_slot(struct gate *g, uint32_t i)
{
	struct slot *s = &g->slots[i];
	uint32_t behind = g->last;

	while (behind != NO_SLOT && g->slots[behind].deadline_ms > s->deadline_ms)
		behind = g->slots[behind].prev;
	s->prev = behind;
	s->next = behind == NO_SLOT ? g->first : g->slots[behind].next;
	if (s->next != NO_SLOT)
		g->slots[s->next].prev = i;
	else
		g->last = i;
	if (behind != NO_SLOT)
		g->slots[behind].next = i;
	else
		g->first = i;
	g->stats.held++;
}

static void set_timer(struct gate *g)
{
	uint64_t now, due;
	struct timeval tv;

	if (g->first == NO_SLOT || evtimer_pending(g->timer, NULL))
		return;
	now = clock_mono_ms();
	due = g->slots[g->first].deadline_ms;
	due = due > now ? due - now : 1;
	tv.tv_sec = (time_t)(due / 1000);
	tv.tv_usec = (suseconds_t)(due % 1000 * 1000);
	event_add(g->timer, &tv);
}

static void finish_slot(struct gate *g, uint32_t i, int rc)
{
	void *ticket = g->slots[i].ticket;

	unlink_slot(g, i);
	if (rc == -ETIMEDOUT)
		g->stats.late++;
	else if (rc)
		g->stats.failed++;
	else
		g->stats.done++;
	g->done(g->arg, ticket, rc);
}

static void on_deadline(evutil_socket_t fd, short events, void *arg)
{
	struct gate *g = arg;
	uint64_t now = clock_mono_ms();

	(void)fd;
	(void)events;
	while (g->first != NO_SLOT && g->slots[g->first].deadline_ms <= now)
		finish_slot(g, g->first, -ETIMEDOUT);
	set_timer(g);
}

static void remember(struct gate *g, const struct slot *s)
{
	struct memo *m = &g->memo[s->memo_key & (MEMO_SLOTS - 1)];

	if (!s->memo_key)
		return;
	m->key = s->memo_key;
	m->until_ms = s->covered_ms;
}

static void on_lease_done(struct gate *g, const struct msg_lease_done *d)
{
	uint32_t i = (uint32_t)d->txid;

	/* A late reply: its slot has been given up or serves another answer by now. */
	if (i >= GATE_HELD_MAX || !g->slots[i].ticket ||
	    g->slots[i].serial != (uint32_t)(d->txid >> 32))
		return;
	if (!d->rc)
		remember(g, &g->slots[i]);
	finish_slot(g, i, d->rc);
}

static void on_message(void *arg, const void *data, size_t len, int fd)
{
	struct gate *g = arg;

	if (msg_check(data, len, fd >= 0)) {
		log_err("nftsync: malformed message of %zu bytes: leaving", len);
		exit(1);
	}
	switch (msg_type(data)) {
	case MSG_LEASE_DONE:
		for (const void *r = msg_next(data, NULL); r; r = msg_next(data, r))
			on_lease_done(g, r);
		break;
	case MSG_LEASE_LOST:
		forget_covered(g);
		break;
	default:
		if (fd >= 0)
			close(fd);
		g->other(g->arg, data);
	}
}

static void fail_all(struct gate *g)
{
	forget_covered(g);
	msg_buf_reset(&g->buf);
	while (g->first != NO_SLOT)
		finish_slot(g, g->first, -EPIPE);
}

static void on_gone(void *arg, int rc)
{
	struct gate *g = arg;

	(void)rc;
	chan_close(g->chan);
	g->chan = NULL;
	fail_all(g);
}

void gate_set_channel(struct gate *g, int fd)
{
	static const struct chan_ops ops = { on_message, on_gone };

	chan_close(g->chan);
	g->chan = NULL;
	fail_all(g);
	if (fd >= 0 && chan_open(g->base, fd, QUEUE_BYTES, &ops, g, &g->chan))
		log_err("no channel to nftsync: out of memory");
}

static uint64_t memo_key(const struct gate *g, const struct msg_device *device,
			 uint64_t serial)
{
	struct {
		struct msg_device device;
		uint8_t pad[6];
		uint64_t serial;
	} k = { .device = *device, .serial = serial };

	return hash_bytes(&g->hash, &k, sizeof(k)) | 1;
}

bool gate_covered(struct gate *g, const struct msg_device *device, uint64_t serial,
		  uint64_t now_ms)
{
	uint64_t key = memo_key(g, device, serial);
	const struct memo *m = &g->memo[key & (MEMO_SLOTS - 1)];

	if (m->key != key || m->until_ms <= now_ms)
		return false;
	g->stats.covered++;
	return true;
}

static unsigned collect(const struct gate_wish *w, struct msg_lease_addr out[MSG_LEASE_ADDRS])
{
	const uint8_t *rdata;
	struct msg_rr rr;
	size_t at = 0;
	unsigned n = 0;

	while (n < MSG_LEASE_ADDRS && note_next(w->note, &at, &rr, &rdata)) {
		struct addr a;

		if (rr.type != TYPE_A && rr.type != TYPE_AAAA)
			continue;
		a = addr_from_bytes(rr.type == TYPE_A ? AF_INET : AF_INET6, rdata);
		if (!addr_is_public(&a))
			continue;
		out[n] = (struct msg_lease_addr){
			.family = a.family,
			.ttl_s = rr.ttl_s > w->age_s ? rr.ttl_s - w->age_s : 0,
		};
		memcpy(out[n++].addr, a.bytes, sizeof(a.bytes));
	}
	return n;
}

/* Append the wish to the turn's message; a full message is sent first. */
static int add_record(struct gate *g, const struct gate_wish *w, uint64_t txid)
{
	struct msg_lease_addr addrs[MSG_LEASE_ADDRS];
	unsigned n = collect(w, addrs);
	size_t addr_bytes = n * sizeof(addrs[0]);
	size_t size = sizeof(struct msg_lease) + addr_bytes + w->qname->len;
	struct msg_lease *m = msg_buf_add(&g->buf, MSG_LEASE, size);

	if (!m) {
		int rc = msg_buf_send(g->chan, &g->buf);

		if (rc)
			return rc;
		m = msg_buf_add(&g->buf, MSG_LEASE, size);
	}
	m->addr_count = (uint8_t)n;
	m->name_len = w->qname->len;
	m->device = *w->device;
	m->txid = txid;
	memcpy(m->addr, addrs, addr_bytes);
	memcpy((uint8_t *)m->addr + addr_bytes, w->qname->wire, w->qname->len);
	return 0;
}

int gate_ask(struct gate *g, const struct gate_wish *wish, void *ticket, uint64_t now_ms)
{
	uint32_t i = g->free;
	struct slot *s;

	if (!g->chan)
		return -EPIPE;
	if (i == NO_SLOT)
		return -ENOBUFS;
	s = &g->slots[i];
	if (add_record(g, wish, (uint64_t)s->serial << 32 | i))
		return -EPIPE;
	g->free = s->next;
	s->ticket = ticket;
	s->deadline_ms = now_ms + wish->deadline_ms;
	s->memo_key = wish->serial ? memo_key(g, wish->device, wish->serial) : 0;
	s->covered_ms = now_ms + wish->covered_s * 1000ull;
	link_slot(g, i);
	set_timer(g);
	g->stats.asked++;
	return 0;
}

void gate_flush(struct gate *g)
{
	int rc = msg_buf_send(g->chan, &g->buf);

	/* Those held on it end at their deadline. */
	if (rc)
		log_warning_limited(&g->limit, "nftsync: cannot send leases: %s", strerror(-rc));
}

int gate_question(struct gate *g, const struct msg_ask *ask)
{
	return msg_send(g->chan, MSG_ASK, ask, sizeof(*ask) + ask->arg_len, -1);
}

void gate_get_stats(const struct gate *g, struct gate_stats *out)
{
	*out = g->stats;
}
