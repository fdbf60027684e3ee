/*
 * Lists, in the configuration's order, -> one index. Reads texts that strangers wrote; what
 * it makes of each is counted in the list's stats. Knows nothing of policies or processes.
 *
 * Memory of a build: a list being read takes its names' text and 17 bytes a name; read ones
 * wait as runs of 10 to 15 bytes a name; lists that are as they were are merged out of the
 * index before, and take none; the merge needs 16 bytes a name besides, and the index itself. That is 50 MiB for a million names, and bounded by LIST_ENTRIES_MAX for one
 * list and LIST_NAMES_MAX for all.
 */
#ifndef BLOCKLISTS_LIST_BUILD_H
#define BLOCKLISTS_LIST_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blocklists/list_index.h"
#include "conf/conf.h"

struct list_guard;

/** One list. All is borrowed for the call. */
struct list_source {
	const char *name; /* at most CONF_NAME_MAX octets */
	int fd;		  /* a regular file; -1: bytes */
	const void *bytes; /* NULL with len 0: no file */
	size_t len;
	int rc; /* why the file could not be opened; the names below count all the same */
	const struct list_index *old; /* its list of this name serves on if the file is bad, or
					 the same as it was; NULL: none. One for all lists */
	uint64_t source; /* list_reuse_hash; 0: not known: the file is read */
	bool is_back;	 /* rolled back: what old has of it stays, whatever its file holds */
	enum conf_list_format format;
	enum conf_subdomains subdomains; /* yes: "x" means "*.x" too; no: "*.x" means x alone */
	const char *const *owners; /* of LIST_OWNERS: see list_owner.h */
	size_t owner_count;
	const struct list_guard *guard; /* what its file may not block; NULL: it may all */
	const struct conf_list_name *names;
	size_t name_count;
};

/**
 * Build the index of all lists.
 *
 * A list whose file cannot be used has rc in its stats: -EPROTONOSUPPORT (format LIST_AUTO,
 * and no list of names), -EFBIG (over LIST_FILE_MAX), -E2BIG (over LIST_ENTRIES_MAX, or
 * LIST_NAMES_MAX with the lists before it), -errno of reading it. It holds the names that
 * stand in the configuration, and those that its file gave the old index, if there is one.
 *
 * @param count   at most LIST_INDEX_LISTS, else -E2BIG
 * @param out_fd  empty, open for reading and writing, and stays the caller's
 * @retval -ENOMEM, -E2BIG (4 GiB of names), -errno of writing, -EBADMSG (old is damaged: try
 *         without it); then what out_fd holds is no index
 */
int list_build(const struct list_source *sources, size_t count, int out_fd);

#endif
