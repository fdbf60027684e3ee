/*
 * Reads the servers of an upstream: addresses, and behind them how they are asked over
 * TLS and whom to believe.
 */
#include <net/if.h>

#include "conf/conf_parse.h"
#include "conf/conf_read.h"
#include "conf/conf_pin.h"
#include "lib/dname.h"

#define SERVERS_MAX 32 /* of one upstream */
#define PINS_MAX    16 /* of one line */
#define PORT_DNS    53
#define PORT_DOT    853

/** Index of this word behind `from`, or of the line's end. */
static size_t find_word(const struct written *w, const char *text, size_t from)
{
	size_t i = from;

	while (i < w->node->word_count && strcmp(w->node->words[i].text, text) != 0)
		i++;
	return i;
}

/* --- TLS ---------------------------------------------------------------------------- */

/** A name as certificates have it: without a dot at its end. */
static bool read_tls_name(struct parser *p, const struct scfg_word *at,
			  struct conf_tls *out)
{
	struct addr addr;
	struct dname name;
	size_t len = strlen(at->text);

	if (!addr_from_text(at->text, &addr) || dname_from_text(at->text, &name) ||
	    name.len == 1 || strpbrk(at->text, "*\\/")) {
		parse_error(p, at, "server 9.9.9.9 tls dns.quad9.net",
			    "'%s' is no name of a server", at->text);
		return false;
	}
	out->name = parse_text(p, at->text);
	if (out->name && at->text[len - 1] == '.')
		out->name[len - 1] = '\0';
	return out->name;
}

static void read_pin(struct parser *p, const struct scfg_word *at, struct conf_tls *tls)
{
	static const char hint[] = "openssl x509 -in CERT -noout -pubkey | openssl pkey "
				   "-pubin -outform der | "
				   "openssl dgst -sha256 -binary | base64";
	struct conf_pin pin, *element;

	if (conf_pin_from_text(at->text, &pin)) {
		parse_error(p, at, hint,
			    "'%s' is no pin: it is sha256/ and 44 characters", at->text);
		return;
	}
	if (tls->pin_count == PINS_MAX) {
		parse_error(p, at, NULL, "more than %d pins", PINS_MAX);
		return;
	}
	element = PARSE_GROW(p, tls->pins, tls->pin_count);
	if (element)
		*element = pin;
}

/** What stands behind the addresses, from the word `tls` on. NULL: an error was added. */
static struct conf_tls *read_tls(struct parser *p, const struct written *w, size_t at)
{
	static const char hint[] = "server 9.9.9.9 tls dns.quad9.net";
	const struct scfg_word *words = w->node->words;
	struct conf_tls *tls = conf_arena_alloc(p->arena, sizeof(*tls));
	size_t pin = find_word(w, "pin", at);

	if (!tls) {
		p->no_memory = true;
		return NULL;
	}
	if (at + 1 >= w->node->word_count || pin == at + 1) {
		parse_error(p, &words[at], hint, "tls needs the name of the server");
		return NULL;
	}
	if (pin > at + 2) {
		parse_error(p, &words[at + 2], hint, "'%s' stands behind the name",
			    words[at + 2].text);
		return NULL;
	}
	if (pin + 1 == w->node->word_count)
		parse_error(p, &words[pin], NULL,
			    "pin needs a key: sha256/ and 44 characters");
	for (size_t i = pin + 1; i < w->node->word_count; i++)
		if (strcmp(words[i].text, "pin") != 0)
			read_pin(p, &words[i], tls);
	return read_tls_name(p, &words[at + 1], tls) ? tls : NULL;
}

/* --- addresses ---------------------------------------------------------------------- */

static void add_server(struct parser *p, const struct written *w,
		       const struct scfg_word *word, struct conf_tls *tls)
{
	struct conf_upstream *u = w->block;
	struct conf_server server = {.tls = tls}, *element;

	if (!parse_addr_port(p, word, tls ? PORT_DOT : PORT_DNS, &server.at, server.interface))
		return;
	server.at.scope = if_nametoindex(server.interface);
	if (parse_find_loop(p, &server)) {
		if (!p->file->generated)
			parse_error(p, word, "it would ask itself for ever",
				    "server %s is an address that nameward listens on",
				    word->text);
		return;
	}
	if (u->server_count == SERVERS_MAX) {
		parse_error(p, word, NULL, "more than %d servers", SERVERS_MAX);
		return;
	}
	element = PARSE_GROW(p, u->servers, u->server_count);
	if (element)
		*element = server;
}

void read_server(struct parser *p, const struct written *w)
{
	size_t end = find_word(w, "tls", w->first);
	bool is_tls = end < w->node->word_count;
	struct conf_tls *tls = is_tls ? read_tls(p, w, end) : NULL;

	if (is_tls && !tls)
		return;
	if (end == w->first)
		parse_error(p, &w->node->words[end - 1],
			    "server 9.9.9.9 tls dns.quad9.net",
			    "server needs an address before tls");
	if (!is_tls && find_word(w, "pin", w->first) < end) {
		parse_error(p, &w->node->words[find_word(w, "pin", w->first)],
			    "server ADDRESS tls NAME pin sha256/KEY",
			    "a pin is of a server that is asked over TLS");
		return;
	}
	for (size_t i = w->first; i < end; i++)
		add_server(p, w, &w->node->words[i], tls);
}
