/*
 * A question's life; see query.h. Questions answered at once live on the stack; those that
 * wait for an upstream or for the gate are a struct query.
 */
#include "resolver/query.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/clock.h"
#include "resolver/guard.h"
#include "resolver/query_parts.h"
#include "resolver/reply.h"
#include "resolver/wire_own.h"

int queries_new(struct resolver *r, struct queries **out)
{
	struct queries *qs = calloc(1, sizeof(*qs));

	if (!qs)
		return -ENOMEM;
	qs->r = r;
	if (offer_room_new(&qs->room) || query_park_init(qs)) {
		queries_free(qs);
		return -ENOMEM;
	}
	hash_key_init(&qs->hash);
	*out = qs;
	return 0;
}

unsigned queries_in_flight(const struct queries *qs)
{
	return qs->in_flight;
}

/* --- a query that waits --------------------------------------------------------------- */

struct query *query_new(struct resolver *r, const struct lookup *l)
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

void query_free(struct resolver *r, struct query *q)
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

void query_drop(struct resolver *r, struct query *q)
{
	if (q->l.asker.tcp)
		tcp_forget(q->l.asker.tcp);
	query_free(r, q);
}

void queries_free(struct queries *qs)
{
	if (!qs)
		return;
	query_drop_flights(qs);
	query_park_fini(qs);
	while (qs->free) {
		struct query *q = qs->free;

		qs->free = q->next;
		free(q);
	}
	offer_room_free(qs->room);
	free(qs);
}

/* --- a new question -------------------------------------------------------------------- */

/* @return false if upstreams are to be asked */
static bool answer_from_nxdomain(struct resolver *r, struct lookup *l)
{
	const struct conf *conf = l->setup->conf;
	const struct dname *qname = &l->question.qname;
	struct offer offer;

	if (!offer_nxdomain(r->cache, r->queries->room, &l->question,
			    &conf->forwards[policy_find_forward(conf, qname)].suffix,
			    &conf->cache, l->start_us / 1000, &offer))
		return false;
	query_offer(r, l, NULL, &offer);
	return true;
}

static void answer_from_cache(struct resolver *r, struct lookup *l)
{
	struct offer offer;
	enum offer_cached cached = offer_from_cache(r->cache, &l->question,
						    &l->setup->conf->cache,
						    l->start_us / 1000, &offer);

	if (cached != CACHED_FRESH && cached != CACHED_AGING && answer_from_nxdomain(r, l))
		return;
	if (cached == CACHED_NONE || cached == CACHED_ENDED) {
		query_forward(r, l, cached == CACHED_ENDED);
		return;
	}
	query_offer(r, l, NULL, &offer);
	if (cached == CACHED_AGING)
		query_refresh(r, l);
}

/* All that a name has is much to send to an address that may be forged (RFC 8482). */
static void answer_any(struct resolver *r, struct lookup *l)
{
	uint8_t *room = reply_room(r, l);

	reply_write(l, room, wire_write_any(&l->question, room));
	l->rcode = RCODE_NOERROR;
	reply_finish(r, l, VERDICT_LOCAL, NULL, NULL, NULL);
}

bool query_is_blocked(struct resolver *r, struct lookup *l)
{
	struct list_match match;
	enum policy_action action = reply_judge(l, &l->question.qname, &match);

	l->epoch = r->schedule.epoch;
	l->allowed = action == POLICY_ALLOW;
	if (action == POLICY_BLOCK)
		reply_blocked(r, l, &match, VERDICT_BLOCKED);
	return action == POLICY_BLOCK;
}

void query_judge(struct resolver *r, struct lookup *l)
{
	if (query_answer_local(r, l) || query_is_blocked(r, l))
		return;
	policy_find_upstream(l->setup->conf, &l->client.place, &l->question.qname,
			     &l->question.view);
	if (l->question.qtype == TYPE_ANY)
		answer_any(r, l);
	else
		answer_from_cache(r, l);
}

static void answer_question(struct resolver *r, struct lookup *l)
{
	if (!l->client.is_awaited || !query_park(r, l))
		query_judge(r, l);
}

/* Packets that are not a question we forward. They are not recorded as lookups, but for
 * those that ask for something by a whole question. */
static void answer_other(struct resolver *r, struct lookup *l, enum wire_verdict verdict)
{
	static const unsigned rcodes[] = {
		[WIRE_FORMERR] = RCODE_FORMERR, [WIRE_NOTIMP] = RCODE_NOTIMP,
		[WIRE_BADVERS] = RCODE_BADVERS, [WIRE_COOKIE] = RCODE_NOERROR,
	};
	uint8_t *room;

	if (verdict == WIRE_REFUSED) {
		reply_error(r, l, RCODE_REFUSED, EDE_NONE, NULL, VERDICT_REFUSED);
		return;
	}
	r->stats.notimp += verdict == WIRE_NOTIMP;
	r->stats.formerr += verdict == WIRE_FORMERR || verdict == WIRE_BADVERS;
	room = reply_room(r, l);
	reply_write(l, room, wire_write_error(&l->question, rcodes[verdict], EDE_NONE, NULL, room));
}

void query_take(struct resolver *r, const struct asker *from, const uint8_t *packet,
		size_t len)
{
	struct lookup l;
	enum wire_verdict verdict = wire_parse_question(packet, len, &l.question);

	if (verdict == WIRE_DROP || !r->current) {
		r->stats.dropped++;
		if (from->tcp)
			tcp_give_up(from->tcp);
		return;
	}
	l.asker = *from;
	l.setup = r->current;
	l.ts_us = clock_wall_us();
	l.start_us = clock_mono_us();
	l.rtt_us = l.hold_us = 0;
	l.upstream = (struct addr){ 0 };
	l.client.label[0] = '\0';
	l.client.has_mac = false;
	l.allowed = false;
	l.epoch = 0;
	r->stats.queries++;
	if (!guard_admit(r, &l))
		return;
	schedule_look(&r->schedule, l.ts_us / 1000000);
	if (verdict == WIRE_OK)
		answer_question(r, &l);
	else
		answer_other(r, &l, verdict);
}
