/*
 * An answer's last steps: the client's lists over its chain, and the gate, which holds it until
 * its addresses stand in the kernel; see query_parts.h. Knows nothing of upstreams.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/util.h"
#include "resolver/query_parts.h"
#include "resolver/rebind.h"
#include "resolver/reply.h"

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
		.client = &q->l.client.who,
		.qname = &q->l.question.qname,
		.note = o->note,
		.age_s = o->age_s,
		.ttl_max_s = o->is_stale ? o->ttl_max_s : UINT32_MAX,
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
	q->ttl_max_s = wish.ttl_max_s;
	q->l.verdict = (uint8_t)o->verdict;
	wish.bytes = len + note_len;
	return hold_ask(r->hold, &wish, q, now_us / 1000);
}

/* Send an answer to a client of a gated zone, now or when its leases are in force.
 * Parameters and result as of query_offer. */
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

/* A public name that leads to an address at home: answered without that address, or, if none
 * is left, at once. Fresh and cached answers alike; what is at home may have changed.
 * @param cut  set to what may be offered, if that is less than o
 * @return true: it was answered */
static bool leads_home(struct resolver *r, struct lookup *l, const struct offer *o,
		       struct offer *cut)
{
	enum rebind_verdict verdict;
	char name[DNAME_TEXT_MAX], addr[ADDR_TEXT_MAX];
	struct addr home;

	if (o->authoritative || (!o->note->len && !o->note->has_others) ||
	    l->setup->conf->rebind.protect == SWITCH_OFF)
		return false;
	home_refresh(&r->home, l->start_us / 1000);
	verdict = rebind_judge(&r->home, o->note, &home);
	if (verdict == REBIND_FINE || rebind_is_exempt(l->setup->conf, &l->question.qname))
		return false;
	if (home.family) {
		log_warning_limited(&r->rebind_said, "rebind: %s led to %s: left out",
				    dname_to_text(&l->question.qname, name),
				    addr_to_text(&home, addr));
		r->stats.rebind_cut += verdict == REBIND_SOME;
	}
	if (verdict == REBIND_ALL) {
		reply_rebind(r, l, o->note);
		return true;
	}
	*cut = *o;
	cut->rebind = &r->home;
	return false;
}

bool query_offer(struct resolver *r, struct lookup *l, struct query *q, const struct offer *o)
{
	const struct msg_device *device;
	struct list_match match;
	struct offer mine, cut = { .rebind = NULL };
	uint32_t lease_s;

	if (!o->authoritative && l->epoch != r->schedule.epoch && query_is_blocked(r, l))
		return false; /* hours have begun or ended since it was asked */
	if (reply_chain_blocked(l, o->note, &match)) {
		reply_blocked(r, l, &match, VERDICT_BLOCKED_CNAME);
		return false;
	}
	if (leads_home(r, l, o, &cut))
		return false;
	if (cut.rebind)
		o = &cut;
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
		.client = &q->l.client.who,
		.qname = &q->l.question.qname,
		.note = q->note,
		.age_s = q->age_s,
		.ttl_max_s = q->ttl_max_s,
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
