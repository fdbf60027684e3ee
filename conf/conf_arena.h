/* Memory that is freed all at once. Every piece is an allocation of its own. */
#ifndef CONF_CONF_ARENA_H
#define CONF_CONF_ARENA_H

#include <stddef.h>

struct conf_arena;

/** @retval NULL no memory */
struct conf_arena *conf_arena_new(void);

/** Free all pieces and the arena; NULL is allowed. */
void conf_arena_free(struct conf_arena *a);

/** A zeroed piece, aligned for any type; lives as long as the arena. @retval NULL no
 * memory */
void *conf_arena_alloc(struct conf_arena *a, size_t size);

/** Copy of len bytes of text, with a NUL behind. @retval NULL no memory */
char *conf_arena_text(struct conf_arena *a, const char *text, size_t len);

/** Make room for one more element and count it. Element i of the array keeps its value,
 * but not its address. Room is doubled, so n elements cost less than 4 n.
 *
 * @param array  the array, NULL while *count is 0
 * @return the new element, zeroed; NULL: no memory, nothing changed */
void *conf_arena_grow(struct conf_arena *a, void **array, size_t *count, size_t size);

#endif
