/*
 * Modifiers of Adblock rules: heeded ones, ones for which the rule is not supported, and
 * those of browsers, all by table. A rule with a modifier that is in no table does not count.
 */
#include "blocklists/list_adblock.h"

#include <string.h>
#include <strings.h>

#include "lib/util.h"

/** Modifiers that a DNS server could heed. AdGuard Home's documentation is their reference. */
static const struct {
	const char *name;
	enum list_line_kind kind;
} known[] = {
	{ "important", LINE_ENTRY },	 { "badfilter", LINE_ENTRY },
	{ "denyallow", LINE_DENYALLOW }, { "dnstype", LINE_DNSTYPE },
	{ "client", LINE_CLIENT },	 { "ctag", LINE_CLIENT },
	{ "dnsrewrite", LINE_DNSREWRITE },
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

enum list_line_kind list_modifiers_read(const char *text, struct list_entry *e)
{
	enum list_line_kind worst = LINE_ENTRY;

	for (;;) {
		const char *end = modifier_end(text), *name = text + (*text == '~');
		size_t len = strcspn(name, "=,");
		enum list_line_kind kind = modifier_kind(name, len);

		if (kind == LINE_ENTRY && (name != text || name[len] == '='))
			kind = LINE_MODIFIER; /* "~important" is nothing */
		if (is_word(name, len, "important"))
			e->level = e->level == LEVEL_ALLOW ? LEVEL_ALLOW_IMPORTANT :
				   e->level == LEVEL_BLOCK ? LEVEL_IMPORTANT : e->level;
		if (is_word(name, len, "badfilter"))
			e->disables = true;
		worst = worse(worst, kind);
		if (!*end)
			return worst;
		text = end + 1;
	}
}
