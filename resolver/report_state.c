/* What the resolver says of itself; see report_state.h. */
#include "resolver/report_state.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "blocklists/list_sides.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "resolver/guard.h"
#include "resolver/neighbour.h"
#include "resolver/query.h"
#include "resolver/seek.h"
#include "resolver/report_answer.h"
#include "resolver/report_local.h"
#include "resolver/report_lists.h"
#include "resolver/report_override.h"
#include "resolver/state.h"

#define WHERE_MAX REPORT_PLACE_MAX

static void row(FILE *to, const char *part, const char *key, uint64_t value)
{
	fprintf(to, "%s\t%s\t%" PRIu64 "\n", part, key, value);
}

static bool hears_names(const struct resolver *r)
{
	return r->current && r->current->conf->clients.mdns_names == SWITCH_ON;
}

static void report_processes(const struct resolver *r, FILE *to)
{
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		const struct msg_child *c = &r->children[i];

		if (c->pid)
			fprintf(to, "process\t%s\tpid %d, restarts %u\n", msg_role_name(i),
				c->pid, c->restarts);
		else if (i == ROLE_COMPILER || i == ROLE_LOCAL)
			fprintf(to, "process\t%s\tidle: it runs when %s are read\n",
				msg_role_name(i),
				i == ROLE_COMPILER ? "lists" : "hosts and leases");
		else if (i == ROLE_MDNS && !hears_names(r))
			continue; /* nobody asked for it */
		else if (c->size) /* told of, but not running */
			fprintf(to, "process\t%s\t%s, restarts %u\n", msg_role_name(i),
				"down", c->restarts);
	}
}

static void report_gate(const struct resolver *r, FILE *to)
{
	struct hold_stats s;

	hold_get_stats(r->hold, &s);
	row(to, "held", "asked", s.asked);
	row(to, "held", "leased", s.done);
	row(to, "held", "covered_without_asking", s.covered);
	row(to, "held", "failed", s.failed);
	row(to, "held", "late", s.late);
	row(to, "held", "too_many", s.too_many);
	row(to, "held", "now", s.held);
	row(to, "held", "bytes", s.bytes);
}

static void report_quarantines(const struct conf *conf, int64_t now_s, FILE *to)
{
	for (size_t i = 0; i < conf->device_count; i++) {
		const struct conf_device *d = &conf->devices[i];

		if (d->gate != DEVICE_QUARANTINE)
			continue;
		if (d->quarantine_until_s)
			fprintf(to, "device\t%s\tquarantined for %" PRId64 " s more\n", d->name,
				MAX(d->quarantine_until_s - now_s, 0));
		else
			fprintf(to, "device\t%s\tquarantined by the configuration\n", d->name);
	}
}

static void report_zones(const struct resolver *r, FILE *to)
{
	const struct conf *conf = r->current->conf;
	int64_t now_s = clock_wall_us() / 1000000;

	for (size_t i = 0; i < conf->zone_count; i++) {
		const struct conf_zone *z = &conf->zones[i];

		if (z->bypass_until_s)
			fprintf(to, "zone\t%s\tbypassed for %" PRId64 " s more, gate %s\n", z->name,
				MAX(z->bypass_until_s - now_s, 0), conf_gate_mode_name(z->gate));
		else
			fprintf(to, "zone\t%s\tgate %s\n", z->name, conf_gate_mode_name(z->gate));
	}
	report_quarantines(conf, now_s, to);
	if (conf->gate.router == GATE_OFF)
		return;
	if (conf->gate.router_bypass_until_s)
		fprintf(to, "router\tgate\tbypassed for %" PRId64 " s more, gate %s\n",
			MAX(conf->gate.router_bypass_until_s - now_s, 0),
			conf_gate_mode_name(conf->gate.router));
	else
		fprintf(to, "router\tgate\t%s\n", conf_gate_mode_name(conf->gate.router));
}

static void report_counters(const struct resolver *r, FILE *to)
{
	const struct resolver_stats *s = &r->stats;

	row(to, "resolver", "queries", s->queries);
	row(to, "resolver", "forwarded", s->by_verdict[VERDICT_FORWARDED]);
	row(to, "resolver", "cached", s->by_verdict[VERDICT_CACHED]);
	row(to, "resolver", "stale", s->by_verdict[VERDICT_STALE]);
	row(to, "resolver", "prefetched", s->prefetched);
	row(to, "resolver", "local", s->by_verdict[VERDICT_LOCAL]);
	row(to, "resolver", "blocked", s->by_verdict[VERDICT_BLOCKED]);
	row(to, "resolver", "blocked_by_cname", s->by_verdict[VERDICT_BLOCKED_CNAME]);
	row(to, "resolver", "rebind", s->by_verdict[VERDICT_REBIND]);
	row(to, "resolver", "rebind_cut", s->rebind_cut);
	row(to, "resolver", "failed", s->by_verdict[VERDICT_FAILED]);
	row(to, "resolver", "gate_failed", s->by_verdict[VERDICT_GATE_FAILED]);
	row(to, "resolver", "refused", s->by_verdict[VERDICT_REFUSED]);
	row(to, "resolver", "joined", s->joined);
	row(to, "resolver", "in_flight", queries_in_flight(r->queries));
	row(to, "resolver", "dropped_packets", s->dropped);
	row(to, "resolver", "formerr", s->formerr);
	row(to, "resolver", "notimp", s->notimp);
	row(to, "resolver", "too_many", s->too_many);
}

static void report_clients(const struct resolver *r, FILE *to)
{
	struct guard_stats s;

	guard_get_stats(r->guard, &s);
	row(to, "clients", "forged", s.forged);
	row(to, "clients", "strangers", s.strangers);
	row(to, "clients", "told_to_use_tcp", s.slipped);
	row(to, "clients", "over_the_rate", s.limited);
	row(to, "clients", "cookies", s.cookies);
}

static void report_edges(const struct resolver *r, FILE *to)
{
	struct listener_stats l;
	struct tcp_stats t;
	struct lookup_log_stats h;

	listener_get_stats(r->listener, &l);
	row(to, "udp", "received", l.received);
	row(to, "udp", "dropped", l.dropped);
	row(to, "udp", "sent", l.sent);
	row(to, "udp", "send_failed", l.send_failed);
	tcp_get_stats(r->tcp, &t);
	row(to, "tcp", "accepted", t.accepted);
	row(to, "tcp", "refused", t.refused);
	row(to, "tcp", "evicted", t.evicted);
	row(to, "tcp", "turned_away", t.turned_away);
	row(to, "tcp", "open", t.open);
	lookup_log_get_stats(r->log, &h);
	row(to, "history", "handed_over", h.sent);
	row(to, "history", "dropped_on_the_way", h.dropped);
}

static void report_neighbours(const struct resolver *r, FILE *to)
{
	struct neighbour_stats s;

	if (!r->neighbours)
		return;
	neighbour_get_stats(r->neighbours, &s);
	row(to, "neighbours", "known", s.neighbours);
	row(to, "neighbours", "asked", s.asked);
	row(to, "neighbours", "not_asked", s.not_asked);
	row(to, "neighbours", "probed", s.probed);
	row(to, "neighbours", "waited", r->stats.waited);
	row(to, "neighbours", "waited_in_vain", r->stats.waited_in_vain);
}

static void report_cache(const struct resolver *r, FILE *to)
{
	struct cache_stats s;

	if (!r->cache)
		return; /* before the first START */
	cache_get_stats(r->cache, &s);
	row(to, "cache", "entries", s.entries);
	row(to, "cache", "bytes", s.bytes);
	row(to, "cache", "size_bytes", s.size_bytes);
	row(to, "cache", "hits", s.hits);
	row(to, "cache", "misses", s.misses);
	row(to, "cache", "evicted", s.evicted);
}

static void report_lists(const struct list_index *x, FILE *to)
{
	row(to, "lists", "names", list_index_names(x));
	report_builds(x, to);
	row(to, "lists", "given_up", list_sides_given_up(x));
}

void report_status(struct resolver *r, FILE *to, const char *unused1, const char *unused2)
{
	(void)unused1;
	(void)unused2;
	fprintf(to, "nameward\tversion\t%s\n", VERSION);
	row(to, "nameward", "uptime_s", (clock_mono_us() - r->started_us) / 1000000);
	report_processes(r, to);
	report_counters(r, to);
	report_cache(r, to);
	report_gate(r, to);
	report_clients(r, to);
	report_edges(r, to);
	report_neighbours(r, to);
	if (!r->current)
		return;
	row(to, "nameward", "generation", r->current->generation);
	report_zones(r, to);
	report_heard(r, to);
	report_override_status(r->current, to);
	if (r->current->index)
		report_lists(r->current->index, to);
	upstream_status(r->current->upstreams, to);
}

/* --- clients ----------------------------------------------------------------------------- */

void report_client(struct resolver *r, FILE *to, const char *text, const char *unused)
{
	char addr[ADDR_TEXT_MAX], mac[MAC_TEXT_MAX] = "-", interface[64] = "-";
	struct policy_client place;
	enum conf_gate_mode mode;
	const struct conf *conf;
	struct sought s;

	(void)unused;
	fprintf(to, "address\tmac\tdevice\tinterface\tzone\tgate\n");
	if (!r->current || !seek_client(r, text, &s))
		return;
	conf = r->current->conf;
	place = clients_place(r->clients, conf, &s.addr, s.has_mac ? &s.mac : NULL,
			      s.interface);
	if (s.has_mac)
		mac_to_text(&s.mac, mac);
	if (s.interface)
		log_safe(s.interface, interface, sizeof(interface));
	fprintf(to, "%s\t%s\t%s\t%s\t%s\t%s\n", addr_to_text(&s.addr, addr), mac,
		place.device == POLICY_NONE ? "-" : conf->devices[place.device].name, interface,
		place.zone == POLICY_NONE ? "-" : conf->zones[place.zone].name,
		policy_find_mode(conf, &place, &mode) ? conf_gate_mode_name(mode) : "-");
}

/* --- why --------------------------------------------------------------------------------- */

/* One walk down the ladder. */
struct why {
	const struct setup *s;
	struct addr addr; /* family 0: unknown */
	struct client client;
	struct policy_asker asker;
	struct dname qname;
	FILE *to;
};

static void find_why_client(struct resolver *r, const char *text, struct why *w)
{
	const struct conf *conf = w->s->conf;
	struct sought s = { 0 };
	const struct mac *mac;

	w->client = (struct client){ .label = "" };
	if (text)
		seek_client(r, text, &s);
	w->addr = s.addr;
	if (text && addr_from_text(text, &w->addr) == 0 &&
	    clients_recent(r->clients, w->s, &w->addr, &w->client))
		return;
	mac = s.has_mac ? &s.mac : NULL;
	w->client.place = clients_place(r->clients, conf, &w->addr, mac, NULL);
	snprintf(w->client.label, sizeof(w->client.label), "%s",
		 clients_label(r->clients, conf, &w->client.place, &w->addr, mac));
}

static void step(const struct why *w, const char *what, const char *result,
		 const struct conf_place *place)
{
	char where[WHERE_MAX] = "";

	fprintf(w->to, "%s\t%s\t%s\n", what, result, place ? report_place(place, where) : "");
}

static void explain_client(const struct why *w, const char *text)
{
	const struct conf *conf = w->s->conf;
	const struct policy_client *p = &w->client.place;
	char result[WHERE_MAX], safe[128];

	snprintf(result, sizeof(result), "%s%s%s%s",
		 text ? log_safe(text, safe, sizeof(safe)) : "any",
		 *w->client.label ? " is " : " (no device of the configuration)",
		 w->client.label, p->by_name ? ", by its name in DHCP" : "");
	step(w, "client", result,
	     p->device != POLICY_NONE ? &conf->devices[p->device].place : NULL);
	if (p->namesake != POLICY_NONE) {
		snprintf(result, sizeof(result), "it has the name of %s, which is not trusted "
			 "to be less strict", conf->devices[p->namesake].name);
		step(w, "name", result, &conf->devices[p->namesake].place);
	}
	if (p->group != POLICY_NONE)
		step(w, "group", conf->groups[p->group].name, &conf->groups[p->group].place);
	if (p->policy != POLICY_NONE)
		step(w, "policy", conf->policies[p->policy].name,
		     &conf->policies[p->policy].place);
	else
		step(w, "policy", "none: nothing is blocked", NULL);
}

/** Whether its hours let it ask at all, and which lists hold in some hours only. */
static void explain_hours(const struct why *w, const struct conf_policy *p)
{
	const struct conf *conf = w->s->conf;
	int64_t now_s = clock_wall_us() / 1000000;

	if (p->hours.count)
		step(w, "hours", p->closed ? "now is outside of them: all is blocked" :
					     "now is inside of them", &p->place);
	for (size_t i = 0; i < p->during_count; i++) {
		const struct conf_window *win = &conf->windows[p->durings[i].window];
		uint64_t lists = p->durings[i].block | p->durings[i].allow;
		bool holds = conf_hours_has(&win->hours, now_s);
		char text[128];

		for (size_t k = 0; k < conf->list_count; k++) {
			if (!(lists & UINT64_C(1) << k))
				continue;
			snprintf(text, sizeof(text), "%.40s: list %.40s %s", win->name,
				 conf->lists[k].name, holds ? "holds" : "does not hold now");
			step(w, "window", text, &win->place);
		}
	}
}

/** Each rung of the ladder that an entry reaches, the deciding one first; the two that
 *  most lists have also where none does. */
static void explain_lists(const struct why *w, const struct conf_policy *p)
{
	static const char *const words[POLICY_RUNGS] = { "allow important", "block important",
							 "allow", "block" };
	char entry[POLICY_ENTRY_TEXT], where[WHERE_MAX];

	for (enum policy_rung rung = 0; rung < POLICY_RUNGS; rung++) {
		const struct conf_list *l;
		struct list_match m;

		if (!policy_explain(w->s->conf, w->s->index, &w->asker, &w->qname, rung,
				    &m)) {
			if ((rung == RUNG_ALLOW && p->allow) ||
			    (rung == RUNG_BLOCK && p->block))
				step(w, words[rung], "no match", NULL);
			continue;
		}
		l = &w->s->conf->lists[m.list];
		fprintf(w->to, "%s\t%s: %s\t%s\n", words[rung], l->name,
			policy_entry_text(&m, entry), report_match_place(l, &m, where));
	}
}

static void explain_gate(const struct why *w)
{
	const struct conf *conf = w->s->conf;
	const struct policy_client *p = &w->client.place;
	enum conf_gate_mode mode;
	char text[128];

	if (!policy_find_mode(conf, p, &mode)) {
		step(w, "gate", "no zone known for this client", NULL);
		return;
	}
	if (p->router) {
		snprintf(text, sizeof(text), "the router itself: %s", conf_gate_mode_name(mode));
		step(w, "gate", text, NULL);
		return;
	}
	if (policy_device_gate(conf, p) != DEVICE_AS_ZONE) {
		const struct conf_device *d = &conf->devices[p->device];

		snprintf(text, sizeof(text), "device %s: %s", d->name,
			 conf_gate_mode_name(mode));
		step(w, "gate", text, &d->place);
		return;
	}
	snprintf(text, sizeof(text), "zone %s: %s", conf->zones[p->zone].name,
		 conf_gate_mode_name(mode));
	step(w, "gate", text, &conf->zones[p->zone].place);
}

static void explain_rest(struct resolver *r, const struct why *w, enum policy_action action)
{
	static const char *const block_words[] = { "NXDOMAIN", "null address", "NODATA",
						   "REFUSED" };
	const struct conf *conf = w->s->conf;
	const struct policy_client *p = &w->client.place;
	const struct conf_upstream *u;
	char text[128];

	(void)r;
	if (action == POLICY_BLOCK) {
		step(w, "answer", block_words[p->policy == POLICY_NONE ? conf->block_answer :
						     conf->policies[p->policy].block_answer],
		     NULL);
	} else {
		u = &conf->upstreams[policy_find_upstream(conf, p, &w->qname, NULL)];
		snprintf(text, sizeof(text), "upstream %s", u->name);
		step(w, "answer", text, &u->place);
	}
	explain_gate(w);
}

void report_why(struct resolver *r, FILE *to, const char *name, const char *client)
{
	static const char *const words[] = {
		[POLICY_PASS] = "FORWARDED", [POLICY_ALLOW] = "ALLOWED", [POLICY_BLOCK] = "BLOCKED",
	};
	char text[DNAME_TEXT_MAX];
	const struct conf_policy *p = NULL;
	struct why w = { .s = r->current, .to = to };
	enum policy_action action;
	bool is_local, by_name;

	fprintf(to, "step\tresult\twhere\n");
	if (!w.s || dname_from_text(name, &w.qname))
		return;
	find_why_client(r, client, &w);
	w.asker = (struct policy_asker){ &w.client.place, &w.addr, w.s->overrides, TYPE_A };
	action = policy_decide(w.s->conf, w.s->index, &w.asker, &w.qname, NULL);
	by_name = action != POLICY_PASS;
	is_local = report_is_local(r, &w.qname);
	if (action == POLICY_PASS && !is_local && w.client.place.policy != POLICY_NONE &&
	    report_answer(r, &w.asker, &w.qname, NULL))
		action = POLICY_BLOCK; /* by what it leads to */
	fprintf(to, "verdict\t%s\t%s\n", is_local ? "LOCAL" : words[action],
		dname_to_text(&w.qname, text));
	explain_client(&w, client);
	if (is_local) {
		report_why_local(r, &w.qname, to);
		explain_gate(&w);
		return;
	}
	if (w.client.place.policy != POLICY_NONE)
		p = &w.s->conf->policies[w.client.place.policy];
	if (p)
		report_why_override(w.s, &w.asker, &w.qname, to);
	if (p)
		explain_hours(&w, p);
	if (p)
		explain_lists(&w, p);
	if (p && !by_name)
		report_answer(r, &w.asker, &w.qname, to);
	explain_rest(r, &w, action);
	if (action != POLICY_BLOCK)
		report_why_rebind(r, &w.qname, to);
}
