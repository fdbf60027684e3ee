/* A growing array of bytes, for what a build gathers. Knows nothing of its contents. */
#ifndef BLOCKLISTS_LIST_BUF_H
#define BLOCKLISTS_LIST_BUF_H

#include <stddef.h>
#include <stdint.h>

/** Zeroed at start. bytes is aligned for any type. */
struct list_buf {
	uint8_t *bytes; /* owned */
	size_t len, cap;
};

/** Append n bytes, not set. Returns where they are, until the next call; NULL: no memory,
 *  and nothing changed. */
void *list_buf_add(struct list_buf *b, size_t n);

/** Free and zero. */
void list_buf_free(struct list_buf *b);

#endif
