/*
 * What each child is given: configuration, sockets, list index, channels to the others.
 * Knows nothing of when.
 */
#ifndef DAEMON_OUTFIT_H
#define DAEMON_OUTFIT_H

#include <stdbool.h>

#include "lib/msg.h"

struct generation;
struct hash_key;
struct process;

/** Fresh channels between this process, which has just started, and those that run of the
 *  ones it works with; each end replaces the one from before.
 *  @param all  by role */
void outfit_connect(struct process *const all[ROLE_COUNT], struct process *p);

/** All that a new life needs but START: configuration; for the resolver also every socket,
 *  the control socket and the index if there is one, and the state of all others. */
void outfit_all(struct process *const all[ROLE_COUNT], struct process *p,
		const struct generation *g, int control_fd);

/** The socket that owns the gate's table: as long as we have it open too, nobody else may flush
 *  the table, not even while nftsync is dead and comes back.
 *  @param fd  opened at the first call (-1 until then); the caller's */
void outfit_netfilter(struct process *nftsync, int *fd);

/** The memory in which nftsync keeps a copy of its leases: with it its next life restores a
 *  table that somebody flushed meanwhile.
 *  @param fd  as above */
void outfit_ledger(struct process *nftsync, int *fd);

/** What a running one needs of the next generation, and START: of the sockets only the new. */
void outfit_change(struct process *p, const struct generation *g);

/** The index alone, if there is one: to the resolver, or to the compiler, which keeps the lists
 *  whose files have gone bad. */
void outfit_index(struct process *p, const struct generation *g);

/** The addresses that zones refuse by lists, if there are any; to nftsync. */
void outfit_ranges(struct process *p, const struct generation *g);

/** The image of local data, if there is one; to the resolver and to local. */
void outfit_local(struct process *p, const struct generation *g);

/** The text of overrides (conf_override.h). NULL: none were ever, nothing is sent. */
void outfit_overrides(struct process *resolver, const char *text);

/** The socket by which clients may look and change nothing; -1: there is none. */
void outfit_query(struct process *resolver, int fd);

/** What DNS cookies are made of. */
void outfit_secret(struct process *resolver, const struct hash_key *secret);

/** Tell the resolver, for `status`, how this one is. */
void outfit_tell_state(struct process *resolver, const struct process *of);

#endif
