/*
 * The copy of the kernel's neighbours and interfaces that lookups are answered from.
 * Pure: knows nothing of netlink.
 */
#ifndef RESOLVER_NEIGHBOUR_TABLE_H
#define RESOLVER_NEIGHBOUR_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

#define NEIGHBOURS_MAX	      65536 /* then the least recently used goes */
#define INTERFACES_MAX	      4096  /* more are not known by name */
#define INTERFACE_NAME_BYTES  16    /* IFNAMSIZ */
#define NEIGHBOUR_ABSENT_MS   1000
#define NEIGHBOUR_AWAIT_MS    100   /* from a probe to its answer */

struct neighbour_table;

/** @retval -ENOMEM */
int neighbour_table_new(struct neighbour_table **out);
void neighbour_table_free(struct neighbour_table *t);

/** Add or change; forgets that it was absent. */
void neighbour_table_set(struct neighbour_table *t, const struct addr *a,
			 uint32_t ifindex, const struct mac *mac);
void neighbour_table_remove(struct neighbour_table *t, const struct addr *a,
			    uint32_t ifindex);
bool neighbour_table_find(struct neighbour_table *t, const struct addr *a,
			  uint32_t ifindex, struct mac *out);

/** The neighbour used last that has this address, or (a: NULL) this MAC address, on whatever
 *  interface. Walks the whole table: for reports only. */
struct neighbour_entry {
	struct addr addr;
	struct mac mac;
	uint32_t ifindex;
};
bool neighbour_table_search(const struct neighbour_table *t, const struct addr *a,
			    const struct mac *mac, struct neighbour_entry *out);

/** What is remembered of a neighbour that is not known. */
enum neighbour_absence {
	NEIGHBOUR_NOT_SOUGHT,
	NEIGHBOUR_IS_AWAITED, /* the kernel looks for it */
	NEIGHBOUR_IS_ABSENT,
};

/** Remember for NEIGHBOUR_ABSENT_MS that the kernel has no such neighbour. A small
 *  table: a newer note may replace an older one, which only costs one more question.
 *  @param is_awaited  for the first NEIGHBOUR_AWAIT_MS of it the neighbour may appear */
void neighbour_table_note_absent(struct neighbour_table *t, const struct addr *a,
				 uint32_t ifindex, bool is_awaited, uint64_t now_ms);
enum neighbour_absence neighbour_table_absence(const struct neighbour_table *t,
					       const struct addr *a, uint32_t ifindex,
					       uint64_t now_ms);

/** name is copied, cut to INTERFACE_NAME_BYTES - 1.
 *  @param resolves  neighbours there are found by ARP and ND */
void neighbour_table_set_interface(struct neighbour_table *t, uint32_t ifindex,
				   const char *name, bool resolves);
void neighbour_table_remove_interface(struct neighbour_table *t, uint32_t ifindex);

/** NULL if unknown. Borrowed until the table changes. */
const char *neighbour_table_interface(const struct neighbour_table *t, uint32_t ifindex);

/** false also if it is unknown. */
bool neighbour_table_resolves(const struct neighbour_table *t, uint32_t ifindex);

/** What is not set again between begin and end did not come up in the kernel's tables
 *  and is removed by end. */
void neighbour_table_refresh_begin(struct neighbour_table *t);
void neighbour_table_refresh_end(struct neighbour_table *t);

size_t neighbour_table_count(const struct neighbour_table *t);
size_t neighbour_table_interface_count(const struct neighbour_table *t);
uint64_t neighbour_table_added(const struct neighbour_table *t); /* ever */
uint64_t neighbour_table_evicted(const struct neighbour_table *t);

#endif
