/* Leases asked of nftsync; see hold.h. */
#include "resolver/hold.h"

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
#define MEMO_SETS   8192 /* of answers known to be covered; a power of two */
#define MEMO_WAYS   4	  /* in a set: two hot answers must not drive each other out */
#define NO_SLOT	    UINT32_MAX

/* One held answer. Slots in use form a list in the order of their deadlines. */
struct slot {
	void *ticket; /* borrowed from the caller; NULL: free */
	uint64_t deadline_ms;
	uint64_t memo_key;    /* 0: nothing to remember */
	uint64_t covered_ms;  /* until then */
	size_t bytes;	      /* that wait with it */
	uint32_t serial;      /* tells a late reply of an earlier use apart */
	uint32_t prev, next;  /* in the deadline list, or next free */
};

/* A device and an answer; key 0: free. */
struct memo {
	uint64_t key;
	uint64_t until_ms;
};

struct hold {
	struct event_base *base; /* borrowed */
	const struct hold_ops *ops; /* borrowed */
	bool has_reviewed; /* so a new nftsync is to be asked, too */
	void *arg;
	struct chan *chan; /* owned; NULL: nftsync is not there */
	bool away;	   /* it was there, and comes back */
	struct event *timer;
	uint64_t timer_ms; /* when it fires, if it is pending */
	struct slot *slots;
	uint32_t free, first, last;
	struct memo *memo;
	struct hash_key hash;
	struct hold_stats stats;
	struct log_limit limit;
	struct msg_buf buf;
	struct msg_buf withdrawals;
};

static void on_deadline(evutil_socket_t fd, short events, void *arg);

int hold_new(struct event_base *base, const struct hold_ops *ops, void *arg,
	     struct hold **out)
{
	struct hold *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	*h = (struct hold){
		.base = base, .ops = ops, .arg = arg,
		.first = NO_SLOT, .last = NO_SLOT,
	};
	hash_key_init(&h->hash);
	h->slots = calloc(HOLD_MAX, sizeof(*h->slots));
	h->memo = calloc(MEMO_SETS * MEMO_WAYS, sizeof(*h->memo));
	h->timer = event_new(base, -1, 0, on_deadline, h);
	if (!h->slots || !h->memo || !h->timer) {
		hold_free(h);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < HOLD_MAX; i++)
		h->slots[i].next = i + 1 < HOLD_MAX ? i + 1 : NO_SLOT;
	*out = h;
	return 0;
}

void hold_free(struct hold *h)
{
	if (!h)
		return;
	chan_close(h->chan);
	if (h->timer)
		event_free(h->timer);
	free(h->slots);
	free(h->memo);
	free(h);
}

static void forget_covered(struct hold *h)
{
	memset(h->memo, 0, MEMO_SETS * MEMO_WAYS * sizeof(*h->memo));
}

static void unlink_slot(struct hold *h, uint32_t i)
{
	struct slot *s = &h->slots[i];

	if (s->prev != NO_SLOT)
		h->slots[s->prev].next = s->next;
	else
		h->first = s->next;
	if (s->next != NO_SLOT)
		h->slots[s->next].prev = s->prev;
	else
		h->last = s->prev;
	s->ticket = NULL;
	s->serial++;
	s->next = h->free;
	h->free = i;
	h->stats.held--;
	h->stats.bytes -= s->bytes;
}

/* Deadlines differ only after a reload: nearly always this ends at once. */
static void link_slot(struct hold *h, uint32_t i)
{
	struct slot *s = &h->slots[i];
	uint32_t behind = h->last;

	while (behind != NO_SLOT && h->slots[behind].deadline_ms > s->deadline_ms)
		behind = h->slots[behind].prev;
	s->prev = behind;
	s->next = behind == NO_SLOT ? h->first : h->slots[behind].next;
	if (s->next != NO_SLOT)
		h->slots[s->next].prev = i;
	else
		h->last = i;
	if (behind != NO_SLOT)
		h->slots[behind].next = i;
	else
		h->first = i;
	h->stats.held++;
	h->stats.bytes += s->bytes;
}

static void set_timer(struct hold *h)
{
	uint64_t now, due;
	struct timeval tv;

	if (h->first == NO_SLOT)
		return;
	due = h->slots[h->first].deadline_ms;
	if (evtimer_pending(h->timer, NULL) && h->timer_ms <= due)
		return;
	h->timer_ms = due;
	now = clock_mono_ms();
	due = due > now ? due - now : 1;
	tv.tv_sec = (time_t)(due / 1000);
	tv.tv_usec = (suseconds_t)(due % 1000 * 1000);
	event_add(h->timer, &tv);
}

static void finish_slot(struct hold *h, uint32_t i, int rc)
{
	void *ticket = h->slots[i].ticket;

	unlink_slot(h, i);
	if (rc == -ETIMEDOUT)
		h->stats.late++;
	else if (rc)
		h->stats.failed++;
	else
		h->stats.done++;
	h->ops->done(h->arg, ticket, rc);
}

static void on_deadline(evutil_socket_t fd, short events, void *arg)
{
	struct hold *h = arg;
	uint64_t now = clock_mono_ms();

	(void)fd;
	(void)events;
	while (h->first != NO_SLOT && h->slots[h->first].deadline_ms <= now)
		finish_slot(h, h->first, -ETIMEDOUT);
	set_timer(h);
}

static struct memo *memo_set(const struct hold *h, uint64_t key)
{
	return &h->memo[(key & (MEMO_SETS - 1)) * MEMO_WAYS];
}

/* In place of the one that ends first. */
static void remember(struct hold *h, const struct slot *s)
{
	struct memo *set = memo_set(h, s->memo_key), *m = set;

	if (!s->memo_key)
		return;
	for (unsigned i = 0; i < MEMO_WAYS; i++) {
		if (set[i].key == s->memo_key) {
			m = &set[i];
			break;
		}
		if (set[i].until_ms < m->until_ms)
			m = &set[i];
	}
	m->key = s->memo_key;
	m->until_ms = s->covered_ms;
}

static void on_lease_done(struct hold *h, const struct msg_lease_done *d)
{
	uint32_t i = (uint32_t)d->txid;

	/* A late reply: its slot has been given up or serves another answer by now. */
	if (i >= HOLD_MAX || !h->slots[i].ticket ||
	    h->slots[i].serial != (uint32_t)(d->txid >> 32))
		return;
	if (!d->rc)
		remember(h, &h->slots[i]);
	finish_slot(h, i, d->rc);
}

static void withdraw(struct hold *h, const struct msg_holder *holder, bool kill)
{
	size_t size = sizeof(struct msg_holder) + holder->name_len;
	struct msg_holder *m = msg_buf_add(&h->withdrawals, MSG_WITHDRAW, size);

	if (!m) {
		msg_buf_send(h->chan, &h->withdrawals);
		m = msg_buf_add(&h->withdrawals, MSG_WITHDRAW, size);
	}
	m->device = holder->device;
	m->kill = kill;
	m->name_len = holder->name_len;
	memcpy(m->name, holder->name, holder->name_len);
	h->stats.withdrawn++;
}

static void on_holders(struct hold *h, const void *data)
{
	for (const struct msg_holder *r = NULL; (r = msg_next(data, r));) {
		struct dname name = { .len = r->name_len };

		memcpy(name.wire, r->name, r->name_len);
		/* What a zone shares is not one device's to lose. */
		if (r->device.kind != DEVICE_IFNAME && h->ops->is_quarantined(h->arg, &r->client))
			withdraw(h, r, true);
		else if (h->ops->is_blocked(h->arg, &r->client, &name, r->name + r->name_len,
				       r->chain_len))
			withdraw(h, r, false);
	}
	if (msg_buf_send(h->chan, &h->withdrawals))
		log_warning_limited(&h->limit, "nftsync: cannot withdraw leases");
}

static void on_message(void *arg, const void *data, size_t len, int fd)
{
	struct hold *h = arg;

	if (msg_check(data, len, fd >= 0)) {
		log_err("nftsync: malformed message of %zu bytes: leaving", len);
		exit(1);
	}
	switch (msg_type(data)) {
	case MSG_LEASE_DONE:
		for (const void *r = msg_next(data, NULL); r; r = msg_next(data, r))
			on_lease_done(h, r);
		break;
	case MSG_LEASE_LOST:
		forget_covered(h);
		break;
	case MSG_HOLDER:
		on_holders(h, data);
		break;
	default:
		if (fd >= 0)
			close(fd);
		h->ops->other(h->arg, data);
	}
}

static uint64_t memo_key(const struct hold *h, const struct msg_device *device,
			 uint64_t serial)
{
	struct {
		struct msg_device device;
		uint8_t pad[6];
		uint64_t serial;
	} k = { .device = *device, .serial = serial };

	return hash_bytes(&h->hash, &k, sizeof(k)) | 1;
}

uint32_t hold_covered(struct hold *h, const struct msg_device *device, uint64_t serial,
		      uint64_t now_ms)
{
	uint64_t key = memo_key(h, device, serial);
	const struct memo *set = memo_set(h, key);

	for (unsigned i = 0; i < MEMO_WAYS; i++) {
		if (set[i].key != key || set[i].until_ms < now_ms + 1000)
			continue;
		h->stats.covered++;
		return (uint32_t)((set[i].until_ms - now_ms) / 1000);
	}
	return 0;
}

static unsigned collect(const struct hold_wish *w, struct msg_lease_addr out[MSG_LEASE_ADDRS])
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
			.ttl_s = rr.ttl_s > w->age_s ? MIN(rr.ttl_s - w->age_s, w->ttl_max_s) : 0,
		};
		memcpy(out[n++].addr, a.bytes, sizeof(a.bytes));
	}
	return n;
}

/* The names of the chain, in lower case, as many as fit. @return their bytes */
static size_t collect_chain(const struct hold_wish *w, uint8_t out[MSG_CHAIN_MAX])
{
	const uint8_t *rdata;
	struct msg_rr rr;
	size_t at = 0, len = 0;

	while (note_next(w->note, &at, &rr, &rdata)) {
		struct dname name = { .len = (uint8_t)rr.rdata_len };

		if (rr.type != TYPE_CNAME || len + rr.rdata_len > MSG_CHAIN_MAX)
			continue;
		memcpy(name.wire, rdata, rr.rdata_len);
		dname_lower(&name);
		memcpy(out + len, name.wire, name.len);
		len += name.len;
	}
	return len;
}

/* Append the wish to the turn's message; a full message is sent first. */
static int add_record(struct hold *h, const struct hold_wish *w, uint64_t txid)
{
	struct msg_lease_addr addrs[MSG_LEASE_ADDRS];
	uint8_t chain[MSG_CHAIN_MAX];
	unsigned n = collect(w, addrs);
	size_t chain_len = collect_chain(w, chain);
	size_t addr_bytes = n * sizeof(addrs[0]);
	size_t size = sizeof(struct msg_lease) + addr_bytes + w->qname->len + chain_len;
	uint8_t *names;
	struct msg_lease *m = msg_buf_add(&h->buf, MSG_LEASE, size);

	if (!m) {
		int rc = msg_buf_send(h->chan, &h->buf);

		if (rc)
			return rc;
		m = msg_buf_add(&h->buf, MSG_LEASE, size);
	}
	m->addr_count = (uint8_t)n;
	m->name_len = w->qname->len;
	m->device = *w->device;
	if (w->client)
		m->client = *w->client;
	m->txid = txid;
	memcpy(m->addr, addrs, addr_bytes);
	names = (uint8_t *)m->addr + addr_bytes;
	memcpy(names, w->qname->wire, w->qname->len);
	m->chain_len = (uint16_t)chain_len;
	memcpy(names + w->qname->len, chain, chain_len);
	return 0;
}

static void lose_channel(struct hold *h)
{
	chan_close(h->chan);
	h->chan = NULL;
	forget_covered(h);
	msg_buf_reset(&h->buf);
}

/* What is held stays so: a new channel is most likely under way. */
static void on_gone(void *arg, int rc)
{
	struct hold *h = arg;

	(void)rc;
	lose_channel(h);
	h->away = true;
}

static void ask_again(struct hold *h)
{
	for (uint32_t i = h->first; i != NO_SLOT; i = h->slots[i].next) {
		struct hold_wish wish = { 0 };

		h->ops->again(h->arg, h->slots[i].ticket, &wish);
		if (add_record(h, &wish, (uint64_t)h->slots[i].serial << 32 | i))
			return; /* the rest ends at its deadlines */
	}
}

void hold_set_channel(struct hold *h, int fd)
{
	static const struct chan_ops ops = { on_message, on_gone };

	lose_channel(h);
	h->away = false;
	if (fd >= 0 && chan_open(h->base, fd, QUEUE_BYTES, &ops, h, &h->chan))
		log_err("no channel to nftsync: out of memory");
	if (h->chan)
		ask_again(h);
	if (h->has_reviewed)
		hold_review(h);
	while (!h->chan && h->first != NO_SLOT)
		finish_slot(h, h->first, -EPIPE);
}

int hold_ask(struct hold *h, const struct hold_wish *wish, void *ticket, uint64_t now_ms)
{
	uint32_t i = h->free;
	struct slot *s = i == NO_SLOT ? NULL : &h->slots[i];

	if (!s || wish->bytes > HOLD_BYTES - h->stats.bytes) {
		h->stats.failed++;
		h->stats.too_many++;
		return -ENOBUFS;
	}
	if ((!h->chan && !h->away) ||
	    (h->chan && add_record(h, wish, (uint64_t)s->serial << 32 | i))) {
		h->stats.failed++;
		return -EPIPE;
	}
	h->free = s->next;
	s->ticket = ticket;
	s->bytes = wish->bytes;
	s->deadline_ms = now_ms + wish->deadline_ms;
	s->memo_key = wish->serial ? memo_key(h, wish->device, wish->serial) : 0;
	s->covered_ms = now_ms + wish->covered_s * 1000ull;
	link_slot(h, i);
	set_timer(h);
	h->stats.asked++;
	return 0;
}

void hold_flush(struct hold *h)
{
	int rc = h->chan ? msg_buf_send(h->chan, &h->buf) : 0;

	/* Those held on it end at their deadline. */
	if (rc)
		log_warning_limited(&h->limit, "nftsync: cannot send leases: %s", strerror(-rc));
}

void hold_review(struct hold *h)
{
	h->has_reviewed = true;
	if (h->chan && msg_send(h->chan, MSG_REVIEW, NULL, 0, -1))
		log_warning_limited(&h->limit, "nftsync: cannot ask for a review");
}

int hold_withdraw(struct hold *h, struct msg_buf *buf)
{
	return h->chan ? msg_buf_send(h->chan, buf) : -EPIPE;
}

int hold_question(struct hold *h, const struct msg_ask *ask)
{
	return msg_send(h->chan, MSG_ASK, ask, sizeof(*ask) + ask->arg_len, -1);
}

void hold_get_stats(const struct hold *h, struct hold_stats *out)
{
	*out = h->stats;
}
