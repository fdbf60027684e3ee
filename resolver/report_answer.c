/* A cached answer held against the lists; see report_answer.h. */
#include "resolver/report_answer.h"

#include <string.h>

#include "lib/clock.h"
#include "lib/util.h"
#include "resolver/note.h"
#include "resolver/policy.h"
#include "resolver/report_lists.h"
#include "resolver/state.h"

/** One record and what is said of it. */
struct link {
	bool is_name;
	char text[MAX(DNAME_TEXT_MAX, ADDR_TEXT_MAX)];
	enum policy_action action;
	struct list_match match;
};

static void judge(const struct setup *s, const struct policy_asker *asker,
		  const struct msg_rr *rr, const uint8_t *rdata, struct link *out)
{
	struct dname name = { .len = (uint8_t)rr->rdata_len };
	struct addr a;

	out->is_name = rr->type == TYPE_CNAME;
	if (out->is_name) {
		memcpy(name.wire, rdata, rr->rdata_len);
		dname_to_text(&name, out->text);
		out->action = policy_decide(s->conf, s->index, asker, &name, &out->match);
		return;
	}
	a = addr_from_bytes(rr->type == TYPE_A ? AF_INET : AF_INET6, rdata);
	addr_to_text(&a, out->text);
	out->action = policy_decide_addr(s->conf, s->index, asker, &a, &out->match);
}

static void tell(const struct setup *s, const struct link *l, FILE *to)
{
	static const char *const words[] = { [POLICY_ALLOW] = "allows", [POLICY_BLOCK] = "blocks" };
	char entry[POLICY_ENTRY_TEXT], where[REPORT_PLACE_MAX] = "";
	const char *step = l->is_name ? "leads to" : "address";

	if (l->action == POLICY_PASS) {
		fprintf(to, "%s\t%s: no match\t\n", step, l->text);
		return;
	}
	if (l->match.list < s->conf->list_count)
		report_match_place(&s->conf->lists[l->match.list], &l->match, where);
	fprintf(to, "%s\t%s: %s, of %s, %s it\t%s\n", step, l->text,
		policy_entry_text(&l->match, entry), policy_list_name(s->conf, &l->match),
		words[l->action], where);
}

static bool find(const struct resolver *r, const struct policy_client *place,
		 const struct dname *qname, uint16_t qtype, struct cache_hit *out)
{
	struct cache_key key = { .qname = qname, .qtype = qtype, .qclass = CLASS_IN };

	if (!r->cache)
		return false;
	policy_find_upstream(r->current->conf, place, qname, &key.view);
	for (int i = 0; i < 2; i++, key.dnssec_ok = true)
		if (cache_peek(r->cache, &key, 0, clock_mono_ms(), out) && out->note)
			return true;
	return false;
}

/** @param names  whether those that it leads to are wanted; set to false if there were any */
static bool judge_type(const struct resolver *r, const struct policy_asker *as,
		       const struct dname *qname, uint16_t qtype, bool *names, FILE *to)
{
	struct policy_asker asker = *as;
	bool is_blocked = false, wants_names = *names;
	const uint8_t *rdata;
	struct cache_hit hit;
	struct msg_rr rr;
	size_t at = 0;

	asker.qtype = qtype;
	if (!find(r, asker.place, qname, qtype, &hit))
		return false;
	while (note_next(hit.note, &at, &rr, &rdata)) {
		struct link link;

		if (rr.type == TYPE_CNAME && !wants_names)
			continue;
		*names &= rr.type != TYPE_CNAME;
		judge(r->current, &asker, &rr, rdata, &link);
		is_blocked |= link.action == POLICY_BLOCK;
		if (to)
			tell(r->current, &link, to);
	}
	return is_blocked;
}

bool report_answer(const struct resolver *r, const struct policy_asker *asker,
		   const struct dname *qname, FILE *to)
{
	struct dname lower = *qname;
	bool names = true, by_a;

	dname_lower(&lower);
	by_a = judge_type(r, asker, &lower, TYPE_A, &names, to);
	return judge_type(r, asker, &lower, TYPE_AAAA, &names, to) || by_a;
}
