/*
 * Rows of a table of who owns which addresses: "start, end, AS number" and, behind it, in any
 * order, a country and an organisation; parted by tabs or commas. Knows nothing of files.
 */
#ifndef BLOCKLISTS_LIST_OWNER_H
#define BLOCKLISTS_LIST_OWNER_H

#include <stddef.h>

#include "blocklists/list_line.h"
#include "blocklists/list_span.h"

/**
 * One row, for an owner that is wanted: "AS64496" by its number, two capital letters by the
 * country, any other text by being a part of the organisation's name, whatever its case.
 *
 * @retval LINE_SPAN        out is the row's range
 * @retval LINE_NOT_WANTED  of another owner
 * @return or why it is none
 */
enum list_line_kind list_owner_line(const char *text, const char *const *owners, size_t count,
				    struct list_span *out);

#endif
