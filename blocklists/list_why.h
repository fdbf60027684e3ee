/* Why what is in a list's file is not in force, in words. Knows nothing of who asks. */
#ifndef BLOCKLISTS_LIST_WHY_H
#define BLOCKLISTS_LIST_WHY_H

#include <stddef.h>

#include "blocklists/list_index.h"

#define LIST_WHY_MAX 192

/** "Not a list of names, but HTML; its 20 old names, read 3 h ago, stay in force".
 *  @param out  of LIST_WHY_MAX bytes; empty if the file is in force. @return out */
const char *list_why_text(const struct list_stats *s, char *out);

#endif
