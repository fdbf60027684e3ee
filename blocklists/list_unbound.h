/*
 * Lines of unbound's configuration -> entries. Knows nothing of files.
 */
#ifndef BLOCKLISTS_LIST_UNBOUND_H
#define BLOCKLISTS_LIST_UNBOUND_H

#include "blocklists/list_line.h"

/** What a line is, that list_line_clean has cleaned. A blocking `local-zone` is its name and
 *  all below it, a transparent one allows these; `local-data` with a null address is its
 *  name alone. out is filled for LINE_ENTRY. */
enum list_line_kind list_unbound_line(const char *text, struct list_entry *out);

#endif
