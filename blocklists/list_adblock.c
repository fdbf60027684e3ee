/*
 * The part of Adblock syntax that is names. Everything else is told apart and counted: what
 * only a browser can do, what would need the URL, and patterns. A rule is never taken for
 * more than it says: "||x" without "^" is a beginning of names, bare text a part of one.
 */
#include "blocklists/list_adblock.h"

#include <string.h>

#include "lib/util.h"

/** A rule's pattern without "@@" and modifiers. */
struct pattern {
	const char *text; /* borrowed */
	size_t len;
};

/** Whether it begins so; then that is taken off. */
static bool take_start(struct pattern *p, const char *text)
{
	size_t n = strlen(text);

	if (p->len < n || memcmp(p->text, text, n))
		return false;
	p->text += n;
	p->len -= n;
	return true;
}

static bool take_end(struct pattern *p, const char *text)
{
	size_t n = strlen(text);

	if (p->len < n || memcmp(p->text + p->len - n, text, n))
		return false;
	p->len -= n;
	return true;
}

/** Where "##", "#@#", "#?#", "$$" and their like stand behind nothing but domains. */
static bool is_cosmetic(const char *text)
{
	static const char *const marks[] = { "##", "#@#", "#?#", "#@?#", "#$#", "#@$#",
					     "#$?#", "#@$?#", "#%#", "#@%#", "$$", "$@$" };

	for (const char *p = text; *p && *p != ' ' && *p != '/'; p++) {
		if (*p != '#' && *p != '$')
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
			if (!strncmp(p, marks[i], strlen(marks[i])))
				return true;
		}
	}
	return false;
}

/** "# why", "#====", "####". Not so "##.ad" and "###ad", which hide parts of a page. */
static bool is_number_sign_comment(const char *text)
{
	size_t n = strspn(text, "#");

	if (n == 1)
		return !text[1] || !strchr("@?$%", text[1]);
	return n && (n > 3 || !text[n] || text[n] == ' ');
}

/** "/.../" with or without modifiers. */
static bool is_regex(const char *text)
{
	const char *last = text[0] == '/' ? strrchr(text, '/') : NULL;

	return last && last > text && (!last[1] || last[1] == '$');
}

/** The name of an anchored pattern, when it ends as well: "^", or "|" that is the same for
 *  names. What "^" is followed by cannot be in a name. */
static bool take_anchors_end(struct pattern *p)
{
	bool is_ended;

	take_end(p, "*");
	is_ended = take_end(p, "|");
	if (p->len && p->text[p->len - 1] == '*')
		return false;
	return take_end(p, "^") || is_ended;
}

static enum list_line_kind name_take(const struct pattern *p, struct list_entry *e,
				     struct list_entry *out)
{
	size_t len = p->len;
	enum list_line_kind kind;

	if (!len || memchr(p->text, '*', len) || p->text[len - 1] == '.' ||
	    memchr(p->text, '^', len) || memchr(p->text, '|', len))
		return LINE_MASK;
	kind = list_name_read(p->text, len, &e->name);
	if (kind == LINE_BAD_ADDRESS)
		return LINE_ADDRESS_RULE;
	if (kind == LINE_ENTRY)
		*out = *e;
	return kind;
}

static bool has_any(const struct pattern *p, const char *set)
{
	return strcspn(p->text, set) < p->len;
}

/** Text without anchors: a whole name is that name, other text a part of any. */
static enum list_line_kind bare_take(const struct pattern *p, struct list_entry *e,
				     struct list_entry *out)
{
	struct list_entry named = *e;
	enum list_line_kind kind = name_take(p, e, &named);

	if (kind == LINE_ENTRY && named.name.wire[0] + 2u == named.name.len)
		return LINE_MASK;
	if (kind == LINE_ENTRY)
		*out = named;
	return kind == LINE_BAD_CHARACTER ? LINE_URL_RULE :
	       kind == LINE_BAD_LABEL ? LINE_MASK : kind;
}

/** A pattern without slashes -> the names it is about.
 *  @param is_alone  nothing but the pattern stands in the line */
static enum list_line_kind pattern_take(struct pattern p, bool is_alone,
					struct list_entry *e, struct list_entry *out)
{
	bool is_tree = take_start(&p, "||");
	bool is_start = !is_tree && take_start(&p, "|");

	if (!is_tree && !is_start && is_alone && !has_any(&p, "^|*"))
		return bare_take(&p, e, out);
	if (!take_anchors_end(&p))
		return LINE_MASK;
	e->scope = is_tree ? SCOPE_SUBTREE : SCOPE_EXACT;
	if (take_start(&p, "*.") || (!is_tree && !is_start && take_start(&p, ".")))
		e->scope = SCOPE_BELOW;
	else if (!is_tree && !is_start)
		return LINE_MASK;
	return name_take(&p, e, out);
}

/** A path, scheme or port: no name is meant. Not so the address of "||[2001:db8::1]^". */
static enum list_line_kind url_kind(const struct pattern *p)
{
	const char *open = memchr(p->text, '[', p->len);
	const char *close = open ? memchr(p->text, ']', p->len) : NULL;

	if (memchr(p->text, '/', p->len))
		return LINE_URL_RULE;
	if (close && close > open && list_is_address(open + 1, (size_t)(close - open - 1)))
		return LINE_ADDRESS_RULE;
	return memchr(p->text, ':', p->len) ? LINE_URL_RULE : LINE_ENTRY;
}

/** A line that is no rule for names, or LINE_ENTRY. */
static enum list_line_kind other_line(const char *text)
{
	if (!*text)
		return LINE_EMPTY;
	if (text[0] == '!')
		return text[1] == '#' ? LINE_DIRECTIVE : LINE_COMMENT;
	if (text[0] == '[' && text[strlen(text) - 1] == ']')
		return LINE_HEADING;
	if (is_number_sign_comment(text))
		return LINE_COMMENT;
	return is_cosmetic(text) ? LINE_COSMETIC : LINE_ENTRY;
}

bool list_adblock_is_hosts(const char *text)
{
	size_t n = strcspn(text, " ");

	return text[n] && (list_is_address(text, n) || (n == 1 && text[0] == '0'));
}

enum list_line_kind list_adblock_line(const char *text, struct list_entry *out)
{
	struct list_entry e = { .scope = SCOPE_EXACT, .level = LEVEL_BLOCK };
	enum list_line_kind kind = other_line(text);
	bool is_allow = !strncmp(text, "@@", 2);
	struct pattern p;
	const char *rest; /* behind the pattern: modifiers, or a comment */

	if (kind != LINE_ENTRY)
		return kind;
	if (is_allow) {
		e.level = LEVEL_ALLOW;
		text += 2;
	}
	if (is_regex(text))
		return LINE_REGEX;
	p = (struct pattern){ text, strcspn(text, " #$") };
	rest = text + p.len;
	kind = url_kind(&p);
	if (kind == LINE_ENTRY && *rest == '$')
		kind = list_modifiers_read(rest + 1, &e);
	else if (kind == LINE_ENTRY && *rest && rest[strspn(rest, " ")] != '#')
		kind = LINE_BAD_SYNTAX;
	return kind == LINE_ENTRY ? pattern_take(p, *rest != '$' && !is_allow, &e, out)
				  : kind;
}
