/*
 * The supervisor's own state, shared by its three files only: supervise.c (start, signals,
 * end), reload.c (generations), children.c (what children say and how they fare).
 */
#ifndef DAEMON_SUPERVISOR_H
#define DAEMON_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/hash.h"
#include "lib/log.h"
#include "lib/msg.h"

struct event;
struct event_base;
struct file_watch;
struct generation;
struct listeners;
struct network;
struct process;
struct process_ops;
struct sd_notify;
struct supervise_options;

enum supervisor_compiled { COMPILING, COMPILED_WELL, COMPILED_BADLY };
enum { ON_HUP, ON_TERM, ON_INT, ON_CHILD, SIGNAL_COUNT };

struct supervisor {
	const struct supervise_options *options; /* borrowed */
	struct event_base *base;		 /* owned, as all below */
	struct sd_notify *notify;		 /* NULL: no service manager */
	struct process *processes[ROLE_COUNT];	 /* none for the supervisor itself */
	struct generation *now;			 /* in force */
	struct generation *next; /* being built; at the first start the same as now */
	struct listeners *last_sockets; /* of the life before; NULL: none. Until the first bind */
	struct event *signals[SIGNAL_COUNT], *tick, *retry;
	struct network *links; /* NULL: their changes are seen later, by the tick */
	struct log_limit links_said;
	int lock_fd, control_fd, query_fd; /* -1: not there */
	int netfilter_fd;	 /* owns the gate's table, used by nftsync alone; -1: not yet */
	int ledger_fd;		 /* memory of nftsync's leases, for it alone; -1: not yet */
	char *control;		 /* path of the socket as bound; NULL: not yet */
	char *bypass;		 /* lines of conf_bypass.h in force; NULL: never any */
	int bypass_rc;		 /* what was wrong with the file, as last said */
	enum supervisor_compiled compiled; /* of next: how far its index is */
	struct file_watch *local_files;	   /* NULL: not yet */
	struct generation *local_for;	   /* whose local data are being read; NULL: nobody's */
	const struct generation *local_watched; /* whose files local_files has; compared only */
	struct file_watch *override_file;  /* NULL: not yet */
	char *overrides;		   /* the text of conf_override.h in force; NULL: none */
	int overrides_rc;		   /* what was wrong with the file, as last said */
	bool local_again;		   /* what is being read is out of date */
	struct hash_key secret;	 /* of DNS cookies: each resolver gets it, and nobody else */
	uint64_t stopping_since_ms;
	uint32_t last_number;	 /* of a generation */
	unsigned retries;	 /* of compiling, while there is no index at all */
	bool is_root, stopping, ready_told, reloading, reload_again;
};

/** The processes, told first what comes first in a lookup's way to disk and kernel. */
#define SUPERVISOR_START_ORDER \
	{ ROLE_DBWRITER, ROLE_NFTSYNC, ROLE_FLOWS, ROLE_MDNS, ROLE_RESOLVER }

/* --- reload.c --- */

/** Load the next generation, bind what it listens on, make its folders. What is wrong is
 *  logged, and nothing has changed then. @retval -EINVAL the configuration; negative errno */
int reload_prepare(struct supervisor *s, struct generation **out);

/** Have the index and the local data of g built, which becomes s->next. */
void reload_compile(struct supervisor *s, struct generation *g);

/** The compiler is done with s->next, well or badly. */
void reload_on_compiled(struct supervisor *s, bool good);

/** Its local data are read, or those before are kept. */
void reload_on_local(struct supervisor *s);

/** A sealed index or range image (MSG_INDEX, MSG_RANGES) for s->next from the compiler; fd is
 *  owned. */
void reload_take_built(struct supervisor *s, enum msg_type type, int fd);

/** SIGHUP: the next generation, or everything as it was. */
void reload_begin(struct supervisor *s);

/** Every few seconds: begin or end what the bypass file says (conf_bypass.h). */
void reload_look_bypass(struct supervisor *s);

/** Interfaces may have come: bind and ask what waits for them. */
void reload_look_interfaces(struct supervisor *s);

/** After each answer to a START and each death: have all answered? */
void reload_look_settled(struct supervisor *s);

/* --- children.c --- */

/** Callbacks of every process; their arg is the supervisor. */
extern const struct process_ops children_ops;

/** Stop the next one in order, the resolver first; when none is left, leave the loop. */
void children_stop_next(struct supervisor *s);

#endif
