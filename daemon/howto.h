/* What to type to see it work, for somebody who has just started it by hand. */
#ifndef DAEMON_HOWTO_H
#define DAEMON_HOWTO_H

#include <stdio.h>

struct conf;

/** Print a line each for dig, the command line and sqlite3, with this configuration's port
 *  and file. @param conf_path  as given by -c, or NULL */
void howto_print(const struct conf *conf, const char *conf_path, FILE *to);

#endif
