/*
 * The index of one list, compiled by a child with the rights of the account nameward-list: what
 * strangers wrote is not for root to read. Knows nothing of the configuration.
 */
#ifndef CLI_LIST_APART_H
#define CLI_LIST_APART_H

struct list_index;
struct list_source;

/** @param s    its file is open, or its bytes are there
 *  @param out  the caller's, to close with list_index_close; its stats say why a file is no list
 *  @param why  borrowed, static; set on failure. @retval negative errno */
int list_apart(const struct list_source *s, struct list_index **out, const char **why);

#endif
