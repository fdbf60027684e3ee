/*
 * "address=/x/y/0.0.0.0", "local=/x/", "server=/x/" and SmartDNS's "address /x/#". What sends
 * names to a server is routing, and anything else in such a file a directive; both are only
 * counted. See dnsmasq(8), and SmartDNS's documentation of `address`.
 */
#include "blocklists/list_dnsmasq.h"

#include <ctype.h>
#include <string.h>

#include "lib/util.h"

enum { STATE_START, STATE_NAMES, STATE_DONE };

/** Whose line it is, which says what a '*' means. */
enum { FORM_DNSMASQ, FORM_SMARTDNS, FORM_SMARTDNS_ALLOW };

/** What stands behind the last '/'. */
struct target {
	const char *text; /* borrowed */
	size_t len;
};

static bool target_is(const struct target *t, const char *text)
{
	return t->len == strlen(text) && !memcmp(t->text, text, t->len);
}

/** One address, or several with commas. */
static bool target_is_address(const struct target *t)
{
	const char *at = t->text, *end = t->text + t->len;

	for (;;) {
		const char *comma = memchr(at, ',', (size_t)(end - at));

		if (!list_is_address(at, (size_t)((comma ? comma : end) - at)))
			return false;
		if (!comma)
			return true;
		at = comma + 1;
	}
}

/** What a line of names with this target is; LINE_ENTRY: its names are entries. */
static enum list_line_kind dnsmasq_kind(const char *key, size_t len, const struct target *t)
{
	if (len == 7 && !memcmp(key, "address", 7))
		return !t->len || target_is(t, "#") || target_is_address(t) ?
			       LINE_ENTRY : LINE_BAD_SYNTAX;
	if ((len == 6 && !memcmp(key, "server", 6)) || (len == 5 && !memcmp(key, "local", 5)))
		return t->len ? LINE_ROUTING : LINE_ENTRY;
	return LINE_DIRECTIVE;
}

static enum list_line_kind smartdns_kind(const char *key, size_t len, const struct target *t,
					 unsigned *form)
{
	if (len == 10 && !memcmp(key, "nameserver", 10))
		return LINE_ROUTING;
	if (len != 7 || memcmp(key, "address", 7))
		return LINE_DIRECTIVE;
	if (target_is(t, "-")) {
		*form = FORM_SMARTDNS_ALLOW;
		return LINE_ENTRY;
	}
	if (target_is(t, "#") || target_is_address(t))
		return LINE_ENTRY;
	if (t->len == 2 && strchr("#-", t->text[0]) && strchr("46", t->text[1]))
		return LINE_DNSTYPE;
	return LINE_BAD_SYNTAX;
}

/** Without "*." and its like, which set the scope. */
static enum list_line_kind take_scope(unsigned form, const char **text, size_t *len,
				      struct list_entry *e)
{
	bool is_star = *len > 1 && (*text)[0] == '*' && (*text)[1] == '.';
	bool is_minus = *len > 1 && (*text)[0] == '-' && (*text)[1] == '.';

	e->scope = SCOPE_SUBTREE;
	if (is_star || (is_minus && form != FORM_DNSMASQ)) {
		*text += 2;
		*len -= 2;
		if (form != FORM_DNSMASQ)
			e->scope = is_star ? SCOPE_BELOW : SCOPE_EXACT;
	} else if (*len && (*text)[0] == '.') {
		++*text;
		--*len;
	}
	if (*len && (*text)[*len - 1] == '.')
		--*len;
	if (!*len || (*len == 1 && (*text)[0] == '#') || memchr(*text, '*', *len))
		return LINE_MASK;
	return *len > 11 && !memcmp(*text, "domain-set:", 11) ? LINE_DIRECTIVE : LINE_ENTRY;
}

/** The next of a line's names; l->end is the '/' behind the last. */
static enum list_line_kind name_next(struct list_line *l, struct list_entry *out)
{
	const char *slash = memchr(l->at, '/', (size_t)(l->end - l->at));
	const char *text = l->at;
	size_t len = (size_t)((slash ? slash : l->end) - text);
	struct list_entry e = { .level = LEVEL_BLOCK };
	enum list_line_kind kind = take_scope(l->form, &text, &len, &e);

	if (slash)
		l->at = slash + 1;
	else
		l->state = STATE_DONE;
	if (l->form == FORM_SMARTDNS_ALLOW)
		e.level = LEVEL_ALLOW;
	if (kind == LINE_ENTRY)
		kind = list_name_read(text, len, &e.name);
	if (kind == LINE_ENTRY)
		*out = e;
	return kind;
}

/** Behind the value: a '#' that follows a blank begins a comment. */
static const char *value_end(const char *text, const char *end)
{
	for (const char *p = text; p < end; p++) {
		if (*p == '#' && p > text && p[-1] == ' ')
			end = p;
	}
	while (end > text && end[-1] == ' ')
		end--;
	return end;
}

/** "/x/y/target" -> l->at and l->end around the names. */
static enum list_line_kind value_start(struct list_line *l, const char *key, size_t key_len,
				       const char *value)
{
	const char *end = value_end(value, l->end), *last;
	struct target t;

	if (value == end || *value != '/') {
		if (l->form == FORM_DNSMASQ && key_len == 7 && !memcmp(key, "address", 7))
			return LINE_BAD_SYNTAX;
		return !strncmp(key, "server", 6) ? LINE_ROUTING : LINE_DIRECTIVE;
	}
	last = memrchr(value, '/', (size_t)(end - value));
	t = (struct target){ last + 1, (size_t)(end - last - 1) };
	l->at = value + 1;
	l->end = last;
	if (last == value) {
		if (l->form == FORM_DNSMASQ && dnsmasq_kind(key, key_len, &t) == LINE_DIRECTIVE)
			return LINE_DIRECTIVE;
		return LINE_BAD_SYNTAX;
	}
	return l->form == FORM_DNSMASQ ? dnsmasq_kind(key, key_len, &t)
				       : smartdns_kind(key, key_len, &t, &l->form);
}

/** The key and what follows it. LINE_ENTRY: names follow. */
static enum list_line_kind line_start(struct list_line *l)
{
	const char *key = l->at, *p = key, *value;

	if (p == l->end)
		return LINE_EMPTY;
	if (*p == '#')
		return LINE_COMMENT;
	while (p < l->end && (isalnum((unsigned char)*p) || *p == '-'))
		p++;
	if (p == key)
		return LINE_BAD_SYNTAX;
	if (p == l->end)
		return LINE_DIRECTIVE;
	if (*p != ' ' && *p != '=')
		return LINE_BAD_SYNTAX;
	value = p + strspn(p, " =");
	l->form = memchr(p, '=', (size_t)(value - p)) ? FORM_DNSMASQ : FORM_SMARTDNS;
	return value_start(l, key, (size_t)(p - key), value);
}

enum list_line_kind list_dnsmasq_next(struct list_line *l, struct list_entry *out)
{
	enum list_line_kind kind;

	if (l->state == STATE_DONE)
		return LINE_END;
	if (l->state == STATE_START) {
		kind = line_start(l);
		l->state = kind == LINE_ENTRY ? STATE_NAMES : STATE_DONE;
		if (kind != LINE_ENTRY)
			return kind;
	}
	return name_next(l, out);
}
