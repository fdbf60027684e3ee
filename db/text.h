/* Text from other processes made fit for storage. Knows nothing of what it says. */
#ifndef DB_TEXT_H
#define DB_TEXT_H

#include <stddef.h>

/** Copy len bytes as a string of printable ASCII: anything else becomes '?'; cut to fit.
 *  Returns the length. */
size_t text_clean(char *to, size_t size, const char *from, size_t len);

#endif
