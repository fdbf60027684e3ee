/* Building an index from texts, for the tests of lists. */
#ifndef TESTS_LIST_SUPPORT_H
#define TESTS_LIST_SUPPORT_H

#include <stddef.h>

#include "blocklists/list_build.h"

/** A source that is this text; all else as in a list without options. */
struct list_source list_support_text(const char *name, const char *text);

/** A sealed memfd with the index, the caller's; fails the test if it cannot be built. */
int list_support_build(const struct list_source *sources, size_t count);

/** The same, opened; the caller's to close. */
struct list_index *list_support_index(const struct list_source *sources, size_t count);

/** The image alone, in memory of exactly its size, the caller's to free. */
void *list_support_image(const struct list_source *sources, size_t count, size_t *len);

#endif
