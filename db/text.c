/* Printable text; see text.h. */
#include "db/text.h"

#include "lib/util.h"

size_t text_clean(char *to, size_t size, const char *from, size_t len)
{
	size_t take = MIN(len, size - 1);

	for (size_t i = 0; i < take; i++)
		to[i] = (from[i] >= ' ' && from[i] <= '~') ? from[i] : '?';
	to[take] = '\0';
	return take;
}
