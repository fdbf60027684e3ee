/* The one place where other people's error codes become ours; for db/ only. */
#ifndef DB_STORE_ERROR_H
#define DB_STORE_ERROR_H

struct sqlite3;

/** A result code of the last call on db (NULL: there is none) as store.h's results. */
int store_rc_of(struct sqlite3 *db, int code);

int store_rc_of_errno(int err);

#endif
