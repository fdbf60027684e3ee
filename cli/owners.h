/*
 * Who owns an address, for what the command line prints: asked of a child that reads the tables
 * of owners with the rights of the account nameward-list, for what strangers wrote is not for
 * root to read. Knows nothing of their formats.
 *
 * It is looked up when it is printed, not when the history is written: dbwriter reads no files,
 * the history keeps no copy of somebody's table, and what was recorded before there was a table
 * has owners as well. What is told is who owns the address now.
 */
#ifndef CLI_OWNERS_H
#define CLI_OWNERS_H

#include <stdbool.h>

struct addr;
struct conf;
struct owners;

#define OWNERS_TEXT_MAX 128

/** Whether the configuration names a table of owners. */
bool owners_are_known(const struct conf *conf);

/** Begin: the child reads its tables while we do something else. Without a table there is none.
 *  @param conf  borrowed for the call. @retval NULL  out of memory */
struct owners *owners_open(const struct conf *conf);

void owners_close(struct owners *o);

/** "AS64496 Example Networks, CH" in buf of OWNERS_TEXT_MAX bytes; "" if nobody is known, or no
 *  table can be read. Bytes above 127 are those of the table. @param o  NULL: nobody is known
 *  @return buf */
const char *owners_find(struct owners *o, const struct addr *a, char *buf);

/** The same of the address that a text begins with, up to a blank. */
const char *owners_find_text(struct owners *o, const char *text, char *buf);

#endif
