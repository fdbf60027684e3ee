/*
 * What the kernel holds of our table: is it ours still, what is in it, what can this kernel do.
 * Reads and never writes, but for the probe's own scratch table. Knows nothing of the ledger.
 */
#ifndef NFTSYNC_KERNEL_TABLE_H
#define NFTSYNC_KERNEL_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "nftsync/batch.h"

struct netlink;
struct nl_buf;
struct ruleset;

/** Another identity means: somebody made it anew, and our elements are gone, or somebody
 *  changed its flags (a dormant table lets everything pass). Handles of sets
 *  start again in each table, so both are needed. */
struct table_id {
	uint64_t table;
	uint64_t set; /* of lease4 */
	uint32_t set_size;
	uint32_t flags;	      /* NFT_TABLE_F_x */
	uint32_t other_owner; /* netlink port of an owner that is not us; 0: none */
};

/** @retval -ENOENT  there is no such table, or no lease4 in it */
int table_identify(struct netlink *nl, struct nl_buf *buf, const char *table,
		   struct table_id *out);

bool table_id_equal(const struct table_id *a, const struct table_id *b);

/** Netlink port, most often the process id, of who owns the table and is not us; 0: nobody. */
uint32_t table_other_owner(struct netlink *nl, struct nl_buf *buf, const char *table);

/** Whether the rules of such a table can be replaced in place: its flags are those of rs, or
 *  its owner has died, so that we may adopt it. */
bool table_id_fits(const struct table_id *id, const struct ruleset *rs);

/** Have rs look into the sets of lists' addresses that another process has left in the table,
 *  though something may be missing in them.
 *  @param serial  raised to the highest in their names. @retval negative errno */
int table_adopt_ranges(struct netlink *nl, struct nl_buf *buf, struct ruleset *rs,
		       uint32_t *serial);

/** Begin a transaction in buf that removes all of the table but its counters, its lease sets,
 *  the sets of lists' addresses that rs looks into, and the chains of rs, which are only
 *  emptied.
 *  @retval -ENOENT there is no such table, buf is useless */
int table_render_clear(struct netlink *nl, const struct ruleset *rs, struct nl_buf *buf);

/** Hand over every element of the lease sets; permanent ones, which are not ours, are left
 *  out. on_elem returns non-zero to stop. @retval negative errno */
int table_read_leases(struct netlink *nl, struct nl_buf *buf, const char *table,
		      int (*on_elem)(void *arg, const struct lease_key *key,
				     uint64_t left_ms),
		      void *arg);

/** Packets counted by the counters RULESET_REFUSED and RULESET_WOULD. */
int table_read_counters(struct netlink *nl, struct nl_buf *buf, const char *table,
			uint64_t *refused, uint64_t *would);

/** Find out by doing, in a scratch table that vanishes with its socket.
 *  @param can_own  a table can have an owner and outlive it (6.9)
 *  @retval -EPERM no CAP_NET_ADMIN here; other negative errno: nf_tables is not to be had */
int table_probe(struct batch_forms *out, bool *can_own);

#endif
