/*
 * Reads YAML as AdGuard Home writes it: maps and lists by indentation, one scalar a line. What
 * is written in another way is left out with its line, never guessed.
 */
#include "cli/import_adguard.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/import_plan.h"
#include "lib/addr.h"
#include "lib/util.h"

#define LINE_MAX_BYTES 4096
#define DEPTH_MAX      8
#define DNS_PORT       53
#define NAMES_MAX      32

static const char odd_name[] = "a name of unusual characters, or with a wildcard";
static const char no_like[] = "has no like here, or is for you to decide";

/* A list's element that is a map: its keys come on lines of their own. */
struct item {
	bool is_open;
	size_t line;
	char text[LINE_MAX_BYTES]; /* of its first line */
	char url[LINE_MAX_BYTES], domain[300], answer[300], id[24], name[100];
	bool is_off;
};

struct reader {
	struct import_plan *plan;
	const char *from;
	size_t line;
	struct {
		size_t indent;
		char key[64];
	} path[DEPTH_MAX];
	size_t depth;
	struct item item;
};

static bool path_is(const struct reader *r, const char *first, const char *second)
{
	return r->depth > 0 && strcmp(r->path[0].key, first) == 0 &&
	       (second ? r->depth == 2 && strcmp(r->path[1].key, second) == 0 : r->depth == 1);
}

static void note(struct reader *r, size_t line, const char *text, const char *wrong)
{
	import_note(r->plan, r->from, line, text, wrong ? IMPORT_UNMAPPED : IMPORT_TAKEN, wrong);
}

/* --- elements ----------------------------------------------------------------------- */

/* "9.9.9.9", "9.9.9.9:5353", "[/a.example/b.example/]10.0.0.53" */
static const char *take_upstream(struct import_plan *p, char *value)
{
	char server[ADDR_PORT_TEXT_MAX], upstream[32], name[256];
	char *names[NAMES_MAX];
	size_t count = 0;
	struct addr_port addr;

	if (strncmp(value, "[/", 2) == 0) {
		char *end = strstr(value, "/]");

		if (!end)
			return "not understood";
		*end = '\0';
		for (char *at = strtok(value + 2, "/"); at; at = strtok(NULL, "/")) {
			if (count == NAMES_MAX || !import_name(at, strlen(at), name))
				return odd_name;
			names[count++] = at;
		}
		value = end + 2;
		if (count == 0)
			return "not understood";
	}
	if (addr_port_from_text(value, DNS_PORT, &addr) < 0)
		return "not an address: over TLS, write server ADDRESS tls NAME";
	addr_port_to_text(&addr, server);
	if (count == 0)
		import_add(p, IMPORT_SERVERS, "server", server);
	else if (!import_upstream(p, server, upstream))
		return "more servers for single suffixes than 64";
	for (size_t i = 0; i < count; i++)
		import_add(p, IMPORT_UPSTREAMS, "forward",
			   import_name(names[i], strlen(names[i]), name), upstream);
	return NULL;
}

/* "||name^" and "@@||name^": a name with all below. */
static const char *take_rule(struct import_plan *p, char *value)
{
	bool allows = strncmp(value, "@@", 2) == 0;
	char *at = value + (allows ? 2 : 0);
	size_t len = strlen(at);
	char name[256];

	if (strncmp(at, "||", 2) != 0 || at[len - 1] != '^')
		return "a rule of another form: keep it in a file, as a list of format adblock";
	if (!import_name(at + 2, len - 3, name))
		return odd_name;
	import_subtree(p, allows ? IMPORT_ALLOWED : IMPORT_BLOCKED, name);
	return NULL;
}

static const char *take_rewrite(struct import_plan *p, const struct item *item)
{
	char name[256], target[256], text[ADDR_TEXT_MAX];
	struct addr addr;

	if (!import_name(item->domain, strlen(item->domain), name))
		return odd_name;
	if (addr_from_text(item->answer, &addr) == 0)
		import_add(p, IMPORT_HOSTS, "host", name, addr_to_text(&addr, text));
	else if (import_name(item->answer, strlen(item->answer), target))
		import_add(p, IMPORT_HOSTS, "cname", name, target);
	else
		return "neither an address nor a name";
	return NULL;
}

static const char *take_filter(struct import_plan *p, const struct item *item, bool allows)
{
	char name[40];

	if (!*item->id || strspn(item->id, "0123456789") != strlen(item->id))
		return "without a number";
	snprintf(name, sizeof(name), "adguard-%s", item->id);
	return import_list(p, name, item->url, allows);
}

/* The element that ends here, by the list it is in. */
static void close_item(struct reader *r)
{
	const struct item *item = &r->item;
	char text[LINE_MAX_BYTES + 400];

	if (!item->is_open)
		return;
	r->item.is_open = false;
	if (path_is(r, "filters", NULL) || path_is(r, "whitelist_filters", NULL)) {
		snprintf(text, sizeof(text), "filter %s: %s", item->id, item->url);
		if (item->is_off)
			import_note(r->plan, r->from, item->line, text, IMPORT_NEEDLESS, "was off");
		else
			note(r, item->line, text,
			     take_filter(r->plan, item, path_is(r, "whitelist_filters", NULL)));
	} else if (path_is(r, "filtering", "rewrites") || path_is(r, "dns", "rewrites")) {
		snprintf(text, sizeof(text), "rewrite %s: %s", item->domain, item->answer);
		if (item->is_off)
			import_note(r->plan, r->from, item->line, text, IMPORT_NEEDLESS, "was off");
		else
			note(r, item->line, text, take_rewrite(r->plan, item));
	} else {
		note(r, item->line, item->text, no_like);
	}
}

static void set_member(struct item *item, const char *key, const char *value)
{
	const struct {
		const char *key;
		char *to;
		size_t size;
	} members[] = {
		{ "url", item->url, sizeof(item->url) },
		{ "domain", item->domain, sizeof(item->domain) },
		{ "answer", item->answer, sizeof(item->answer) },
		{ "id", item->id, sizeof(item->id) },
		{ "name", item->name, sizeof(item->name) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		/* what does not fit is no name or URL that could be taken */
		if (strcmp(members[i].key, key) == 0 && strlen(value) < members[i].size)
			strcpy(members[i].to, value);
	}
	if (strcmp(key, "enabled") == 0)
		item->is_off = strcmp(value, "true") != 0;
}

/* --- lines -------------------------------------------------------------------------- */

/* A plain or quoted scalar, in place; false: one with escapes. */
static bool unquote(char **value)
{
	char *v = *value;
	size_t len = strlen(v);

	if (len < 2 || (*v != '\'' && *v != '"') || v[len - 1] != *v)
		return *v != '\'' && *v != '"';
	v[len - 1] = '\0';
	*value = v + 1;
	return !strchr(v + 1, '\'') && !strchr(v + 1, '\\') && !strchr(v + 1, '"');
}

/* "key: value" or "key:", cut apart; false: it is a scalar. */
static bool split_key(char *text, char **value)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz_0123456789");

	if (len == 0 || text[len] != ':' || (text[len + 1] && text[len + 1] != ' '))
		return false;
	text[len] = '\0';
	for (*value = text + len + 1; **value == ' ';)
		(*value)++;
	return true;
}

static void leave(struct reader *r, size_t indent, bool is_element)
{
	size_t depth = r->depth;

	/* an element may stand at the indentation of its list's key */
	while (depth > 0 && (is_element ? r->path[depth - 1].indent > indent :
					  r->path[depth - 1].indent >= indent))
		depth--;
	if (depth < r->depth)
		close_item(r);
	r->depth = depth;
}

static void take_scalar(struct reader *r, const char *line, char *value)
{
	const char *wrong = no_like;

	if (!unquote(&value))
		wrong = "a text with escapes";
	else if (path_is(r, "dns", "upstream_dns"))
		wrong = take_upstream(r->plan, value);
	else if (path_is(r, "user_rules", NULL) || path_is(r, "filtering", "user_rules"))
		wrong = *value && *value != '!' && *value != '#' ?
				take_rule(r->plan, value) : no_like;
	note(r, r->line, line, wrong);
}

static void take_key(struct reader *r, size_t indent, const char *line, char *key, char *value)
{
	if (!*value) {
		if (r->depth == DEPTH_MAX || strlen(key) >= sizeof(r->path[0].key)) {
			note(r, r->line, line, "deeper than a configuration goes");
			return;
		}
		r->path[r->depth].indent = indent;
		strcpy(r->path[r->depth++].key, key);
	} else if (strcmp(value, "[]") != 0 && strcmp(value, "{}") != 0 &&
		   strcmp(value, "\"\"") != 0) {
		note(r, r->line, line, no_like);
	}
}

static void take_line(struct reader *r, char *text, const char *line)
{
	size_t indent = strspn(text, " ");
	char *at = text + indent, *value;
	bool is_element = at[0] == '-' && (at[1] == ' ' || !at[1]);

	if (!*at || *at == '#' || strcmp(at, "---") == 0)
		return;
	/* a member of the element that is open */
	if (r->item.is_open && !is_element && r->depth && indent > r->path[r->depth - 1].indent) {
		if (!split_key(at, &value))
			return;
		if (unquote(&value))
			set_member(&r->item, at, value);
		return;
	}
	leave(r, indent, is_element);
	if (!is_element) {
		if (split_key(at, &value))
			take_key(r, indent, line, at, value);
		else
			note(r, r->line, line, "not understood");
		return;
	}
	close_item(r);
	at += at[1] ? 2 : 1;
	if (!split_key(at, &value)) {
		take_scalar(r, line, at);
		return;
	}
	r->item = (struct item){ .is_open = true, .line = r->line };
	snprintf(r->item.text, sizeof(r->item.text), "%s", line);
	if (unquote(&value))
		set_member(&r->item, at, value);
}

void import_adguard(struct import_plan *p, const char *from, const char *text, size_t len)
{
	struct reader *r = calloc(1, sizeof(*r));
	char copy[LINE_MAX_BYTES], line[LINE_MAX_BYTES];

	if (!r) {
		p->failed = true;
		return;
	}
	r->plan = p;
	r->from = from;
	for (size_t at = 0; at < len && !p->failed;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t bytes = (end ? (size_t)(end - text) : len) - at;
		size_t kept = MIN(bytes, sizeof(copy) - 1);

		for (size_t i = 0; i < kept; i++)
			copy[i] = text[at + i] ? text[at + i] : '?';
		while (kept > 0 && isspace((unsigned char)copy[kept - 1]))
			kept--;
		copy[kept] = '\0';
		strcpy(line, copy);
		r->line++;
		take_line(r, copy, line);
		at += bytes + 1;
	}
	close_item(r);
	free(r);
}
