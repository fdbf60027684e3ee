/*
 * Pi-hole's pihole-FTL.db, read: the queries of its long-term database, oldest first, of
 * every version of its tables. Knows nothing of what becomes of them.
 */
#ifndef DB_PIHOLE_QUERIES_H
#define DB_PIHOLE_QUERIES_H

#include <stdint.h>

/** Texts are borrowed for the call, and hostile; NULL: there is none. */
struct pihole_query {
	int64_t id;
	double time_s;
	int64_t type, status, reply; /* reply -1: not recorded */
	double reply_s;		     /* how long the answer took; negative: not recorded */
	const char *domain, *client, *client_name, *forward, *info;
};

/** Give every query to a callback, which returns 0 to go on. It is one read transaction.
 *  @retval -ENOENT, -EACCES; -EMEDIUMTYPE it is another database; -EUCLEAN, -EIO, -ENOMEM;
 *          what the callback returned */
int pihole_queries_read(const char *path,
			int (*query)(void *arg, const struct pihole_query *q), void *arg);

#endif
