/* Memory that is freed all at once: a chain of allocations. */
#include "conf/conf_arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

struct piece {
	struct piece *next;
	alignas(max_align_t) char bytes[];
};

struct conf_arena {
	struct piece *first;
};

struct conf_arena *conf_arena_new(void)
{
	return calloc(1, sizeof(struct conf_arena));
}

void conf_arena_free(struct conf_arena *a)
{
	if (!a)
		return;
	while (a->first) {
		struct piece *next = a->first->next;

		free(a->first);
		a->first = next;
	}
	free(a);
}

void *conf_arena_alloc(struct conf_arena *a, size_t size)
{
	struct piece *p = calloc(1, sizeof(*p) + size);

	if (!p)
		return NULL;
	p->next = a->first;
	a->first = p;
	return p->bytes;
}

char *conf_arena_text(struct conf_arena *a, const char *text, size_t len)
{
	char *copy = conf_arena_alloc(a, len + 1);

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

void *conf_arena_grow(struct conf_arena *a, void **array, size_t *count, size_t size)
{
	size_t n = *count;

	if ((n & (n - 1)) == 0) {
		void *bigger = conf_arena_alloc(a, (n ? 2 * n : 1) * size);

		if (!bigger)
			return NULL;
		if (n)
			memcpy(bigger, *array, n * size);
		*array = bigger;
	}
	*count = n + 1;
	return (char *)*array + n * size;
}
