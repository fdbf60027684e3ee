/*
 * Reads the values of options into struct conf, and says what is wrong with them: exceptions
 * of the gate, and what it fills.
 */
#include "conf/conf_parse.h"
#include "conf/conf_read.h"

#include <netinet/in.h>
#include <linux/netfilter.h> /* after netinet: they share types */
#include <errno.h>
#include <stdlib.h>

/* --- what is allowed and denied ----------------------------------------------------- */

static bool read_port(const char **text, uint16_t *out)
{
	char *end;
	unsigned long port;

	if (**text < '0' || **text > '9')
		return false;
	port = strtoul(*text, &end, 10);
	*text = end;
	*out = (uint16_t)port;
	return port >= 1 && port <= 65535;
}

static bool read_ports(const char *text, struct conf_gate_allow *a)
{
	if (!read_port(&text, &a->port_first))
		return false;
	a->port_last = a->port_first;
	if (*text == '-') {
		text++;
		if (!read_port(&text, &a->port_last))
			return false;
	}
	return !*text && a->port_first <= a->port_last;
}

/* @param count  of the words in front of `during` */
static void read_service(struct parser *p, const struct written *w, size_t count,
			 struct conf_gate_allow *a)
{
	const struct scfg_word *words = w->node->words;

	if (count != 3)
		parse_error(p, &words[MIN(count - 1, (size_t)3)],
			    "as in: allow udp 123",
			    "'%s' has one port or range behind it", words[1].text);
	else if (!read_ports(words[2].text, a))
		parse_error(p, &words[2], "1 to 65535; a range is written 8000-8100",
			    "'%s' is no port or range of ports", words[2].text);
	else
		a->proto = strcmp(words[1].text, "tcp") ? IPPROTO_UDP : IPPROTO_TCP;
}

static void read_allowed_mac(struct parser *p, const struct written *w, size_t count,
			     struct conf_gate_allow *a)
{
	const struct scfg_word *words = w->node->words;

	if (count != 3)
		parse_error(p, &words[MIN(count - 1, (size_t)3)],
			    "as in: allow mac 7c:2f:80:00:11:22",
			    "'mac' has one hardware address behind it");
	else if (mac_from_text(words[2].text, &a->mac) || !mac_is_unicast(&a->mac))
		parse_error(p, &words[2], "as in 7c:2f:80:00:11:22",
			    "'%s' is no hardware address of a device", words[2].text);
	else
		a->has_mac = true;
}

size_t parse_during(struct parser *p, const struct written *w, const char *hint,
		    size_t *window)
{
	const struct scfg_word *words = w->node->words;
	size_t at = 2, count = w->node->word_count;

	*window = SIZE_MAX;
	while (at < count && strcmp(words[at].text, "during") != 0)
		at++;
	if (at == count)
		return count;
	if (count != at + 2) {
		parse_error(p, &words[MIN(at + 2, count - 1)], hint,
			    "'during' has the name of one window behind it");
		return 0;
	}
	*window = parse_reference(p, CONF_WINDOW, &words[at + 1]);
	return *window == SIZE_MAX ? 0 : at;
}

void read_hours(struct parser *p, const struct written *w)
{
	struct conf_hours *h = (struct conf_hours *)((char *)w->block + w->option->at);
	size_t count = w->node->word_count - w->first, bad;
	const char *words[3], *why;
	int rc;

	for (size_t i = 0; i < MIN(count, ARRAY_SIZE(words)); i++)
		words[i] = w->node->words[w->first + i].text;
	rc = conf_hours_add(h, words, MIN(count, ARRAY_SIZE(words)), &bad, &why);
	if (rc == -ENOSPC)
		parse_error(p, &w->node->words[w->first], NULL, "more than %d spans of time",
			    CONF_HOURS_MAX);
	else if (rc)
		parse_error(p, &w->node->words[w->first + bad], "as in: hours mon-fri 08:00-13:00",
			    "'%s': %s", words[bad], why);
}

void read_allow(struct parser *p, const struct written *w)
{
	const struct scfg_word *word = &w->node->words[1];
	struct conf_gate_allow a = { .place = parse_place(p, word) }, *element;
	size_t count = parse_during(p, w, "as in: allow tcp 443 during school", &a.window);

	if (!count)
		return;
	if (!strcmp(word->text, "tcp") || !strcmp(word->text, "udp"))
		read_service(p, w, count, &a);
	else if (!strcmp(word->text, "mac"))
		read_allowed_mac(p, w, count, &a);
	else if (!strpbrk(word->text, ".:/"))
		parse_error(p, word, "as in: allow udp 123, or: allow 192.0.2.0/24",
			    "'%s' is neither tcp, udp, mac nor a network", word->text);
	else if (count == 2 || read_one_value(p, w))
		parse_network(p, word, &a.net);
	if (!a.proto && !a.has_mac && !a.net.addr.family)
		return;
	if (w->option->block == CONF_ZONE) {
		struct conf_zone *z = w->block;

		element = PARSE_GROW(p, z->allows, z->allow_count);
	} else {
		struct conf_gate *g = w->block;

		element = PARSE_GROW(p, g->allows, g->allow_count);
	}
	if (element)
		*element = a;
}

static void read_nets(struct parser *p, const struct written *w, struct addr_net **nets,
		      size_t *count)
{
	for (size_t i = w->first; i < w->node->word_count; i++) {
		struct addr_net net, *element;

		if (!parse_network(p, &w->node->words[i], &net))
			continue;
		element = PARSE_GROW(p, *nets, *count);
		if (!element)
			return;
		*element = net;
	}
}

void read_deny(struct parser *p, const struct written *w)
{
	struct conf_gate *g = w->block;

	read_nets(p, w, &g->denies, &g->deny_count);
}

void read_network(struct parser *p, const struct written *w)
{
	struct conf_clients *c = w->block;

	read_nets(p, w, &c->nets, &c->net_count);
}

/* --- the user's own sets ------------------------------------------------------------ */

static bool read_fill_name(struct parser *p, const struct scfg_word *word,
			   struct conf_fill *f)
{
	const char *name = word->text;

	f->subtree = !strncmp(name, "*.", 2);
	if (f->subtree)
		name += 2;
	if (dname_from_text(name, &f->suffix) || f->suffix.len == 1 || strchr(name, '*')) {
		parse_error(p, word, "as in x.example or *.x.example", "'%s' is no name to fill by",
			    word->text);
		return false;
	}
	dname_lower(&f->suffix);
	return true;
}

static bool read_family(struct parser *p, const struct scfg_word *word, uint8_t *out)
{
	static const struct {
		const char *name;
		uint8_t family;
	} families[] = {
		{ "inet", NFPROTO_INET }, { "ip", NFPROTO_IPV4 }, { "ip6", NFPROTO_IPV6 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		if (strcmp(word->text, families[i].name))
			continue;
		*out = families[i].family;
		return true;
	}
	parse_error(p, word, "one of: inet, ip, ip6", "'%s' is no family of a table",
		    word->text);
	return false;
}

/* Names of tables and sets as nft takes them without quotes. */
static char *read_identifier(struct parser *p, const struct scfg_word *word)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	const char *text = word->text;
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				  "0123456789.-");

	if (*text && strchr(letters, *text) && !text[len] && len <= 63)
		return parse_text(p, text);
	parse_error(p, word, "1 to 63 letters, digits, '_', '-' and '.', a letter first",
		    "'%s' cannot be the name of a table or set", text);
	return NULL;
}

void read_fill(struct parser *p, const struct written *w)
{
	const struct scfg_word *words = w->node->words;
	size_t count = w->node->word_count;
	struct conf_fill f = { .place = parse_place(p, &words[1]) }, *element;
	struct conf_gate *g = w->block;
	bool fine;

	if (count < 5) {
		parse_error(p, &words[count - 1], "as in: fill *.x.example inet fw4 vpn4 vpn6",
			    "fill has a name, a family, a table and its sets");
		return;
	}
	fine = read_fill_name(p, &words[1], &f);
	fine &= read_family(p, &words[2], &f.family);
	f.table = read_identifier(p, &words[3]);
	for (size_t i = 4; i < count; i++) {
		char **set = PARSE_GROW(p, f.sets, f.set_count);

		if (!set)
			return;
		*set = read_identifier(p, &words[i]);
		fine &= *set != NULL;
	}
	if (!fine || !f.table)
		return;
	element = PARSE_GROW(p, g->fills, g->fill_count);
	if (element)
		*element = f;
}
