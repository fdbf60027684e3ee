/*
 * See gate_story.h. The order of the checks is that of the rules: what is denied, what is
 * not gated, then exceptions, then leases; before them all what a zone refuses by itself. The
 * history only explains.
 */
#include "cli/gate_story.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/gate_conf.h"
#include "cli/gate_telling.h"
#include "cli/owners.h"
#include "cli/route.h"
#include "cli/source.h"
#include "conf/conf.h"
#include "conf/conf_bypass.h"
#include "db/report_gate.h"
#include "db/store.h"
#include "lib/clock.h"

#define PLACE_MAX 512

/* --- facts that decide ---------------------------------------------------------------- */

static const char *place_text(const struct conf_place *p, char *buf)
{
	if (p->line)
		snprintf(buf, PLACE_MAX, "%s:%u", p->file, p->line);
	else
		*buf = '\0';
	return buf;
}

static const struct gate_lease *own_lease(const struct telling *t)
{
	for (size_t i = 0; i < t->leases->count; i++) {
		if (gate_client_is(&t->client, t->leases->leases[i].device))
			return &t->leases->leases[i];
	}
	return NULL;
}

static struct gate_conf_flow flow_of(const struct telling *t)
{
	return (struct gate_conf_flow){
		.zone = t->client.zone, .device = t->client.device, .dest = t->dest,
		.proto = t->to->proto, .port = t->to->port, .out = *t->out ? t->out : NULL,
	};
}

static const struct conf_gate_allow *exception(const struct telling *t)
{
	struct gate_conf_flow flow = flow_of(t);
	struct mac mac;

	if (mac_from_text(t->client.mac, &mac) == 0)
		flow.mac = &mac;
	return gate_conf_allow(t->conf, &flow);
}

static bool is_shut(const struct telling *t)
{
	struct gate_conf_flow flow = flow_of(t);

	return t->client_text && gate_conf_is_shut(t->conf, &flow);
}

static uint64_t refused_lists(const struct telling *t)
{
	if (!addr_is_public(t->dest))
		return 0; /* no list refuses it */
	if (!t->client_text)
		return conf_refused_lists(t->conf);
	return t->client.router || t->client.zone == GATE_CONF_NONE ?
		       0 : t->conf->zones[t->client.zone].refuse_lists;
}

/* By a list, whatever the gate's mode; only where the client is known. */
static bool is_listed(const struct telling *t)
{
	return t->client_text && t->listed.found &&
	       !gate_conf_spare(t->conf, t->client.zone, t->dest);
}

/* Whether it may be in a list that nobody can be asked about. */
static bool is_doubtful(const struct telling *t)
{
	return t->client_text && t->listed_rc < 0 &&
	       !gate_conf_spare(t->conf, t->client.zone, t->dest);
}

static enum gate_passes decide(const struct telling *t)
{
	bool is_denied = gate_conf_deny(t->conf, t->dest);

	if (is_shut(t) || is_listed(t))
		return GATE_REFUSED;
	if (is_doubtful(t))
		return GATE_UNKNOWN;
	if (!is_denied && !addr_is_public(t->dest))
		return GATE_NOT_GATED;
	if (!t->client_text)
		return GATE_ANYBODY;
	if (t->client.mode == GATE_OFF || (t->client.mode < 0 && *t->client.interface))
		return GATE_NOT_GATED;
	if (!is_denied && (exception(t) || own_lease(t)))
		return GATE_PASSES;
	if (t->client.mode < 0 || (!is_denied && t->leases_rc < 0))
		return GATE_UNKNOWN;
	return t->client.mode == GATE_ENFORCE ? GATE_REFUSED : GATE_OBSERVED;
}

static const char *verdict_text(const struct telling *t, char *buf, size_t size)
{
	static const char *const words[] = {
		[GATE_PASSES] = "PASSES", [GATE_NOT_GATED] = "NOT GATED",
		[GATE_OBSERVED] = "PASSES, OBSERVED", [GATE_REFUSED] = "REFUSED",
		[GATE_UNKNOWN] = "UNKNOWN",
	};

	if (t->passes != GATE_ANYBODY)
		snprintf(buf, size, "%s", words[t->passes]);
	else if (gate_conf_deny(t->conf, t->dest))
		snprintf(buf, size, "DENIED");
	else if (t->leases_rc < 0)
		snprintf(buf, size, "UNKNOWN");
	else if (!t->leases->total)
		snprintf(buf, size, "NO LEASE");
	else
		snprintf(buf, size, "%zu LEASE%s", t->leases->total,
			 t->leases->total == 1 ? "" : "S");
	return buf;
}

/* --- steps ---------------------------------------------------------------------------- */

static void tell_client(struct telling *t)
{
	const struct gate_client *k = &t->client;
	const char *is = k->device == GATE_CONF_NONE ? "no device of the configuration" :
						       t->conf->devices[k->device].name;
	char where[PLACE_MAX] = "", result[256];

	if (k->router) {
		story_tell(&t->story, "client", "the router itself: gate %s",
			   conf_gate_mode_name((enum conf_gate_mode)k->mode));
		return;
	}
	if (k->device != GATE_CONF_NONE)
		place_text(&t->conf->devices[k->device].place, where);
	snprintf(result, sizeof(result), "%s is %s%s%s", *k->address ? k->address : k->mac, is,
		 *k->mac && *k->address ? ", " : "", *k->address ? k->mac : "");
	story_add(&t->story, "client", result, where);
}

/* A mode, where it is written; or both, where another one is in force. */
static void tell_mode(struct telling *t, const char *step, const char *name, int written,
		      const char *bypassed, const struct conf_place *place)
{
	const char *mode = conf_gate_mode_name((enum conf_gate_mode)written);
	char result[2 * CONF_NAME_MAX], where[PLACE_MAX];

	if (t->client.mode >= 0 && t->client.mode != written) {
		story_tell(&t->story, step, "%s: gate %s now, %s by the configuration", name,
			   conf_gate_mode_name((enum conf_gate_mode)t->client.mode), mode);
		return;
	}
	snprintf(result, sizeof(result), "%s: gate %s%s", name, mode, bypassed);
	story_add(&t->story, step, result, place_text(place, where));
}

static void tell_listed(struct telling *t)
{
	const struct conf_gate_allow *spare =
		t->client_text ? gate_conf_spare(t->conf, t->client.zone, t->dest) : NULL;
	char text[GATE_CONF_LINE_MAX], where[PLACE_MAX], result[2 * GATE_NAME_MAX];

	if (spare) {
		snprintf(result, sizeof(result), "no list holds: %s",
			 gate_conf_allow_text(t->conf, spare, text));
		story_add(&t->story, "refuse-list", result, place_text(&spare->place, where));
	} else if (t->listed_rc < 0) {
		story_tell(&t->story, "refuse-list", "lists are not known: %s", t->listed_why);
	} else if (t->listed.found) {
		snprintf(result, sizeof(result), "%s, of list %s: refused, be it looked up or not",
			 t->listed.entry, t->listed.list);
		story_add(&t->story, "refuse-list", result, t->listed.where);
	} else {
		story_tell(&t->story, "refuse-list", "in none of the lists");
	}
}

/* Zones that refuse it, where nobody in particular connects. */
static void tell_listed_zones(struct telling *t)
{
	for (size_t i = 0; i < t->conf->list_count; i++) {
		if (strcmp(t->conf->lists[i].name, t->listed.list) != 0)
			continue;
		for (size_t k = 0; k < t->conf->zone_count; k++)
			if (t->conf->zones[k].refuse_lists >> i & 1)
				story_tell(&t->story, "zone", "%s refuses list %s%s",
					   t->conf->zones[k].name, t->listed.list,
					   gate_conf_spare(t->conf, k, t->dest) ?
						   ", and allows this address" : "");
	}
}

/* What a zone refuses beside its gate. */
static void tell_refusals(struct telling *t, const struct conf_zone *z)
{
	char where[PLACE_MAX], result[512], zones[256];

	place_text(&z->place, where);
	if (z->refuse_dot)
		story_add(&t->story, "refuse-dot", "port 853 is refused, wherever it is", where);
	if (z->refuse_lists)
		tell_listed(t);
	if (!z->has_reach)
		return;
	gate_conf_reach_text(t->conf, t->client.zone, zones, sizeof(zones));
	snprintf(result, sizeof(result), "refused unless it is in %s%s%s", zones,
		 *t->out ? "; it leaves by " : "; the way out is not known", t->out);
	story_add(&t->story, "reach", result, where);
}

/* A device's own mode beats that of its zone, and needs none. */
static void tell_zone(struct telling *t)
{
	const struct gate_client *k = &t->client;
	int own = gate_conf_mode(t->conf, GATE_CONF_NONE, k->device);
	const struct conf_zone *z;

	if (own >= 0)
		tell_mode(t, "device", t->conf->devices[k->device].name, own, "",
			  &t->conf->devices[k->device].place);
	if (k->zone == GATE_CONF_NONE) {
		story_tell(&t->story, "zone", "%s%s", *k->interface ? "none of interface " :
						      "not known: it has not been seen", k->interface);
		return;
	}
	z = &t->conf->zones[k->zone];
	if (own >= 0)
		story_tell(&t->story, "zone", "%s: its device has a mode of its own", z->name);
	else
		tell_mode(t, "zone", z->name, (int)z->gate,
			  z->bypass_until_s ? ", bypassed" : "", &z->place);
	tell_refusals(t, z);
}

static void tell_exception(struct telling *t)
{
	const struct addr_net *deny = gate_conf_deny(t->conf, t->dest);
	const struct conf_gate_allow *a = exception(t);
	char text[GATE_CONF_LINE_MAX], where[PLACE_MAX], net[ADDR_NET_TEXT_MAX];

	if (deny)
		story_tell(&t->story, "exception", "deny %s: refused, be it looked up or allowed",
			   addr_net_to_text(deny, net));
	else if (a)
		story_add(&t->story, "exception", gate_conf_allow_text(t->conf, a, text),
			  place_text(&a->place, where));
	else
		story_tell(&t->story, "exception", "none for this address");
}

static void tell_lease(struct telling *t)
{
	const struct gate_lease *l = own_lease(t);

	if (t->leases_rc < 0)
		story_tell(&t->story, "gate", "leases are not known: %s", t->why);
	else if (!l)
		story_tell(&t->story, "gate", "no lease for this device");
	else
		story_tell(&t->story, "gate", "leased to it for %" PRId64 " s more%s%s", l->left_s,
			   *l->name ? ", because of " : "", l->name);
}

static void tell_leases(struct telling *t)
{
	if (t->leases_rc < 0)
		story_tell(&t->story, "gate", "leases are not known: %s", t->why);
	for (size_t i = 0; i < t->leases->count; i++) {
		const struct gate_lease *l = &t->leases->leases[i];

		story_tell(&t->story, "lease", "%s for %" PRId64 " s more%s%s",
			   gate_telling_who(t, l->device, NULL), l->left_s, *l->name ? ", because of " : "",
			   l->name);
	}
	if (t->leases->total > t->leases->count)
		story_tell(&t->story, "lease", "and %zu more: nameward gate ls %s",
			   t->leases->total - t->leases->count, t->dest_text);
}

static void tell_owner(struct telling *t)
{
	struct owners *owners = owners_open(t->conf);
	char text[OWNERS_TEXT_MAX];

	if (*owners_find(owners, t->dest, text))
		story_add(&t->story, "owner", text, "");
	owners_close(owners);
}

/* --- all of it ------------------------------------------------------------------------ */

static void tell_all(struct telling *t)
{
	char verdict[64];
	int rc;

	t->passes = decide(t);
	story_add(&t->story, "verdict", verdict_text(t, verdict, sizeof(verdict)), "");
	if (!addr_is_public(t->dest) && !gate_conf_deny(t->conf, t->dest) && !is_shut(t))
		story_tell(&t->story, "gate", "not an address of the internet: never gated");
	tell_owner(t);
	if (t->client_text) {
		tell_client(t);
		if (!t->client.router)
			tell_zone(t);
	} else if (t->listed.found || t->listed_rc < 0) {
		tell_listed(t);
		tell_listed_zones(t);
	}
	tell_exception(t);
	if (t->client_text)
		tell_lease(t);
	else
		tell_leases(t);
	rc = gate_tell_past(t);
	if (rc < 0)
		story_tell(&t->story, "history", "not known: %s",
			   rc == -ENOENT ? "there is none yet" : store_reason(rc));
}

static int print(struct telling *t)
{
	const struct command *c = t->c;
	int rc;

	if (c->style.format != TABLE_ALIGNED) {
		rc = story_rows(c, &t->story);
		return rc < 0 ? command_write_failed(c, rc) : COMMAND_DONE;
	}
	story_print(c, t->dest_text, t->client_text, &t->story);
	if ((t->passes == GATE_REFUSED || t->passes == GATE_OBSERVED) &&
	    !gate_conf_deny(t->conf, t->dest) && !is_shut(t))
		fprintf(c->out, "To let every gated device connect there, in the block `gate`: "
				"allow %s\n", t->dest_text);
	return COMMAND_DONE;
}

/* As the daemon does: what is bypassed refuses nothing, and exceptions have their hours. */
static void follow_time(struct conf *conf)
{
	struct conf_bypass b;
	bool changed;

	conf_windows_apply(conf, clock_wall_us() / 1000000, &changed);

	if (conf_bypass_read(conf->control, clock_wall_us() / 1000000, &b) == 0)
		conf_bypass_apply(conf, &b);
}

static int find_client(struct telling *t)
{
	if (!t->client_text)
		return COMMAND_DONE;
	if (gate_client_find(t->conf, t->report, t->client_text, &t->client) < 0)
		return command_usage(t->c, "no such client: neither an address nor a device of the "
					   "configuration");
	return COMMAND_DONE;
}

int gate_story(const struct command *c, const struct gate_target *to, const char *client,
	       enum gate_passes *passes)
{
	struct telling *t = calloc(1, sizeof(*t));
	int status = COMMAND_FAILED;

	if (t)
		t->leases = calloc(1, sizeof(*t->leases));
	if (!t || !t->leases) {
		command_complain(c, "out of memory");
		free(t);
		return COMMAND_FAILED;
	}
	t->c = c;
	t->to = to;
	t->dest = &to->addr;
	t->client_text = client;
	t->client.zone = t->client.device = GATE_CONF_NONE;
	addr_to_text(t->dest, t->dest_text);
	if (route_interface(t->dest, t->out) < 0)
		*t->out = '\0';
	status = source_conf(c, NULL, &t->conf);
	if (status == COMMAND_DONE) {
		follow_time(t->conf);
		t->report_rc = report_open(t->conf->history.file, &t->report);
		status = find_client(t);
	}
	if (status == COMMAND_DONE) {
		t->leases_rc = gate_leases_ask(t->conf, t->dest_text, t->leases, t->why);
		t->listed_rc = gate_listed_ask(t->conf, t->dest_text, refused_lists(t), &t->listed,
					       t->listed_why);
		tell_all(t);
		*passes = t->passes;
		status = print(t);
	}
	story_fini(&t->story);
	report_close(t->report);
	conf_free(t->conf);
	free(t->leases);
	free(t);
	return status;
}
