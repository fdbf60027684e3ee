/* Lines of every format: each trap of real files is a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "blocklists/list_cond.h"
#include "blocklists/list_parser.h"
#include "lib/util.h"

struct row {
	const char *line, *result;
};

/** A rule that is more than a name: "mask" and its text between its anchors ("|x|": all of the
 *  name), or "regex"; "if" when it has conditions. Returns what snprintf does. */
static int side_text(const struct list_side *s, const char *level, char *out, size_t size)
{
	static const char *const starts[] = { "", "|", "||" };

	assert_true(list_conds_check(s->conds, s->conds_len));
	return snprintf(out, size, "%s%s%s %s%.*s%s%s", s->disables ? "-" : "", level,
			s->kind == SIDE_MASK ? "mask" : "regex",
			s->kind == SIDE_MASK ? starts[s->anchors & 3] : "",
			(int)s->text_len, s->text,
			s->kind == SIDE_MASK && s->anchors & ANCHOR_END ? "|" : "",
			s->conds_len ? " if" : "");
}

/** What a line gives, a word or words for each result, with "; " between. An entry is its
 *  name, with "*." for all below it too, "*.*." for these alone; "@@" allows, "!" is
 *  important, "-" disables. All else is the kind's name. */
static void read_line(struct list_parser *p, const char *text, size_t len, char *out,
		      size_t size)
{
	static const char *const scopes[] = { "", "*.", "*.*." };
	static const char *const levels[] = { "", "@@", "!", "@@!" };
	enum list_line_kind kind;
	static const char *const actions[] = { "", " nodata", " drop", " tcp-only" };
	struct list_entry e;
	char name[DNAME_TEXT_MAX], range[LIST_SPAN_TEXT];
	char *copy = malloc(len ? len : 1); /* so that reading behind it is seen */
	size_t at = 0;

	assert_non_null(copy);
	memcpy(copy, text, len);
	out[0] = '\0';
	list_parser_line(p, copy, len);
	while ((kind = list_parser_next(p, &e)) != LINE_END) {
		at += (size_t)snprintf(out + at, size - at, "%s", at ? "; " : "");
		if (kind == LINE_ENTRY)
			at += (size_t)snprintf(out + at, size - at, "%s%s%s%s%s",
					       e.disables ? "-" : "", levels[e.level],
					       scopes[e.scope],
					       dname_to_text(&e.name, name),
					       actions[e.action]);
		else if (kind == LINE_SPAN)
			at += (size_t)snprintf(out + at, size - at, "%s%s%s%s",
					       levels[p->span.level],
					       p->span.table < TABLE_CLIENT4 ? "" : "from ",
					       list_span_text(&p->span, range),
					       actions[p->span.action]);
		else if (kind == LINE_SIDE)
			at += (size_t)side_text(&p->side, levels[p->side.level], out + at,
						size - at);
		else
			at += (size_t)snprintf(out + at, size - at, "%s",
					       list_line_kind_name(kind));
		assert_true(at < size);
	}
	assert_int_equal(list_parser_next(p, &e), LINE_END);
	free(copy);
}

/** Rows of one list, in order. */
static void check(enum list_shape shape, const struct row *rows, size_t n)
{
	static struct list_parser p;
	char result[2048];

	list_parser_init(&p, shape);
	for (size_t i = 0; i < n; i++) {
		read_line(&p, rows[i].line, strlen(rows[i].line), result, sizeof(result));
		if (strcmp(result, rows[i].result))
			fail_msg("row %zu, \"%s\", gives \"%s\", not \"%s\"", i,
				 rows[i].line, result, rows[i].result);
	}
}

static void dnsmasq_blocks_a_name_and_all_below(void **state)
{
	static const struct row rows[] = {
		{ "address=/ads.example/0.0.0.0", "*.ads.example" },
		{ "address=/ads.example/", "*.ads.example" },
		{ "address=/ads.example/#", "*.ads.example" },
		{ "address=/ads.example/::", "*.ads.example" },
		{ "address=/ads.example/198.51.100.1", "*.ads.example" },
		{ "local=/ads.example/", "*.ads.example" },
		{ "server=/ads.example/", "*.ads.example" },
		{ "server=/ads.example/192.0.2.1", "routing" },
		{ "server=/ads.example/#", "routing" },
		{ "local=/ads.example/192.0.2.1", "routing" },
		{ "server=192.0.2.1", "routing" },
		{ "server=/a.example/b.example/", "*.a.example; *.b.example" },
		{ "address=/a.example/b.example/0.0.0.0", "*.a.example; *.b.example" },
		{ "address=/.ads.example/0.0.0.0", "*.ads.example" },
		{ "address=/*.ads.example/0.0.0.0", "*.ads.example" },
		{ "address=/*ads.example/0.0.0.0", "pattern too wide" },
		{ "address=/#/0.0.0.0", "pattern too wide" }, /* all names there are */
		{ "address=//0.0.0.0", "pattern too wide" },
		{ "address=/zip/", "*.zip" },
		{ "address=/ADS.Example./", "*.ads.example" },
		{ " address = /ads.example/0.0.0.0", "*.ads.example" },
		{ "address=/ads.example/0.0.0.0 # why", "*.ads.example" },
		{ "address=/ads.example/# # why", "*.ads.example" },
		{ "\xef\xbb\xbf" "local=/ads.example/\r", "*.ads.example" },
		{ "address=/ads.example", "not a line of this format" },
		{ "address=/ads.example/what", "not a line of this format" },
		{ "address=0.0.0.0", "not a line of this format" },
		{ "address=/localhost/127.0.0.1", "local name" },
		{ "address=/192.0.2.1/0.0.0.0", "address where a name belongs" },
		{ "address=/a.example/b..example/c.example/",
		  "*.a.example; empty or too long label; *.c.example" },
		{ "address=/b\xc3\xbc" "cher.example/", "*.xn--bcher-kva.example" },
		{ "ipset=/ads.example/set", "directive" },
		{ "no-resolv", "directive" },
		{ "conf-file=/etc/x", "directive" },
		{ "ads.example", "not a line of this format" },
		{ "||ads.example^", "not a line of this format" },
		{ "# address=/ads.example/", "comment" },
		{ "", "empty" },
	};

	(void)state;
	check(SHAPE_DNSMASQ, rows, ARRAY_SIZE(rows));
}

static void smartdns_differs_where_it_does(void **state)
{
	static const struct row rows[] = {
		{ "address /ads.example/#", "*.ads.example" },
		{ "address /ads.example/0.0.0.0", "*.ads.example" },
		{ "address /ads.example/0.0.0.0,::", "*.ads.example" },
		{ "address /ads.example/#4", "for one query type" },
		{ "address /ads.example/#6", "for one query type" },
		{ "address /ads.example/-", "@@*.ads.example" },
		{ "address /-.ads.example/#", "ads.example" },
		{ "address /*.ads.example/#", "*.*.ads.example" },
		{ "address /*-ads.example/#", "pattern too wide" },
		{ "address /domain-set:ads/#", "directive" },
		{ "address  /ads.example/# # why", "*.ads.example" },
		{ "address /ads.example/", "not a line of this format" },
		{ "nameserver /ads.example/group", "routing" },
		{ "domain-rules /ads.example/ -address #", "directive" },
		{ "server 192.0.2.1", "routing" },
		{ "bind [::]:53", "directive" },
	};

	(void)state;
	check(SHAPE_DNSMASQ, rows, ARRAY_SIZE(rows));
}

static void unbound_zones_block_or_open_again(void **state)
{
	static const struct row rows[] = {
		{ "server:", "heading" },
		{ "local-zone: \"ads.example\" always_nxdomain", "*.ads.example" },
		{ "local-zone: \"ads.example.\" always_null", "*.ads.example" },
		{ "local-zone: 'ads.example' always_refuse", "*.ads.example" },
		{ "\tlocal-zone: ads.example static # why", "*.ads.example" },
		{ "local-zone: \"ads.example\" redirect", "*.ads.example" },
		{ "local-zone: \"ads.example\" ALWAYS_NODATA", "*.ads.example" },
		{ "local-zone: \"fine.example\" transparent", "@@*.fine.example" },
		{ "local-zone: \"fine.example\" always_transparent", "@@*.fine.example" },
		{ "local-zone: \"ads.example\" block_a", "for one query type" },
		{ "local-zone: \"ads.example\" ipset", "directive" },
		{ "local-zone: \"ads.example\" always_what", "not a line of this format" },
		{ "local-zone: \"ads.example\"", "not a line of this format" },
		{ "local-zone: \"a.example\" static b.example", "not a line of this format" },
		{ "local-zone: \".\" always_refuse", "empty or too long label" },
		{ "local-zone: \"zip\" always_refuse", "*.zip" },
		{ "local-zone: \"\" always_refuse", "empty or too long label" },
		{ "local-zone: \"localhost\" static", "local name" },
		{ "local-data: \"ads.example A 0.0.0.0\"", "ads.example" },
		{ "local-data: \"ads.example. 60 IN AAAA ::\"", "ads.example" },
		{ "local-data: 'ads.example 1h IN A 127.0.0.1'", "ads.example" },
		{ "local-data: \"ads.example A 198.51.100.1\"", "answer of its own" },
		{ "local-data: \"ads.example TXT x\"", "answer of its own" },
		{ "local-data: 'a.example TXT \"x\"'", "answer of its own" },
		{ "local-data: \"ads.example\"", "not a line of this format" },
		{ "local-data-ptr: \"192.0.2.1 ads.example\"", "answer of its own" },
		{ "include: /etc/x", "directive" },
		{ "\"\"", "not a line of this format" },
		{ "ads.example", "not a line of this format" },
		{ "# local-zone: \"ads.example\" static", "comment" },
		{ "", "empty" },
	};

	(void)state;
	check(SHAPE_UNBOUND, rows, ARRAY_SIZE(rows));
}

static void adblock_anchors_say_which_names(void **state)
{
	static const struct row rows[] = {
		{ "||ads.example^", "*.ads.example" },
		{ "||ADS.Example^|", "*.ads.example" },
		{ "||ads.example|", "*.ads.example" },
		{ "||ads.example^*", "*.ads.example" },
		{ "||zip^", "*.zip" },
		{ "||*.ads.example^", "*.*.ads.example" },
		{ "*.ads.example^", "*.*.ads.example" },
		{ ".ads.example^", "*.*.ads.example" },
		{ "|ads.example^", "ads.example" },
		{ "|ads.example|", "ads.example" },
		{ "ads.example", "ads.example" },
		{ "||-ads_1.example^", "*.-ads_1.example" },
		{ "@@||ads.example^", "@@*.ads.example" },
		{ "@@|ads.example^", "@@ads.example" },
		{ "\xef\xbb\xbf||ads.example^\r", "*.ads.example" },
		{ "||ads.\xe2\x80\x8b" "example^", "*.ads.example" },
		{ "||ads.example", "mask ||ads.example" }, /* ads.example.evil.test too */
		{ "||ads.example*", "mask ||ads.example" },
		{ "|ads.example", "mask |ads.example" },
		{ "ads.example^", "mask ads.example|" }, /* badads.example too */
		{ "||avito.avito.", "mask ||avito.avito." },
		{ "||avito.avito.^", "mask ||avito.avito.|" },
		{ "||ads.*^", "mask ||ads." },
		{ "||ads*.example^", "mask ||ads*.example|" },
		{ "||Ads**.example|", "mask ||ads*.example|" },
		{ "|ads*", "mask |ads" },
		{ "|*ads|", "mask ads|" },
		{ "||*ads.", "mask ads." },
		{ "ads*x*.", "mask ads*x*." },
		{ "||ads.example^*x", "URL" },
		{ "||ads|example^", "URL" },
		{ "||192.0.2.", "rule for addresses" },
		{ "||b\xc3\xbc" "cher", "Unicode that is no name" },
		{ "a", "pattern too wide" },
		{ "||a*^", "pattern too wide" },
		{ "-a", "mask -a" },
		{ "*", "pattern too wide" },
		{ "||*^", "pattern too wide" },
		{ "||^", "pattern too wide" },
		{ "|", "pattern too wide" },
		{ "@@", "pattern too wide" },
		{ "adserver", "mask adserver" },
		{ "-banner-ad.", "mask -banner-ad." },
		{ ".ads.example", "mask .ads.example" },
		{ "@@ads.example", "@@mask ads.example" },
		{ "||192.0.2.1^", "192.0.2.1" },
		{ "@@||192.0.2.1^$important", "@@!192.0.2.1" },
		{ "||192.0.2.1^$badfilter", "rule for addresses" },
		{ "||192.0.2.1^$client=tv", "rule for addresses" },
		{ "||[2001:db8::1]^", "2001:db8::1" },
		{ "192.0.2.1", "192.0.2.1" },
		{ "||B\xc3\x9c" "CHER.example^", "*.xn--bcher-kva.example" },
		{ "||ads..example^", "empty or too long label" },
		{ "||ads,x.example^", "character that no name holds" },
		{ "a.example b.example", "not a line of this format" },
	};

	(void)state;
	check(SHAPE_ADBLOCK, rows, ARRAY_SIZE(rows));
}

static void adblock_modifiers_are_heeded_or_end_the_rule(void **state)
{
	static const struct row rows[] = {
		{ "||ads.example^$important", "!*.ads.example" },
		{ "@@||ads.example^$important", "@@!*.ads.example" },
		{ "||ads.example^$badfilter", "-*.ads.example" },
		{ "||ads.example^$important,badfilter", "-!*.ads.example" },
		{ "@@||ads.example^$badfilter", "-@@*.ads.example" },
		{ "|ads.example^$IMPORTANT", "!ads.example" },
		{ "||ads.example^$_,important", "!*.ads.example" },
		{ "||ads.example^$third-party", "for browsers only" },
		{ "||ads.example^$~third-party,important", "for browsers only" },
		{ "||ads.example^$popup,domain=a.example|b.example", "for browsers only" },
		{ "@@||ads.example^$doc", "for browsers only" },
		{ "*$removeparam=utm_source", "for browsers only" },
		{ "$removeparam=utm_source", "for browsers only" },
		{ "||ads.example^$denyallow=x.ads.example", "mask ||ads.example| if" },
		{ "||*.ads.example^$denyallow=x.ads.example", "mask .ads.example| if" },
		{ "|ads.example^$dnstype=A", "mask |ads.example| if" },
		{ "@@||ads.example^$client=tv,important", "@@!mask ||ads.example| if" },
		{ "||ads.example^$client=tv,badfilter", "-mask ||ads.example| if" },
		{ "||ads.example^$denyallow=~x.ads.example", "condition that says nothing" },
		{ "||ads.example^$denyallow", "condition that says nothing" },
		{ "||ads.example^$denyallow=", "condition that says nothing" },
		{ "||ads.example^$dnstype=", "condition that says nothing" },
		{ "||ads.example^$dnstype=A|", "condition that says nothing" },
		{ "||ads.example^$dnstype=NOSUCH", "condition that says nothing" },
		{ "||ads.example^$dnstype=TYPE65", "mask ||ads.example| if" },
		{ "||ads.example^$dnstype=TYPE65536", "condition that says nothing" },
		{ "||ads.example^$dnstype=~a|~aaaa", "mask ||ads.example| if" },
		{ "||ads.example^$client=", "condition that says nothing" },
		{ "||ads.example^$~client=tv", "unknown modifier" },
		{ "*$dnstype=HTTPS", "mask  if" },
		{ "||*^$denyallow=com|net", "mask  if" },
		{ "*$denyallow=com,removeparam=x", "for browsers only" },
		{ "*$denyallow=com|net", "mask  if" },
		{ "||ads.example^$dnstype=AAAA", "mask ||ads.example| if" },
		{ "||ads.example^$client=192.0.2.1", "mask ||ads.example| if" },
		{ "||ads.example^$ctag=device_tv", "mask ||ads.example| if" },
		{ "||ads.example^$dnsrewrite=198.51.100.1", "$dnsrewrite" },
		{ "||ads.example^$dnsrewrite=NOERROR;A;198.51.100.1,important", "$dnsrewrite" },
		{ "||ads.example^$newthing", "unknown modifier" },
		{ "||ads.example^$newthing=1,third-party", "unknown modifier" },
		{ "||ads.example^$", "unknown modifier" },
		{ "||ads.example^$important,", "unknown modifier" },
		{ "||ads.example^$~important", "unknown modifier" },
		{ "||ads.example^$important=1", "unknown modifier" },
		{ "||ads.example^$client='a\\,newthing'", "mask ||ads.example| if" },
		{ "ads.example$important", "!mask ads.example" }, /* a part of names */
	};

	(void)state;
	check(SHAPE_ADBLOCK, rows, ARRAY_SIZE(rows));
}

static void adblock_rules_of_browsers_are_told_apart(void **state)
{
	static const struct row rows[] = {
		{ "[Adblock Plus 2.0]", "heading" },
		{ "! ||ads.example^", "comment" },
		{ "!#include other.txt", "directive" },
		{ "# ads.example", "comment" },
		{ "#ads.example", "comment" },
		{ "#", "comment" },
		{ "##########", "comment" },
		{ "#=====", "comment" },
		{ "## ads", "comment" },
		{ "##.ad", "cosmetic" },
		{ "###ad", "cosmetic" },
		{ "ads.example##.banner", "cosmetic" },
		{ "ads.example,b.example#@#.banner", "cosmetic" },
		{ "ads.example#?#div:has(a)", "cosmetic" },
		{ "ads.example#$#body { x: y }", "cosmetic" },
		{ "ads.example#%#//scriptlet('x')", "cosmetic" },
		{ "ads.example##+js(x)", "cosmetic" },
		{ "ads.example$$script[a=\"b\"]", "cosmetic" },
		{ "/banner/ads.js", "URL" },
		{ "||ads.example/path^", "URL" },
		{ "||ads.example^/path", "URL" },
		{ "||ads.example:8080^", "URL" },
		{ "|http://ads.example", "URL" },
		{ "|https://", "URL" },
		{ "@@||ads.example/path$script", "URL" },
		{ "&ad_box=", "URL" },
		{ "/^ads[0-9]+\\.example$/", "regex ^ads[0-9]+\\.example$" },
		{ "/ads/$client=192.168.0.0/24", "regex ads if" },
		{ "/ads/$badfilter", "-regex ads" },
		{ "/ads/$popup", "for browsers only" },
		{ "/^https?:\\/\\/ads/", "URL" },
		{ "//", "regular expression" },
		{ "@@/ads/$important", "@@!regex ads" },
		{ "ads.example # why", "ads.example" },
		{ "ads.example#why", "ads.example" },
		{ "||ads.example^ # https://x.example/", "*.ads.example" },
		{ "0.0.0.0 a.example b.example", "a.example; b.example" },
		{ "127.0.0.1 localhost", "local name" },
		{ ":: ads.example # why", "ads.example" },
		{ "", "empty" },
	};

	(void)state;
	check(SHAPE_ADBLOCK, rows, ARRAY_SIZE(rows));
}

static void rpz_triggers_and_actions(void **state)
{
	static const struct row rows[] = {
		{ "$TTL 60", "heading" },
		{ "@ IN SOA localhost. root.localhost. (", "heading" },
		{ "  2026081601 ; serial", "heading" },
		{ "  25200 3600 2592000 18000 )", "heading" },
		{ "  IN NS localhost.", "heading" },
		{ "  TXT \"about this zone\"", "heading" },
		{ "; a.example CNAME .", "comment" },
		{ "  ; a comment", "comment" },
		{ "", "empty" },
		{ "a.example CNAME .", "a.example" },
		{ "*.a.example CNAME .", "*.*.a.example" },
		{ "a.example\tCNAME\t.", "a.example" },
		{ "A.Example IN cname . ; why", "a.example" },
		{ "a.example 60 IN CNAME .", "a.example" },
		{ "a.example IN 1h CNAME *.", "a.example nodata" },
		{ "b.example CNAME rpz-passthru.", "@@b.example" },
		{ "*.b.example CNAME rpz-passthru.", "@@*.*.b.example" },
		{ "c.example CNAME c.example.", "@@c.example" },
		{ "*.c.example CNAME c.example.", "@@*.*.c.example" },
		{ "d.example CNAME rpz-drop.", "d.example drop" },
		{ "d.example CNAME rpz-tcp-only.", "d.example tcp-only" },
		{ "d.example CNAME garden.example.", "answer of its own" },
		{ "d.example CNAME *.garden.example.", "answer of its own" },
		{ "d.example A 198.51.100.1", "answer of its own" },
		{ "   AAAA 2001:db8::1", "answer of its own" },
		{ "e.example CNAME .", "e.example" },
		{ "  CNAME .", "e.example" },
		{ "32.1.2.0.192.rpz-ip CNAME .", "192.0.2.1" },
		{ "32.1.2.0.192.rpz-ip CNAME rpz-passthru.", "@@192.0.2.1" },
		{ "48.zz.db8.2001.rpz-ip CNAME *.", "2001:db8::/48 nodata" },
		{ "33.1.2.0.192.rpz-ip CNAME .", "address where a name belongs" },
		{ "32.1.2.0.192.rpz-ip A 198.51.100.1", "answer of its own" },
		{ "24.0.2.0.192.rpz-client-ip CNAME rpz-drop.", "from 192.0.2.0/24 drop" },
		{ "ns.example.rpz-nsdname CNAME .", "rpz-nsdname" },
		{ "32.1.2.0.192.rpz-nsip CNAME .", "rpz-nsip" },
		{ "* CNAME .", "pattern too wide" },
		{ "*.zip CNAME .", "*.*.zip" },
		{ "zip CNAME .", "single label" },
		{ "localhost CNAME .", "local name" },
		{ "a.*.example CNAME .", "pattern" },
		{ "192.0.2.1 CNAME .", "address where a name belongs" },
		{ "a.example. CNAME .", "a.example" }, /* the zone's name is not known */
		{ "a.example CNAME", "not a line of this format" },
		{ "a.example CNAME . x", "not a line of this format" },
		{ "a.example", "not a line of this format" },
		{ "$INCLUDE /etc/x", "directive" },
		{ "$GENERATE 1-9 a$ CNAME .", "directive" },
		{ "a.example SOA x. y. ((((((((((((", "heading" },
		{ "))))))))))))))))", "heading" },
		{ "f.example CNAME .", "f.example" },
	};

	(void)state;
	check(SHAPE_RPZ, rows, ARRAY_SIZE(rows));
}

static void rpz_owners_are_relative_to_their_zone(void **state)
{
	static const struct row rows[] = {
		{ "  CNAME .", "not a line of this format" }, /* no owner to inherit */
		{ "$ORIGIN rpz.test.", "heading" },
		{ "@ SOA localhost. root. 1 2 3 4 5", "heading" },
		{ "a.example CNAME .", "a.example" },
		{ "b.example.rpz.test. CNAME .", "b.example" },
		{ "*.b.example.RPZ.test. CNAME .", "*.*.b.example" },
		{ "c.example. CNAME .", "outside its zone" },
		{ "  CNAME .", "outside its zone" },
		{ "xrpz.test. CNAME .", "outside its zone" },
		{ "$ORIGIN example", "heading" },
		{ "d CNAME .", "d.example" },
		{ "@ CNAME .", "single label" },
		{ "$ORIGIN com.rpz.test.", "heading" },
		{ "e CNAME .", "e.com" },
		{ "$ORIGIN other.test.", "heading" },
		{ "f CNAME .", "outside its zone" },
		{ "f.com.rpz.test. CNAME .", "f.com" },
		{ "$ORIGIN rpz.test.", "heading" },
		{ "g.com CNAME g.com.", "@@g.com" },
	};
	static const struct row soa[] = {
		{ "rpz.test. IN SOA localhost. root. 1 2 3 4 5", "heading" },
		{ "a.example.rpz.test. CNAME .", "a.example" },
		{ "b.example CNAME .", "b.example" },
	};
	static const struct row root[] = {
		{ "$ORIGIN .", "heading" },
		{ "a.example. CNAME .", "a.example" },
		{ "b.example CNAME .", "b.example" },
	};

	(void)state;
	check(SHAPE_RPZ, rows, ARRAY_SIZE(rows));
	check(SHAPE_RPZ, soa, ARRAY_SIZE(soa));
	check(SHAPE_RPZ, root, ARRAY_SIZE(root));
}

static void zero_octets_and_long_lines_end_nothing_but_the_line(void **state)
{
	static const enum list_shape shapes[] = { SHAPE_NAMES, SHAPE_ADBLOCK, SHAPE_DNSMASQ,
						  SHAPE_UNBOUND, SHAPE_RPZ };
	static char line[LIST_LINE_MAX];
	static const char fills[] = "a./=|*$,#\" (@";
	static struct list_parser p;
	struct list_entry e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		list_parser_init(&p, shapes[i]);
		for (size_t f = 0; f < sizeof(fills); f++) {
			size_t results = 0;

			memset(line, fills[f], sizeof(line));
			memcpy(line, "address=", 8);
			list_parser_line(&p, line, sizeof(line));
			while (list_parser_next(&p, &e) != LINE_END)
				assert_true(++results <= sizeof(line));
		}
		list_parser_line(&p, "||a.example^\0||b.example^", 25);
		assert_int_not_equal(list_parser_next(&p, &e), LINE_ENTRY);
	}
}

static void every_rule_has_a_number_of_its_own(void **state)
{
	uint32_t seen = 0;

	(void)state;
	for (unsigned i = 0; i < 2 * SCOPES * LEVELS; i++) {
		struct list_entry e = { .scope = (uint8_t)(i % SCOPES),
					.level = (uint8_t)(i / SCOPES % LEVELS),
					.disables = i >= SCOPES * LEVELS };
		unsigned rule = list_rule_of(&e);

		assert_in_range(rule, 0, LIST_RULES - 1);
		assert_false(seen >> rule & 1);
		seen |= 1u << rule;
		assert_int_equal(list_rule_scope(rule), e.scope);
		assert_int_equal(list_rule_level(rule), e.level);
		assert_int_equal(list_rule_disables(rule), e.disables);
		assert_int_equal(LIST_RULES_SELF >> rule & 1, e.scope != SCOPE_BELOW);
		assert_int_equal(LIST_RULES_BELOW >> rule & 1, e.scope != SCOPE_EXACT);
		assert_int_equal(LIST_RULES_EXACT >> rule & 1, e.scope == SCOPE_EXACT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dnsmasq_blocks_a_name_and_all_below),
		cmocka_unit_test(smartdns_differs_where_it_does),
		cmocka_unit_test(unbound_zones_block_or_open_again),
		cmocka_unit_test(adblock_anchors_say_which_names),
		cmocka_unit_test(adblock_modifiers_are_heeded_or_end_the_rule),
		cmocka_unit_test(adblock_rules_of_browsers_are_told_apart),
		cmocka_unit_test(rpz_triggers_and_actions),
		cmocka_unit_test(rpz_owners_are_relative_to_their_zone),
		cmocka_unit_test(every_rule_has_a_number_of_its_own),
		cmocka_unit_test(zero_octets_and_long_lines_end_nothing_but_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
