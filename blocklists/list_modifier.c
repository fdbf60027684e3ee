/*
 * Modifiers of Adblock rules: heeded ones, conditions, ones for which the rule is not
 * supported, and those of browsers, all by table. A rule with a modifier that is in no table does not count.
 */
#include "blocklists/list_adblock.h"

#include <string.h>
#include <strings.h>

#include "blocklists/list_cond.h"
#include "lib/util.h"

/** Modifiers that a DNS server can heed. AdGuard Home's documentation is their reference. */
static const struct {
	const char *name;
	enum list_line_kind kind;
	enum list_cond_kind cond; /* 0: none */
} known[] = {
	{ "important", LINE_ENTRY, 0 },
	{ "badfilter", LINE_ENTRY, 0 },
	{ "denyallow", LINE_ENTRY, COND_DENYALLOW },
	{ "dnstype", LINE_ENTRY, COND_DNSTYPE },
	{ "client", LINE_ENTRY, COND_CLIENT_NET },
	{ "ctag", LINE_ENTRY, COND_TAG },
	{ "dnsrewrite", LINE_DNSREWRITE, 0 },
};

/** Modifiers that need a browser: it alone knows the page, the type of a request or what to
 *  change in it. */
static const char *const browser[] = {
	"1p", "3p", "all", "app", "background", "beacon", "cname", "collapse", "content",
	"cookie", "csp", "css", "doc", "document", "domain", "donottrack", "ehide",
	"elemhide", "empty", "extension", "first-party", "font", "frame", "from",
	"genericblock", "generichide", "ghide", "header", "hls", "image", "inline-font",
	"inline-script", "ipaddress", "jsinject", "jsonprune", "match-case", "media", "method",
	"mp4", "network", "object", "object-subrequest", "other", "permissions", "ping",
	"popunder", "popup", "queryprune", "redirect", "redirect-rule", "referrerpolicy",
	"removeheader", "removeparam", "replace", "requestheader", "responseheader", "rewrite",
	"script", "shide", "sitekey", "specifichide", "stealth", "strict-first-party",
	"strict-third-party", "strict1p", "strict3p", "stylesheet", "subdocument",
	"third-party", "to", "uritransform", "urlblock", "urlskip", "urltransform", "webrtc",
	"websocket", "xhr", "xmlhttprequest", "xmlprune",
};

static bool is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && !strncasecmp(text, word, len);
}

/** One modifier without its '~' and value; "___" stands for nothing. */
static enum list_line_kind modifier_kind(const char *text, size_t len)
{
	if (len && strspn(text, "_") >= len)
		return LINE_ENTRY;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (is_word(text, len, known[i].name))
			return known[i].kind;
	}
	for (size_t i = 0; i < ARRAY_SIZE(browser); i++) {
		if (is_word(text, len, browser[i]))
			return LINE_BROWSER;
	}
	return LINE_MODIFIER;
}

/** The end of a modifier: a comma that no backslash escapes. */
static const char *modifier_end(const char *text)
{
	for (; *text && *text != ','; text++) {
		if (text[0] == '\\' && text[1])
			text++;
	}
	return text;
}

/** Which of two findings a rule is counted by. */
static enum list_line_kind worse(enum list_line_kind a, enum list_line_kind b)
{
	if (a == LINE_MODIFIER || b == LINE_MODIFIER)
		return LINE_MODIFIER;
	if (a == LINE_BROWSER || b == LINE_BROWSER)
		return LINE_BROWSER;
	return a == LINE_ENTRY ? b : a;
}

/** Add the values behind "name=". */
static enum list_line_kind conds_take(struct list_side *s, const char *name, size_t len,
				      const char *end)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (!known[i].cond || !is_word(name, len, known[i].name))
			continue;
		if (name[len] != '=' || list_cond_add(s, known[i].cond, name + len + 1,
						      (size_t)(end - name) - len - 1))
			return LINE_CONDITION;
	}
	return LINE_ENTRY;
}

/** One modifier, from text to end. */
static enum list_line_kind modifier_take(struct list_side *s, const char *text,
					 const char *end)
{
	const char *name = text + (*text == '~');
	size_t len = strcspn(name, "=,");
	enum list_line_kind kind = modifier_kind(name, len);
	bool is_important = is_word(name, len, "important");
	bool is_badfilter = is_word(name, len, "badfilter");

	if (kind != LINE_ENTRY)
		return kind;
	if (name != text || ((is_important || is_badfilter) && name[len] == '='))
		return LINE_MODIFIER; /* "~important" is nothing */
	if (is_important)
		s->level = s->level == LEVEL_ALLOW ? LEVEL_ALLOW_IMPORTANT :
			   s->level == LEVEL_BLOCK ? LEVEL_IMPORTANT : s->level;
	s->disables |= is_badfilter;
	return conds_take(s, name, len, end);
}

enum list_line_kind list_modifiers_read(const char *text, struct list_side *s)
{
	enum list_line_kind worst = LINE_ENTRY;

	for (;;) {
		const char *end = modifier_end(text);

		worst = worse(worst, modifier_take(s, text, end));
		if (!*end)
			return worst;
		text = end + 1;
	}
}
