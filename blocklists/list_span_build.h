/*
 * Ranges of all lists -> tables of segments, in which each address belongs to one: it says
 * which lists hold it, and in which line. Knows nothing of files.
 */
#ifndef BLOCKLISTS_LIST_SPAN_BUILD_H
#define BLOCKLISTS_LIST_SPAN_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "blocklists/list_buf.h"
#include "blocklists/list_span.h"

/** Ranges being gathered; zeroed at start. */
struct list_span_build {
	struct list_buf spans; /* struct list_placed */
	uint32_t of_list;      /* of the list at hand */
};

/** Add one of list's ranges. @param where  as list_run.h has it
 *  @retval -E2BIG  over LIST_SPANS_MAX; -ENOMEM */
int list_span_build_add(struct list_span_build *b, unsigned list, const struct list_span *s,
			uint32_t where);

/** Take out the ranges that were added since *mark was taken with list_span_build_mark. */
size_t list_span_build_mark(struct list_span_build *b);
void list_span_build_cut(struct list_span_build *b, size_t mark);

/** The tables, as sections; owned by the caller: list_span_tables_free. */
struct list_span_tables {
	struct list_buf segments; /* struct list_segment, of one table behind the other */
	struct list_buf classes;  /* u64[LEVELS]: lists, by level */
	struct list_buf rows;
	uint32_t counts[LIST_TABLES];
};

/** @param zones  lists in which the narrowest range alone counts; in others, the narrowest of
 *                each level is the one that is shown
 *  @retval -ENOMEM; out untouched */
int list_span_build_finish(struct list_span_build *b, uint64_t zones,
			   struct list_span_tables *out);

void list_span_tables_free(struct list_span_tables *t);

void list_span_build_free(struct list_span_build *b);

#endif
