/*
 * The database's tables, views and words, and the numbered steps that lead from any earlier
 * version to this one. Knows nothing of files, of when a migration runs, or of rows.
 */
#ifndef DB_SCHEMA_H
#define DB_SCHEMA_H

struct sqlite3;

/** "nmwd" in the file's header: file(1) and we know whose database it is. */
#define SCHEMA_APPLICATION_ID 0x6e6d7764

/** PRAGMA user_version of a database that is up to date. */
int schema_version(void);

/** Bring a database from version `from` (0: no tables yet) to schema_version(), all steps
 *  in one transaction: a crash leaves the old version whole. The connection has
 *  site_length() (site.h).
 *  @return an SQLite result code; not SQLITE_OK: rolled back */
int schema_migrate(struct sqlite3 *db, int from);

#endif
