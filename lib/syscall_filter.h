/*
 * The filter of system calls (seccomp) that a process lives under. Knows nothing of users
 * and capabilities; sandbox.h puts them together.
 */
#ifndef LIB_SYSCALL_FILTER_H
#define LIB_SYSCALL_FILTER_H

/** Load the filter for this process and all it will ever be. no_new_privs must be set.
 *  @param calls  bits of enum sandbox_calls on top of the base set
 *  @retval negative errno; nothing is loaded then */
int syscall_filter_load(unsigned calls);

#endif
