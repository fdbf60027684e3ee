/* Modules dropped, views and functions refused; see untrusted.h. */
#include "db/untrusted.h"

#include <sqlite3.h>
#include <stddef.h>

/* `within` is the view through which something is done: one may have no end. Of functions
 * we use typeof() alone. */
static int on_authorize(void *arg, int action, const char *first, const char *second,
			const char *database, const char *within)
{
	(void)arg;
	(void)first;
	(void)database;
	if (within)
		return SQLITE_DENY;
	if (action == SQLITE_FUNCTION)
		return sqlite3_stricmp(second, "typeof") ? SQLITE_DENY : SQLITE_OK;
	return action == SQLITE_SELECT || action == SQLITE_READ ? SQLITE_OK : SQLITE_DENY;
}

void untrusted_bind(sqlite3 *db, int text_bytes_max)
{
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_drop_modules(db, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, text_bytes_max);
	sqlite3_set_authorizer(db, on_authorize, NULL);
}
