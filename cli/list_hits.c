/*
 * Names that lists blocked, from the history, then asked for in batches; see list_hits.h. A
 * name's lists are kept, for it comes again with another list, or another entry.
 */
#include "cli/list_hits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/control_client.h"
#include "db/report_seen.h"
#include "lib/addr.h"
#include "lib/dname.h"
#include "lib/util.h"

#define BATCH_MAX 1500 /* octets of names in a request, of which the daemon takes 2048 */

enum hit_column { HIT_LIST, HIT_NAME, HIT_PATTERN, HIT_N, HIT_COLUMNS };

/** A lookup's name or the entry that blocked it, and whose hit it is. */
struct hit {
	char *name; /* owned */
	uint64_t n;
	uint64_t holders; /* lists that block it now */
	unsigned list;
};

struct gather {
	const struct conf *conf;
	struct list_hits *out;
	struct hit *hits; /* owned */
	size_t count, room;
	uint64_t blocking; /* lists that some policy blocks by */
};

static unsigned find_list(const struct conf *conf, const char *name, size_t len)
{
	for (unsigned i = 0; i < conf->list_count; i++)
		if (strlen(conf->lists[i].name) == len &&
		    !strncmp(conf->lists[i].name, name, len))
			return i;
	return CONF_LISTS_MAX;
}

/* --- the history ---------------------------------------------------------------------- */

/** Whether an entry is for a name: "x", "*.x" is, and neither above a rule nor an address. */
static bool covers(const char *pattern, const struct dname *name)
{
	struct dname entry;

	if (!strncmp(pattern, "*.", 2))
		return !dname_from_text(pattern + 2, &entry) && dname_is_under(name, &entry);
	return !dname_from_text(pattern, &entry) && dname_equal(name, &entry);
}

/** What lists are to be asked about: the name, if the entry may be of it, else the entry's name:
 *  then it was a link of the answer. NULL: neither, as of an address. */
static const char *subject(const char *name, const char *pattern)
{
	const char *bare = strncmp(pattern, "*.", 2) ? pattern : pattern + 2;
	struct dname d, entry;
	struct addr a;

	if (dname_from_text(name, &d))
		return NULL;
	if (strpbrk(pattern, "|/^$*") && strpbrk(bare, "|/^$*"))
		return name; /* a rule: of what, the history does not say */
	if (covers(pattern, &d))
		return name;
	return strchr(bare, '/') || strchr(bare, ':') || !addr_from_text(bare, &a) ||
	       dname_from_text(bare, &entry) ? NULL : bare;
}

static int on_columns(void *arg, const char *const *names, size_t count)
{
	(void)arg;
	return count == HIT_COLUMNS && !strcmp(names[HIT_N], "n") ? 0 : -EPROTO;
}

static int keep(struct gather *g, const char *name, unsigned list, uint64_t n)
{
	if (g->count == g->room) {
		size_t room = g->room ? g->room * 2 : 256;
		struct hit *hits = reallocarray(g->hits, room, sizeof(*hits));

		if (!hits)
			return -ENOMEM;
		g->hits = hits;
		g->room = room;
	}
	g->hits[g->count] = (struct hit){ .name = strdup(name), .n = n, .list = list };
	return g->hits[g->count].name ? (g->count++, 0) : -ENOMEM;
}

static int on_row(void *arg, const struct report_value *v, size_t count)
{
	struct gather *g = arg;
	unsigned list = find_list(g->conf, v[HIT_LIST].text, strlen(v[HIT_LIST].text));
	const char *name;

	(void)count;
	if (list == CONF_LISTS_MAX)
		return 0; /* it is not there any more */
	g->out->hits[list] += (uint64_t)v[HIT_N].integer;
	if (v[HIT_PATTERN].type != REPORT_TEXT)
		return 0;
	name = subject(v[HIT_NAME].text, v[HIT_PATTERN].text);
	return name ? keep(g, name, list, (uint64_t)v[HIT_N].integer) : 0;
}

static int read_history(struct gather *g, int64_t since_us)
{
	const struct report_out out = { on_columns, on_row, g };
	struct report *report;
	int rc = report_open(g->conf->history.file, &report);

	if (rc)
		return rc;
	rc = report_hits(report, since_us, &out);
	report_close(report);
	return rc;
}

/* --- the daemon ----------------------------------------------------------------------- */

static int compare_hits(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	return strcasecmp(x->name, y->name);
}

static int on_holder_columns(void *arg, char *const *names, size_t count)
{
	(void)arg;
	return count == 2 && !strcmp(names[0], "name") ? 0 : -EPROTO;
}

static int on_holders(void *arg, char *const *fields, size_t count)
{
	struct gather *g = arg;
	struct hit key = { .name = fields[0] }, *hit;
	uint64_t lists = 0;

	(void)count;
	for (const char *p = fields[1]; *p;) {
		size_t len = strcspn(p, ",");
		unsigned list = find_list(g->conf, p, len);

		if (list < CONF_LISTS_MAX)
			lists |= 1ull << list;
		p += len + (p[len] == ',');
	}
	hit = g->count ? bsearch(&key, g->hits, g->count, sizeof(key), compare_hits) : NULL;
	if (!hit)
		return 0;
	while (hit > g->hits && !compare_hits(hit - 1, &key))
		hit--;
	for (; hit < g->hits + g->count && !compare_hits(hit, &key); hit++)
		hit->holders = lists;
	return 0;
}

static int ask(struct gather *g, const char *names)
{
	static const struct control_sink sink = { on_holder_columns, on_holders };
	const char *words[] = { "list", "holders", names };
	char why[CONTROL_WHY_MAX];

	return *names ? control_ask(g->conf->control, words, ARRAY_SIZE(words), &sink, g, why) : 0;
}

/** All names once, as many in a request as fit. Those with octets that a request cannot hold,
 *  or a comma, are in no list either. */
static int ask_all(struct gather *g)
{
	char names[BATCH_MAX + DNAME_TEXT_MAX + 1] = "", text[DNAME_TEXT_MAX];
	size_t len = 0;
	struct dname d;
	int rc = 0;

	for (size_t i = 0; i < g->count && !rc; i++) {
		if ((i && !compare_hits(&g->hits[i - 1], &g->hits[i])) ||
		    dname_from_text(g->hits[i].name, &d) ||
		    strpbrk(dname_to_text(&d, text), "\\, "))
			continue;
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", len ? "," : "",
					text);
		if (len < BATCH_MAX)
			continue;
		rc = ask(g, names);
		len = 0;
		*names = '\0';
	}
	return rc ? rc : ask(g, names);
}

void list_hits_read(const struct conf *conf, int64_t since_us, struct list_hits *out)
{
	struct gather g = { .conf = conf, .out = out };

	*out = (struct list_hits){ .is_known = false };
	for (size_t i = 0; i < conf->policy_count; i++)
		g.blocking |= conf_policy_lists(&conf->policies[i], true);
	out->is_known = read_history(&g, since_us) == 0;
	if (g.count)
		qsort(g.hits, g.count, sizeof(*g.hits), compare_hits);
	out->is_unique_known = out->is_known && ask_all(&g) == 0;
	for (size_t i = 0; i < g.count; i++) {
		const struct hit *h = &g.hits[i];

		if ((h->holders & (g.blocking | 1ull << h->list)) == 1ull << h->list)
			out->unique[h->list] += h->n;
		free(h->name);
	}
	free(g.hits);
}
