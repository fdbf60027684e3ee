/* Which requests of the control socket only the owner may make. Knows nothing of its lines. */
#ifndef RESOLVER_TRUST_H
#define RESOLVER_TRUST_H

#include <stdbool.h>

/** True if root, or who runs us, is at the other end of a UNIX socket. Others of its group
 *  may look only. */
bool trust_peer(int fd);

#endif
