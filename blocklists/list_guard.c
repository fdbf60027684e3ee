/* Names that no subscription blocks; see list_guard.h. */
#include "blocklists/list_guard.h"

#include <errno.h>
#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

#include "blocklists/list_mask.h"
#include "blocklists/list_regex.h"
#include "conf/conf.h"
#include "lib/hash.h"
#include "lib/util.h"

#define SUFFIX_LABELS 3 /* no suffix has more */
#define SEEN_BITS     4096
#define STEPS	      (10 * LIST_REGEX_STEPS) /* of one expression, over all names */

struct list_guard {
	struct dname names[LIST_GUARD_NAMES]; /* lower case */
	size_t count;
	uint64_t seen[SEEN_BITS / 64]; /* hashes of the names and of all above them */
};

static const char *const needed[] = { "deb.debian.org", "security.debian.org",
				      "pool.ntp.org", "0.debian.pool.ntp.org" };

int list_guard_new(struct list_guard **out)
{
	struct list_guard *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	*out = g;
	return 0;
}

void list_guard_free(struct list_guard *g)
{
	free(g);
}

static unsigned bit_of(const uint8_t *wire, size_t len)
{
	static const struct hash_key key = { { 0x6c6973742d677561, 1 } }; /* no secret */

	return (unsigned)(hash_bytes(&key, wire, len) % SEEN_BITS);
}

void list_guard_add(struct list_guard *g, const struct dname *name)
{
	struct dname d = *name;

	if (g->count == LIST_GUARD_NAMES || d.len < 2)
		return;
	dname_lower(&d);
	g->names[g->count++] = d;
	for (size_t at = 0; d.wire[at]; at += 1u + d.wire[at]) {
		unsigned bit = bit_of(d.wire + at, d.len - at);

		g->seen[bit / 64] |= 1ull << bit % 64;
	}
}

static void add_text(struct list_guard *g, const char *text, size_t len)
{
	char copy[DNAME_TEXT_MAX];
	struct dname d;

	if (len >= sizeof(copy))
		return;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (!dname_from_text(copy, &d))
		list_guard_add(g, &d);
}

/** The host of a URL that the configuration's reader has checked. */
static void add_host(struct list_guard *g, const char *url)
{
	const char *at = strstr(url, "://");

	if (at)
		add_text(g, at + 3, strcspn(at + 3, "/:?#"));
}

int list_guard_of_conf(const struct conf *conf, struct list_guard **out)
{
	struct list_guard *g;
	int rc = list_guard_new(&g);

	if (rc)
		return rc;
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		add_text(g, needed[i], strlen(needed[i]));
	for (size_t i = 0; i < conf->list_count; i++)
		if (conf->lists[i].url)
			add_host(g, conf->lists[i].url);
	for (size_t i = 0; i < conf->upstream_count; i++)
		for (size_t k = 0; k < conf->upstreams[i].server_count; k++) {
			const struct conf_tls *tls = conf->upstreams[i].servers[k].tls;

			if (tls)
				add_text(g, tls->name, strlen(tls->name));
		}
	for (size_t i = 0; i < conf->local_count; i++)
		list_guard_add(g, &conf->locals[i].suffix);
	for (size_t i = 0; i < conf->forward_count; i++)
		list_guard_add(g, &conf->forwards[i].suffix);
	for (size_t i = 0; i < conf->host_count; i++)
		list_guard_add(g, &conf->hosts[i].name);
	*out = g;
	return 0;
}

uint64_t list_guard_hash(const struct list_guard *g)
{
	const char *suffixes = psl_builtin_sha1sum();
	struct hash_key carried = { { 0, 1 } };

	carried.k[0] = hash_bytes(&carried, suffixes, strlen(suffixes));
	for (size_t i = 0; i < g->count; i++)
		carried.k[0] = hash_bytes(&carried, g->names[i].wire, g->names[i].len);
	return carried.k[0];
}

/* --- suffixes ------------------------------------------------------------------------- */

/** Whether a registry runs it. @param labels  how many it has */
static bool is_suffix(const char *text, unsigned labels)
{
	static const char *const plain[] = { ".com", ".net", ".org" };
	size_t len = strlen(text);

	if (labels > SUFFIX_LABELS)
		return false;
	for (size_t i = 0; labels > 1 && i < ARRAY_SIZE(plain); i++)
		if (len > 4 && !memcmp(text + len - 4, plain[i], 4))
			return false; /* they have none below them, and most names: save the time */
	return psl_is_public_suffix2(psl_builtin(), text, PSL_TYPE_ICANN);
}

/* --- names ---------------------------------------------------------------------------- */

static bool covers(const struct list_entry *e, const struct dname *name)
{
	switch (e->scope) {
	case SCOPE_EXACT:
		return dname_equal(name, &e->name);
	case SCOPE_SUBTREE:
		return dname_is_under(name, &e->name);
	default:
		return dname_is_under(name, &e->name) && !dname_equal(name, &e->name);
	}
}

static bool is_blocking(unsigned level)
{
	return level == LEVEL_BLOCK || level == LEVEL_IMPORTANT;
}

bool list_guard_covers(const struct list_guard *g, const struct list_entry *e)
{
	unsigned bit = bit_of(e->name.wire, e->name.len);
	unsigned labels = dname_labels(&e->name);
	char text[DNAME_TEXT_MAX];

	if (e->disables || !is_blocking(e->level))
		return false;
	if (e->scope != SCOPE_EXACT && labels <= SUFFIX_LABELS &&
	    is_suffix(dname_to_text(&e->name, text), labels))
		return true;
	if (!(g->seen[bit / 64] >> bit % 64 & 1))
		return false;
	for (size_t i = 0; i < g->count; i++)
		if (covers(e, &g->names[i]))
			return true;
	return false;
}

/* --- patterns and expressions --------------------------------------------------------- */

/** "*.x", ".x" and the like, bound to the end: the suffix alone. @retval NULL  another form */
static const char *mask_suffix(const struct list_side *s, char *buf, unsigned *labels)
{
	size_t from = 0;

	while (from < s->text_len && (s->text[from] == '*' || s->text[from] == '.'))
		from++;
	if (!(s->anchors & ANCHOR_END) || (!from && !(s->anchors & ANCHOR_LABEL)) ||
	    from == s->text_len || memchr(s->text + from, '*', s->text_len - from))
		return NULL;
	memcpy(buf, s->text + from, s->text_len - from);
	buf[s->text_len - from] = '\0';
	*labels = 1;
	for (const char *p = buf; (p = strchr(p, '.')); p++)
		++*labels;
	return buf;
}

static bool expression_fits(const struct list_guard *g, const struct list_side *s)
{
	struct list_regexes *set;
	unsigned steps = STEPS;
	bool fits = false;

	if (list_regexes_new(1, &set))
		return false;
	if (!list_regexes_add(set, 0, s->text, s->text_len)) {
		for (size_t i = 0; i < g->count && !fits; i++) {
			char text[DNAME_TEXT_MAX];

			dname_to_text(&g->names[i], text);
			fits = list_regexes_match(set, 0, text, strlen(text), &steps);
		}
	}
	list_regexes_free(set);
	return fits;
}

/** Octets that a name must have for a mask: most masks are told from most names by this. */
static size_t octets_of(const struct list_side *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->text_len; i++)
		n += s->text[i] != '*';
	return n;
}

static bool mask_fits(const struct list_guard *g, const struct list_side *s)
{
	size_t least = octets_of(s);

	for (size_t i = 0; i < g->count; i++) {
		char text[DNAME_TEXT_MAX];

		if (least >= g->names[i].len)
			continue;
		dname_to_text(&g->names[i], text);
		if (list_mask_match(s->anchors, s->text, s->text_len, text, strlen(text)))
			return true;
	}
	return false;
}

bool list_guard_covers_side(const struct list_guard *g, const struct list_side *s)
{
	char text[LIST_SIDE_TEXT + 1];
	const char *suffix;
	unsigned labels;

	if (s->disables || !is_blocking(s->level))
		return false;
	if (s->kind == SIDE_REGEX)
		return expression_fits(g, s);
	suffix = mask_suffix(s, text, &labels);
	return (suffix && is_suffix(suffix, labels)) || mask_fits(g, s);
}
