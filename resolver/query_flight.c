/*
 * Questions on their way to an upstream: the same ones in flight are one, and each waiter gets
 * the answer by its own policy and gate; see query_parts.h.
 */
#include <errno.h>
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
	struct setup *setup; /* borrowed: each waiter holds a reference */
	struct upstream_query *sent; /* borrowed until on_reply */
	size_t group;
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
		else if (query_offer(r, &q->l, q, &offer))
			continue;
		query_free(r, q);
	}
	free(f);
}

static int take_off(struct queries *qs, struct lookup *l, size_t group, struct flight **at,
		    struct flight **out)
{
	uint8_t wire[WIRE_QUERY_MAX];
	struct flight *f = malloc(sizeof(*f));
	size_t len;
	int rc;

	if (!f)
		return -ENOMEM;
	*f = (struct flight){
		.owner = qs, .question = l->question, .setup = l->setup, .group = group,
	};
	len = wire_write_query(&l->question, wire);
	rc = upstream_send(l->setup->upstreams, group, wire, len, on_reply, f,
			   &f->sent);
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

void query_forward(struct resolver *r, struct lookup *l)
{
	struct queries *qs = r->queries;
	const struct conf *conf = l->setup->conf;
	size_t group = conf->forwards[policy_find_forward(conf, &l->question.qname)].upstream;
	struct flight **at = &qs->flights[flight_hash(qs, &l->question) % FLIGHT_BUCKETS];
	struct flight *f = find_flight(*at, l, group);
	struct query *q;

	if (is_echo(*at, l)) { /* an error makes who asks, and then us, ask elsewhere */
		reply_error(r, l, RCODE_SERVFAIL, EDE_NETWORK, "a loop of forwarders",
			    VERDICT_FAILED);
		return;
	}
	q = query_new(r, l);
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

void query_drop_flights(struct queries *qs)
{
	for (unsigned i = 0; i < FLIGHT_BUCKETS; i++) {
		struct flight *f = qs->flights[i];

		while (f) {
			struct flight *next = f->next;

			drop_waiters(qs->r, f);
			free(f);
			f = next;
		}
	}
}
