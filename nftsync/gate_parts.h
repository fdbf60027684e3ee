/* The gate's inside, shared by the gate*.c files. Not for others. */
#ifndef NFTSYNC_GATE_PARTS_H
#define NFTSYNC_GATE_PARTS_H

#include "lib/hash.h"
#include "nftsync/batch.h"
#include "nftsync/gate.h"
#include "nftsync/nl_buf.h"
#include "nftsync/kernel_table.h"

struct conf;
struct live;
struct netlink;
struct fill;
struct netlink_watch;
struct range_image;
struct ruleset;
struct shares;

/** The look at connections (gate_live.c). */
struct gate_look {
	struct live *live;   /* owned; NULL before the first look */
	struct batch *kills; /* owned; deletes, as a set of keys; NULL: nothing to end */
	bool is_on, is_kill_new, is_unavailable;
	uint64_t ahead_ms; /* leases that end by then are looked at */
	uint64_t until_ms; /* those that end by then have been */
	uint64_t next_ms;
	uint64_t spent_us, took_us;
};

/** The sets of lists' addresses (gate_ranges.c). */
struct gate_ranges {
	struct range_image *image; /* owned; NULL: none came */
	struct hash_key key;	   /* of what tells one content from another */
	bool is_filling;
	size_t index, at; /* the set being filled, and ranges that it has */
	uint32_t serial;  /* of its name */
	uint64_t retry_ms;
};

struct gate {
	const struct gate_ops *ops; /* borrowed */
	void *arg;		    /* borrowed */
	enum gate_state state;
	struct lease_ledger *ledger; /* owned */
	struct batch *batch;	     /* owned; this turn's */
	struct batch *bulk;	     /* owned; for restoring and ending */
	struct netlink *nl;	     /* owned; NULL before the first load */
	struct netlink_watch *watch; /* owned or NULL */
	struct ruleset *rules;	     /* owned; in force or wanted; NULL: none loaded yet */
	struct ruleset *down;	     /* owned or NULL: what the end of the daemon leaves */
	char *down_text;	     /* owned or NULL: the same in words */
	struct fill *fill;	     /* owned; the user's own sets */
	struct shares *shares;	     /* owned; NULL: none loaded yet */
	struct nl_buf buf;
	struct batch_forms forms;
	bool can_own;	   /* tables can have owners and outlive them */
	bool probed;	   /* forms and can_own are known */
	struct table_id id; /* of the table as we left it */
	int lost_rc;	    /* GATE_LOST: what every claim is told */
	struct lease_mirror *mirror; /* owned; NULL: none was given */
	bool adopted;	    /* what a former process left has been read */
	bool mirrors;	    /* the ledger's leases are copied there */
	uint64_t repaired_ms;
	bool repair_due; /* check at the next tick, and repair */
	uint64_t event_ms;
	uint64_t retry_ms, retry_wait_ms; /* GATE_LOST: when to try again */
	struct gate_look look;
	struct gate_ranges ranges;
	struct gate_stats stats;
};

/** The timeout an element gets. */
uint64_t gate_timeout_ms(uint64_t end_ms, uint64_t now_ms);

/** The kernel does not let us: say so once; gate_tick() tries again. */
void gate_lose(struct gate *g, uint64_t now_ms, int rc);

/** The socket, and what this kernel can do, if that is not known yet. @retval negative errno */
int gate_open(struct gate *g);

/** Take a table away with all in it. @retval negative errno, as of all gate_commit_*() */
int gate_commit_removal(struct gate *g, const char *table);

/** In the table as it is: other rules, the same leases, in one transaction. */
int gate_commit_rules(struct gate *g, const struct ruleset *rs);

/** All leases of the ledger, with what they have left. @param fresh  the sets are empty */
int gate_commit_leases(struct gate *g, const struct ruleset *rs, uint64_t now_ms, bool fresh);

/** The table with all in it but lists' addresses, which come later, whatever was there. id is
 *  set. */
int gate_commit_table(struct gate *g, struct ruleset *rs, uint64_t now_ms);

/** Only once, later the ledger knows better: what a former process left (gate_adopt.c).
 *  @retval negative errno */
int gate_adopt(struct gate *g, const struct ruleset *rs, uint64_t now_ms);

/** The kernel holds the ledger's leases: copy them from now on. */
void gate_begin_mirror(struct gate *g);

/** No lease any more, here and in the copy. */
void gate_forget(struct gate *g);

/** Prepare what gate_leave() leaves. */
void gate_plan_leave(struct gate *g, const struct conf *c);

/** Make the table anew with all leases, and rules last. State and id are set.
 *  @param why  one word for log and history: "gone" */
int gate_restore(struct gate *g, uint64_t now_ms, const char *why);

/** The table is there, but something in it was deleted: rules and leases again, without a
 *  moment in which a lease is not in force. */
int gate_repair(struct gate *g, uint64_t now_ms);

/** A slice of a look at the connections, if one is wanted. @return true: it goes on */
bool gate_look(struct gate *g, uint64_t now_ms);

/** The next look is to end the connections of this lease, which the ledger has forgotten. */
void gate_kill(struct gate *g, const struct lease_key *key);

void gate_live_fini(struct gate *g);

/** One slice of filling the sets of lists' addresses as the image has them. @return true: it
 *  goes on */
bool gate_ranges_step(struct gate *g, uint64_t now_ms);

/** The set that is being filled may be gone: begin again. */
void gate_ranges_restart(struct gate *g);

void gate_ranges_fini(struct gate *g);

/** Tell the history, at most once a second. */
void gate_event(struct gate *g, uint64_t now_ms, const char *kind, const char *detail);

#endif
