/* Which requests of the control socket only the owner may make. Knows nothing of its lines. */
#ifndef RESOLVER_TRUST_H
#define RESOLVER_TRUST_H

#include <stdbool.h>
#include <stddef.h>

/** True if root, or who runs us, is at the other end of a UNIX socket. Others of its group
 *  may look only. */
bool trust_peer(int fd);

/** The words of `history forget` as the question to dbwriter, "client C" or "name N".
 *  @param request  gets it, of size bytes
 *  @return NULL, or why not */
const char *trust_read_forget(char **words, char *request, size_t size);

#endif
