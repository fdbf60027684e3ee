/*
 * The builds of the index that are kept in a folder: files of an account that also reads what
 * strangers wrote, so nobody maps them. They are copied into memory of our own, and looked at
 * there. Knows nothing of what is built when.
 */
#ifndef BLOCKLISTS_LIST_STORE_H
#define BLOCKLISTS_LIST_STORE_H

#include <stdbool.h>

#include "blocklists/list_index.h"

/** Which of them. */
enum list_stored {
	STORED_LAST,
	STORED_BEFORE,	/* what LAST took the place of */
	STORED_REFUSED, /* was LAST, and was rolled back */
	STORED_COUNT,
};

#define LIST_STORED_MAX (1ull << 30) /* bytes of one */

/**
 * Copy one into a new memfd, which is whole then, and still open to change.
 *
 * @param why  set on failure: borrowed, static
 * @return its descriptor, the caller's; -ENOENT there is none; -EBADMSG no index of ours;
 *         negative errno
 */
int list_store_read(const char *folder, enum list_stored which, const char **why);

/** Which build it is, by its head alone. @retval -ENOENT, -EBADMSG, negative errno */
int list_store_peek(const char *folder, enum list_stored which, struct list_build_id *out);

/** Put an index in the place of LAST, on disk before it is there. A crash leaves the one or the
 *  other.
 *  @param keep_last  it becomes BEFORE; else BEFORE stays what it is
 *  @retval negative errno; LAST is as it was */
int list_store_write(const char *folder, const struct list_index *x, bool keep_last);

/** LAST becomes REFUSED, BEFORE becomes LAST. @retval negative errno */
int list_store_roll_back(const char *folder);

/** Nothing is rolled back any more. @retval -ENOENT nothing was; negative errno */
int list_store_forget_refused(const char *folder);

/** A wish to roll back, which the next compiler fulfils: a file, for it is made by root. */
int list_store_wish(const char *folder);
bool list_store_is_wished(const char *folder);
int list_store_end_wish(const char *folder);

#endif
