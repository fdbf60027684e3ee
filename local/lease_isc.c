/*
 * dhcpd.leases(5) and dhcpd6.leases; see lease_file.h. A file is a sequence of statements
 * that end with ';' or are blocks. Of those we look into
 *
 *   lease 192.0.2.5 { ends 5 2026/11/27 20:00:00; binding state active;
 *                     hardware ethernet 7c:2f:80:00:11:22; client-hostname "nas"; }
 *   ia-na "..." { iaaddr 2001:db8::5 { binding state active; ends ...; } }
 */
#include <string.h>
#include <time.h>

#include "lib/util.h"
#include "local/lease_file.h"
#include "local/dhcp_leases.h"
#include "local/text_scan.h"

#define WORDS_MAX 8 /* of a statement; further ones are passed over */

struct statement {
	struct span words[WORDS_MAX];
	unsigned count;
	char end; /* ';', '{' or '}'; '\0' at the end of the text */
	uint32_t line;
};

struct scanner {
	struct span text;
	uint32_t line;
};

static void advance(struct scanner *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		s->line += s->text.at[i] == '\n';
	s->text.at += n;
	s->text.len -= n;
}

/* Over space and comments. */
static void skip_space(struct scanner *s)
{
	while (s->text.len) {
		char c = s->text.at[0];

		if (c == '#') {
			const char *end = memchr(s->text.at, '\n', s->text.len);

			advance(s, end ? (size_t)(end - s->text.at) : s->text.len);
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			advance(s, 1);
		} else {
			return;
		}
	}
}

/* A quoted word, without its quotes; escapes stay as they are. */
static struct span quoted(struct scanner *s)
{
	struct span word = { s->text.at + 1, 0 };
	size_t n = 1;

	while (n < s->text.len && s->text.at[n] != '"')
		n += s->text.at[n] == '\\' ? 2 : 1;
	n = MIN(n, s->text.len);
	word.len = n - 1;
	advance(s, MIN(n + 1, s->text.len));
	return word;
}

static struct span plain(struct scanner *s)
{
	struct span word = { s->text.at, 0 };

	while (word.len < s->text.len && !strchr(" \t\r\n;{}\"#", s->text.at[word.len]))
		word.len++;
	if (!word.len)
		word.len = 1; /* a NUL, which strchr finds */
	advance(s, word.len);
	return word;
}

/* The next one up to its end; false: the text is over. */
static bool next_statement(struct scanner *s, struct statement *out)
{
	*out = (struct statement){ .count = 0 };
	for (;;) {
		struct span word;

		skip_space(s);
		if (!out->count)
			out->line = s->line;
		if (!s->text.len)
			return out->count > 0;
		if (strchr(";{}", s->text.at[0]) && s->text.at[0]) {
			out->end = s->text.at[0];
			advance(s, 1);
			return true;
		}
		word = s->text.at[0] == '"' ? quoted(s) : plain(s);
		if (out->count < WORDS_MAX)
			out->words[out->count++] = word;
	}
}

static bool is(const struct statement *t, unsigned word, const char *text)
{
	return word < t->count && span_is(&t->words[word], text);
}

/* "5 2026/11/27 20:00:00", which is UTC, "epoch 1795809600", or "never". */
static void read_ends(const struct statement *t, struct dhcp_lease *l)
{
	char date[16], hour[16];
	struct tm tm = { 0 };
	uint64_t epoch;

	l->until_s = 0;
	if (is(t, 1, "never") || t->count < 3)
		return;
	if (is(t, 1, "epoch")) {
		if (span_number(&t->words[2], INT64_MAX, &epoch))
			l->until_s = (int64_t)epoch;
		return;
	}
	if (t->count < 4 || !span_copy(&t->words[2], date, sizeof(date)) ||
	    !span_copy(&t->words[3], hour, sizeof(hour)) ||
	    !strptime(date, "%Y/%m/%d", &tm) || !strptime(hour, "%H:%M:%S", &tm))
		return;
	l->until_s = (int64_t)timegm(&tm);
}

static void read_hardware(const struct statement *t, struct dhcp_lease *l)
{
	char text[MAC_TEXT_MAX];

	if (!is(t, 1, "ethernet") || t->count < 3 ||
	    !span_copy(&t->words[2], text, sizeof(text)) || mac_from_text(text, &l->mac))
		return;
	l->has_mac = mac_is_unicast(&l->mac);
	l->owner = dhcp_owner(l->mac.bytes, sizeof(l->mac.bytes));
}

static void read_into(const struct statement *t, struct dhcp_lease *l)
{
	if (is(t, 0, "ends"))
		read_ends(t, l);
	else if (is(t, 0, "binding") && is(t, 1, "state"))
		l->is_active = is(t, 2, "active");
	else if (is(t, 0, "hardware"))
		read_hardware(t, l);
	else if (is(t, 0, "uid") && !l->has_mac && t->count > 1)
		l->owner = dhcp_owner(t->words[1].at, t->words[1].len);
	else if (is(t, 0, "client-hostname") && t->count > 1)
		host_label(t->words[1].at, t->words[1].len, l->name);
}

static bool begins_lease(const struct statement *t, struct dhcp_lease *l)
{
	char text[ADDR_TEXT_MAX];

	if (t->end != '{' || t->count < 2 ||
	    (!span_is(&t->words[0], "lease") && !span_is(&t->words[0], "iaaddr")) ||
	    !span_copy(&t->words[1], text, sizeof(text)))
		return false;
	*l = (struct dhcp_lease){ .line = t->line, .is_active = true };
	return !addr_from_text(text, &l->addr);
}

int lease_file_isc(const char *text, size_t len, struct dhcp_leases *to)
{
	struct scanner s = { .text = { text, len }, .line = 1 };
	unsigned depth = 0, inside = 0; /* depth of the lease's own statements; 0: in none */
	struct dhcp_lease l = { .line = 0 };
	uint64_t duid = 0; /* of the ia-na block around */
	struct statement t;
	int rc = 0;

	while (!rc && next_statement(&s, &t)) {
		if (t.end == '{')
			depth++;
		if (!inside && begins_lease(&t, &l)) {
			inside = depth;
			l.owner = duid;
		} else if (t.end == '{' && t.count > 1 && is(&t, 0, "ia-na")) {
			duid = dhcp_owner(t.words[1].at, t.words[1].len);
		} else if (t.end == ';' && inside && depth == inside) {
			read_into(&t, &l);
		} else if (t.end == '}') {
			if (inside && depth == inside) {
				rc = dhcp_leases_put(to, &l); /* one cut short is none */
				inside = 0;
			}
			depth -= depth > 0;
		}
	}
	return rc;
}
