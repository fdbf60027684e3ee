/*
 * Finds names in an index. Every suffix of the asked name is tried against the filter, and
 * only what passes is looked up: first by whole names among groups of blocks, then by eight
 * octets within one, which lie side by side. Each offset is checked where it is followed,
 * so the checksum is there against damage, not for safety. See list_image.h for the layout.
 */
#include "blocklists/list_index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "blocklists/list_key.h"
#include "blocklists/list_parts.h"
#include "blocklists/list_run.h"
#include "blocklists/list_sides.h"
#include "blocklists/list_spans.h"
#include "lib/util.h"

/** Where a key was found. */
struct place {
	uint32_t block;
	unsigned nth; /* in the block */
	uint32_t class;
};

static int stats_take(struct list_index *x)
{
	for (uint32_t i = 0; i < x->head->lists; i++) {
		if (!memchr(x->lists[i].name, '\0', sizeof(x->lists[i].name)) ||
		    x->lists[i].shape >= SHAPE_COUNT || x->lists[i].read_as >= SHAPE_COUNT)
			return -EBADMSG;
		if (list_shape_is_zone(x->lists[i].read_as))
			x->zones |= 1ull << i;
	}
	return 0;
}

int list_index_attach(const void *bytes, size_t len, struct list_index **out)
{
	const struct list_image_head *head = bytes;
	struct list_layout at;
	struct list_index *x;
	int rc;

	if (list_image_refuse(bytes, len, &at))
		return -EBADMSG;
	x = calloc(1, sizeof(*x));
	if (!x)
		return -ENOMEM;
	x->map = bytes;
	x->len = len;
	x->head = head;
	x->blocks = x->map + at.blocks;
	x->starts = (const uint32_t *)(x->map + at.starts);
	x->heads = (const uint64_t *)(x->map + at.heads);
	x->skips = x->map + at.skips;
	x->block_count = at.block_count;
	x->group_count = at.group_count;
	x->classes = (const uint32_t *)(x->map + at.classes);
	x->words = (const uint64_t *)(x->map + at.words);
	x->lists = (const struct list_stats *)(x->map + at.lists);
	x->rows = (const uint32_t *)(x->map + at.rows);
	x->lines = (const uint32_t *)(x->map + at.lines);
	x->sides = (const struct list_side_record *)(x->map + at.sides);
	x->side_starts = (const uint32_t *)(x->map + at.side_starts);
	x->side_rows = (const uint32_t *)(x->map + at.side_rows);
	x->side_texts = (const char *)(x->map + at.side_texts);
	x->segments = (const struct list_segment *)(x->map + at.segments);
	x->span_classes = (const uint64_t *)(x->map + at.span_classes);
	x->span_rows = (const uint32_t *)(x->map + at.span_rows);
	x->filter = (struct list_filter){
		.shards = (const struct list_shard *)(x->map + at.shards),
		.bytes = x->map + at.filter,
		.bits = head->shard_bits,
	};
	x->all = head->lists == 64 ? UINT64_MAX : (1ull << head->lists) - 1;
	rc = stats_take(x);
	if (!rc && !list_filter_check(&x->filter, head->filter_bytes))
		rc = -EBADMSG;
	if (!rc)
		rc = list_spans_check(x);
	if (!rc)
		rc = list_sides_open(x);
	if (rc)
		free(x);
	else
		*out = x;
	return rc;
}

/** Memory that its writer could still change or cut would let him change or kill us. */
static bool is_open_to_change(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & (F_SEAL_WRITE | F_SEAL_SHRINK)) !=
				     (F_SEAL_WRITE | F_SEAL_SHRINK);
}

int list_index_open(int fd, struct list_index **out)
{
	struct stat st;
	size_t len;
	void *map;
	int rc;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(struct list_image_head))
		return -EBADMSG;
	if (is_open_to_change(fd))
		return -EPERM;
	len = (size_t)st.st_size;
	map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	rc = list_index_attach(map, len, out);
	if (rc)
		munmap(map, len);
	else
		(*out)->is_mapped = true;
	return rc;
}

void list_index_close(struct list_index *x)
{
	if (!x)
		return;
	list_sides_close(x);
	if (x->is_mapped)
		munmap((void *)x->map, x->len);
	free(x);
}

/** Compare a block's first name with a key, as list_key_compare. A bad block is larger. */
static int block_compare(const struct list_index *x, uint32_t block, const char *key,
			 size_t len)
{
	uint64_t from = x->starts[block], all = x->head->blocks_bytes;
	const uint8_t *p = x->blocks + from;

	if (from > all || all - from < 2 || all - from < 2u + p[1])
		return 1;
	return list_key_compare((const char *)p + 2, p[1], key, len);
}

/** Find a key in the one block that may hold it. `matched` octets of the key are in common
 *  with the last name read, which stands before the key. */
static bool block_find(const struct list_index *x, uint32_t block, const char *key,
		       size_t len, struct place *out)
{
	const uint8_t *end, *at = list_part_block(x, block, &end);
	struct list_block_name n;
	size_t matched = 0;

	for (unsigned i = 0; i < LIST_BLOCK && list_part_name(&at, end, &n); i++) {
		size_t same = 0, rest = len - matched;

		if (n.shared > matched)
			continue;
		if (n.shared < matched)
			return false;
		while (same < n.len && same < rest &&
		       n.bytes[same] == (uint8_t)key[matched + same])
			same++;
		matched += same;
		if (same == n.len && matched == len) {
			*out = (struct place){ block, i, n.class };
			return n.class < x->head->classes;
		}
		if (same < n.len &&
		    (matched == len || n.bytes[same] > (uint8_t)key[matched]))
			return false;
	}
	return false;
}

/** The last group that begins at or before key. @return behind it; 0: there is none */
static uint32_t group_find(const struct list_index *x, const char *key, size_t len)
{
	uint32_t lo = 0, hi = x->group_count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (block_compare(x, mid * LIST_GROUP, key, len) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/** The last block of a group that begins at or before key, which its first one does. All of
 *  them share `skip` octets: who differs there is behind them all. */
static uint32_t group_search(const struct list_index *x, uint32_t group, const char *key,
			     size_t len)
{
	uint32_t first = group * LIST_GROUP, lo = first + 1;
	uint32_t hi = MIN(first + LIST_GROUP, x->block_count);
	const uint8_t *head = x->blocks + x->starts[first];
	size_t skip = x->skips[group];
	uint64_t word;

	if (len < skip || head[1] < skip || memcmp(head + 2, key, skip))
		return hi - 1;
	word = list_key_word(key, len, skip);
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (x->heads[mid] == word ? block_compare(x, mid, key, len) <= 0
					  : x->heads[mid] < word)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo - 1;
}

static bool key_find(const struct list_index *x, const char *key, size_t len,
		     struct place *out)
{
	uint32_t group = group_find(x, key, len);

	return group &&
	       block_find(x, group_search(x, group - 1, key, len), key, len, out);
}

/** What the entries of one name say: lists by rule, those that a "$badfilter" takes out
 *  left out. */
struct said {
	uint32_t rules; /* of LIST_RULES_SELF or LIST_RULES_BELOW, and not disabling */
	uint64_t lists[LIST_RULES];
};

static void class_said(const struct list_index *x, uint32_t class, bool is_self,
		       uint64_t wanted, struct said *out)
{
	uint32_t about = is_self ? LIST_RULES_SELF : LIST_RULES_BELOW, off = 0;
	const uint64_t *lists = NULL;
	uint32_t rules = list_part_rules(x, class, &lists);

	out->rules = 0;
	for (; rules; rules &= rules - 1, lists++) {
		unsigned rule = (unsigned)__builtin_ctz(rules);

		if (!(about >> rule & 1) || !(*lists & wanted))
			continue;
		if (list_rule_disables(rule)) {
			off |= 1u << (rule + LIST_RULES_DISABLE);
			continue;
		}
		out->rules |= 1u << rule;
		out->lists[rule] = *lists & wanted;
	}
	out->rules &= ~off;
}

/** Add what some rules say; what is said nearer replaces, in a zone-like list, what was
 *  said before. */
static void levels_add(const struct list_index *x, const struct said *said, uint32_t about,
		       uint64_t by_level[LEVELS])
{
	uint64_t near = 0;

	about &= said->rules;
	for (uint32_t rules = about; rules; rules &= rules - 1)
		near |= said->lists[__builtin_ctz(rules)];
	near &= x->zones;
	for (unsigned l = 0; near && l < LEVELS; l++)
		by_level[l] &= ~near;
	for (uint32_t rules = about; rules; rules &= rules - 1) {
		unsigned rule = (unsigned)__builtin_ctz(rules);

		by_level[list_rule_level(rule)] |= said->lists[rule];
	}
}

uint64_t list_index_find(const struct list_index *x, const struct dname *qname,
			 uint64_t wanted, uint64_t by_level[LEVELS])
{
	uint64_t h = x->head->seed, found[LEVELS] = { 0 };
	struct list_key key;
	struct place place;
	struct said said;
	size_t at = 0;

	wanted &= x->all;
	list_key_from_dname(qname, x->head->labels_max, &key);
	for (unsigned i = 0; i < key.labels; i++) {
		h = list_key_hash(h, key.text + at, key.end[i] - at);
		at = key.end[i] + 1u;
		if (!(x->head->depths & list_depth_bit(i + 1)) ||
		    !list_filter_has(&x->filter, h) ||
		    !key_find(x, key.text, key.end[i], &place))
			continue;
		class_said(x, place.class, key.is_whole && i + 1u == key.labels, wanted,
			   &said);
		levels_add(x, &said, ~LIST_RULES_EXACT, found);
		levels_add(x, &said, LIST_RULES_EXACT, found);
	}
	if (by_level)
		memcpy(by_level, found, sizeof(found));
	return found[LEVEL_BLOCK] | found[LEVEL_ALLOW] | found[LEVEL_IMPORTANT] |
	       found[LEVEL_ALLOW_IMPORTANT];
}

/** Lines of a class's rules, up to one rule of one list; rule LIST_RULES: of all. */
static uint64_t class_lines(const struct list_index *x, uint32_t class, unsigned until,
			    unsigned list)
{
	const uint64_t *lists = NULL;
	uint32_t rules = list_part_rules(x, class, &lists);
	uint64_t n = 0;

	for (; rules; rules &= rules - 1, lists++) {
		unsigned rule = (unsigned)__builtin_ctz(rules);

		if (rule > until)
			break;
		n += (unsigned)__builtin_popcountll(
			rule == until ? *lists & ((1ull << list) - 1) : *lists);
	}
	return n;
}

/** The line of a list's entry for the name at place; 0 where the index has none. */
static uint32_t line_of(const struct list_index *x, const struct place *place,
			unsigned rule, unsigned list)
{
	const uint8_t *end, *at = list_part_block(x, place->block, &end);
	uint64_t row = x->rows[place->block];
	struct list_block_name n;

	for (unsigned i = 0; i < place->nth && list_part_name(&at, end, &n); i++) {
		if (n.class >= x->head->classes)
			return 0;
		row += class_lines(x, n.class, LIST_RULES, 0);
	}
	row += class_lines(x, place->class, rule, list);
	return row < x->head->lines ? x->lines[row] : 0;
}

/** Describe the entry of the first list in `lists` for the first `labels` of key. */
static bool match_fill(const struct list_index *x, const struct place *place,
		       const struct list_key *key, unsigned labels, unsigned rule,
		       uint64_t lists, struct list_match *out)
{
	unsigned list = (unsigned)__builtin_ctzll(lists);
	uint32_t where = line_of(x, place, rule, list);
	struct list_match m = {
		.list = list,
		.subtree = list_rule_scope(rule) != SCOPE_EXACT,
		.is_below = list_rule_scope(rule) == SCOPE_BELOW,
		.level = list_rule_level(rule),
		.action = (enum list_action)(where >> LIST_ACTION_SHIFT & LIST_ACTION_MASK),
		.line = where & LIST_WHERE_LINE,
		.from_conf = where & LIST_WHERE_CONF,
	};

	if (list_key_to_dname(key->text, key->end[labels - 1], &m.key))
		return false;
	*out = m;
	return true;
}

bool list_index_explain(const struct list_index *x, const struct dname *qname,
			uint64_t wanted, const uint64_t by_level[LEVELS],
			struct list_match *out)
{
	struct list_key key;
	struct place place;
	struct said said;

	list_key_from_dname(qname, x->head->labels_max, &key);
	for (unsigned n = key.labels; n; n--) {
		if (!key_find(x, key.text, key.end[n - 1], &place))
			continue;
		class_said(x, place.class, key.is_whole && n == key.labels,
			   wanted & x->all, &said);
		for (uint32_t rules = said.rules; rules; rules &= rules - 1) {
			unsigned rule = (unsigned)__builtin_ctz(rules);
			uint64_t lists = said.lists[rule] &
					 by_level[list_rule_level(rule)];

			if (lists)
				return match_fill(x, &place, &key, n, rule, lists, out);
		}
	}
	return false;
}

const struct list_build_id *list_index_build(const struct list_index *x)
{
	return &x->head->is;
}

const struct list_build_id *list_index_before(const struct list_index *x)
{
	return &x->head->before;
}

enum list_origin list_index_origin(const struct list_index *x)
{
	return (enum list_origin)x->head->origin;
}

unsigned list_index_list_count(const struct list_index *x)
{
	return x->head->lists;
}

const struct list_stats *list_index_stats(const struct list_index *x, unsigned list)
{
	return list < x->head->lists ? &x->lists[list] : NULL;
}

uint64_t list_index_names(const struct list_index *x)
{
	return x->head->names;
}

size_t list_index_bytes(const struct list_index *x)
{
	return x->len;
}
