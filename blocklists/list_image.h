/*
 * How an index lies in memory; shared by the build that writes it and the index that reads
 * it. Values are in host order: an index is for the machine that built it.
 *
 * Sections follow one another in this order, each at a multiple of 8, gaps zero:
 *
 *   head      struct list_image_head
 *   blocks    names in key order (list_key.h), front-coded in blocks of LIST_BLOCK. One
 *             name: octets shared with the one before (0 at the start of a block), octets
 *             that follow, these octets, class number (7 bits an octet, low first)
 *   starts    u32 for each block: its offset in blocks
 *   heads     u64 for each block: list_key_word of its first name, behind what the first names
 *             of all blocks of its group share; LIST_GROUP blocks are a group
 *   skips     u8 for each group: how many octets these are
 *   classes   u32 for each class: where it begins in words
 *   words     u64 of all classes. One class: its rules (list_rule.h) as bits, then for each
 *             of them the lists whose entry says so, as bits
 *   shards    struct list_shard, 1 << shard_bits of them
 *   filter    bytes of the shards
 *   lists     struct list_stats for each list
 *   rows      u32 for each block: place in lines of its first name's lines
 *   lines     u32 for each name, rule and list that says so, in this order: line in the
 *             file, or with LIST_WHERE_CONF in the configuration. Only read to explain
 *   sides     struct list_side_record: rules that are more than a name, by bucket
 *   side_starts  u32 for each bucket and one behind: its first record. A rule stands in the
 *             bucket of LIST_PIECE octets that it needs, in the last if it needs none
 *   side_rows u32 for each rule and list that has it: its line
 *   side_texts  of each record its text, its conditions (list_cond.h), and the rule as written
 *   segments  struct list_segment of each enum list_table, in order of address
 *   span_classes  u64[LEVELS] for each class of them: lists, as bits
 *   span_rows u32 for each segment, level and list that says so, in this order: as in lines
 */
#ifndef BLOCKLISTS_LIST_IMAGE_H
#define BLOCKLISTS_LIST_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "blocklists/list_index.h"
#include "blocklists/list_side.h"

#define LIST_IMAGE_MAGIC   0x317473696c776eull /* "nwlist1" */
#define LIST_IMAGE_VERSION 6
#define LIST_IMAGE_ORDER   0x01020304u
#define LIST_BLOCK	   16 /* names */
#define LIST_GROUP	   64 /* blocks */
#define LIST_NAMES_MAX	   (32u << 20) /* and no section over 4 GiB */

struct list_image_head {
	uint64_t magic;
	uint64_t checksum; /* of all bytes behind this field */
	uint64_t bytes;	   /* of the whole index */
	uint32_t order;
	uint32_t version;
	uint16_t head_bytes; /* sizeof(struct list_image_head) and alignof(uint64_t): what else */
	uint16_t alignment;  /* differs between machines shows in their sizes */
	uint32_t origin;     /* enum list_origin */
	struct list_build_id is, before; /* this build, and the one kept beside it; id 0: none */
	uint64_t seed; /* of the name hashes */
	uint32_t names;
	uint32_t labels_max; /* of any name */
	uint32_t depths;     /* bit n - 1: there are names of n labels, the last: of 32 and more */
	uint32_t zero;
	uint32_t classes;
	uint32_t shard_bits;
	uint32_t lists;
	uint32_t stats_bytes; /* sizeof(struct list_stats) */
	uint64_t lines;
	uint64_t blocks_bytes;
	uint64_t filter_bytes;
	uint64_t words;
	uint32_t sides;
	uint32_t side_bits; /* of the buckets' number */
	uint32_t side_rows;
	uint32_t side_texts; /* bytes */
	uint32_t segments[LIST_TABLES];
	uint32_t span_classes;
	uint32_t span_rows;
};

/** Addresses from start to the next segment's, or to the last there is. */
struct list_segment {
	uint8_t start[16];
	uint32_t class;
	uint32_t row; /* in span_rows */
};

#define LIST_SEGMENTS_MAX (32u << 20) /* in a table */

#define LIST_PIECE	   3 /* octets */
#define LIST_SIDE_BITS_MIN 6
#define LIST_SIDE_BITS_MAX 16

/** The bit of list_image_head.depths for names of n labels, at least 1. */
static inline uint32_t list_depth_bit(unsigned n)
{
	return 1u << (n < 32 ? n - 1 : 31);
}

/** The bucket of a piece. */
static inline uint32_t list_side_bucket(const char *piece, unsigned bits)
{
	uint32_t v = (uint32_t)(uint8_t)piece[0] << 16 | (uint32_t)(uint8_t)piece[1] << 8 |
		     (uint8_t)piece[2];

	return v * 0x9e3779b1u >> (32 - bits);
}

struct list_side_record {
	uint64_t lists; /* that have the rule */
	uint64_t off;	/* whose "$badfilter" disables it */
	uint32_t at;	/* in texts */
	uint32_t row;	/* in rows, of the first of lists */
	uint16_t text_len, conds_len;
	uint8_t rule_len;
	uint8_t kind, anchors, level;
};

/** Offsets of the sections, and the bytes in all. */
struct list_layout {
	uint64_t blocks, starts, heads, skips, classes, words, shards, filter, lists, rows, lines, sides, side_starts,
		side_rows, side_texts, segments, span_classes, span_rows, end;
	uint32_t block_count, group_count;
};

/** Where the sections lie. @retval -EBADMSG  sizes that no index has; out untouched */
int list_image_layout(const struct list_image_head *head, struct list_layout *out);

/** Why these bytes are no index of this machine and version, borrowed, static; NULL: they are
 *  one, as far as head and checksum can tell.
 *  @param bytes  at a multiple of 8 */
const char *list_image_refuse(const void *bytes, size_t len, struct list_layout *layout);

/** Say in a finished image what it is served as, and what is kept beside it.
 *  @param image  writable, of list_image_head.bytes
 *  @param before  NULL: nothing */
void list_image_stamp(void *image, enum list_origin origin, const struct list_build_id *before);

/** The checksum over len bytes. Any one changed word changes it; no defence against
 *  somebody who recomputes it: readers check each offset they follow. */
uint64_t list_image_checksum(const void *bytes, size_t len);

/** list_index_open for bytes in memory.
 *  @param bytes  borrowed, outlive the index; at a multiple of 8 */
int list_index_attach(const void *bytes, size_t len, struct list_index **out);

#endif
