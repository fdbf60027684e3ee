/*
 * Questions on their way to an upstream: the same ones in flight are one, and each waiter gets
 * the answer by its own policy and gate; see query_parts.h.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

#include "lib/clock.h"
#include "resolver/query_parts.h"
#include "resolver/reply.h"

/* What joined questions have in common. */
struct flight {
	struct flight *next, **link;
	struct queries *owner;
	struct query *waiters;
	struct wire_question question;
	struct setup *setup; /* a reference */
	struct upstream_query *sent; /* borrowed until on_reply */
	size_t group;
	struct event *late; /* owned; NULL: there was no stale answer */
	bool is_overdue;    /* who joins now gets the stale answer */
	bool is_refresh;    /* it began for nobody */
};

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

/** Of any of the same name, for a forwarder may ask with other flags. */
static bool is_echo(const struct flight *f, const struct lookup *l)
{
	for (; f; f = f->next)
		if (upstream_is_echo(f->sent, &l->question.qname))
			return true;
	return false;
}

static void unlink_flight(struct flight *f)
{
	*f->link = f->next;
	if (f->next)
		f->next->link = f->link;
}

static struct query *next_waiter(struct flight *f)
{
	struct query *q = f->waiters;

	if (q)
		f->waiters = q->next;
	return q;
}

/* Its waiters are gone. */
static void free_flight(struct flight *f)
{
	if (f->late)
		event_free(f->late);
	if (f->is_refresh)
		f->owner->refreshing--;
	f->setup->refs--; /* an old setup without references goes at the turn's end */
	free(f);
}

static void fail(struct resolver *r, struct lookup *l, int rc)
{
	enum wire_ede ede = rc == -ETIMEDOUT ? EDE_NO_REACHABLE : EDE_NETWORK;
	const char *why = rc == -EBADMSG  ? "malformed answer" :
			  rc == -EMSGSIZE ? "the upstream gave a part of the answer only" :
					    "no upstream answered";

	reply_error(r, l, RCODE_SERVFAIL, ede, why, VERDICT_FAILED);
}

/* --- stale answers (RFC 8767) ------------------------------------------------------------ */

static bool find_stale(const struct resolver *r, const struct setup *s,
		       const struct wire_question *q, struct offer *out)
{
	return s->asks == r->current->asks &&
	       offer_stale(r->cache, q, &s->conf->cache, clock_mono_ms(), out);
}

/* Who waits has waited long enough; the question goes on for those who ask later. */
static void on_late(evutil_socket_t fd, short events, void *arg)
{
	struct flight *f = arg;
	struct resolver *r = f->owner->r;
	struct offer offer;
	struct query *q;

	(void)fd;
	(void)events;
	if (!find_stale(r, f->setup, &f->question, &offer))
		return;
	f->is_overdue = true;
	while ((q = next_waiter(f)))
		if (!query_offer(r, &q->l, q, &offer))
			query_free(r, q);
}

/* Without memory for a timer the stale answer is there when the question has failed. */
static void set_late(struct flight *f)
{
	uint32_t ms = f->setup->conf->cache.stale_after_ms;
	struct timeval wait = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	f->late = evtimer_new(f->owner->r->base, on_late, f);
	if (f->late)
		evtimer_add(f->late, &wait);
}

/* --- the flight's end ------------------------------------------------------------------------ */

static bool read_reply(struct flight *f, const struct upstream_reply *reply, struct offer *out)
{
	struct resolver *r = f->owner->r;

	return offer_from_reply(f->setup->asks == r->current->asks ? r->cache : NULL,
				f->owner->room, &f->question, &f->setup->conf->cache, reply->wire, reply->len,
				clock_mono_ms(), out);
}

/* Whether there is an answer: theirs, or where they have none, the stale one. */
static bool find_answer(struct flight *f, const struct upstream_reply *reply, struct offer *out)
{
	struct resolver *r = f->owner->r;
	bool good = !reply->rc && read_reply(f, reply, out);
	struct offer stale;

	if (good && (out->note->rcode == RCODE_NOERROR || out->note->rcode == RCODE_NXDOMAIN))
		return true;
	if (!find_stale(r, f->setup, &f->question, &stale))
		return good;
	offer_failed(r->cache, &f->question, clock_mono_ms());
	*out = stale;
	return true;
}

/* Every waiter gets the answer, each by its own policy and gate; one that is cut only by UDP,
 * where it means: ask by TCP. There it would pass for a whole one; the stale one is. */
static void on_reply(void *arg, const struct upstream_reply *reply)
{
	struct flight *f = arg;
	struct resolver *r = f->owner->r;
	struct offer found, stale;
	const struct offer *by_udp = find_answer(f, reply, &found) ? &found : NULL;
	const struct offer *by_tcp = by_udp;
	int rc = reply->rc ? reply->rc : by_udp ? -EMSGSIZE : -EBADMSG;
	struct query *q;

	if (by_udp && found.truncated)
		by_tcp = find_stale(r, f->setup, &f->question, &stale) ? &stale : NULL;
	unlink_flight(f);
	while ((q = next_waiter(f))) {
		const struct offer *o = q->l.asker.tcp ? by_tcp : by_udp;

		q->l.rtt_us = reply->rtt_us;
		if (!reply->rc)
			q->l.upstream = reply->from.addr;
		if (!o)
			fail(r, &q->l, rc);
		else if (query_offer(r, &q->l, q, o))
			continue;
		query_free(r, q);
	}
	free_flight(f);
}

/* --- its beginning --------------------------------------------------------------------------- */

/* A question's place: who is in flight for it, and where a new one goes. */
struct place {
	struct flight **at, *found;
	size_t group;
};

static struct place find_place(struct queries *qs, const struct lookup *l)
{
	const struct conf *conf = l->setup->conf;
	struct place p = {
		.at = &qs->flights[flight_hash(qs, &l->question) % FLIGHT_BUCKETS],
		.group = policy_find_upstream(conf, &l->client.place, &l->question.qname, NULL),
	};

	p.found = find_flight(*p.at, l, p.group);
	return p;
}

static struct flight *take_off(struct queries *qs, const struct lookup *l, const struct place *p)
{
	uint8_t wire[WIRE_QUERY_MAX];
	struct flight *f = malloc(sizeof(*f));
	size_t len;

	if (!f)
		return NULL;
	*f = (struct flight){
		.owner = qs, .question = l->question, .setup = l->setup, .group = p->group,
	};
	len = wire_write_query(&l->question, wire);
	if (upstream_send(l->setup->upstreams, p->group, wire, len, on_reply, f, &f->sent)) {
		free(f);
		return NULL;
	}
	f->setup->refs++;
	f->next = *p->at;
	f->link = p->at;
	if (f->next)
		f->next->link = &f->next;
	*p->at = f;
	return f;
}

static bool give_stale(struct resolver *r, struct lookup *l)
{
	struct offer offer;

	if (!find_stale(r, l->setup, &l->question, &offer))
		return false;
	query_offer(r, l, NULL, &offer);
	return true;
}

void query_forward(struct resolver *r, struct lookup *l, bool has_stale)
{
	struct queries *qs = r->queries;
	struct place p = find_place(qs, l);
	struct flight *f = p.found;
	struct query *q;

	if (is_echo(*p.at, l)) { /* an error makes who asks, and then us, ask elsewhere */
		reply_error(r, l, RCODE_SERVFAIL, EDE_NETWORK, "a loop of forwarders",
			    VERDICT_FAILED);
		return;
	}
	if (f && f->is_overdue && give_stale(r, l))
		return;
	q = query_new(r, l);
	if (q && f)
		r->stats.joined++;
	else if (q)
		f = take_off(qs, l, &p);
	if (!q || !f) {
		if (!give_stale(r, l))
			fail(r, l, -EAGAIN);
		if (q)
			query_free(r, q);
		return;
	}
	q->next = f->waiters;
	f->waiters = q;
	if (has_stale && !f->late)
		set_late(f);
}

void query_refresh(struct resolver *r, const struct lookup *l)
{
	struct queries *qs = r->queries;
	struct place p = find_place(qs, l);
	struct flight *f;

	if (p.found || qs->refreshing >= REFRESH_MAX)
		return;
	f = take_off(qs, l, &p);
	if (!f)
		return;
	f->is_refresh = true;
	qs->refreshing++;
	r->stats.prefetched++;
}

/* Without an answer: the process ends. */
static void drop_waiters(struct resolver *r, struct flight *f)
{
	while (f->waiters) {
		struct query *q = f->waiters;

		f->waiters = q->next;
		query_drop(r, q);
	}
}

void query_drop_flights(struct queries *qs)
{
	for (unsigned i = 0; i < FLIGHT_BUCKETS; i++) {
		struct flight *f = qs->flights[i];

		while (f) {
			struct flight *next = f->next;

			drop_waiters(qs->r, f);
			free_flight(f);
			f = next;
		}
	}
}
