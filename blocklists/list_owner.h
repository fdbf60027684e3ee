/*
 * Who owns addresses, as a table says it, and whether that is somebody who is wanted. Of such
 * tables, rows "start, end, AS number" and, behind it, in any order, a country and an
 * organisation; parted by tabs or commas. Knows nothing of files.
 */
#ifndef BLOCKLISTS_LIST_OWNER_H
#define BLOCKLISTS_LIST_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blocklists/list_line.h"
#include "blocklists/list_span.h"

#define LIST_OWNER_FIELDS 8 /* of a row; the rest is left out */

struct list_owner_text {
	const char *at; /* borrowed, len octets */
	size_t len;
};

struct list_owner {
	uint64_t number; /* of the autonomous system, with has_number */
	bool has_number;
	const struct list_owner_text *texts; /* borrowed: country, organisation, in any order */
	size_t count;
};

/** Whether it is one of these: "AS64496" by its number, two capital letters by the country, any
 *  other text by being a part of the organisation's name, whatever its case. */
bool list_owner_is_wanted(const struct list_owner *o, const char *const *owners, size_t count);

/** A number of up to 10 digits, with "AS" before it or without. */
bool list_owner_number(const char *text, size_t len, uint64_t *out);

/** A row, its texts borrowed; may not be copied. */
struct list_owner_row {
	struct list_owner owner;
	struct list_owner_text fields[LIST_OWNER_FIELDS];
};

/** @retval LINE_ENTRY  it is a row, whose addresses list_owner_span() reads
 *  @return or why it is none */
enum list_line_kind list_owner_row(const char *text, struct list_owner_row *out);

/** @retval LINE_SPAN  out is the row's range. @return or why it has none */
enum list_line_kind list_owner_span(const struct list_owner_row *row, struct list_span *out);

/**
 * One row, for an owner that is wanted.
 *
 * @retval LINE_SPAN        out is the row's range
 * @retval LINE_NOT_WANTED  of another owner
 * @return or why it is none
 */
enum list_line_kind list_owner_line(const char *text, const char *const *owners, size_t count,
				    struct list_span *out);

#endif
