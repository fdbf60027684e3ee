/*
 * Reads the values of options into struct conf, and says what is wrong with them:
 * scalars, paths and names. Addresses are read in conf_read_addr.c.
 */
#include "conf/conf_parse.h"
#include "conf/conf_read.h"

/* --- scalars ------------------------------------------------------------------------ */

bool read_one_value(struct parser *p, const struct written *w)
{
	if (w->node->word_count == w->first + 1)
		return true;
	parse_error(p, &w->node->words[w->first + 1], NULL, "'%s' has one value",
		    w->option->name);
	return false;
}

static const char *form_of(enum conf_type t)
{
	switch (t) {
	case TYPE_SIZE:
		return "a size is a number and KiB, MiB or GiB: 32MiB";
	case TYPE_COUNT:
		return "a number has only digits";
	default:
		return "a time is a number and ms, s, m, h, d or y: 500ms, 10m, 30d";
	}
}

static void malformed_scalar(struct parser *p, const struct conf_option *o,
			     const struct scfg_word *at)
{
	struct conf_guess guess = { .word = at->text };
	char hint[CONF_ERROR_TEXT_MAX];
	size_t used = 0;

	conf_guess_offer(&guess, o->zero);
	for (size_t i = 0; o->type == TYPE_CHOICE && o->choices[i]; i++) {
		conf_guess_offer(&guess, o->choices[i]);
		used += (size_t)snprintf(hint + used, sizeof(hint) - used, "%s%s",
					 i ? ", " : "one of: ", o->choices[i]);
	}
	if (guess.best)
		conf_guess_hint(&guess, hint, sizeof(hint));
	else if (o->type != TYPE_CHOICE)
		snprintf(hint, sizeof(hint), "%s%s%s", form_of(o->type),
			 o->zero ? "; or the word " : "", o->zero ? o->zero : "");
	parse_error(p, at, hint, "'%s' is no value of '%s'", at->text, o->name);
}

static void read_scalar(struct parser *p, const struct written *w)
{
	const struct scfg_word *at = &w->node->words[w->first];
	const struct conf_option *o = w->option;
	char low[CONF_SCALAR_TEXT_MAX], high[CONF_SCALAR_TEXT_MAX];
	char hint[CONF_ERROR_TEXT_MAX];

	if (!read_one_value(p, w))
		return;
	switch (conf_scalar_read(o, at->text, w->block)) {
	case SCALAR_OK:
		return;
	case SCALAR_MALFORMED:
		malformed_scalar(p, o, at);
		return;
	case SCALAR_OUT_OF_RANGE:
		snprintf(hint, sizeof(hint), "%s is from %s to %s%s%s%s", o->name,
			 conf_bound_text(o, o->min, low),
			 conf_bound_text(o, o->max, high),
			 o->type == TYPE_SECONDS || o->type == TYPE_SECONDS64
				 ? ", in whole seconds"
				 : "",
			 o->zero ? ", or the word " : "", o->zero ? o->zero : "");
		parse_error(p, at, hint, "'%s' is out of range", at->text);
		return;
	}
}

static void read_path(struct parser *p, const struct written *w)
{
	const struct scfg_word *at = &w->node->words[w->first];
	char *path;

	if (!read_one_value(p, w))
		return;
	if (!*at->text) {
		parse_error(p, at, NULL, "the path is empty");
		return;
	}
	path = parse_path(p, at->text);
	if (path && strlen(path) > w->option->max)
		parse_error(p, at, NULL, "the path is longer than %llu bytes: %s",
			    (unsigned long long)w->option->max, path);
	*(char **)((char *)w->block + w->option->at) = path;
}

static bool is_url(const char *text)
{
	size_t head = !strncmp(text, "https://", 8) ? 8 : !strncmp(text, "http://", 7) ? 7 : 0;
	size_t host = strcspn(text + head, "/?#");

	for (const char *c = text; *c; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	return head && host && !memchr(text + head, '@', host);
}

static void read_url(struct parser *p, const struct written *w)
{
	const struct scfg_word *at = &w->node->words[w->first];

	if (!read_one_value(p, w))
		return;
	if (!is_url(at->text) || strlen(at->text) > CONF_URL_MAX) {
		parse_error(p, at,
			    "as in https://lists.example/ads.txt, without user and password",
			    "'%.80s' is no URL of http or https", at->text);
		return;
	}
	*(char **)((char *)w->block + w->option->at) = parse_text(p, at->text);
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"

/* @param others  what may stand in it, but not first */
static bool is_word(const char *text, const char *others)
{
	size_t len = strlen(text), n = 0;

	while (n < len && (strchr(LETTERS, text[n]) || (n && strchr(others, text[n]))))
		n++;
	return len && len <= 31 && n == len;
}

static void read_table(struct parser *p, const struct written *w)
{
	const struct scfg_word *at = &w->node->words[w->first];

	if (!read_one_value(p, w))
		return;
	if (!is_word(at->text, "0123456789")) {
		parse_error(p, at, "1 to 31 letters, digits and '_', a digit not first",
			    "'%s' cannot be a table's name", at->text);
		return;
	}
	*(char **)((char *)w->block + w->option->at) = parse_text(p, at->text);
}

static void read_group(struct parser *p, const struct written *w)
{
	const struct scfg_word *at = &w->node->words[w->first];

	if (!read_one_value(p, w))
		return;
	if (!is_word(at->text, "0123456789-.")) {
		parse_error(p, at, "a group of the system, as in /etc/group",
			    "'%s' cannot be a group's name", at->text);
		return;
	}
	*(char **)((char *)w->block + w->option->at) = parse_text(p, at->text);
}

/* --- names -------------------------------------------------------------------------- */

static void read_forward(struct parser *p, const struct written *w)
{
	const struct scfg_word *words = w->node->words;
	struct conf_forward f = { .place = parse_place(p, &words[1]) }, *element;
	char text[DNAME_TEXT_MAX];

	if (w->node->word_count != 3) {
		parse_error(p, &words[MIN(w->node->word_count - 1, (size_t)3)], NULL,
			    "forward has a suffix and the name of an upstream");
		return;
	}
	f.upstream = parse_reference(p, CONF_UPSTREAM, &words[2]);
	if (dname_from_text(words[1].text, &f.suffix)) {
		parse_error(p, &words[1], NULL, "'%s' is no domain name", words[1].text);
		return;
	}
	if (f.upstream == SIZE_MAX)
		return;
	dname_lower(&f.suffix);
	element = PARSE_GROW(p, p->conf->forwards, p->conf->forward_count);
	if (!element)
		return;
	*element = f;
	parse_claim(p, CLAIM_FORWARD, dname_to_text(&f.suffix, text), NULL, &words[1]);
}

static bool is_interface(const char *name)
{
	if (!*name || strlen(name) > 15 || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (; *name; name++)
		if (*name <= ' ' || *name > '~' || strchr("/:\"\\*", *name))
			return false;
	return true;
}

static void read_interface(struct parser *p, const struct written *w)
{
	struct conf_zone *z = w->block;

	for (size_t i = w->first; i < w->node->word_count && !p->no_memory; i++) {
		const struct scfg_word *word = &w->node->words[i];
		bool any = !strcmp(word->text, "*");
		char **element;

		if (!any && !is_interface(word->text)) {
			parse_error(p, word,
				    "1 to 15 characters, no space, '/', ':' or '*'; "
				    "or the sign * alone",
				    "'%s' cannot be an interface's name", word->text);
			continue;
		}
		if (z->interface_count && (any || !strcmp(z->interfaces[0], "*"))) {
			parse_error(p, word,
				    "it means each interface that no other zone names",
				    "'*' stands alone in its zone");
			continue;
		}
		element = PARSE_GROW(p, z->interfaces, z->interface_count);
		if (!element)
			return;
		*element = parse_text(p, word->text);
		parse_claim(p, CLAIM_INTERFACE, word->text, z->name, word);
	}
}

static void read_name(struct parser *p, const struct written *w)
{
	struct conf_list *l = w->block;

	for (size_t i = w->first; i < w->node->word_count; i++) {
		const struct scfg_word *word = &w->node->words[i];
		const char *name = word->text;
		struct conf_list_name *element;
		struct dname d;

		if (!strncmp(name, "*.", 2))
			name += 2;
		if (dname_from_text(name, &d) || d.len == 1 || strchr(name, '*')) {
			parse_error(p, word, "as in x.example or *.x.example",
				    "'%s' is no entry of a list", word->text);
			continue;
		}
		element = PARSE_GROW(p, l->names, l->name_count);
		if (!element)
			return;
		element->text = parse_text(p, word->text);
		element->place = parse_place(p, word);
	}
}

static void read_owner(struct parser *p, const struct written *w)
{
	struct conf_list *l = w->block;

	for (size_t i = w->first; i < w->node->word_count; i++) {
		const struct scfg_word *word = &w->node->words[i];
		char **element;

		if (strlen(word->text) < 2) {
			parse_error(p, word, "as in AS64496, CH or \"Example Networks\"",
				    "'%s' is no owner", word->text);
			continue;
		}
		element = PARSE_GROW(p, l->owners, l->owner_count);
		if (!element)
			return;
		*element = parse_text(p, word->text);
	}
}

static void read_lists(struct parser *p, const struct written *w)
{
	uint64_t *mask = (uint64_t *)((char *)w->block + w->option->at);

	for (size_t i = w->first; i < w->node->word_count; i++) {
		size_t list = parse_reference(p, CONF_LIST, &w->node->words[i]);

		if (list != SIZE_MAX)
			*mask |= UINT64_C(1) << list;
	}
}

static void read_reach(struct parser *p, const struct written *w)
{
	struct conf_zone *z = w->block;

	z->has_reach = true;
	for (size_t i = w->first; i < w->node->word_count; i++) {
		const struct scfg_word *word = &w->node->words[i];
		size_t zone, *element;

		if (!strcmp(word->text, "internet")) {
			z->reach_internet = true;
			continue;
		}
		zone = parse_reference(p, CONF_ZONE, word);
		if (zone == SIZE_MAX)
			continue;
		element = PARSE_GROW(p, z->reach, z->reach_count);
		if (!element)
			return;
		*element = zone;
	}
}

/* Its files were read in its place. */
static void read_include(struct parser *p, const struct written *w)
{
	(void)p;
	(void)w;
}

read_option *const conf_readers[TYPE_TYPES] = {
	[TYPE_MS] = read_scalar,
	[TYPE_SECONDS] = read_scalar,
	[TYPE_SECONDS64] = read_scalar,
	[TYPE_SIZE] = read_scalar,
	[TYPE_COUNT] = read_scalar,
	[TYPE_CHOICE] = read_scalar,
	[TYPE_PATH] = read_path,
	[TYPE_URL] = read_url,
	[TYPE_TABLE] = read_table,
	[TYPE_GROUP] = read_group,
	[TYPE_LISTEN] = read_listen,
	[TYPE_FORWARD] = read_forward,
	[TYPE_INCLUDE] = read_include,
	[TYPE_SERVER] = read_server,
	[TYPE_INTERFACE] = read_interface,
	[TYPE_MAC] = read_mac,
	[TYPE_ADDRESS] = read_address,
	[TYPE_DHCP_NAME] = read_dhcp_name,
	[TYPE_MEMBER] = read_member,
	[TYPE_NAME] = read_name,
	[TYPE_OWNER] = read_owner,
	[TYPE_FOR] = read_for,
	[TYPE_LISTS] = read_lists,
	[TYPE_POLICY_LISTS] = read_policy_lists,
	[TYPE_UPSTREAM] = read_upstream,
	[TYPE_ALLOW] = read_allow,
	[TYPE_HOURS] = read_hours,
	[TYPE_DENY] = read_deny,
	[TYPE_NETWORK] = read_network,
	[TYPE_FILL] = read_fill,
	[TYPE_REACH] = read_reach,
	[TYPE_HOSTS] = read_hosts,
	[TYPE_LEASES] = read_leases,
	[TYPE_HOST] = read_host,
	[TYPE_CNAME] = read_cname,
	[TYPE_SUFFIXES] = read_suffixes,
	[TYPE_NEVER] = read_never,
};
