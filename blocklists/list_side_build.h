/*
 * The side tables of an index being built: rules of all lists, each once, found through the
 * literals in them. Knows nothing of files; list_image.h says what is written.
 */
#ifndef BLOCKLISTS_LIST_SIDE_BUILD_H
#define BLOCKLISTS_LIST_SIDE_BUILD_H

#include <stdint.h>

#include "blocklists/list_buf.h"
#include "blocklists/list_side.h"

struct list_side_build;

/** @retval -ENOMEM */
int list_side_build_new(struct list_side_build **out);
void list_side_build_free(struct list_side_build *b);

/** Add a list's rule. The same rule of the same list again changes nothing.
 *  @param where  as list_run.h has it
 *  @retval 1  it was there; -EINVAL no expression; -E2BIG over LIST_SIDES_MAX,
 *             LIST_REGEXES_MAX or what an expression may cost; -ENOMEM */
int list_side_build_add(struct list_side_build *b, unsigned list, const struct list_side *s,
			uint32_t where);

/** Take out all rules of a list. */
void list_side_build_forget(struct list_side_build *b, unsigned list);

/** The tables, as sections. Owned by the caller: list_side_tables_free. */
struct list_side_tables {
	struct list_buf records; /* struct list_side_record, by bucket */
	struct list_buf starts, texts, rows;
	unsigned bits;
};

/** @retval -ENOMEM; out untouched */
int list_side_build_finish(struct list_side_build *b, struct list_side_tables *out);

void list_side_tables_free(struct list_side_tables *t);

#endif
