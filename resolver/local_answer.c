/* What is answered here; see local_answer.h. */
#include "resolver/local_answer.h"

#include <string.h>

#include "conf/conf.h"
#include "lib/util.h"
#include "local/local_image.h"
#include "resolver/special.h"

#define SPECIAL_TTL_S  3600
#define NEGATIVE_TTL_S 10 /* of names that a device may get any time */
#define TYPE_DS	       43

_Static_assert(LOCAL_ANSWER_MAX >= LOCAL_CHAIN_MAX + LOCAL_RRSET_MAX, "a chain and an RRset");

static const uint8_t loopback4[] = { 127, 0, 0, 1 };
static const uint8_t loopback6[16] = { [15] = 1 };
static const uint8_t localhost[] = "\11localhost";

struct finder {
	const struct local_image *image;
	const struct conf *conf;
	const struct wire_question *q;
	int64_t now_s;
	struct local_answer *out;
	bool is_known; /* the name has records here, of whatever type */
};

static void say_empty(struct local_answer *out, unsigned rcode, size_t apex_at, uint32_t ttl_s,
		      const char *why)
{
	out->kind = LOCAL_EMPTY;
	out->rcode = (uint16_t)rcode;
	out->apex_at = (uint8_t)apex_at;
	out->ttl_s = ttl_s;
	out->why = why;
}

static void add(struct local_answer *out, uint16_t type, const void *data, size_t len,
		uint32_t ttl_s, bool is_target)
{
	if (out->count == LOCAL_ANSWER_MAX)
		return;
	out->kind = LOCAL_RECORDS;
	out->rrs[out->count++] = (struct wire_own_rr){
		.type = type, .len = (uint16_t)len, .ttl_s = ttl_s, .data = data,
		.is_target = is_target,
	};
}

static bool is_asked(const struct wire_question *q, unsigned type)
{
	return q->qtype == type || q->qtype == TYPE_ANY;
}

/* --- local data ------------------------------------------------------------------------- */

/* The longest local suffix over a name that no longer forward line takes away; NULL: none. */
static const struct conf_local *find_suffix(const struct conf *conf, const struct dname *name)
{
	const struct conf_local *best = NULL;

	for (size_t i = 0; i < conf->local_count; i++) {
		const struct conf_local *l = &conf->locals[i];

		if (dname_is_under(name, &l->suffix) && (!best || l->suffix.len > best->suffix.len))
			best = l;
	}
	return best && !special_is_forwarded(conf, name, best->suffix.len) ? best : NULL;
}

/* What of a name's records holds now: those that were asked for are added.
 * @param target  set to the name a CNAME leads to, else to length 0
 * @return whether there is any record at all */
static bool add_match(struct finder *f, const struct local_match *m, bool is_target,
		      struct dname *target)
{
	bool any = false;

	target->len = 0;
	for (unsigned i = 0; i < m->count; i++) {
		struct local_rr rr = local_match_at(m, i);
		uint32_t ttl_s = rr.ttl_s;

		if (rr.until_s && rr.until_s <= f->now_s)
			continue;
		if (rr.until_s)
			ttl_s = (uint32_t)MIN((int64_t)ttl_s, rr.until_s - f->now_s);
		any = true;
		if (!f->out->file) {
			f->out->file = rr.source;
			f->out->line = rr.line;
		}
		if (rr.type == TYPE_CNAME && !is_asked(f->q, TYPE_CNAME)) {
			target->len = (uint8_t)rr.len;
			memcpy(target->wire, rr.data, rr.len);
		} else if (!is_asked(f->q, rr.type)) {
			continue;
		}
		add(f->out, rr.type, rr.data, rr.len, ttl_s, is_target);
	}
	return any;
}

/* @return whether the name has records here, of whatever type */
static bool find_records(struct finder *f)
{
	struct local_match m;
	struct dname target;

	if (!local_image_find(f->image, &f->q->qname, &m) || !add_match(f, &m, false, &target))
		return false;
	f->is_known = true;
	for (unsigned i = 1; target.len && i < LOCAL_CHAIN_MAX; i++)
		if (!local_image_find(f->image, &target, &m) || !add_match(f, &m, true, &target))
			break;
	return true;
}

/* Types by which a host is looked for: of a name that is ours nobody else is asked for them. */
static bool is_host_type(unsigned type)
{
	return type == TYPE_A || type == TYPE_AAAA || type == TYPE_CNAME || type == TYPE_PTR ||
	       type == TYPE_SVCB || type == TYPE_HTTPS || type == TYPE_ANY;
}

/* A zone's DS stands in the zone above, which is somebody else's (RFC 4035 §3.1.4.1). */
static bool is_of_parent(const struct wire_question *q, size_t apex_at)
{
	return q->qtype == TYPE_DS && !apex_at;
}

/* @return false: it is no name of local data */
static bool answer_local(struct finder *f)
{
	const struct dname *name = &f->q->qname;
	const struct conf_local *l = find_suffix(f->conf, name);
	size_t apex_at = l ? (size_t)name->len - l->suffix.len : 0;
	struct local_match m;

	if (l && is_of_parent(f->q, apex_at))
		return false;
	if (find_records(f)) {
		f->out->why = "local data";
		if (f->out->count)
			return true;
		if (!l && !is_host_type(f->q->qtype)) {
			f->out->file = NULL;
			return false;
		}
		say_empty(f->out, RCODE_NOERROR, apex_at, NEGATIVE_TTL_S, "local data");
		return true;
	}
	if (!l)
		return false;
	/* There, or above what is there. */
	say_empty(f->out, !apex_at || (local_image_find(f->image, name, &m) && !m.count) ?
			RCODE_NOERROR : RCODE_NXDOMAIN,
		  apex_at, NEGATIVE_TTL_S, "local");
	f->out->file = l->place.file;
	f->out->line = l->place.line;
	return true;
}

/* --- special names ---------------------------------------------------------------------- */

/* Octets of a whole reverse name: a shorter one is above some that may exist. */
static bool is_whole_reverse(const struct dname *name)
{
	unsigned labels = dname_labels(name);

	return labels == 6 || labels == 34;
}

static void answer_localhost(struct finder *f, const struct special *s)
{
	if (is_asked(f->q, TYPE_A))
		add(f->out, TYPE_A, loopback4, sizeof(loopback4), SPECIAL_TTL_S, false);
	if (is_asked(f->q, TYPE_AAAA))
		add(f->out, TYPE_AAAA, loopback6, sizeof(loopback6), SPECIAL_TTL_S, false);
	if (!f->out->count)
		say_empty(f->out, RCODE_NOERROR, s->apex_at, SPECIAL_TTL_S, s->why);
}

static bool is_loopback_reverse(const struct dname *name)
{
	static const uint8_t first[] = "\1""1\1""0\1""0\003127\7in-addr\4arpa";
	struct dname low = *name;

	if (name->len > sizeof(first)) /* ::1, the only name of its zone, or one below */
		return dname_labels(name) == 34;
	dname_lower(&low);
	return low.len == sizeof(first) && !memcmp(low.wire, first, sizeof(first));
}

static void answer_empty(struct finder *f, const struct special *s)
{
	bool is_reverse = s->answer == SPECIAL_REVERSE || s->answer == SPECIAL_LOOPBACK;
	bool exists = !s->apex_at || s->answer == SPECIAL_NODATA || f->is_known ||
		      (is_reverse && !is_whole_reverse(&f->q->qname));

	say_empty(f->out, exists ? RCODE_NOERROR : RCODE_NXDOMAIN, s->apex_at,
		  is_reverse ? NEGATIVE_TTL_S : SPECIAL_TTL_S, s->why);
}

static bool answer_special(struct finder *f)
{
	struct special s;

	special_find(f->conf, &f->q->qname, &s);
	if (s.answer == SPECIAL_NONE || s.answer == SPECIAL_PASS ||
	    is_of_parent(f->q, s.apex_at))
		return false;
	f->out->why = s.why;
	if (s.answer == SPECIAL_LOCALHOST)
		answer_localhost(f, &s);
	else if (s.answer == SPECIAL_LOOPBACK && is_loopback_reverse(&f->q->qname) &&
		 is_asked(f->q, TYPE_PTR))
		add(f->out, TYPE_PTR, localhost, sizeof(localhost), SPECIAL_TTL_S, false);
	else
		answer_empty(f, &s);
	return true;
}

/* --- the rest --------------------------------------------------------------------------- */

/* The address of a name without a dot. Other types are asked for: DS and NS of "com". */
static bool answer_single_label(struct finder *f)
{
	if (f->conf->special.single_labels != ASK_NOBODY || dname_labels(&f->q->qname) != 1 ||
	    !is_host_type(f->q->qtype) || special_is_forwarded(f->conf, &f->q->qname, 0))
		return false;
	say_empty(f->out, RCODE_NXDOMAIN, (size_t)f->q->qname.len - 1, NEGATIVE_TTL_S,
		  "single-labels");
	return true;
}

void local_answer_find(const struct local_image *image, const struct conf *conf,
		       const struct wire_question *q, int64_t now_s, struct local_answer *out)
{
	struct finder f = { .image = image, .conf = conf, .q = q, .now_s = now_s };

	out->kind = LOCAL_PASS;
	out->count = 0;
	out->why = "";
	out->file = NULL;
	out->line = 0;
	f.out = out;
	if (!answer_local(&f) && !answer_special(&f) && !answer_single_label(&f))
		out->kind = LOCAL_PASS;
}
