/*
 * One row of a table for each option of dnsmasq(8) that means something here. What a line
 * asks for is taken whole or not at all: what was not is told with the reason.
 */
#include "cli/import_dnsmasq.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/import_plan.h"
#include "lib/addr.h"
#include "lib/util.h"

#define LINE_MAX_BYTES 4096
#define DNS_PORT       53
#define WORDS_MAX      16
#define NAMES_MAX      64

/* A line under way: what is wrong with it, or NULL: taken. */
typedef const char *take_option(struct import_plan *p, char *value);

static const char not_understood[] = "not understood";
static const char needs_value[] = "without a value";
static const char odd_name[] = "a name of unusual characters";

/* Split at a character, in place; returns how many, WORDS_MAX at most. */
static size_t split(char *text, char at, char *words[WORDS_MAX])
{
	size_t count = 0;

	while (count < WORDS_MAX) {
		char *end = strchr(text, at);

		while (isspace((unsigned char)*text))
			text++;
		words[count++] = text;
		if (!end)
			break;
		*end = '\0';
		text = end + 1;
	}
	return count;
}

/* "/a/b/REST": the names of the first part in names; returns REST, or NULL. */
static char *split_domains(char *value, char *names[NAMES_MAX], size_t *count)
{
	*count = 0;
	if (*value != '/')
		return value;
	for (char *at = value + 1;;) {
		char *end = strchr(at, '/');

		if (!end)
			return *count ? at : NULL;
		*end = '\0';
		if (*count == NAMES_MAX)
			return NULL;
		names[(*count)++] = at;
		at = end + 1;
	}
}

/* "192.0.2.1#5353@eth0" as our configuration writes it, in buf. */
static const char *server_text(const char *value, char buf[ADDR_PORT_TEXT_MAX])
{
	struct addr_port server = { .port = DNS_PORT };
	char text[ADDR_PORT_TEXT_MAX];
	char *hash;

	if (strlen(value) >= sizeof(text) || strchr(value, '@') || strchr(value, '%'))
		return NULL;
	strcpy(text, value);
	hash = strchr(text, '#');
	if (hash) {
		char *end;
		unsigned long port = strtoul(hash + 1, &end, 10);

		if (!isdigit((unsigned char)hash[1]) || *end || port == 0 || port > UINT16_MAX)
			return NULL;
		server.port = (uint16_t)port;
		*hash = '\0';
	}
	if (addr_from_text(text, &server.addr) < 0)
		return NULL;
	return addr_port_to_text(&server, buf);
}

static bool ends_in(const char *name, const char *suffix)
{
	size_t len = strlen(name), end = strlen(suffix);

	return len >= end && strcmp(name + len - end, suffix) == 0;
}

/* A suffix whose names are known here only. */
static const char *take_suffix(struct import_plan *p, const char *text)
{
	char name[256];

	if (!import_name(text, strlen(text), name))
		return "a domain for single networks, or of unusual characters";
	if (ends_in(name, "in-addr.arpa") || ends_in(name, "ip6.arpa"))
		return "is so: special { private-reverse local }";
	if (*p->suffix && strcmp(p->suffix, name) != 0)
		return "a second suffix that is known here only: write another local block";
	strcpy(p->suffix, name);
	return NULL;
}

static const char *take_domain(struct import_plan *p, char *value)
{
	return take_suffix(p, value);
}

/* server and local: the same option by two names */
static const char *take_server(struct import_plan *p, char *value)
{
	char server[ADDR_PORT_TEXT_MAX], upstream[32], name[256];
	char *names[NAMES_MAX];
	size_t count;
	char *rest = split_domains(value, names, &count);

	if (!rest)
		return not_understood;
	if (count && !*rest)
		return count == 1 ? take_suffix(p, names[0]) :
				    "several suffixes that are known here only";
	if (strcmp(rest, "#") == 0)
		return "back to the usual servers: leave the suffix out";
	if (!server_text(rest, server))
		return "not an address and port, or of one interface only";
	if (count == 0) {
		import_add(p, IMPORT_SERVERS, "server", server);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		if (!import_name(names[i], strlen(names[i]), name))
			return odd_name;
	}
	if (!import_upstream(p, server, upstream))
		return "more servers for single suffixes than 64";
	for (size_t i = 0; i < count; i++)
		import_add(p, IMPORT_UPSTREAMS, "forward",
			   import_name(names[i], strlen(names[i]), name), upstream);
	return NULL;
}

/* address=/NAME/: blocked with all below; address=/NAME/ADDRESS is the same for an address
 * that leads nowhere, and has no like here for another: host lines are of single names. */
static const char *take_address(struct import_plan *p, char *value)
{
	char *names[NAMES_MAX];
	char name[256];
	size_t count;
	char *rest = split_domains(value, names, &count);

	if (!rest || count == 0)
		return not_understood;
	if (*rest && strcmp(rest, "#") != 0 && strcmp(rest, "0.0.0.0") != 0 &&
	    strcmp(rest, "::") != 0)
		return "an address for all names below: host lines are of single names";
	for (size_t i = 0; i < count; i++) {
		if (!import_name(names[i], strlen(names[i]), name))
			return odd_name;
	}
	for (size_t i = 0; i < count; i++) {
		import_name(names[i], strlen(names[i]), name);
		import_subtree(p, IMPORT_BLOCKED, name);
	}
	return NULL;
}

/* NAME[,NAME...],[ADDRESS],[ADDRESS][,TTL] */
static const char *take_host_record(struct import_plan *p, char *value)
{
	char *words[WORDS_MAX], addrs[2][ADDR_TEXT_MAX], name[256];
	size_t count = split(value, ',', words), names = 0, addr_count = 0;

	for (size_t i = 0; i < count; i++) {
		struct addr addr;

		if (addr_from_text(words[i], &addr) == 0 && addr_count < 2)
			addr_to_text(&addr, addrs[addr_count++]);
		else if (addr_count == 0 && import_name(words[i], strlen(words[i]), name))
			names++;
		else if (!*words[i] || i + 1 < count || addr_count == 0 ||
			 !isdigit((unsigned char)*words[i]))
			return not_understood;
	}
	if (names == 0 || addr_count == 0 || count == WORDS_MAX)
		return not_understood;
	for (size_t i = 0; i < names; i++)
		import_add(p, IMPORT_HOSTS, "host", import_name(words[i], strlen(words[i]), name),
			   addrs[0], addr_count > 1 ? addrs[1] : NULL);
	return NULL;
}

/* ALIAS[,ALIAS...],TARGET[,TTL] */
static const char *take_cname(struct import_plan *p, char *value)
{
	char *words[WORDS_MAX], alias[256], target[256];
	size_t count = split(value, ',', words);

	if (count > 2 && strspn(words[count - 1], "0123456789") == strlen(words[count - 1]))
		count--;
	if (count < 2 || count == WORDS_MAX)
		return not_understood;
	for (size_t i = 0; i < count; i++) {
		if (!import_name(words[i], strlen(words[i]), alias))
			return odd_name;
	}
	import_name(words[count - 1], strlen(words[count - 1]), target);
	for (size_t i = 0; i + 1 < count; i++)
		import_add(p, IMPORT_HOSTS, "cname",
			   import_name(words[i], strlen(words[i]), alias), target);
	return NULL;
}

static const char *take_addn_hosts(struct import_plan *p, char *value)
{
	if (!import_is_plain_path(value))
		return "not a path from the root, or one of unusual characters";
	import_add(p, IMPORT_LOCAL, "hosts", value);
	return NULL;
}

static const char *take_leasefile(struct import_plan *p, char *value)
{
	if (!import_is_plain_path(value))
		return "not a path from the root, or one of unusual characters";
	import_add(p, IMPORT_LOCAL, "leases", "dnsmasq", value);
	return NULL;
}

/* MAC,NAME[,ADDRESS][,TIME] in any order: a device, by its MAC address. */
static const char *take_dhcp_host(struct import_plan *p, char *value)
{
	char *words[WORDS_MAX], mac[MAC_TEXT_MAX] = "", addr[ADDR_TEXT_MAX] = "", name[256] = "";
	size_t count = split(value, ',', words);

	for (size_t i = 0; i < count; i++) {
		struct addr a;
		struct mac m;

		if (mac_from_text(words[i], &m) == 0 && !*mac)
			mac_to_text(&m, mac);
		else if (addr_from_text(words[i], &a) == 0 && !*addr)
			addr_to_text(&a, addr);
		else if (isdigit((unsigned char)*words[i]) || strcmp(words[i], "infinite") == 0)
			continue; /* how long the lease is */
		else if (!*name && strlen(words[i]) < 64 && !strchr(words[i], ':'))
			import_name(words[i], strlen(words[i]), name);
		else
			return "more than a MAC address, an address and a name";
	}
	if (!*mac || !*name)
		return "not a device with a name and a MAC address; stays with dnsmasq's DHCP";
	import_add(p, IMPORT_DEVICES, "device", name, "{");
	import_add(p, IMPORT_DEVICES, "\tmac", mac);
	if (*addr)
		import_add(p, IMPORT_DEVICES, "\taddress", addr);
	import_add(p, IMPORT_DEVICES, "}");
	if (*addr)
		import_add(p, IMPORT_HOSTS, "host", name, addr);
	return NULL;
}

static const char *take_rebind_ok(struct import_plan *p, char *value)
{
	char *names[NAMES_MAX];
	char name[256];
	size_t count;
	char *rest = split_domains(value, names, &count);

	if (!rest)
		return not_understood;
	if (count == 0) {
		names[0] = rest;
		count = 1;
	} else if (*rest) {
		return not_understood;
	}
	for (size_t i = 0; i < count; i++) {
		if (!import_name(names[i], strlen(names[i]), name))
			return odd_name;
	}
	for (size_t i = 0; i < count; i++)
		import_add(p, IMPORT_REBIND, "allow",
			   import_name(names[i], strlen(names[i]), name));
	return NULL;
}

static bool is_set_word(const char *word)
{
	size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789_-");

	return len > 0 && len < 32 && !word[len];
}

/* /NAME/[4#|6#]FAMILY#TABLE#SET[,...]: one family and table a line. */
static const char *take_nftset(struct import_plan *p, char *value)
{
	char *names[NAMES_MAX], *words[WORDS_MAX], *parts[WORDS_MAX];
	char name[256], below[260];
	size_t count;
	char *rest = split_domains(value, names, &count);

	if (!rest || count == 0 || split(rest, ',', words) != 1)
		return "more than one set: write a fill line with all of them";
	if (words[0][0] == '4' || words[0][0] == '6')
		words[0] += words[0][1] == '#' ? 2 : 0;
	if (split(words[0], '#', parts) != 3 || !is_set_word(parts[1]) || !is_set_word(parts[2]) ||
	    (strcmp(parts[0], "inet") && strcmp(parts[0], "ip") && strcmp(parts[0], "ip6")))
		return not_understood;
	for (size_t i = 0; i < count; i++) {
		if (!import_name(names[i], strlen(names[i]), name))
			return odd_name;
	}
	for (size_t i = 0; i < count; i++) {
		import_name(names[i], strlen(names[i]), name);
		snprintf(below, sizeof(below), "*.%s", name);
		import_add(p, IMPORT_FILLS, "fill", below, parts[0], parts[1], parts[2]);
	}
	return NULL;
}

static const struct {
	const char *name;
	take_option *take; /* NULL: see note */
	const char *note;
	enum import_fate fate;
} options[] = {
	{ "server", take_server, NULL, IMPORT_TAKEN },
	{ "local", take_server, NULL, IMPORT_TAKEN },
	{ "address", take_address, NULL, IMPORT_TAKEN },
	{ "domain", take_domain, NULL, IMPORT_TAKEN },
	{ "host-record", take_host_record, NULL, IMPORT_TAKEN },
	{ "cname", take_cname, NULL, IMPORT_TAKEN },
	{ "addn-hosts", take_addn_hosts, NULL, IMPORT_TAKEN },
	{ "dhcp-leasefile", take_leasefile, NULL, IMPORT_TAKEN },
	{ "dhcp-host", take_dhcp_host, NULL, IMPORT_TAKEN },
	{ "rebind-domain-ok", take_rebind_ok, NULL, IMPORT_TAKEN },
	{ "nftset", take_nftset, NULL, IMPORT_TAKEN },
	{ "domain-needed", NULL, "is so: special { single-labels local }", IMPORT_NEEDLESS },
	{ "bogus-priv", NULL, "is so: special { private-reverse local }", IMPORT_NEEDLESS },
	{ "stop-dns-rebind", NULL, "is so: rebind { protect on }", IMPORT_NEEDLESS },
	{ "expand-hosts", NULL, "is so: names without a dot are also known under the suffix",
	  IMPORT_NEEDLESS },
	{ "no-resolv", NULL, "is so where an upstream is written", IMPORT_NEEDLESS },
	{ "no-poll", NULL, NULL, IMPORT_NEEDLESS },
	{ "log-queries", NULL, "is so: the history", IMPORT_NEEDLESS },
	{ "log-facility", NULL, NULL, IMPORT_NEEDLESS },
	{ "log-async", NULL, NULL, IMPORT_NEEDLESS },
	{ "user", NULL, NULL, IMPORT_NEEDLESS },
	{ "group", NULL, NULL, IMPORT_NEEDLESS },
	{ "pid-file", NULL, NULL, IMPORT_NEEDLESS },
	{ "bind-interfaces", NULL, NULL, IMPORT_NEEDLESS },
	{ "bind-dynamic", NULL, "is so: addresses need not exist yet", IMPORT_NEEDLESS },
	{ "edns-packet-max", NULL, NULL, IMPORT_NEEDLESS },
	{ "cache-size", NULL, "ours is in bytes: cache { size 32MiB }", IMPORT_NEEDLESS },
	{ "conf-file", NULL, "give that file to the import, too", IMPORT_UNMAPPED },
	{ "conf-dir", NULL, "give its files to the import, too", IMPORT_UNMAPPED },
	{ "listen-address", NULL, "decide it yourself: listen NAME ADDRESS", IMPORT_UNMAPPED },
	{ "interface", NULL, "decide it yourself: listen, and zone { interface }",
	  IMPORT_UNMAPPED },
	{ "port", NULL, "decide it yourself: listen NAME ADDRESS:PORT", IMPORT_UNMAPPED },
	{ "strict-order", NULL, "decide it yourself: upstream { order first }", IMPORT_UNMAPPED },
	{ "all-servers", NULL, "has no like here: upstream { order fastest }", IMPORT_UNMAPPED },
	{ "ipset", NULL, "has no like here: nft sets by gate { fill }", IMPORT_UNMAPPED },
};

static const char *take_line(struct import_plan *p, char *name, char *value,
			     enum import_fate *fate)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(options) && strcmp(options[i].name, name) != 0)
		i++;
	*fate = IMPORT_UNMAPPED;
	if (i == ARRAY_SIZE(options))
		return strncmp(name, "dhcp-", 5) == 0 || strncmp(name, "enable-", 7) == 0 ?
			       "stays with dnsmasq: nameward is no DHCP server" :
			       "has no like here";
	if (!options[i].take) {
		*fate = options[i].fate;
		return options[i].note;
	}
	if (!value || !*value)
		return needs_value;
	*fate = IMPORT_TAKEN;
	return options[i].take(p, value);
}

static void trim_end(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
}

void import_dnsmasq_line(struct import_plan *p, const char *from, size_t line,
			 const char *text)
{
	char copy[LINE_MAX_BYTES], *name = copy, *value;
	enum import_fate fate;
	const char *note;

	if (strlen(text) >= sizeof(copy)) {
		import_note(p, from, line, "(a line of more than 4095 bytes)", IMPORT_UNMAPPED,
			    "too long");
		return;
	}
	strcpy(copy, text);
	for (char *c = copy; *c; c++) {
		if (*c == '#' && (c == copy || isspace((unsigned char)c[-1]))) {
			*c = '\0';
			break;
		}
	}
	while (isspace((unsigned char)*name))
		name++;
	trim_end(name);
	if (!*name)
		return;
	value = strchr(name, '=');
	if (value) {
		*value++ = '\0';
		while (isspace((unsigned char)*value))
			value++;
	}
	trim_end(name);
	note = take_line(p, name, value, &fate);
	if (fate == IMPORT_TAKEN && note)
		fate = strncmp(note, "is so", 5) == 0 ? IMPORT_NEEDLESS : IMPORT_UNMAPPED;
	import_note(p, from, line, text, fate, note);
}

void import_dnsmasq(struct import_plan *p, const char *from, const char *text, size_t len)
{
	char copy[LINE_MAX_BYTES + 1];
	size_t line = 0;

	for (size_t at = 0; at < len && !p->failed; line++) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t bytes = (end ? (size_t)(end - text) : len) - at;
		size_t kept = MIN(bytes, (size_t)LINE_MAX_BYTES);

		for (size_t i = 0; i < kept; i++)
			copy[i] = text[at + i] ? text[at + i] : '?';
		copy[kept] = '\0';
		import_dnsmasq_line(p, from, line + 1, copy);
		at += bytes + 1;
	}
}
