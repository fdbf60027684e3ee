/*
 * A tolerant reader of master files (RFC 1035 §5), for the triggers and actions of
 * draft-vixie-dnsop-dns-rpz: the SOA may be missing, owners are inherited, names without an
 * origin are what they say. All that is not honoured is told apart.
 */
#include "blocklists/list_rpz.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/util.h"

#define WORDS_MAX 8

struct word {
	const char *text; /* borrowed */
	size_t len;
};

/** One record: what stands on its first line. */
struct record {
	struct word words[WORDS_MAX];
	unsigned count; /* WORDS_MAX: that many, or more */
	bool is_inherited; /* the line begins with a blank: no owner */
};

static bool word_is(const struct word *w, const char *text)
{
	return w->len == strlen(text) && !strncasecmp(w->text, text, w->len);
}

/** Split a line, up to its comment; count parentheses. */
static void record_split(struct list_zone *z, const char *text, struct record *r)
{
	const char *p = text;

	r->count = 0;
	r->is_inherited = isspace((unsigned char)*text);
	while (*p && *p != ';') {
		size_t n;

		if (isspace((unsigned char)*p)) {
			p++;
			continue;
		}
		if (*p == '(' || *p == ')') {
			z->depth = *p == '(' ? MIN(z->depth + 1, 8u) :
				   z->depth ? z->depth - 1 : 0;
			p++;
			continue;
		}
		n = *p == '"' ? 1 + strcspn(p + 1, "\"") : strcspn(p, " \t\v\f\r;()");
		n += *p == '"' && p[n] == '"';
		if (r->count < WORDS_MAX)
			r->words[r->count++] = (struct word){ p, n };
		p += n;
	}
}

/** Whether text lies at or under suffix; then *len is cut to what stands before it. */
static bool cut_suffix(const char *text, size_t *len, const char *suffix)
{
	size_t n = strlen(suffix);

	if (!n)
		return true;
	if (*len == n && !strncasecmp(text, suffix, n)) {
		*len = 0;
		return true;
	}
	if (*len <= n || text[*len - n - 1] != '.' ||
	    strncasecmp(text + *len - n, suffix, n))
		return false;
	*len -= n + 1;
	return true;
}

/** A name as a zone file has it -> relative to the apex. @retval false  outside, too long */
static bool name_resolve(const struct list_zone *z, const struct word *w,
			 char out[LIST_ZONE_NAME])
{
	size_t len = w->len;
	const char *dot;

	if (len && w->text[len - 1] == '.') {
		len--;
		if (z->has_apex && !cut_suffix(w->text, &len, z->apex))
			return false;
		return snprintf(out, LIST_ZONE_NAME, "%.*s", (int)len, w->text) <
		       LIST_ZONE_NAME;
	}
	if (z->is_outside)
		return false;
	if (word_is(w, "@"))
		len = 0;
	dot = len && z->origin[0] ? "." : "";
	return snprintf(out, LIST_ZONE_NAME, "%.*s%s%s", (int)len, w->text, dot, z->origin) <
	       LIST_ZONE_NAME;
}

static void set_apex(struct list_zone *z, const struct word *w)
{
	size_t len = w->len - 1;

	if (len >= sizeof(z->apex))
		return;
	memcpy(z->apex, w->text, len);
	z->apex[len] = '\0';
	z->has_apex = true;
}

static bool is_absolute(const struct word *w)
{
	return w->len && w->text[w->len - 1] == '.';
}

/** "$TTL", "$ORIGIN" and the like. */
static enum list_line_kind control_line(struct list_zone *z, const struct record *r)
{
	char origin[LIST_ZONE_NAME];

	if (word_is(&r->words[0], "$TTL"))
		return LINE_HEADING;
	if (!word_is(&r->words[0], "$ORIGIN"))
		return LINE_DIRECTIVE;
	if (r->count < 2)
		return LINE_BAD_SYNTAX;
	if (!z->has_apex && is_absolute(&r->words[1]))
		set_apex(z, &r->words[1]);
	z->is_outside = false;
	z->is_outside = !name_resolve(z, &r->words[1], origin);
	if (!z->is_outside)
		memcpy(z->origin, origin, sizeof(origin));
	return LINE_HEADING;
}

/** A TTL (RFC 2308 and BIND's units) or a class. */
static bool is_ttl_or_class(const struct word *w)
{
	size_t digits = strspn(w->text, "0123456789");

	if (digits && strspn(w->text, "0123456789smhdwSMHDW") >= w->len)
		return true;
	return word_is(w, "IN") || word_is(w, "CH") || word_is(w, "HS");
}

/** "rpz-ip" and its like behind the owner's other labels. */
static enum list_line_kind special_trigger(const char *owner, struct list_span *span)
{
	size_t n = strlen(owner);

	if (cut_suffix(owner, &n, "rpz-ip"))
		return list_span_read_rpz(owner, n, false, span) ? LINE_SPAN : LINE_BAD_ADDRESS;
	if (cut_suffix(owner, &n, "rpz-client-ip"))
		return list_span_read_rpz(owner, n, true, span) ? LINE_SPAN : LINE_BAD_ADDRESS;
	if (cut_suffix(owner, &n, "rpz-nsdname"))
		return LINE_RPZ_NSDNAME;
	return cut_suffix(owner, &n, "rpz-nsip") ? LINE_RPZ_NSIP : LINE_ENTRY;
}

/** What the trigger of an owner is. LINE_ENTRY: a name, and out has it. */
static enum list_line_kind trigger_read(const char *owner, struct list_entry *out,
					struct list_span *span)
{
	size_t len = strlen(owner);
	enum list_line_kind kind = special_trigger(owner, span);

	if (kind != LINE_ENTRY)
		return kind;
	if (!strcmp(owner, "*"))
		return LINE_MASK;
	out->scope = SCOPE_EXACT;
	if (!strncmp(owner, "*.", 2)) {
		out->scope = SCOPE_BELOW;
		owner += 2;
		len -= 2;
	}
	kind = list_name_read(owner, len, &out->name);
	if (kind == LINE_ENTRY && out->scope == SCOPE_EXACT &&
	    out->name.wire[0] + 2u == out->name.len)
		return LINE_BAD_SINGLE;
	return kind;
}

/** `CNAME owner.`, the old way to write passthru. */
static bool is_itself(const struct list_zone *z, const struct word *target)
{
	const char *owner = z->owner + (strncmp(z->owner, "*.", 2) ? 0 : 2);

	return target->len == strlen(owner) + 1 && is_absolute(target) &&
	       !strncasecmp(target->text, owner, target->len - 1);
}

/** What a record's type and data do. LINE_ENTRY: level and action of e are set. */
static enum list_line_kind action_read(const struct list_zone *z, const struct word *type,
				       const struct word *data, struct list_entry *e)
{
	struct word target = *data;

	if (!word_is(type, "CNAME"))
		return LINE_DATA;
	e->level = LEVEL_BLOCK;
	e->action = ACTION_BLOCK;
	if (word_is(data, "."))
		return LINE_ENTRY;
	target.len -= is_absolute(data);
	if (word_is(data, "*."))
		e->action = ACTION_NODATA;
	else if (word_is(&target, "rpz-drop"))
		e->action = ACTION_DROP;
	else if (word_is(&target, "rpz-tcp-only"))
		e->action = ACTION_TCP_ONLY;
	if (e->action != ACTION_BLOCK)
		return LINE_ENTRY;
	e->level = LEVEL_ALLOW;
	return word_is(&target, "rpz-passthru") || is_itself(z, data) ? LINE_ENTRY : LINE_DATA;
}

/** The owner of a record into z. @return the words it took */
static unsigned owner_take(struct list_zone *z, const struct record *r)
{
	if (r->is_inherited)
		return 0;
	z->is_owner_outside = !name_resolve(z, &r->words[0], z->owner);
	z->has_owner = true;
	return 1;
}

static enum list_line_kind record_read(struct list_zone *z, const struct record *r,
				       struct list_entry *out, struct list_span *span)
{
	struct list_entry e = { .scope = SCOPE_EXACT };
	struct list_span s = { .table = 0 };
	enum list_line_kind trigger, action;
	unsigned at = owner_take(z, r);

	while (at < r->count && is_ttl_or_class(&r->words[at]))
		at++;
	if (at >= r->count || (at + 1 == r->count && !z->depth))
		return LINE_BAD_SYNTAX;
	if (word_is(&r->words[at], "SOA") || word_is(&r->words[at], "NS")) {
		if (!r->is_inherited && !z->has_apex && is_absolute(&r->words[0]))
			set_apex(z, &r->words[0]);
		return LINE_HEADING;
	}
	if (at + 1 == r->count || !z->has_owner)
		return LINE_BAD_SYNTAX;
	if (z->is_owner_outside)
		return LINE_BAD_ZONE;
	if (!z->owner[0]) /* what a zone says of itself */
		return LINE_HEADING;
	trigger = trigger_read(z->owner, &e, &s);
	if (trigger != LINE_ENTRY && trigger != LINE_SPAN)
		return trigger;
	action = action_read(z, &r->words[at], &r->words[at + 1], &e);
	if (action != LINE_ENTRY)
		return action;
	if (at + 2 != r->count)
		return LINE_BAD_SYNTAX;
	if (trigger == LINE_SPAN) {
		s.level = e.level;
		s.action = e.action;
		*span = s;
	} else {
		*out = e;
	}
	return trigger;
}

enum list_line_kind list_rpz_line(struct list_zone *z, const char *text,
				  struct list_entry *out, struct list_span *span)
{
	unsigned depth = z->depth;
	struct record r;

	record_split(z, text, &r);
	if (depth) /* the rest of a record whose first line was judged */
		return LINE_HEADING;
	if (!r.count)
		return text[strspn(text, " \t\r")] ? LINE_COMMENT : LINE_EMPTY;
	if (r.words[0].text[0] == '$' && !r.is_inherited)
		return control_line(z, &r);
	return record_read(z, &r, out, span);
}
