/*
 * What a process gives away before it reads its first byte: user, groups, capabilities, new
 * privileges, and the system calls it does not need. Each process file calls it first, so
 * that its rights stand at its top.
 */
#ifndef LIB_SANDBOX_H
#define LIB_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

/** Sets of system calls; all hold what libc, libevent and logging need. */
enum sandbox_calls {
	SANDBOX_NETWORK = 1 << 0, /* socket (INET, INET6, NETLINK, UNIX), bind, connect, send, recv */
	SANDBOX_BIND = 1 << 2,	  /* bind alone, of sockets that are there */
	SANDBOX_FILES = 1 << 1,	  /* open, rename, unlink, fsync, locks: for SQLite */
};

struct sandbox {
	const char *user;      /* account to become where started as root */
	uint64_t capabilities; /* bits 1 << CAP_x kept; all others are dropped for good */
	unsigned calls;	       /* bits of enum sandbox_calls */
	bool keep_group_adm;   /* keep `adm` as supplementary group if it exists */
};

/** Become what s says. Started without root: only no_new_privs and the filter.
 *  On any failure the reason is in `why` (borrowed, static) and the process must exit.
 *  @retval -ENOENT the account is missing; negative errno */
int sandbox_enter(const struct sandbox *s, const char **why);

#endif
