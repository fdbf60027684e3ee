/* Registrable domains; see site.h. */
#include "db/site.h"

#include <libpsl.h>
#include <sqlite3.h>
#include <string.h>

size_t site_length(const char *name)
{
	/* the list that libpsl was built with: no file is read */
	const char *site = psl_registrable_domain(psl_builtin(), name);

	return strlen(site ? site : name);
}

static void on_site_length(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *name = (const char *)sqlite3_value_text(values[0]);

	(void)count;
	if (name)
		sqlite3_result_int64(context, (sqlite3_int64)site_length(name));
}

int site_register(sqlite3 *db)
{
	return sqlite3_create_function_v2(db, "site_length", 1,
					  SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
					  NULL, on_site_length, NULL, NULL, NULL);
}
