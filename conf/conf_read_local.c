/* Reads the values of options about names at home; see conf_read.c. */
#include "conf/conf_parse.h"
#include "conf/conf_read.h"

#define FILES_MAX      32 /* of one local block */
#define PATH_BYTES_MAX 4095

/* --- files -------------------------------------------------------------------------- */

static void add_file(struct parser *p, const struct written *w, const struct scfg_word *at,
		     enum conf_local_format format)
{
	struct conf_local *l = w->block;
	struct conf_local_file *f;
	char *path = *at->text ? parse_path(p, at->text) : NULL;

	if (!path) {
		if (!p->no_memory)
			parse_error(p, at, NULL, "the path is empty");
		return;
	}
	if (strlen(path) > PATH_BYTES_MAX) {
		parse_error(p, at, NULL, "the path is longer than %d bytes", PATH_BYTES_MAX);
		return;
	}
	if (l->file_count == FILES_MAX) {
		parse_error(p, at, NULL, "more than %d files in local '%s'", FILES_MAX, l->name);
		return;
	}
	f = PARSE_GROW(p, l->files, l->file_count);
	if (f)
		*f = (struct conf_local_file){ path, format, parse_place(p, at) };
}

void read_hosts(struct parser *p, const struct written *w)
{
	for (size_t i = w->first; i < w->node->word_count && !p->no_memory; i++)
		add_file(p, w, &w->node->words[i], LOCAL_HOSTS);
}

void read_leases(struct parser *p, const struct written *w)
{
	static const char *const words[] = {
		[LOCAL_DNSMASQ] = "dnsmasq", [LOCAL_ISC] = "isc", [LOCAL_KEA] = "kea",
		[LOCAL_NETWORKD] = "networkd",
	};
	const struct scfg_word *kind = &w->node->words[w->first];

	if (w->node->word_count != w->first + 2) {
		parse_error(p, kind, "as in: leases dnsmasq /var/lib/misc/dnsmasq.leases",
			    "leases has the name of a DHCP server and a path");
		return;
	}
	for (size_t i = LOCAL_DNSMASQ; i < ARRAY_SIZE(words); i++) {
		if (strcmp(kind->text, words[i]))
			continue;
		add_file(p, w, kind + 1, (enum conf_local_format)i);
		return;
	}
	parse_error(p, kind, "one of: dnsmasq, isc, kea, networkd",
		    "'%s' is no DHCP server whose leases can be read", kind->text);
}

/* --- names -------------------------------------------------------------------------- */

/* False: an error was added. */
static bool read_dname(struct parser *p, const struct scfg_word *at, struct dname *out)
{
	if (dname_from_text(at->text, out) || out->len == 1 || strchr(at->text, '*')) {
		parse_error(p, at, NULL, "'%s' is no domain name", at->text);
		return false;
	}
	dname_lower(out);
	return true;
}

void read_host(struct parser *p, const struct written *w)
{
	const struct scfg_word *words = w->node->words;
	struct conf_host h = { .place = parse_place(p, &words[1]) }, *element;

	if (!read_dname(p, &words[1], &h.name))
		return;
	if (w->node->word_count < 3)
		parse_error(p, &words[1], NULL, "host needs an address behind '%s'",
			    words[1].text);
	for (size_t i = 2; i < w->node->word_count; i++) {
		struct addr a, *addr;

		if (addr_from_text(words[i].text, &a)) {
			parse_error(p, &words[i], NULL, "'%s' is no address", words[i].text);
			continue;
		}
		addr = PARSE_GROW(p, h.addrs, h.addr_count);
		if (!addr)
			return;
		*addr = a;
	}
	element = PARSE_GROW(p, p->conf->hosts, p->conf->host_count);
	if (element)
		*element = h;
}

void read_cname(struct parser *p, const struct written *w)
{
	const struct scfg_word *words = w->node->words;
	struct conf_cname c = { .place = parse_place(p, &words[1]) }, *element;
	char text[DNAME_TEXT_MAX];

	if (w->node->word_count != 3) {
		parse_error(p, &words[MIN(w->node->word_count - 1, (size_t)3)], NULL,
			    "cname has an alias and the name it stands for");
		return;
	}
	if (!read_dname(p, &words[1], &c.alias) || !read_dname(p, &words[2], &c.target))
		return;
	if (dname_equal(&c.alias, &c.target)) {
		parse_error(p, &words[2], NULL, "'%s' stands for itself", words[1].text);
		return;
	}
	element = PARSE_GROW(p, p->conf->cnames, p->conf->cname_count);
	if (!element)
		return;
	*element = c;
	parse_claim(p, CLAIM_ALIAS, dname_to_text(&c.alias, text), NULL, &words[1]);
}

void read_suffixes(struct parser *p, const struct written *w)
{
	struct conf_rebind *r = w->block;

	for (size_t i = w->first; i < w->node->word_count; i++) {
		struct dname d, *element;

		if (!read_dname(p, &w->node->words[i], &d))
			continue;
		element = PARSE_GROW(p, r->allows, r->allow_count);
		if (!element)
			return;
		*element = d;
	}
}
