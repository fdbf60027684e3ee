/*
 * The part of Adblock syntax that is about names. Everything else is told apart and counted:
 * what only a browser can do, and what would need the URL. A rule is never taken for
 * more than it says: "||x" without "^" is a beginning of names, bare text a part of one.
 */
#include "blocklists/list_adblock.h"

#include <string.h>

#include "lib/util.h"

/* Octets that a pattern without conditions must say at the least: "||a*" is no list's. */
#define MASK_LITERAL_MIN 2

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

/** The end of "/.../" with or without modifiers, whose values may have slashes too.
 *  @retval NULL  text is no such rule */
static const char *regex_end(const char *text)
{
	size_t len = strlen(text);
	const char *end = NULL;

	if (text[0] != '/' || len < 2)
		return NULL;
	if (text[len - 1] == '/')
		return text + len - 1;
	for (const char *p = text + 1; (p = strstr(p, "/$")); p++)
		end = p;
	return end;
}

/** Whether a pattern ends: "^", or "|" that is the same for names. What "^" is followed by
 *  cannot be in a name. */
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

/** A pattern without slashes -> the name it is about. LINE_MASK: it is about more.
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

/** Append an octet to a mask; one '*' is as good as two. @retval false  no room */
static bool mask_add(struct list_side *s, char c)
{
	if (c == '*' && s->text_len && s->text[s->text_len - 1] == '*')
		return true;
	if (s->text_len == sizeof(s->text))
		return false;
	s->text[s->text_len++] = c;
	return true;
}

/** The octets of a mask; all but '*' must be able to stand in a name. */
static enum list_line_kind mask_text(const struct pattern *p, struct list_side *s)
{
	unsigned literal = 0;
	bool has_letter = false;

	for (size_t i = 0; i < p->len; i++) {
		char c = p->text[i];

		if (c != '*' && c != '.') {
			if ((uint8_t)c >= 0x80)
				return LINE_BAD_UNICODE;
			if (!list_line_octet[(uint8_t)c])
				return LINE_URL_RULE;
			c = (char)list_line_octet[(uint8_t)c];
			has_letter |= c < '0' || c > '9';
		}
		literal += c != '*';
		if (!mask_add(s, c))
			return LINE_BAD_LENGTH;
	}
	if (literal > 2 && !has_letter)
		return LINE_ADDRESS_RULE; /* "||192.0.2.": the beginning of addresses */
	return literal < MASK_LITERAL_MIN && !s->conds_len ? LINE_MASK : LINE_SIDE;
}

/** A pattern that is more than a name -> a mask. */
static enum list_line_kind mask_take(struct pattern p, struct list_side *s)
{
	s->kind = SIDE_MASK;
	s->anchors = 0;
	if (take_start(&p, "||"))
		s->anchors = ANCHOR_LABEL;
	else if (take_start(&p, "|"))
		s->anchors = ANCHOR_START;
	if (take_anchors_end(&p))
		s->anchors |= ANCHOR_END;
	while (take_end(&p, "*"))
		s->anchors &= ~ANCHOR_END & ANCHORS_ALL;
	while (take_start(&p, "*"))
		s->anchors &= ANCHOR_END;
	if (!p.len)
		s->anchors = 0;
	return mask_text(&p, s);
}

/** A name with conditions -> the mask that says the same. */
static enum list_line_kind mask_of_name(const struct list_entry *e, struct list_side *s)
{
	char text[DNAME_TEXT_MAX];
	struct pattern p = { dname_to_text(&e->name, text), 0 };
	static const uint8_t anchors[SCOPES] = {
		[SCOPE_EXACT] = ANCHOR_START | ANCHOR_END,
		[SCOPE_SUBTREE] = ANCHOR_LABEL | ANCHOR_END,
		[SCOPE_BELOW] = ANCHOR_END,
	};

	p.len = strlen(text);
	s->kind = SIDE_MASK;
	s->anchors = anchors[e->scope];
	if (e->scope == SCOPE_BELOW)
		mask_add(s, '.');
	return mask_text(&p, s);
}

/** "||192.0.2.1^", "||[2001:db8::1]^": an address in answers. Conditions of such a rule, and
 *  its $badfilter, are not honoured. */
static enum list_line_kind span_take(struct pattern p, const struct list_side *s,
				     struct list_span *out)
{
	if (!take_start(&p, "||"))
		take_start(&p, "|");
	take_anchors_end(&p);
	if (s->conds_len || s->disables || !list_span_read(p.text, p.len, out))
		return LINE_ADDRESS_RULE;
	out->level = s->level;
	return LINE_SPAN;
}

/** A rule whose pattern is judged by its anchors: a name, or a mask. */
static enum list_line_kind rule_take(const struct pattern *p, bool is_alone,
				     struct list_entry *out, struct list_side *s)
{
	struct list_entry e = { .level = s->level, .disables = s->disables }, named;
	enum list_line_kind kind = pattern_take(*p, is_alone, &e, &named);

	if (kind == LINE_MASK)
		return mask_take(*p, s);
	if (kind == LINE_ENTRY && s->conds_len)
		return mask_of_name(&named, s);
	if (kind == LINE_ENTRY)
		*out = named;
	return kind;
}

static enum list_line_kind regex_take(const char *text, const char *end, struct list_side *s)
{
	size_t len = (size_t)(end - text) - 1;
	enum list_line_kind kind = LINE_ENTRY;

	if (memchr(text + 1, '/', len)) /* no name has one */
		return LINE_URL_RULE;
	if (end[1] == '$')
		kind = list_modifiers_read(end + 2, s);
	if (kind != LINE_ENTRY)
		return kind;
	if (!len || len > sizeof(s->text))
		return LINE_REGEX;
	s->kind = SIDE_REGEX;
	s->anchors = 0;
	s->text_len = (uint16_t)len;
	memcpy(s->text, text + 1, len);
	return LINE_SIDE;
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

/** Begin with a rule: its level, and its text as it was written. @return its pattern */
static const char *side_start(struct list_side *s, const char *text)
{
	bool is_allow = !strncmp(text, "@@", 2);
	size_t len = strlen(text);

	s->level = is_allow ? LEVEL_ALLOW : LEVEL_BLOCK;
	s->disables = false;
	s->text_len = s->conds_len = 0;
	s->rule_len = (uint8_t)MIN(len, (size_t)LIST_SIDE_RULE);
	memcpy(s->rule, text, s->rule_len);
	return text + (is_allow ? 2 : 0);
}

enum list_line_kind list_adblock_line(const char *text, struct list_entry *out,
				      struct list_side *side, struct list_span *span)
{
	enum list_line_kind kind = other_line(text), said = LINE_ENTRY;
	const char *start, *end, *rest; /* rest: modifiers, or a comment */
	struct pattern p;

	if (kind != LINE_ENTRY)
		return kind;
	start = side_start(side, text);
	end = regex_end(start);
	if (end)
		return regex_take(start, end, side);
	p = (struct pattern){ start, strcspn(start, " #$") };
	rest = start + p.len;
	kind = url_kind(&p);
	if (kind == LINE_URL_RULE)
		return kind;
	if (*rest == '$')
		said = list_modifiers_read(rest + 1, side);
	else if (*rest && rest[strspn(rest, " ")] != '#')
		said = LINE_BAD_SYNTAX;
	if (said != LINE_ENTRY)
		return said;
	if (kind == LINE_ENTRY)
		kind = rule_take(&p, *rest != '$' && start == text, out, side);
	return kind == LINE_ADDRESS_RULE ? span_take(p, side, span) : kind;
}
