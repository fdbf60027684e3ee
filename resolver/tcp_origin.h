/* Which of our addresses and interfaces a TCP connection came to. */
#ifndef RESOLVER_TCP_ORIGIN_H
#define RESOLVER_TCP_ORIGIN_H

#include "resolver/asker.h"

/** Fill in to, and ifindex (0 where the kernel does not tell). @retval -EINVAL no address */
int tcp_origin(int fd, struct asker *a);

#endif
