/* An entry that decided, as people write it. Knows nothing of policies. */
#ifndef BLOCKLISTS_LIST_MATCH_H
#define BLOCKLISTS_LIST_MATCH_H

#include "blocklists/list_index.h"
#include "lib/dname.h"

#define LIST_MATCH_TEXT (DNAME_TEXT_MAX + 2)

/** The entry of a match as a list line has it ("*.x.example"), or as much of a rule as there
 *  is room for, in buf of LIST_MATCH_TEXT bytes; returns buf. */
const char *list_match_text(const struct list_match *match, char *buf);

#endif
