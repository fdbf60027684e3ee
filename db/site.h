/*
 * The site of a name: its registrable domain, by the Public Suffix List that libpsl brings
 * ("www.example.co.uk": "example.co.uk"). Knows nothing of rows.
 */
#ifndef DB_SITE_H
#define DB_SITE_H

#include <stddef.h>

struct sqlite3;

/** Bytes at the end of a name (text, lower case, no final dot) that are its site; the whole
 *  name where it is itself a public suffix, or has one label. */
size_t site_length(const char *name);

/** Give a connection the SQL function site_length(name); null for null.
 *  @return an SQLite result code */
int site_register(struct sqlite3 *db);

#endif
