/*
 * The tables on the server: made where they are missing, brought up to date by numbered steps,
 * with a partition for each month. Several routers may do so at once.
 */
#ifndef EXPORT_PG_SCHEMA_H
#define EXPORT_PG_SCHEMA_H

#include <stdint.h>

struct pg_link;

int pg_schema_version(void);

/** Make the schema `nameward`, or bring it to pg_schema_version().
 *  @retval -EPROTO  a newer version made it: nothing was changed; and as pg_link.h */
int pg_schema_up(struct pg_link *l);

/** Make the partition of a month (pg_rows.h) where it is missing. Not in a transaction. */
int pg_schema_month(struct pg_link *l, int64_t month);

#endif
