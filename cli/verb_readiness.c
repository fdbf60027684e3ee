/*
 * nameward gate readiness: what the devices of a zone would have lost, had it been enforced,
 * from the history and the configuration: the daemon need not run.
 *
 * Rows that an exception of today lets pass are left out, so the answer shrinks as
 * exceptions are written, although the history still holds what was seen before. So are
 * those that `deny`, `refuse-dot` and, while the daemon can be asked, `refuse-list` are to
 * refuse: nothing is to be mended there.
 */
#include "cli/verbs.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "cli/gate_conf.h"
#include "cli/gate_facts.h"
#include "cli/owners.h"
#include "cli/source.h"
#include "cli/when.h"
#include "conf/conf.h"
#include "db/report_gate.h"
#include "lib/clock.h"

#define SECOND_US    INT64_C(1000000)
#define SINCE	     "-14d"
#define DEVICE_MAX   64
#define WHY_TEXT_MAX 80
#define SPREAD_MANY  3 /* destinations of one service: then it is the service that is meant */

enum readiness_option { READY_ZONE = 1, READY_SINCE };

/* Columns of report_losses. */
enum loss_column { L_DEVICE, L_WHO, L_INTERFACE, L_DEST, L_PROTO, L_PORT, L_VERDICT, L_N, L_NAME,
		   L_LAST, L_OWN, L_OTHER, L_TTL, L_SPREAD, L_COLUMNS };

static const char *const loss_columns[L_COLUMNS] = {
	"device", "who", "interface", "dest", "proto", "port", "verdict", "n", "name",
	"last", "own", "other", "ttl", "spread",
};

/* Our columns: all of them for programs, the brief ones for people. */
enum column { C_TIME, C_DEVICE, C_MAC, C_ZONE, C_INTERFACE, C_DEST, C_SERVICE, C_NAME, C_VERDICT,
	      C_N, C_WHY, C_ENDED, C_REASON, C_ALLOW, C_OWNER, C_COLUMNS };

static const struct {
	struct table_column as;
	bool for_people, for_programs;
} columns[C_COLUMNS] = {
	[C_TIME] = { { "time", COLUMN_TIME }, false, true },
	[C_DEVICE] = { { "device", COLUMN_TEXT }, true, true },
	[C_MAC] = { { "mac", COLUMN_TEXT }, false, true },
	[C_ZONE] = { { "zone", COLUMN_TEXT }, true, true },
	[C_INTERFACE] = { { "interface", COLUMN_TEXT }, false, true },
	[C_DEST] = { { "dest", COLUMN_TEXT }, true, true },
	[C_SERVICE] = { { "service", COLUMN_TEXT }, true, true },
	[C_NAME] = { { "name", COLUMN_TEXT }, true, true },
	[C_VERDICT] = { { "verdict", COLUMN_VERDICT }, true, true },
	[C_N] = { { "n", COLUMN_NUMBER }, true, true },
	[C_WHY] = { { "why", COLUMN_TEXT }, false, true },
	[C_ENDED] = { { "ended_s", COLUMN_NUMBER }, false, true },
	[C_REASON] = { { "why", COLUMN_TEXT }, true, false },
	[C_ALLOW] = { { "exception", COLUMN_TEXT }, true, true },
	[C_OWNER] = { { "owner", COLUMN_TEXT }, true, true }, /* people: where there is a table */
};

static const struct option_spec readiness_options[] = {
	{ 0, "zone", "ZONE", "of this zone only", READY_ZONE },
	{ 'S', "since", "TIME", "from a time on; 14 days ago without it", READY_SINCE },
	{ 0, NULL, NULL, NULL, 0 },
};

struct readiness {
	const struct command *command;
	const struct conf *conf;
	size_t zone; /* GATE_CONF_NONE: all */
	int64_t since_us;
	struct table *table; /* owned */
	int write_rc;
	char last_device[DEVICE_MAX];
	uint64_t devices, rows, observed, refused, excepted, intended;
	struct gate_listed listed; /* of listed_dest, the last one asked for */
	struct addr listed_dest;
	struct owners *owners; /* owned */
	bool is_mute; /* the daemon cannot be asked */
};

/* One row of report_losses, understood. */
struct loss {
	const char *device, *who, *interface, *dest_text, *proto_text, *verdict, *name;
	int64_t port, n, last, own, other, ttl, spread; /* own, other: 0: never */
	struct addr dest;
	uint8_t proto; /* 0: neither tcp nor udp */
	size_t zone;
};

/* --- one row -------------------------------------------------------------------------- */

static const char *text_of(const struct report_value *v)
{
	return v->type == REPORT_TEXT ? v->text : NULL;
}

static int64_t number_of(const struct report_value *v)
{
	return v->type == REPORT_INTEGER ? v->integer : 0;
}

/* As it is called now, else as it was then. */
static const char *who_of(const struct conf *conf, const struct report_value *v)
{
	const char *device = text_of(&v[L_DEVICE]);
	size_t i = device ? gate_conf_device(conf, device) : GATE_CONF_NONE;

	return i == GATE_CONF_NONE ? text_of(&v[L_WHO]) : conf->devices[i].name;
}

static int understand(const struct conf *conf, const struct report_value *v, struct loss *l)
{
	*l = (struct loss){
		.device = text_of(&v[L_DEVICE]), .who = who_of(conf, v),
		.interface = text_of(&v[L_INTERFACE]), .dest_text = text_of(&v[L_DEST]),
		.proto_text = text_of(&v[L_PROTO]), .verdict = text_of(&v[L_VERDICT]),
		.name = text_of(&v[L_NAME]), .port = number_of(&v[L_PORT]),
		.n = number_of(&v[L_N]), .last = number_of(&v[L_LAST]),
		.own = number_of(&v[L_OWN]), .other = number_of(&v[L_OTHER]),
		.ttl = number_of(&v[L_TTL]), .spread = number_of(&v[L_SPREAD]),
	};
	if (!l->dest_text || !l->proto_text || !l->verdict ||
	    addr_from_text(l->dest_text, &l->dest) < 0)
		return -EPROTO;
	if (strcmp(l->proto_text, "tcp") == 0)
		l->proto = IPPROTO_TCP;
	else if (strcmp(l->proto_text, "udp") == 0)
		l->proto = IPPROTO_UDP;
	l->zone = gate_conf_zone(conf, l->interface ? l->interface : "");
	return 0;
}

/* The daemon knows what is in its lists; rows to one destination follow one another mostly. */
static bool is_listed(struct readiness *r, const struct loss *l)
{
	uint64_t lists = l->zone == GATE_CONF_NONE ? 0 : r->conf->zones[l->zone].refuse_lists;
	char why[CONTROL_WHY_MAX];

	if (!lists || r->is_mute || !addr_is_public(&l->dest) ||
	    gate_conf_spare(r->conf, l->zone, &l->dest))
		return false;
	if (r->listed.lists != lists || !addr_equal(&r->listed_dest, &l->dest)) {
		r->is_mute = gate_listed_ask(r->conf, l->dest_text, lists, &r->listed, why) < 0;
		r->listed_dest = l->dest;
	}
	return !r->is_mute && r->listed.found;
}

static enum gate_conf_fate fate_of(struct readiness *r, const struct loss *l)
{
	const struct conf *conf = r->conf;
	const char *device = l->device ? l->device : "";
	struct mac mac;
	bool has_mac = mac_from_text(device, &mac) == 0;
	struct gate_conf_flow flow = {
		.zone = l->zone, .device = gate_conf_device(conf, device),
		.mac = has_mac ? &mac : NULL, .dest = &l->dest, .proto = l->proto,
		.port = (uint16_t)l->port,
	};

	return is_listed(r, l) ? FATE_REFUSED : gate_conf_fate(conf, &flow);
}

/* Seconds by which a lease of the device's own lookup was over when it connected; negative:
 * it should have been there still. */
static int64_t ended_s(const struct conf *conf, const struct loss *l)
{
	return (l->last - l->own) / SECOND_US - gate_conf_lease_s(conf, l->ttl);
}

enum reason { NEVER_LOOKED_UP, OTHER_DEVICE, LEASE_ENDED, NO_LEASE };

static const char *const reason_words[] = {
	[NEVER_LOOKED_UP] = "never-looked-up",
	[OTHER_DEVICE] = "other-device",
	[LEASE_ENDED] = "lease-ended",
	[NO_LEASE] = "no-lease",
};

static enum reason reason_of(const struct conf *conf, const struct loss *l)
{
	if (!l->own)
		return l->other ? OTHER_DEVICE : NEVER_LOOKED_UP;
	return ended_s(conf, l) >= 0 ? LEASE_ENDED : NO_LEASE;
}

static const char *reason_text(const struct conf *conf, const struct loss *l, char *buf)
{
	switch (reason_of(conf, l)) {
	case NEVER_LOOKED_UP:
		return "never looked up";
	case OTHER_DEVICE:
		return "looked up by another device";
	case LEASE_ENDED:
		snprintf(buf, WHY_TEXT_MAX, "lease ended %" PRId64 " s before",
			 ended_s(conf, l));
		return buf;
	default: /* the pair of device and address had no room, or the gate failed */
		snprintf(buf, WHY_TEXT_MAX, "looked up %" PRId64 " s before, no lease",
			 (l->last - l->own) / SECOND_US);
		return buf;
	}
}

/* Services that are used by address by design, or web and DNS, which never are. */
static bool is_service_meant(const struct loss *l)
{
	static const int64_t by_address[] = { 123, 3478 }, by_name[] = { 53, 80, 443, 853 };

	if (!l->proto || !l->port)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(by_address); i++) {
		if (l->port == by_address[i])
			return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(by_name); i++) {
		if (l->port == by_name[i])
			return false;
	}
	return l->spread >= SPREAD_MANY;
}

static const char *exception_for(const struct loss *l, char *buf)
{
	struct conf_gate_allow a = { .window = SIZE_MAX };

	if (is_service_meant(l)) {
		a.proto = l->proto;
		a.port_first = a.port_last = (uint16_t)l->port;
	} else {
		a.net.addr = l->dest;
		a.net.prefix = (uint8_t)(addr_len(&l->dest) * 8);
	}
	return gate_conf_allow_text(NULL, &a, buf); /* it has no window */
}

/* --- the table ------------------------------------------------------------------------ */

static bool is_shown(const struct readiness *r, enum column i)
{
	bool people = r->command->style.format == TABLE_ALIGNED;

	if (people && i == C_OWNER)
		return owners_are_known(r->conf);
	return people ? columns[i].for_people : columns[i].for_programs;
}

static int make_table(struct readiness *r)
{
	struct table_column shown[C_COLUMNS];
	size_t count = 0;

	for (enum column i = 0; i < C_COLUMNS; i++) {
		if (is_shown(r, i))
			shown[count++] = columns[i].as;
	}
	return table_new(r->command->out, &r->command->style, shown, count, &r->table);
}

static int print_loss(struct readiness *r, const struct loss *l)
{
	char n[24], last[24], ended[24], why[WHY_TEXT_MAX], service[48];
	char exception[GATE_CONF_LINE_MAX], owner[OWNERS_TEXT_MAX];
	const char *all[C_COLUMNS] = { 0 }, *shown[C_COLUMNS] = { 0 };
	size_t count = 0;

	snprintf(n, sizeof(n), "%" PRId64, l->n);
	snprintf(last, sizeof(last), "%" PRId64, l->last);
	snprintf(ended, sizeof(ended), "%" PRId64, ended_s(r->conf, l));
	snprintf(service, sizeof(service), l->port ? "%.16s %" PRId64 : "%.16s", l->proto_text,
		 l->port);
	all[C_TIME] = last;
	all[C_DEVICE] = l->who;
	all[C_MAC] = l->device;
	all[C_ZONE] = l->zone == GATE_CONF_NONE ? "-" : r->conf->zones[l->zone].name;
	all[C_INTERFACE] = l->interface;
	all[C_DEST] = l->dest_text;
	all[C_SERVICE] = service;
	all[C_NAME] = l->name;
	all[C_VERDICT] = l->verdict;
	all[C_N] = n;
	all[C_WHY] = reason_words[reason_of(r->conf, l)];
	all[C_ENDED] = reason_of(r->conf, l) == LEASE_ENDED ? ended : NULL;
	all[C_REASON] = reason_text(r->conf, l, why);
	all[C_ALLOW] = exception_for(l, exception);
	all[C_OWNER] = *owners_find(r->owners, &l->dest, owner) ? owner : NULL;
	for (enum column i = 0; i < C_COLUMNS; i++) {
		if (is_shown(r, i))
			shown[count++] = all[i];
	}
	r->write_rc = table_row(r->table, shown);
	return r->write_rc;
}

static void count_loss(struct readiness *r, const struct loss *l)
{
	const char *device = l->device ? l->device : "";

	if (!r->rows || strcmp(r->last_device, device) != 0)
		r->devices++;
	snprintf(r->last_device, sizeof(r->last_device), "%s", device);
	r->rows++;
	*(strcmp(l->verdict, "observed") == 0 ? &r->observed : &r->refused) += (uint64_t)l->n;
}

static int on_columns(void *arg, const char *const *names, size_t count)
{
	struct readiness *r = arg;

	if (count != L_COLUMNS)
		return -EPROTO;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], loss_columns[i]) != 0)
			return -EPROTO;
	}
	r->write_rc = make_table(r);
	return r->write_rc;
}

static int on_row(void *arg, const struct report_value *values, size_t count)
{
	struct readiness *r = arg;
	struct loss l;
	int rc = understand(r->conf, values, &l);

	(void)count;
	if (rc < 0)
		return rc;
	if (r->zone != GATE_CONF_NONE && l.zone != r->zone)
		return 0;
	switch (fate_of(r, &l)) {
	case FATE_PASSES:
		r->excepted += (uint64_t)l.n;
		return 0;
	case FATE_REFUSED:
		r->intended += (uint64_t)l.n;
		return 0;
	default:
		count_loss(r, &l);
		return print_loss(r, &l);
	}
}

/* --- the verb ------------------------------------------------------------------------- */

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void print_summary(const struct readiness *r)
{
	FILE *out = r->command->out;
	char since[WHEN_TEXT_MAX];

	when_text(r->since_us, since);
	if (!r->rows)
		fprintf(out, "Since %s no device would have lost a connection.\n", since);
	else
		fprintf(out, "Since %s: %" PRIu64 " device%s, %" PRIu64 " connection%s that would "
			"have been refused", since, r->devices, plural(r->devices), r->observed,
			plural(r->observed));
	if (r->refused)
		fprintf(out, ", %" PRIu64 " that %s", r->refused,
			r->refused == 1 ? "was" : "were");
	if (r->rows)
		fputs(".\n", out);
	if (r->excepted)
		fprintf(out, "%" PRIu64 " more pass%s by an exception that is there now.\n",
			r->excepted, r->excepted == 1 ? "es" : "");
	if (r->intended)
		fprintf(out, "%" PRIu64 " more %s refused by `deny`, `refuse-dot` or a list, as "
			"is written.\n", r->intended, r->intended == 1 ? "is" : "are");
	if (r->rows)
		fputs("An exception goes into the block `gate` of the configuration, or into that "
		      "of its zone.\n", out);
}

static int ask(struct readiness *r)
{
	const struct report_out out = { on_columns, on_row, r };
	struct report *report;
	int rc = report_open(r->conf->history.file, &report);

	if (rc < 0)
		return rc;
	rc = report_losses(report, r->since_us, &out);
	report_close(report);
	if (rc == 0)
		rc = r->write_rc = table_flush(r->table);
	return rc;
}

/* What is off is not observed: its silence means nothing. */
static bool is_watched(const struct readiness *r)
{
	if (r->zone == GATE_CONF_NONE && r->conf->gate.router != GATE_OFF)
		return true;
	for (size_t i = 0; i < r->conf->device_count && r->zone == GATE_CONF_NONE; i++) {
		if (r->conf->devices[i].gate >= DEVICE_OBSERVE)
			return true;
	}
	for (size_t i = 0; i < r->conf->zone_count; i++) {
		if ((r->zone == GATE_CONF_NONE || r->zone == i) &&
		    r->conf->zones[i].gate != GATE_OFF)
			return true;
	}
	return false;
}

static int run_with(struct readiness *r)
{
	const struct command *c = r->command;
	int rc = ask(r);

	if (r->write_rc < 0)
		return command_write_failed(c, r->write_rc);
	if (rc < 0)
		return source_history_failed(c, r->conf, rc);
	if (c->style.format == TABLE_ALIGNED)
		print_summary(r);
	if (!is_watched(r)) {
		command_complain(c, "%s: nothing was observed; write `gate observe` and ask again "
				    "in some days", r->zone == GATE_CONF_NONE ?
				    "every zone's gate is off" : "the zone's gate is off");
		return COMMAND_FAILED;
	}
	return r->rows ? COMMAND_FAILED : COMMAND_DONE;
}

static int set_choice(struct readiness *r, const struct choice *choice)
{
	const struct command *c = r->command;

	if (choice->id == READY_SINCE) {
		if (when_parse(choice->value, clock_wall_us(), &r->since_us) < 0)
			return command_usage(c, "not a time; examples: -14d, yesterday, 2026-11-23");
		return COMMAND_DONE;
	}
	r->zone = gate_conf_zone_named(r->conf, choice->value);
	if (r->zone == GATE_CONF_NONE)
		return command_usage(c, "the configuration has no such zone");
	return COMMAND_DONE;
}

static int run_readiness(const struct command *c)
{
	struct readiness r = { .command = c, .zone = GATE_CONF_NONE };
	struct conf *conf;
	int status = source_conf(c, NULL, &conf);

	if (status != COMMAND_DONE)
		return status;
	r.conf = conf;
	when_parse(SINCE, clock_wall_us(), &r.since_us);
	for (size_t i = 0; i < c->choice_count && status == COMMAND_DONE; i++)
		status = set_choice(&r, &c->choices[i]);
	if (status == COMMAND_DONE) {
		r.owners = owners_open(conf);
		status = run_with(&r);
	}
	owners_close(r.owners);
	table_free(r.table);
	conf_free(conf);
	return status;
}

const struct verb verb_gate_readiness = {
	.name = "gate readiness",
	.operands = "",
	.summary = "what devices would lose if a zone were enforced, why, and what would mend it",
	.examples = "  nameward gate readiness --zone iot\n"
		    "  nameward gate readiness --zone iot -S -3d -o csv >losses.csv\n"
		    "  nameward gate readiness --zone iot >/dev/null && echo enforce it\n",
	.notes = "From the history, where the gate's observations are; the daemon need not run.\n"
		 "Times of leases are reckoned from the longest TTL seen. Exit status 1: not ready.\n",
	.options = readiness_options,
	.pages = true,
	.run = run_readiness,
};
