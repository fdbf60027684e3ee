/*
 * The immutable index of all lists: one checksummed block of memory (a mapped memfd or
 * file), built by list_build, read here. Knows nothing of policies: it says which lists hold
 * a name, and why.
 */
#ifndef BLOCKLISTS_LIST_INDEX_H
#define BLOCKLISTS_LIST_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blocklists/list_detect.h"
#include "blocklists/list_line.h"
#include "blocklists/list_side.h"
#include "blocklists/list_span.h"
#include "lib/dname.h"

struct list_index;

#define LIST_INDEX_LISTS 64

/** A build of an index, as it is told from others and shown. */
struct list_build_id {
	uint64_t id; /* random, never 0 */
	int64_t built_s; /* wall clock */
	uint64_t names;
};

/** What an index is served as. */
enum list_origin {
	ORIGIN_NEW,    /* of the lists as they are */
	ORIGIN_OLDER,  /* of an earlier life, until the lists have been read */
	ORIGIN_BACK,   /* the build before, after a roll-back */
	LIST_ORIGINS,
};

/** Map and verify an index: magic, version, sizes, checksum. Offsets inside are checked as
 *  they are followed, so that no bytes whatever make a look-up read outside, or loop.
 *  @param fd  stays the caller's; a sealed memfd or a file nobody writes
 *  @retval -EBADMSG  not an index, another version, damaged, truncated
 *  @retval -EPERM    memory that is not sealed against writing and shrinking
 *  @retval -ENOMEM, -errno of mmap and fstat; out untouched */
int list_index_open(int fd, struct list_index **out);

void list_index_close(struct list_index *x);

/** What decided, in the caller's terms. */
struct list_match {
	unsigned list;	     /* index in the configuration's order */
	bool subtree;	     /* the entry is "*.key": all below key, key too if not is_below */
	bool is_below;
	enum list_level level;
	enum list_action action;
	struct dname key;    /* the entry's name; of none, if is_span */
	bool is_span;	     /* a range of addresses: span */
	struct list_span span;
	uint32_t line;	     /* in the list's file, from 1 */
	bool from_conf;	     /* line counts in the list's `name` lines instead of its file */
	const char *rule;    /* NULL: a name. Else the rule as its list has it, borrowed from
				the index; key is the name asked for */
	uint8_t rule_len;
};

/** What lists say of qname, by an entry of it or of an ancestor, as masks of lists. In a
 *  list of a zone-like format (list_shape_is_zone) the nearest entry alone counts; in the
 *  others all do. Lists outside `wanted` count for nothing, nor does their "$badfilter".
 *  @param qname  any case
 *  @param by_level  the lists with an entry of that level; NULL: not wanted
 *  @return all of them together */
uint64_t list_index_find(const struct list_index *x, const struct dname *qname,
			 uint64_t wanted, uint64_t by_level[LEVELS]);

/** The most specific entry for qname among those of by_level, which list_index_find filled
 *  (levels and lists may be taken out since).
 *  @param wanted  as it was given to list_index_find
 *  @retval true and out filled, or false and out untouched */
bool list_index_explain(const struct list_index *x, const struct dname *qname,
			uint64_t wanted, const uint64_t by_level[LEVELS],
			struct list_match *out);

/** Figures of one list as the compiler counted them. */
struct list_stats {
	char name[64];
	uint64_t entries;    /* accepted, after duplicates */
	uint64_t lines;
	uint64_t duplicates;
	uint64_t ignored;    /* rules that mean nothing to a DNS server */
	uint64_t unsupported; /* rules that are not honoured */
	uint64_t invalid;    /* what is wrong */
	uint32_t first_invalid_line; /* 0: none */
	int32_t rc;	     /* 0, or why its file could not be read (list_rc_text) */
	uint32_t subtrees;   /* of the entries, those that take all below them */
	uint32_t shape;	     /* enum list_shape that its file was read as, or looks like */
	uint32_t read_as;    /* the one that its entries were read as */
	uint32_t kept;	     /* of the entries, those of an earlier index: rc is set */
	uint32_t by_rule[LIST_RULES]; /* of the entries: list_rule_of */
	uint32_t by_side[SIDE_KINDS]; /* of the entries, those that are more than a name */
	uint32_t conditional;	      /* of these, those with conditions */
	uint32_t spans;		      /* of the entries, ranges of addresses */
	uint64_t read_s;     /* wall clock: when its entries' file was read; 0: never */
	uint64_t source;     /* list_reuse_hash of what it was made of */
	uint32_t is_back;    /* 1: rolled back: its file says something else */
	uint32_t zero;
	uint64_t by_kind[LINE_KINDS]; /* everything in its file's lines: enum list_line_kind */
	uint32_t first_line[LINE_KINDS]; /* where each was first; 0: nowhere */
};

/** Which build it is, which is kept beside it (id 0: none), and what it is served as. */
const struct list_build_id *list_index_build(const struct list_index *x);
const struct list_build_id *list_index_before(const struct list_index *x);
enum list_origin list_index_origin(const struct list_index *x);

unsigned list_index_list_count(const struct list_index *x);
const struct list_stats *list_index_stats(const struct list_index *x, unsigned list);

/** Unique names in all, and bytes of the index. */
uint64_t list_index_names(const struct list_index *x);
size_t list_index_bytes(const struct list_index *x);

#endif
