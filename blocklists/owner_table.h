/*
 * Who owns an address, by the tables of owners that a configuration names, whatever owners it
 * asks for. Reads what strangers wrote. Knows nothing of lists.
 */
#ifndef BLOCKLISTS_OWNER_TABLE_H
#define BLOCKLISTS_OWNER_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct addr;
struct owner_table;

#define OWNER_TEXT_MAX	 128	     /* with its NUL; longer is cut */
#define OWNER_ROWS_MAX	 (4u << 20)  /* of a table of text; further ones are left out */
#define OWNER_TEXTS_MAX	 (64u << 20) /* bytes of their owners, likewise */

/** Read one, as text or in MaxMind's format. @param fd  of a regular file; stays the caller's
 *  @retval -ENODATA  it has no row; -ENOMEM, results of list_mmdb_open() and of reading */
int owner_table_open(int fd, struct owner_table **out);

void owner_table_close(struct owner_table *t);

/** "AS64496 Example Networks, CH", as much as is known, in buf of OWNER_TEXT_MAX bytes.
 *  @retval false  nobody is known; buf untouched */
bool owner_table_find(const struct owner_table *t, const struct addr *a, char *buf);

#endif
