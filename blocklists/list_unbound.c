/*
 * `local-zone` and `local-data` as unbound.conf(5) has them; other options are counted as
 * directives. No answer of the list's own is ever given: a zone that redirects blocks.
 */
#include "blocklists/list_unbound.h"

#include <string.h>
#include <strings.h>

#include "lib/util.h"

#define WORDS_MAX 6

/** A word of a line, without its quotes. */
struct word {
	const char *text; /* borrowed */
	size_t len;
};

static bool word_is(const struct word *w, const char *text)
{
	return w->len == strlen(text) && !strncasecmp(w->text, text, w->len);
}

/** The word at *at, and go behind it. @retval false  the end, or a comment */
static bool word_next(const char **at, struct word *out)
{
	const char *p = *at + strspn(*at, " ");
	size_t quoted;

	if (!*p || *p == '#')
		return false;
	if (*p == '"' || *p == '\'') {
		quoted = strcspn(p + 1, *p == '"' ? "\"" : "'");
		*out = (struct word){ p + 1, quoted };
		*at = p + 1 + quoted + (p[1 + quoted] != '\0');
		return true;
	}
	*out = (struct word){ p, strcspn(p, " ") };
	*at = p + out->len;
	return true;
}

/** All words, at most WORDS_MAX + 1 of them are counted. */
static unsigned words_split(const char *text, struct word words[WORDS_MAX])
{
	struct word w;
	unsigned n = 0;

	while (n <= WORDS_MAX && word_next(&text, &w)) {
		if (n < WORDS_MAX)
			words[n] = w;
		n++;
	}
	return n;
}

/** What a zone of this type does to its names: an entry of *level, or no entry. */
static enum list_line_kind zone_kind(const struct word *type, uint8_t *level)
{
	static const struct {
		const char *type;
		enum list_line_kind kind;
		enum list_level level;
	} types[] = {
		{ "always_nxdomain", LINE_ENTRY, LEVEL_BLOCK },
		{ "always_refuse", LINE_ENTRY, LEVEL_BLOCK },
		{ "always_null", LINE_ENTRY, LEVEL_BLOCK },
		{ "always_nodata", LINE_ENTRY, LEVEL_BLOCK },
		{ "always_deny", LINE_ENTRY, LEVEL_BLOCK },
		{ "static", LINE_ENTRY, LEVEL_BLOCK },
		{ "refuse", LINE_ENTRY, LEVEL_BLOCK },
		{ "deny", LINE_ENTRY, LEVEL_BLOCK },
		{ "redirect", LINE_ENTRY, LEVEL_BLOCK },
		{ "inform_deny", LINE_ENTRY, LEVEL_BLOCK },
		{ "inform_redirect", LINE_ENTRY, LEVEL_BLOCK },
		{ "transparent", LINE_ENTRY, LEVEL_ALLOW },
		{ "typetransparent", LINE_ENTRY, LEVEL_ALLOW },
		{ "always_transparent", LINE_ENTRY, LEVEL_ALLOW },
		{ "inform", LINE_ENTRY, LEVEL_ALLOW },
		{ "nodefault", LINE_ENTRY, LEVEL_ALLOW },
		{ "block_a", LINE_DNSTYPE, LEVEL_BLOCK },
		{ "noview", LINE_DIRECTIVE, LEVEL_BLOCK },
		{ "ipset", LINE_DIRECTIVE, LEVEL_BLOCK },
		{ "truncate", LINE_DIRECTIVE, LEVEL_BLOCK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (word_is(type, types[i].type)) {
			*level = (uint8_t)types[i].level;
			return types[i].kind;
		}
	}
	return LINE_BAD_SYNTAX;
}

static enum list_line_kind name_take(const struct word *w, struct list_entry *e,
				     struct list_entry *out)
{
	size_t len = w->len && w->text[w->len - 1] == '.' ? w->len - 1 : w->len;
	enum list_line_kind kind = list_name_read(w->text, len, &e->name);

	if (kind == LINE_ENTRY)
		*out = *e;
	return kind;
}

/** A record "x [TTL] [IN] TYPE DATA". */
static enum list_line_kind data_line(const struct word *record, struct list_entry *out)
{
	static const char *const nulls[] = { "0.0.0.0", "127.0.0.1", "::", "::1" };
	struct list_entry e = { .scope = SCOPE_EXACT, .level = LEVEL_BLOCK };
	struct word words[WORDS_MAX];
	char text[512];
	unsigned n, at = 1;

	if (record->len >= sizeof(text))
		return LINE_DATA;
	memcpy(text, record->text, record->len);
	text[record->len] = '\0';
	n = words_split(text, words);
	if (at < n && strspn(words[at].text, "0123456789smhdw") >= words[at].len)
		at++;
	if (at < n && word_is(&words[at], "IN"))
		at++;
	if (at + 2 != n || (!word_is(&words[at], "A") && !word_is(&words[at], "AAAA")))
		return n < 3 ? LINE_BAD_SYNTAX : LINE_DATA;
	for (size_t i = 0; i < ARRAY_SIZE(nulls); i++) {
		if (word_is(&words[at + 1], nulls[i]))
			return name_take(&words[0], &e, out);
	}
	return LINE_DATA;
}

static enum list_line_kind zone_line(const struct word *words, unsigned n,
				     struct list_entry *out)
{
	struct list_entry e = { .scope = SCOPE_SUBTREE };
	enum list_line_kind kind;

	if (n != 3)
		return LINE_BAD_SYNTAX;
	kind = zone_kind(&words[2], &e.level);
	return kind == LINE_ENTRY ? name_take(&words[1], &e, out) : kind;
}

enum list_line_kind list_unbound_line(const char *text, struct list_entry *out)
{
	struct word words[WORDS_MAX];
	unsigned n = words_split(text, words);

	if (!n)
		return *text ? LINE_COMMENT : LINE_EMPTY;
	if (word_is(&words[0], "local-zone:"))
		return zone_line(words, n, out);
	if (word_is(&words[0], "local-data:"))
		return n == 2 ? data_line(&words[1], out) : LINE_BAD_SYNTAX;
	if (word_is(&words[0], "local-data-ptr:"))
		return LINE_DATA;
	if (word_is(&words[0], "server:"))
		return n == 1 ? LINE_HEADING : LINE_BAD_SYNTAX;
	if (words[0].len > 1 && words[0].text[words[0].len - 1] == ':')
		return LINE_DIRECTIVE;
	return LINE_BAD_SYNTAX;
}
