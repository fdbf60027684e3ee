/* See gate_facts.h. Columns of the daemon's answers are found by name: more may be added. */
#include "cli/gate_facts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/gate_conf.h"
#include "conf/conf.h"
#include "db/report_gate.h"
#include "lib/util.h"

#define NO_COLUMN SIZE_MAX

/* --- the client ----------------------------------------------------------------------- */

enum { K_ADDRESS, K_MAC, K_DEVICE, K_INTERFACE, K_ZONE, K_GATE, K_COLUMNS };

struct client_answer {
	const struct conf *conf;
	struct gate_client *client;
};

static void set_word(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", strcmp(from, "-") == 0 ? "" : from);
}

static int mode_of(const char *word)
{
	for (int i = GATE_OFF; i <= GATE_QUARANTINE; i++) {
		if (strcmp(word, conf_gate_mode_name((enum conf_gate_mode)i)) == 0)
			return i;
	}
	return -1;
}

static int on_client_columns(void *arg, char *const *names, size_t count)
{
	(void)arg;
	return count >= K_COLUMNS && strcmp(names[K_GATE], "gate") == 0 ? 0 : -EPROTO;
}

static int on_client(void *arg, char *const *fields, size_t count)
{
	struct client_answer *a = arg;
	struct gate_client *k = a->client;

	(void)count;
	set_word(k->address, sizeof(k->address), fields[K_ADDRESS]);
	set_word(k->mac, sizeof(k->mac), fields[K_MAC]);
	set_word(k->interface, sizeof(k->interface), fields[K_INTERFACE]);
	k->zone = gate_conf_zone_named(a->conf, fields[K_ZONE]);
	k->mode = mode_of(fields[K_GATE]);
	k->from_daemon = true;
	return 0;
}

static void ask_daemon(const struct conf *conf, const char *text, struct gate_client *k)
{
	static const struct control_sink sink = { on_client_columns, on_client };
	const char *words[] = { "client", text };
	struct client_answer answer = { conf, k };
	char why[CONTROL_WHY_MAX];

	control_ask(conf->control, words, ARRAY_SIZE(words), &sink, &answer, why);
}

static int on_device_columns(void *arg, const char *const *names, size_t count)
{
	(void)arg;
	(void)names;
	return count == 3 ? 0 : -EPROTO; /* device, who, interface */
}

static int on_device(void *arg, const struct report_value *values, size_t count)
{
	struct gate_client *k = arg;
	struct mac mac;

	(void)count;
	if (!*k->mac && values[0].type == REPORT_TEXT && mac_from_text(values[0].text, &mac) == 0)
		mac_to_text(&mac, k->mac);
	if (!*k->interface && values[2].type == REPORT_TEXT)
		snprintf(k->interface, sizeof(k->interface), "%s", values[2].text);
	return 0;
}

static void ask_history(struct report *report, struct gate_client *k)
{
	const struct report_out out = { on_device_columns, on_device, k };
	const char *known = *k->address ? k->address : k->mac;

	if (report && *known && (!*k->mac || !*k->interface))
		report_device(report, known, &out);
}

/* What the configuration says of a device. */
static void take_device(const struct conf_device *d, struct gate_client *k)
{
	if (!*k->mac && d->mac_count)
		mac_to_text(&d->macs[0], k->mac);
	if (!*k->address && d->addr_count)
		addr_to_text(&d->addrs[0], k->address);
}

static int read_text(const struct conf *conf, const char *text, struct gate_client *k)
{
	struct addr addr;
	struct mac mac;

	if (addr_from_text(text, &addr) == 0)
		addr_to_text(&addr, k->address);
	else if (mac_from_text(text, &mac) == 0)
		mac_to_text(&mac, k->mac);
	for (size_t i = 0; i < conf->device_count; i++) {
		if (strcmp(conf->devices[i].name, text) == 0)
			k->device = i;
	}
	k->router = k->device == GATE_CONF_NONE && strcmp(text, "router") == 0;
	return k->router || *k->address || *k->mac || k->device != GATE_CONF_NONE ? 0 : -ENOENT;
}

int gate_client_find(const struct conf *conf, struct report *report, const char *text,
		     struct gate_client *out)
{
	struct gate_client k = { .device = GATE_CONF_NONE, .zone = GATE_CONF_NONE, .mode = -1 };
	int rc = read_text(conf, text, &k);

	if (rc < 0)
		return rc;
	if (k.router) {
		k.mode = (int)conf->gate.router;
		*out = k;
		return 0;
	}
	ask_daemon(conf, text, &k);
	if (k.device != GATE_CONF_NONE)
		take_device(&conf->devices[k.device], &k);
	ask_history(report, &k);
	if (k.device == GATE_CONF_NONE && *k.mac)
		k.device = gate_conf_device(conf, k.mac);
	if (k.device == GATE_CONF_NONE && *k.address)
		k.device = gate_conf_device(conf, k.address);
	if (k.zone == GATE_CONF_NONE && *k.interface)
		k.zone = gate_conf_zone(conf, k.interface);
	if (k.mode < 0)
		k.mode = gate_conf_mode(conf, k.zone, k.device);
	*out = k;
	return 0;
}

bool gate_client_is(const struct gate_client *k, const char *device)
{
	return (k->router && strcmp("router", device) == 0) ||
	       (*k->mac && strcmp(k->mac, device) == 0) ||
	       (*k->address && strcmp(k->address, device) == 0) ||
	       (*k->interface && strcmp(k->interface, device) == 0);
}

/* --- leases --------------------------------------------------------------------------- */

static size_t column(char *const *names, size_t count, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < count; i++) {
		if (strncmp(names[i], name, len) == 0 &&
		    (names[i][len] == '\0' || strcmp(names[i] + len, "#") == 0))
			return i;
	}
	return NO_COLUMN;
}

static int on_lease_columns(void *arg, char *const *names, size_t count)
{
	struct gate_leases *l = arg;

	l->device = column(names, count, "device");
	l->address = column(names, count, "address");
	l->left = column(names, count, "left_s");
	l->name = column(names, count, "name");
	if (l->device == NO_COLUMN || l->address == NO_COLUMN || l->left == NO_COLUMN)
		return -EPROTO;
	return 0;
}

static int on_lease(void *arg, char *const *fields, size_t count)
{
	struct gate_leases *l = arg;
	struct gate_lease *to = &l->leases[l->count];

	(void)count;
	if (strcmp(fields[l->address], l->dest) != 0)
		return 0; /* a lease of that address, not to it */
	l->total++;
	if (l->count == GATE_LEASES_MAX)
		return 0;
	set_word(to->device, sizeof(to->device), fields[l->device]);
	set_word(to->name, sizeof(to->name), l->name == NO_COLUMN ? "-" : fields[l->name]);
	to->left_s = strtoll(fields[l->left], NULL, 10);
	l->count++;
	return 0;
}

int gate_leases_ask(const struct conf *conf, const char *dest, struct gate_leases *out,
		    char *why)
{
	static const struct control_sink sink = { on_lease_columns, on_lease };
	const char *words[] = { "gate", "ls", dest };

	*out = (struct gate_leases){ .dest = dest };
	*why = '\0';
	return control_ask(conf->control, words, ARRAY_SIZE(words), &sink, out, why);
}

/* --- refused lists -------------------------------------------------------------------- */

enum { S_LIST, S_ENTRY, S_SAYS, S_WHERE, S_COLUMNS };

static int on_search_columns(void *arg, char *const *names, size_t count)
{
	static const char *const wanted[S_COLUMNS] = { "list", "entry", "says", "where" };
	struct gate_listed *l = arg;

	for (size_t i = 0; i < S_COLUMNS; i++) {
		l->columns[i] = column(names, count, wanted[i]);
		if (l->columns[i] == NO_COLUMN)
			return -EPROTO;
	}
	return 0;
}

static bool is_asked_for(const struct gate_listed *l, const char *list)
{
	for (size_t i = 0; i < l->conf->list_count; i++)
		if (strcmp(l->conf->lists[i].name, list) == 0)
			return l->lists >> i & 1;
	return false;
}

/* Packets are refused by what blocks answers; what a list says of clients, or wants to be asked
 * over TCP, is about questions. */
static int on_search(void *arg, char *const *fields, size_t count)
{
	static const char refused[] = "in answers, blocks";
	struct gate_listed *l = arg;
	const char *says = fields[l->columns[S_SAYS]];

	(void)count;
	if (l->found || !is_asked_for(l, fields[l->columns[S_LIST]]) ||
	    strncmp(says, refused, strlen(refused)) != 0 || strstr(says, "TCP only"))
		return 0;
	l->found = true;
	set_word(l->list, sizeof(l->list), fields[l->columns[S_LIST]]);
	set_word(l->entry, sizeof(l->entry), fields[l->columns[S_ENTRY]]);
	set_word(l->where, sizeof(l->where), fields[l->columns[S_WHERE]]);
	return 0;
}

int gate_listed_ask(const struct conf *conf, const char *dest, uint64_t lists,
		    struct gate_listed *out, char *why)
{
	static const struct control_sink sink = { on_search_columns, on_search };
	const char *words[] = { "list", "search", dest };

	*out = (struct gate_listed){ .conf = conf, .lists = lists };
	*why = '\0';
	if (!lists)
		return 0;
	return control_ask(conf->control, words, ARRAY_SIZE(words), &sink, out, why);
}
