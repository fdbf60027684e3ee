/* Writing and sending answers; see reply.h. */
#include "resolver/reply.h"

#include <string.h>

#include "lib/util.h"
#include "resolver/offer.h"
#include "resolver/query.h"
#include "resolver/rebind.h"
#include "resolver/state.h"
#include "resolver/wire_own.h"

#define EDE_TEXT_MAX 256

static size_t reply_max(const struct lookup *l)
{
	return l->asker.tcp ? WIRE_MAX : l->question.udp_size;
}

uint8_t *reply_room(struct resolver *r, const struct lookup *l)
{
	return l->asker.tcp ? r->scratch : udp_reserve(l->asker.udp);
}

void reply_write(const struct lookup *l, const uint8_t *wire, size_t len)
{
	if (l->asker.tcp)
		tcp_reply(l->asker.tcp, wire, len);
	else
		udp_commit(&l->asker, len);
}

void reply_finish(struct resolver *r, struct lookup *l, enum msg_verdict verdict,
		   const char *list, const struct list_match *match, const struct note *note)
{
	l->verdict = (uint8_t)verdict;
	r->stats.by_verdict[verdict]++;
	lookup_log_add(r->log, l, list, match, note);
}

void reply_error(struct resolver *r, struct lookup *l, unsigned rcode,
			 enum wire_ede ede, const char *text, enum msg_verdict verdict)
{
	uint8_t *room = reply_room(r, l);
	size_t len = wire_write_error(&l->question, rcode, ede, text, room);

	reply_write(l, room, len);
	l->rcode = (uint8_t)rcode;
	reply_finish(r, l, verdict, NULL, NULL, NULL);
}

/** No answer, or a truncated one, as an RPZ asks for. */
static void reply_withheld(struct resolver *r, struct lookup *l,
			   const struct list_match *match, enum msg_verdict verdict)
{
	l->rcode = 0;
	if (match->action == ACTION_TCP_ONLY) {
		uint8_t *room = reply_room(r, l);

		reply_write(l, room, wire_write_truncated(&l->question, room));
	} else if (l->asker.tcp) {
		tcp_forget(l->asker.tcp);
	}
	reply_finish(r, l, verdict, policy_list_name(l->setup->conf, match), match, NULL);
}

/** The form of a blocked answer, as the client's policy has it. */
static uint32_t block_form(const struct lookup *l, enum wire_block *how)
{
	const struct conf *conf = l->setup->conf;
	size_t policy = l->client.place.policy;
	bool own = policy != POLICY_NONE;

	*how = (enum wire_block)(own ? conf->policies[policy].block_answer : conf->block_answer);
	return own ? conf->policies[policy].block_ttl_s : conf->block_ttl_s;
}

void reply_blocked(struct resolver *r, struct lookup *l,
			   const struct list_match *match, enum msg_verdict verdict)
{
	static const uint8_t rcodes[] = {
		[BLOCK_NXDOMAIN] = RCODE_NXDOMAIN,
		[BLOCK_REFUSED] = RCODE_REFUSED,
	};
	const struct conf *conf = l->setup->conf;
	enum wire_block how;
	uint32_t ttl_s = block_form(l, &how);
	const char *list = policy_list_name(conf, match);
	char entry[POLICY_ENTRY_TEXT], text[EDE_TEXT_MAX];
	size_t used = strlen(list), len;
	uint8_t *room;

	if (match->action == ACTION_DROP || match->action == ACTION_TCP_ONLY) {
		reply_withheld(r, l, match, verdict);
		return;
	}
	if (match->action == ACTION_NODATA)
		how = WIRE_BLOCK_NODATA;
	room = reply_room(r, l);
	policy_entry_text(match, entry);
	memcpy(text, list, used);
	memcpy(text + used, ": ", 2);
	len = MIN(strlen(entry), sizeof(text) - used - 3);
	memcpy(text + used + 2, entry, len);
	text[used + 2 + len] = '\0';
	len = wire_write_blocked(&l->question, how, ttl_s, EDE_BLOCKED, text,
				 room);
	reply_write(l, room, len);
	l->rcode = how < ARRAY_SIZE(rcodes) ? rcodes[how] : 0;
	reply_finish(r, l, verdict, list, match, NULL);
}

void reply_rebind(struct resolver *r, struct lookup *l, const struct note *note)
{
	uint8_t *room = reply_room(r, l);

	reply_write(l, room, wire_write_blocked(&l->question, WIRE_BLOCK_NODATA,
						l->setup->conf->block_ttl_s, EDE_BLOCKED,
						"rebind: a public name with an address at home",
						room));
	l->rcode = RCODE_NOERROR;
	reply_finish(r, l, VERDICT_REBIND, NULL, NULL, note);
}

static struct policy_asker asker_of(const struct lookup *l)
{
	return (struct policy_asker){
		.place = &l->client.place,
		.addr = &l->asker.from.addr,
		.overrides = l->setup->overrides,
		.qtype = l->question.qtype,
	};
}

/** What comes over TCP is past "rpz-tcp-only". */
static enum policy_action judged(const struct lookup *l, enum policy_action action,
				 const struct list_match *match)
{
	return action == POLICY_BLOCK && match->action == ACTION_TCP_ONLY && l->asker.tcp ?
		       POLICY_ALLOW : action;
}

enum policy_action reply_judge(const struct lookup *l, const struct dname *name,
			       struct list_match *match)
{
	const struct policy_asker asker = asker_of(l);

	return judged(l, policy_decide(l->setup->conf, l->setup->index, &asker, name, match),
		      match);
}

static enum policy_action judge_addr(const struct lookup *l, const struct addr *a,
				     struct list_match *match)
{
	const struct policy_asker asker = asker_of(l);

	return judged(l, policy_decide_addr(l->setup->conf, l->setup->index, &asker, a, match),
		      match);
}

static enum policy_action judge_record(const struct lookup *l, const struct msg_rr *rr,
				       const uint8_t *rdata, struct list_match *match)
{
	struct dname name = { .len = (uint8_t)rr->rdata_len };
	struct addr a;

	if (rr->type == TYPE_CNAME) {
		memcpy(name.wire, rdata, rr->rdata_len);
		return reply_judge(l, &name, match);
	}
	a = addr_from_bytes(rr->type == TYPE_A ? AF_INET : AF_INET6, rdata);
	return judge_addr(l, &a, match);
}

static bool is_judged(const struct lookup *l)
{
	return !l->allowed && l->client.place.policy != POLICY_NONE;
}

bool reply_chain_blocked(const struct lookup *l, const struct note *note,
			  struct list_match *match)
{
	const uint8_t *rdata;
	struct msg_rr rr;
	size_t at = 0;

	if (!is_judged(l))
		return false;
	while (note_next(note, &at, &rr, &rdata)) {
		if (judge_record(l, &rr, rdata, match) == POLICY_BLOCK)
			return true;
	}
	return false;
}

static struct addr addr_of(const uint8_t *reply, const struct wire_rr *rr)
{
	return addr_from_bytes(rr->type == TYPE_A ? AF_INET : AF_INET6, reply + rr->rdata_at);
}

static bool is_addr(const struct wire_rr *rr)
{
	return rr->type == TYPE_A || rr->type == TYPE_AAAA;
}

static bool is_addr_whole(const struct wire_rr *rr)
{
	return rr->rdata_len == (rr->type == TYPE_A ? 4 : 16);
}

/* An address behind what a note has room for, or of another name, which a list holds. */
static bool is_listed(const void *arg, const uint8_t *reply, const struct wire_rr *rr)
{
	const struct lookup *l = arg;
	struct list_match match;
	struct addr a;

	if (rr->section != 1 || !is_addr(rr))
		return false;
	if (!is_addr_whole(rr))
		return true;
	a = addr_of(reply, rr);
	return judge_addr(l, &a, &match) == POLICY_BLOCK;
}

/* A gated client hears no address but those it gets leases for: what stands beside an answer
 * (addresses of mail servers, of services) is not noted, nor is what is too much for one
 * lease. If it wants to connect there it asks for that name. Ours is the OPT. */
static bool is_unleased(const void *arg, const uint8_t *reply, const struct wire_rr *rr)
{
	const struct note *note = arg;
	struct addr a;

	if (rr->section == 3)
		return rr->type != TYPE_OPT;
	if (!is_addr(rr))
		return false;
	if (!is_addr_whole(rr))
		return true;
	a = addr_of(reply, rr);
	return addr_is_public(&a) && !note_has_addr(note, &a);
}

size_t reply_render(const struct lookup *l, const struct offer *o, uint8_t *room)
{
	size_t len = wire_write_prepared(&l->question, o->prepared, o->len, o->age_s,
					 o->ttl_max_s, room, reply_max(l));

	if (len && o->authoritative)
		wire_set_authoritative(room);
	if (len && o->rebind)
		len = wire_leave_out(room, len, rebind_leaves_out, o->rebind);
	if (len && o->note->has_others && is_judged(l))
		len = wire_leave_out(room, len, is_listed, l);
	if (len && l->client.gated)
		len = wire_leave_out(room, len, is_unleased, o->note);
	if (len && o->is_stale) {
		wire_clear_authentic(room);
		len = wire_add_ede(room, len, reply_max(l), o->note->rcode == RCODE_NXDOMAIN ?
							      EDE_STALE_NXDOMAIN : EDE_STALE);
	}
	return len;
}

void reply_send(struct resolver *r, struct lookup *l, const struct offer *o)
{
	uint8_t *room = reply_room(r, l);
	size_t len = reply_render(l, o, room);

	if (!len) {
		reply_error(r, l, RCODE_SERVFAIL, EDE_OTHER, NULL, VERDICT_FAILED);
		return;
	}
	reply_write(l, room, len);
	l->rcode = (uint8_t)o->note->rcode;
	reply_finish(r, l, o->verdict, NULL, NULL, o->note);
}
