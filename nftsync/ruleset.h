/*
 * Our table as the configuration wants it: one description, rendered as text for people and as
 * netlink messages for the kernel. Knows nothing of sockets and of what the kernel holds.
 */
#ifndef NFTSYNC_RULESET_H
#define NFTSYNC_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;
struct nl_buf;
struct ruleset;

/** Names of the two counters. */
#define RULESET_REFUSED "refused"
#define RULESET_WOULD	"would"

/** NFLOG groups that `flows` reads. */
#define RULESET_GROUP_REFUSED 5
#define RULESET_GROUP_WOULD   6

/**
 * @param c  read only during the call
 * @retval -ENOMEM
 * @retval -EINVAL  the name of an interface or of the table cannot be one
 */
int ruleset_new(const struct conf *c, struct ruleset **out);

/** The same, but only what is to stay when the daemon is gone: the zones that say
 *  `when-down closed`. */
int ruleset_new_down(const struct conf *c, struct ruleset **out);

void ruleset_free(struct ruleset *rs);

/** False: nothing asks for rules, and no table is wanted. */
bool ruleset_is_wanted(const struct ruleset *rs);

/** Name of the table in family inet. Borrowed. */
const char *ruleset_table(const struct ruleset *rs);

/** The kernel cannot do that: make the table without an owner. */
void ruleset_disown(struct ruleset *rs);

/** NFT_TABLE_F_x that the table is made with. */
uint32_t ruleset_table_flags(const struct ruleset *rs);

/** The `size` of each lease set: twice what the ledger may hold, as expired elements count. */
uint32_t ruleset_set_size(const struct ruleset *rs);

/** Sets that are there already and larger may stay as they are. Smaller sizes are ignored. */
void ruleset_widen_sets(struct ruleset *rs, uint32_t size);

/** Whether the chain of this name is one that ruleset_render_rules() makes. */
bool ruleset_has_chain(const struct ruleset *rs, const char *name);

/** The whole as `nft -f` reads it. @param out  malloc'd; the caller's. @retval -ENOMEM */
int ruleset_text(const struct ruleset *rs, char **out);

/** Add to an open transaction: the table, counters and lease sets, where they are missing. A
 *  table that is there must have the wanted flags, or have lost its owner: it is then adopted.
 *  Failures stay in buf->rc, as in all functions below. */
void ruleset_render_base(const struct ruleset *rs, struct nl_buf *buf);

/** Add: chains where they are missing, then further sets and all rules, which must not be
 *  there (the caller has removed them in the same transaction). */
void ruleset_render_rules(const struct ruleset *rs, struct nl_buf *buf);

/** Add: remove the table of this name if it is there. */
void ruleset_render_removal(const char *table, struct nl_buf *buf);

/* --- sets of lists' addresses (`refuse-list`) --------------------------------------------
 * They are large, and so are filled apart from the rules, under names of their own; a rule that
 * looks into one is only there when the set is. */

#define RULESET_RANGE_NAME 96

/** Of a set in which something may be missing: as no content is. */
#define RULESET_RANGE_DOUBTED 2

struct ruleset_range {
	const char *list; /* borrowed */
	uint8_t family;
	size_t count;
	uint64_t content; /* tells it from other content; 0: there is no set */
};

size_t ruleset_range_count(const struct ruleset *rs);
void ruleset_range_at(const struct ruleset *rs, size_t i, struct ruleset_range *out);

/** A name for the set, by a number that differs each time, in buf of RULESET_RANGE_NAME bytes;
 *  returns buf. */
const char *ruleset_range_name(const struct ruleset_range *r, uint32_t serial, char *buf);

/** From now on the rules look into this set of the kernel; "": into none. */
void ruleset_set_range(struct ruleset *rs, size_t i, const char *name, size_t count,
		       uint64_t content);

/** The sets that another ruleset of the same table (or NULL) looks into. */
void ruleset_take_ranges(struct ruleset *rs, const struct ruleset *from);

/** A set of this name is in the table, of a process before us. Of several for one list the
 *  oldest is the one in force: the others were being filled when it died.
 *  @return the number in its name; 0: it is none of rs's */
uint32_t ruleset_adopt_range(struct ruleset *rs, const char *name);

/** The table is made anew, without them. */
void ruleset_forget_ranges(struct ruleset *rs);

/** Something was deleted, maybe from them: they stay until others are filled. */
void ruleset_distrust_ranges(struct ruleset *rs);

/** Whether rules look into the set of this name. */
bool ruleset_has_range_set(const struct ruleset *rs, const char *name);

/** Ranges in all of them. */
size_t ruleset_ranges_in_force(const struct ruleset *rs);

/** Add: an empty set, which must not be there. */
void ruleset_render_range_set(const struct ruleset *rs, const char *name, uint8_t family,
			      struct nl_buf *buf);

/** Add: ranges [at, to) of an array as range_image_find() has it. */
void ruleset_render_ranges(const struct ruleset *rs, const char *name, uint8_t family,
			   const uint8_t *ranges, size_t at, size_t to, struct nl_buf *buf);

#endif
