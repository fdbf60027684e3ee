/* The cache for the control socket; see report_cache.h. */
#include "resolver/report_cache.h"

#include <inttypes.h>
#include <limits.h>

#include "lib/clock.h"
#include "lib/words.h"
#include "resolver/note.h"
#include "resolver/state.h"

#define PIECE 1024 /* entries looked at between two turns of the event loop */

int cache_filter_from_text(const char *text, struct cache_filter *out)
{
	struct cache_filter f = { .name.len = 1, .below = true };
	bool is_all = !text || (text[0] == '*' && !text[1]);
	int rc;

	if (!is_all) {
		f.below = text[0] == '*' && text[1] == '.';
		rc = dname_from_text(text + (f.below ? 2 : 0), &f.name);
		if (rc)
			return rc;
	}
	*out = f;
	return 0;
}

static bool is_meant(const struct cache_filter *f, const struct dname *name)
{
	return f->below ? dname_is_under(name, &f->name) : dname_equal(name, &f->name);
}

/* --- rows -------------------------------------------------------------------------------- */

struct rows {
	FILE *to;
	const struct cache_filter *filter;
};

static void print_word(FILE *to, const char *table, unsigned id, const char *otherwise)
{
	const char *word = words_find(table, id);

	if (word)
		fprintf(to, "\t%s", word);
	else
		fprintf(to, "\t%s%u", otherwise, id);
}

static bool print_item(void *arg, const struct cache_item *item)
{
	static const char *const flags[] = { "-", "do", "cd", "do,cd" };
	const struct rows *rows = arg;
	const struct note *note = item->note;
	char name[DNAME_TEXT_MAX];

	if (!is_meant(rows->filter, &item->qname))
		return false;
	fprintf(rows->to, "%s", dname_to_text(&item->qname, name));
	if (item->qtype)
		print_word(rows->to, "rrtype", item->qtype, "TYPE");
	else
		fprintf(rows->to, "\t*");
	fprintf(rows->to, "\t%s", flags[item->dnssec_ok | item->cd << 1]);
	print_word(rows->to, "rcode", note->rcode, "");
	fprintf(rows->to, "\t%" PRId64 "\t%" PRIu32 "\n", (int64_t)item->ttl_s - item->age_s,
		item->bytes);
	return false;
}

void report_cache_head(FILE *to)
{
	fprintf(to, "name\ttype\tflags\tanswer\tleft_s#\tbytes#\n");
}

bool report_cache_rows(struct resolver *r, FILE *to, const struct cache_filter *f, uint64_t *at)
{
	struct rows rows = { to, f };

	return r->cache && cache_walk(r->cache, at, PIECE, print_item, &rows, clock_mono_ms());
}

/* --- forgetting -------------------------------------------------------------------------- */

struct flush {
	const struct cache_filter *filter;
	uint64_t count;
};

/* The answer for all types at a name above, which would be given for this one as well. */
static bool covers(const struct cache_filter *f, const struct cache_item *item)
{
	return !item->qtype && dname_is_under(&f->name, &item->qname);
}

static bool flush_item(void *arg, const struct cache_item *item)
{
	struct flush *flush = arg;

	if (!is_meant(flush->filter, &item->qname) && !covers(flush->filter, item))
		return false;
	flush->count++;
	return true;
}

uint64_t report_cache_flush(struct resolver *r, const struct cache_filter *f)
{
	struct flush flush = { .filter = f };
	uint64_t at = 0;

	if (r->cache)
		cache_walk(r->cache, &at, UINT_MAX, flush_item, &flush, clock_mono_ms());
	return flush.count;
}
