/*
 * A question's life; see query.h. Questions answered at once live on the stack; those that
 * wait for an upstream or for the gate are a struct query. Same questions in flight share
 * one struct flight.
 */
#include "resolver/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/util.h"
#include "resolver/offer.h"
#include "resolver/reply.h"
#include "resolver/state.h"

#define FLIGHT_BUCKETS 4096 /* a power of two */

struct query {
	struct lookup l;
	struct query *next; /* in its flight, or free */
	/* while held for the gate */
	uint8_t *reply; /* owned */
	size_t reply_len;
	uint64_t held_us;
	uint32_t age_s;	   /* of the answer, when it was held */
	struct note *note; /* owned */
};

/* What joined questions have in common. */
struct flight {
	struct flight *next, **link;
	struct queries *owner;
	struct query *waiters;
	struct wire_question question;
	struct setup *setup; /* borrowed: each waiter holds a reference */
	size_t group;
};

struct queries {
	struct resolver *r; /* borrowed */
	struct hash_key hash;
	unsigned in_flight;
	struct query *free;
	struct flight *flights[FLIGHT_BUCKETS];
	struct offer_room *room; /* owned */
};

int queries_new(struct resolver *r, struct queries **out)
{
	struct queries *qs = calloc(1, sizeof(*qs));

	if (!qs)
		return -ENOMEM;
	if (offer_room_new(&qs->room)) {
		free(qs);
		return -ENOMEM;
	}
	qs->r = r;
	hash_key_init(&qs->hash);
	*out = qs;
	return 0;
}

unsigned queries_in_flight(const struct queries *qs)
{
	return qs->in_flight;
}

/* --- a query that waits --------------------------------------------------------------- */

static struct query *query_new(struct resolver *r, const struct lookup *l)
{
	struct queries *qs = r->queries;
	struct query *q = qs->free;

	if (qs->in_flight >= QUERIES_MAX) {
		r->stats.too_many++;
		return NULL;
	}
	if (q)
		qs->free = q->next;
	else if (!(q = malloc(sizeof(*q))))
		return NULL;
	q->l = *l;
	q->reply = NULL;
	q->note = NULL;
	q->l.setup->refs++;
	if (q->l.asker.udp)
		udp_hold(q->l.asker.udp);
	qs->in_flight++;
	return q;
}

static void query_free(struct resolver *r, struct query *q)
{
	struct queries *qs = r->queries;

	if (q->l.asker.udp)
		udp_release(q->l.asker.udp);
	q->l.setup->refs--; /* an old setup without references goes at the turn's end */
	free(q->reply);
	free(q->note);
	q->next = qs->free;
	qs->free = q;
	qs->in_flight--;
}

/* Without an answer: the process ends. */
static void drop_waiters(struct resolver *r, struct flight *f)
{
	while (f->waiters) {
		struct query *q = f->waiters;

		f->waiters = q->next;
		if (q->l.asker.tcp)
			tcp_forget(q->l.asker.tcp);
		query_free(r, q);
	}
}

void queries_free(struct queries *qs)
{
	if (!qs)
		return;
	for (unsigned i = 0; i < FLIGHT_BUCKETS; i++) {
		struct flight *f = qs->flights[i];

		while (f) {
			struct flight *next = f->next;

			drop_waiters(qs->r, f);
			free(f);
			f = next;
		}
	}
	while (qs->free) {
		struct query *q = qs->free;

		qs->free = q->next;
		free(q);
	}
	offer_room_free(qs->room);
	free(qs);
}

/* --- held for the gate ------------------------------------------------------------------ */

static void answer_unleased(struct resolver *r, struct lookup *l)
{
	reply_error(r, l, RCODE_SERVFAIL, EDE_OTHER,
		     "the firewall could not be opened for this answer", VERDICT_GATE_FAILED);
}

/* The same offer to a client whose leases last lease_s: no TTL is told that outlives them. */
static struct offer leased_offer(const struct offer *o, uint32_t lease_s)
{
	struct offer mine = *o;

	mine.ttl_max_s = MIN(o->ttl_max_s, lease_s);
	return mine;
}

/* Keep the finished answer until its addresses stand in the kernel. */
static int hold_answer(struct resolver *r, struct query *q, const struct offer *o)
{
	const struct conf *conf = q->l.setup->conf;
	struct offer mine = leased_offer(o, conf->gate.lease_max_s);
	uint64_t now_us = clock_mono_us();
	struct hold_wish wish = {
		.device = client_lease_device(&q->l.client),
		.client = &q->l.asker.from.addr,
		.qname = &q->l.question.qname,
		.note = o->note,
		.age_s = o->age_s,
		.serial = o->serial,
		.covered_s = conf->gate.lease_max_s,
		.deadline_ms = conf->gate.answer_deadline_ms,
	};
	size_t len = reply_render(&q->l, &mine, r->scratch);
	size_t note_len = sizeof(*o->note) + o->note->len;

	if (!len)
		return -EBADMSG;
	q->reply = malloc(len);
	q->note = malloc(note_len);
	if (!q->reply || !q->note)
		return -ENOMEM;
	memcpy(q->reply, r->scratch, len);
	memcpy(q->note, o->note, note_len);
	q->reply_len = len;
	q->held_us = now_us;
	q->age_s = o->age_s;
	q->l.verdict = (uint8_t)o->verdict;
	wish.bytes = len + note_len;
	return hold_ask(r->hold, &wish, q, now_us / 1000);
}

/* Send an answer to a client of a gated zone, now or when its leases are in force.
 * @param q  the waiting query l belongs to, or NULL: then l is on the stack
 * @return true if the query waits on */
static bool offer_gated(struct resolver *r, struct lookup *l, struct query *q,
			const struct offer *o)
{
	struct query *mine = q ? q : query_new(r, l);

	if (mine && !hold_answer(r, mine, o))
		return true;
	if (l->client.must_lease)
		answer_unleased(r, l);
	else
		reply_send(r, l, o);
	if (mine && !q)
		query_free(r, mine);
	return false;
}

/* Judge an answer and send it on its way. Parameters and result as of offer_gated. */
static bool offer_answer(struct resolver *r, struct lookup *l, struct query *q,
			 const struct offer *o)
{
	const struct msg_device *device;
	struct list_match match;
	struct offer mine;
	uint32_t lease_s;

	if (reply_chain_blocked(l, o->note, &match)) {
		reply_blocked(r, l, &match, VERDICT_BLOCKED_CNAME);
		return false;
	}
	if (!o->note->has_public ||
	    (!l->client.gated && !conf_wants_fill(l->setup->conf, &l->question.qname))) {
		reply_send(r, l, o);
		return false;
	}
	device = client_lease_device(&l->client);
	lease_s = !o->serial ? 0 : hold_covered(r->hold, device, o->serial, l->start_us / 1000);
	if (!lease_s)
		return offer_gated(r, l, q, o);
	mine = leased_offer(o, lease_s);
	reply_send(r, l, &mine);
	return false;
}

/* The held answer of a query, as it was rendered when it was held. */
static void send_held(struct resolver *r, struct query *q)
{
	struct lookup *l = &q->l;
	uint8_t *room = q->reply;

	if (l->asker.udp) {
		room = reply_room(r, l);
		memcpy(room, q->reply, q->reply_len);
	}
	reply_write(l, room, q->reply_len);
	l->rcode = (uint8_t)q->note->rcode;
	reply_finish(r, l, l->verdict, NULL, NULL, q->note);
}

void query_on_lease_again(void *arg, void *ticket, struct hold_wish *out)
{
	const struct query *q = ticket;

	(void)arg;
	*out = (struct hold_wish){
		.device = client_lease_device(&q->l.client),
		.client = &q->l.asker.from.addr,
		.qname = &q->l.question.qname,
		.note = q->note,
		.age_s = q->age_s,
	};
}

void query_on_leased(void *arg, void *ticket, int rc)
{
	struct resolver *r = arg;
	struct query *q = ticket;

	q->l.hold_us = (uint32_t)MIN(clock_mono_us() - q->held_us, UINT32_MAX);
	if (rc && q->l.client.must_lease)
		answer_unleased(r, &q->l);
	else
		send_held(r, q);
	query_free(r, q);
}

/* --- forwarding ------------------------------------------------------------------------ */

static uint64_t flight_hash(const struct queries *qs, const struct wire_question *q)
{
	struct dname name = q->qname;

	dname_lower(&name);
	return hash_bytes(&qs->hash, name.wire, name.len) + q->qtype;
}

static bool same_question(const struct wire_question *a, const struct wire_question *b)
{
	return a->qtype == b->qtype && a->qclass == b->qclass &&
	       a->dnssec_ok == b->dnssec_ok && a->cd == b->cd &&
	       dname_equal(&a->qname, &b->qname);
}

static struct flight *find_flight(struct flight *f, const struct lookup *l, size_t group)
{
	for (; f; f = f->next)
		if (f->setup == l->setup && f->group == group &&
		    same_question(&f->question, &l->question))
			return f;
	return NULL;
}

static void unlink_flight(struct flight *f)
{
	*f->link = f->next;
	if (f->next)
		f->next->link = f->link;
}

static void fail(struct resolver *r, struct lookup *l, int rc)
{
	enum wire_ede ede = rc == -ETIMEDOUT ? EDE_NO_REACHABLE : EDE_NETWORK;
	const char *why = rc == -EBADMSG  ? "malformed answer" :
			  rc == -EMSGSIZE ? "the upstream gave a part of the answer only" :
					    "no upstream answered";

	reply_error(r, l, RCODE_SERVFAIL, ede, why, VERDICT_FAILED);
}

static bool read_reply(struct flight *f, const struct upstream_reply *reply, struct offer *out)
{
	struct resolver *r = f->owner->r;

	return offer_from_reply(f->setup == r->current ? r->cache : NULL, f->owner->room,
				&f->question, &f->setup->conf->cache, reply->wire, reply->len,
				clock_mono_ms(), out);
}

/* The flight's end: every waiter gets the answer, each by its own policy and gate; one that
 * is cut only by UDP, where it means: ask by TCP. There it would pass for a whole one. */
static void on_reply(void *arg, const struct upstream_reply *reply)
{
	struct flight *f = arg;
	struct resolver *r = f->owner->r;
	struct offer offer;
	bool good = !reply->rc && read_reply(f, reply, &offer);
	bool cut = good && offer.truncated;
	int rc = reply->rc ? reply->rc : cut ? -EMSGSIZE : -EBADMSG;

	unlink_flight(f);
	while (f->waiters) {
		struct query *q = f->waiters;

		f->waiters = q->next;
		q->l.rtt_us = reply->rtt_us;
		if (!reply->rc)
			q->l.upstream = reply->from.addr;
		if (!good || (cut && q->l.asker.tcp))
			fail(r, &q->l, rc);
		else if (offer_answer(r, &q->l, q, &offer))
			continue;
		query_free(r, q);
	}
	free(f);
}

static int take_off(struct queries *qs, struct lookup *l, size_t group, struct flight **at,
		    struct flight **out)
{
	uint8_t wire[WIRE_QUERY_MAX];
	struct upstream_query *handle;
	struct flight *f = malloc(sizeof(*f));
	size_t len;
	int rc;

	if (!f)
		return -ENOMEM;
	*f = (struct flight){
		.owner = qs, .question = l->question, .setup = l->setup, .group = group,
	};
	len = wire_write_query(&l->question, wire);
	rc = upstream_send(l->setup->upstreams, group, wire, len, on_reply, f, &handle);
	if (rc) {
		free(f);
		return rc;
	}
	f->next = *at;
	f->link = at;
	if (f->next)
		f->next->link = &f->next;
	*at = f;
	*out = f;
	return 0;
}

static void forward(struct resolver *r, struct lookup *l)
{
	struct queries *qs = r->queries;
	const struct conf *conf = l->setup->conf;
	size_t group = conf->forwards[policy_find_forward(conf, &l->question.qname)].upstream;
	struct flight **at = &qs->flights[flight_hash(qs, &l->question) % FLIGHT_BUCKETS];
	struct flight *f = find_flight(*at, l, group);
	struct query *q = query_new(r, l);

	if (!q) {
		fail(r, l, -EAGAIN);
		return;
	}
	if (f)
		r->stats.joined++;
	else if (take_off(qs, l, group, at, &f)) {
		fail(r, l, -EAGAIN);
		query_free(r, q);
		return;
	}
	q->next = f->waiters;
	f->waiters = q;
}

/* --- a new question -------------------------------------------------------------------- */

static bool answer_from_cache(struct resolver *r, struct lookup *l)
{
	struct offer offer;

	if (!offer_from_cache(r->cache, &l->question, &l->setup->conf->cache, l->start_us / 1000,
			      &offer))
		return false;
	offer_answer(r, l, NULL, &offer);
	return true;
}

static void answer_question(struct resolver *r, struct lookup *l)
{
	struct list_match match;
	enum policy_action action;

	clients_find(r->clients, l->setup, &l->asker, l->start_us / 1000, &l->client);
	action = policy_decide(l->setup->conf, l->setup->index, l->client.place.policy,
			       &l->question.qname, &match);
	if (action == POLICY_BLOCK) {
		reply_blocked(r, l, &match, VERDICT_BLOCKED);
		return;
	}
	l->allowed = action == POLICY_ALLOW;
	if (!answer_from_cache(r, l))
		forward(r, l);
}

/* Packets that are not a question we forward. They are not recorded as lookups, but for
 * those that ask for something by a whole question. */
static void answer_other(struct resolver *r, struct lookup *l, enum wire_verdict verdict)
{
	unsigned rcode = verdict == WIRE_FORMERR ? RCODE_FORMERR :
			 verdict == WIRE_NOTIMP	 ? RCODE_NOTIMP :
						   RCODE_BADVERS;
	uint8_t *room;

	if (verdict == WIRE_REFUSED) {
		clients_find(r->clients, l->setup, &l->asker, l->start_us / 1000, &l->client);
		reply_error(r, l, RCODE_REFUSED, EDE_NONE, NULL, VERDICT_REFUSED);
		return;
	}
	if (verdict == WIRE_NOTIMP)
		r->stats.notimp++;
	else
		r->stats.formerr++;
	room = reply_room(r, l);
	reply_write(l, room, wire_write_error(&l->question, rcode, EDE_NONE, NULL, room));
}

void query_take(struct resolver *r, const struct asker *from, const uint8_t *packet,
		size_t len)
{
	struct lookup l;
	enum wire_verdict verdict = wire_parse_question(packet, len, &l.question);

	if (verdict == WIRE_DROP || !r->current) {
		r->stats.dropped++;
		if (from->tcp)
			tcp_forget(from->tcp);
		return;
	}
	l.asker = *from;
	l.setup = r->current;
	l.ts_us = clock_wall_us();
	l.start_us = clock_mono_us();
	l.rtt_us = l.hold_us = 0;
	l.upstream = (struct addr){ 0 };
	l.client.label = "";
	l.client.has_mac = false;
	l.allowed = false;
	r->stats.queries++;
	if (verdict == WIRE_OK)
		answer_question(r, &l);
	else
		answer_other(r, &l, verdict);
}
