/* What `nameward list` shows of the lists in force; see report_lists.h. */
#include "resolver/report_lists.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "blocklists/list_sides.h"
#include "blocklists/list_spans.h"
#include "blocklists/list_why.h"
#include "lib/log.h"
#include "resolver/policy.h"
#include "resolver/setup.h"
#include "resolver/state.h"

const char *report_place(const struct conf_place *p, char *buf)
{
	char file[REPORT_PLACE_MAX - 16];

	if (p->line)
		snprintf(buf, REPORT_PLACE_MAX, "%s:%u", log_safe(p->file, file, sizeof(file)),
			 p->line);
	else
		strcpy(buf, "default");
	return buf;
}

const char *report_match_place(const struct conf_list *l, const struct list_match *m,
			       char *buf)
{
	char file[REPORT_PLACE_MAX - 16];

	if (m->from_conf && m->line && m->line <= l->name_count)
		return report_place(&l->names[m->line - 1].place, buf);
	log_safe(l->file ? l->file : "-", file, sizeof(file));
	if (m->line)
		snprintf(buf, REPORT_PLACE_MAX, "%s:%u", file, m->line);
	else /* a table that is no text has no lines */
		snprintf(buf, REPORT_PLACE_MAX, "%s", file);
	return buf;
}

static void print_match(const struct setup *s, FILE *to, const char *about,
			const struct list_match *m)
{
	static const char *const words[LEVELS] = { "blocks", "allows", "blocks, important",
						   "allows, important" };
	static const char *const actions[LIST_ACTIONS] = { "", ", NODATA", ", no answer",
							   ", TCP only" };
	char entry[POLICY_ENTRY_TEXT], where[REPORT_PLACE_MAX];

	fprintf(to, "%s\t%s\t%s%s%s\t%s\n", s->conf->lists[m->list].name,
		policy_entry_text(m, entry), about, words[m->level], actions[m->action],
		report_match_place(&s->conf->lists[m->list], m, where));
}

/** The last word that one list has of an address. */
static void search_table(const struct setup *s, FILE *to, const struct addr *a, bool is_client,
			 uint64_t list)
{
	uint64_t said[LEVELS];
	struct list_match m;
	unsigned last = LEVELS;

	if (!list_spans_find(s->index, a, is_client, list, said))
		return;
	while (last-- && !said[last])
		;
	for (unsigned l = 0; l < last; l++)
		said[l] = 0;
	if (list_spans_explain(s->index, a, is_client, said, &m))
		print_match(s, to, is_client ? "as a client, " : "in answers, ", &m);
}

static void search_addr(const struct setup *s, FILE *to, const struct addr *a, uint64_t list)
{
	search_table(s, to, a, false, list);
	search_table(s, to, a, true, list);
}

static void search_name(const struct setup *s, FILE *to, const struct dname *qname,
			uint64_t list)
{
	const struct list_asking any = { .is_any = true };
	uint64_t said[LEVELS];
	struct list_match m;

	list_index_find(s->index, qname, list, said);
	list_sides_find(s->index, qname, &any, list, said);
	if (list_index_explain(s->index, qname, list, said, &m) ||
	    list_sides_explain(s->index, qname, &any, list, said, &m))
		print_match(s, to, "", &m);
}

void report_list_search(struct resolver *r, FILE *to, const char *name, const char *unused)
{
	const struct setup *s = r->current;
	bool is_addr;
	struct dname qname;
	struct addr a;

	(void)unused;
	fprintf(to, "list\tentry\tsays\twhere\n");
	is_addr = !addr_from_text(name, &a);
	if (!s || !s->index || (!is_addr && dname_from_text(name, &qname)))
		return;
	for (size_t i = 0; i < s->conf->list_count; i++) {
		if (is_addr)
			search_addr(s, to, &a, 1ull << i);
		else
			search_name(s, to, &qname, 1ull << i);
	}
}

static void print_build(FILE *to, const char *key, const struct list_build_id *b)
{
	time_t at = (time_t)b->built_s;
	struct tm tm;
	char when[32] = "?";

	if (gmtime_r(&at, &tm))
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	fprintf(to, "lists\t%s\t%016" PRIx64 " of %s, %" PRIu64 " names\n", key, b->id, when,
		b->names);
}

void report_builds(const struct list_index *x, FILE *to)
{
	unsigned back = 0;

	print_build(to, "build", list_index_build(x));
	if (list_index_before(x)->id)
		print_build(to, "before", list_index_before(x));
	for (unsigned i = 0; i < list_index_list_count(x); i++)
		back += list_index_stats(x, i)->is_back;
	fprintf(to, "lists\tserve\t%s", list_index_origin(x) == ORIGIN_OLDER
		? "as they were before the start, until they are read" : "as they are");
	if (back)
		fprintf(to, ", but %u rolled back", back);
	fputc('\n', to);
}

/** Lists that block a name by themselves, whatever policies and other lists say. */
static uint64_t holders_of(const struct list_index *x, const struct dname *name)
{
	const struct list_asking any = { .is_any = true };
	uint64_t said[LEVELS];

	list_index_find(x, name, UINT64_MAX, said);
	list_sides_find(x, name, &any, UINT64_MAX, said);
	return ((said[LEVEL_BLOCK] & ~said[LEVEL_ALLOW]) | said[LEVEL_IMPORTANT]) &
	       ~said[LEVEL_ALLOW_IMPORTANT];
}

void report_list_holders(struct resolver *r, FILE *to, const char *names, const char *unused)
{
	const struct setup *s = r->current;
	char one[DNAME_TEXT_MAX];
	struct dname name;

	(void)unused;
	fprintf(to, "name\tlists\n");
	for (const char *p = names; s && s->index && p && *p;) {
		size_t len = strcspn(p, ",");
		const char *comma = "";
		uint64_t lists;

		snprintf(one, sizeof(one), "%.*s", (int)MIN(len, sizeof(one) - 1), p);
		p += len + (p[len] == ',');
		if (dname_from_text(one, &name) || !(lists = holders_of(s->index, &name)))
			continue;
		fprintf(to, "%s\t", dname_to_text(&name, one));
		for (; lists; lists &= lists - 1, comma = ",")
			fprintf(to, "%s%s", comma,
				s->conf->lists[__builtin_ctzll(lists)].name);
		fputc('\n', to);
	}
}

/** "for browsers only 12 (line 7), pattern rule 1 (line 9)": all that is not an entry. */
static void print_kinds(FILE *to, const struct list_stats *s)
{
	const char *comma = "";

	for (unsigned k = LINE_IGNORED; k < LINE_KINDS; k++) {
		if (!s->by_kind[k])
			continue;
		fprintf(to, "%s%s %" PRIu64 " (line %u)", comma,
			list_line_kind_name((enum list_line_kind)k), s->by_kind[k],
			s->first_line[k]);
		comma = ", ";
	}
}

void report_list_ls(struct resolver *r, FILE *to, const char *unused1, const char *unused2)
{
	const struct list_index *x = r->current ? r->current->index : NULL;

	(void)unused1;
	(void)unused2;
	fprintf(to, "list\tentries#\tlines#\tduplicates#\tinvalid#\tfirst_invalid#\t"
		    "ignored#\tunsupported#\tformat\terror\tnot_taken\t"
		    "patterns#\tregexes#\tconditional#\taddresses#\n");
	for (unsigned i = 0; x && i < list_index_list_count(x); i++) {
		const struct list_stats *s = list_index_stats(x, i);
		char error[LIST_WHY_MAX];

		fprintf(to,
			"%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
			"\t%u\t%" PRIu64 "\t%" PRIu64 "\t%s\t%s\t",
			s->name, s->entries, s->lines, s->duplicates, s->invalid,
			s->first_invalid_line, s->ignored, s->unsupported,
			list_shape_name((enum list_shape)s->shape),
			list_why_text(s, error));
		print_kinds(to, s);
		fprintf(to, "\t%u\t%u\t%u\t%u\n", s->by_side[SIDE_MASK],
			s->by_side[SIDE_REGEX], s->conditional, s->spans);
	}
}
