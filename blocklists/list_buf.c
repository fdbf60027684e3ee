/* See list_buf.h. Grows by half: realloc moves pages of a large block, it does not copy. */
#include "blocklists/list_buf.h"

#include <stdlib.h>

#define FIRST_BYTES 4096

void *list_buf_add(struct list_buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : FIRST_BYTES;
	uint8_t *bytes;

	if (n > SIZE_MAX / 4 - b->len)
		return NULL;
	while (cap < b->len + n)
		cap += cap / 2;
	if (cap != b->cap) {
		bytes = realloc(b->bytes, cap);
		if (!bytes)
			return NULL;
		b->bytes = bytes;
		b->cap = cap;
	}
	b->len += n;
	return b->bytes + b->len - n;
}

void list_buf_free(struct list_buf *b)
{
	free(b->bytes);
	*b = (struct list_buf){ .len = 0 };
}
