/* The step that asks nobody; see query_parts.h. What is answered is local_answer's to say. */
#include "lib/clock.h"
#include "resolver/local_answer.h"
#include "resolver/query_parts.h"
#include "resolver/reply.h"

static void send_empty(struct resolver *r, struct lookup *l, const struct local_answer *a)
{
	uint8_t *room = reply_room(r, l);

	reply_write(l, room, wire_write_empty(&l->question, a->rcode, a->apex_at, a->ttl_s, room));
	l->rcode = (uint8_t)a->rcode;
	reply_finish(r, l, VERDICT_LOCAL, NULL, NULL, NULL);
}

/* Through the same steps as every answer: public addresses are leased here, too. Lists have
 * no say in what is ours. */
static void send_records(struct resolver *r, struct lookup *l, const struct local_answer *a)
{
	uint8_t wire[LOCAL_ANSWER_BYTES];
	size_t len = wire_write_own(&l->question, a->rrs, a->count, wire, sizeof(wire));
	struct offer offer;

	if (!len || !offer_from_reply(NULL, r->queries->room, &l->question,
				      &l->setup->conf->cache, wire, len, clock_mono_ms(),
				      &offer)) {
		reply_error(r, l, RCODE_SERVFAIL, EDE_OTHER, "local data", VERDICT_FAILED);
		return;
	}
	offer.verdict = VERDICT_LOCAL;
	offer.authoritative = true;
	l->allowed = true;
	query_offer(r, l, NULL, &offer);
}

bool query_answer_local(struct resolver *r, struct lookup *l)
{
	struct local_answer a;

	local_answer_find(r->local, l->setup->conf, &l->question, l->ts_us / 1000000, &a);
	if (a.kind == LOCAL_PASS)
		return false;
	if (a.kind == LOCAL_EMPTY)
		send_empty(r, l, &a);
	else
		send_records(r, l, &a);
	return true;
}
