/* A server of an upstream as a value: copied and compared. */
#ifndef CONF_CONF_SERVER_H
#define CONF_CONF_SERVER_H

#include <stdbool.h>

struct conf_server;

/** The same address, and over TLS the same name and pins, in the same order. */
bool conf_server_equal(const struct conf_server *a, const struct conf_server *b);

/** @param out  owns its copy; conf_server_fini
 *  @retval -ENOMEM */
int conf_server_copy(const struct conf_server *from, struct conf_server *out);

/** One that is all zero is allowed; not for those of a struct conf. */
void conf_server_fini(struct conf_server *s);

#endif
