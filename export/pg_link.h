/*
 * A connection to a PostgreSQL server, by libpq, whose settings (connection string, service
 * file, password file, environment, TLS) all hold. Each step has a deadline. Knows nothing of
 * tables.
 *
 * Results, everywhere in export/ (negative): ENOTCONN there is no server, or it is gone ·
 * ETIMEDOUT it did not answer in time · EREMOTEIO it refuses what we ask · ENOMEM.
 */
#ifndef EXPORT_PG_LINK_H
#define EXPORT_PG_LINK_H

#include <stddef.h>

struct pg_link;

#define PG_STEP_S     120 /* for one statement, or for data to be taken */
#define PG_VALUES_MAX 4
#define PG_VALUE_MAX  64
#define PG_WHY_MAX    512

/** Whether a connection string is one, and holds no password, which others could see.
 *  @retval -EINVAL  it is none, -EPERM it has a password */
int pg_check(const char *conninfo);

/** Connect.
 *  @param conninfo  connection string, URI or name of a database; NULL: what the environment
 *		     and the service file say
 *  @param out	     set on failure too, for pg_why(), unless -ENOMEM */
int pg_open(const char *conninfo, struct pg_link **out);

/** NULL is allowed. */
void pg_close(struct pg_link *l);

/** A sentence about the last failure, from the server perhaps: hostile. */
const char *pg_why(const struct pg_link *l);

/** Run a statement with text parameters; *rows (unless NULL) gets how many it touched. */
int pg_do(struct pg_link *l, const char *sql, const char *const *params, size_t count,
	  long long *rows);

/** Several statements without parameters, as one transaction. */
int pg_do_all(struct pg_link *l, const char *sql);

/** A statement that answers at most one row of at most PG_VALUES_MAX values, cut to size.
 *  @retval 1  a row; null is ""
 *  @retval 0  none */
int pg_ask(struct pg_link *l, const char *sql, const char *const *params, size_t count,
	   char values[PG_VALUES_MAX][PG_VALUE_MAX]);

/** Send the data of a COPY ... FROM STDIN, all of it. */
int pg_copy(struct pg_link *l, const char *sql, const char *bytes, size_t len);

#endif
