/*
 * A connection to a database of another program: what stands in the file may be made to do
 * harm, views, virtual tables and generated columns included.
 */
#ifndef DB_UNTRUSTED_H
#define DB_UNTRUSTED_H

struct sqlite3;

/** Of this connection only plain tables can be read, by SELECT; a text is at most so long.
 *  A statement over anything else cannot be prepared: SQLITE_AUTH or SQLITE_ERROR. */
void untrusted_bind(struct sqlite3 *db, int text_bytes_max);

#endif
