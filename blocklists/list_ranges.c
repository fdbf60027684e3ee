/* Ranges of an index as sets of an image; see list_ranges.h. */
#include "blocklists/list_ranges.h"

#include <string.h>

#include "blocklists/list_index.h"
#include "blocklists/list_spans.h"
#include "conf/conf.h"
#include "lib/log.h"
#include "lib/range_image.h"
#include "lib/util.h"

/** Whether what a list says of a range, by its last level, keeps connections from it. An RPZ's
 *  wish to be asked over TCP is about questions alone. */
static bool is_refused(const struct list_span *s)
{
	return (s->level == LEVEL_BLOCK || s->level == LEVEL_IMPORTANT) &&
	       s->action != ACTION_TCP_ONLY;
}

static int add_range(struct range_build *b, const struct list_span *s)
{
	uint8_t family = s->table == TABLE_ANSWER4 ? AF_INET : AF_INET6;
	struct addr lo = { .family = family }, hi = { .family = family };

	if (!is_refused(s))
		return 0;
	memcpy(lo.bytes, s->lo, addr_len(&lo));
	memcpy(hi.bytes, s->hi, addr_len(&hi));
	return range_build_add(b, &lo, &hi);
}

/** One list's ranges of one table, which come in the order of addresses, and of one range in the
 *  order of levels: the last one has the last word. */
static int add_table(struct range_build *b, const struct list_index *x, unsigned list,
		     unsigned table)
{
	struct list_span s, last = { .table = LIST_TABLES };
	uint64_t at = 0;
	uint32_t where;
	int rc = 0;

	while (!rc && list_spans_next(x, list, &at, &s, &where)) {
		if (s.table != table)
			continue;
		if (last.table == table && memcmp(last.lo, s.lo, sizeof(s.lo)) != 0)
			rc = add_range(b, &last);
		last = s;
	}
	return rc || last.table != table ? rc : add_range(b, &last);
}

static int add_list(struct range_build *b, const struct conf *conf, const struct list_index *x,
		    unsigned list)
{
	static const struct {
		unsigned table;
		uint8_t family;
	} tables[] = { { TABLE_ANSWER4, AF_INET }, { TABLE_ANSWER6, AF_INET6 } };
	const char *name = conf->lists[list].name;
	size_t left_out = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < ARRAY_SIZE(tables); i++) {
		rc = range_build_set(b, name, tables[i].family);
		if (!rc)
			rc = add_table(b, x, list, tables[i].table);
		left_out += rc ? 0 : range_build_left_out(b);
	}
	if (left_out)
		log_warning("list %s: %zu ranges of addresses are private or too wide, and are not "
			    "refused as traffic", name, left_out);
	return rc;
}

static int gather(struct range_build *b, const struct conf *conf, const struct list_index *x)
{
	uint64_t lists = conf_refused_lists(conf);
	int rc = 0;

	for (; !rc && lists; lists &= lists - 1)
		rc = add_list(b, conf, x, (unsigned)__builtin_ctzll(lists));
	return rc;
}

int list_ranges_build(const struct conf *conf, int index_fd, int *out_fd)
{
	struct range_build *b = NULL;
	struct list_index *x;
	int rc = list_index_open(index_fd, &x);

	if (rc)
		return rc;
	rc = range_build_new(&b);
	if (!rc)
		rc = gather(b, conf, x);
	if (!rc)
		rc = range_build_finish(b, out_fd);
	range_build_free(b);
	list_index_close(x);
	return rc;
}
