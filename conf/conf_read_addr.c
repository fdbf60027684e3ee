/*
 * Reads the values of options into struct conf, and says what is wrong with them:
 * addresses, networks, ports and interfaces of the kernel's world.
 */
#include "conf/conf_parse.h"
#include "conf/conf_read.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/host_label.h"

#define PORT_DNS 53

/* --- addresses ---------------------------------------------------------------------- */

static void say_no_address(struct parser *p, const struct scfg_word *at)
{
	parse_error(p, at, "192.0.2.1, 192.0.2.1:53, 2001:db8::1 or [2001:db8::1]:53",
		    "'%s' is no address with a port from 1 to 65535", at->text);
}

const char *conf_place_to_text(const struct addr_port *at, const char *interface, char *buf)
{
	char host[ADDR_TEXT_MAX];

	if (interface && *interface)
		snprintf(buf, ADDR_PORT_TEXT_MAX, "[%s%%%s]:%u", addr_to_text(&at->addr, host),
			 interface, at->port);
	else
		addr_port_to_text(at, buf);
	return buf;
}

bool parse_addr_port(struct parser *p, const struct scfg_word *word, uint16_t port,
		     struct addr_port *at, char interface[ADDR_INTERFACE_MAX])
{
	if (addr_port_from_scoped(word->text, port, at, interface) || !at->port) {
		say_no_address(p, word);
		return false;
	}
	if (addr_needs_scope(&at->addr) == !!*interface)
		return true;
	if (*interface)
		parse_error(p, word, NULL, "'%s': only a link-local address has an interface",
			    word->text);
	else
		parse_error(p, word, "fe80::1%br-lan",
			    "'%s' is a link-local address: it needs its interface", word->text);
	return false;
}

void read_listen(struct parser *p, const struct written *w)
{
	const struct scfg_word *name = &w->node->words[1];
	char text[ADDR_PORT_TEXT_MAX], interface[ADDR_INTERFACE_MAX];
	struct addr_port at;

	if (!addr_port_from_scoped(name->text, PORT_DNS, &at, interface)) {
		parse_error(
			p, name,
			"a label stands before the addresses: listen lan 192.0.2.1:53",
			"listen needs a name before '%s'", name->text);
		return;
	}
	if (w->node->word_count < 3)
		parse_error(p, name, NULL, "listen needs an address behind '%s'",
			    name->text);
	for (size_t i = 2; i < w->node->word_count; i++) {
		const struct scfg_word *word = &w->node->words[i];
		struct conf_listen *l;

		if (!parse_addr_port(p, word, PORT_DNS, &at, interface))
			continue;
		l = PARSE_GROW(p, p->conf->listens, p->conf->listen_count);
		if (!l)
			return;
		l->name = parse_text(p, name->text);
		l->at = at;
		l->interface = *interface ? parse_text(p, interface) : NULL;
		l->place = parse_place(p, word);
		parse_claim(p, CLAIM_LISTEN, conf_place_to_text(&l->at, l->interface, text), NULL, word);
	}
}

static void ignore_error(void *arg, const struct scfg_error *error)
{
	(void)arg;
	(void)error;
}

void parse_default_listen(struct parser *p)
{
	struct written w = { .option = conf_option_find(CONF_TOP, "listen", NULL) };
	char line[CONF_ERROR_TEXT_MAX];
	struct scfg *tree;

	snprintf(line, sizeof(line), "listen %s", w.option->initial);
	if (scfg_parse(line, strlen(line), ignore_error, NULL, &tree)) {
		p->no_memory = true;
		return;
	}
	w.node = scfg_first(tree);
	w.first = 1;
	p->file = NULL;
	read_listen(p, &w);
	scfg_free(tree);
}

static bool is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = {[15] = 1};

	if (a->family == AF_INET)
		return a->bytes[0] == 127;
	return !memcmp(a->bytes, one, sizeof(one));
}

static bool is_unspecified(const struct addr *a)
{
	static const uint8_t zero[16];

	return !memcmp(a->bytes, zero, sizeof(zero));
}

const struct conf_listen *parse_find_loop(const struct parser *p,
					  const struct conf_server *server)
{
	const struct conf *c = p->conf;

	for (size_t i = 0; i < c->listen_count; i++) {
		const struct addr_port *at = &c->listens[i].at;
		const struct addr *to = &server->at.addr;
		const char *interface = c->listens[i].interface ? c->listens[i].interface : "";

		if (at->port != server->at.port || at->addr.family != to->family)
			continue;
		if (addr_equal(&at->addr, to) && !strcmp(interface, server->interface))
			return &c->listens[i];
		if (is_unspecified(&at->addr) && (is_loopback(to) || is_unspecified(to)))
			return &c->listens[i];
	}
	return NULL;
}

void read_mac(struct parser *p, const struct written *w)
{
	struct conf_device *d = w->block;
	char text[MAC_TEXT_MAX];

	for (size_t i = w->first; i < w->node->word_count; i++) {
		const struct scfg_word *word = &w->node->words[i];
		struct mac mac, *element;

		if (mac_from_text(word->text, &mac) || !mac_is_unicast(&mac)) {
			parse_error(p, word, "as in 7c:2f:80:00:11:22",
				    "'%s' is no hardware address of a device",
				    word->text);
			continue;
		}
		element = PARSE_GROW(p, d->macs, d->mac_count);
		if (!element)
			return;
		*element = mac;
		parse_claim(p, CLAIM_MAC, mac_to_text(&mac, text), d->name, word);
	}
}

void read_address(struct parser *p, const struct written *w)
{
	struct conf_device *d = w->block;
	char text[ADDR_TEXT_MAX];

	for (size_t i = w->first; i < w->node->word_count; i++) {
		const struct scfg_word *word = &w->node->words[i];
		struct addr addr, *element;

		if (addr_from_text(word->text, &addr)) {
			parse_error(p, word,
				    strchr(word->text, '/')
					    ? "a network is a member of a group"
					    : NULL,
				    "'%s' is no IP address", word->text);
			continue;
		}
		element = PARSE_GROW(p, d->addrs, d->addr_count);
		if (!element)
			return;
		*element = addr;
		parse_claim(p, CLAIM_ADDRESS, addr_to_text(&addr, text), d->name, word);
	}
}

void read_dhcp_name(struct parser *p, const struct written *w)
{
	struct conf_device *d = w->block;

	for (size_t i = w->first; i < w->node->word_count; i++) {
		const struct scfg_word *word = &w->node->words[i];
		char name[HOST_LABEL_MAX + 1], **element;

		if (strchr(word->text, '.') || !host_label(word->text, strlen(word->text), name)) {
			parse_error(p, word, "letters, digits, '-' and '_', at most 63, and none "
				    "that means something else", "'%s' is no name of a host",
				    word->text);
			continue;
		}
		element = PARSE_GROW(p, d->dhcp_names, d->dhcp_name_count);
		if (!element)
			return;
		*element = parse_text(p, name);
		parse_claim(p, CLAIM_DHCP_NAME, name, d->name, word);
	}
}

/* The network that was probably meant by an address with bits behind the prefix. */
static void hint_network(const char *text, char *hint, size_t size)
{
	char part[ADDR_NET_TEXT_MAX], *slash, *end;
	struct addr_net net = {0};
	unsigned long prefix;

	snprintf(part, sizeof(part), "%s", text);
	snprintf(hint, size, "as in 192.0.2.0/24 or 2001:db8::/32");
	slash = strchr(part, '/');
	if (!slash)
		return;
	*slash++ = '\0';
	prefix = strtoul(slash, &end, 10);
	if (addr_from_text(part, &net.addr) || *end || end == slash ||
	    prefix > 8 * addr_len(&net.addr))
		return;
	net.prefix = (uint8_t)prefix;
	for (size_t bit = prefix; bit < 8 * addr_len(&net.addr); bit++)
		net.addr.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	snprintf(hint, size, "bits are set behind the prefix; the network is %s",
		 addr_net_to_text(&net, part));
}

bool parse_network(struct parser *p, const struct scfg_word *at,
			 struct addr_net *out)
{
	char hint[CONF_ERROR_TEXT_MAX];

	if (!addr_net_from_text(at->text, out))
		return true;
	hint_network(at->text, hint, sizeof(hint));
	parse_error(p, at, hint, "'%s' is no network", at->text);
	return false;
}

void read_member(struct parser *p, const struct written *w)
{
	struct conf_group *g = w->block;

	for (size_t i = w->first; i < w->node->word_count; i++) {
		const struct scfg_word *word = &w->node->words[i];
		struct conf_member m = { .device = SIZE_MAX }, *element;

		if (strpbrk(word->text, "/:") ||
		    !addr_net_from_text(word->text, &m.net)) {
			if (!parse_network(p, word, &m.net))
				continue;
		} else {
			m.device = parse_reference(p, CONF_DEVICE, word);
			if (m.device == SIZE_MAX)
				continue;
		}
		element = PARSE_GROW(p, g->members, g->member_count);
		if (!element)
			return;
		*element = m;
	}
}
