/*
 * Configuration, and the builds that are kept -> the index that is to serve: one that is there
 * already, or a new one. Reads files; knows nothing of processes.
 */
#ifndef BLOCKLISTS_LIST_COMPILE_H
#define BLOCKLISTS_LIST_COMPILE_H

#include <stdbool.h>

struct conf;
struct list_index;

struct list_compiled {
	int fd; /* owned: a sealed memfd; -1: none */
	struct list_index *built; /* owned: what fd holds, if it is to be kept; NULL: it is on disk */
	bool is_older; /* it is not of the lists as they are: compile again, with it in force */
	bool keep_last; /* what is on disk is kept beside it */
};

/**
 * Choose or build the index of all lists of a configuration, and log what each gave.
 *
 * In this order: what is in force or was kept, if the lists are as they were; at the start, when
 * nothing is in force, what was kept although they are not; else a new build, in which lists
 * that are as they were are taken from the one before. A list whose file cannot be read holds
 * the names of the configuration, and what its file gave before; one that was rolled back,
 * what it held before. A wish to roll back (list_store.h) is fulfilled first.
 *
 * @param in_force  NULL: none
 * @retval -ENOMEM, -E2BIG, negative errno; out holds nothing then
 */
int list_compile(const struct conf *conf, const struct list_index *in_force,
		 struct list_compiled *out);

/** Write what was built to disk; what goes wrong is logged. */
void list_compile_keep(const struct conf *conf, const struct list_compiled *c);

void list_compiled_fini(struct list_compiled *c);

/** The same without builds that are kept. @param out_fd  a sealed memfd, the caller's */
int list_compile_all(const struct conf *conf, const struct list_index *old, int *out_fd);

#endif
