/*
 * The gate without an event loop: the ledger, the kernel's table and what keeps the two alike.
 * Knows nothing of channels and of who asks.
 *
 * Within one turn of the loop: gate_claim() for each address, then gate_commit(), gate_result()
 * for each claim that waits, and gate_next_turn().
 */
#ifndef NFTSYNC_GATE_H
#define NFTSYNC_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/msg.h"
#include "nftsync/lease_view.h"
#include "nftsync/lease_withdraw.h"

struct conf;
struct fill_stats;
struct gate;

/** Elements written in one turn; more are written earlier, in several transactions. */
#define GATE_BATCH 8192

/** Leases that one gate_tick() ends at most: some 5 ms, in which no new lease can be written. */
#define GATE_TICK_SLICE 1024

enum gate_state {
	GATE_IDLE,   /* no zone has its gate on: no table */
	GATE_LOADED, /* the table holds rules and leases */
	GATE_LOST,   /* there should be one, and the kernel refuses it */
};

/** Counts since the start, for `status`. */
struct gate_stats {
	uint64_t inserted, refreshed, covered, refused, ended, evicted, withdrawn;
	uint64_t kept;	 /* times that a lease's use put off its end */
	uint64_t killed; /* connections ended after a withdrawal */
	uint64_t failed; /* claims the kernel or a full ledger refused */
	uint64_t adopted, restored, restores, commits;
	uint64_t restore_us; /* time the last restore took */
};

struct gate_ops {
	/** Something the history is to know. */
	void (*on_event)(void *arg, const char *kind, const char *detail);
	/** Leases that were given are gone before their end. */
	void (*on_lost)(void *arg);
};

/** @param ops, arg  borrowed */
int gate_new(const struct gate_ops *ops, void *arg, struct gate **out);
/** Leaves the kernel's table as it is. NULL is allowed. */
void gate_free(struct gate *g);

/** Before the first gate_load(), which else opens one: the socket that owns the table, also
 *  while this process is dead (MSG_NETFILTER). @param fd  owned */
void gate_take_socket(struct gate *g, int fd);

/** Likewise: memory for a copy of the leases (MSG_LEDGER). @param fd  stays the caller's */
void gate_take_ledger(struct gate *g, int fd);

/**
 * Bring rules in force, now and at every reload: one transaction, which no lease leaves. The
 * first time, what a former process left in the table is adopted.
 *
 * @param c    read only during the call
 * @param why  gets the reason, MSG_TEXT_MAX bytes
 * @return 0, or negative errno: what was in force before goes on; state GATE_LOST if nothing was
 */
int gate_load(struct gate *g, const struct conf *c, uint64_t now_ms, char *why);

/** Text of the rules in force, malloc'd. @retval -ENOENT nothing was loaded yet */
int gate_rules_text(const struct gate *g, char **out);

enum gate_claim_result {
	GATE_DONE = 0, /* in force already, or nothing to do */
	GATE_WAIT = 1, /* ask gate_result(*index) after gate_commit() */
};

/** One address of one answer; see lease_claim().
 *  @return enum gate_claim_result, or negative errno */
int gate_claim(struct gate *g, const struct lease_key *key, uint32_t ttl_s,
	       const uint8_t *name, size_t name_len, uint64_t now_ms, size_t *index);

/** For whom an answer to this device opens its addresses: one claim for each; see shares_of().
 *  Borrowed until the next gate_load(). */
size_t gate_sharers(const struct gate *g, const struct msg_device *device,
		    const struct msg_device **out);

/** Put the addresses of one answer into the sets that the configuration fills; see fill.h. */
void gate_fill(struct gate *g, const struct msg_lease *m, uint64_t now_ms);
const struct fill_stats *gate_fill_stats(const struct gate *g);

/** See lease_note_origin(). */
void gate_note_origin(struct gate *g, const struct msg_device *device, const uint8_t *name,
		      size_t name_len, const struct lease_origin *origin);

/** Delete, with the next commit, what is withdrawn; kill: end the connections, too.
 *  @return true: the batch is full: commit, gate_next_turn(), and call again */
bool gate_withdraw(struct gate *g, struct lease_withdrawal *w, bool kill, uint64_t now_ms);

/** True: the batch cannot surely take `count` more; commit, answer, gate_next_turn() first. */
bool gate_is_full(const struct gate *g, size_t count);

/** Write what was gathered; every claim of this turn then has its result. */
void gate_commit(struct gate *g, uint64_t now_ms);

/** 0: in force; else negative errno. */
int gate_result(const struct gate *g, size_t index);

/** Forget this turn's batch. */
void gate_next_turn(struct gate *g);

/** About once a second: end leases, try again what failed.
 *  @return true: more is due, call again soon */
bool gate_tick(struct gate *g, uint64_t now_ms);

/** Readable when others changed something in nf_tables; -1: not watching. May change with
 *  every gate_load(). */
int gate_watch_fd(const struct gate *g);

/** It is readable: look, and restore what is gone. */
void gate_on_watch(struct gate *g, uint64_t now_ms);

/** Remove our table from the kernel: the gate is switched off. */
void gate_remove(struct gate *g);

/** The end of the daemon: rules and leases of the zones that say `when-down closed` stay in
 *  the kernel; where none does, as gate_remove(). */
void gate_leave(struct gate *g);

/** Which zones stay closed then and which are open: "closed: iot, open: lan". Borrowed. */
const char *gate_when_down(const struct gate *g);

enum gate_state gate_state(const struct gate *g);
const struct gate_stats *gate_stats(const struct gate *g);

/** Borrowed, to read; outlives every call but gate_free(). */
const struct lease_ledger *gate_ledger(const struct gate *g);

/** "expiration" or "add-delete-add". */
const char *gate_refresh_form(const struct gate *g);

/** Packets that were, and would have been, refused. */
int gate_counters(struct gate *g, uint64_t *refused, uint64_t *would);

#endif
