/*
 * What clients were called when they asked last: the name for a refused connection, whose
 * packet has none. Pure; holds the newest some thousand clients.
 */
#ifndef DB_SEEN_LABELS_H
#define DB_SEEN_LABELS_H

#include <stddef.h>

struct addr;
struct mac;
struct seen_labels;

#define SEEN_LABEL_MAX 63 /* octets; longer ones are not remembered */

/** NULL: no memory. */
struct seen_labels *seen_labels_new(void);

/** NULL is allowed. */
void seen_labels_free(struct seen_labels *s);

/** @param mac   NULL: the client goes by its address
 *  @param text  any bytes, not ended by NUL; len 0: it is called nothing now */
void seen_labels_put(struct seen_labels *s, const struct mac *mac, const struct addr *addr,
		     const char *text, size_t len);

/** NULL: not known. Borrowed until the next put. */
const char *seen_labels_find(const struct seen_labels *s, const struct mac *mac,
			     const struct addr *addr);

#endif
