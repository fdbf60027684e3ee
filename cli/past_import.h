/*
 * Lookups that Pi-hole or AdGuard Home recorded, from their files into the history, row by
 * row. Prints what became of them. Knows nothing of rights.
 */
#ifndef CLI_PAST_IMPORT_H
#define CLI_PAST_IMPORT_H

#include <stdbool.h>

struct command;
struct conf;

/** Take the files that are c's operands: SQLite is Pi-hole's, anything else lines of JSON.
 *  @param is_applied  write them; else only say what would come of each
 *  @return an exit status */
int past_import(const struct command *c, const struct conf *conf, bool is_applied);

#endif
