/*
 * Reads a line token by token. What real files hold, and what is made of it, is the table
 * in test_list_line.c. Knows nothing of files or lists.
 */
#include "blocklists/list_line.h"

#include <string.h>
#include <strings.h>

#include "blocklists/list_idn.h"
#include "lib/addr.h"
#include "lib/util.h"

/* A name's 253 octets, "*." and the final dot; more cannot become an entry. */
#define TOKEN_MAX 256

enum line_state { STATE_START, STATE_NAMES, STATE_DONE };

/** What stands between blanks, with what is invisible taken out. */
struct token {
	char text[TOKEN_MAX + 1];
	size_t len;
	bool is_long;	 /* text is cut */
	bool is_rule;	 /* holds "##", "#@#" or their like: an Adblock rule */
};

const uint8_t list_line_octet[256] = {
	['-'] = '-', ['_'] = '_',
	['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4',
	['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9',
	['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e', ['f'] = 'f',
	['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j', ['k'] = 'k', ['l'] = 'l',
	['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q', ['r'] = 'r',
	['s'] = 's', ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x',
	['y'] = 'y', ['z'] = 'z',
	['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e', ['F'] = 'f',
	['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j', ['K'] = 'k', ['L'] = 'l',
	['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r',
	['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x',
	['Y'] = 'y', ['Z'] = 'z',
};

const char *list_line_kind_name(enum list_line_kind kind)
{
	static const char *const names[LINE_KINDS] = {
		[LINE_END] = "end",
		[LINE_ENTRY] = "name",
		[LINE_SIDE] = "rule",
		[LINE_SPAN] = "address",
		[LINE_EMPTY] = "empty",
		[LINE_NOT_WANTED] = "another owner",
		[LINE_COMMENT] = "comment",
		[LINE_LOCAL] = "local name",
		[LINE_HEADING] = "heading",
		[LINE_COSMETIC] = "cosmetic",
		[LINE_URL_RULE] = "URL",
		[LINE_BROWSER] = "for browsers only",
		[LINE_ROUTING] = "routing",
		[LINE_MODIFIER] = "unknown modifier",
		[LINE_MASK] = "pattern too wide",
		[LINE_REGEX] = "regular expression",
		[LINE_CONDITION] = "condition that says nothing",
		[LINE_DNSTYPE] = "for one query type",
		[LINE_TOO_MANY] = "one pattern too many",
		[LINE_DNSREWRITE] = "$dnsrewrite",
		[LINE_ADDRESS_RULE] = "rule for addresses",
		[LINE_NOT_PUBLIC] = "private or special addresses",
		[LINE_RPZ_NSDNAME] = "rpz-nsdname",
		[LINE_RPZ_NSIP] = "rpz-nsip",
		[LINE_DATA] = "answer of its own",
		[LINE_PROTECTED] = "protected name or public suffix",
		[LINE_DIRECTIVE] = "directive",
		[LINE_BAD_CHARACTER] = "character that no name holds",
		[LINE_BAD_UNICODE] = "Unicode that is no name",
		[LINE_BAD_ADDRESS] = "address where a name belongs",
		[LINE_BAD_SINGLE] = "single label",
		[LINE_BAD_LABEL] = "empty or too long label",
		[LINE_BAD_LENGTH] = "name too long",
		[LINE_BAD_URL] = "scheme, port or path",
		[LINE_BAD_PATTERN] = "pattern",
		[LINE_BAD_SYNTAX] = "not a line of this format",
		[LINE_BAD_ZONE] = "outside its zone",
		[LINE_BAD_LONG] = "line too long",
	};

	return kind < LINE_KINDS ? names[kind] : "?";
}

size_t list_blank_len(const char *p, const char *end)
{
	if (*p == ' ' || (*p >= '\t' && *p <= '\r'))
		return 1;
	return end - p >= 2 && !memcmp(p, "\xc2\xa0", 2) ? 2 : 0;
}

/** Octets of the invisible character at p: byte-order mark, soft hyphen, zero-width space,
 *  joiner or mark. 0: none. */
static size_t invisible_len(const char *p, const char *end)
{
	static const char three[][4] = {
		"\xef\xbb\xbf", "\xe2\x80\x8b", "\xe2\x80\x8c", "\xe2\x80\x8d",
		"\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x81\xa0",
	};

	if ((uint8_t)*p < 0x80)
		return 0;
	if (end - p >= 2 && !memcmp(p, "\xc2\xad", 2))
		return 2;
	for (size_t i = 0; end - p >= 3 && i < ARRAY_SIZE(three); i++) {
		if (!memcmp(p, three[i], 3))
			return 3;
	}
	return 0;
}

static void token_add(struct token *t, char c)
{
	if (t->len == TOKEN_MAX)
		t->is_long = true;
	else
		t->text[t->len++] = c;
}

/** '#' inside a token: an Adblock rule ("##", "#@#", "#?#", "#$#", "#%#"), else a comment
 *  glued to the name. */
static bool is_rule_mark(const char *p, const char *end)
{
	return end - p >= 2 && strchr("#@?$%", p[1]) && p[1];
}

/** Leave l->at behind the blanks. */
static void skip_blanks(struct list_line *l)
{
	size_t n;

	while (l->at < l->end && ((n = list_blank_len(l->at, l->end)) ||
				  (n = invisible_len(l->at, l->end))))
		l->at += n;
}

/** The next token; an empty one at the end of the line or at a '#' comment. */
static void token_next(struct list_line *l, struct token *t)
{
	size_t n;

	t->len = 0;
	t->is_long = t->is_rule = false;
	skip_blanks(l);
	for (; l->at < l->end && !list_blank_len(l->at, l->end); l->at++) {
		n = invisible_len(l->at, l->end);
		if (n) {
			l->at += n - 1;
			continue;
		}
		if (*l->at == '#') {
			if (!t->len || !is_rule_mark(l->at, l->end))
				break;
			t->is_rule = true;
		}
		token_add(t, *l->at);
	}
	t->text[t->len] = '\0';
}

/** ';', '!' and "//" begin a comment where a token begins. */
static bool is_comment(const struct token *t)
{
	return t->text[0] == ';' || t->text[0] == '!' || !strncmp(t->text, "//", 2);
}

bool list_is_address(const char *text, size_t len)
{
	const char *scope = memchr(text, '%', len);
	char copy[ADDR_TEXT_MAX];
	struct addr a;

	if (scope)
		len = (size_t)(scope - text);
	if (len >= sizeof(copy) || memchr(text, '\0', len))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return !addr_from_text(copy, &a);
}

static bool is_address(const struct token *t)
{
	return list_is_address(t->text, t->len);
}

/** How a hosts line begins; some publishers shorten 0.0.0.0 to 0. */
static bool is_hosts_address(const struct token *t)
{
	return is_address(t) || (t->len == 1 && t->text[0] == '0');
}

/** Names of the host itself and its networks, and the address that some lists list. */
static bool is_local(const char *text, size_t len)
{
	static const char *const names[] = {
		"localhost", "localhost.localdomain", "local", "broadcasthost",
		"localhost4", "localhost4.localdomain4", "localhost6",
		"localhost6.localdomain6", "ip6-localhost", "ip6-loopback",
		"ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters",
		"ip6-allhosts", "0.0.0.0",
	};

	for (size_t i = 0; len && strchr("lLbBiI0", text[0]) && i < ARRAY_SIZE(names); i++) {
		if (len == strlen(names[i]) && !strncasecmp(text, names[i], len))
			return true;
	}
	return false;
}

static bool is_number(const uint8_t *label, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (label[i] < '0' || label[i] > '9')
			return false;
	}
	return true;
}

/** What a token that is no name is, from the characters in it. LINE_ENTRY: may be a name. */
static enum list_line_kind token_suspicion(const struct token *t)
{
	char first = t->text[0];

	if (t->is_rule || first == '|' || first == '@' || first == '[' || first == '<' ||
	    memchr(t->text, '^', t->len) || memchr(t->text, '$', t->len))
		return LINE_BAD_SYNTAX;
	if (memchr(t->text, '/', t->len) || memchr(t->text, ':', t->len))
		return is_address(t) ? LINE_BAD_ADDRESS : LINE_BAD_URL;
	return LINE_ENTRY;
}

/** Text without "*." -> labels of a wire name, lower case. Refuses what RFC 1035 §2.3.4
 *  and the alphabet of an entry refuse. */
static enum list_line_kind name_parse(const char *text, size_t len, struct dname *out)
{
	size_t label = 0, at = 1; /* the label's length octet; the next free octet */

	for (size_t i = 0; i < len; i++) {
		uint8_t c = list_line_octet[(uint8_t)text[i]];

		if (text[i] == '.') {
			if (at - label == 1)
				return LINE_BAD_LABEL;
			out->wire[label] = (uint8_t)(at - label - 1);
			label = at++;
			continue;
		}
		if (!c)
			return text[i] == '*' ? LINE_BAD_PATTERN : LINE_BAD_CHARACTER;
		if (at - label > 63)
			return LINE_BAD_LABEL;
		if (at >= DNAME_MAX - 1)
			return LINE_BAD_LENGTH;
		out->wire[at++] = c;
	}
	if (at - label == 1)
		return LINE_BAD_LABEL;
	if (is_number(out->wire + label + 1, at - label - 1))
		return LINE_BAD_ADDRESS;
	out->wire[label] = (uint8_t)(at - label - 1);
	out->wire[at++] = 0;
	out->len = (uint8_t)at;
	return LINE_ENTRY;
}

/** The same for a name that may be in Unicode. */
static enum list_line_kind any_name_parse(const char *text, size_t len, struct dname *out)
{
	char ascii[LIST_IDN_MAX];
	size_t i = 0;

	while (i < len && (uint8_t)text[i] < 0x80)
		i++;
	if (i == len)
		return name_parse(text, len, out);
	len = list_idn_to_ascii(text, len, ascii);
	if (!len)
		return LINE_BAD_UNICODE;
	return is_local(ascii, len) ? LINE_LOCAL : name_parse(ascii, len, out);
}

enum list_line_kind list_name_read(const char *text, size_t len, struct dname *out)
{
	struct dname name;
	enum list_line_kind kind;

	if (is_local(text, len))
		return LINE_LOCAL;
	if (memchr(text, '/', len) || memchr(text, ':', len))
		return list_is_address(text, len) ? LINE_BAD_ADDRESS : LINE_BAD_URL;
	kind = any_name_parse(text, len, &name);
	if (kind == LINE_ENTRY)
		*out = name;
	return kind;
}

size_t list_line_clean(const char *text, size_t len, char *out)
{
	const char *end = text + len;
	size_t n = 0;

	while (text < end) {
		size_t skip = invisible_len(text, end);
		size_t blank = skip ? 0 : list_blank_len(text, end);

		text += skip ? skip : blank ? blank : 1;
		if (blank && n)
			out[n++] = ' ';
		else if (!blank && !skip)
			out[n++] = text[-1];
	}
	while (n && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return n;
}

/** A whole token -> entry. */
static enum list_line_kind token_entry(const struct token *t, struct list_entry *out)
{
	enum list_line_kind kind = token_suspicion(t);
	struct list_entry e = { .level = LEVEL_BLOCK };
	const char *text = t->text;
	size_t len = t->len;

	if (kind != LINE_ENTRY)
		return kind;
	if (t->is_long)
		return LINE_BAD_LENGTH;
	if (len && text[0] == '*' && len > 1 && text[1] == '.') {
		text++;
		len--;
	}
	if (len && text[0] == '.') {
		e.scope = SCOPE_SUBTREE;
		text++;
		len--;
	}
	if (len && text[len - 1] == '.')
		len--;
	kind = any_name_parse(text, len, &e.name);
	if (kind != LINE_ENTRY)
		return kind;
	if (e.scope == SCOPE_EXACT && e.name.wire[0] + 2u == e.name.len)
		return LINE_BAD_SINGLE;
	*out = e;
	return LINE_ENTRY;
}

void list_line_start(struct list_line *l, const char *text, size_t len)
{
	*l = (struct list_line){ .at = text, .end = text + len, .state = STATE_START };
}

/** A line that does not begin with an address: one name, and nothing behind it. */
static enum list_line_kind domain_line(struct list_line *l, const struct token *first,
				       struct list_entry *out)
{
	struct list_entry e;
	enum list_line_kind kind = token_entry(first, &e);
	struct token more;

	l->state = STATE_DONE;
	if (kind != LINE_ENTRY)
		return kind;
	token_next(l, &more);
	if (more.len && !is_comment(&more))
		return LINE_BAD_SYNTAX;
	*out = e;
	return LINE_ENTRY;
}

enum list_line_kind list_line_next(struct list_line *l, struct list_entry *out)
{
	struct token t;

	if (l->state == STATE_DONE)
		return LINE_END;
	token_next(l, &t);
	if (l->state == STATE_START) {
		l->state = STATE_DONE;
		if (!t.len)
			return l->at < l->end ? LINE_COMMENT : LINE_EMPTY;
		if (is_comment(&t))
			return LINE_COMMENT;
		if (!is_hosts_address(&t))
			return domain_line(l, &t, out);
		l->state = STATE_NAMES;
		token_next(l, &t);
	}
	if (!t.len || is_comment(&t)) {
		l->state = STATE_DONE;
		return l->names ? LINE_END : LINE_BAD_ADDRESS;
	}
	l->names++;
	return is_local(t.text, t.len) ? LINE_LOCAL : token_entry(&t, out);
}
